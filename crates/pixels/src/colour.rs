//! YUV rows to blue, green, red rows for the detector, in integers.
//!
//! One body of code; the AVX2 level is the same body compiled with wider vectors, so every level
//! gives the same bytes.

use crate::level::Level;

/// Bits after the point in the coefficients.
const POINT: i32 = 14;

/// Integer coefficients of one matrix and range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matrix {
    black: i32,
    luma: i32,
    red_v: i32,
    green_u: i32,
    green_v: i32,
    blue_u: i32,
}

impl Matrix {
    /// From the luma weights of red and blue (ITU-T H.273, table 4) and the range of the samples
    /// (8 bits).
    #[must_use]
    pub fn new(kr: f64, kb: f64, full_range: bool) -> Self {
        let (luma, chroma) = if full_range {
            (1.0, 1.0)
        } else {
            (255.0 / 219.0, 255.0 / 224.0)
        };
        let kg = 1.0 - kr - kb;
        let fixed = |v: f64| (v * f64::from(1 << POINT)).round() as i32;
        Self {
            black: if full_range { 0 } else { 16 },
            luma: fixed(luma),
            red_v: fixed(2.0 * (1.0 - kr) * chroma),
            green_u: fixed(2.0 * (1.0 - kb) * kb / kg * chroma),
            green_v: fixed(2.0 * (1.0 - kr) * kr / kg * chroma),
            blue_u: fixed(2.0 * (1.0 - kb) * chroma),
        }
    }

    /// ITU-R BT.601.
    #[must_use]
    pub fn bt601(full_range: bool) -> Self {
        Self::new(0.299, 0.114, full_range)
    }

    /// ITU-R BT.709.
    #[must_use]
    pub fn bt709(full_range: bool) -> Self {
        Self::new(0.2126, 0.0722, full_range)
    }

    /// ITU-R BT.2020.
    #[must_use]
    pub fn bt2020(full_range: bool) -> Self {
        Self::new(0.2627, 0.0593, full_range)
    }
}

/// Converts one row. All six slices have the same length (chroma is repeated to luma width by
/// [`repeat_row`]).
pub fn yuv_row(level: Level, m: &Matrix, yuv: [&[u8]; 3], bgr: [&mut [u8]; 3]) {
    #[cfg(target_arch = "x86_64")]
    if level.here() >= Level::Avx2 {
        // SAFETY: what `here` gives the CPU has.
        return unsafe { yuv_row_avx2(m, yuv, bgr) };
    }
    let _ = level;
    yuv_row_body(m, yuv, bgr);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn yuv_row_avx2(m: &Matrix, yuv: [&[u8]; 3], bgr: [&mut [u8]; 3]) {
    yuv_row_body(m, yuv, bgr);
}

#[inline(always)]
fn yuv_row_body(m: &Matrix, [y, u, v]: [&[u8]; 3], [b, g, r]: [&mut [u8]; 3]) {
    let n = y.len();
    let (u, v) = (&u[..n], &v[..n]);
    let (b, g, r) = (&mut b[..n], &mut g[..n], &mut r[..n]);
    let half = 1 << (POINT - 1);
    for i in 0..n {
        let l = (i32::from(y[i]) - m.black) * m.luma + half;
        let (cu, cv) = (i32::from(u[i]) - 128, i32::from(v[i]) - 128);
        b[i] = ((l + cu * m.blue_u) >> POINT).clamp(0, 255) as u8;
        g[i] = ((l - cu * m.green_u - cv * m.green_v) >> POINT).clamp(0, 255) as u8;
        r[i] = ((l + cv * m.red_v) >> POINT).clamp(0, 255) as u8;
    }
}

/// Repeats each sample `1 << shift` times, until `out` is full.
pub fn repeat_row(row: &[u8], shift: u8, out: &mut [u8]) {
    match shift {
        0 => out.copy_from_slice(&row[..out.len()]),
        // By pairs of a length that is known here: one known only at run time is filled by a call each.
        1 => {
            let (pairs, rest) = out.as_chunks_mut::<2>();
            for (pair, s) in pairs.iter_mut().zip(row) {
                *pair = [*s; 2];
            }
            if let ([last], Some(s)) = (rest, row.get(pairs.len())) {
                *last = *s;
            }
        }
        _ => {
            for (some, s) in out.chunks_mut(1 << shift).zip(row) {
                some.fill(*s);
            }
        }
    }
}

/// A row of samples that lie amid pixels, weighted by distance: of those of the row over or under it
/// (`near`) and of the next one beyond (`far`), which is `near` where rows are not halved. `doubled`:
/// whether samples are half as many as pixels. `sums` is anything; it is the caller's to wipe.
pub fn smooth_row(
    level: Level,
    [near, far]: [&[u8]; 2],
    doubled: bool,
    sums: &mut Vec<u16>,
    out: &mut [u8],
) {
    #[cfg(target_arch = "x86_64")]
    if level.here() >= Level::Avx2 {
        // SAFETY: what `here` gives the CPU has.
        return unsafe { smooth_row_avx2(near, far, doubled, sums, out) };
    }
    let _ = level;
    smooth_row_body(near, far, doubled, sums, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn smooth_row_avx2(
    near: &[u8],
    far: &[u8],
    doubled: bool,
    sums: &mut Vec<u16>,
    out: &mut [u8],
) {
    smooth_row_body(near, far, doubled, sums, out);
}

#[inline(always)]
fn smooth_row_body(near: &[u8], far: &[u8], doubled: bool, sums: &mut Vec<u16>, out: &mut [u8]) {
    let count = near.len().min(far.len());
    if count == 0 {
        return;
    }
    // Of quarters, with the first and the last once more beyond the ends.
    sums.resize(count + 2, 0);
    for ((sum, near), far) in sums[1..].iter_mut().zip(near).zip(far) {
        *sum = 3 * u16::from(*near) + u16::from(*far);
    }
    if !doubled {
        let sums = sums[1..].iter();
        out.iter_mut()
            .zip(sums)
            .for_each(|(v, sum)| *v = ((sum + 2) / 4) as u8);
        return;
    }
    (sums[0], sums[count + 1]) = (sums[1], sums[count]);
    // Halves are rounded up on one side and down on the other: no colour is favoured.
    let sample = |i: usize| {
        let (before, here, after) = (sums[i], 3 * sums[i + 1], sums[i + 2]);
        [
            ((here + before + 8) / 16) as u8,
            ((here + after + 7) / 16) as u8,
        ]
    };
    let (pairs, rest) = out.as_chunks_mut::<2>();
    let whole = pairs.len().min(count);
    for (i, pair) in pairs[..whole].iter_mut().enumerate() {
        *pair = sample(i);
    }
    if let ([last], true) = (rest, whole < count) {
        [*last, _] = sample(whole);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::levels_here;

    #[test]
    fn limited_black_and_white_reach_both_ends() {
        let m = Matrix::bt709(false);
        let (mut b, mut g, mut r) = ([9; 2], [9; 2], [9; 2]);
        let grey = [128; 2];
        yuv_row(
            Level::Scalar,
            &m,
            [&[16, 235], &grey, &grey],
            [&mut b, &mut g, &mut r],
        );
        assert_eq!((b, g, r), ([0, 255], [0, 255], [0, 255]));
    }

    #[test]
    fn a_sample_is_repeated_until_the_row_is_full() {
        for (shift, len, want) in [
            (0, 3, &[7, 8, 9][..]),
            (1, 6, &[7, 7, 8, 8, 9, 9]),
            (1, 5, &[7, 7, 8, 8, 9]),
            (2, 6, &[7, 7, 7, 7, 8, 8]),
        ] {
            let mut out = vec![0; len];
            repeat_row(&[7, 8, 9], shift, &mut out);
            assert_eq!(out, want, "{shift}");
        }
    }

    #[test]
    fn every_level_gives_the_bytes_of_the_scalar_code() {
        let n = 257;
        let row = |k: usize| {
            (0..n)
                .map(|i| ((i * k + i / 3) % 256) as u8)
                .collect::<Vec<_>>()
        };
        let (y, u, v) = (row(7), row(13), row(29));
        let run = |level| {
            let mut out = [vec![0; n], vec![0; n], vec![0; n]];
            let [b, g, r] = &mut out;
            yuv_row(level, &Matrix::bt601(true), [&y, &u, &v], [b, g, r]);
            out
        };
        let want = run(Level::Scalar);
        for level in levels_here() {
            assert_eq!(run(level), want);
        }
    }

    #[test]
    fn samples_amid_pixels_are_weighted_by_distance() {
        let smooth = |rows: [&[u8]; 2], doubled: bool, len: usize| {
            let (mut sums, mut out) = (Vec::new(), vec![0; len]);
            smooth_row(Level::Scalar, rows, doubled, &mut sums, &mut out);
            out
        };
        let row: &[u8] = &[100, 200, 40];
        assert_eq!(smooth([row, row], true, 6), [100, 125, 175, 160, 80, 40]);
        assert_eq!(smooth([row, row], true, 5), [100, 125, 175, 160, 80]);
        assert_eq!(smooth([row, &[60, 0, 240]], false, 3), [90, 150, 90]);
        assert_eq!(smooth([row, &[60, 0, 240]], true, 4), [90, 105, 135, 135]);
        assert_eq!(smooth([&[9], &[9]], true, 1), [9]);
        assert_eq!(smooth([&[255; 4]; 2], true, 8), [255; 8]);
        assert_eq!(smooth([&[], &[]], true, 0), []);
    }

    #[test]
    fn every_level_smooths_as_the_scalar_code_does() {
        let row = |k: usize| (0..129).map(|i| (i * k % 256) as u8).collect::<Vec<_>>();
        let (near, far) = (row(37), row(101));
        for (doubled, len) in [(true, 257), (true, 258), (false, 129)] {
            let run = |level| {
                let mut out = vec![0; len];
                smooth_row(level, [&near, &far], doubled, &mut Vec::new(), &mut out);
                out
            };
            for level in levels_here() {
                assert_eq!(run(level), run(Level::Scalar), "{level}");
            }
        }
    }
}
