//! The one packet that both sides of the wall know: coded sound, on request.
//!
//! Made from streams whose type is audio only, so no coded picture can pass as one.

use crate::error::{AvError, check};
use crate::sys;
use std::ptr::NonNull;

/// Codec parameters and time base of an audio stream.
pub struct AudioStream {
    parameters: NonNull<sys::AVCodecParameters>,
    time_base: sys::AVRational,
    index: usize,
}

// SAFETY: owns a plain block of values.
unsafe impl Send for AudioStream {}

impl AudioStream {
    /// Copies what a muxer needs to know; `None` when the stream is no audio.
    ///
    /// # Errors
    /// [`AvError`] when memory is short.
    ///
    /// # Safety
    /// `stream` points to a stream of an open format context.
    pub unsafe fn of(stream: *const sys::AVStream) -> Result<Option<Self>, AvError> {
        // SAFETY: the caller vouches for the stream; its parameters are never null.
        unsafe {
            if (*(*stream).codecpar).codec_type != sys::AVMediaType::AVMEDIA_TYPE_AUDIO {
                return Ok(None);
            }
            let parameters = NonNull::new(sys::avcodec_parameters_alloc())
                .ok_or_else(|| AvError::no_memory("avcodec_parameters_alloc"))?;
            let made = Self {
                parameters,
                time_base: (*stream).time_base,
                index: (*stream).index as usize,
            };
            let code = sys::avcodec_parameters_copy(parameters.as_ptr(), (*stream).codecpar);
            check("avcodec_parameters_copy", code)?;
            // The tag belongs to the source's container.
            (*parameters.as_ptr()).codec_tag = 0;
            Ok(Some(made))
        }
    }

    /// Index of the stream in its source.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Its time base.
    #[must_use]
    pub fn time_base(&self) -> sys::AVRational {
        self.time_base
    }

    /// For the muxer.
    #[must_use]
    pub fn parameters(&self) -> *const sys::AVCodecParameters {
        self.parameters.as_ptr()
    }
}

impl Drop for AudioStream {
    fn drop(&mut self) {
        let mut p = self.parameters.as_ptr();
        // SAFETY: allocated in `of`, freed only here.
        unsafe { sys::avcodec_parameters_free(&mut p) }
    }
}

/// A coded audio packet.
pub struct AudioPacket {
    packet: NonNull<sys::AVPacket>,
    stream: usize,
}

// SAFETY: a packet's buffer is reference counted and has no thread affinity.
unsafe impl Send for AudioPacket {}

impl AudioPacket {
    /// Takes the content of `packet`, which must have been read from `stream`. Side data is
    /// dropped except what decoding needs.
    ///
    /// # Errors
    /// [`AvError`] when memory is short.
    ///
    /// # Safety
    /// `packet` is a valid packet that may be emptied.
    pub unsafe fn take(
        packet: *mut sys::AVPacket,
        stream: &AudioStream,
    ) -> Result<Option<Self>, AvError> {
        // SAFETY: the caller vouches for the packet.
        unsafe {
            if (*packet).stream_index as usize != stream.index {
                return Ok(None);
            }
            let own = NonNull::new(sys::av_packet_alloc())
                .ok_or_else(|| AvError::no_memory("av_packet_alloc"))?;
            sys::av_packet_move_ref(own.as_ptr(), packet);
            Ok(Some(Self {
                packet: own,
                stream: stream.index,
            }))
        }
    }

    /// Index of the stream in its source.
    #[must_use]
    pub fn stream(&self) -> usize {
        self.stream
    }

    /// For the muxer, which takes the content.
    pub fn as_mut_ptr(&mut self) -> *mut sys::AVPacket {
        self.packet.as_ptr()
    }
}

impl Drop for AudioPacket {
    fn drop(&mut self) {
        let mut p = self.packet.as_ptr();
        // SAFETY: allocated in `take`, freed only here.
        unsafe { sys::av_packet_free(&mut p) }
    }
}
