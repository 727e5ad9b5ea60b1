//! Which FFmpeg is loaded.

use crate::sys;

/// Versions of the loaded libavcodec and libavformat, `major.minor.micro`; none before
/// [`load`](crate::load).
#[must_use]
pub fn versions() -> Option<(String, String)> {
    let text = |v: u32| format!("{}.{}.{}", v >> 16, (v >> 8) & 0xff, v & 0xff);
    // SAFETY: both functions only return a constant.
    sys::is_loaded()
        .then(|| unsafe { (text(sys::avcodec_version()), text(sys::avformat_version())) })
}
