//! Weights of the layers, rounded and in the order in which the kernels read them.
//!
//! What is rounded, and how, is said in `training/quantise.py`, which measures the ranges: maps
//! between blocks are whole numbers 0..=127, weights of the 1x1 convolutions whole numbers
//! -127..=127, and so that eight products of them fit into a 16-bit sum of AVX2, and four into NEON's.
//! A shape without a kernel at every level is refused here: there is no slow path that a
//! network could fall into unseen.
mod dense;
mod shape;

pub use dense::{DENSE_GROUP, Dense};
pub use shape::ShapeError;

use super::lines::Lines;
use shape::{bounded, expect};

/// Taps of a 3x3 kernel.
pub const TAPS: usize = 9;

/// Channels of the picture: B, G, R.
pub const COLOURS: usize = 3;

/// Bytes of a pixel as the stem reads it, and inputs that a step of an integer sum takes.
pub const QUAD: usize = 4;

/// Inputs of a 1x1 convolution whose products AVX2 adds up in 16 bits before it goes on in 32:
/// eight in each half of a [`QUAD`].
pub(super) const GROUP: usize = 4 * QUAD;

/// Output channels of [`Stem`].
pub const STEM_CHANNELS: usize = 16;

/// Largest value of a rounded map.
pub const TOP: u8 = 127;

/// `(input channels, output channels)` that the kernels of every level are written for.
pub const SHAPES: [(usize, usize); 9] = [
    (16, 16),
    (16, 64),
    (64, 64),
    (64, 96),
    (96, 96),
    (96, 128),
    (128, 128),
    (128, 96),
    (96, 8),
];

/// Most output channels in [`SHAPES`].
pub(super) const WIDEST: usize = 128;

/// Largest magnitude of a rounded weight: of the 1x1 convolutions, and of the stem, whose
/// inputs have eight bits.
const POINT_TOP: f32 = 127.0;
const STEM_TOP: f32 = 63.0;

/// What the weights of one sign in one sum of a [`GROUP`] may add up to before they are rounded:
/// 258 products of [`TOP`] fit into 16 bits, and rounding adds four at most.
const GROUP_TOP: f64 = 254.0;

/// How a map is rounded: 0..=127 stand for 0..=`limit`, in equal steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    step: f32,
}

impl Grid {
    /// The grid over `0..=limit`, a number above 0.
    pub fn new(limit: f32) -> Result<Self, ShapeError> {
        let step = limit / f32::from(TOP);
        if step.is_finite() && step > 0.0 {
            Ok(Self { step })
        } else {
            Err(ShapeError::Range { limit })
        }
    }

    /// How far two neighbouring numbers are apart.
    pub const fn step(self) -> f32 {
        self.step
    }

    /// What a step of this grid counts in steps of `sum`, for
    /// [`add_doubled`](super::add_doubled).
    pub fn share_of(self, sum: Self) -> Result<f32, ShapeError> {
        let share = self.step / sum.step;
        bounded("share of a sum", &[share])?;
        Ok(share)
    }
}

/// A 1x1 convolution over whole numbers.
#[derive(Debug)]
pub struct Pointwise {
    pub(super) cin: usize,
    pub(super) cout: usize,
    /// `[cin / 4][cout][4]`, sums of a [`GROUP`] within 16 bits: a step of the sum takes four inputs for one run of outputs.
    pub(super) weight: Lines<i8>,
    /// What a whole sum counts, for each output.
    pub(super) scale: Lines,
    pub(super) bias: Lines,
}

/// A 3x3 convolution of each channel by itself.
#[derive(Debug)]
pub struct Depthwise {
    pub(super) channels: usize,
    /// `[ky * 3 + kx][channels]`.
    pub(super) weight: Lines,
    pub(super) bias: Lines,
}

/// A separable block: [`Pointwise`], then [`Depthwise`] with one pixel of zeros around the
/// pointwise output.
#[derive(Debug)]
pub struct Separable {
    pub(super) point: Pointwise,
    pub(super) depth: Depthwise,
}

impl Separable {
    /// Packs a block. `point` is `[cout][cin]`, `depth` is `[cout][ky * 3 + kx]`, as PyTorch
    /// stores them; the biases have `cout` values. `input` is the grid of what the block
    /// reads. With an `output` grid the block ends in ReLU and whole numbers, to be written
    /// with [`depthwise_steps`](super::depthwise_steps); without one in floats.
    pub fn new(
        (cin, cout): (usize, usize),
        point: (&[f32], &[f32]),
        depth: (&[f32], &[f32]),
        input: Grid,
        output: Option<Grid>,
    ) -> Result<Self, ShapeError> {
        if !SHAPES.contains(&(cin, cout)) {
            return Err(ShapeError::Channels { cin, cout });
        }
        expect("pointwise weight", cin * cout, point.0)?;
        expect("pointwise bias", cout, point.1)?;
        expect("depthwise weight", cout * TAPS, depth.0)?;
        expect("depthwise bias", cout, depth.1)?;
        let shrink = output.map_or(1.0, |grid| 1.0 / grid.step);
        let block = Self {
            point: Pointwise::rounded((cin, cout), point, input),
            depth: Depthwise {
                channels: cout,
                weight: transposed(depth.0, cout, TAPS, shrink),
                bias: scaled(depth.1, shrink),
            },
        };
        bounded("pointwise scale", &block.point.scale)?;
        bounded("pointwise bias", &block.point.bias)?;
        bounded("depthwise weight", &block.depth.weight)?;
        bounded("depthwise bias", &block.depth.bias)?;
        Ok(block)
    }

    /// Input channels.
    pub const fn cin(&self) -> usize {
        self.point.cin
    }

    /// Output channels.
    pub const fn cout(&self) -> usize {
        self.point.cout
    }

    /// The 1x1 half.
    pub const fn point(&self) -> &Pointwise {
        &self.point
    }

    /// The 3x3 half.
    pub const fn depth(&self) -> &Depthwise {
        &self.depth
    }
}

impl Pointwise {
    fn rounded((cin, cout): (usize, usize), (weight, bias): (&[f32], &[f32]), input: Grid) -> Self {
        let (mut packed, mut scale) = (Lines::zeroed(cin * cout), Lines::zeroed(cout));
        for (o, row) in weight.chunks_exact(cin).enumerate() {
            let step = point_step(row);
            scale[o] = step * input.step;
            for (i, value) in row.iter().enumerate() {
                packed[(i / QUAD * cout + o) * QUAD + i % QUAD] = whole(*value, step);
            }
        }
        Self {
            cin,
            cout,
            weight: packed,
            scale,
            bias: Lines::copied(bias),
        }
    }
}

impl Depthwise {
    /// Packs a layer by itself, without rounding. `weight` is `[channels][ky * 3 + kx]`.
    ///
    /// # Errors
    /// [`ShapeError`] as [`Dense::new`].
    pub fn new(channels: usize, weight: &[f32], bias: &[f32]) -> Result<Self, ShapeError> {
        if channels == 0 || !channels.is_multiple_of(DENSE_GROUP) {
            let (cin, cout) = (channels, channels);
            return Err(ShapeError::Groups { cin, cout });
        }
        expect("depthwise weight", channels * TAPS, weight)?;
        expect("depthwise bias", channels, bias)?;
        bounded("depthwise weight", weight)?;
        bounded("depthwise bias", bias)?;
        Ok(Self {
            channels,
            weight: transposed(weight, channels, TAPS, 1.0),
            bias: Lines::copied(bias),
        })
    }

    /// Channels in and out.
    #[must_use]
    pub const fn channels(&self) -> usize {
        self.channels
    }
}

/// The first layer: 3x3, stride 2, from the picture's pixels to [`STEM_CHANNELS`], ReLU and
/// whole numbers.
#[derive(Debug)]
pub struct Stem {
    /// `[ky * 3 + kx][channel][B, G, R, 0]`.
    pub(super) weight: Lines<i8>,
    /// Steps of the output that a whole sum counts, for each channel.
    pub(super) scale: Lines,
    pub(super) bias: Lines,
}

impl Stem {
    /// Packs the stem. `weight` is `[channel][(ky * 3 + kx) * 3 + colour]`.
    pub fn new(weight: &[f32], bias: &[f32], output: Grid) -> Result<Self, ShapeError> {
        const INPUTS: usize = TAPS * COLOURS;
        expect("stem weight", STEM_CHANNELS * INPUTS, weight)?;
        expect("stem bias", STEM_CHANNELS, bias)?;
        let mut packed = Lines::zeroed(TAPS * STEM_CHANNELS * QUAD);
        let mut scale = Lines::zeroed(STEM_CHANNELS);
        for (channel, row) in weight.chunks_exact(INPUTS).enumerate() {
            let step = rounding_step(row, STEM_TOP);
            scale[channel] = step / output.step;
            for (input, value) in row.iter().enumerate() {
                let (tap, colour) = (input / COLOURS, input % COLOURS);
                packed[(tap * STEM_CHANNELS + channel) * QUAD + colour] = whole(*value, step);
            }
        }
        let bias = scaled(bias, 1.0 / output.step);
        bounded("stem scale", &scale)?;
        bounded("stem bias", &bias)?;
        Ok(Self {
            weight: packed,
            scale,
            bias,
        })
    }
}

/// The step by which a row of a 1x1 convolution becomes whole numbers: none is above
/// [`POINT_TOP`], and no sum that AVX2 keeps in 16 bits can overflow, whatever the inputs.
fn point_step(row: &[f32]) -> f32 {
    let mut largest = 0.0f64;
    for group in row.chunks(GROUP) {
        // By half of the quad and sign.
        let mut sums = [[0.0f64; 2]; 2];
        for (input, value) in group.iter().enumerate() {
            let [above, below] = &mut sums[input % QUAD / 2];
            *above += f64::from(value.max(0.0));
            *below += f64::from((-value).max(0.0));
        }
        largest = sums.as_flattened().iter().fold(largest, |a, &b| a.max(b));
    }
    rounding_step(row, POINT_TOP).max((largest / GROUP_TOP) as f32)
}

/// The step by which `row` becomes whole numbers of at most `top`; above 0 for a row of zeros.
fn rounding_step(row: &[f32], top: f32) -> f32 {
    const LEAST: f32 = 1e-12;
    let largest = row.iter().fold(0.0f32, |most, value| most.max(value.abs()));
    largest.max(LEAST) / top
}

/// How many steps a value is, halves to the even number. None is above [`POINT_TOP`].
fn whole(value: f32, step: f32) -> i8 {
    // What this is added to has no bits left for a fraction: quicker than the call that rounding is
    // where a processor need not have it.
    const WHOLE: f32 = 12_582_912.0;
    ((value / step + WHOLE) - WHOLE) as i8
}

fn scaled(values: &[f32], factor: f32) -> Lines {
    let mut out = Lines::copied(values);
    out.iter_mut().for_each(|value| *value *= factor);
    out
}

/// `[rows][columns]` to `[columns][rows]`, times `factor`.
fn transposed(values: &[f32], rows: usize, columns: usize, factor: f32) -> Lines {
    let mut out = Lines::zeroed(rows * columns);
    for (column, out) in out.chunks_exact_mut(rows).enumerate() {
        let values = values.iter().skip(column).step_by(columns);
        out.iter_mut()
            .zip(values)
            .for_each(|(out, value)| *out = *value * factor);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        Grid::new(2.0).unwrap()
    }

    #[test]
    fn a_shape_without_kernels_is_refused() {
        let error = Separable::new((8, 8), (&[], &[]), (&[], &[]), grid(), None).unwrap_err();
        assert_eq!(error, ShapeError::Channels { cin: 8, cout: 8 });
    }

    #[test]
    fn weights_of_another_length_are_refused() {
        let (point, bias, depth) = ([0.0; 255], [0.0; 16], [0.0; 144]);
        let block = Separable::new((16, 16), (&point, &bias), (&depth, &bias), grid(), None);
        assert_eq!(
            block.unwrap_err().to_string(),
            "pointwise weight: expected 256 weights, found 255"
        );
        assert!(Stem::new(&[0.0; 432], &[0.0; 15], grid()).is_err());
    }

    #[test]
    fn a_range_that_is_no_positive_number_is_refused() {
        for limit in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            assert!(Grid::new(limit).is_err(), "{limit}");
        }
    }

    #[test]
    fn a_share_that_could_leave_the_floats_is_refused() {
        let [small, large] = [1e-20, 1e20].map(|limit| Grid::new(limit).unwrap());
        assert!(large.share_of(small).is_err() && small.share_of(large).is_ok());
        assert_eq!(grid().share_of(grid()), Ok(1.0));
    }

    #[test]
    fn factors_that_could_leave_the_floats_are_refused() {
        let (point, mut depth) = ([0.5; 256], [0.5; 144]);
        depth[7] = 1e30;
        let block = Separable::new(
            (16, 16),
            (&point, &[0.0; 16]),
            (&depth, &[0.0; 16]),
            grid(),
            None,
        );
        let error = block.unwrap_err().to_string();
        assert!(
            error.starts_with("depthwise weight: a factor of 1e30"),
            "{error}"
        );
    }

    #[test]
    fn no_sum_of_a_group_leaves_16_bits() {
        // All of one sign, each sign in its half, and one half that cancels out.
        let rows: [fn(usize) -> f32; 4] = [
            |_| 0.3,
            |_| -0.3,
            |i| if i % QUAD < 2 { 0.7 } else { -0.7 },
            |i| [0.9, -0.9, 0.2, 0.1][i % QUAD],
        ];
        for (at, weight) in rows.into_iter().enumerate() {
            let point: Vec<f32> = (0..256).map(|i| weight(i % 16)).collect();
            let packed = Pointwise::rounded((16, 16), (&point, &[0.0; 16]), grid());
            let most = [0, 2].map(|half| {
                let sum = |sign: i32| -> i32 {
                    let weights = (0..GROUP).filter(|i| i % QUAD / 2 * 2 == half);
                    let weights = weights.map(|i| packed.weight[i / QUAD * 16 * QUAD + i % QUAD]);
                    weights.map(|w| (sign * i32::from(w)).max(0)).sum()
                };
                i32::from(TOP) * sum(1).max(sum(-1))
            });
            let largest = most.into_iter().max().unwrap();
            assert!(largest <= i32::from(i16::MAX), "{at}: {largest}");
            assert!(
                largest > 32_000,
                "{at}: {largest} is coarser than it must be"
            );
        }
    }

    #[test]
    fn each_output_is_rounded_by_its_own_largest_weight() {
        let mut point = [0.0; 256];
        (point[0], point[1]) = (-1.0, 0.5); // output 0 reads inputs 0 and 1
        point[16 + 5] = 0.001; // output 1 reads input 5
        let block = Separable::new(
            (16, 16),
            (&point, &[0.0; 16]),
            (&[0.0; 144], &[0.0; 16]),
            grid(),
            Some(grid()),
        )
        .unwrap();
        assert_eq!(block.point.weight[..2], [-127, 64]);
        assert_eq!(block.point.weight[(16 + 1) * QUAD + 1], 127);
        assert!((block.point.scale[0] - 2.0 / 127.0 / 127.0).abs() < 1e-9);
    }
}
