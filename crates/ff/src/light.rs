//! What a stream says of the display it was graded on, for HDR: mastering display (SMPTE ST 2086)
//! and content light level (CTA-861.3). Numbers of a monitor and of a whole film; carried from
//! source to output as FFmpeg lays them out in memory, never looked into.

use crate::sys::{self, AVFrameSideDataType, AVPacketSideDataType};
use crate::{AvError, sys::AVFrame, sys::AVStream};

/// Bytes of `AVMasteringDisplayMetadata`: ten rationals and two flags.
const MASTERING: usize = 88;

/// Bytes of `AVContentLightMetadata`: two whole numbers.
const CONTENT: usize = 8;

/// HDR metadata of a stream or frame; empty where it has none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Light {
    mastering: Option<[u8; MASTERING]>,
    content: Option<[u8; CONTENT]>,
}

impl Light {
    /// What the container says of a stream.
    ///
    /// # Safety
    /// `stream` is a stream of an open context.
    #[must_use]
    pub unsafe fn of_stream(stream: *const AVStream) -> Self {
        let find = |kind| {
            let mut size = 0;
            // SAFETY: the caller vouches for the stream.
            let data = unsafe { sys::av_stream_get_side_data(stream, kind, &mut size) };
            (data.cast_const(), size)
        };
        // SAFETY: `find` answers data of the stream and its length, or null.
        unsafe {
            Self {
                mastering: read(find(
                    AVPacketSideDataType::AV_PKT_DATA_MASTERING_DISPLAY_METADATA,
                )),
                content: read(find(AVPacketSideDataType::AV_PKT_DATA_CONTENT_LIGHT_LEVEL)),
            }
        }
    }

    /// What a coded picture says of itself: in H.264 and H.265 it often stands there alone.
    ///
    /// # Safety
    /// `frame` is a decoded frame.
    #[must_use]
    pub unsafe fn of_frame(frame: *const AVFrame) -> Self {
        let find = |kind| {
            // SAFETY: the caller vouches for the frame.
            unsafe {
                let data = sys::av_frame_get_side_data(frame, kind);
                if data.is_null() {
                    return (std::ptr::null(), 0);
                }
                ((*data).data.cast_const(), (*data).size)
            }
        };
        // SAFETY: `find` answers data of the frame and its length, or null.
        unsafe {
            Self {
                mastering: read(find(
                    AVFrameSideDataType::AV_FRAME_DATA_MASTERING_DISPLAY_METADATA,
                )),
                content: read(find(AVFrameSideDataType::AV_FRAME_DATA_CONTENT_LIGHT_LEVEL)),
            }
        }
    }

    /// This, and where it says nothing, what `other` says.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self {
            mastering: self.mastering.or(other.mastering),
            content: self.content.or(other.content),
        }
    }

    /// Hands it to a stream of an output before its header is written.
    ///
    /// # Errors
    /// [`AvError`] when memory is short.
    ///
    /// # Safety
    /// `stream` is a stream of an output whose header is not written yet.
    pub unsafe fn write(&self, stream: *mut AVStream) -> Result<(), AvError> {
        // SAFETY: the caller vouches for the stream.
        unsafe {
            if let Some(bytes) = &self.mastering {
                let kind = AVPacketSideDataType::AV_PKT_DATA_MASTERING_DISPLAY_METADATA;
                put(stream, kind, bytes)?;
            }
            if let Some(bytes) = &self.content {
                put(
                    stream,
                    AVPacketSideDataType::AV_PKT_DATA_CONTENT_LIGHT_LEVEL,
                    bytes,
                )?;
            }
        }
        Ok(())
    }
}

/// A copy of the bytes, or nothing unless there are exactly N.
///
/// # Safety
/// The pointer is null or leads to so many bytes.
unsafe fn read<const N: usize>((data, size): (*const u8, usize)) -> Option<[u8; N]> {
    // SAFETY: the caller vouches for the length.
    (!data.is_null() && size == N).then(|| unsafe { data.cast::<[u8; N]>().read_unaligned() })
}

/// # Safety
/// `stream` is a stream of an output whose header is not written yet.
unsafe fn put(
    stream: *mut AVStream,
    kind: AVPacketSideDataType,
    bytes: &[u8],
) -> Result<(), AvError> {
    // SAFETY: the caller vouches for the stream; the memory has the length that was asked for.
    unsafe {
        let data = sys::av_stream_new_side_data(stream, kind, bytes.len());
        if data.is_null() {
            return Err(AvError::no_memory("av_stream_new_side_data"));
        }
        data.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
    }
    Ok(())
}
