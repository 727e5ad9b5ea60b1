//! The row kernels for AVX-512 with VNNI: 16 sums a vector, 32 registers.
//!
//! Each safe function checks the CPU itself, so that nothing outside this file can make these
//! instructions run where they do not exist; lengths are checked there too, once a row, and
//! the loops behind them go by pointer.
use super::tiles::measured;
use super::weights::{COLOURS, Dense, Depthwise, Pointwise, QUAD, STEM_CHANNELS, Stem, TAPS, TOP};
use super::{avx2, avx512bf16, scalar};
use crate::level::Level;
use std::arch::x86_64::{
    __m512, __m512i, _mm_storeu_si128, _mm512_cvtepi32_epi8, _mm512_cvtepi32_ps,
    _mm512_cvtps_epi32, _mm512_dpbusd_epi32, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_loadu_si512,
    _mm512_max_ps, _mm512_min_ps, _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_ps,
    _mm512_setzero_si512, _mm512_storeu_ps,
};

/// Sums in a vector.
const LANES: usize = 16;

/// The fence: every function of this file that runs AVX-512 passes it first.
fn check_hardware() {
    assert!(
        Level::hardware() >= Level::Avx512,
        "this CPU has no AVX-512 with VNNI"
    );
}

/// See [`super::pointwise`].
pub(super) fn pointwise(w: &Pointwise, input: &[u8], output: &mut [f32]) {
    check_hardware();
    // Eight outputs fill half a vector: they run as AVX2's.
    let pixels = measured(w, input, output, LANES / 2);
    // SAFETY: the CPU has AVX-512 with VNNI; input, output, weights, scale and bias were
    // measured above, and the outputs are whole groups of `VECS` vectors in each arm.
    unsafe {
        match w.cout {
            16 => pointwise_row::<1, 12>(w, input, output, pixels),
            64 | 128 => pointwise_row::<4, 6>(w, input, output, pixels),
            96 => pointwise_row::<3, 8>(w, input, output, pixels),
            _ => avx2::pointwise(w, input, output),
        }
    }
}

pointwise_row!(
    features: "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma",
    rest: [4, 2, 1]
);

/// `PX` pixels times `VECS` vectors of outputs from `o` on, all sums in registers.
///
/// # Safety
/// AVX-512 with VNNI; `PX` pixels are readable at `x` and writable at `y`, `cin` and `cout`
/// numbers apart; weights, scale and bias as in [`pointwise_row`], `VECS` vectors at `o`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma")]
unsafe fn pointwise_tile<const VECS: usize, const PX: usize>(
    w: &Pointwise,
    o: usize,
    x: *const u8,
    y: *mut f32,
) {
    let mut sums = [[_mm512_setzero_si512(); VECS]; PX];
    // SAFETY: the caller's promise; no index below reaches further.
    unsafe {
        for i in (0..w.cin).step_by(QUAD) {
            let weights = w.weight.as_ptr().add(i * w.cout + o * QUAD);
            let weights: [__m512i; VECS] =
                std::array::from_fn(|v| _mm512_loadu_si512(weights.add(v * LANES * QUAD).cast()));
            for (p, sum) in sums.iter_mut().enumerate() {
                let values = quad(x.add(p * w.cin + i));
                for v in 0..VECS {
                    sum[v] = _mm512_dpbusd_epi32(sum[v], values, weights[v]);
                }
            }
        }
        for v in 0..VECS {
            let scale = _mm512_loadu_ps(w.scale.as_ptr().add(o + v * LANES));
            let bias = _mm512_loadu_ps(w.bias.as_ptr().add(o + v * LANES));
            for (p, sum) in sums.iter().enumerate() {
                let value = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[v]), scale, bias);
                _mm512_storeu_ps(y.add(p * w.cout + v * LANES), value);
            }
        }
    }
}

/// See [`super::dense`].
pub(super) fn dense(w: &Dense, input: &[u16], output: &mut [f32]) {
    if avx512bf16::is_here() {
        avx512bf16::dense(w, input, output);
    } else {
        avx2::dense(w, input, output);
    }
}

/// Four bytes, spread over all lanes.
///
/// # Safety
/// AVX-512; four bytes are readable at `at`.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn quad(at: *const u8) -> __m512i {
    // SAFETY: the caller's promise; the read need not be aligned.
    _mm512_set1_epi32(unsafe { at.cast::<i32>().read_unaligned() })
}

/// ReLU, rounding and 16 bytes stored: the scalar code's `to_step`.
///
/// # Safety
/// AVX-512; 16 bytes are writable at `at`.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn store_steps(at: *mut u8, sum: __m512) {
    // The zero comes second: the instruction gives the second operand for NaN.
    let sum = _mm512_max_ps(sum, _mm512_setzero_ps());
    let sum = _mm512_min_ps(sum, _mm512_set1_ps(f32::from(TOP)));
    let bytes = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(sum));
    // SAFETY: the caller's promise.
    unsafe { _mm_storeu_si128(at.cast(), bytes) }
}

/// See [`super::depthwise_steps`].
pub(super) fn depthwise_steps(w: &Depthwise, rows: [&[f32]; 3], output: &mut [u8]) {
    if !w.channels.is_multiple_of(LANES) {
        return avx2::depthwise_steps(w, rows, output);
    }
    let out = output.as_mut_ptr();
    // SAFETY: 16 bytes are writable at each index that the row hands over.
    let store = |at: usize, sum| unsafe { store_steps(out.add(at), sum) };
    depthwise(w, rows, output.len(), store);
}

/// See [`super::depthwise_floats`].
pub(super) fn depthwise_floats(w: &Depthwise, rows: [&[f32]; 3], output: &mut [f32]) {
    if !w.channels.is_multiple_of(LANES) {
        return avx2::depthwise_floats(w, rows, output);
    }
    let out = output.as_mut_ptr();
    // SAFETY: as above, with 16 floats.
    let store = |at: usize, sum| unsafe { _mm512_storeu_ps(out.add(at), sum) };
    depthwise(w, rows, output.len(), store);
}

/// Measures rows and weights against an output of `len` numbers, then hands each vector of sums to
/// `store` with the index of its first number in the output.
#[inline]
fn depthwise(w: &Depthwise, rows: [&[f32]; 3], len: usize, store: impl Fn(usize, __m512)) {
    check_hardware();
    let pixels = len / w.channels;
    assert!(
        rows.iter()
            .all(|row| row.len() >= (pixels + 2) * w.channels)
    );
    assert!(w.weight.len() == TAPS * w.channels && w.bias.len() == w.channels);
    // SAFETY: the CPU has AVX-512; rows and weights were measured above.
    unsafe {
        if w.channels.is_multiple_of(2 * LANES) {
            depthwise_row::<2>(w, rows, pixels, store);
        } else {
            depthwise_row::<1>(w, rows, pixels, store);
        }
    }
}

/// A row in passes of `VECS` vectors of channels. Each column is loaded once for the three
/// outputs that it touches: 3 loads an output in place of 9.
///
/// # Safety
/// AVX-512; each row holds `(pixels + 2) * channels` floats, the weights 9 and the bias 1 times
/// `channels`, a multiple of `VECS * 16`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
unsafe fn depthwise_row<const VECS: usize>(
    w: &Depthwise,
    rows: [&[f32]; 3],
    pixels: usize,
    store: impl Fn(usize, __m512),
) {
    let (step, none) = (w.channels, [_mm512_setzero_ps(); VECS]);
    for first in (0..step).step_by(VECS * LANES) {
        // SAFETY: columns run from 0 to `pixels + 1` in the rows, `step` floats each, and `VECS`
        // vectors at `first` lie within each.
        unsafe {
            let vectors = |at: *const f32| -> [__m512; VECS] {
                std::array::from_fn(|v| _mm512_loadu_ps(at.add(first + v * LANES)))
            };
            let k: [_; TAPS] =
                std::array::from_fn(|tap| vectors(w.weight.as_ptr().add(tap * step)));
            let bias = vectors(w.bias.as_ptr());
            // Adds column `x` to the output left of it, under it and right of it.
            let add = |x: usize, [mut left, mut middle, mut right]: [[__m512; VECS]; 3]| {
                for (ky, row) in rows.iter().enumerate() {
                    let values = vectors(row.as_ptr().add(x * step));
                    for v in 0..VECS {
                        left[v] = _mm512_fmadd_ps(values[v], k[ky * 3 + 2][v], left[v]);
                        middle[v] = _mm512_fmadd_ps(values[v], k[ky * 3 + 1][v], middle[v]);
                        right[v] = _mm512_fmadd_ps(values[v], k[ky * 3][v], right[v]);
                    }
                }
                [left, middle, right]
            };
            let [_, _, next] = add(0, [none, none, bias]);
            let [_, mut now, mut next] = add(1, [none, next, bias]);
            for x in 0..pixels {
                let sums;
                [sums, now, next] = add(x + 2, [now, next, bias]);
                for (v, sum) in sums.into_iter().enumerate() {
                    store(x * step + first + v * LANES, sum);
                }
            }
        }
    }
}

stem_row!(
    features: "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma",
    tiles: [12, 4, 1]
);

/// `PX` outputs; a pixel that two neighbours share is spread over the lanes once.
///
/// # Safety
/// AVX-512 with VNNI; `2 * PX + 1` pixels are readable at each of `rows`, `PX * 16` bytes
/// writable at `y`, the weights are a [`Stem`]'s.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma")]
unsafe fn stem_tile<const PX: usize>(w: &Stem, rows: [*const u8; 3], y: *mut u8) {
    // SAFETY: nine vectors of weights, one of scale and bias; pixels as the caller promised.
    unsafe {
        let mut sums = [_mm512_setzero_si512(); PX];
        for (ky, row) in rows.into_iter().enumerate() {
            let k = w.weight.as_ptr().add(ky * 3 * LANES * QUAD);
            let k = [0, 1, 2].map(|kx| _mm512_loadu_si512(k.add(kx * LANES * QUAD).cast()));
            let mut shared = quad(row);
            for (p, sum) in sums.iter_mut().enumerate() {
                let middle = quad(row.add((2 * p + 1) * QUAD));
                let right = quad(row.add((2 * p + 2) * QUAD));
                *sum = _mm512_dpbusd_epi32(*sum, shared, k[0]);
                *sum = _mm512_dpbusd_epi32(*sum, middle, k[1]);
                *sum = _mm512_dpbusd_epi32(*sum, right, k[2]);
                shared = right;
            }
        }
        let scale = _mm512_loadu_ps(w.scale.as_ptr());
        let bias = _mm512_loadu_ps(w.bias.as_ptr());
        for (p, sum) in sums.into_iter().enumerate() {
            let sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), scale, bias);
            store_steps(y.add(p * LANES), sum);
        }
    }
}

compiled_here! {
    features: "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma",
    pool_begin<C>(row: &[u8], output: &mut [u8]);
    pool_end<C>(row: &[u8], output: &mut [u8]);
    add_doubled<C>(row: &[u8], half: &[u8], factors: [f32; 2], output: &mut [u8]);
    gather(planes: [&[u8]; COLOURS], output: &mut [u8]);
}
