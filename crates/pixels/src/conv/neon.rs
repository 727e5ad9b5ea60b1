//! The row kernels for NEON: 4 sums a vector, 32 registers.
//!
//! What every 64-bit ARM processor has, so nothing newer is asked for (stable Rust has no name yet
//! for the instruction that adds four products of bytes). A vector of bytes holds the weights of
//! four outputs for a quad of inputs. Products are added up in 16 bits, four a lane where AVX2 adds
//! eight, so they cannot overflow either (see `weights.rs`), and go on in 32.
use super::tiles::{measured, measured_dense};
use super::weights::{Dense, Depthwise, GROUP, Pointwise, QUAD, STEM_CHANNELS, Stem, TAPS, TOP};
use crate::level::Level;
use std::arch::aarch64::{
    float32x4_t, int8x16_t, int16x8_t, int32x4_t, uint32x4_t, vandq_u32, vbslq_f32, vcltq_f32,
    vcombine_s16, vcvtnq_s32_f32, vcvtq_f32_s32, vdupq_laneq_s32, vdupq_n_f32, vdupq_n_s32,
    vdupq_n_u32, vfmaq_f32, vget_lane_u32, vget_low_s8, vld1_dup_u32, vld1q_dup_u32, vld1q_f32,
    vld1q_s8, vld1q_s32, vld1q_u32, vmaxnmq_f32, vminq_f32, vmlal_high_s8, vmlal_s8, vmovl_high_s8,
    vmovl_s8, vmovl_u8, vmovn_s16, vmovn_s32, vmull_high_s8, vmull_s8, vmulq_s16, vpadalq_s16,
    vpaddq_s32, vreinterpret_u8_u32, vreinterpret_u32_s8, vreinterpretq_f32_u32,
    vreinterpretq_s8_s32, vreinterpretq_s16_u16, vshlq_n_u32, vst1q_f32,
};

// One operation a number: compilers make NEON of the plain loops.
pub(super) use super::scalar::{add_doubled, gather, pool_begin, pool_end};

/// Sums in a vector.
const LANES: usize = 4;

/// Quads of a [`GROUP`].
const QUADS: usize = GROUP / QUAD;

/// The fence: every function of this file that runs NEON passes it first.
fn check_hardware() {
    assert!(Level::Neon.here() == Level::Neon, "this CPU has no NEON");
}

/// See [`super::pointwise`].
pub(super) fn pointwise(w: &Pointwise, input: &[u8], output: &mut [f32]) {
    check_hardware();
    let pixels = measured(w, input, output, 2 * LANES);
    // SAFETY: the CPU has NEON; input, output, weights, scale and bias were measured above, and the
    // outputs are whole groups of two vectors.
    unsafe { pointwise_row::<2, 3>(w, input, output, pixels) }
}

pointwise_row!(features: "neon", rest: [1]);

/// `PX` pixels times `VECS` vectors of outputs from `o` on, all sums in registers: of each output
/// two, of the halves of its quads.
///
/// # Safety
/// NEON; `PX` pixels are readable at `x` and writable at `y`, `cin` and `cout` numbers apart;
/// weights, scale and bias as in [`pointwise_row`], `VECS` vectors at `o`.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn pointwise_tile<const VECS: usize, const PX: usize>(
    w: &Pointwise,
    o: usize,
    x: *const u8,
    y: *mut f32,
) {
    let mut sums = [[[vdupq_n_s32(0); 2]; VECS]; PX];
    // SAFETY: the caller's promise; no index below reaches further.
    unsafe {
        for group in (0..w.cin).step_by(GROUP) {
            let weights = w.weight.as_ptr().add(group * w.cout + o * QUAD);
            let weights: [[int8x16_t; QUADS]; VECS] = std::array::from_fn(|v| {
                let at = |q| weights.add(q * QUAD * w.cout + v * LANES * QUAD);
                std::array::from_fn(|q| vld1q_s8(at(q)))
            });
            for (p, sum) in sums.iter_mut().enumerate() {
                let values = quads(x.add(p * w.cin + group));
                for v in 0..VECS {
                    sum[v] = add_group(sum[v], values, weights[v]);
                }
            }
        }
        for v in 0..VECS {
            let scale = vld1q_f32(w.scale.as_ptr().add(o + v * LANES));
            let bias = vld1q_f32(w.bias.as_ptr().add(o + v * LANES));
            for (p, sum) in sums.iter().enumerate() {
                let whole = vpaddq_s32(sum[v][0], sum[v][1]);
                let value = vfmaq_f32(bias, vcvtq_f32_s32(whole), scale);
                vst1q_f32(y.add(p * w.cout + v * LANES), value);
            }
        }
    }
}

/// The quads of a group, each spread over all lanes. The values are 0..=127, the same with a sign as
/// without one.
///
/// # Safety
/// NEON; 16 bytes are readable at `at`.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn quads(at: *const u8) -> [int8x16_t; QUADS] {
    // SAFETY: the caller's promise; the read need not be aligned.
    let values = unsafe { vld1q_s32(at.cast()) };
    [
        vreinterpretq_s8_s32(vdupq_laneq_s32::<0>(values)),
        vreinterpretq_s8_s32(vdupq_laneq_s32::<1>(values)),
        vreinterpretq_s8_s32(vdupq_laneq_s32::<2>(values)),
        vreinterpretq_s8_s32(vdupq_laneq_s32::<3>(values)),
    ]
}

/// Adds a group's products to the sums of four outputs: those of two in each vector, two lanes each.
#[inline]
#[target_feature(enable = "neon")]
fn add_group(
    sums: [int32x4_t; 2],
    values: [int8x16_t; QUADS],
    weights: [int8x16_t; QUADS],
) -> [int32x4_t; 2] {
    let mut low = vmull_s8(vget_low_s8(values[0]), vget_low_s8(weights[0]));
    let mut high = vmull_high_s8(values[0], weights[0]);
    for q in 1..QUADS {
        low = vmlal_s8(low, vget_low_s8(values[q]), vget_low_s8(weights[q]));
        high = vmlal_high_s8(high, values[q], weights[q]);
    }
    [vpadalq_s16(sums[0], low), vpadalq_s16(sums[1], high)]
}

/// See [`super::dense`].
pub(super) fn dense(w: &Dense, input: &[u16], output: &mut [f32]) {
    check_hardware();
    let pixels = measured_dense(w, input, output);
    assert!(w.panel.is_multiple_of(2 * LANES));
    // SAFETY: the CPU has NEON; input, output, weights and bias were measured above, and the panel
    // is a multiple of `VECS` vectors in both arms.
    unsafe {
        if w.panel.is_multiple_of(3 * LANES) {
            dense_row::<3, 6>(w, input, output, pixels);
        } else {
            dense_row::<2, 8>(w, input, output, pixels);
        }
    }
}

dense_row!(features: "neon", rest: [2, 1]);

dense_tile!(
    features: "neon",
    set1: vdupq_n_f32,
    load: vld1q_f32,
    store: vst1q_f32,
    max: at_least,
    pairs: pairs,
    spread: pair,
    add: add_pairs
);

/// The sums, or `least` where they are below it: a NaN and both zeros stay what they are.
#[inline]
#[target_feature(enable = "neon")]
fn at_least(least: float32x4_t, sums: float32x4_t) -> float32x4_t {
    vbslq_f32(vcltq_f32(sums, least), least, sums)
}

/// Pairs of bfloat16, one a lane.
///
/// # Safety
/// NEON; eight numbers are readable at `at`.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn pairs(at: *const u16) -> uint32x4_t {
    // SAFETY: the caller's promise; the read need not be aligned.
    unsafe { vld1q_u32(at.cast()) }
}

/// A pair of bfloat16, in all lanes.
///
/// # Safety
/// NEON; two numbers are readable at `at`.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn pair(at: *const u16) -> uint32x4_t {
    // SAFETY: the caller's promise; the read need not be aligned.
    unsafe { vld1q_dup_u32(at.cast()) }
}

/// Adds the products of pairs, the second one first. A bfloat16 in the upper half of a lane with
/// zeros below is its float.
#[inline]
#[target_feature(enable = "neon")]
fn add_pairs(sum: float32x4_t, values: uint32x4_t, weights: uint32x4_t) -> float32x4_t {
    let upper = vdupq_n_u32(0xffff_0000);
    let second = |pairs| vreinterpretq_f32_u32(vandq_u32(pairs, upper));
    let first = |pairs| vreinterpretq_f32_u32(vshlq_n_u32::<16>(pairs));
    let sum = vfmaq_f32(sum, second(values), second(weights));
    vfmaq_f32(sum, first(values), first(weights))
}

/// ReLU, rounding and four bytes stored: the scalar code's `to_step`.
///
/// # Safety
/// NEON; four bytes are writable at `at`.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn store_steps(at: *mut u8, sum: float32x4_t) {
    // Of a NaN and a number this maximum is the number.
    let bounded = vminq_f32(
        vmaxnmq_f32(sum, vdupq_n_f32(0.0)),
        vdupq_n_f32(f32::from(TOP)),
    );
    let words = vmovn_s32(vcvtnq_s32_f32(bounded));
    let bytes = vmovn_s16(vcombine_s16(words, words));
    let bytes = vget_lane_u32::<0>(vreinterpret_u32_s8(bytes));
    // SAFETY: the caller's promise; the write need not be aligned.
    unsafe { at.cast::<u32>().write_unaligned(bytes) }
}

/// The first times the second number plus the third, rounded once.
#[inline]
#[target_feature(enable = "neon")]
fn fused(a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
    vfmaq_f32(c, a, b)
}

depthwise_in_columns!(
    features: "neon",
    vector: float32x4_t,
    parts: 4,
    zero: vdupq_n_f32(0.0),
    load: vld1q_f32,
    store: vst1q_f32,
    steps: store_steps,
    fused: fused
);

stem_row!(features: "neon", tiles: [2, 1]);

/// `PX` outputs. A product of a pixel's eight and a weight's six bits and sign fits into 16 bits.
///
/// # Safety
/// NEON; `2 * PX + 1` pixels are readable at each of `rows`, `PX * 16` bytes writable at `y`, the
/// weights are a [`Stem`]'s.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn stem_tile<const PX: usize>(w: &Stem, rows: [*const u8; 3], y: *mut u8) {
    const VECS: usize = STEM_CHANNELS / LANES;
    let mut sums = [[[vdupq_n_s32(0); 2]; VECS]; PX];
    // SAFETY: 36 vectors of weights, four of scale and bias; pixels as the caller promised.
    unsafe {
        for tap in 0..TAPS {
            let k = w.weight.as_ptr().add(tap * STEM_CHANNELS * QUAD);
            let k: [int8x16_t; VECS] = std::array::from_fn(|v| vld1q_s8(k.add(v * LANES * QUAD)));
            let row = rows[tap / 3];
            for (p, sum) in sums.iter_mut().enumerate() {
                let pixel = pixel_twice(row.add((2 * p + tap % 3) * QUAD));
                for v in 0..VECS {
                    let low = vmulq_s16(pixel, vmovl_s8(vget_low_s8(k[v])));
                    let high = vmulq_s16(pixel, vmovl_high_s8(k[v]));
                    sum[v] = [vpadalq_s16(sum[v][0], low), vpadalq_s16(sum[v][1], high)];
                }
            }
        }
        for v in 0..VECS {
            let scale = vld1q_f32(w.scale.as_ptr().add(v * LANES));
            let bias = vld1q_f32(w.bias.as_ptr().add(v * LANES));
            for (p, sum) in sums.iter().enumerate() {
                let whole = vpaddq_s32(sum[v][0], sum[v][1]);
                let value = vfmaq_f32(bias, vcvtq_f32_s32(whole), scale);
                store_steps(y.add(p * STEM_CHANNELS + v * LANES), value);
            }
        }
    }
}

/// The four bytes of a pixel, twice, in 16 bits.
///
/// # Safety
/// NEON; four bytes are readable at `at`.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn pixel_twice(at: *const u8) -> int16x8_t {
    // SAFETY: the caller's promise; the read need not be aligned.
    let bytes = vreinterpret_u8_u32(unsafe { vld1_dup_u32(at.cast()) });
    vreinterpretq_s16_u16(vmovl_u8(bytes))
}
