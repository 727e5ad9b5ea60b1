//! What can be wrong with an input, and what to do about it.

use scrim_ff::AvError;
use scrim_units::{Size, TimeError};

/// Why an input is refused. The file's name is added where it is known.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The operating system refused.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// Bytes of no picture or video that is known.
    #[error("not a picture or video that is known (told by its content, not by its name)")]
    UnknownKind,
    /// Known by name, not supported.
    #[error("{0} pictures cannot be read; convert it to JPEG or PNG first")]
    Unsupported(&'static str),
    /// FFmpeg is not there.
    #[error("cannot be opened as a video: {0}")]
    Ffmpeg(#[source] AvError),
    /// FFmpeg could not open it.
    #[error(
        "cannot be opened as a video: {0}; if it is cut or damaged, try to repair it with `ffmpeg -i IN -c copy OUT`"
    )]
    Open(#[source] AvError),
    /// There is no moving picture in it.
    #[error("holds no video stream")]
    NoVideo,
    /// No frame could be decoded.
    #[error("holds no frame that can be decoded")]
    NoFrames,
    /// No decoder for this codec.
    #[error("no decoder for {0} in the installed FFmpeg")]
    NoDecoder(String),
    /// Encrypted content.
    #[error("is encrypted; decrypt it first")]
    Encrypted,
    /// The decoder could not be set up.
    #[error("cannot be decoded: {0}")]
    Decoder(#[source] AvError),
    /// The picture can not be represented.
    #[error("pixel format {0} cannot be read")]
    PixelFormat(String),
    /// Larger than the limits.
    #[error("{} x {} pixels need {needed} MB, over the limit of {limit} MB; raise it with --memory", .size.width, .size.height)]
    TooLarge {
        /// Size of the picture.
        size: Size,
        /// Megabytes that one frame would take.
        needed: u64,
        /// Megabytes allowed.
        limit: u64,
    },
    /// The system gave no memory for a frame.
    #[error("memory for a frame is refused by the system; close other programs or lower --threads")]
    NoMemory,
    /// Headers that cannot be true.
    #[error(
        "its header states {0}, which cannot be right; repair it with `ffmpeg -i IN -c copy OUT`"
    )]
    Absurd(String),
    /// Part of the file is missing or broken.
    #[error("is damaged: {0}; use --accept-damaged to take what can be decoded")]
    Damaged(String),
    /// The file was written to while it was read.
    #[error("changed while it was read; copy it first")]
    Changed,
    /// A time does not fit.
    #[error("its time stamps cannot be used: {0}")]
    Time(#[from] TimeError),
    /// A photo could not be decoded.
    #[error("cannot be decoded as {format}: {what}")]
    Photo {
        /// Format by its bytes.
        format: &'static str,
        /// The decoder's words.
        what: String,
    },
}
