//! The row kernels for AVX2 and FMA: 8 floats a vector, 16 registers.
//!
//! Built like `avx512.rs`: safe functions check the CPU and the lengths, tiles have constant
//! pixel counts. Half the registers of half the width mean that outputs of more than 16
//! channels are made in several passes over the row's tile.
use super::scalar;
use super::weights::{Depthwise, Pointwise, STEM_CHANNELS, Stem};
use crate::level::Level;
use std::arch::x86_64::{
    __m256, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_max_ps, _mm256_set1_ps, _mm256_setzero_ps,
    _mm256_storeu_ps,
};
use std::ops::Range;

/// Floats in a vector.
const LANES: usize = 8;

/// Floats of a row in a tile of the depthwise kernel: three rows of it are 12 KiB.
const TILE: usize = 1024;

/// The fence: every function of this file that runs AVX2 passes it first.
fn check_hardware() {
    assert!(
        Level::hardware() >= Level::Avx2,
        "this CPU has no AVX2 or no FMA"
    );
}

/// See [`super::pointwise`].
pub(super) fn pointwise(w: &Pointwise, input: &[f32], output: &mut [f32]) {
    check_hardware();
    let pixels = output.len() / w.cout;
    assert!(input.len() >= pixels * w.cin && w.weight.len() == w.cin * w.cout);
    assert!(w.bias.len() == w.cout);
    match (w.cin, w.cout) {
        // SAFETY: the CPU has AVX2 and FMA; `input`, `output`, weights and bias hold
        // `pixels` x 16, `pixels` x 16, 16 x 16 and 16 floats, checked above.
        (16, 16) => unsafe { pointwise_row::<16, 16, 2, 6>(w, input, output, pixels) },
        // SAFETY: as above with 16 in and 64 out.
        (16, 64) => unsafe { pointwise_row::<16, 64, 2, 6>(w, input, output, pixels) },
        // SAFETY: as above with 64 in and 64 out.
        (64, 64) => unsafe { pointwise_row::<64, 64, 2, 6>(w, input, output, pixels) },
        // SAFETY: as above with 64 in and 8 out.
        (64, 8) => unsafe { pointwise_row::<64, 8, 1, 12>(w, input, output, pixels) },
        (cin, cout) => unreachable!("Separable::new lets no {cin} to {cout} through"),
    }
}

/// A row in tiles of `PX` pixels, the rest in tiles of 4, 2 and 1; `COUT / (VECS * 8)` passes
/// a tile.
///
/// # Safety
/// AVX2 and FMA; `input` holds `pixels * CIN` floats, `output` `pixels * COUT`, the weights
/// `CIN * COUT`, the bias `COUT`, a multiple of `VECS * 8`.
#[target_feature(enable = "avx2,fma")]
unsafe fn pointwise_row<const CIN: usize, const COUT: usize, const VECS: usize, const PX: usize>(
    w: &Pointwise,
    input: &[f32],
    output: &mut [f32],
    pixels: usize,
) {
    let (weight, bias) = (w.weight.as_ptr(), w.bias.as_ptr());
    let (mut x, mut y, mut left) = (input.as_ptr(), output.as_mut_ptr(), pixels);
    macro_rules! tiles {
        ($($px:expr),+) => { $(
            while left >= $px {
                // SAFETY: `left` pixels remain behind `x` and `y`, and the tile takes no more;
                // each pass reads and writes `VECS` vectors at `o`, which end within `COUT`.
                unsafe {
                    for o in (0..COUT).step_by(VECS * LANES) {
                        pointwise_tile::<CIN, COUT, VECS, { $px }>(
                            weight.add(o), bias.add(o), x, y.add(o),
                        );
                    }
                    x = x.add($px * CIN);
                    y = y.add($px * COUT);
                }
                left -= $px;
            }
        )+ };
    }
    tiles!(PX, 4, 2, 1);
}

/// `PX` pixels times `VECS` vectors of outputs, all sums in registers.
///
/// # Safety
/// AVX2 and FMA; `PX` pixels are readable at `x` and writable at `y`; of each of the `CIN`
/// weight rows, `COUT` apart, and of the bias, `VECS` vectors are readable.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn pointwise_tile<
    const CIN: usize,
    const COUT: usize,
    const VECS: usize,
    const PX: usize,
>(
    weight: *const f32,
    bias: *const f32,
    x: *const f32,
    y: *mut f32,
) {
    let mut sums = [[_mm256_setzero_ps(); VECS]; PX];
    // SAFETY: the caller's promise; no index below reaches further.
    unsafe {
        for v in 0..VECS {
            let start = _mm256_loadu_ps(bias.add(v * LANES));
            for sum in &mut sums {
                sum[v] = start;
            }
        }
        for i in 0..CIN {
            let mut weights = [_mm256_setzero_ps(); VECS];
            for (v, vector) in weights.iter_mut().enumerate() {
                *vector = _mm256_loadu_ps(weight.add(i * COUT + v * LANES));
            }
            for (p, sum) in sums.iter_mut().enumerate() {
                let value = _mm256_set1_ps(*x.add(p * CIN + i));
                for v in 0..VECS {
                    sum[v] = _mm256_fmadd_ps(value, weights[v], sum[v]);
                }
            }
        }
        for (p, sum) in sums.iter().enumerate() {
            for (v, vector) in sum.iter().enumerate() {
                _mm256_storeu_ps(y.add(p * COUT + v * LANES), *vector);
            }
        }
    }
}

/// See [`super::depthwise`].
pub(super) fn depthwise(w: &Depthwise, rows: [&[f32]; 3], output: &mut [f32]) {
    check_hardware();
    let pixels = output.len() / w.channels;
    assert!(
        rows.iter()
            .all(|row| row.len() >= (pixels + 2) * w.channels)
    );
    assert!(w.weight.len() == 9 * w.channels && w.bias.len() == w.channels);
    assert!(w.channels.is_multiple_of(LANES));
    // Two passes over each cache line, or more: in tiles, so that the second finds it in L1.
    let tile = TILE / w.channels;
    for start in (0..pixels).step_by(tile) {
        let columns = start..pixels.min(start + tile);
        for first in (0..w.channels).step_by(LANES) {
            if w.relu {
                // SAFETY: the CPU has AVX2 and FMA; rows, output and weights were measured
                // above, `columns` end at `pixels`, `first` + 8 is not beyond the channels.
                unsafe { depthwise_lanes::<true>(w, rows, output, columns.clone(), first) }
            } else {
                // SAFETY: as above.
                unsafe { depthwise_lanes::<false>(w, rows, output, columns.clone(), first) }
            }
        }
    }
}

/// Eight channels of a run of columns. Each column is loaded once for the three outputs that
/// it touches.
///
/// # Safety
/// AVX2 and FMA; with `pixels` the end of `columns`, each row holds `(pixels + 2) * channels`
/// floats, `output` `pixels * channels`, the weights 9 and the bias 1 times `channels`, and
/// `first + 8 <= channels`.
#[target_feature(enable = "avx2,fma")]
unsafe fn depthwise_lanes<const RELU: bool>(
    w: &Depthwise,
    rows: [&[f32]; 3],
    output: &mut [f32],
    columns: Range<usize>,
    first: usize,
) {
    let (step, zero) = (w.channels, _mm256_setzero_ps());
    // SAFETY: pixels up to `columns.end + 1` exist in the rows and up to `columns.end - 1` in
    // the output, `step` floats each, and 8 floats at `first` lie within each.
    unsafe {
        let mut k = [zero; 9];
        for (tap, vector) in k.iter_mut().enumerate() {
            *vector = _mm256_loadu_ps(w.weight.as_ptr().add(tap * step + first));
        }
        let bias = _mm256_loadu_ps(w.bias.as_ptr().add(first));
        let rows = rows.map(|row| row.as_ptr().add(first));
        let out = output.as_mut_ptr().add(first);
        // Adds column `x` to the output left of it, under it and right of it.
        let add = |x: usize, [mut left, mut middle, mut right]: [__m256; 3]| {
            for (ky, row) in rows.iter().enumerate() {
                let value = _mm256_loadu_ps(row.add(x * step));
                left = _mm256_fmadd_ps(value, k[ky * 3 + 2], left);
                middle = _mm256_fmadd_ps(value, k[ky * 3 + 1], middle);
                right = _mm256_fmadd_ps(value, k[ky * 3], right);
            }
            [left, middle, right]
        };
        let [_, _, next] = add(columns.start, [zero, zero, bias]);
        let [_, mut now, mut next] = add(columns.start + 1, [zero, next, bias]);
        for x in columns {
            let sum;
            [sum, now, next] = add(x + 2, [now, next, bias]);
            // The first operand is the zero: the instruction gives the second one for NaN.
            let sum = if RELU { _mm256_max_ps(zero, sum) } else { sum };
            _mm256_storeu_ps(out.add(x * step), sum);
        }
    }
}

/// See [`super::stem`].
pub(super) fn stem(w: &Stem, rows: [&[f32]; 9], output: &mut [f32]) {
    check_hardware();
    let pixels = output.len() / STEM_CHANNELS;
    assert!(rows.iter().all(|row| row.len() > 2 * pixels));
    assert!(w.weight.len() == 27 * STEM_CHANNELS && w.bias.len() == STEM_CHANNELS);
    // SAFETY: the CPU has AVX2 and FMA; rows, output, weights and bias were measured above.
    unsafe { stem_row(w, rows.map(<[f32]>::as_ptr), output, pixels) }
}

/// # Safety
/// AVX2 and FMA; `2 * pixels + 1` floats are readable at each of `rows`, `output` holds
/// `pixels * 16`, weights and bias are a [`Stem`]'s.
#[target_feature(enable = "avx2,fma")]
unsafe fn stem_row(w: &Stem, rows: [*const f32; 9], output: &mut [f32], pixels: usize) {
    let (mut x, y) = (0, output.as_mut_ptr());
    macro_rules! tiles {
        ($($px:expr),+) => { $(
            while pixels - x >= $px {
                // SAFETY: `pixels - x` outputs remain and the tile takes no more.
                unsafe { stem_tile::<{ $px }>(w, rows, 2 * x, y.add(x * STEM_CHANNELS)) }
                x += $px;
            }
        )+ };
    }
    tiles!(6, 2, 1);
}

/// `PX` outputs of two vectors each.
///
/// # Safety
/// AVX2 and FMA; `2 * PX + 1` floats are readable at `from` in each row, `PX` pixels of 16
/// floats writable at `y`, weights and bias are a [`Stem`]'s.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn stem_tile<const PX: usize>(w: &Stem, rows: [*const f32; 9], from: usize, y: *mut f32) {
    let zero = _mm256_setzero_ps();
    // SAFETY: 27 weights and one bias of 16 floats, samples and outputs as the caller promised.
    unsafe {
        let two = |at: *const f32| [_mm256_loadu_ps(at), _mm256_loadu_ps(at.add(LANES))];
        let mut sums = [two(w.bias.as_ptr()); PX];
        for (r, row) in rows.iter().enumerate() {
            for kx in 0..3 {
                let k = two(w.weight.as_ptr().add((r * 3 + kx) * STEM_CHANNELS));
                for (p, sum) in sums.iter_mut().enumerate() {
                    let value = _mm256_set1_ps(*row.add(from + 2 * p + kx));
                    sum[0] = _mm256_fmadd_ps(value, k[0], sum[0]);
                    sum[1] = _mm256_fmadd_ps(value, k[1], sum[1]);
                }
            }
        }
        for (p, sum) in sums.iter().enumerate() {
            let out = y.add(p * STEM_CHANNELS);
            _mm256_storeu_ps(out, _mm256_max_ps(zero, sum[0]));
            _mm256_storeu_ps(out.add(LANES), _mm256_max_ps(zero, sum[1]));
        }
    }
}

/// See [`super::pool_begin`].
pub(super) fn pool_begin<const C: usize>(row: &[f32], output: &mut [f32]) {
    check_hardware();
    assert!(row.len() >= 2 * output.len() && output.len().is_multiple_of(C));
    assert!(C.is_multiple_of(LANES));
    // SAFETY: the CPU has AVX2 and FMA; `row` holds two pixels for each of `output`, whole vectors.
    unsafe { pool_row::<C, false>(row, output) }
}

/// See [`super::pool_end`].
pub(super) fn pool_end<const C: usize>(row: &[f32], output: &mut [f32]) {
    check_hardware();
    assert!(row.len() >= 2 * output.len() && output.len().is_multiple_of(C));
    assert!(C.is_multiple_of(LANES));
    // SAFETY: as above.
    unsafe { pool_row::<C, true>(row, output) }
}

/// The larger of two neighbours and, where it is the `END` row, of what `output` holds.
///
/// # Safety
/// AVX2 and FMA; `output` holds pixels of `C` floats, whole vectors, `row` twice as many.
#[target_feature(enable = "avx2,fma")]
unsafe fn pool_row<const C: usize, const END: bool>(row: &[f32], output: &mut [f32]) {
    let (from, out) = (row.as_ptr(), output.as_mut_ptr());
    for x in 0..output.len() / C {
        for c in (0..C).step_by(LANES) {
            // SAFETY: pixels `2 * x` and `2 * x + 1` of the row and `x` of the output exist,
            // and `c` + a vector ends within a pixel.
            unsafe {
                let left = _mm256_loadu_ps(from.add(2 * x * C + c));
                let right = _mm256_loadu_ps(from.add((2 * x + 1) * C + c));
                let mut larger = _mm256_max_ps(left, right);
                if END {
                    larger = _mm256_max_ps(_mm256_loadu_ps(out.add(x * C + c)), larger);
                }
                _mm256_storeu_ps(out.add(x * C + c), larger);
            }
        }
    }
}

/// The plain loops, compiled for this level.
macro_rules! compiled_here {
    ($($name:ident $(<$c:ident>)? ($($argument:ident: $kind:ty),+);)+) => { $(
        pub(super) fn $name$(<const $c: usize>)?($($argument: $kind),+) {
            #[target_feature(enable = "avx2,fma")]
            fn here$(<const $c: usize>)?($($argument: $kind),+) {
                scalar::$name$(::<$c>)?($($argument),+);
            }
            check_hardware();
            // SAFETY: the code is safe Rust and the CPU has AVX2 and FMA.
            unsafe { here$(::<$c>)?($($argument),+) }
        }
    )+ };
}

compiled_here! {
    add_doubled<C>(row: &[f32], half: &[f32], output: &mut [f32]);
    widen(bytes: &[u8], output: &mut [f32]);
}
