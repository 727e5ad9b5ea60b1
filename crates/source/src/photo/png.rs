//! PNG and APNG.
//!
//! Samples come out at their own depth; palettes and fewer than 8 bits are expanded to 8. Frames
//! of an animation come out whole, put together as viewers show them.

mod chunks;

use super::canvas::{Canvas, over, over_8};
use super::{Bytes, Page, Pages, PhotoOptions, Told, checked, page, photo_error};
use crate::error::SourceError;
use ::png as codec;
use chunks::{Chunks, Dispose};
use codec::{BitDepth, BlendOp, ColorType, DecodeOptions, Decoder, Reader, Transformations};
use scrim_pixels::layout::{Family, Layout};
use scrim_units::{AlbumFacts, Orientation, PageFacts, PhotoFormat, PxRect};
use std::io::Cursor;
use zeroize::Zeroize;

const FORMAT: PhotoFormat = PhotoFormat::Png;

struct Png {
    reader: Reader<Cursor<Bytes>>,
    layout: Layout,
    step: usize,
    facts: PageFacts,
    orientation: Orientation,
    options: PhotoOptions,
    /// Pages left.
    left: u64,
    index: u64,
    canvas: Canvas,
    /// A copy to go back to, and the area of the frame before with what happens to it.
    before: Option<(Dispose, PxRect, Option<Vec<u8>>)>,
    animated: bool,
    ticks: i64,
}

pub(super) fn open(
    data: Bytes,
    options: PhotoOptions,
    told: &mut Told,
) -> Result<(Box<dyn Pages>, AlbumFacts), SourceError> {
    let chunks = Chunks::walk(data.as_ref(), told, &options)?;
    let limit = usize::try_from(options.limits.frame_bytes).unwrap_or(usize::MAX);
    let mut settings = DecodeOptions::default();
    settings.set_ignore_text_chunk(true);
    let mut decoder = Decoder::new_with_options(Cursor::new(data), settings);
    decoder.set_limits(codec::Limits { bytes: limit });
    let mut transform = Transformations::EXPAND;
    if chunks.shows_through {
        transform |= Transformations::ALPHA;
    }
    decoder.set_transformations(transform);
    let (size, facts) = {
        let info = decoder.read_header_info().map_err(refusal)?;
        let size = checked(info.width, info.height, 8, &options)?;
        let bits = info.bit_depth as u8;
        let indexed = info.color_type == ColorType::Indexed && !chunks.animated();
        (
            size,
            PageFacts {
                indexed,
                ..PageFacts::still(bits)
            },
        )
    };
    let reader = decoder.read_info().map_err(refusal)?;
    let (colour, depth) = reader.output_color_type();
    let layout = layout(colour, depth)?;
    if let Some(profile) = &reader.info().icc_profile {
        told.profile(profile, layout.family == Family::Grey);
    } else if chunks.profile {
        told.drop("ICC profile");
    }
    let step = usize::from(layout.planes[0].step);
    let album = chunks.album();
    let pages = Png {
        reader,
        step,
        facts,
        orientation: chunks.orientation,
        options,
        left: chunks.pages(),
        index: 0,
        canvas: Canvas::new(size, step),
        before: None,
        animated: chunks.animated(),
        ticks: 0,
        layout,
    };
    Ok((Box::new(pages), album))
}

fn layout(colour: ColorType, depth: BitDepth) -> Result<Layout, SourceError> {
    let (family, alpha) = match colour {
        ColorType::Grayscale => (Family::Grey, false),
        ColorType::GrayscaleAlpha => (Family::Grey, true),
        ColorType::Rgb => (Family::Rgb, false),
        ColorType::Rgba => (Family::Rgb, true),
        ColorType::Indexed => return Err(photo_error(FORMAT, "its palette is missing")),
    };
    let depth = match depth {
        BitDepth::Sixteen => 16,
        _ => 8,
    };
    // Two bytes a sample come as they stand in the file.
    Ok(Layout {
        big_endian: true,
        ..Layout::packed(family, alpha, depth)
    })
}

fn refusal(error: codec::DecodingError) -> SourceError {
    match error {
        codec::DecodingError::LimitsExceeded => {
            photo_error(FORMAT, "over the memory limit; raise it with --memory")
        }
        codec::DecodingError::Parameter(e) => photo_error(FORMAT, e),
        other => SourceError::Damaged(other.to_string()),
    }
}

impl Pages for Png {
    fn advance(&mut self, told: &mut Told) -> Result<Option<Page>, SourceError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let size = self.canvas.size;
        let mut part = vec![0; size.area() as usize * self.step];
        let whole = match self.reader.next_frame(&mut part) {
            Ok(_) => true,
            Err(e) => {
                let SourceError::Damaged(what) = refusal(e) else {
                    return Err(photo_error(FORMAT, "cannot be decoded"));
                };
                told.damaged(what, &self.options)?;
                // What was decoded of this frame is shown, nothing after it.
                self.left = 0;
                if self.index > 0 {
                    return Ok(None);
                }
                false
            }
        };
        let control = self.reader.info().frame_control.filter(|_| self.animated);
        let mut facts = self.facts;
        let samples = match control.filter(|_| whole) {
            None => part,
            Some(control) => {
                let den = u32::from(control.delay_den);
                let den = if den == 0 { 100 } else { den };
                facts.delay = (control.delay_num.into(), den);
                let samples = self.compose(&control, &part);
                part.as_mut_slice().zeroize();
                samples?
            }
        };
        let out = page(
            self.index,
            size,
            self.layout.clone(),
            self.orientation,
            self.ticks,
            vec![samples],
            facts,
        )?;
        self.index += 1;
        self.ticks += out.frame.info().duration;
        Ok(Some(out))
    }
}

impl Png {
    /// The canvas with one more frame on it (W3C PNG, third edition, 11.3.6.2 `fcTL`).
    fn compose(
        &mut self,
        control: &codec::FrameControl,
        part: &[u8],
    ) -> Result<Vec<u8>, SourceError> {
        match self.before.take() {
            Some((Dispose::Clear, area, _)) => self.canvas.clear(area),
            Some((Dispose::Restore, _, Some(copy))) => self.canvas.data.copy_from_slice(&copy),
            _ => {}
        }
        let area = PxRect {
            x0: control.x_offset,
            y0: control.y_offset,
            x1: control.x_offset.saturating_add(control.width),
            y1: control.y_offset.saturating_add(control.height),
        };
        if !self.canvas.size.rect().contains(area) {
            return Err(SourceError::Damaged("a frame outside the canvas".into()));
        }
        let dispose = Dispose::of(control.dispose_op as u8, self.index == 0);
        let copy = (dispose == Dispose::Restore).then(|| self.canvas.data.clone());
        // Interlaced parts are laid out as wide as the canvas.
        let width = if self.reader.info().interlaced {
            self.canvas.size.width
        } else {
            control.width
        };
        let stride = width as usize * self.step;
        let over = control.blend_op == BlendOp::Over && self.layout.alpha;
        let deep = self.layout.components[0].depth > 8;
        match (over, deep) {
            (false, _) => {
                let copy = |over: &[u8], under: &mut [u8]| under.copy_from_slice(over);
                self.canvas.draw(area, part, stride, copy);
            }
            (true, false) => self.canvas.draw(area, part, stride, over_8),
            (true, true) => self.canvas.draw(area, part, stride, over_16),
        }
        self.before = Some((dispose, area, copy));
        Ok(self.canvas.data.clone())
    }
}

fn over_16(over_pixel: &[u8], under: &mut [u8]) {
    let word = |p: &[u8], i: usize| u64::from(u16::from_be_bytes([p[2 * i], p[2 * i + 1]]));
    let last = under.len() / 2 - 1;
    match word(over_pixel, last) {
        65_535 => under.copy_from_slice(over_pixel),
        0 => {}
        alpha => {
            let mut out = [0; 4];
            let below = under.to_vec();
            let colours = (0..last).map(|i| (word(over_pixel, i), word(&below, i)));
            over(65_535, colours, (alpha, word(&below, last)), &mut out);
            for (slot, v) in under.as_chunks_mut::<2>().0.iter_mut().zip(out) {
                *slot = (v as u16).to_be_bytes();
            }
        }
    }
}
