//! A coded packet of a file: what the container says of it. Its bytes go to the decoder only.

use scrim_ff::{AvError, sys};
use std::ptr::{self, NonNull};

/// A coded packet of a file.
pub(crate) struct CodedPacket(NonNull<sys::AVPacket>);

// SAFETY: a packet's buffer is reference counted and has no thread affinity.
unsafe impl Send for CodedPacket {}

impl CodedPacket {
    /// For the demuxer to fill.
    pub(super) fn as_mut_ptr(&mut self) -> *mut sys::AVPacket {
        self.0.as_ptr()
    }

    /// For the decoder.
    pub(crate) fn as_ptr(&self) -> *const sys::AVPacket {
        self.0.as_ptr()
    }

    /// When its frame is shown, ticks. A container without such times gives its own order.
    pub(crate) fn time(&self) -> Option<i64> {
        // SAFETY: the packet is ours.
        let (pts, dts) = unsafe { ((*self.0.as_ptr()).pts, (*self.0.as_ptr()).dts) };
        [pts, dts].into_iter().find(|t| *t != sys::AV_NOPTS_VALUE)
    }

    /// The container says that a part of it is missing.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.flags() & sys::AV_PKT_FLAG_CORRUPT != 0
    }

    /// Its frame is needed for others and not shown (before the begin of an edit list).
    pub(crate) fn is_hidden(&self) -> bool {
        self.flags() & sys::AV_PKT_FLAG_DISCARD != 0
    }

    fn flags(&self) -> i32 {
        // SAFETY: the packet is ours.
        unsafe { (*self.0.as_ptr()).flags }
    }

    pub(super) fn new() -> Result<Self, AvError> {
        // SAFETY: no arguments; null means that memory is short.
        NonNull::new(unsafe { sys::av_packet_alloc() })
            .map(Self)
            .ok_or_else(|| AvError::no_memory("av_packet_alloc"))
    }

    pub(super) fn has_side_data(&self, kind: sys::AVPacketSideDataType) -> bool {
        // SAFETY: the packet is ours; the size pointer may be null.
        !unsafe { sys::av_packet_get_side_data(self.0.as_ptr(), kind, ptr::null_mut()) }.is_null()
    }
}

impl Drop for CodedPacket {
    fn drop(&mut self) {
        let mut p = self.0.as_ptr();
        // SAFETY: allocated in `new`, freed only here.
        unsafe { sys::av_packet_free(&mut p) }
    }
}
