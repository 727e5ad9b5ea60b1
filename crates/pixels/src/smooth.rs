//! Planes of 8-bit samples made smoother and brighter in one go, rounded once at the end.
//!
//! One code for all levels: it fits the vectors that every processor has. When a picture needs this
//! it does not know.

use crate::scale::Grid;
use zeroize::Zeroize;

/// By how much samples are multiplied, in 512ths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gain(u16);

impl Gain {
    /// The 256th that is nearest to `factor`, within 0 and 127.
    #[must_use]
    pub fn of(factor: f32) -> Self {
        Self(2 * (factor.clamp(0.0, 127.0) * 256.0).round() as u16)
    }
}

/// Weights of a sample and its neighbours, both ways: a deviation of 0.8 samples. Their sum is 16.
const TAPS: [u16; 3] = [5, 6, 5];

/// The mean of a sample and its neighbours by these weights in rows and columns, times the gain,
/// rounded (halves up), 255 at most. Beyond the edge the nearest sample counts again.
#[must_use]
pub fn smoothed(source: &Grid, gain: Gain) -> Grid {
    let mut out = Grid::new(source.width, source.height);
    // A column's sum, with one more at each end.
    let mut sums = vec![0_u16; source.width + 2];
    for y in 0..source.height {
        let last = source.height - 1;
        let rows = [0, 1, 2].map(|i| source.row((y + i).saturating_sub(1).min(last)));
        column_sums(rows, &mut sums);
        let (middle, right) = (&sums[1..], &sums[2..]);
        let near = sums.iter().zip(middle).zip(right);
        for (sample, ((a, b), c)) in out.row_mut(y).iter_mut().zip(near) {
            *sample = weighed([*a, *b, *c], gain);
        }
    }
    sums.zeroize();
    out
}

fn column_sums(rows: [&[u8]; 3], sums: &mut [u16]) {
    let [above, here, below] = rows;
    let width = here.len();
    let Some(inner) = sums.get_mut(1..=width).filter(|inner| !inner.is_empty()) else {
        return;
    };
    for (((sum, a), b), c) in inner.iter_mut().zip(above).zip(here).zip(below) {
        *sum = sum_of([*a, *b, *c].map(u16::from));
    }
    (sums[0], sums[width + 1]) = (sums[1], sums[width]);
}

/// Three samples of at most 255 x 16 by their weights: at most 65,280.
fn sum_of(near: [u16; 3]) -> u16 {
    let [a, b, c] = near;
    let [outer, middle, _] = TAPS;
    outer * (a + c) + middle * b
}

fn weighed(near: [u16; 3], gain: Gain) -> u8 {
    // In 256ths from the weights and 512ths from the gain, so that what stays above 16 bits is in
    // halves: the one product whose upper half a vector of 16-bit numbers has an instruction for.
    let halves = ((u32::from(sum_of(near)) * u32::from(gain.0)) >> 16) as u16;
    halves.div_ceil(2).min(255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(width: usize, height: usize, of: impl Fn(usize, usize) -> u8) -> Grid {
        let mut out = Grid::new(width, height);
        for y in 0..height {
            for x in 0..width {
                out.row_mut(y)[x] = of(x, y);
            }
        }
        out
    }

    #[test]
    fn a_flat_plane_stays_flat_and_is_multiplied_up_to_white() {
        for (value, gain, wanted) in [(10, 1.0, 10), (10, 2.5, 25), (3, 0.5, 2), (200, 4.0, 255)] {
            for (width, height) in [(1, 1), (2, 7), (33, 3)] {
                let out = smoothed(&grid(width, height, |_, _| value), Gain::of(gain));
                assert!(out.data.iter().all(|v| *v == wanted), "{value} x {gain}");
            }
        }
    }

    #[test]
    fn a_point_becomes_the_product_of_the_weights() {
        let out = smoothed(
            &grid(9, 9, |x, y| u8::from((x, y) == (4, 4)) * 64),
            Gain::of(4.0),
        );
        // The point, a neighbour and a corner, worked out by hand.
        let some = [(4, 4), (3, 4), (5, 5)].map(|(x, y): (usize, usize)| out.row(y)[x]);
        assert_eq!(some, [36, 30, 25]);
        for y in 0..9 {
            for x in 0..9 {
                let tap = |at: usize| {
                    at.checked_sub(3)
                        .and_then(|i| TAPS.get(i))
                        .map_or(0, |t| *t)
                };
                assert_eq!(u16::from(out.row(y)[x]), tap(x) * tap(y), "{x},{y}");
            }
        }
    }

    #[test]
    fn beyond_the_edge_the_nearest_sample_counts_again() {
        let source = grid(6, 5, |x, y| (40 * x + 7 * y) as u8);
        let out = smoothed(&source, Gain::of(1.0));
        for y in 0..5_i32 {
            for x in 0..6_i32 {
                let mut sum = 0;
                for (j, down) in (-1..=1).zip(TAPS) {
                    for (i, across) in (-1..=1).zip(TAPS) {
                        let (x, y) = ((x + i).clamp(0, 5), (y + j).clamp(0, 4));
                        sum += u32::from(down * across) * (40 * x + 7 * y) as u32;
                    }
                }
                let wanted = ((sum + 128) / 256) as u8;
                assert_eq!(out.row(y as usize)[x as usize], wanted, "{x},{y}");
            }
        }
    }

    #[test]
    fn the_brightest_samples_do_not_overflow() {
        let out = smoothed(&grid(7, 7, |_, _| 255), Gain::of(255.0));
        assert!(out.data.iter().all(|v| *v == 255));
    }

    #[test]
    fn an_empty_plane_stays_empty() {
        assert!(smoothed(&Grid::new(0, 0), Gain::of(1.0)).data.is_empty());
        assert!(smoothed(&Grid::new(0, 3), Gain::of(1.0)).data.is_empty());
    }
}
