//! The row kernels for AVX-VNNI: those of `avx2.rs`, but for sums of products of bytes, whose
//! step is one instruction here.
use super::avx2::{quad, store_steps, store_sums};
use super::tiles::measured;
use super::weights::{Pointwise, QUAD, STEM_CHANNELS, Stem, TAPS};
use crate::level::Level;
use std::arch::x86_64::{
    __m256i, _mm256_cvtepi32_ps, _mm256_dpbusd_avx_epi32, _mm256_fmadd_ps, _mm256_loadu_ps,
    _mm256_loadu_si256, _mm256_setzero_si256,
};

pub(super) use super::avx2::{
    add_doubled, dense, depthwise_floats, depthwise_steps, gather, pool_begin, pool_end,
};

/// Sums in a vector.
const LANES: usize = 8;

/// The fence: every function of this file that runs AVX-VNNI passes it first.
fn check_hardware() {
    assert!(
        Level::AvxVnni.here() == Level::AvxVnni,
        "this CPU has no AVX-VNNI"
    );
}

/// See [`super::pointwise`].
pub(super) fn pointwise(w: &Pointwise, input: &[u8], output: &mut [f32]) {
    check_hardware();
    let pixels = measured(w, input, output, LANES);
    // SAFETY: the CPU has AVX-VNNI; input, output, weights, scale and bias were measured above,
    // and the outputs are whole groups of `VECS` vectors in both arms.
    unsafe {
        if w.cout.is_multiple_of(2 * LANES) {
            pointwise_row::<2, 6>(w, input, output, pixels);
        } else {
            pointwise_row::<1, 12>(w, input, output, pixels);
        }
    }
}

pointwise_row!(features: "avx2,fma,avxvnni", rest: [2, 1]);

/// `PX` pixels times `VECS` vectors of outputs from `o` on, all sums in registers.
///
/// # Safety
/// AVX-VNNI; `PX` pixels are readable at `x` and writable at `y`, `cin` and `cout` numbers
/// apart; weights, scale and bias as in [`pointwise_row`], `VECS` vectors at `o`.
#[inline]
#[target_feature(enable = "avx2,fma,avxvnni")]
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
                    sum[v] = _mm256_dpbusd_avx_epi32(sum[v], values, weights[v]);
                }
            }
        }
        store_sums(w, o, &sums, y);
    }
}

stem_row!(features: "avx2,fma,avxvnni", tiles: [6, 2, 1]);

stem_tile_of_eights!(features: "avx2,fma,avxvnni", add: _mm256_dpbusd_avx_epi32);
