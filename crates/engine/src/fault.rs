//! The fault table of the file job.

use std::fmt;

/// Where in the way of a frame something failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Opening the input: unreadable, encrypted, changed while read.
    Open,
    /// Decoding a frame.
    Decode,
    /// Looking for faces and plates.
    Detect,
    /// Tracking, or sealing the cover.
    Track,
    /// Filling the regions.
    Redact,
    /// Encoding.
    Encode,
    /// Writing the container.
    Mux,
    /// Writing the report.
    Report,
    /// Memory for a frame.
    Memory,
}

impl Stage {
    /// All stages, in the way of a frame.
    pub const ALL: [Self; 9] = [
        Self::Open,
        Self::Decode,
        Self::Detect,
        Self::Track,
        Self::Redact,
        Self::Encode,
        Self::Mux,
        Self::Report,
        Self::Memory,
    ];

    /// The word used in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Decode => "decode",
            Self::Detect => "detect",
            Self::Track => "track",
            Self::Redact => "redact",
            Self::Encode => "encode",
            Self::Mux => "mux",
            Self::Report => "report",
            Self::Memory => "memory",
        }
    }
}

/// What a fault does to a file job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The input is refused; nothing is written for it.
    Refuse,
    /// This frame is blanked; the file goes on.
    BlankFrame,
    /// The output is given up and its `.part` file removed.
    GiveUp,
    /// The finished output is removed as well.
    RemoveOutput,
}

/// What happens after a fault of this stage. There is no row that shows anything.
#[must_use]
pub fn effect(stage: Stage) -> Effect {
    match stage {
        Stage::Open | Stage::Memory => Effect::Refuse,
        Stage::Decode | Stage::Detect | Stage::Track | Stage::Redact => Effect::BlankFrame,
        Stage::Encode | Stage::Mux => Effect::GiveUp,
        Stage::Report => Effect::RemoveOutput,
    }
}

/// Something that failed: where, in which frame, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub stage: Stage,
    /// Which frame, in display order, where it concerns one.
    pub frame: Option<u64>,
    /// Why, in words.
    pub cause: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.frame {
            Some(n) => write!(f, "{} frame {n}: {}", self.stage.name(), self.cause),
            None => write!(f, "{}: {}", self.stage.name(), self.cause),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_while_a_frame_is_examined_blanks_it_and_one_while_it_is_written_gives_up() {
        for stage in Stage::ALL {
            let want = match stage.name() {
                "open" | "memory" => Effect::Refuse,
                "decode" | "detect" | "track" | "redact" => Effect::BlankFrame,
                "encode" | "mux" => Effect::GiveUp,
                _ => Effect::RemoveOutput,
            };
            assert_eq!(effect(stage), want);
        }
    }
}
