//! The row kernels for AVX2 and FMA: 8 sums a vector, 16 registers.
//!
//! Built like `avx512.rs`: safe functions check the CPU and the lengths, tiles have constant
//! pixel counts. A step of a whole sum is two instructions here: products of bytes in pairs, and
//! their sum in 16 bits, which cannot overflow (see `weights.rs`); after four steps these go
//! into 32 bits.
use super::scalar;
use super::tiles::{measured, measured_dense};
use super::weights::{
    COLOURS, Dense, Depthwise, GROUP, Pointwise, QUAD, STEM_CHANNELS, Stem, TAPS, TOP,
};
use crate::level::Level;
use std::arch::x86_64::{
    __m256, __m256i, _mm_packus_epi16, _mm_packus_epi32, _mm_storel_epi64, _mm256_add_epi16,
    _mm256_add_epi32, _mm256_and_si256, _mm256_castsi256_ps, _mm256_castsi256_si128,
    _mm256_cvtepi32_ps, _mm256_cvtps_epi32, _mm256_extracti128_si256, _mm256_fmadd_ps,
    _mm256_loadu_ps, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_max_ps,
    _mm256_min_ps, _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setzero_ps,
    _mm256_setzero_si256, _mm256_slli_epi32, _mm256_storeu_ps,
};

/// Sums in a vector.
const LANES: usize = 8;

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
    let pixels = measured(w, input, output, LANES);
    // SAFETY: the CPU has AVX2 and FMA; input, output, weights, scale and bias were measured
    // above, and the outputs are whole groups of `VECS` vectors in both arms.
    unsafe {
        if w.cout.is_multiple_of(2 * LANES) {
            pointwise_row::<2, 3>(w, input, output, pixels);
        } else {
            pointwise_row::<1, 8>(w, input, output, pixels);
        }
    }
}

pointwise_row!(features: "avx2,fma", rest: [1]);

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
        for group in (0..w.cin).step_by(GROUP) {
            let mut pairs = [[_mm256_setzero_si256(); VECS]; PX];
            for i in (group..group + GROUP).step_by(QUAD) {
                let weights = w.weight.as_ptr().add(i * w.cout + o * QUAD);
                let weights: [__m256i; VECS] = std::array::from_fn(|v| {
                    _mm256_loadu_si256(weights.add(v * LANES * QUAD).cast())
                });
                for (p, pair) in pairs.iter_mut().enumerate() {
                    let values = quad(x.add(p * w.cin + i));
                    for v in 0..VECS {
                        let products = _mm256_maddubs_epi16(values, weights[v]);
                        pair[v] = _mm256_add_epi16(pair[v], products);
                    }
                }
            }
            for (sum, pair) in sums.iter_mut().zip(pairs) {
                for v in 0..VECS {
                    let group = _mm256_madd_epi16(pair[v], _mm256_set1_epi16(1));
                    sum[v] = _mm256_add_epi32(sum[v], group);
                }
            }
        }
        store_sums(w, o, &sums, y);
    }
}

/// The end of a tile: each whole sum times its scale, and the bias.
///
/// # Safety
/// As for [`pointwise_tile`], without `x`.
#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn store_sums<const VECS: usize, const PX: usize>(
    w: &Pointwise,
    o: usize,
    sums: &[[__m256i; VECS]; PX],
    y: *mut f32,
) {
    // SAFETY: the caller's promise; no index below reaches further.
    unsafe {
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
pub(super) unsafe fn quad(at: *const u8) -> __m256i {
    // SAFETY: the caller's promise; the read need not be aligned.
    _mm256_set1_epi32(unsafe { at.cast::<i32>().read_unaligned() })
}

/// See [`super::dense`].
pub(super) fn dense(w: &Dense, input: &[u16], output: &mut [f32]) {
    check_hardware();
    let pixels = measured_dense(w, input, output);
    assert!(w.panel.is_multiple_of(LANES));
    // SAFETY: the CPU has AVX2 and FMA; input, output, weights and bias were measured above, and
    // the panel is a multiple of `VECS` vectors in each arm.
    unsafe {
        match w.panel {
            48 | 24 => dense_row::<3, 4>(w, input, output, pixels),
            32 | 16 => dense_row::<2, 6>(w, input, output, pixels),
            _ => dense_row::<1, 8>(w, input, output, pixels),
        }
    }
}

dense_row!(features: "avx2,fma", rest: [2, 1]);

dense_tile!(
    features: "avx2,fma",
    set1: _mm256_set1_ps,
    load: _mm256_loadu_ps,
    store: _mm256_storeu_ps,
    max: _mm256_max_ps,
    pairs: pairs,
    spread: pair,
    add: add_pairs
);

/// Pairs of bfloat16, one a lane.
///
/// # Safety
/// AVX2; 16 numbers are readable at `at`.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn pairs(at: *const u16) -> __m256i {
    // SAFETY: the caller's promise; the read need not be aligned.
    unsafe { _mm256_loadu_si256(at.cast()) }
}

/// A pair of bfloat16, in all lanes.
///
/// # Safety
/// AVX2; two numbers are readable at `at`.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn pair(at: *const u16) -> __m256i {
    // SAFETY: the caller's promise.
    unsafe { quad(at.cast()) }
}

/// Adds the products of pairs, the second one first. A bfloat16 in the upper half of a lane with zeros
/// below is its float.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn add_pairs(sum: __m256, values: __m256i, weights: __m256i) -> __m256 {
    let upper = _mm256_set1_epi32(-1 << 16);
    let second = |pairs| _mm256_castsi256_ps(_mm256_and_si256(pairs, upper));
    let first = |pairs| _mm256_castsi256_ps(_mm256_slli_epi32::<16>(pairs));
    let sum = _mm256_fmadd_ps(second(values), second(weights), sum);
    _mm256_fmadd_ps(first(values), first(weights), sum)
}

/// ReLU, rounding and 8 bytes stored: the scalar code's `to_step`.
///
/// # Safety
/// AVX2; 8 bytes are writable at `at`.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn store_steps(at: *mut u8, sum: __m256) {
    // NaN, the second operand, stays what it is, becomes the lowest whole number, and ends as 0
    // like all that is below it: the packing stops there.
    let whole = _mm256_cvtps_epi32(_mm256_min_ps(_mm256_set1_ps(f32::from(TOP)), sum));
    let (low, high) = (
        _mm256_castsi256_si128(whole),
        _mm256_extracti128_si256::<1>(whole),
    );
    let words = _mm_packus_epi32(low, high);
    // SAFETY: the caller's promise.
    unsafe { _mm_storel_epi64(at.cast(), _mm_packus_epi16(words, words)) }
}

depthwise_in_columns!(
    features: "avx2,fma",
    vector: __m256,
    parts: 2,
    zero: _mm256_setzero_ps(),
    load: _mm256_loadu_ps,
    store: _mm256_storeu_ps,
    steps: store_steps,
    fused: _mm256_fmadd_ps
);

stem_row!(features: "avx2,fma", tiles: [4, 1]);

stem_tile_of_eights!(features: "avx2,fma", add: add_products);

compiled_here! {
    features: "avx2,fma",
    pool_begin<C>(row: &[u8], output: &mut [u8]);
    pool_end<C>(row: &[u8], output: &mut [u8]);
    add_doubled<C>(row: &[u8], half: &[u8], factors: [f32; 2], output: &mut [u8]);
    gather(planes: [&[u8]; COLOURS], output: &mut [u8]);
}
