//! What was looked at: which frame, which part of it, by which model, and what was found.

use scrim_units::{FrameId, PxRect, Sighting};

/// Which weights looked: a SHA-256 of the hashes of all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ModelId(pub [u8; 32]);

/// One look of the detector at one frame. Made where the detector's output was checked; it holds
/// boxes and scores, no pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Examination {
    /// Which picture.
    pub frame: FrameId,
    /// Its time, seconds of the stream's clock.
    pub seconds: f64,
    /// Which part of the stored picture was looked at.
    pub area: PxRect,
    /// By which model.
    pub model: ModelId,
    /// What must be covered in this very frame.
    pub found: Vec<Sighting>,
}
