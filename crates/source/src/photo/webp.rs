//! WebP, lossy, lossless and animated. Frames of an animation come out whole, put together here:
//! image-webp 0.2.4 darkens opaque pixels by one when it does that.

mod chunks;

use super::canvas::{Canvas, over_8};
use super::{Bytes, Page, Pages, PhotoOptions, Told, checked, page, photo_error};
use crate::error::SourceError;
use chunks::{Found, Frame};
use image_webp::{DecodingError, WebPDecoder};
use scrim_pixels::layout::{Family, Layout};
use scrim_units::{AlbumFacts, ColourTags, Orientation, PageFacts, PhotoFormat, PxRect, Size};
use std::io::Cursor;
use zeroize::Zeroize;

const FORMAT: PhotoFormat = PhotoFormat::WebP;

/// A still picture.
struct Still {
    decoder: Option<WebPDecoder<Cursor<Bytes>>>,
    size: Size,
    lossy: bool,
    orientation: Orientation,
    options: PhotoOptions,
}

/// An animation.
struct Moving {
    data: Bytes,
    frames: std::vec::IntoIter<Frame>,
    canvas: Canvas,
    alpha: bool,
    lossy: bool,
    orientation: Orientation,
    options: PhotoOptions,
    /// The area of the frame before, where it becomes transparent.
    cleared: Option<PxRect>,
    index: u64,
    ticks: i64,
}

pub(super) fn open(
    data: Bytes,
    options: PhotoOptions,
    told: &mut Told,
) -> Result<(Box<dyn Pages>, AlbumFacts), SourceError> {
    let found = Found::walk(data.as_ref(), told, &options)?;
    let mut album = AlbumFacts {
        format: FORMAT,
        animated: found.animated.is_some(),
        loops: None,
        first_apart: false,
        colour: ColourTags::default(),
    };
    let Some(animation) = found.animated else {
        let decoder = decoder(Cursor::new(data), &options)?;
        let (width, height) = decoder.dimensions();
        let pages = Still {
            size: checked(width, height, 4, &options)?,
            decoder: Some(decoder),
            lossy: found.lossy,
            orientation: found.orientation,
            options,
        };
        return Ok((Box::new(pages), album));
    };
    album.loops = Some(animation.loops);
    // A canvas and a part of it.
    let size = checked(animation.width, animation.height, 8, &options)?;
    let pages = Moving {
        data,
        frames: animation.frames.into_iter(),
        canvas: Canvas::new(size, 4),
        alpha: animation.alpha,
        lossy: found.lossy,
        orientation: found.orientation,
        options,
        cleared: None,
        index: 0,
        ticks: 0,
    };
    Ok((Box::new(pages), album))
}

fn decoder<T: AsRef<[u8]>>(
    data: Cursor<T>,
    options: &PhotoOptions,
) -> Result<WebPDecoder<Cursor<T>>, SourceError> {
    let mut decoder = WebPDecoder::new(data).map_err(refusal)?;
    let limit = usize::try_from(options.limits.frame_bytes).unwrap_or(usize::MAX);
    decoder.set_memory_limit(limit);
    Ok(decoder)
}

fn refusal(error: DecodingError) -> SourceError {
    match error {
        DecodingError::MemoryLimitExceeded | DecodingError::ImageTooLarge => {
            photo_error(FORMAT, "over the memory limit; raise it with --memory")
        }
        other => SourceError::Damaged(other.to_string()),
    }
}

impl Pages for Still {
    fn advance(&mut self, told: &mut Told) -> Result<Option<Page>, SourceError> {
        let Some(mut decoder) = self.decoder.take() else {
            return Ok(None);
        };
        let layout = Layout::packed(Family::Rgb, decoder.has_alpha(), 8);
        let mut samples = vec![0; layout.bytes(self.size) as usize];
        if let Err(e) = decoder.read_image(&mut samples) {
            match refusal(e) {
                SourceError::Damaged(what) => told.damaged(what, &self.options)?,
                other => return Err(other),
            }
            return Ok(None);
        }
        let facts = PageFacts {
            lossy: self.lossy,
            ..PageFacts::still(8)
        };
        let turn = self.orientation;
        page(0, self.size, layout, turn, 0, vec![samples], facts).map(Some)
    }
}

impl Pages for Moving {
    fn advance(&mut self, told: &mut Told) -> Result<Option<Page>, SourceError> {
        let Some(frame) = self.frames.next() else {
            return Ok(None);
        };
        match self.draw(&frame) {
            Ok(()) => {}
            Err(SourceError::Damaged(what)) => {
                told.damaged(what, &self.options)?;
                self.frames = Vec::new().into_iter();
                return Ok(None);
            }
            Err(other) => return Err(other),
        }
        let samples = if self.alpha {
            self.canvas.data.clone()
        } else {
            let pixels = self.canvas.data.as_chunks::<4>().0;
            pixels.iter().flat_map(|p| [p[0], p[1], p[2]]).collect()
        };
        let facts = PageFacts {
            lossy: self.lossy,
            delay: (frame.delay, 1000),
            ..PageFacts::still(8)
        };
        let out = page(
            self.index,
            self.canvas.size,
            Layout::packed(Family::Rgb, self.alpha, 8),
            self.orientation,
            self.ticks,
            vec![samples],
            facts,
        )?;
        self.index += 1;
        self.ticks += i64::from(frame.delay);
        Ok(Some(out))
    }
}

impl Moving {
    /// Draws a frame onto the canvas (WebP Container Specification, "Animation"). The background
    /// is transparent, whatever the file says: so viewers take it.
    fn draw(&mut self, frame: &Frame) -> Result<(), SourceError> {
        if !self.canvas.size.rect().contains(frame.area) || frame.area.is_empty() {
            return Err(SourceError::Damaged("a frame outside the canvas".into()));
        }
        let body = self.data.as_ref().get(frame.body.clone()).unwrap_or(&[]);
        let file = chunks::still_of(body, frame.area);
        let mut decoder = decoder(Cursor::new(&file[..]), &self.options)?;
        let size = (frame.area.width(), frame.area.height());
        if decoder.dimensions() != size {
            return Err(SourceError::Damaged("a frame of another size".into()));
        }
        let step = if decoder.has_alpha() { 4 } else { 3 };
        let mut part = vec![0; size.0 as usize * size.1 as usize * step];
        decoder.read_image(&mut part).map_err(refusal)?;
        if step == 3 {
            let opaque = part.as_chunks::<3>().0.iter();
            let opaque = opaque.flat_map(|p| [p[0], p[1], p[2], 255]).collect();
            part.as_mut_slice().zeroize();
            part = opaque;
        }
        if let Some(area) = self.cleared.take() {
            self.canvas.clear(area);
        }
        let stride = size.0 as usize * 4;
        if frame.blends {
            self.canvas.draw(frame.area, &part, stride, over_8);
        } else {
            let copy = |over: &[u8], under: &mut [u8]| under.copy_from_slice(over);
            self.canvas.draw(frame.area, &part, stride, copy);
        }
        part.as_mut_slice().zeroize();
        self.cleared = frame.clears.then_some(frame.area);
        Ok(())
    }
}
