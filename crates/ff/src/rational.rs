//! FFmpeg's rationals and our time bases.

use crate::sys;
use scrim_units::{TimeBase, TimeError};

/// A rational as a time base.
///
/// # Errors
/// [`TimeError::BadBase`] unless both parts are positive.
pub fn time_base(r: sys::AVRational) -> Result<TimeBase, TimeError> {
    TimeBase::new(i64::from(r.num), i64::from(r.den))
}

/// A time base as FFmpeg's rational.
#[must_use]
pub fn rational(base: TimeBase) -> sys::AVRational {
    // A time base holds at most i32::MAX in each part.
    sys::AVRational {
        num: base.num() as i32,
        den: base.den() as i32,
    }
}
