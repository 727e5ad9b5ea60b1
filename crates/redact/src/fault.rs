//! What the fault table says of a fault in a frame, done. Nothing here decides by itself.

use crate::error::JobError;
use scrim_engine::{Effect, Fault, Stage, effect};
use scrim_raw::{Reason, Regions};
use scrim_units::FrameId;

/// Regions of a frame in which something failed: the table blanks it or ends the file.
pub(crate) fn regions(fault: &Fault, id: FrameId) -> Result<Regions, JobError> {
    blank_reason(fault).map(|reason| Regions::blank(id, reason))
}

/// Why a frame in which something failed is blank. Where the table says anything else, the fault
/// ends the file: nothing that it can say shows the frame.
pub(crate) fn blank_reason(fault: &Fault) -> Result<Reason, JobError> {
    decide(effect(fault.stage), fault)
}

fn decide(effect: Effect, fault: &Fault) -> Result<Reason, JobError> {
    match (effect, reason(fault.stage)) {
        (Effect::BlankFrame, Some(reason)) => Ok(reason),
        _ => Err(JobError::Fault(fault.clone())),
    }
}

/// The word for a blank frame, by the stage that failed; none for stages that know no frames.
fn reason(stage: Stage) -> Option<Reason> {
    match stage {
        Stage::Decode => Some(Reason::Decoder),
        Stage::Detect => Some(Reason::Detector),
        Stage::Track => Some(Reason::Tracker),
        Stage::Redact => Some(Reason::Painter),
        Stage::Open
        | Stage::Damage
        | Stage::Keep
        | Stage::Encode
        | Stage::Mux
        | Stage::Report
        | Stage::Memory => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(stage: Stage) -> Fault {
        Fault {
            stage,
            frame: Some(3),
            cause: "made up".into(),
        }
    }

    #[test]
    fn a_frame_is_blank_for_the_reason_of_its_stage_and_the_file_ends_at_all_others() {
        for stage in Stage::ALL {
            let done = blank_reason(&fault(stage));
            match stage {
                Stage::Decode => assert_eq!(done.unwrap(), Reason::Decoder),
                Stage::Detect => assert_eq!(done.unwrap(), Reason::Detector),
                Stage::Track => assert_eq!(done.unwrap(), Reason::Tracker),
                Stage::Redact => assert_eq!(done.unwrap(), Reason::Painter),
                _ => assert!(matches!(done, Err(JobError::Fault(f)) if f.stage == stage)),
            }
        }
    }

    #[test]
    fn another_table_could_end_the_file_and_could_not_show_the_frame() {
        for effect in [Effect::Refuse, Effect::GiveUp, Effect::RemoveOutput] {
            assert!(decide(effect, &fault(Stage::Detect)).is_err());
        }
        // A stage without a word for blank frames ends the file too.
        assert!(decide(Effect::BlankFrame, &fault(Stage::Open)).is_err());
    }

    #[test]
    fn regions_of_a_failed_frame_blank_that_frame() {
        let id = FrameId {
            index: 3,
            pts: 9,
            checksum: 1,
        };
        let made = regions(&fault(Stage::Detect), id).unwrap();
        assert_eq!((made.frame(), made.blanked()), (id, Some(Reason::Detector)));
    }
}
