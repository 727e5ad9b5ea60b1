//! The layer over bfloat16 for processors with AVX-512 that multiply such numbers in pairs (AVX512_BF16).
//!
//! Built like `avx512.rs`. The instruction adds the second product of a pair first, then the other one,
//! each sum rounded: what the scalar code does. Sums too small for a float's full fraction are 0 to it, as
//! [`to_bfloats`](super::to_bfloats) makes its numbers; no layer comes near them.
use super::tiles::measured_dense;
use super::weights::Dense;
use crate::level::Level;

/// Whether this CPU has them, besides AVX-512.
pub(super) fn is_here() -> bool {
    Level::hardware() >= Level::Avx512 && is_x86_feature_detected!("avx512bf16")
}

/// See [`super::dense`].
pub(super) fn dense(w: &Dense, input: &[u16], output: &mut [f32]) {
    assert!(is_here(), "this CPU has no AVX-512 with bfloat16");
    let pixels = measured_dense(w, input, output);
    // SAFETY: the CPU has AVX-512 with bfloat16; input, output, weights and bias were measured above,
    // and the panel is `VECS` vectors in each arm.
    unsafe {
        match w.panel {
            48 => wide::dense_row::<3, 8>(w, input, output, pixels),
            32 => wide::dense_row::<2, 12>(w, input, output, pixels),
            16 => wide::dense_row::<1, 16>(w, input, output, pixels),
            24 => narrow::dense_row::<3, 8>(w, input, output, pixels),
            _ => narrow::dense_row::<1, 16>(w, input, output, pixels),
        }
    }
}

/// Sixteen sums a vector.
mod wide {
    use super::super::avx512::quad;
    use super::Dense;
    use std::arch::x86_64::{
        __m512, __m512bh, __m512i, _mm512_dpbf16_ps, _mm512_loadu_ps, _mm512_loadu_si512,
        _mm512_max_ps, _mm512_set1_ps, _mm512_storeu_ps,
    };

    const LANES: usize = 16;

    dense_row!(features: "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16", rest: [4, 2, 1]);

    dense_tile!(
        features: "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16",
        set1: _mm512_set1_ps,
        load: _mm512_loadu_ps,
        store: _mm512_storeu_ps,
        max: _mm512_max_ps,
        pairs: pairs,
        spread: pair,
        add: add_pairs
    );

    /// Pairs of bfloat16, one a lane.
    ///
    /// # Safety
    /// AVX-512; 32 numbers are readable at `at`.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn pairs(at: *const u16) -> __m512i {
        // SAFETY: the caller's promise; the read need not be aligned.
        unsafe { _mm512_loadu_si512(at.cast()) }
    }

    /// A pair of bfloat16, in all lanes.
    ///
    /// # Safety
    /// AVX-512; two numbers are readable at `at`.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn pair(at: *const u16) -> __m512i {
        // SAFETY: the caller's promise.
        unsafe { quad(at.cast()) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bf16")]
    fn add_pairs(sum: __m512, values: __m512i, weights: __m512i) -> __m512 {
        // SAFETY: vectors of as many bits, of which all are allowed.
        let bfloats = |bits: __m512i| unsafe { std::mem::transmute::<__m512i, __m512bh>(bits) };
        _mm512_dpbf16_ps(sum, bfloats(values), bfloats(weights))
    }
}

/// Eight sums a vector, for outputs that fill no wider ones.
mod narrow {
    use super::super::avx2::{pair, pairs};
    use super::Dense;
    use std::arch::x86_64::{
        __m256, __m256bh, __m256i, _mm256_dpbf16_ps, _mm256_loadu_ps, _mm256_max_ps,
        _mm256_set1_ps, _mm256_storeu_ps,
    };

    const LANES: usize = 8;

    dense_row!(features: "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16", rest: [4, 2, 1]);

    dense_tile!(
        features: "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16",
        set1: _mm256_set1_ps,
        load: _mm256_loadu_ps,
        store: _mm256_storeu_ps,
        max: _mm256_max_ps,
        pairs: pairs,
        spread: pair,
        add: add_pairs
    );

    #[inline]
    #[target_feature(enable = "avx512bf16,avx512vl")]
    fn add_pairs(sum: __m256, values: __m256i, weights: __m256i) -> __m256 {
        // SAFETY: vectors of as many bits, of which all are allowed.
        let bfloats = |bits: __m256i| unsafe { std::mem::transmute::<__m256i, __m256bh>(bits) };
        _mm256_dpbf16_ps(sum, bfloats(values), bfloats(weights))
    }
}
