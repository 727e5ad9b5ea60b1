//! The report of one redacted file, `NAME.scrim.json`.
//!
//! Boxes are `[x0, y0, x1, y1]` in pixels of the stored picture, half-open. Nothing in it says
//! who somebody is; the source is named only on request.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Version of this format. Readers refuse others.
pub const REPORT_VERSION: u32 = 1;

/// Left, top, right, bottom.
pub type Rect = [u32; 4];

/// The report of one redacted file.
// A writer may hold regions and tracks in anything that makes the same JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Report")]
pub struct Report<R = Vec<Stretch>, T = Vec<Track>> {
    /// Version of this format.
    pub report: u32,
    /// Version of scrim, and of the FFmpeg libraries that it ran with.
    pub software: Software,
    /// What looked for faces and plates.
    pub model: Model,
    /// How it was told to look and to fill.
    pub settings: Settings,
    /// What the input was, without its name.
    pub source: Source,
    /// The redacted file.
    pub output: Output,
    /// What can be promised about what was found.
    pub coverage: Coverage,
    /// What was filled, in rising order of frames.
    pub regions: R,
    /// Tracks, for reviewing; a number means nothing outside this file.
    pub tracks: T,
    /// Frames that were blanked whole.
    pub blanked: Vec<Blanked>,
    /// What went wrong and what it did.
    pub faults: Vec<FaultNote>,
    /// What of the input is not in the output, and what was kept on request.
    pub dropped: Vec<String>,
    /// What was kept on request, or changed on the way.
    pub notes: Vec<String>,
}

/// Versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Software {
    /// Of scrim.
    pub scrim: String,
    /// Of libavcodec; `not loaded` for a photo, where nothing in the run had needed FFmpeg yet.
    pub libavcodec: String,
    /// Of libavformat; `not loaded` for a photo, where nothing in the run had needed FFmpeg yet.
    pub libavformat: String,
}

/// The detector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Name of the weights.
    pub name: String,
    /// SHA-256 of the weights that look at whole pictures.
    pub sha256: String,
    /// SHA-256 of the weights of the second stage, which looks again at what those suspect;
    /// null without one.
    pub second_sha256: Option<String>,
    /// SHA-256 of the weights of the third stage, which is asked of faces that stay in doubt; null
    /// without one.
    pub third_sha256: Option<String>,
    /// Instruction level that the network ran on.
    pub level: String,
}

/// How it was told to look and to fill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `publish`, `normal` or `quick`.
    pub sensitivity: String,
    /// Scores from which a face and a plate are covered for certain.
    pub thresholds: [f32; 2],
    /// `solid` or `surround`.
    pub fill: String,
    /// Margin factor on top of the tracker's own.
    pub mask_scale: f32,
    /// Number of zones that are always filled.
    pub zones: usize,
}

/// The input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// `photo` or `video`.
    pub kind: String,
    /// Codec or picture format.
    pub codec: String,
    /// Pixels as stored.
    pub width: u32,
    /// Pixels as stored.
    pub height: u32,
    /// SHA-256 of the input, on request only: it links to the original.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// The redacted file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Its name, without folders.
    pub file: String,
    /// Its SHA-256.
    pub sha256: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Codec or picture format.
    pub codec: String,
    /// Frames or pages.
    pub frames: u64,
    /// Audio tracks that were kept on request.
    pub audio_tracks: u64,
}

/// What can be promised about what was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// Shorter side of the smallest face that the finest look finds, pixels.
    pub smallest_face_px: f32,
    /// Height of the smallest plate that the finest look finds, pixels.
    pub smallest_plate_px: f32,
    /// Longest stretch between two looks, seconds.
    pub longest_unexamined_s: f64,
    /// Frames that were looked at.
    pub frames_examined: u64,
    /// Longest time from a frame to the nearest look at which it is still shown, seconds.
    pub limit_s: f64,
}

/// Frames in a row with the same regions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stretch {
    /// First frame, from 0 in display order.
    pub from: u64,
    /// How many frames.
    pub frames: u64,
    /// What was filled in each of them.
    pub fill: Vec<Rect>,
}

/// One face or plate over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Track {
    /// `face` or `plate`.
    pub class: String,
    /// First covered frame.
    pub first_frame: u64,
    /// Last covered frame.
    pub last_frame: u64,
    /// Frames in which it was found.
    pub seen: u64,
    /// Best score, 0 to 1. A score, not a probability.
    pub best_score: f32,
    /// Shorter side of its smallest sighting, pixels.
    pub smallest_px: f32,
}

/// Frames in a row that were blanked whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Blanked {
    /// First frame.
    pub from: u64,
    /// How many frames.
    pub frames: u64,
    /// Why.
    pub reason: String,
}

/// A fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultNote {
    /// Where in the way of a frame.
    pub stage: String,
    /// Which frame, where it concerns one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<u64>,
    /// Why.
    pub cause: String,
}
