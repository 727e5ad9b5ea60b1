//! The definition of every row kernel, in plain Rust.
//!
//! The vector levels give the same bits. Sums of whole numbers are exact in any order; sums of
//! floats are fused (`mul_add`) and have one order, that of the loops here. Where a kernel is
//! nothing but one operation a number, the other levels compile these very loops.
use super::weights::{COLOURS, Depthwise, Pointwise, QUAD, STEM_CHANNELS, Stem, TAPS, TOP};

/// See [`super::pointwise`].
pub(super) fn pointwise(w: &Pointwise, input: &[u8], output: &mut [f32]) {
    let pixels = input
        .chunks_exact(w.cin)
        .zip(output.chunks_exact_mut(w.cout));
    for (pixel, out) in pixels {
        for (o, out) in out.iter_mut().enumerate() {
            let mut sum = 0;
            for (quad, values) in pixel.as_chunks::<QUAD>().0.iter().enumerate() {
                let weights = &w.weight[(quad * w.cout + o) * QUAD..][..QUAD];
                sum += dot(values, weights);
            }
            *out = (sum as f32).mul_add(w.scale[o], w.bias[o]);
        }
    }
}

/// See [`super::depthwise_steps`].
pub(super) fn depthwise_steps(w: &Depthwise, rows: [&[f32]; 3], output: &mut [u8]) {
    for (at, out) in output.iter_mut().enumerate() {
        *out = to_step(depthwise_sum(w, rows, at));
    }
}

/// See [`super::depthwise_floats`].
pub(super) fn depthwise_floats(w: &Depthwise, rows: [&[f32]; 3], output: &mut [f32]) {
    for (at, out) in output.iter_mut().enumerate() {
        *out = depthwise_sum(w, rows, at);
    }
}

/// Output `at` of a row: pixel `at / channels`, channel `at % channels`. Column by column from
/// the left, each from above.
fn depthwise_sum(w: &Depthwise, rows: [&[f32]; 3], at: usize) -> f32 {
    let mut sum = w.bias[at % w.channels];
    for kx in 0..3 {
        for (ky, row) in rows.iter().enumerate() {
            let weight = w.weight[(ky * 3 + kx) * w.channels + at % w.channels];
            sum = row[at + kx * w.channels].mul_add(weight, sum);
        }
    }
    sum
}

/// See [`super::stem`].
pub(super) fn stem(w: &Stem, rows: [&[u8]; 3], output: &mut [u8]) {
    for (x, out) in output.chunks_exact_mut(STEM_CHANNELS).enumerate() {
        for (channel, out) in out.iter_mut().enumerate() {
            let mut sum = 0;
            for tap in 0..TAPS {
                let pixel = &rows[tap / 3][(2 * x + tap % 3) * QUAD..][..QUAD];
                let weights = &w.weight[(tap * STEM_CHANNELS + channel) * QUAD..][..QUAD];
                sum += dot(pixel, weights);
            }
            *out = to_step((sum as f32).mul_add(w.scale[channel], w.bias[channel]));
        }
    }
}

fn dot(values: &[u8], weights: &[i8]) -> i32 {
    values
        .iter()
        .zip(weights)
        .map(|(value, weight)| i32::from(*value) * i32::from(*weight))
        .sum()
}

/// ReLU, and the nearest whole number up to 127; ties to the even one.
#[inline(always)]
fn to_step(x: f32) -> u8 {
    // Behind this number a float has no room for a fraction: adding it rounds, as the
    // hardware's conversions do, and leaves the whole number in the low bits.
    const ROUND: f32 = (3 << 22) as f32;
    (x.max(0.0).min(f32::from(TOP)) + ROUND).to_bits() as u8
}

/// See [`super::pool_begin`].
#[inline(always)]
pub(super) fn pool_begin<const C: usize>(row: &[u8], output: &mut [u8]) {
    let pairs = row.as_chunks::<C>().0.as_chunks::<2>().0;
    for ([left, right], out) in pairs.iter().zip(output.as_chunks_mut::<C>().0) {
        for c in 0..C {
            out[c] = left[c].max(right[c]);
        }
    }
}

/// See [`super::pool_end`].
#[inline(always)]
pub(super) fn pool_end<const C: usize>(row: &[u8], output: &mut [u8]) {
    let pairs = row.as_chunks::<C>().0.as_chunks::<2>().0;
    for ([left, right], out) in pairs.iter().zip(output.as_chunks_mut::<C>().0) {
        for c in 0..C {
            out[c] = out[c].max(left[c].max(right[c]));
        }
    }
}

/// See [`super::add_doubled`].
#[inline(always)]
pub(super) fn add_doubled<const C: usize>(
    row: &[u8],
    half: &[u8],
    factors: [f32; 2],
    output: &mut [u8],
) {
    let pairs = row.as_chunks::<C>().0.as_chunks::<2>().0;
    let outs = output.as_chunks_mut::<C>().0.as_chunks_mut::<2>().0;
    for ((pair, coarse), out) in pairs.iter().zip(half.as_chunks::<C>().0).zip(outs) {
        for (pixel, out) in pair.iter().zip(out) {
            for c in 0..C {
                let coarse = f32::from(coarse[c]) * factors[1];
                out[c] = to_step(f32::from(pixel[c]).mul_add(factors[0], coarse));
            }
        }
    }
}

/// See [`super::gather`].
#[inline(always)]
pub(super) fn gather(planes: [&[u8]; COLOURS], output: &mut [u8]) {
    let [b, g, r] = planes;
    let pixels = output.as_chunks_mut::<QUAD>().0;
    for (((b, g), r), out) in b.iter().zip(g).zip(r).zip(pixels) {
        *out = [*b, *g, *r, 0];
    }
}
