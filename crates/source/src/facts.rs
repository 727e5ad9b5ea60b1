//! What a container says of its streams. Plain values, no pointers.

use scrim_units::{Orientation, Size, TimeBase};

/// What a stream of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamKind {
    /// Moving pictures.
    Video,
    /// A still picture attached to the file.
    CoverPicture,
    /// Sound.
    Audio,
    /// Subtitles or captions.
    Subtitle,
    /// Timed data: GPS, drone telemetry, time code.
    Data,
    /// A file within the file, a font for instance.
    Attachment,
    /// Something else.
    Unknown,
}

/// One stream of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamFacts {
    /// Its number in the file.
    pub index: usize,
    /// What it is.
    pub kind: StreamKind,
    /// FFmpeg's name of its codec.
    pub codec: String,
}

/// What the container says of the video stream.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoFacts {
    /// Number of the stream.
    pub index: usize,
    /// FFmpeg's name of the codec.
    pub codec: String,
    /// FFmpeg's name of the container's demuxer.
    pub container: String,
    /// Unit of its times.
    pub time_base: TimeBase,
    /// Average frames a second as a fraction, where known.
    pub average_rate: Option<(i32, i32)>,
    /// Lowest rate that holds all times, where known.
    pub base_rate: Option<(i32, i32)>,
    /// Pixels as stored.
    pub size: Size,
    /// Length in seconds, where the header says it.
    pub seconds: Option<f64>,
    /// Frames, where the header says it.
    pub frames: Option<u64>,
    /// Width to height of a pixel; (0, 1) unspecified.
    pub sample_aspect: (i32, i32),
    /// The display matrix as stored (ISO/IEC 14496-12, 6.2.2), where there is one.
    pub matrix: Option<[i32; 9]>,
    /// How to turn the stored picture to see it upright.
    pub orientation: Orientation,
    /// Tags, chapters and programs are present.
    pub tags: bool,
    /// Number of chapters.
    pub chapters: usize,
}

impl VideoFacts {
    /// Before a stream is chosen.
    pub(crate) fn unknown() -> Self {
        Self {
            index: 0,
            codec: String::new(),
            container: String::new(),
            time_base: TimeBase::ONE_SECOND,
            average_rate: None,
            base_rate: None,
            size: Size {
                width: 0,
                height: 0,
            },
            seconds: None,
            frames: None,
            sample_aspect: (0, 1),
            matrix: None,
            orientation: Orientation::Upright,
            tags: false,
            chapters: 0,
        }
    }
}

/// Tags that containers write by themselves, in lower case.
pub(crate) const OWN_TAGS: [&str; 11] = [
    "major_brand",
    "minor_version",
    "compatible_brands",
    "handler_name",
    "vendor_id",
    "language",
    "duration",
    "service_name",
    "service_provider",
    "alpha_mode",
    "encoder",
];

/// Which of the eight orientations a display matrix is, by the signs of its turning part:
/// x' = a x + c y, y' = b x + d y (ISO/IEC 14496-12, 6.2.2). Others count as upright.
pub(crate) fn orientation_of(m: &[i32; 9]) -> Orientation {
    match (m[0].signum(), m[1].signum(), m[3].signum(), m[4].signum()) {
        (0, 1, -1, 0) => Orientation::Turn90,
        (-1, 0, 0, -1) => Orientation::Turn180,
        (0, -1, 1, 0) => Orientation::Turn270,
        (-1, 0, 0, 1) => Orientation::MirrorX,
        (1, 0, 0, -1) => Orientation::MirrorY,
        (0, 1, 1, 0) => Orientation::Transpose,
        (0, -1, -1, 0) => Orientation::Transverse,
        _ => Orientation::Upright,
    }
}
