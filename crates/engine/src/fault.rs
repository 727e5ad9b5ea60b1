//! The fault table of the file job.

use std::fmt;

/// Where in the way of a frame something failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Opening the input: unreadable, encrypted, changed while read.
    Open,
    /// The coded data of a whole file: parts are missing or broken, and nobody said that this may
    /// be so.
    Damage,
    /// A frame: missing or broken in a file that is accepted all the same, or decoded differently
    /// the second time.
    Decode,
    /// Looking for faces and plates.
    Detect,
    /// Tracking, or sealing the cover.
    Track,
    /// Keeping what was found until the second pass.
    Keep,
    /// Filling the regions of a frame.
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
    pub const ALL: [Self; 11] = [
        Self::Open,
        Self::Damage,
        Self::Decode,
        Self::Detect,
        Self::Track,
        Self::Keep,
        Self::Redact,
        Self::Encode,
        Self::Mux,
        Self::Report,
        Self::Memory,
    ];

    /// Where damage of the coded data belongs: to the file, or, once somebody accepted that, to
    /// each frame that is missing or broken.
    #[must_use]
    pub fn of_damage(accepted: bool) -> Self {
        if accepted { Self::Decode } else { Self::Damage }
    }

    /// The word used in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Damage => "damage",
            Self::Decode => "decode",
            Self::Detect => "detect",
            Self::Track => "track",
            Self::Keep => "keep",
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
        Stage::Open | Stage::Damage | Stage::Memory => Effect::Refuse,
        Stage::Decode | Stage::Detect | Stage::Track | Stage::Redact => Effect::BlankFrame,
        Stage::Keep | Stage::Encode | Stage::Mux => Effect::GiveUp,
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
    fn an_input_that_cannot_be_opened_is_refused() {
        assert_eq!(effect(Stage::Open), Effect::Refuse);
    }

    #[test]
    fn a_damaged_file_is_refused_and_once_accepted_its_broken_frames_are_blanked() {
        assert_eq!(effect(Stage::of_damage(false)), Effect::Refuse);
        assert_eq!(effect(Stage::of_damage(true)), Effect::BlankFrame);
    }

    #[test]
    fn a_frame_that_is_missing_or_decodes_differently_is_blanked() {
        assert_eq!(effect(Stage::Decode), Effect::BlankFrame);
    }

    #[test]
    fn a_frame_that_the_detector_failed_at_is_blanked() {
        assert_eq!(effect(Stage::Detect), Effect::BlankFrame);
    }

    #[test]
    fn a_frame_without_a_cover_that_holds_is_blanked() {
        assert_eq!(effect(Stage::Track), Effect::BlankFrame);
    }

    #[test]
    fn a_frame_that_could_not_be_filled_is_blanked() {
        assert_eq!(effect(Stage::Redact), Effect::BlankFrame);
    }

    #[test]
    fn a_file_of_which_what_was_found_cannot_be_kept_is_given_up() {
        assert_eq!(effect(Stage::Keep), Effect::GiveUp);
    }

    #[test]
    fn an_output_that_cannot_be_encoded_is_given_up() {
        assert_eq!(effect(Stage::Encode), Effect::GiveUp);
    }

    #[test]
    fn an_output_that_cannot_be_written_is_given_up() {
        assert_eq!(effect(Stage::Mux), Effect::GiveUp);
    }

    #[test]
    fn an_output_without_a_report_is_removed() {
        assert_eq!(effect(Stage::Report), Effect::RemoveOutput);
    }

    #[test]
    fn an_input_that_memory_does_not_hold_is_refused() {
        assert_eq!(effect(Stage::Memory), Effect::Refuse);
    }

    #[test]
    fn every_stage_has_a_word_of_its_own() {
        let words: std::collections::BTreeSet<_> = Stage::ALL.iter().map(|s| s.name()).collect();
        assert_eq!(words.len(), Stage::ALL.len());
    }
}
