//! What a decoded picture says of itself, and the copy of its planes.

use crate::error::SourceError;
use scrim_ff::{Light, sys};
use scrim_raw::{Colour, Fields, Layout, PlanePool, Range};
use scrim_units::Size;

/// How its numbers become colours. `full`: the pixel format itself says full range.
pub(super) fn colour_of(f: &sys::AVFrame, full: bool) -> Colour {
    let range = match f.color_range {
        sys::AVColorRange::AVCOL_RANGE_JPEG => Some(Range::Full),
        sys::AVColorRange::AVCOL_RANGE_MPEG => Some(Range::Limited),
        _ => full.then_some(Range::Full),
    };
    Colour {
        primaries: code_point(&f.color_primaries),
        transfer: code_point(&f.color_trc),
        matrix: code_point(&f.colorspace),
        range,
        chroma_location: code_point(&f.chroma_location),
    }
}

/// Which of its fields comes first.
pub(super) fn fields_of(f: &sys::AVFrame) -> Fields {
    match (f.interlaced_frame != 0, f.top_field_first != 0) {
        (false, _) => Fields::Progressive,
        (true, true) => Fields::TopFirst,
        (true, false) => Fields::BottomFirst,
    }
}

/// The number in one of FFmpeg's colour enums, which a stream may have set to one without a name.
fn code_point<E>(value: &E) -> u8 {
    const { assert!(size_of::<E>() == size_of::<i32>()) };
    // SAFETY: C enums of FFmpeg are 32-bit integers, as the assertion checks.
    let number = unsafe { std::ptr::from_ref(value).cast::<i32>().read() };
    u8::try_from(number).unwrap_or(2)
}

/// HDR metadata of a picture: in H.264 and H.265 it often stands there alone.
///
/// # Safety
/// `frame` is filled.
pub(super) unsafe fn light_of(frame: *const sys::AVFrame) -> Light {
    use sys::AVFrameSideDataType::{
        AV_FRAME_DATA_CONTENT_LIGHT_LEVEL, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA,
    };
    // SAFETY: the caller vouches for the frame, which lives longer than the two slices.
    let bytes = |kind| unsafe {
        let data = sys::av_frame_get_side_data(frame, kind).as_ref()?;
        Some(std::slice::from_raw_parts(
            data.data.cast_const(),
            data.size,
        ))
    };
    Light::new(
        bytes(AV_FRAME_DATA_MASTERING_DISPLAY_METADATA),
        bytes(AV_FRAME_DATA_CONTENT_LIGHT_LEVEL),
    )
}

/// Copies all rows, whatever their stride and its sign.
///
/// # Safety
/// `frame` holds planes of at least the rows and bytes that `layout` and `size` describe.
pub(super) unsafe fn copy_planes(
    frame: *const sys::AVFrame,
    layout: &Layout,
    size: Size,
    pool: &PlanePool,
) -> Result<Vec<Vec<u8>>, SourceError> {
    (0..layout.planes.len())
        .map(|i| {
            let (row, rows) = layout.plane_size(i, size);
            let mut plane = pool.take(row * rows);
            let reserved = plane.try_reserve_exact(row * rows);
            reserved.map_err(|_| SourceError::NoMemory)?;
            // SAFETY: the caller vouches for rows and bytes; strides may be negative.
            unsafe {
                let (start, stride) = ((*frame).data[i], (*frame).linesize[i] as isize);
                for y in 0..rows {
                    let line = start.offset(y as isize * stride);
                    plane.extend_from_slice(std::slice::from_raw_parts(line, row));
                }
            }
            Ok(plane)
        })
        .collect()
}
