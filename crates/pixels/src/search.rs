//! How blocks of a plane moved from one picture to the next: a search over a coarse grid.
//!
//! Answers "where did this patch of light go within a few pixels", nothing about what it shows.

use crate::scale::Grid;

/// Movement of one block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockMotion {
    /// Samples to the right.
    pub dx: i32,
    /// Samples down.
    pub dy: i32,
    /// Mean absolute difference of the best match, levels.
    pub residue: f32,
    /// The best match is clearly better than standing still or lies on texture that can be told
    /// apart.
    pub trusted: bool,
}

/// Blocks that are flatter than this (mean absolute deviation, levels) match anywhere.
const LEAST_TEXTURE: f32 = 3.0;

/// Mean absolute difference above which a best match is no match.
const WORST_RESIDUE: f32 = 12.0;

/// For every whole block of `SIDE` samples in `now`: from where in `before` it came, searched
/// within `reach` samples. Row by row; `(columns, rows, motions)`.
#[must_use]
pub fn block_motion<const SIDE: usize>(
    before: &Grid,
    now: &Grid,
    reach: i32,
) -> (usize, usize, Vec<BlockMotion>) {
    let (columns, rows) = (now.width / SIDE, now.height / SIDE);
    let mut out = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        for column in 0..columns {
            out.push(search::<SIDE>(
                before,
                now,
                (column * SIDE, row * SIDE),
                reach,
            ));
        }
    }
    (columns, rows, out)
}

fn search<const SIDE: usize>(
    before: &Grid,
    now: &Grid,
    (x, y): (usize, usize),
    reach: i32,
) -> BlockMotion {
    let area = (SIDE * SIDE) as f32;
    let block: [[u8; SIDE]; SIDE] = std::array::from_fn(|row| line(now, x, y + row));
    let mut best = (difference(before, &block, (x, y), u32::MAX), 0, 0);
    for dy in -reach..=reach {
        for dx in -reach..=reach {
            let inside = |at: usize, d: i32, end: usize| {
                let from = at as i64 - i64::from(d);
                from >= 0 && from + SIDE as i64 <= end as i64
            };
            if !inside(x, dx, before.width) || !inside(y, dy, before.height) {
                continue;
            }
            let from = |at: usize, d: i32| (at as i64 - i64::from(d)) as usize;
            let found = difference(before, &block, (from(x, dx), from(y, dy)), best.0);
            // Nearer to standing still wins a tie, so flat areas do not wander.
            let nearer = dx.abs() + dy.abs() < i32::abs(best.1) + i32::abs(best.2);
            if found < best.0 || (found == best.0 && nearer) {
                best = (found, dx, dy);
            }
        }
    }
    let residue = best.0 as f32 / area;
    BlockMotion {
        dx: best.1,
        dy: best.2,
        residue,
        trusted: residue < WORST_RESIDUE && texture(&block) > LEAST_TEXTURE.max(residue),
    }
}

/// Sum of absolute differences of a block and of what lies at a place in `before`; stops early
/// once it is over `bound`.
fn difference<const SIDE: usize>(
    before: &Grid,
    block: &[[u8; SIDE]; SIDE],
    (x, y): (usize, usize),
    bound: u32,
) -> u32 {
    let mut sum = 0;
    for (row, samples) in block.iter().enumerate() {
        let there: [u8; SIDE] = line(before, x, y + row);
        let pairs = samples.iter().zip(there);
        // A row of a block is short: its sum fits, and narrow sums are added more at a time.
        let apart: u16 = pairs.map(|(a, b)| u16::from(a.abs_diff(b))).sum();
        sum += u32::from(apart);
        if sum > bound {
            return sum;
        }
    }
    sum
}

/// `SIDE` samples of row `y` from column `x` on.
fn line<const SIDE: usize>(plane: &Grid, x: usize, y: usize) -> [u8; SIDE] {
    const { assert!(SIDE < 256, "sums of a row are kept in 16 bits") };
    let mut samples = [0; SIDE];
    samples.copy_from_slice(&plane.row(y)[x..x + SIDE]);
    samples
}

/// Mean absolute deviation from the mean.
fn texture<const SIDE: usize>(block: &[[u8; SIDE]; SIDE]) -> f32 {
    let cells = || block.as_flattened().iter();
    let mean = cells().map(|v| f32::from(*v)).sum::<f32>() / (SIDE * SIDE) as f32;
    cells().map(|v| (f32::from(*v) - mean).abs()).sum::<f32>() / (SIDE * SIDE) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(width: usize, height: usize, shift: usize) -> Grid {
        let mut g = Grid::new(width, height);
        for y in 0..height {
            for x in 0..width {
                let column = ((x + 100 - shift) as u32).wrapping_mul(2_654_435_761);
                let s = column ^ (y as u32).wrapping_mul(40_503);
                g.data[y * width + x] = (s >> 13) as u8;
            }
        }
        g
    }

    #[test]
    fn a_plane_that_moved_by_three_is_found_to_have_moved_by_three() {
        let (columns, rows, cells) = block_motion::<8>(&noise(64, 48, 0), &noise(64, 48, 3), 4);
        assert_eq!((columns, rows), (8, 6));
        for (i, c) in cells.iter().enumerate() {
            if i % columns > 0 {
                assert_eq!((c.dx, c.dy, c.trusted), (3, 0, true), "cell {i}");
            }
        }
    }

    #[test]
    fn a_flat_block_stands_still_and_is_not_trusted() {
        let mut g = Grid::new(16, 16);
        g.data.fill(90);
        let (_, _, cells) = block_motion::<8>(&g, &g, 4);
        assert!(
            cells
                .iter()
                .all(|c| (c.dx, c.dy, c.trusted) == (0, 0, false))
        );
    }
}
