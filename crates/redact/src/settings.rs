//! Everything that a file job can be told.

use crate::zones::Zones;
use scrim_detect::weights::Variant;
use scrim_raw::Fill;
use scrim_sink::Codec;
use scrim_source::Limits;
use scrim_track::{Sensitivity, TrackSettings};
use std::path::PathBuf;

/// Settings of a job; the same for all its files.
#[derive(Debug, Clone)]
pub struct JobSettings {
    /// What the detector learned.
    pub weights: WeightsFrom,
    /// How much is at stake.
    pub sensitivity: Sensitivity,
    /// Score from which something is covered for certain, instead of the sensitivity's own.
    pub threshold: Option<f32>,
    /// Factor on the size of every region, 1 is the tracker's own margin.
    pub mask_scale: f32,
    /// Parts of the picture that are always filled.
    pub zones: Zones,
    /// Write a picture of the zones over the first redacted frame beside each output.
    pub zones_picture: bool,
    /// How regions are filled.
    pub fill: Fill,
    /// Bounds on inputs.
    pub limits: Limits,
    /// Threads for the detector and the codecs.
    pub threads: usize,
    /// Write a report beside each output.
    pub report: bool,
    /// Put the input's SHA-256 into the report.
    pub hash_input: bool,
    /// Take what can be decoded of a damaged file.
    pub accept_damaged: bool,
    /// How videos are written.
    pub video: VideoOptions,
}

/// Which weights the detector has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WeightsFrom {
    /// Weights inside the program.
    Carried(Variant),
    /// A model card, with its weights file beside it.
    Card(PathBuf),
}

impl WeightsFrom {
    /// By a word of the command line: the name of carried weights, or the path of a card.
    #[must_use]
    pub fn named(word: &std::ffi::OsStr) -> Self {
        let carried = Variant::ALL.into_iter().find(|v| word == v.name());
        carried.map_or_else(|| Self::Card(word.into()), Self::Carried)
    }
}

/// How videos are written.
#[derive(Debug, Clone, Default)]
pub struct VideoOptions {
    /// Keep every audio track.
    pub keep_audio: bool,
    /// Codec asked for.
    pub codec: Option<Codec>,
    /// Constant rate factor.
    pub crf: Option<u8>,
    /// Encoder preset.
    pub preset: Option<String>,
}

impl Default for JobSettings {
    fn default() -> Self {
        Self {
            weights: WeightsFrom::Carried(Variant::City),
            sensitivity: Sensitivity::Publish,
            threshold: None,
            mask_scale: 1.0,
            zones: Zones::default(),
            zones_picture: false,
            fill: Fill::Solid,
            limits: Limits::default(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            report: true,
            hash_input: false,
            accept_damaged: false,
            video: VideoOptions::default(),
        }
    }
}

/// The word of a sensitivity in options and reports.
#[must_use]
pub(crate) fn sensitivity_name(s: Sensitivity) -> &'static str {
    match s {
        Sensitivity::Publish => "publish",
        Sensitivity::Normal => "normal",
        Sensitivity::Quick => "quick",
    }
}

impl JobSettings {
    /// Settings of the tracker that follow, for video.
    #[must_use]
    pub(crate) fn track(&self) -> TrackSettings {
        self.with_threshold(TrackSettings::for_sensitivity(self.sensitivity))
    }

    /// The same for single pictures.
    #[must_use]
    pub(crate) fn photo(&self) -> TrackSettings {
        self.with_threshold(TrackSettings::for_photos(self.sensitivity))
    }

    fn with_threshold(&self, mut track: TrackSettings) -> TrackSettings {
        if let Some(t) = self.threshold {
            for class in [&mut track.face, &mut track.plate] {
                class.strong = t;
                class.clear = class.clear.min(t);
                class.sure = class.sure.max(t);
                class.weak = class.weak.min(t);
                class.steady_score = class.steady_score.min(t);
            }
        }
        track
    }
}
