//! Every level computes the bits that the scalar code defines, at every width and offset.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use scrim_pixels::conv::{
    DENSE_GROUP, Dense, Depthwise, Grid, Lines, QUAD, Rolling, SHAPES, STEM_CHANNELS, Separable,
    Span, Stem, TOP, add_doubled, dense, depthwise_floats, depthwise_steps, gather, pointwise,
    pool_begin, pool_end, stem, to_bfloats,
};
use scrim_pixels::level::{Level, levels_here};
use std::fmt::Debug;

/// Numbers by xorshift, so that a failing case is its seed.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 32
    }
    /// In -1..1.
    fn floats(&mut self, len: usize) -> Vec<f32> {
        let float = |bits| (bits >> 8) as f32 / (1u64 << 23) as f32 - 1.0;
        (0..len).map(|_| float(self.next())).collect()
    }
    /// 0..=127, both ends often.
    fn steps(&mut self, len: usize) -> Vec<u8> {
        let step = |bits| match bits % 8 {
            0 => 0,
            1 => TOP,
            _ => (bits >> 8) as u8 & TOP,
        };
        (0..len).map(|_| step(self.next())).collect()
    }
    /// 0..=255, both ends often.
    fn bytes(&mut self, len: usize) -> Vec<u8> {
        let byte = |bits| match bits % 8 {
            0 => 0,
            1 => 255,
            _ => (bits >> 8) as u8,
        };
        (0..len).map(|_| byte(self.next())).collect()
    }
}

fn noise(seed: u64) -> Noise {
    Noise(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
}

fn grid() -> Grid {
    Grid::new(8.0).unwrap()
}

fn block(noise: &mut Noise, (cin, cout): (usize, usize), output: Option<Grid>) -> Separable {
    Separable::new(
        (cin, cout),
        (&noise.floats(cin * cout), &noise.floats(cout)),
        (&noise.floats(9 * cout), &noise.floats(cout)),
        grid(),
        output,
    )
    .unwrap()
}

fn bfloats(values: &[f32]) -> Vec<u16> {
    let mut bits = vec![0; values.len()];
    to_bfloats(Level::Scalar, values, &mut bits);
    bits
}

/// As floats again.
fn rounded(values: &[f32]) -> Vec<f32> {
    let bits = bfloats(values).into_iter();
    bits.map(|bits| f32::from_bits(u32::from(bits) << 16))
        .collect()
}

/// Numbers that begin `offset` behind a cache line, as rows of a strip do.
fn shifted<T: scrim_pixels::conv::Number>(values: &[T], offset: usize) -> Lines<T> {
    let mut lines = Lines::zeroed(values.len() + offset);
    lines[offset..].copy_from_slice(values);
    lines
}

/// Runs a kernel at every level into a row that is watched on both sides, compares with the
/// first level (scalar).
fn agree<T: scrim_pixels::conv::Number + PartialEq + Debug>(
    len: usize,
    offset: usize,
    watch: T,
    kernel: impl Fn(Level, &mut [T]),
) {
    let mut expected = None;
    for level in levels_here() {
        let mut all = shifted(&vec![watch; len + 16], offset);
        kernel(level, &mut all[offset..offset + len]);
        let (before, behind) = (&all[..offset], &all[offset + len..]);
        assert!(
            behind.iter().all(|value| *value == watch),
            "{level} wrote behind the row"
        );
        assert!(
            before.iter().all(|value| *value == T::default()),
            "{level} wrote before it"
        );
        let found = all[offset..offset + len].to_vec();
        let expected = expected.get_or_insert_with(|| found.clone());
        for (at, (found, expected)) in found.iter().zip(expected.iter()).enumerate() {
            assert!(
                found == expected,
                "{level} at {at}: {found:?}, scalar {expected:?}"
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
        let w = block(&mut noise, shape, None);
        let input = shifted(&noise.steps(pixels * shape.0), offset);
        agree(pixels * shape.1, offset, 12345.0, |level, out| {
            pointwise(level, w.point(), &input[offset..], out);
        });
    }

    #[test]
    fn every_level_sums_depthwise_as_scalar(
        seed: u64, shape in prop::sample::select(SHAPES.to_vec()), pixels in 1usize..=65, offset in 0usize..16,
    ) {
        let (mut noise, channels) = (noise(seed), shape.1);
        let grid = Grid::new(2.0).unwrap();
        let w = block(&mut noise, shape, (channels > 8).then_some(grid));
        let rows = [0; 3].map(|_| shifted(&noise.floats((pixels + 2) * channels), offset));
        let rows = rows.each_ref().map(|row| &row[offset..]);
        agree(pixels * channels, offset, 200, |level, out| depthwise_steps(level, w.depth(), rows, out));
        agree(pixels * channels, offset, 12345.0, |level, out| depthwise_floats(level, w.depth(), rows, out));
    }

    #[test]
    fn every_level_sums_bfloats_densely_as_scalar(
        seed: u64, pairs in 1usize..=20, groups in 1usize..=18, pixels in 1usize..=33, offset in 0usize..16, relu: bool,
    ) {
        let (mut noise, cin, cout) = (noise(seed), 2 * pairs, groups * DENSE_GROUP);
        let w = Dense::new((cin, cout), (&noise.floats(cin * cout), &noise.floats(cout)), relu).unwrap();
        let input = shifted(&bfloats(&noise.floats(pixels * cin)), offset);
        agree(pixels * cout, offset, 12345.0, |level, out| dense(level, &w, &input[offset..], out));
    }

    #[test]
    fn every_level_sums_wide_depthwise_floats_as_scalar(
        seed: u64, groups in 1usize..=72, pixels in 1usize..=17, offset in 0usize..16,
    ) {
        let (mut noise, channels) = (noise(seed), groups * DENSE_GROUP);
        let w = Depthwise::new(channels, &noise.floats(9 * channels), &noise.floats(channels)).unwrap();
        let rows = [0; 3].map(|_| shifted(&noise.floats((pixels + 2) * channels), offset));
        let rows = rows.each_ref().map(|row| &row[offset..]);
        agree(pixels * channels, offset, 12345.0, |level, out| depthwise_floats(level, &w, rows, out));
    }

    #[test]
    fn every_level_computes_the_stem_as_scalar(seed: u64, pixels in 1usize..=65, offset in 0usize..16, more in 0usize..3) {
        let mut noise = noise(seed);
        let grid = Grid::new(200.0).unwrap();
        let w = Stem::new(&noise.floats(27 * STEM_CHANNELS), &noise.floats(STEM_CHANNELS), grid).unwrap();
        let rows = [0; 3].map(|_| shifted(&noise.bytes((2 * pixels + 1 + more) * QUAD), offset));
        agree(pixels * STEM_CHANNELS, offset, 200, |level, out| {
            stem(level, &w, rows.each_ref().map(|row| &row[offset..]), out);
        });
    }

    #[test]
    fn every_level_pools_as_scalar(
        seed: u64, channels in prop::sample::select(vec![16, 64, 96, 128]), pixels in 1usize..=33, offset in 0usize..16,
    ) {
        let mut noise = noise(seed);
        let rows = [0; 2].map(|_| shifted(&noise.steps(2 * pixels * channels), offset));
        agree(pixels * channels, offset, 200, |level, out| {
            pool_begin(level, channels, &rows[0][offset..], out);
            pool_end(level, channels, &rows[1][offset..], out);
        });
    }

    #[test]
    fn every_level_adds_the_coarser_row_as_scalar(
        seed: u64, channels in prop::sample::select(vec![64, 96, 128]), halves in 1usize..=33, offset in 0usize..16,
        factors in prop::array::uniform2(0.01f32..2.0),
    ) {
        let mut noise = noise(seed);
        let row = shifted(&noise.steps(2 * halves * channels), offset);
        let half = shifted(&noise.steps(halves * channels), offset);
        agree(2 * halves * channels, offset, 200, |level, out| {
            add_doubled(level, channels, [&row[offset..], &half[offset..]], factors, out);
        });
    }

    #[test]
    fn every_level_gathers_planes_as_scalar(seed: u64, pixels in 1usize..200, offset in 0usize..16) {
        let mut noise = noise(seed);
        let planes = [0; 3].map(|_| shifted(&noise.bytes(pixels), offset));
        agree(QUAD * pixels, offset, 200, |level, out| {
            gather(level, planes.each_ref().map(|plane| &plane[offset..]), out);
        });
    }

    /// The rolling block against whole maps, computed the long way: over bands that begin and
    /// end anywhere, at every level.
    #[test]
    fn a_band_of_a_block_equals_that_part_of_the_whole_map(
        seed: u64, shape in prop::sample::select(SHAPES.to_vec()), width in 1usize..=20, height in 1usize..=9,
        top in 0.0f64..1.0, bottom in 0.0f64..1.0,
    ) {
        let mut noise = noise(seed);
        let w = block(&mut noise, shape, Some(grid()));
        let input = noise.steps(width * height * shape.0);
        let whole = naive_block(&w, &input, width, height);
        let (top, bottom) = ((top * height as f64) as usize, (bottom * height as f64) as usize);
        let rows = Span { start: top.min(bottom), end: top.max(bottom) + 1, size: height };
        let expected = &whole[rows.start * width * shape.1..rows.end * width * shape.1];
        for level in levels_here() {
            prop_assert!(run_band(level, &w, &input, width, rows) == expected, "{level}");
        }
    }
}

fn run_band(level: Level, w: &Separable, input: &[u8], width: usize, rows: Span) -> Vec<u8> {
    let mut rolling = Rolling::default();
    rolling.begin(width, rows, w);
    let (row, len) = (width * w.cin(), width * w.cout());
    let mut out = vec![255; rows.range().len() * len];
    for y in rows.grown().range() {
        rolling.push(level, w, y, &input[y * row..][..row]);
        for y in rolling.ready(y) {
            rolling.emit_steps(level, w, y, &mut out[(y - rows.start) * len..][..len]);
        }
    }
    out
}

/// A block over a whole map by the scalar row kernels and an explicit border of zeros.
fn naive_block(w: &Separable, input: &[u8], width: usize, height: usize) -> Vec<u8> {
    let (cin, cout) = (w.cin(), w.cout());
    let stride = (width + 2) * cout;
    let mut padded = vec![0.0; (height + 2) * stride];
    for y in 0..height {
        let out = &mut padded[(y + 1) * stride + cout..][..width * cout];
        let row = &input[y * width * cin..][..width * cin];
        pointwise(Level::Scalar, w.point(), row, out);
    }
    let mut out = vec![0; height * width * cout];
    for y in 0..height {
        let rows = [0, 1, 2].map(|ky| &padded[(y + ky) * stride..][..stride]);
        let out = &mut out[y * width * cout..][..width * cout];
        depthwise_steps(Level::Scalar, w.depth(), rows, out);
    }
    out
}

/// The coarsest step of a row of 16 weights: by its largest weight, and by the sums of one sign
/// in each half of its quads.
fn largest_step(point: &[f32]) -> f32 {
    let step = |row: &[f32]| {
        let sum = |half: usize, sign: f32| -> f32 {
            let weights = row.iter().enumerate().filter(|(i, _)| i % QUAD / 2 == half);
            weights.map(|(_, w)| (sign * w).max(0.0)).sum()
        };
        let sums = [sum(0, 1.0), sum(0, -1.0), sum(1, 1.0), sum(1, -1.0)];
        let weight = row.iter().fold(0.0f32, |most, w| most.max(w.abs()));
        sums.into_iter()
            .fold(weight / 127.0, |most, s| most.max(s / 254.0))
    };
    point.chunks(16).map(step).fold(0.0, f32::max)
}

/// The definition itself, against the plain formula.
#[test]
fn a_block_is_the_convolutions_of_its_weights_up_to_rounding() {
    let (mut noise, width) = (noise(3), 6);
    let (point, bias) = (noise.floats(256), noise.floats(16));
    let (depth, shift) = (noise.floats(144), noise.floats(16));
    let (input, output) = (Grid::new(3.0).unwrap(), Grid::new(40.0).unwrap());
    let weights = ((&point[..], &bias[..]), (&depth[..], &shift[..]));
    let w = Separable::new((16, 16), weights.0, weights.1, input, Some(output)).unwrap();
    let steps = noise.steps(width * 3 * 16);
    let found = naive_block(&w, &steps, width, 3);
    for (at, found) in found.iter().enumerate() {
        let (y, x, c) = (at / 16 / width, at / 16 % width, at % 16);
        let mut sum = shift[c];
        for ky in 0..3 {
            for kx in 0..3 {
                if (1..=3).contains(&(y + ky)) && (1..=width).contains(&(x + kx)) {
                    let pixel = &steps[((y + ky - 1) * width + x + kx - 1) * 16..][..16];
                    let values = pixel.iter().map(|step| f32::from(*step) * input.step());
                    let row = &point[c * 16..][..16];
                    let value: f32 = values.zip(row).map(|(v, w)| v * w).sum();
                    sum += depth[c * 9 + ky * 3 + kx] * (value + bias[c]);
                }
            }
        }
        let expected = (sum / output.step()).clamp(0.0, 127.0);
        // 16 weights of at most half a step off, times inputs up to 3, nine times.
        let bound = 0.5 + 9.0 * 16.0 * 3.0 * largest_step(&point) / 2.0 / output.step();
        assert!(
            (f32::from(*found) - expected).abs() <= bound,
            "{at}: {found}, {expected}"
        );
    }
}

/// The largest sums of 16 bits that AVX2 comes to: weights of one sign, full inputs.
#[test]
fn every_level_sums_full_inputs_and_equal_weights_as_scalar() {
    for sign in [1.0, -1.0] {
        let (point, bias, depth) = (vec![sign; 96 * 96], vec![0.0; 96], vec![0.0; 96 * 9]);
        let w = Separable::new((96, 96), (&point, &bias), (&depth, &bias), grid(), None).unwrap();
        let input = vec![TOP; 7 * 96];
        agree(7 * 96, 0, 12345.0, |level, out| {
            pointwise(level, w.point(), &input, out);
        });
    }
}

/// The definition itself, against the plain formula; negative sums end at 0 with ReLU alone.
#[test]
fn a_dense_layer_is_the_matrix_of_its_weights() {
    let (mut noise, cin) = (noise(5), 8);
    // One group of outputs, and several whose weights lie apart.
    for (cout, relu) in [(16, false), (16, true), (64, false), (144, true)] {
        let (weight, bias) = (noise.floats(cin * cout), noise.floats(cout));
        let input = noise.floats(3 * cin);
        let w = Dense::new((cin, cout), (&weight, &bias), relu).unwrap();
        let (weight, input) = (rounded(&weight), rounded(&input));
        let mut found = vec![0.0; 3 * cout];
        dense(Level::Scalar, &w, &bfloats(&input), &mut found);
        assert_eq!(found.iter().any(|value| *value < 0.0), !relu);
        for (at, found) in found.iter().enumerate() {
            let (pixel, o) = (&input[at / cout * cin..][..cin], at % cout);
            let products = pixel.iter().zip(&weight[o * cin..]).map(|(x, w)| x * w);
            let sum = bias[o] + products.sum::<f32>();
            let expected = if relu { sum.max(0.0) } else { sum };
            assert!((found - expected).abs() < 1e-5, "{at}: {found}, {expected}");
        }
    }
    for (cin, cout) in [(0, 8), (4, 0), (4, 12), (3, 8)] {
        let weights = vec![0.0; cin * cout];
        assert!(Dense::new((cin, cout), (&weights, &vec![0.0; cout]), true).is_err());
    }
    assert!(Dense::new((2, 8), (&[f32::INFINITY; 16], &[0.0; 8]), true).is_err());
    assert!(Depthwise::new(12, &[0.0; 108], &[0.0; 12]).is_err());
}

#[test]
fn a_dense_layer_hides_no_broken_float() {
    let w = Dense::new((4, 16), (&[0.5; 64], &[0.0; 16]), true).unwrap();
    for level in levels_here() {
        let mut out = vec![0.0; 16];
        dense(level, &w, &bfloats(&[1.0, f32::NAN, 1.0, 1.0]), &mut out);
        assert!(out.iter().all(|value| value.is_nan()), "{level}");
    }
}

#[test]
fn a_broken_float_is_not_hidden_in_an_output_that_is_read() {
    let w = block(&mut noise(7), (96, 8), None);
    for level in levels_here() {
        let row = vec![f32::NAN; 3 * 8];
        let mut out = vec![0.0; 8];
        depthwise_floats(level, w.depth(), [&row, &row, &row], &mut out);
        assert!(out.iter().all(|value| value.is_nan()), "{level}");
    }
}

#[test]
fn steps_end_at_0_and_127_and_ties_go_to_the_even_one() {
    let mut depth = vec![0.0; 144];
    depth
        .iter_mut()
        .skip(4)
        .step_by(9)
        .for_each(|middle| *middle = 1.0);
    let one = Grid::new(127.0).unwrap();
    let w = Separable::new(
        (16, 16),
        (&[0.0; 256], &[0.0; 16]),
        (&depth, &[0.0; 16]),
        one,
        Some(one),
    );
    let w = w.unwrap();
    let values = [
        -1e9,
        -0.6,
        0.5,
        1.5,
        2.5,
        126.4,
        126.6,
        127.5,
        1e9,
        f32::NAN,
    ];
    let expected = [0, 0, 0, 2, 2, 126, 127, 127, 127, 0];
    for level in levels_here() {
        for (value, expected) in values.iter().zip(expected) {
            let (mut row, mut out) = (vec![0.0; 48], vec![9; 16]);
            row[16..32].fill(*value);
            depthwise_steps(level, w.depth(), [&[0.0; 48], &row, &[0.0; 48]], &mut out);
            assert_eq!(out, [expected; 16], "{level}: {value}");
        }
    }
}
