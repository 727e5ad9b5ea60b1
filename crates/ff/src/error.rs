//! FFmpeg's return codes, with the name of the C function that gave them.

use crate::sys;
use std::ffi::CStr;

/// A failed call: which function, its code, FFmpeg's text for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text} ({call})")]
pub struct AvError {
    /// The C function.
    pub call: &'static str,
    /// Its return code, negative.
    pub code: i32,
    /// What FFmpeg says about the code.
    pub text: String,
}

impl AvError {
    /// From a return code.
    #[must_use]
    pub fn new(call: &'static str, code: i32) -> Self {
        let mut buffer = [0; 128];
        // SAFETY: the buffer is as long as said, and av_strerror always ends it with 0.
        let text = unsafe {
            sys::av_strerror(code, buffer.as_mut_ptr(), buffer.len());
            CStr::from_ptr(buffer.as_ptr())
        };
        Self {
            call,
            code,
            text: text.to_string_lossy().to_lowercase(),
        }
    }

    /// An allocation failed.
    #[must_use]
    pub fn no_memory(call: &'static str) -> Self {
        Self::new(call, sys::AVERROR(sys::ENOMEM))
    }

    /// Whether the stream ended.
    #[must_use]
    pub fn is_end(&self) -> bool {
        self.code == sys::AVERROR_EOF
    }

    /// Whether the call wants more input, or its output taken, first.
    #[must_use]
    pub fn is_again(&self) -> bool {
        self.code == sys::AVERROR(sys::EAGAIN)
    }

    /// Whether memory was refused.
    #[must_use]
    pub fn is_no_memory(&self) -> bool {
        self.code == sys::AVERROR(sys::ENOMEM)
    }

    /// Whether the disk is full.
    #[must_use]
    pub fn is_no_space(&self) -> bool {
        self.code == sys::AVERROR(sys::ENOSPC)
    }
}

/// A return code as a result.
///
/// # Errors
/// [`AvError`] for a negative code.
pub fn check(call: &'static str, code: i32) -> Result<i32, AvError> {
    if code < 0 {
        Err(AvError::new(call, code))
    } else {
        Ok(code)
    }
}
