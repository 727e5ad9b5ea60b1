//! The picture as the network takes it: bytes in the order B, G, R, in planes or interleaved.
//!
//! The picture is borrowed and may be of any size; the padding with zeros to the right and at
//! the foot up to a multiple of 32 is made row by row and never stored. This module knows rows
//! of bytes; what computes on them it does not know.
use scrim_pixels::conv::{COLOURS, QUAD, gather};
use scrim_pixels::level::Level;

/// Both sides are padded to a multiple of this: the coarsest stride.
pub(crate) const MULTIPLE: usize = 32;

/// Largest width and height, strict: beyond it the maps' memory is no longer reasonable.
pub const LARGEST_SIDE: usize = 16_384;

/// Why a picture was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// A side of 0 or beyond [`LARGEST_SIDE`].
    #[error("input of {width}x{height} pixels: sides are 1..={LARGEST_SIDE}")]
    Size {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
    },
    /// Rows that overlap or do not fit into the bytes given.
    #[error("input rows of {row} bytes, {stride} apart, {height} of them: {found} bytes given")]
    Bytes {
        /// Bytes a row.
        row: usize,
        /// Bytes from row to row.
        stride: usize,
        /// Rows.
        height: usize,
        /// Bytes of the shortest plane.
        found: usize,
    },
}

#[derive(Clone, Copy)]
enum Bytes<'a> {
    Planes([&'a [u8]; COLOURS]),
    Interleaved(&'a [u8]),
}

/// A borrowed picture of 8-bit samples, blue, green, red, 0..=255.
#[derive(Clone, Copy)]
pub struct NetInput<'a> {
    bytes: Bytes<'a>,
    width: usize,
    height: usize,
    stride: usize,
}

impl<'a> NetInput<'a> {
    /// Three planes, blue, green, red, whose rows begin `stride` bytes apart: the fast layout.
    pub fn planar(
        planes: [&'a [u8]; COLOURS],
        width: usize,
        height: usize,
        stride: usize,
    ) -> Result<Self, InputError> {
        let shortest = planes.map(<[u8]>::len).into_iter().min().unwrap_or(0);
        check(width, height, width, stride, shortest)?;
        let bytes = Bytes::Planes(planes);
        Ok(Self {
            bytes,
            width,
            height,
            stride,
        })
    }

    /// Pixels of three bytes, blue, green, red, in rows that begin `stride` bytes apart.
    pub fn interleaved(
        bytes: &'a [u8],
        width: usize,
        height: usize,
        stride: usize,
    ) -> Result<Self, InputError> {
        check(
            width,
            height,
            COLOURS.saturating_mul(width),
            stride,
            bytes.len(),
        )?;
        let bytes = Bytes::Interleaved(bytes);
        Ok(Self {
            bytes,
            width,
            height,
            stride,
        })
    }

    /// Pixels across, without padding.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Pixels down, without padding.
    pub const fn height(&self) -> usize {
        self.height
    }

    /// Width and height as the network computes them: the next multiples of 32.
    pub(crate) const fn padded(&self) -> (usize, usize) {
        (
            self.width.next_multiple_of(MULTIPLE),
            self.height.next_multiple_of(MULTIPLE),
        )
    }

    /// Row `y` as pixels of B, G, R, 0 behind one pixel of padding; 0 wherever there is no
    /// picture, to the right and below included.
    pub(crate) fn pixels(&self, level: Level, y: usize, out: &mut [u8]) {
        let inside = if y < self.height { self.width } else { 0 };
        let (pad, rest) = out.split_at_mut(QUAD);
        let (row, beyond) = rest.split_at_mut(inside * QUAD);
        pad.fill(0);
        beyond.fill(0);
        if inside == 0 {
            return;
        }
        let at = y * self.stride;
        match self.bytes {
            Bytes::Planes(planes) => gather(level, planes.map(|plane| &plane[at..][..inside]), row),
            Bytes::Interleaved(bytes) => {
                let pixels = bytes[at..].as_chunks::<COLOURS>().0.iter();
                for ([b, g, r], out) in pixels.zip(row.as_chunks_mut::<QUAD>().0) {
                    *out = [*b, *g, *r, 0];
                }
            }
        }
    }
}

fn check(
    width: usize,
    height: usize,
    row: usize,
    stride: usize,
    found: usize,
) -> Result<(), InputError> {
    let sides = 1..=LARGEST_SIDE;
    if !sides.contains(&width) || !sides.contains(&height) {
        return Err(InputError::Size { width, height });
    }
    let needed = stride
        .checked_mul(height - 1)
        .and_then(|rows| rows.checked_add(row));
    if stride < row || needed.is_none_or(|needed| found < needed) {
        return Err(InputError::Bytes {
            row,
            stride,
            height,
            found,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_do_not_fit_are_refused() {
        let bytes = [0; 30];
        for (width, height, stride, good) in [
            (5, 2, 15, true),
            (5, 2, 16, false),
            (5, 2, 14, false),
            (5, 1, usize::MAX, true),
            (5, 2, usize::MAX, false),
            (0, 2, 15, false),
            (5, 0, 15, false),
            (usize::MAX, 1, 15, false),
        ] {
            let input = NetInput::interleaved(&bytes, width, height, stride);
            assert_eq!(input.is_ok(), good, "{width}x{height}, {stride}");
        }
        let (short, long) = (&bytes[..9], &bytes[..10]);
        assert!(NetInput::planar([long, long, short], 5, 2, 5).is_err());
        assert!(NetInput::planar([long, long, long], 5, 2, 5).is_ok());
    }

    #[test]
    fn the_picture_is_surrounded_by_zeros_in_both_layouts() {
        let interleaved: Vec<u8> = (1..=18).collect();
        let planes: Vec<Vec<u8>> = (0..3)
            .map(|c| interleaved.iter().skip(c).step_by(3).copied().collect())
            .collect();
        let inputs = [
            NetInput::interleaved(&interleaved, 3, 2, 9).unwrap(),
            NetInput::planar([&planes[0], &planes[1], &planes[2]], 3, 2, 3).unwrap(),
        ];
        for input in inputs {
            let green = |y| {
                let mut row = [9; 6 * QUAD];
                input.pixels(Level::best(), y, &mut row);
                row.as_chunks::<QUAD>()
                    .0
                    .iter()
                    .map(|pixel| pixel[1])
                    .collect::<Vec<_>>()
            };
            assert_eq!(green(1), [0, 11, 14, 17, 0, 0]);
            assert_eq!(green(2), [0; 6]);
        }
    }
}
