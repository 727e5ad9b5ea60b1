//! GIF. Frames come whole and are written as the part that changed; a frame from which
//! something must vanish is cleared before the next one (GIF89a, section 23).

use super::palette::{Colour, MOST, Palette};
use super::{Notes, Out, OutFile, Pages, Samples, failed, patch};
use crate::error::SinkError;
use ::gif as codec;
use codec::{DisposalMethod, Encoder, EncodingError, Frame, Repeat};
use scrim_units::{AlbumFacts, PhotoFormat, PxRect, Size};
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;

const FORMAT: PhotoFormat = PhotoFormat::Gif;

/// Bytes a pixel.
const STEP: usize = 4;

pub(super) struct Gif {
    out: Option<Out>,
    loops: Option<u32>,
    encoder: Option<Encoder<OutFile>>,
    /// What is seen before the frame that waits.
    shown: Vec<u8>,
    /// The frame that waits for the next one, which decides whether it is cleared; its delay;
    /// whether it names a transparent colour.
    waiting: Option<(Vec<u8>, u16, bool)>,
    size: Size,
}

impl Gif {
    pub(super) fn new(out: Out, album: &AlbumFacts) -> Self {
        Self {
            out: Some(out),
            loops: album.loops,
            encoder: None,
            shown: Vec::new(),
            waiting: None,
            size: Size {
                width: 0,
                height: 0,
            },
        }
    }

    /// Writes the frame that waits, now that the next one is known.
    fn write(&mut self, next: Option<&[u8]>, notes: &mut Notes) -> Result<(), EncodingError> {
        let Some((frame, delay, keyed)) = self.waiting.take() else {
            return Ok(());
        };
        let vanishes = next.is_some_and(|next| {
            let pairs = frame
                .as_chunks::<STEP>()
                .0
                .iter()
                .zip(next.as_chunks::<STEP>().0);
            pairs.into_iter().any(|(a, b)| a[3] != 0 && b[3] == 0)
        });
        let first = self.encoder.is_none();
        // What is cleared is the frame's own area, so it must be all.
        let area = if first || vanishes {
            self.size.rect()
        } else {
            patch::changed(&self.shown, &frame, self.size, STEP)
        };
        let drawn = draw(&self.shown, &frame, self.size, area, keyed);
        if drawn.reduced {
            notes.add("colours were reduced to 256 in a frame");
        }
        let palette = drawn.palette.rgb();
        let mut encoder = match self.encoder.take() {
            Some(encoder) => encoder,
            None => self.open(&palette)?,
        };
        encoder.write_frame(&Frame {
            delay,
            dispose: if vanishes {
                DisposalMethod::Background
            } else {
                DisposalMethod::Keep
            },
            transparent: drawn.transparent,
            left: area.x0 as u16,
            top: area.y0 as u16,
            width: area.width() as u16,
            height: area.height() as u16,
            palette: (!first).then_some(palette),
            buffer: Cow::Owned(drawn.indices),
            ..Frame::default()
        })?;
        self.encoder = Some(encoder);
        self.shown = frame;
        if vanishes {
            self.shown.fill(0);
        }
        Ok(())
    }

    fn open(&mut self, palette: &[u8]) -> Result<Encoder<OutFile>, EncodingError> {
        let Some(out) = self.out.take() else {
            return Err(std::io::Error::other("a second picture").into());
        };
        let (width, height) = (self.size.width as u16, self.size.height as u16);
        let mut encoder = Encoder::new(out.file, width, height, palette)?;
        match self.loops {
            Some(0) => encoder.set_repeat(Repeat::Infinite)?,
            Some(n) => encoder.set_repeat(Repeat::Finite(u16::try_from(n).unwrap_or(u16::MAX)))?,
            None => {}
        }
        Ok(encoder)
    }
}

impl Pages for Gif {
    fn page(&mut self, page: &Samples<'_>, notes: &mut Notes) -> Result<(), SinkError> {
        let packed = page.colours()?;
        if packed.step != STEP || page.size().width.max(page.size().height) > u16::MAX.into() {
            return Err(SinkError::WrongShape);
        }
        if self.shown.is_empty() {
            self.size = page.size();
            self.shown = vec![0; packed.bytes.len()];
        }
        if packed.bytes.len() != self.shown.len() {
            return Err(SinkError::WrongShape);
        }
        self.write(Some(packed.bytes), notes)
            .map_err(|e| failed(FORMAT)(&e))?;
        let delay = u16::try_from(page.facts.delay.0).unwrap_or(u16::MAX);
        self.waiting = Some((packed.bytes.to_vec(), delay, page.facts.keyed));
        Ok(())
    }

    fn finish(mut self: Box<Self>, notes: &mut Notes) -> Result<(), SinkError> {
        let fail = failed(FORMAT);
        self.write(None, notes).map_err(|e| fail(&e))?;
        let encoder = self.encoder.take().ok_or(SinkError::WrongShape)?;
        let mut file = encoder.into_inner().map_err(|e| fail(&e))?;
        file.flush().map_err(|e| fail(&e))
    }
}

/// A part of a frame as indices.
struct Drawn {
    palette: Palette,
    indices: Vec<u8>,
    transparent: Option<u8>,
    reduced: bool,
}

/// What must be drawn over `shown` so that `area` of `frame` is seen. Where nothing changes the
/// part is transparent only if it must be or the source named a transparent colour (`keyed`):
/// readers tell pictures with and without one apart.
fn draw(shown: &[u8], frame: &[u8], size: Size, area: PxRect, keyed: bool) -> Drawn {
    let pixels = patch::cut(frame, size, STEP, area);
    let clear = pixels.as_chunks::<STEP>().0.iter().any(|p| p[3] == 0);
    if !clear
        && !keyed
        && let Some((palette, indices)) = Palette::of(&pixels, STEP)
    {
        return Drawn {
            palette,
            indices,
            transparent: None,
            reduced: false,
        };
    }
    let before = patch::cut(shown, size, STEP, area);
    // What is transparent, and what is there already.
    let keeps = |now: &Colour, was: &Colour| now[3] == 0 || now == was;
    let pairs = || {
        pixels
            .as_chunks::<STEP>()
            .0
            .iter()
            .zip(before.as_chunks::<STEP>().0)
    };
    let mut counts: HashMap<Colour, u64> = HashMap::new();
    for (now, _) in pairs().filter(|(now, was)| !keeps(now, was)) {
        *counts.entry(*now).or_default() += 1;
    }
    // One entry is the transparent one; black stays, whatever else goes.
    let reduced = counts.len() > MOST - 1;
    if let Some(black) = counts.get_mut(&[0, 0, 0, 255]) {
        *black = u64::MAX;
    }
    let mut palette = Palette::frequent(&counts, MOST - 1);
    let transparent = palette.index([0; 4]).unwrap_or(0);
    let mut known: HashMap<Colour, u8> = HashMap::new();
    let indices = pairs()
        .map(|(now, was)| {
            if keeps(now, was) {
                return transparent;
            }
            *known.entry(*now).or_insert_with(|| palette.nearest(*now))
        })
        .collect();
    Drawn {
        palette,
        indices,
        transparent: Some(transparent),
        reduced,
    }
}
