//! One conversion between two picture shapes by libswscale. It is handed row pointers and owns
//! no picture.

use crate::error::{AvError, check};
use crate::sys::{self, AVPixelFormat};
use std::ptr::{self, NonNull};

/// Size and pixel format of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    width: i32,
    height: i32,
    format: AVPixelFormat,
}

/// A conversion from one size and format to another.
pub struct Scaler {
    context: NonNull<sys::SwsContext>,
    from: Shape,
    to: Shape,
}

// SAFETY: a SwsContext has no thread affinity; it is used through `&mut` only.
unsafe impl Send for Scaler {}

impl Scaler {
    /// `(width, height, format)` of both sides.
    ///
    /// # Errors
    /// [`AvError`] when libswscale does not know the pair.
    pub fn new(
        from: (i32, i32, AVPixelFormat),
        to: (i32, i32, AVPixelFormat),
    ) -> Result<Self, AvError> {
        let shape = |(width, height, format)| Shape {
            width,
            height,
            format,
        };
        let flags = sys::SWS_BICUBIC | sys::SWS_ACCURATE_RND | sys::SWS_FULL_CHR_H_INT;
        // SAFETY: plain values; null filters and parameters mean the defaults.
        let context = unsafe {
            sys::sws_getContext(
                from.0,
                from.1,
                from.2,
                to.0,
                to.1,
                to.2,
                flags,
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null(),
            )
        };
        let context = NonNull::new(context)
            .ok_or_else(|| AvError::new("sws_getContext", sys::AVERROR(sys::EINVAL)))?;
        Ok(Self {
            context,
            from: shape(from),
            to: shape(to),
        })
    }

    /// Whether this conversion is the one asked for.
    #[must_use]
    pub fn is_for(&self, from: (i32, i32, AVPixelFormat), to: (i32, i32, AVPixelFormat)) -> bool {
        (self.from.width, self.from.height, self.from.format) == from
            && (self.to.width, self.to.height, self.to.format) == to
    }

    /// Convert one picture.
    ///
    /// # Errors
    /// [`AvError`] as libswscale gives it.
    ///
    /// # Safety
    /// `source` and `target` point to frames whose planes have the shapes given to `new`, and
    /// those of `target` may be written.
    pub unsafe fn convert(
        &mut self,
        source: *const sys::AVFrame,
        target: *mut sys::AVFrame,
    ) -> Result<(), AvError> {
        // SAFETY: the caller vouches for both frames; the context is ours.
        let code = unsafe {
            sys::sws_scale(
                self.context.as_ptr(),
                (*source).data.as_ptr().cast(),
                (*source).linesize.as_ptr(),
                0,
                self.from.height,
                (*target).data.as_ptr().cast(),
                (*target).linesize.as_ptr(),
            )
        };
        check("sws_scale", code).map(drop)
    }
}

impl Drop for Scaler {
    fn drop(&mut self) {
        // SAFETY: made by sws_getContext and freed only here.
        unsafe { sys::sws_freeContext(self.context.as_ptr()) }
    }
}
