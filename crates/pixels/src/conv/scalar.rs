//! The definition of every row kernel, in plain Rust.
//!
//! The vector levels give the same bits. Sums of whole numbers are exact in any order; sums of
//! floats are fused (`mul_add`) and have one order, that of the loops here. Where a kernel is
//! nothing but one operation a number, the other levels compile these very loops.
use super::bfloat::widened;
use super::weights::{
    COLOURS, Dense, Depthwise, Pointwise, QUAD, STEM_CHANNELS, Stem, TOP, WIDEST,
};

/// See [`super::pointwise`].
pub(super) fn pointwise(w: &Pointwise, input: &[u8], output: &mut [f32]) {
    // All outputs of a pixel at once: their weights lie behind each other, and the loop over
    // them is one that compilers turn into vectors of whatever the processor has.
    let mut sums = [0; WIDEST];
    let sums = &mut sums[..w.cout];
    let pixels = input
        .chunks_exact(w.cin)
        .zip(output.chunks_exact_mut(w.cout));
    for (pixel, out) in pixels {
        sums.fill(0);
        let weights = w.weight.chunks_exact(w.cout * QUAD);
        for (values, weights) in pixel.as_chunks().0.iter().zip(weights) {
            for (sum, weights) in sums.iter_mut().zip(weights.as_chunks().0) {
                *sum += dot(values, weights);
            }
        }
        for (o, out) in out.iter_mut().enumerate() {
            *out = (sums[o] as f32).mul_add(w.scale[o], w.bias[o]);
        }
    }
}

/// See [`super::dense`].
pub(super) fn dense(w: &Dense, input: &[u16], output: &mut [f32]) {
    let pixels = input
        .chunks_exact(w.cin)
        .zip(output.chunks_exact_mut(w.cout));
    for (pixel, out) in pixels {
        out.copy_from_slice(&w.bias);
        let panels = w.weight.chunks_exact(w.cin * w.panel);
        for (out, weights) in out.chunks_exact_mut(w.panel).zip(panels) {
            let pairs = pixel.as_chunks::<2>().0.iter();
            for ([first, second], weights) in pairs.zip(weights.chunks_exact(2 * w.panel)) {
                let [first, second] = [widened(*first), widened(*second)];
                for (sum, [a, b]) in out.iter_mut().zip(weights.as_chunks::<2>().0) {
                    *sum = second.mul_add(widened(*b), *sum);
                    *sum = first.mul_add(widened(*a), *sum);
                }
            }
        }
        // A NaN stays one: the comparison with it is false.
        for sum in out {
            *sum = if *sum < w.least { w.least } else { *sum };
        }
    }
}

/// See [`super::depthwise_steps`].
pub(super) fn depthwise_steps(w: &Depthwise, rows: [&[f32]; 3], output: &mut [u8]) {
    let mut sums = [0.0; WIDEST];
    let sums = &mut sums[..w.channels];
    for (x, out) in output.chunks_exact_mut(w.channels).enumerate() {
        depthwise_pixel(w, rows, x, sums);
        for (out, sum) in out.iter_mut().zip(&*sums) {
            *out = to_step(*sum);
        }
    }
}

/// See [`super::depthwise_floats`].
pub(super) fn depthwise_floats(w: &Depthwise, rows: [&[f32]; 3], output: &mut [f32]) {
    for (x, out) in output.chunks_exact_mut(w.channels).enumerate() {
        depthwise_pixel(w, rows, x, out);
    }
}

/// The sums of pixel `x`: column by column from the left, each from above.
fn depthwise_pixel(w: &Depthwise, rows: [&[f32]; 3], x: usize, sums: &mut [f32]) {
    sums.copy_from_slice(&w.bias);
    for kx in 0..3 {
        for (ky, row) in rows.iter().enumerate() {
            let values = &row[(x + kx) * w.channels..][..w.channels];
            let weights = &w.weight[(ky * 3 + kx) * w.channels..][..w.channels];
            for ((sum, value), weight) in sums.iter_mut().zip(values).zip(weights) {
                *sum = value.mul_add(*weight, *sum);
            }
        }
    }
}

/// See [`super::stem`].
pub(super) fn stem(w: &Stem, rows: [&[u8]; 3], output: &mut [u8]) {
    for (x, out) in output.chunks_exact_mut(STEM_CHANNELS).enumerate() {
        let mut sums = [0; STEM_CHANNELS];
        for (tap, weights) in w.weight.chunks_exact(STEM_CHANNELS * QUAD).enumerate() {
            let pixel = rows[tap / 3].as_chunks().0[2 * x + tap % 3];
            for (sum, weights) in sums.iter_mut().zip(weights.as_chunks().0) {
                *sum += dot(&pixel, weights);
            }
        }
        for (channel, out) in out.iter_mut().enumerate() {
            *out = to_step((sums[channel] as f32).mul_add(w.scale[channel], w.bias[channel]));
        }
    }
}

#[inline(always)]
fn dot(values: &[u8; QUAD], weights: &[i8; QUAD]) -> i32 {
    (0..QUAD)
        .map(|i| i32::from(values[i]) * i32::from(weights[i]))
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
