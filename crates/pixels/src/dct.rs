//! Blocks of 8 by 8 samples from their DCT coefficients (ITU-T T.81, A.3.3), by its formula.
//!
//! One body of code; the AVX2 level is the same body compiled with wider vectors, so every level
//! gives the same samples. Knows blocks; where in a picture they lie it does not know.

use crate::level::Level;
use zeroize::Zeroize;

/// Samples on a side of a block.
pub const SIDE: usize = 8;

/// A block's coefficients times their quantisation steps, row by row from the mean on: along a row grows
/// the number of half waves across the block, along a column that of those down.
#[derive(Clone)]
pub struct Waves {
    /// The coefficients.
    pub values: [f32; SIDE * SIDE],
    /// Columns and rows, from the first on, outside of which all are 0. More than needed costs time,
    /// and changes nothing.
    pub used: (usize, usize),
}

impl Default for Waves {
    fn default() -> Self {
        Self {
            values: [0.0; SIDE * SIDE],
            used: (0, 0),
        }
    }
}

impl Zeroize for Waves {
    fn zeroize(&mut self) {
        self.values.zeroize();
    }
}

/// Samples of a block, row by row, 0..=255; halves are rounded to even, as far as sums of float32 meet them.
#[must_use]
pub fn inverse(level: Level, waves: &Waves) -> [[u8; SIDE]; SIDE] {
    #[cfg(target_arch = "x86_64")]
    if level.here() >= Level::Avx2 {
        // SAFETY: what `here` gives the CPU has.
        return unsafe { inverse_avx2(waves) };
    }
    let _ = level;
    inverse_body(waves)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn inverse_avx2(waves: &Waves) -> [[u8; SIDE]; SIDE] {
    inverse_body(waves)
}

/// A wave's samples, for each number of half waves over the side: C(u) / 2 cos((2x + 1) u pi / 16).
#[rustfmt::skip]
const WAVES: [[f32; SIDE]; SIDE] = {
    // Half the cosines of 0 to 7 sixteenths of pi; that of 0 over the root of 2 is that of 4.
    const C1: f32 = 0.490_392_64;
    const C2: f32 = 0.461_939_77;
    const C3: f32 = 0.415_734_8;
    const C4: f32 = 0.353_553_4;
    const C5: f32 = 0.277_785_12;
    const C6: f32 = 0.191_341_72;
    const C7: f32 = 0.097_545_16;
    [
        [C4, C4, C4, C4, C4, C4, C4, C4],
        [C1, C3, C5, C7, -C7, -C5, -C3, -C1],
        [C2, C6, -C6, -C2, -C2, -C6, C6, C2],
        [C3, -C7, -C1, -C5, C5, C1, C7, -C3],
        [C4, -C4, -C4, C4, C4, -C4, -C4, C4],
        [C5, -C1, C7, C3, -C3, -C7, C1, -C5],
        [C6, -C2, C2, -C6, -C6, C2, -C2, C6],
        [C7, -C5, C3, -C1, C1, -C3, C5, -C7],
    ]
};

/// What a sample is without waves (T.81 A.3.1).
const MIDDLE: f32 = 128.0;

/// Added to a number of this size's 24 bits, it leaves the lowest of them without a fraction: then they
/// are the sample, with halves rounded to even.
const WHOLE: f32 = 8_388_608.0;

#[inline(always)]
fn inverse_body(waves: &Waves) -> [[u8; SIDE]; SIDE] {
    let (across, down) = (waves.used.0.min(SIDE), waves.used.1.min(SIDE));
    let mut along = [[0.0; SIDE]; SIDE];
    let rows = waves.values.as_chunks::<SIDE>().0;
    for (sums, coefficients) in along.iter_mut().zip(rows).take(down) {
        for (wave, value) in WAVES.iter().zip(coefficients).take(across) {
            add(sums, wave, *value);
        }
    }
    let mut samples = [[0; SIDE]; SIDE];
    for (y, samples) in samples.iter_mut().enumerate() {
        let mut sums = [MIDDLE; SIDE];
        for (row, wave) in along.iter().zip(&WAVES).take(down) {
            add(&mut sums, row, wave[y]);
        }
        for (sample, sum) in samples.iter_mut().zip(sums) {
            *sample = (sum.clamp(0.0, 255.0) + WHOLE).to_bits() as u8;
        }
    }
    samples
}

/// Adds so much of a row to another.
#[inline(always)]
fn add(to: &mut [f32; SIDE], row: &[f32; SIDE], much: f32) {
    to.iter_mut().zip(row).for_each(|(to, v)| *to += v * much);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::levels_here;
    use std::f64::consts::PI;

    /// Numbers without a pattern: of Knuth's congruence (MMIX).
    fn dice(seed: u64) -> impl FnMut() -> u32 {
        let mut state = seed;
        move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u32
        }
    }

    /// Blocks of a few waves, each up to `largest`, and with no more than the columns and rows used.
    fn blocks(largest: i32) -> Vec<Waves> {
        let mut next = dice(7);
        let mut block = || {
            let (across, down) = (1 + next() as usize % SIDE, 1 + next() as usize % SIDE);
            let mut values = [0.0; SIDE * SIDE];
            for _ in 0..1 + next() % 20 {
                let at = next() as usize % down * SIDE + next() as usize % across;
                values[at] = (next() as i32 % (2 * largest + 1) - largest) as f32;
            }
            let used = (across, down);
            Waves { values, used }
        };
        (0..2000).map(|_| block()).collect()
    }

    /// The formula of T.81 A.3.3 as it is printed, before rounding.
    fn formula(values: &[f32; SIDE * SIDE], x: usize, y: usize) -> f64 {
        let c = |u: usize| if u == 0 { 0.5_f64.sqrt() } else { 1.0 };
        let cosine = |x: usize, u: usize| ((2 * x + 1) as f64 * u as f64 * PI / 16.0).cos();
        let term = |(at, value): (usize, &f32)| {
            let (u, v) = (at % SIDE, at / SIDE);
            c(u) * c(v) * f64::from(*value) * cosine(x, u) * cosine(y, v)
        };
        values.iter().enumerate().map(term).sum::<f64>() / 4.0 + 128.0
    }

    #[test]
    fn samples_are_those_of_the_formula_rounded() {
        for block in blocks(400) {
            let found = inverse(Level::Scalar, &block);
            for (y, row) in found.iter().enumerate() {
                for (x, sample) in row.iter().enumerate() {
                    let exact = formula(&block.values, x, y).clamp(0.0, 255.0);
                    let off = (f64::from(*sample) - exact).abs();
                    assert!(off < 0.501, "{sample} for {exact}");
                }
            }
        }
    }

    #[test]
    fn every_level_gives_the_same_samples_however_large_the_waves_are() {
        for largest in [3, 400, i32::MAX / 2] {
            for block in blocks(largest) {
                let scalar = inverse(Level::Scalar, &block);
                for level in levels_here() {
                    assert_eq!(inverse(level, &block), scalar, "{level}");
                }
            }
        }
    }

    #[test]
    fn rows_and_columns_without_waves_may_be_left_out() {
        for block in blocks(400) {
            let used = (SIDE, SIDE);
            let whole = Waves {
                used,
                ..block.clone()
            };
            assert_eq!(
                inverse(Level::best(), &block),
                inverse(Level::best(), &whole)
            );
        }
    }
}
