//! FFmpeg's pixel formats and our layouts.
//!
//! A layout says everything that redaction needs, so a format that has none (palettes, packed
//! subsampling, bit streams, floats, hardware) is converted before it becomes a frame.

use crate::sys::{self, AVPixelFormat};
use scrim_pixels::layout::{Component, Family, Layout, PlaneLayout};
use scrim_units::Subsampling;
use std::ffi::CStr;

/// Formats without a layout that this crate can stand in for. (`AV_PIX_FMT_FLAG_*`.)
const FLAG_BIG_ENDIAN: u64 = 1 << 0;
const FLAG_PALETTE: u64 = 1 << 1;
const FLAG_BITSTREAM: u64 = 1 << 2;
const FLAG_HARDWARE: u64 = 1 << 3;
const FLAG_RGB: u64 = 1 << 5;
const FLAG_ALPHA: u64 = 1 << 7;
const FLAG_BAYER: u64 = 1 << 8;
const FLAG_FLOAT: u64 = 1 << 9;
const UNSUPPORTED: u64 = FLAG_PALETTE | FLAG_BITSTREAM | FLAG_HARDWARE | FLAG_BAYER | FLAG_FLOAT;

/// The layout of a pixel format, `None` where it cannot be filled position by position.
#[must_use]
pub fn layout_of(format: AVPixelFormat) -> Option<Layout> {
    // SAFETY: returns a pointer to a constant table, or null.
    let d = unsafe { sys::av_pix_fmt_desc_get(format).as_ref() }?;
    // SAFETY: names are constant strings that end with 0.
    let name = unsafe { CStr::from_ptr(d.name) }.to_bytes();
    if d.flags & UNSUPPORTED != 0 || name.starts_with(b"xyz") {
        return None;
    }
    let alpha = d.flags & FLAG_ALPHA != 0;
    let count = usize::from(d.nb_components);
    let family = if d.flags & FLAG_RGB != 0 {
        Family::Rgb
    } else if count - usize::from(alpha) == 1 {
        Family::Grey
    } else {
        Family::Yuv
    };
    let sub = Subsampling {
        shift_x: d.log2_chroma_w,
        shift_y: d.log2_chroma_h,
    };
    let mut components = Vec::with_capacity(count);
    let mut planes: Vec<Option<PlaneLayout>> = vec![None; 4];
    for (i, c) in d.comp.iter().take(count).enumerate() {
        let chroma = family == Family::Yuv && (i == 1 || i == 2);
        let layout = PlaneLayout {
            sub: if chroma { sub } else { Subsampling::default() },
            step: u8::try_from(c.step).ok()?,
        };
        let slot = planes.get_mut(usize::try_from(c.plane).ok()?)?;
        if slot.is_some_and(|other| other != layout) {
            return None; // packed subsampling: one position holds several pixels
        }
        *slot = Some(layout);
        components.push(Component {
            plane: u8::try_from(c.plane).ok()?,
            offset: u8::try_from(c.offset).ok()?,
            shift: u8::try_from(c.shift).ok()?,
            depth: u8::try_from(c.depth).ok()?,
        });
    }
    let layout = Layout {
        family,
        alpha,
        // Byte order means something only where a word has two bytes.
        big_endian: d.flags & FLAG_BIG_ENDIAN != 0
            && components.iter().any(|c| Layout::word(*c) == 2),
        planes: planes.into_iter().flatten().collect(),
        components,
    };
    layout.is_consistent().then_some(layout)
}

/// The pixel format with this layout; the plain name where several are alike.
#[must_use]
pub fn format_of(layout: &Layout) -> Option<AVPixelFormat> {
    let mut d = std::ptr::null();
    loop {
        // SAFETY: walks a constant table; null ends it.
        d = unsafe { sys::av_pix_fmt_desc_next(d) };
        if d.is_null() {
            return None;
        }
        // SAFETY: `d` is an entry of that table.
        let format = unsafe { sys::av_pix_fmt_desc_get_id(d) };
        if !name_of(format).starts_with("yuvj") && layout_of(format).as_ref() == Some(layout) {
            return Some(format);
        }
    }
}

/// FFmpeg's name of a pixel format.
#[must_use]
pub fn name_of(format: AVPixelFormat) -> String {
    // SAFETY: returns a constant string, or null.
    let name = unsafe { sys::av_get_pix_fmt_name(format) };
    if name.is_null() {
        return "unknown".into();
    }
    // SAFETY: not null, ends with 0.
    unsafe { CStr::from_ptr(name) }
        .to_string_lossy()
        .into_owned()
}

/// The format with a layout that loses least when `format` is converted to it.
#[must_use]
pub fn nearest_supported(format: AVPixelFormat) -> Option<AVPixelFormat> {
    use AVPixelFormat::*;
    const CHOICES: [AVPixelFormat; 13] = [
        AV_PIX_FMT_YUV420P,
        AV_PIX_FMT_YUV422P,
        AV_PIX_FMT_YUV444P,
        AV_PIX_FMT_YUV411P,
        AV_PIX_FMT_YUV422P10LE,
        AV_PIX_FMT_YUV444P10LE,
        AV_PIX_FMT_YUV444P12LE,
        AV_PIX_FMT_GRAY8,
        AV_PIX_FMT_GRAY16LE,
        AV_PIX_FMT_RGB24,
        AV_PIX_FMT_BGRA,
        AV_PIX_FMT_RGB48LE,
        AV_PIX_FMT_RGBA64LE,
    ];
    // SAFETY: constant tables only.
    let d = unsafe { sys::av_pix_fmt_desc_get(format).as_ref() }?;
    let alpha = i32::from(d.flags & (FLAG_ALPHA | FLAG_PALETTE) != 0);
    let best = CHOICES.into_iter().reduce(|a, b| {
        // SAFETY: looks up constant tables; the loss pointer may be null.
        unsafe { sys::av_find_best_pix_fmt_of_2(a, b, format, alpha, std::ptr::null_mut()) }
    })?;
    Some(best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use AVPixelFormat::*;

    #[test]
    fn common_formats_come_back_from_their_layouts() {
        for f in [
            AV_PIX_FMT_YUV420P,
            AV_PIX_FMT_YUV422P10LE,
            AV_PIX_FMT_YUV444P12BE,
            AV_PIX_FMT_NV12,
            AV_PIX_FMT_P010LE,
            AV_PIX_FMT_GBRP,
            AV_PIX_FMT_GBRP10LE,
            AV_PIX_FMT_BGR0,
            AV_PIX_FMT_RGBA,
            AV_PIX_FMT_GRAY8,
            AV_PIX_FMT_GRAY16BE,
            AV_PIX_FMT_YUVA420P,
            AV_PIX_FMT_RGB565LE,
        ] {
            let layout = layout_of(f).unwrap();
            assert_eq!(format_of(&layout).map(name_of), Some(name_of(f)));
        }
    }

    #[test]
    fn palettes_packed_subsampling_and_bit_streams_have_no_layout_but_a_neighbour() {
        for f in [
            AV_PIX_FMT_PAL8,
            AV_PIX_FMT_YUYV422,
            AV_PIX_FMT_MONOBLACK,
            AV_PIX_FMT_UYVY422,
        ] {
            assert!(layout_of(f).is_none(), "{}", name_of(f));
            assert!(layout_of(nearest_supported(f).unwrap()).is_some());
        }
    }
}
