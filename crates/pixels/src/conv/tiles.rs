//! Rows in tiles, for the vector levels: a tile keeps its sums in registers, and its pixel
//! count is a constant, because with a count known only at run time they leave them (2.4 times
//! slower). What a tile computes is each level's own.
use super::weights::{Dense, GROUP, Pointwise};

/// The pixels of a row, once its lengths and those of the weights are what every tile promises
/// itself: `cin` is a multiple of [`GROUP`], `cout` one of `lanes`.
pub(super) fn measured(w: &Pointwise, input: &[u8], output: &[f32], lanes: usize) -> usize {
    let pixels = output.len() / w.cout;
    assert!(input.len() >= pixels * w.cin && w.weight.len() == w.cin * w.cout);
    assert!(w.scale.len() == w.cout && w.bias.len() == w.cout);
    assert!(w.cin.is_multiple_of(GROUP) && w.cout.is_multiple_of(lanes));
    pixels
}

/// The same for a layer of bfloat16: `cin` is even, `cout` a multiple of its panel.
pub(super) fn measured_dense(w: &Dense, input: &[u16], output: &[f32]) -> usize {
    let pixels = output.len() / w.cout;
    assert!(input.len() >= pixels * w.cin && w.weight.len() == w.cin * w.cout);
    assert!(w.bias.len() == w.cout && w.cout.is_multiple_of(w.panel));
    assert!(w.cin.is_multiple_of(2));
    pixels
}

/// `dense_row`: pixels in tiles of `PX` and the rest in the smaller ones of `rest`, for the outputs
/// of `VECS` vectors at a time. The outputs come first, so that their weights stay near while all
/// pixels pass.
macro_rules! dense_row {
    (features: $features:literal, rest: [$($rest:literal),+]) => {
        /// # Safety
        /// The features below; `input` holds `pixels * cin` numbers, `output` `pixels * cout`, the
        /// weights `cin * cout`, the bias `cout`, a multiple of the panel, which is one of
        /// `VECS * LANES`.
        #[target_feature(enable = $features)]
        pub(super) unsafe fn dense_row<const VECS: usize, const PX: usize>(
            w: &Dense,
            input: &[u16],
            output: &mut [f32],
            pixels: usize,
        ) {
            for o in (0..w.cout).step_by(VECS * LANES) {
                let (mut x, mut y, mut left) = (input.as_ptr(), output.as_mut_ptr(), pixels);
                macro_rules! tiles {
                    ($px:expr) => {
                        while left >= $px {
                            // SAFETY: `left` pixels remain behind `x` and `y`, and the tile takes
                            // no more; its `VECS` vectors at `o` end within a panel.
                            unsafe {
                                dense_tile::<VECS, { $px }>(w, o, x, y.add(o));
                                x = x.add($px * w.cin);
                                y = y.add($px * w.cout);
                            }
                            left -= $px;
                        }
                    };
                }
                tiles!(PX);
                $(tiles!($rest);)+
            }
        }
    };
}

/// `dense_tile` over the instructions of a level: `$pairs` loads a vector's pairs, `$spread` one pair for
/// all lanes, `$add` adds the products of pairs to sums.
macro_rules! dense_tile {
    (features: $features:literal, set1: $set1:ident, load: $load:ident, store: $store:ident, max: $max:ident, pairs: $pairs:ident, spread: $spread:ident, add: $add:ident) => {
        /// `PX` pixels times `VECS` vectors of outputs from `o` on, all sums in registers.
        ///
        /// # Safety
        /// The features below; `PX` pixels are readable at `x` and writable at `y`, `cin` and
        /// `cout` numbers apart; weights and bias as in [`dense_row`], `VECS` vectors at `o`, all in one panel.
        #[inline]
        #[target_feature(enable = $features)]
        unsafe fn dense_tile<const VECS: usize, const PX: usize>(
            w: &Dense,
            o: usize,
            x: *const u16,
            y: *mut f32,
        ) {
            // SAFETY: the caller's promise; no index below reaches further.
            unsafe {
                let bias = w.bias.as_ptr().add(o);
                let bias: [_; VECS] = std::array::from_fn(|v| $load(bias.add(v * LANES)));
                let mut sums = [bias; PX];
                // The panel that holds `o`, from `o` on.
                let panel = w
                    .weight
                    .as_ptr()
                    .add(o / w.panel * w.panel * w.cin + o % w.panel * 2);
                for i in (0..w.cin).step_by(2) {
                    let weights = panel.add(i * w.panel);
                    let weights: [_; VECS] =
                        std::array::from_fn(|v| $pairs(weights.add(v * LANES * 2)));
                    for (p, sum) in sums.iter_mut().enumerate() {
                        let values = $spread(x.add(p * w.cin + i));
                        for v in 0..VECS {
                            sum[v] = $add(sum[v], values, weights[v]);
                        }
                    }
                }
                let least = $set1(w.least);
                for (p, sum) in sums.iter().enumerate() {
                    for v in 0..VECS {
                        // The sum comes second: the instruction gives the second operand for NaN.
                        $store(y.add(p * w.cout + v * LANES), $max(least, sum[v]));
                    }
                }
            }
        }
    };
}

/// `pointwise_row`: a row in tiles of `PX` pixels and the rest in the smaller ones of `rest`;
/// `cout / (VECS * LANES)` passes a tile.
macro_rules! pointwise_row {
    (features: $features:literal, rest: [$($rest:literal),+]) => {
        /// # Safety
        /// The features below; `input` holds `pixels * cin` bytes, `output` `pixels * cout`,
        /// the weights `cin * cout`, scale and bias `cout`, a multiple of `VECS * LANES`; `cin`
        /// is a multiple of [`GROUP`](super::weights::GROUP).
        #[target_feature(enable = $features)]
        unsafe fn pointwise_row<const VECS: usize, const PX: usize>(
            w: &Pointwise,
            input: &[u8],
            output: &mut [f32],
            pixels: usize,
        ) {
            let (mut x, mut y, mut left) = (input.as_ptr(), output.as_mut_ptr(), pixels);
            macro_rules! tiles {
                ($px:expr) => {
                    while left >= $px {
                        // SAFETY: `left` pixels remain behind `x` and `y`, and the tile takes
                        // no more; each pass makes `VECS` vectors at `o`, which end within
                        // `cout`.
                        unsafe {
                            for o in (0..w.cout).step_by(VECS * LANES) {
                                pointwise_tile::<VECS, { $px }>(w, o, x, y.add(o));
                            }
                            x = x.add($px * w.cin);
                            y = y.add($px * w.cout);
                        }
                        left -= $px;
                    }
                };
            }
            tiles!(PX);
            $(tiles!($rest);)+
        }
    };
}

/// `stem`: checks, then a row in tiles of these pixel counts.
macro_rules! stem_row {
    (features: $features:literal, tiles: [$($px:literal),+]) => {
        /// See [`super::stem`].
        pub(super) fn stem(w: &Stem, rows: [&[u8]; 3], output: &mut [u8]) {
            check_hardware();
            let pixels = output.len() / STEM_CHANNELS;
            assert!(rows.iter().all(|row| row.len() >= (2 * pixels + 1) * QUAD));
            assert!(w.weight.len() == TAPS * STEM_CHANNELS * QUAD);
            assert!(w.scale.len() == STEM_CHANNELS && w.bias.len() == STEM_CHANNELS);
            // SAFETY: the CPU has the features; rows, output and weights were measured above.
            unsafe { stem_row(w, rows.map(<[u8]>::as_ptr), output, pixels) }
        }

        /// # Safety
        /// The features below; `2 * pixels + 1` pixels of four bytes are readable at each of
        /// `rows`, `output` holds `pixels * 16`, the weights are a [`Stem`]'s.
        #[target_feature(enable = $features)]
        unsafe fn stem_row(w: &Stem, rows: [*const u8; 3], output: &mut [u8], pixels: usize) {
            let (mut x, y) = (0, output.as_mut_ptr());
            $(
                while pixels - x >= $px {
                    // SAFETY: `pixels - x` outputs remain and the tile takes no more.
                    unsafe {
                        let from = rows.map(|row| row.add(2 * x * QUAD));
                        stem_tile::<{ $px }>(w, from, y.add(x * STEM_CHANNELS));
                    }
                    x += $px;
                }
            )+
        }
    };
}

/// `stem_tile` for vectors of eight sums, with `$add(sum, values, weights)` as the step of a sum.
#[cfg(target_arch = "x86_64")]
macro_rules! stem_tile_of_eights {
    (features: $features:literal, add: $add:ident) => {
        /// `PX` outputs of two vectors each.
        ///
        /// # Safety
        /// The features below; `2 * PX + 1` pixels are readable at each of `rows`, `PX * 16`
        /// bytes writable at `y`, the weights are a [`Stem`]'s.
        #[inline]
        #[target_feature(enable = $features)]
        unsafe fn stem_tile<const PX: usize>(w: &Stem, rows: [*const u8; 3], y: *mut u8) {
            // SAFETY: 18 vectors of weights, two of scale and bias; pixels as the caller
            // promised.
            unsafe {
                let mut sums = [[_mm256_setzero_si256(); 2]; PX];
                for tap in 0..TAPS {
                    let k = w.weight.as_ptr().add(tap * STEM_CHANNELS * QUAD);
                    let k = [0, 1].map(|v| _mm256_loadu_si256(k.add(v * LANES * QUAD).cast()));
                    let row = rows[tap / 3];
                    for (p, sum) in sums.iter_mut().enumerate() {
                        let pixel = quad(row.add((2 * p + tap % 3) * QUAD));
                        sum[0] = $add(sum[0], pixel, k[0]);
                        sum[1] = $add(sum[1], pixel, k[1]);
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
    };
}

/// The plain loops, compiled for this level.
#[cfg(target_arch = "x86_64")]
macro_rules! compiled_here {
    (features: $features:literal, $($name:ident $(<$c:ident>)? ($($argument:ident: $kind:ty),+);)+) => { $(
        /// See the function of this name in [`super`].
        pub(super) fn $name$(<const $c: usize>)?($($argument: $kind),+) {
            #[target_feature(enable = $features)]
            fn here$(<const $c: usize>)?($($argument: $kind),+) {
                scalar::$name$(::<$c>)?($($argument),+);
            }
            check_hardware();
            // SAFETY: the code is safe Rust and the CPU has the features.
            unsafe { here$(::<$c>)?($($argument),+) }
        }
    )+ };
}
