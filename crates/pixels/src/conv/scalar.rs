//! The definition of every row kernel, in plain Rust.
//!
//! The vector levels are compared with these. Where a kernel is nothing but one operation a
//! float, the other levels compile these very loops for their instructions.
//!
//! ReLU and the maxima let NaN through where they can, so that a broken sum reaches the
//! output, where it is a fault, and does not end as a quiet 0.
use super::weights::{Depthwise, Pointwise, STEM_CHANNELS, Stem, TAPS};

/// See [`super::pointwise`].
pub(super) fn pointwise(w: &Pointwise, input: &[f32], output: &mut [f32]) {
    let pixels = input
        .chunks_exact(w.cin)
        .zip(output.chunks_exact_mut(w.cout));
    for (pixel, out) in pixels {
        out.copy_from_slice(&w.bias);
        for (value, weights) in pixel.iter().zip(w.weight.chunks_exact(w.cout)) {
            for (sum, weight) in out.iter_mut().zip(weights) {
                *sum += value * weight;
            }
        }
    }
}

/// See [`super::depthwise`].
pub(super) fn depthwise(w: &Depthwise, rows: [&[f32]; 3], output: &mut [f32]) {
    let channels = w.channels;
    for (x, out) in output.chunks_exact_mut(channels).enumerate() {
        out.copy_from_slice(&w.bias);
        for tap in 0..TAPS {
            let (ky, kx) = (tap / 3, tap % 3);
            let pixel = &rows[ky][(x + kx) * channels..][..channels];
            let weights = &w.weight[tap * channels..][..channels];
            for ((sum, value), weight) in out.iter_mut().zip(pixel).zip(weights) {
                *sum += value * weight;
            }
        }
        if w.relu {
            out.iter_mut().for_each(|sum| *sum = relu(*sum));
        }
    }
}

/// See [`super::stem`].
pub(super) fn stem(w: &Stem, rows: [&[f32]; 9], output: &mut [f32]) {
    for (x, out) in output.chunks_exact_mut(STEM_CHANNELS).enumerate() {
        out.copy_from_slice(&w.bias);
        let taps = rows.iter().flat_map(|row| &row[2 * x..2 * x + 3]);
        for (value, weights) in taps.zip(w.weight.chunks_exact(STEM_CHANNELS)) {
            for (sum, weight) in out.iter_mut().zip(weights) {
                *sum += value * weight;
            }
        }
        out.iter_mut().for_each(|sum| *sum = relu(*sum));
    }
}

/// See [`super::pool_begin`].
#[inline(always)]
pub(super) fn pool_begin<const C: usize>(row: &[f32], output: &mut [f32]) {
    let pairs = row.as_chunks::<C>().0.as_chunks::<2>().0;
    for ([left, right], out) in pairs.iter().zip(output.as_chunks_mut::<C>().0) {
        for c in 0..C {
            out[c] = larger(left[c], right[c]);
        }
    }
}

/// See [`super::pool_end`].
#[inline(always)]
pub(super) fn pool_end<const C: usize>(row: &[f32], output: &mut [f32]) {
    let pairs = row.as_chunks::<C>().0.as_chunks::<2>().0;
    for ([left, right], out) in pairs.iter().zip(output.as_chunks_mut::<C>().0) {
        for c in 0..C {
            out[c] = larger(out[c], larger(left[c], right[c]));
        }
    }
}

/// See [`super::add_doubled`].
#[inline(always)]
pub(super) fn add_doubled<const C: usize>(row: &[f32], half: &[f32], output: &mut [f32]) {
    let pairs = row.as_chunks::<C>().0.as_chunks::<2>().0;
    let outs = output.as_chunks_mut::<C>().0.as_chunks_mut::<2>().0;
    for ((pair, coarse), out) in pairs.iter().zip(half.as_chunks::<C>().0).zip(outs) {
        for (pixel, out) in pair.iter().zip(out) {
            for c in 0..C {
                out[c] = pixel[c] + coarse[c];
            }
        }
    }
}

/// See [`super::widen`].
#[inline(always)]
pub(super) fn widen(bytes: &[u8], output: &mut [f32]) {
    for (byte, out) in bytes.iter().zip(output) {
        *out = f32::from(*byte);
    }
}

/// `max(0, x)`, and NaN for NaN.
fn relu(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

/// The larger of two, as the vector instruction has it: the second where one is NaN.
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}
