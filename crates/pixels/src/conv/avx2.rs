//! The row kernels for AVX2 and FMA: 8 sums a vector, 16 registers.
//!
//! Built like `avx512.rs`: safe functions check the CPU and the lengths, tiles have constant
//! pixel counts. A step of a whole sum is three instructions here: products of bytes in pairs
//! (16 bits, which cannot overflow: see `weights.rs`), pairs of those, the sum.
use super::scalar;
use super::weights::{COLOURS, Depthwise, Pointwise, QUAD, STEM_CHANNELS, Stem, TAPS, TOP};
use crate::level::Level;
use std::arch::x86_64::{
    __m256, __m256i, _mm_packus_epi16, _mm_packus_epi32, _mm_storel_epi64, _mm256_add_epi32,
    _mm256_castsi256_si128, _mm256_cvtepi32_ps, _mm256_cvtps_epi32, _mm256_extracti128_si256,
    _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_maddubs_epi16,
    _mm256_max_ps, _mm256_min_ps, _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_ps,
    _mm256_setzero_ps, _mm256_setzero_si256, _mm256_storeu_ps,
};
use std::ops::Range;

/// Sums in a vector.
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
pub(super) fn pointwise(w: &Pointwise, input: &[u8], output: &mut [f32]) {
    check_hardware();
    let pixels = output.len() / w.cout;
    assert!(input.len() >= pixels * w.cin && w.weight.len() == w.cin * w.cout);
    assert!(w.cin.is_multiple_of(QUAD) && w.scale.len() == w.cout && w.bias.len() == w.cout);
    assert!(w.cout.is_multiple_of(LANES));
    // SAFETY: the CPU has AVX2 and FMA; input, output, weights, scale and bias were measured
    // above, and the outputs are whole groups of `VECS` vectors in both arms.
    unsafe {
        if w.cout.is_multiple_of(2 * LANES) {
            pointwise_row::<2, 4>(w, input, output, pixels);
        } else {
            pointwise_row::<1, 8>(w, input, output, pixels);
        }
    }
}

/// A row in tiles of `PX` pixels, the rest one by one; `cout / (VECS * 8)` passes a tile.
///
/// # Safety
/// AVX2 and FMA; `input` holds `pixels * cin` bytes, `output` `pixels * cout`, the weights
/// `cin * cout`, scale and bias `cout`, a multiple of `VECS * 8`; `cin` is one of 4.
#[target_feature(enable = "avx2,fma")]
unsafe fn pointwise_row<const VECS: usize, const PX: usize>(
    w: &Pointwise,
    input: &[u8],
    output: &mut [f32],
    pixels: usize,
) {
    let (mut x, mut y, mut left) = (input.as_ptr(), output.as_mut_ptr(), pixels);
    macro_rules! tiles {
        ($($px:expr),+) => { $(
            while left >= $px {
                // SAFETY: `left` pixels remain behind `x` and `y`, and the tile takes no more;
                // each pass makes `VECS` vectors at `o`, which end within `cout`.
                unsafe {
                    for o in (0..w.cout).step_by(VECS * LANES) {
                        pointwise_tile::<VECS, { $px }>(w, o, x, y.add(o));
                    }
                    x = x.add($px * w.cin);
                    y = y.add($px * w.cout);
                }
                left -= $px;
            }
        )+ };
    }
    tiles!(PX, 1);
}

/// `PX` pixels times `VECS` vectors of outputs from `o` on, all sums in registers.
///
/// # Safety
/// AVX2 and FMA; `PX` pixels are readable at `x` and writable at `y`, `cin` and `cout` numbers
/// apart; weights, scale and bias as in [`pointwise_row`], `VECS` vectors at `o`.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn pointwise_tile<const VECS: usize, const PX: usize>(
    w: &Pointwise,
    o: usize,
    x: *const u8,
    y: *mut f32,
) {
    let mut sums = [[_mm256_setzero_si256(); VECS]; PX];
    // SAFETY: the caller's promise; no index below reaches further.
    unsafe {
        for i in (0..w.cin).step_by(QUAD) {
            let weights = w.weight.as_ptr().add(i * w.cout + o * QUAD);
            let weights: [__m256i; VECS] =
                std::array::from_fn(|v| _mm256_loadu_si256(weights.add(v * LANES * QUAD).cast()));
            for (p, sum) in sums.iter_mut().enumerate() {
                let values = quad(x.add(p * w.cin + i));
                for v in 0..VECS {
                    sum[v] = add_products(sum[v], values, weights[v]);
                }
            }
        }
        for v in 0..VECS {
            let scale = _mm256_loadu_ps(w.scale.as_ptr().add(o + v * LANES));
            let bias = _mm256_loadu_ps(w.bias.as_ptr().add(o + v * LANES));
            for (p, sum) in sums.iter().enumerate() {
                let value = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[v]), scale, bias);
                _mm256_storeu_ps(y.add(p * w.cout + v * LANES), value);
            }
        }
    }
}

/// Each lane's four products of an unsigned and a signed byte, added to its sum.
#[inline]
#[target_feature(enable = "avx2")]
fn add_products(sum: __m256i, values: __m256i, weights: __m256i) -> __m256i {
    let pairs = _mm256_maddubs_epi16(values, weights);
    _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
}

/// Four bytes, spread over all lanes.
///
/// # Safety
/// AVX2; four bytes are readable at `at`.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn quad(at: *const u8) -> __m256i {
    // SAFETY: the caller's promise; the read need not be aligned.
    _mm256_set1_epi32(unsafe { at.cast::<i32>().read_unaligned() })
}

/// ReLU, rounding and 8 bytes stored: the scalar code's `to_step`.
///
/// # Safety
/// AVX2; 8 bytes are writable at `at`.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn store_steps(at: *mut u8, sum: __m256) {
    // The zero comes second: the instruction gives the second operand for NaN.
    let sum = _mm256_max_ps(sum, _mm256_setzero_ps());
    let sum = _mm256_min_ps(sum, _mm256_set1_ps(f32::from(TOP)));
    let whole = _mm256_cvtps_epi32(sum);
    let (low, high) = (
        _mm256_castsi256_si128(whole),
        _mm256_extracti128_si256::<1>(whole),
    );
    let words = _mm_packus_epi32(low, high);
    // SAFETY: the caller's promise.
    unsafe { _mm_storel_epi64(at.cast(), _mm_packus_epi16(words, words)) }
}

/// See [`super::depthwise_steps`].
pub(super) fn depthwise_steps(w: &Depthwise, rows: [&[f32]; 3], output: &mut [u8]) {
    in_tiles(w, rows, output.len(), |columns, first| {
        let out = output.as_mut_ptr();
        // SAFETY: the CPU has AVX2 and FMA; rows, output and weights were measured by the
        // caller of this closure, and it stores 8 bytes at an index of the output.
        unsafe {
            depthwise_lanes(w, rows, columns, first, |at, sum| {
                store_steps(out.add(at), sum)
            })
        }
    });
}

/// See [`super::depthwise_floats`].
pub(super) fn depthwise_floats(w: &Depthwise, rows: [&[f32]; 3], output: &mut [f32]) {
    in_tiles(w, rows, output.len(), |columns, first| {
        let out = output.as_mut_ptr();
        // SAFETY: as above, with 8 floats.
        unsafe {
            depthwise_lanes(w, rows, columns, first, |at, sum| {
                _mm256_storeu_ps(out.add(at), sum);
            });
        }
    });
}

/// Measures rows and weights against an output of `len` numbers, then calls `lanes` for every
/// run of columns and every eight channels: two passes over each cache line, or more, in tiles
/// so that the second finds it in L1.
fn in_tiles(
    w: &Depthwise,
    rows: [&[f32]; 3],
    len: usize,
    mut lanes: impl FnMut(Range<usize>, usize),
) {
    check_hardware();
    let pixels = len / w.channels;
    assert!(
        rows.iter()
            .all(|row| row.len() >= (pixels + 2) * w.channels)
    );
    assert!(w.weight.len() == TAPS * w.channels && w.bias.len() == w.channels);
    assert!(w.channels.is_multiple_of(LANES));
    let tile = TILE / w.channels;
    for start in (0..pixels).step_by(tile) {
        for first in (0..w.channels).step_by(LANES) {
            lanes(start..pixels.min(start + tile), first);
        }
    }
}

/// Eight channels of a run of columns, each sum handed to `store` with the index of its first
/// number in the output. Each column is loaded once for the three outputs that it touches.
///
/// # Safety
/// AVX2 and FMA; with `pixels` the end of `columns`, each row holds `(pixels + 2) * channels`
/// floats, the weights 9 and the bias 1 times `channels`, and `first + 8 <= channels`.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn depthwise_lanes(
    w: &Depthwise,
    rows: [&[f32]; 3],
    columns: Range<usize>,
    first: usize,
    store: impl Fn(usize, __m256),
) {
    let (step, zero) = (w.channels, _mm256_setzero_ps());
    // SAFETY: pixels up to `columns.end + 1` exist in the rows, `step` floats each, and 8
    // floats at `first` lie within each.
    unsafe {
        let mut k = [zero; TAPS];
        for (tap, vector) in k.iter_mut().enumerate() {
            *vector = _mm256_loadu_ps(w.weight.as_ptr().add(tap * step + first));
        }
        let bias = _mm256_loadu_ps(w.bias.as_ptr().add(first));
        let rows = rows.map(|row| row.as_ptr().add(first));
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
            store(x * step + first, sum);
        }
    }
}

/// See [`super::stem`].
pub(super) fn stem(w: &Stem, rows: [&[u8]; 3], output: &mut [u8]) {
    check_hardware();
    let pixels = output.len() / STEM_CHANNELS;
    assert!(rows.iter().all(|row| row.len() >= (2 * pixels + 1) * QUAD));
    assert!(w.weight.len() == TAPS * STEM_CHANNELS * QUAD);
    assert!(w.scale.len() == STEM_CHANNELS && w.bias.len() == STEM_CHANNELS);
    // SAFETY: the CPU has AVX2 and FMA; rows, output and weights were measured above.
    unsafe { stem_row(w, rows.map(<[u8]>::as_ptr), output, pixels) }
}

/// # Safety
/// AVX2 and FMA; `2 * pixels + 1` pixels of four bytes are readable at each of `rows`, `output`
/// holds `pixels * 16`, the weights are a [`Stem`]'s.
#[target_feature(enable = "avx2,fma")]
unsafe fn stem_row(w: &Stem, rows: [*const u8; 3], output: &mut [u8], pixels: usize) {
    let (mut x, y) = (0, output.as_mut_ptr());
    macro_rules! tiles {
        ($($px:expr),+) => { $(
            while pixels - x >= $px {
                // SAFETY: `pixels - x` outputs remain and the tile takes no more.
                unsafe {
                    let from = rows.map(|row| row.add(2 * x * QUAD));
                    stem_tile::<{ $px }>(w, from, y.add(x * STEM_CHANNELS));
                }
                x += $px;
            }
        )+ };
    }
    tiles!(4, 1);
}

/// `PX` outputs of two vectors each.
///
/// # Safety
/// AVX2 and FMA; `2 * PX + 1` pixels are readable at each of `rows`, `PX * 16` bytes writable
/// at `y`, the weights are a [`Stem`]'s.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn stem_tile<const PX: usize>(w: &Stem, rows: [*const u8; 3], y: *mut u8) {
    // SAFETY: 18 vectors of weights, two of scale and bias; pixels as the caller promised.
    unsafe {
        let mut sums = [[_mm256_setzero_si256(); 2]; PX];
        for tap in 0..TAPS {
            let k = w.weight.as_ptr().add(tap * STEM_CHANNELS * QUAD);
            let k = [0, 1].map(|v| _mm256_loadu_si256(k.add(v * LANES * QUAD).cast()));
            let row = rows[tap / 3];
            for (p, sum) in sums.iter_mut().enumerate() {
                let pixel = quad(row.add((2 * p + tap % 3) * QUAD));
                sum[0] = add_products(sum[0], pixel, k[0]);
                sum[1] = add_products(sum[1], pixel, k[1]);
            }
        }
        for v in 0..2 {
            let scale = _mm256_loadu_ps(w.scale.as_ptr().add(v * LANES));
            let bias = _mm256_loadu_ps(w.bias.as_ptr().add(v * LANES));
            for (p, sum) in sums.iter().enumerate() {
                let sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[v]), scale, bias);
                store_steps(y.add(p * STEM_CHANNELS + v * LANES), sum);
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
    pool_begin<C>(row: &[u8], output: &mut [u8]);
    pool_end<C>(row: &[u8], output: &mut [u8]);
    add_doubled<C>(row: &[u8], half: &[u8], factors: [f32; 2], output: &mut [u8]);
    gather(planes: [&[u8]; COLOURS], output: &mut [u8]);
}
