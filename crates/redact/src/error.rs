//! Why a file was not redacted.

use crate::ledger::KeepError;
use scrim_engine::{Effect, Fault, Stage, effect};
use scrim_sink::SinkError;
use scrim_source::SourceError;
use std::path::PathBuf;

/// Why a file was not redacted. The input's name is added where the message is printed.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The input is refused.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The output could not be written.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// What was found could not be kept for the second pass.
    #[error(transparent)]
    Keep(#[from] KeepError),
    /// The report could not be written; the output was removed as well.
    #[error("the report {path} cannot be written ({cause}), so the output was removed as well", path = .path.display())]
    Report {
        /// Where it should have gone.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// A file to be checked has no report that can be read.
    #[error("its report {path} cannot be read ({cause}); a file is checked against the report that scrim wrote beside it", path = .path.display())]
    NoReport {
        /// Where it should be.
        path: PathBuf,
        /// Why not.
        cause: String,
    },
    /// A fault that ends the file, by the fault table.
    #[error("{0}")]
    Fault(Fault),
    /// The second pass did not see what the first saw.
    #[error("decoded differently the second time: {0}; copy it first if it is still being written")]
    Unsteady(String),
    /// Stopped by the user.
    #[error("stopped")]
    Stopped,
}

impl JobError {
    /// Where in the way of a frame the file failed.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match self {
            Self::Source(SourceError::TooLarge { .. } | SourceError::NoMemory) => Stage::Memory,
            Self::Source(SourceError::Damaged(_)) => Stage::Damage,
            Self::Sink(SinkError::Mux { .. } | SinkError::Io { .. }) => Stage::Mux,
            Self::Sink(_) => Stage::Encode,
            Self::Keep(_) => Stage::Keep,
            Self::Report { .. } => Stage::Report,
            Self::Fault(fault) => fault.stage,
            Self::Source(_) | Self::NoReport { .. } | Self::Unsteady(_) | Self::Stopped => {
                Stage::Open
            }
        }
    }

    /// Whether the fault table says that the input is refused, so that nothing was tried in vain.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        effect(self.stage()) == Effect::Refuse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_refused_and_an_output_that_cannot_be_written_is_a_failure() {
        assert!(JobError::Source(SourceError::Empty).is_refusal());
        assert!(JobError::Unsteady("twice".into()).is_refusal());
        assert!(!JobError::Sink(SinkError::WrongShape).is_refusal());
        let report = JobError::Report {
            path: PathBuf::from("a.scrim.json"),
            cause: "full".into(),
        };
        assert!(!report.is_refusal());
    }
}
