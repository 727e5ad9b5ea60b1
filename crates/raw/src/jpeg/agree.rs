//! Whether a decoded picture is the one that coefficients hold.
//!
//! The detector looks at the pixels of one decoder; the file is written from the coefficients of
//! another. A file that the two read differently would be looked at in vain, so the means of all
//! blocks are compared: a block's mean is its DC coefficient alone (ITU-T T.81, A.3.3).

use scrim_jpeg::{Coefficients, Colour};
use scrim_pixels::layout::{Family, Layout};
use scrim_units::Size;

/// Levels by which the mean of one block may differ: clamping to 0..=255 moves the means of
/// blocks with strong ringing or with colours outside RGB.
const ONE_BLOCK: f32 = 56.0;

/// Levels that are ordinary rounding and chroma filtering.
const ORDINARY: f32 = 12.0;

/// Share of blocks that may differ by more than that.
const SHARE: f32 = 0.05;

/// Side of a block.
const BLOCK: usize = 8;

/// Compares the first component with the decoded planes. CMYK pictures pass: their decoded RGB
/// has no mean that follows from one component.
pub(super) fn agree(c: &Coefficients, size: Size, layout: &Layout, planes: &[Vec<u8>]) -> bool {
    let Some(brightness) = brightness(c.colour(), layout) else {
        return true;
    };
    let (Some(first), Some(plane)) = (c.components().first(), planes.first()) else {
        return false;
    };
    let full = c
        .components()
        .iter()
        .all(|o| o.h() <= first.h() && o.v() <= first.v());
    if !full {
        return true; // a first component at reduced size has no block for each 8 x 8 pixels
    }
    let (across, down) = (size.width as usize / BLOCK, size.height as usize / BLOCK);
    let step = usize::from(layout.planes[0].step);
    let quant = f32::from(first.quant()[0]);
    let mut odd = 0;
    for by in 0..down {
        for bx in 0..across {
            let Some(block) = c.block(0, bx, by) else {
                return false;
            };
            let want = (f32::from(block[0]) * quant / BLOCK as f32 + 128.0).clamp(0.0, 255.0);
            let mut sum = 0;
            for y in by * BLOCK..(by + 1) * BLOCK {
                let from = (y * size.width as usize + bx * BLOCK) * step;
                let row = &plane[from..from + BLOCK * step];
                sum += row.chunks_exact(step).map(&brightness).sum::<u32>();
            }
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

/// The first component of a packed 8-bit pixel in 1/256 levels (luma of JFIF, which is ITU-R
/// BT.601 over the full range).
fn brightness(colour: Colour, layout: &Layout) -> Option<impl Fn(&[u8]) -> u32 + use<>> {
    let weights = match (colour, layout.family) {
        (Colour::Grey, Family::Grey) => [256, 0, 0],
        (Colour::Grey | Colour::YCbCr, Family::Rgb) => [77, 150, 29],
        (Colour::Rgb, Family::Rgb) => [256, 0, 0],
        _ => return None,
    };
    let bytes = layout.planes.len() == 1 && layout.components.iter().all(|c| c.depth == 8);
    bytes.then_some(move |p: &[u8]| {
        let term = |i: usize| u32::from(p.get(i).copied().unwrap_or(0)) * weights[i];
        term(0) + term(1) + term(2)
    })
}
