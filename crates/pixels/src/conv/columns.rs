//! The depthwise kernel of a vector level in columns of one vector: each column of a run is loaded
//! once for the three outputs that it touches. What a vector is and how it is multiplied is each
//! level's own. (AVX-512 keeps vectors of neighbouring channels in step and not runs: see `avx512.rs`.)

/// `depthwise_steps` and `depthwise_floats` over the instructions of a level. `parts`: how many runs
/// go in step, because each sum waits for the one before it and sums of two runs do not wait for
/// each other. `fused` gives its first times its second number plus its third, rounded once; `steps`
/// is the scalar code's `to_step` and a store.
macro_rules! depthwise_in_columns {
    (features: $features:literal, vector: $vector:ty, parts: $parts:literal, zero: $zero:expr, load: $load:ident, store: $store:ident, steps: $steps:ident, fused: $fused:ident) => {
        /// Floats of a row in a tile of the depthwise kernel: three rows of it are 48 KiB.
        const TILE: usize = 4096;

        /// See [`super::depthwise_steps`].
        pub(super) fn depthwise_steps(w: &Depthwise, rows: [&[f32]; 3], output: &mut [u8]) {
            in_tiles(w, rows, output.len(), |run, first| {
                let out = output.as_mut_ptr();
                // SAFETY: the CPU has the features; rows, output and weights were measured by the
                // caller of this closure, and `LANES` bytes at an index of the output are stored.
                unsafe {
                    depthwise_run(w, rows, run, first, |at, sum| $steps(out.add(at), sum));
                }
            });
        }

        /// See [`super::depthwise_floats`].
        pub(super) fn depthwise_floats(w: &Depthwise, rows: [&[f32]; 3], output: &mut [f32]) {
            in_tiles(w, rows, output.len(), |run, first| {
                let out = output.as_mut_ptr();
                // SAFETY: as above, with as many floats.
                unsafe {
                    depthwise_run(w, rows, run, first, |at, sum| $store(out.add(at), sum));
                }
            });
        }

        /// Measures rows and weights against an output of `len` numbers, then calls `kernel` for
        /// every run of columns and every vector of channels: several passes over each cache line, in
        /// tiles so that all but the first find it near.
        fn in_tiles(
            w: &Depthwise,
            rows: [&[f32]; 3],
            len: usize,
            mut kernel: impl FnMut(std::ops::Range<usize>, usize),
        ) {
            check_hardware();
            let pixels = len / w.channels;
            assert!(
                rows.iter()
                    .all(|row| row.len() >= (pixels + 2) * w.channels)
            );
            assert!(w.weight.len() == TAPS * w.channels && w.bias.len() == w.channels);
            assert!(w.channels.is_multiple_of(LANES));
            let tile = TILE / w.channels;
            for start in (0..pixels).step_by(tile) {
                for first in (0..w.channels).step_by(LANES) {
                    kernel(start..pixels.min(start + tile), first);
                }
            }
        }

        /// A vector of channels of a run of columns, each sum handed to `store` with the index of
        /// its first number in the output: the run's parts in step; columns that are left over
        /// come one after the other.
        ///
        /// # Safety
        /// The features below; each row holds `(columns.end + 2) * channels` floats, the weights 9
        /// and the bias 1 times `channels`, and `first + LANES <= channels`.
        #[inline]
        #[target_feature(enable = $features)]
        unsafe fn depthwise_run(
            w: &Depthwise,
            rows: [&[f32]; 3],
            columns: std::ops::Range<usize>,
            first: usize,
            store: impl Fn(usize, $vector),
        ) {
            let part = columns.len() / $parts;
            let rest = columns.start + $parts * part;
            // SAFETY: the caller's promise; the parts and the rest are the columns.
            unsafe {
                depthwise_parts::<$parts>(w, rows, columns.start, part, first, &store);
                depthwise_parts::<1>(w, rows, rest, columns.end - rest, first, &store);
            }
        }

        /// `PARTS` runs of `len` columns behind each other, the first at `start`, in step. Each
        /// column is loaded once for the three outputs that it touches.
        ///
        /// # Safety
        /// As [`depthwise_run`], with the end of the last run for `columns.end`.
        #[inline]
        #[target_feature(enable = $features)]
        unsafe fn depthwise_parts<const PARTS: usize>(
            w: &Depthwise,
            rows: [&[f32]; 3],
            start: usize,
            len: usize,
            first: usize,
            store: &impl Fn(usize, $vector),
        ) {
            if len == 0 {
                return;
            }
            let (step, none) = (w.channels, [$zero; PARTS]);
            let at = |part: usize, x: usize| (start + part * len + x) * step + first;
            // SAFETY: columns of a run go from its first to two behind its last one in the rows,
            // `step` floats each; `LANES` at `first` lie within each.
            unsafe {
                let k: [$vector; TAPS] =
                    std::array::from_fn(|tap| $load(w.weight.as_ptr().add(tap * step + first)));
                let bias = [$load(w.bias.as_ptr().add(first)); PARTS];
                // Adds column `x` of each run to the output left of it, under it and right of it.
                let add = |x: usize, [mut left, mut middle, mut right]: [[$vector; PARTS]; 3]| {
                    for (ky, row) in rows.iter().enumerate() {
                        for part in 0..PARTS {
                            let value = $load(row.as_ptr().add(at(part, x)));
                            left[part] = $fused(value, k[ky * 3 + 2], left[part]);
                            middle[part] = $fused(value, k[ky * 3 + 1], middle[part]);
                            right[part] = $fused(value, k[ky * 3], right[part]);
                        }
                    }
                    [left, middle, right]
                };
                let [_, _, next] = add(0, [none, none, bias]);
                let [_, mut now, mut next] = add(1, [none, next, bias]);
                for x in 0..len {
                    let sums;
                    [sums, now, next] = add(x + 2, [now, next, bias]);
                    for (part, sum) in sums.into_iter().enumerate() {
                        store(at(part, x), sum);
                    }
                }
            }
        }
    };
}
