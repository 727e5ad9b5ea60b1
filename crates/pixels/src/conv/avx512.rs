//! The row kernels for AVX-512: 16 floats a vector, 32 registers.
//!
//! Each safe function checks the CPU itself, so that nothing outside this file can make these
//! instructions run where they do not exist; lengths are checked there too, once a row, and
//! the loops behind them go by pointer. Pixel counts of the inner loops are constants: with a
//! count known only at run time the sums leave the registers (2.4 times slower).
use super::weights::{Depthwise, Pointwise, STEM_CHANNELS, Stem};
use super::{avx2, scalar};
use crate::level::Level;
use std::arch::x86_64::{
    __m512, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_max_ps, _mm512_set1_ps, _mm512_setzero_ps,
    _mm512_storeu_ps,
};

/// Floats in a vector.
const LANES: usize = 16;

/// The fence: every function of this file that runs AVX-512 passes it first.
fn check_hardware() {
    assert!(
        Level::hardware() >= Level::Avx512,
        "this CPU has no AVX-512"
    );
}

/// See [`super::pointwise`].
pub(super) fn pointwise(w: &Pointwise, input: &[f32], output: &mut [f32]) {
    check_hardware();
    let pixels = output.len() / w.cout;
    assert!(input.len() >= pixels * w.cin && w.weight.len() == w.cin * w.cout);
    assert!(w.bias.len() == w.cout);
    match (w.cin, w.cout) {
        // SAFETY: the CPU has AVX-512; `input`, `output`, weights and bias hold `pixels` x 16,
        // `pixels` x 16, 16 x 16 and 16 floats, checked above.
        (16, 16) => unsafe { pointwise_row::<16, 1, 16>(w, input, output, pixels) },
        // SAFETY: as above with 16 in and 64 out.
        (16, 64) => unsafe { pointwise_row::<16, 4, 6>(w, input, output, pixels) },
        // SAFETY: as above with 64 in and 64 out.
        (64, 64) => unsafe { pointwise_row::<64, 4, 6>(w, input, output, pixels) },
        // Eight outputs fill half a vector; the AVX2 kernel does as many sums a second.
        _ => avx2::pointwise(w, input, output),
    }
}

/// A row in tiles of `PX` pixels, the rest in tiles of 8, 4, 2 and 1.
///
/// # Safety
/// AVX-512; `input` holds `pixels * CIN` floats, `output` `pixels * VECS * 16`, the weights
/// `CIN * VECS * 16` and the bias `VECS * 16`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
unsafe fn pointwise_row<const CIN: usize, const VECS: usize, const PX: usize>(
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
                // SAFETY: `left` pixels remain behind `x` and `y`, and the tile takes no more.
                unsafe {
                    pointwise_tile::<CIN, VECS, { $px }>(weight, bias, x, y);
                    x = x.add($px * CIN);
                    y = y.add($px * VECS * LANES);
                }
                left -= $px;
            }
        )+ };
    }
    tiles!(PX, 8, 4, 2, 1);
}

/// `PX` pixels times `VECS` vectors of outputs, all sums in registers.
///
/// # Safety
/// AVX-512; `PX` pixels are readable at `x` and writable at `y`, the weights as in
/// [`pointwise_row`].
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
unsafe fn pointwise_tile<const CIN: usize, const VECS: usize, const PX: usize>(
    weight: *const f32,
    bias: *const f32,
    x: *const f32,
    y: *mut f32,
) {
    let mut sums = [[_mm512_setzero_ps(); VECS]; PX];
    // SAFETY: `CIN * VECS` vectors of weights, `VECS` of bias, `PX * CIN` floats of input and
    // `PX * VECS` vectors of output are the caller's promise, and no index reaches further.
    unsafe {
        for v in 0..VECS {
            let start = _mm512_loadu_ps(bias.add(v * LANES));
            for sum in &mut sums {
                sum[v] = start;
            }
        }
        for i in 0..CIN {
            let mut weights = [_mm512_setzero_ps(); VECS];
            for (v, vector) in weights.iter_mut().enumerate() {
                *vector = _mm512_loadu_ps(weight.add((i * VECS + v) * LANES));
            }
            for (p, sum) in sums.iter_mut().enumerate() {
                let value = _mm512_set1_ps(*x.add(p * CIN + i));
                for v in 0..VECS {
                    sum[v] = _mm512_fmadd_ps(value, weights[v], sum[v]);
                }
            }
        }
        for (p, sum) in sums.iter().enumerate() {
            for (v, vector) in sum.iter().enumerate() {
                _mm512_storeu_ps(y.add((p * VECS + v) * LANES), *vector);
            }
        }
    }
}

/// See [`super::depthwise`].
pub(super) fn depthwise(w: &Depthwise, rows: [&[f32]; 3], output: &mut [f32]) {
    if !w.channels.is_multiple_of(LANES) {
        return avx2::depthwise(w, rows, output);
    }
    check_hardware();
    let pixels = output.len() / w.channels;
    assert!(
        rows.iter()
            .all(|row| row.len() >= (pixels + 2) * w.channels)
    );
    assert!(w.weight.len() == 9 * w.channels && w.bias.len() == w.channels);
    // SAFETY: the CPU has AVX-512; rows, output and weights were measured above.
    unsafe {
        match (w.channels.is_multiple_of(2 * LANES), w.relu) {
            (true, true) => depthwise_row::<2, true>(w, rows, output, pixels),
            (true, false) => depthwise_row::<2, false>(w, rows, output, pixels),
            (false, true) => depthwise_row::<1, true>(w, rows, output, pixels),
            (false, false) => depthwise_row::<1, false>(w, rows, output, pixels),
        }
    }
}

/// A row in passes of `VECS` vectors of channels. Each column is loaded once for the three
/// outputs that it touches: 3 loads an output in place of 9.
///
/// # Safety
/// AVX-512; each row holds `(pixels + 2) * channels` floats, `output` `pixels * channels`,
/// the weights 9 and the bias 1 times `channels`, a multiple of `VECS * 16`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
unsafe fn depthwise_row<const VECS: usize, const RELU: bool>(
    w: &Depthwise,
    rows: [&[f32]; 3],
    output: &mut [f32],
    pixels: usize,
) {
    let (step, zero) = (w.channels, _mm512_setzero_ps());
    for first in (0..step).step_by(VECS * LANES) {
        // SAFETY: columns run from 0 to `pixels + 1` in the rows and from 0 to `pixels - 1` in
        // the output, `step` floats each, and `VECS` vectors at `first` lie within each.
        unsafe {
            let vectors = |at: *const f32| -> [__m512; VECS] {
                std::array::from_fn(|v| _mm512_loadu_ps(at.add(first + v * LANES)))
            };
            let k: [_; 9] = std::array::from_fn(|tap| vectors(w.weight.as_ptr().add(tap * step)));
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
            let none = [zero; VECS];
            let [_, _, next] = add(0, [none, none, bias]);
            let [_, mut now, mut next] = add(1, [none, next, bias]);
            let out = output.as_mut_ptr();
            for x in 0..pixels {
                let sums;
                [sums, now, next] = add(x + 2, [now, next, bias]);
                for (v, sum) in sums.into_iter().enumerate() {
                    // The first operand is the zero: the instruction gives the second for NaN.
                    let sum = if RELU { _mm512_max_ps(zero, sum) } else { sum };
                    _mm512_storeu_ps(out.add(x * step + first + v * LANES), sum);
                }
            }
        }
    }
}

/// See [`super::stem`].
pub(super) fn stem(w: &Stem, rows: [&[f32]; 9], output: &mut [f32]) {
    check_hardware();
    let pixels = output.len() / STEM_CHANNELS;
    assert!(rows.iter().all(|row| row.len() > 2 * pixels));
    assert!(w.weight.len() == 27 * STEM_CHANNELS && w.bias.len() == STEM_CHANNELS);
    // SAFETY: the CPU has AVX-512; rows, output, weights and bias were measured above.
    unsafe { stem_row(w, rows.map(<[f32]>::as_ptr), output, pixels) }
}

/// # Safety
/// AVX-512; `2 * pixels + 1` floats are readable at each of `rows`, `output` holds
/// `pixels * 16`, weights and bias are a [`Stem`]'s.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
unsafe fn stem_row(w: &Stem, rows: [*const f32; 9], output: &mut [f32], pixels: usize) {
    let (mut x, y) = (0, output.as_mut_ptr());
    macro_rules! tiles {
        ($($px:expr),+) => { $(
            while pixels - x >= $px {
                // SAFETY: `pixels - x` outputs remain and the tile takes no more.
                unsafe { stem_tile::<{ $px }>(w, rows, 2 * x, y.add(x * LANES)) }
                x += $px;
            }
        )+ };
    }
    tiles!(12, 4, 1);
}

/// `PX` outputs; a sample that two neighbours share is spread over the lanes once.
///
/// # Safety
/// AVX-512; `2 * PX + 1` floats are readable at `from` in each row, `PX` vectors writable at
/// `y`, weights and bias are a [`Stem`]'s.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
unsafe fn stem_tile<const PX: usize>(w: &Stem, rows: [*const f32; 9], from: usize, y: *mut f32) {
    let zero = _mm512_setzero_ps();
    // SAFETY: 27 weights and one bias of 16 lanes, samples and outputs as the caller promised.
    unsafe {
        let mut sums = [_mm512_loadu_ps(w.bias.as_ptr()); PX];
        for (r, row) in rows.iter().enumerate() {
            let k = w.weight.as_ptr().add(r * 3 * LANES);
            let k = [0, 1, 2].map(|kx| _mm512_loadu_ps(k.add(kx * LANES)));
            let mut shared = _mm512_set1_ps(*row.add(from));
            for (p, sum) in sums.iter_mut().enumerate() {
                let middle = _mm512_set1_ps(*row.add(from + 2 * p + 1));
                let right = _mm512_set1_ps(*row.add(from + 2 * p + 2));
                *sum = _mm512_fmadd_ps(shared, k[0], *sum);
                *sum = _mm512_fmadd_ps(middle, k[1], *sum);
                *sum = _mm512_fmadd_ps(right, k[2], *sum);
                shared = right;
            }
        }
        for (p, sum) in sums.iter().enumerate() {
            _mm512_storeu_ps(y.add(p * LANES), _mm512_max_ps(zero, *sum));
        }
    }
}

/// See [`super::pool_begin`].
pub(super) fn pool_begin<const C: usize>(row: &[f32], output: &mut [f32]) {
    check_hardware();
    assert!(row.len() >= 2 * output.len() && output.len().is_multiple_of(C));
    assert!(C.is_multiple_of(LANES));
    // SAFETY: the CPU has AVX-512; `row` holds two pixels for each of `output`, whole vectors.
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
/// AVX-512; `output` holds pixels of `C` floats, whole vectors, `row` twice as many.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
unsafe fn pool_row<const C: usize, const END: bool>(row: &[f32], output: &mut [f32]) {
    let (from, out) = (row.as_ptr(), output.as_mut_ptr());
    for x in 0..output.len() / C {
        for c in (0..C).step_by(LANES) {
            // SAFETY: pixels `2 * x` and `2 * x + 1` of the row and `x` of the output exist,
            // and `c` + a vector ends within a pixel.
            unsafe {
                let left = _mm512_loadu_ps(from.add(2 * x * C + c));
                let right = _mm512_loadu_ps(from.add((2 * x + 1) * C + c));
                let mut larger = _mm512_max_ps(left, right);
                if END {
                    larger = _mm512_max_ps(_mm512_loadu_ps(out.add(x * C + c)), larger);
                }
                _mm512_storeu_ps(out.add(x * C + c), larger);
            }
        }
    }
}

/// The plain loops, compiled for this level.
macro_rules! compiled_here {
    ($($name:ident $(<$c:ident>)? ($($argument:ident: $kind:ty),+);)+) => { $(
        pub(super) fn $name$(<const $c: usize>)?($($argument: $kind),+) {
            #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
            fn here$(<const $c: usize>)?($($argument: $kind),+) {
                scalar::$name$(::<$c>)?($($argument),+);
            }
            check_hardware();
            // SAFETY: the code is safe Rust and the CPU has AVX-512.
            unsafe { here$(::<$c>)?($($argument),+) }
        }
    )+ };
}

compiled_here! {
    add_doubled<C>(row: &[f32], half: &[f32], output: &mut [f32]);
    widen(bytes: &[u8], output: &mut [f32]);
}
