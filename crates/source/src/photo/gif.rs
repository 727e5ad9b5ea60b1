//! GIF, still and animated. Frames come out whole, as red, green, blue and alpha (0 or 255),
//! put together as viewers show them: what no frame has drawn is transparent.

mod blocks;

use super::canvas::Canvas;
use super::{Bytes, Page, Pages, PhotoOptions, Told, checked, page, photo_error};
use crate::error::SourceError;
use ::gif as codec;
use codec::{ColorOutput, DecodeOptions, Decoder, DecodingError, DisposalMethod, MemoryLimit};
use scrim_pixels::layout::{Family, Layout};
use scrim_units::{AlbumFacts, ColourTags, Orientation, PageFacts, PhotoFormat, PxRect, Size};
use std::io::Cursor;
use std::num::NonZeroU64;
use zeroize::Zeroize;

const FORMAT: PhotoFormat = PhotoFormat::Gif;

struct Gif {
    decoder: Decoder<Cursor<Bytes>>,
    options: PhotoOptions,
    canvas: Canvas,
    /// What happens to the frame before, its area, and a copy to go back to.
    before: Option<(DisposalMethod, PxRect, Option<Vec<u8>>)>,
    index: u64,
    ticks: i64,
    done: bool,
}

pub(super) fn open(
    data: Bytes,
    options: PhotoOptions,
    told: &mut Told,
) -> Result<(Box<dyn Pages>, AlbumFacts), SourceError> {
    let found = blocks::walk(data.as_ref(), told, &options)?;
    // A canvas, a copy of it and a part.
    let size = checked(found.width, found.height, 9, &options)?;
    let mut settings = DecodeOptions::new();
    settings.set_color_output(ColorOutput::Indexed);
    settings.allow_unknown_blocks(true);
    if let Some(limit) = NonZeroU64::new(options.limits.frame_bytes) {
        settings.set_memory_limit(MemoryLimit::Bytes(limit));
    }
    let decoder = settings.read_info(Cursor::new(data)).map_err(refusal)?;
    let album = AlbumFacts {
        format: FORMAT,
        animated: found.frames > 1,
        loops: found.loops,
        first_apart: false,
        colour: ColourTags::default(),
    };
    let pages = Gif {
        decoder,
        options,
        canvas: Canvas::new(size, 4),
        before: None,
        index: 0,
        ticks: 0,
        done: false,
    };
    Ok((Box::new(pages), album))
}

fn refusal(error: DecodingError) -> SourceError {
    match error {
        DecodingError::Format(e) => SourceError::Damaged(e.to_string()),
        DecodingError::Io(e) => SourceError::Damaged(e.to_string()),
        DecodingError::MemoryLimit | DecodingError::OutOfMemory => {
            photo_error(FORMAT, "over the memory limit; raise it with --memory")
        }
        other => SourceError::Damaged(other.to_string()),
    }
}

impl Pages for Gif {
    fn advance(&mut self, told: &mut Told) -> Result<Option<Page>, SourceError> {
        if self.done {
            return Ok(None);
        }
        let (delay, keyed) = match self.draw() {
            Ok(Some(told)) => told,
            Ok(None) => {
                self.done = true;
                return Ok(None);
            }
            Err(SourceError::Damaged(what)) => {
                told.damaged(what, &self.options)?;
                self.done = true;
                return Ok(None);
            }
            Err(other) => return Err(other),
        };
        let facts = PageFacts {
            indexed: true,
            keyed,
            delay: (delay, 100),
            ..PageFacts::still(8)
        };
        let out = page(
            self.index,
            self.canvas.size,
            Layout::packed(Family::Rgb, true, 8),
            Orientation::Upright,
            self.ticks,
            vec![self.canvas.data.clone()],
            facts,
        )?;
        self.index += 1;
        self.ticks += out.frame.info().duration;
        Ok(Some(out))
    }
}

impl Gif {
    /// Draws the next frame onto the canvas (GIF89a, sections 20 and 23). Its delay in 1/100 s, and
    /// whether it names a transparent colour.
    fn draw(&mut self) -> Result<Option<(u32, bool)>, SourceError> {
        let Some(frame) = self.decoder.next_frame_info().map_err(refusal)? else {
            return Ok(None);
        };
        let stored = Size {
            width: frame.width.into(),
            height: frame.height.into(),
        };
        let (x0, y0) = (u32::from(frame.left), u32::from(frame.top));
        let (delay, dispose, clear) = (frame.delay, frame.dispose, frame.transparent);
        let mut part = Vec::new();
        if stored.area() > 0 {
            self.options.limits.check(stored, 1)?;
            part.resize(stored.area() as usize, 0);
            self.decoder.read_into_buffer(&mut part).map_err(refusal)?;
        }
        let palette = self.decoder.palette().map_err(refusal)?.to_vec();
        match self.before.take() {
            Some((DisposalMethod::Background, area, _)) => self.canvas.clear(area),
            Some((DisposalMethod::Previous, _, Some(copy))) => {
                self.canvas.data.copy_from_slice(&copy);
            }
            _ => {}
        }
        // What lies outside the canvas is not seen.
        let area = PxRect {
            x0,
            y0,
            x1: x0 + stored.width,
            y1: y0 + stored.height,
        }
        .clip(self.canvas.size);
        let copy = (dispose == DisposalMethod::Previous).then(|| self.canvas.data.clone());
        self.canvas
            .draw_indices(area, &part, stored.width as usize, |index, under| {
                let colour = palette
                    .get(3 * usize::from(index)..)
                    .and_then(|p| p.first_chunk::<3>());
                if let Some([r, g, b]) = colour.filter(|_| clear != Some(index)) {
                    under.copy_from_slice(&[*r, *g, *b, 255]);
                }
            });
        part.as_mut_slice().zeroize();
        self.before = Some((dispose, area, copy));
        Ok(Some((delay.into(), clear.is_some())))
    }
}
