//! Windows bitmaps of 8 bits with a palette, 24 bits, or 32 bits with alpha, bottom row first
//! (BITMAPINFOHEADER, BITMAPV4HEADER of the Windows SDK).

use super::palette::Palette;
use super::{Notes, Out, Pages, Samples};
use crate::error::SinkError;

const FILE_HEADER: u32 = 14;
const INFO_HEADER: u32 = 40;
const V4_HEADER: u32 = 108;
const BITFIELDS: u32 = 3;

/// Masks of red, green, blue and alpha in a 32-bit pixel.
const MASKS: [u32; 4] = [0x00FF_0000, 0x0000_FF00, 0x0000_00FF, 0xFF00_0000];

/// LCS_sRGB.
const SRGB: u32 = 0x7352_4742;

pub(super) struct Bmp {
    out: Option<Out>,
}

impl Bmp {
    pub(super) fn new(out: Out) -> Self {
        Self { out: Some(out) }
    }
}

impl Pages for Bmp {
    fn page(&mut self, page: &Samples<'_>, _: &mut Notes) -> Result<(), SinkError> {
        let out = self.out.take().ok_or(SinkError::WrongShape)?;
        let packed = page.colours()?;
        let width = page.size().width as usize;
        let indexed = (page.facts.indexed && !packed.alpha)
            .then(|| Palette::of(packed.bytes, packed.step))
            .flatten();
        let mut body = Vec::new();
        let mut rows = |bytes: &[u8], step: usize, turn: bool| {
            for row in bytes.chunks_exact(width * step).rev() {
                let start = body.len();
                body.extend_from_slice(row);
                if turn {
                    body[start..]
                        .chunks_exact_mut(step)
                        .for_each(|p| p.swap(0, 2));
                }
                // Rows are padded to whole words of 32 bits.
                body.resize(start + row.len().next_multiple_of(4), 0);
            }
        };
        let (bits, palette) = match indexed {
            Some((palette, indices)) => {
                rows(&indices, 1, false);
                (8, palette.colours)
            }
            None => {
                rows(packed.bytes, packed.step, true);
                (packed.step as u16 * 8, Vec::new())
            }
        };
        let mut file = header(page, bits, palette.len() as u32, body.len() as u32);
        for [r, g, b, _] in palette {
            file.extend([b, g, r, 0]);
        }
        file.append(&mut body);
        out.write_whole(&file)
    }

    fn finish(self: Box<Self>, _: &mut Notes) -> Result<(), SinkError> {
        Ok(())
    }
}

fn header(page: &Samples<'_>, bits: u16, colours: u32, body: u32) -> Vec<u8> {
    let size = page.size();
    let alpha = bits == 32;
    let info = if alpha { V4_HEADER } else { INFO_HEADER };
    let start = FILE_HEADER + info + 4 * colours;
    let mut out = b"BM".to_vec();
    let long = |out: &mut Vec<u8>, v: u32| out.extend(v.to_le_bytes());
    for v in [start + body, 0, start, info, size.width, size.height] {
        long(&mut out, v);
    }
    out.extend(1u16.to_le_bytes());
    out.extend(bits.to_le_bytes());
    let compression = if alpha { BITFIELDS } else { 0 };
    for v in [compression, body, 0, 0, colours, 0] {
        long(&mut out, v);
    }
    if alpha {
        MASKS.into_iter().for_each(|m| long(&mut out, m));
        long(&mut out, SRGB);
        // Endpoints and gamma, which sRGB does not need.
        out.resize(out.len() + 48, 0);
    }
    out
}
