//! Whether a decoded picture is the one that coefficients hold.
//!
//! The detector looks at the pixels of one decoder; the file is written from the coefficients of
//! another. A file that the two read differently would be looked at in vain, so the means of all
//! blocks are compared: a block's mean is its DC coefficient alone (ITU-T T.81, A.3.3).

use scrim_jpeg::{Coefficients, Colour};
use scrim_pixels::layout::{Family, Layout};
use scrim_units::{Size, Subsampling};

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
    let Some(weights) = weights(c.colour(), layout) else {
        return true;
    };
    let Some(first) = c.components().first() else {
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
    let quant = f32::from(first.quant()[0]);
    let mut sums = vec![0; across];
    let mut odd = 0;
    for by in 0..down {
        sums.fill(0);
        for y in by * BLOCK..(by + 1) * BLOCK {
            for (component, &weight) in weights.iter().enumerate().filter(|w| *w.1 > 0) {
                add_row(&mut sums, component, weight, layout, planes, y, size);
            }
        }
        for (bx, &sum) in sums.iter().enumerate() {
            let Some(block) = c.block(0, bx, by) else {
                return false;
            };
            let want = (f32::from(block[0]) * quant / BLOCK as f32 + 128.0).clamp(0.0, 255.0);
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

/// Adds the samples of a component in one row, by blocks, so many times.
fn add_row(
    sums: &mut [u32],
    component: usize,
    weight: u32,
    layout: &Layout,
    planes: &[Vec<u8>],
    y: usize,
    size: Size,
) {
    let c = layout.components[component];
    let step = usize::from(layout.planes[usize::from(c.plane)].step);
    let row = size.width as usize * step;
    let row = &planes[usize::from(c.plane)][y * row..][..row];
    if step == 1 {
        for (sum, block) in sums.iter_mut().zip(row.as_chunks::<BLOCK>().0) {
            *sum += weight * block.iter().map(|v| u32::from(*v)).sum::<u32>();
        }
    } else {
        let value = |p: &[u8]| u32::from(p[usize::from(c.offset)]);
        for (sum, block) in sums.iter_mut().zip(row.chunks_exact(BLOCK * step)) {
            *sum += weight * block.chunks_exact(step).map(value).sum::<u32>();
        }
    }
}

/// What the first component is made of, in 1/256 of each decoded one (luma of JFIF, which is
/// ITU-R BT.601 over the full range).
fn weights(colour: Colour, layout: &Layout) -> Option<&'static [u32]> {
    let weights: &[u32] = match (colour, layout.family) {
        (Colour::Grey, Family::Grey) => &[256],
        (Colour::Grey | Colour::YCbCr, Family::Rgb) => &[77, 150, 29],
        (Colour::Rgb, Family::Rgb) => &[256, 0, 0],
        _ => return None,
    };
    let whole = layout
        .planes
        .iter()
        .all(|p| p.sub == Subsampling::default());
    let bytes = layout.components.iter().all(|c| c.depth == 8);
    (bytes && whole && layout.components.len() >= weights.len()).then_some(weights)
}
