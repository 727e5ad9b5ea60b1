//! Which FFmpeg is loaded, and its log turned off.

use crate::sys;

/// Versions of the loaded libavcodec and libavformat, `major.minor.micro`.
#[must_use]
pub fn versions() -> (String, String) {
    let text = |v: u32| format!("{}.{}.{}", v >> 16, (v >> 8) & 0xff, v & 0xff);
    // SAFETY: both functions only return a constant.
    unsafe { (text(sys::avcodec_version()), text(sys::avformat_version())) }
}

/// FFmpeg writes to stderr by itself; faults reach the user through return codes instead.
pub fn silence() {
    // SAFETY: sets one global integer.
    unsafe { sys::av_log_set_level(sys::AV_LOG_QUIET) }
}
