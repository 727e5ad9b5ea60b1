//! Every level computes what the scalar code defines, up to rounding, at every width and offset.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use scrim_pixels::conv::{
    Lines, Rolling, SHAPES, STEM_CHANNELS, Separable, Span, Stem, add_doubled, depthwise,
    pointwise, pool_begin, pool_end, stem, widen,
};
use scrim_pixels::level::{Level, levels_here};

/// Difference allowed between levels, against the sum of the magnitudes that were added: the
/// order of a sum and fused rounding differ, nothing else.
const ROUNDING: f32 = 1e-5;

/// Numbers in -1..1 by xorshift, so that a failing case is its seed.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
    fn floats(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| self.next()).collect()
    }
}

fn noise(seed: u64) -> Noise {
    Noise(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
}

fn block(noise: &mut Noise, (cin, cout): (usize, usize), relu: bool) -> Separable {
    Separable::new(
        (cin, cout),
        (&noise.floats(cin * cout), &noise.floats(cout)),
        (&noise.floats(9 * cout), &noise.floats(cout)),
        relu,
    )
    .unwrap()
}

/// `len` floats that begin `offset` floats behind a cache line, as rows of a strip do.
fn shifted(values: &[f32], offset: usize) -> Lines {
    let mut lines = Lines::zeroed(values.len() + offset);
    lines[offset..].copy_from_slice(values);
    lines
}

/// Runs a kernel at every level into a row that is watched on both sides, compares with the
/// first level (scalar).
fn agree(len: usize, offset: usize, scale: f32, kernel: impl Fn(Level, &mut [f32])) {
    const WATCH: f32 = 12345.0;
    let mut expected = None;
    for level in levels_here() {
        let mut all = shifted(&vec![WATCH; len + 16], offset);
        kernel(level, &mut all[offset..offset + len]);
        assert!(
            all[offset + len..].iter().all(|value| *value == WATCH),
            "{level} wrote behind the row"
        );
        assert!(
            all[..offset].iter().all(|value| *value == 0.0),
            "{level} wrote before the row"
        );
        let found = all[offset..offset + len].to_vec();
        let expected = expected.get_or_insert_with(|| found.clone());
        for (at, (found, expected)) in found.iter().zip(expected.iter()).enumerate() {
            assert!(
                (found - expected).abs() <= ROUNDING * scale,
                "{level} float {at}: {found}, scalar {expected}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_level_sums_pointwise_as_scalar(
        seed: u64, shape in prop::sample::select(SHAPES.to_vec()), pixels in 1usize..=65, offset in 0usize..16,
    ) {
        let mut noise = noise(seed);
        let w = block(&mut noise, shape, true);
        let input = shifted(&noise.floats(pixels * shape.0), offset);
        agree(pixels * shape.1, offset, shape.0 as f32, |level, out| {
            pointwise(level, w.point(), &input[offset..], out);
        });
    }

    #[test]
    fn every_level_sums_depthwise_as_scalar(
        seed: u64, channels in prop::sample::select(vec![8, 16, 64]), relu: bool,
        pixels in 1usize..=65, offset in 0usize..16,
    ) {
        let mut noise = noise(seed);
        let cin = if channels == 16 { 16 } else { 64 };
        let w = block(&mut noise, (cin, channels), relu);
        let rows = [0; 3].map(|_| shifted(&noise.floats((pixels + 2) * channels), offset));
        agree(pixels * channels, offset, 10.0, |level, out| {
            depthwise(level, w.depth(), [&rows[0][offset..], &rows[1][offset..], &rows[2][offset..]], out);
        });
    }

    #[test]
    fn every_level_computes_the_stem_as_scalar(seed: u64, pixels in 1usize..=65, offset in 0usize..16, more in 0usize..3) {
        let mut noise = noise(seed);
        let w = Stem::new(&noise.floats(27 * STEM_CHANNELS), &noise.floats(STEM_CHANNELS)).unwrap();
        let rows: Vec<_> = (0..9)
            .map(|_| {
                let samples: Vec<_> = noise.floats(2 * pixels + 1 + more).iter().map(|v| v * 255.0).collect();
                shifted(&samples, offset)
            })
            .collect();
        agree(pixels * STEM_CHANNELS, offset, 27.0 * 255.0, |level, out| {
            stem(level, &w, std::array::from_fn(|r| &rows[r][offset..]), out);
        });
    }

    #[test]
    fn every_level_pools_exactly_as_scalar(
        seed: u64, channels in prop::sample::select(vec![16, 64]), pixels in 1usize..=33, offset in 0usize..16,
    ) {
        let mut noise = noise(seed);
        let rows = [0; 2].map(|_| shifted(&noise.floats(2 * pixels * channels), offset));
        agree(pixels * channels, offset, 0.0, |level, out| {
            pool_begin(level, channels, &rows[0][offset..], out);
            pool_end(level, channels, &rows[1][offset..], out);
        });
    }

    #[test]
    fn every_level_adds_the_coarser_row_exactly_as_scalar(
        seed: u64, halves in 1usize..=33, offset in 0usize..16,
    ) {
        let mut noise = noise(seed);
        let row = shifted(&noise.floats(2 * halves * 64), offset);
        let half = shifted(&noise.floats(halves * 64), offset);
        agree(2 * halves * 64, offset, 0.0, |level, out| {
            add_doubled(level, &row[offset..], &half[offset..], out);
        });
    }

    #[test]
    fn every_level_widens_exactly_as_scalar(bytes in prop::collection::vec(any::<u8>(), 1..200), offset in 0usize..16) {
        agree(bytes.len(), offset, 0.0, |level, out| widen(level, &bytes, out));
    }

    /// The rolling block against whole maps, computed the long way: over bands that begin and
    /// end anywhere, at every level.
    #[test]
    fn a_band_of_a_block_equals_that_part_of_the_whole_map(
        seed: u64, shape in prop::sample::select(SHAPES.to_vec()), width in 1usize..=20, height in 1usize..=9,
        top in 0.0f64..1.0, bottom in 0.0f64..1.0,
    ) {
        let mut noise = noise(seed);
        let w = block(&mut noise, shape, true);
        let input = noise.floats(width * height * shape.0);
        let whole = naive_block(&w, &input, width, height);
        let (top, bottom) = ((top * height as f64) as usize, (bottom * height as f64) as usize);
        let rows = Span { start: top.min(bottom), end: top.max(bottom) + 1, size: height };
        let expected = &whole[rows.start * width * shape.1..rows.end * width * shape.1];
        for level in levels_here() {
            let found = run_band(level, &w, &input, width, rows);
            for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
                prop_assert!((found - expected).abs() <= ROUNDING * 600.0, "{level} {at}: {found}, {expected}");
            }
        }
    }
}

fn run_band(level: Level, w: &Separable, input: &[f32], width: usize, rows: Span) -> Vec<f32> {
    let mut rolling = Rolling::default();
    rolling.begin(width, rows, w);
    let (row, len) = (width * w.cin(), width * w.cout());
    let mut out = vec![f32::NAN; rows.range().len() * len];
    for y in rows.grown().range() {
        rolling.push(level, w, y, &input[y * row..][..row]);
        for y in rolling.ready(y) {
            rolling.emit(level, w, y, &mut out[(y - rows.start) * len..][..len]);
        }
    }
    out
}

/// A block over a whole map by the scalar row kernels and an explicit border of zeros.
fn naive_block(w: &Separable, input: &[f32], width: usize, height: usize) -> Vec<f32> {
    let (cin, cout) = (w.cin(), w.cout());
    let stride = (width + 2) * cout;
    let mut padded = vec![0.0; (height + 2) * stride];
    for y in 0..height {
        let out = &mut padded[(y + 1) * stride + cout..][..width * cout];
        pointwise(
            Level::Scalar,
            w.point(),
            &input[y * width * cin..][..width * cin],
            out,
        );
    }
    let mut out = vec![0.0; height * width * cout];
    for y in 0..height {
        let rows = [0, 1, 2].map(|ky| &padded[(y + ky) * stride..][..stride]);
        depthwise(
            Level::Scalar,
            w.depth(),
            rows,
            &mut out[y * width * cout..][..width * cout],
        );
    }
    out
}

#[test]
fn a_broken_sum_is_not_hidden_by_relu() {
    let mut noise = noise(7);
    let w = block(&mut noise, (16, 16), true);
    for level in levels_here() {
        let row = vec![f32::NAN; 3 * 16];
        let mut out = vec![0.0; 16];
        depthwise(level, w.depth(), [&row, &row, &row], &mut out);
        assert!(out.iter().all(|value| value.is_nan()), "{level}");
    }
}

#[test]
fn relu_leaves_nothing_below_zero() {
    let mut noise = noise(8);
    let w = block(&mut noise, (64, 64), true);
    for level in levels_here() {
        let rows = [0; 3].map(|_| noise.floats(67 * 64));
        let mut out = vec![-1.0; 65 * 64];
        depthwise(level, w.depth(), [&rows[0], &rows[1], &rows[2]], &mut out);
        assert!(out.iter().all(|value| *value >= 0.0), "{level}");
    }
}
