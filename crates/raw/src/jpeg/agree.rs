//! Whether a decoded picture is the one that coefficients hold.
//!
//! The detector looks at the pixels of one decoder; the file is written from the coefficients of
//! another. A file that the two read differently would be looked at in vain, so the means of all
//! blocks are compared: a block's mean is its DC coefficient alone (ITU-T T.81, A.3.3).

use scrim_jpeg::{Coefficients, Colour, Component};
use scrim_pixels::layout::{Family, Layout};
use scrim_units::Size;
use zeroize::Zeroizing;

/// Levels by which the mean of one block may differ: clamping to 0..=255 moves the means of
/// blocks with strong ringing or with colours outside RGB.
const ONE_BLOCK: f32 = 56.0;

/// Levels that are ordinary rounding and chroma filtering.
const ORDINARY: f32 = 12.0;

/// Share of blocks that may differ by more than that.
const SHARE: f32 = 0.05;

/// Side of a block.
const BLOCK: usize = 8;

/// Bytes of a row of a block: grey, and red, green and blue by turns.
const GREY: usize = BLOCK;
const RGB: usize = 3 * BLOCK;

/// What the first component is made of, in 1/256 of red, green and blue (luma of JFIF, which is
/// ITU-R BT.601 over the full range), or red alone.
const LUMA: [i16; 3] = [77, 150, 29];
const RED: [i16; 3] = [256, 0, 0];

/// Compares the first component with the decoded pixels, packed grey or RGB: in any other form they
/// do not agree. CMYK pictures pass: their decoded RGB has no mean that follows from one component.
pub(super) fn agree(c: &Coefficients, size: Size, layout: &Layout, planes: &[Vec<u8>]) -> bool {
    let weights = match c.colour() {
        Colour::Grey | Colour::YCbCr => LUMA,
        Colour::Rgb => RED,
        Colour::Cmyk | Colour::Ycck | Colour::Unknown => return true,
    };
    let [plane] = planes else {
        return false;
    };
    let packed = |family| *layout == Layout::packed(family, false, 8);
    if packed(Family::Rgb) {
        same_means::<RGB>(c, size, plane, std::array::from_fn(|i| weights[i % 3]))
    } else {
        packed(Family::Grey) && same_means::<GREY>(c, size, plane, [256; GREY])
    }
}

/// `weights` are those of the bytes of a block's row, in 1/256. Columns are summed first: eight times
/// fewer of them are weighted.
fn same_means<const ROW: usize>(
    c: &Coefficients,
    size: Size,
    plane: &[u8],
    weights: [i16; ROW],
) -> bool {
    let Some(first) = c.components().first() else {
        return false;
    };
    let finer = |o: &Component| o.h() > first.h() || o.v() > first.v();
    if c.components().iter().any(finer) {
        return true; // a first component at reduced size has no block for each 8 x 8 pixels
    }
    let (across, down) = (size.width as usize / BLOCK, size.height as usize / BLOCK);
    let bytes = size.width as usize * ROW / BLOCK;
    let quant = f32::from(first.quant()[0]);
    let mut column = Zeroizing::new(vec![0_i16; across * ROW]);
    let mut odd = 0;
    for (by, rows) in plane.chunks_exact(BLOCK * bytes).enumerate() {
        column.fill(0);
        for row in rows.chunks_exact(bytes) {
            let samples = column.iter_mut().zip(row);
            samples.for_each(|(sum, v)| *sum += i16::from(*v));
        }
        for (bx, sums) in column.as_chunks::<ROW>().0.iter().enumerate() {
            let Some(dc) = c.dc(0, bx, by) else {
                return false;
            };
            let want = (f32::from(dc) * quant / BLOCK as f32 + 128.0).clamp(0.0, 255.0);
            let weighted = sums.iter().zip(&weights);
            let sum: i32 = weighted
                .map(|(sum, weight)| i32::from(*sum) * i32::from(*weight))
                .sum();
            // Brightness comes in 1/256 levels.
            let mean = sum as f32 / (BLOCK * BLOCK * 256) as f32;
            if (mean - want).abs() > ONE_BLOCK {
                return false;
            }
            odd += usize::from((mean - want).abs() > ORDINARY);
        }
    }
    odd as f32 <= SHARE * (across * down) as f32
}
