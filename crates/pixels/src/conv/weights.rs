//! Weights of the layers, rounded and in the order in which the kernels read them.
//!
//! What is rounded, and how, is said in `training/quantise.py`, which measures the ranges: maps
//! between blocks are whole numbers 0..=127, weights of the 1x1 convolutions whole numbers
//! -127..=127, and so that eight products of them fit into a 16-bit sum of AVX2.
//! A shape without a kernel at every level is refused here: there is no slow path that a
//! network could fall into unseen.
use super::bfloat::nearest;
use super::lines::Lines;

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

/// Folded factors beyond this are refused: below it no sum can leave the floats.
const LARGEST: f32 = 1e9;

/// Weights that no kernel takes.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum ShapeError {
    /// The pair of channel counts is not in [`SHAPES`].
    #[error("no kernel for {cin} to {cout} channels, there are those for {SHAPES:?}")]
    Channels {
        /// Input channels.
        cin: usize,
        /// Output channels.
        cout: usize,
    },
    /// Channels of a layer of floats that no vector holds.
    #[error("{cin} to {cout} channels: inputs come in pairs, outputs in groups of {DENSE_GROUP}")]
    Groups {
        /// Input channels.
        cin: usize,
        /// Output channels.
        cout: usize,
    },
    /// A slice of weights has another length than the channel counts say.
    #[error("{what}: expected {expected} weights, found {found}")]
    Length {
        /// Which slice.
        what: &'static str,
        /// Length by the channel counts.
        expected: usize,
        /// Length given.
        found: usize,
    },
    /// The range of a map is no positive number.
    #[error("a map's range is a number above 0, found {limit}")]
    Range {
        /// The range given.
        limit: f32,
    },
    /// A factor so large that sums could leave the floats.
    #[error("{what}: a factor of {found:e}, at most {LARGEST:e} is taken")]
    Magnitude {
        /// Which factor.
        what: &'static str,
        /// Its value.
        found: f32,
    },
}

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

/// A 1x1 convolution over bfloat16, for networks that see little and may cost more: an even number of
/// inputs, eight outputs or a multiple.
#[derive(Debug)]
pub struct Dense {
    pub(super) cin: usize,
    pub(super) cout: usize,
    /// Outputs whose weights lie together: one of [`DENSE_PANELS`], and a divisor of `cout`.
    pub(super) panel: usize,
    /// `[cout / panel][cin / 2][panel][2]`, bfloat16: what a tile reads lies in one run.
    pub(super) weight: Lines<u16>,
    pub(super) bias: Lines,
    /// What no output lies below: 0 with ReLU, else negative infinity.
    pub(super) least: f32,
}

/// Outputs of a [`Dense`] come in groups of so many: a vector of the narrowest level.
pub const DENSE_GROUP: usize = 8;

/// Outputs of a [`Dense`] that tiles make at once: three, two and one vector of 16 and of 8.
pub(super) const DENSE_PANELS: [usize; 5] = [48, 32, 24, 16, DENSE_GROUP];

impl Dense {
    /// Packs a layer, its weights rounded to bfloat16. `weight` is `[cout][cin]`, as PyTorch stores it.
    ///
    /// # Errors
    /// [`ShapeError`] for other lengths, for outputs that are no whole groups of [`DENSE_GROUP`],
    /// for inputs that are no whole pairs and for weights so large that sums could leave the floats.
    pub fn new(
        (cin, cout): (usize, usize),
        (weight, bias): (&[f32], &[f32]),
        relu: bool,
    ) -> Result<Self, ShapeError> {
        let pairs = cin > 0 && cin.is_multiple_of(2);
        if !pairs || cout == 0 || !cout.is_multiple_of(DENSE_GROUP) {
            return Err(ShapeError::Groups { cin, cout });
        }
        expect("dense weight", cin * cout, weight)?;
        expect("dense bias", cout, bias)?;
        bounded("dense weight", weight)?;
        bounded("dense bias", bias)?;
        let panel = DENSE_PANELS
            .into_iter()
            .find(|panel| cout.is_multiple_of(*panel))
            .unwrap_or(DENSE_GROUP);
        let mut packed = Lines::zeroed(weight.len());
        let panels = weight.chunks_exact(panel * cin);
        for (packed, rows) in packed.chunks_exact_mut(panel * cin).zip(panels) {
            for (pair, packed) in packed.chunks_exact_mut(2 * panel).enumerate() {
                let outputs = packed.as_chunks_mut::<2>().0.iter_mut();
                for (packed, row) in outputs.zip(rows.chunks_exact(cin)) {
                    *packed = [nearest(row[2 * pair]), nearest(row[2 * pair + 1])];
                }
            }
        }
        Ok(Self {
            cin,
            cout,
            panel,
            weight: packed,
            bias: Lines::copied(bias),
            least: if relu { 0.0 } else { f32::NEG_INFINITY },
        })
    }

    /// Input channels.
    #[must_use]
    pub const fn cin(&self) -> usize {
        self.cin
    }

    /// Output channels.
    #[must_use]
    pub const fn cout(&self) -> usize {
        self.cout
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

fn expect(what: &'static str, expected: usize, slice: &[f32]) -> Result<(), ShapeError> {
    let found = slice.len();
    if found == expected {
        Ok(())
    } else {
        Err(ShapeError::Length {
            what,
            expected,
            found,
        })
    }
}

fn bounded(what: &'static str, values: &[f32]) -> Result<(), ShapeError> {
    // All of them are looked at before the first bad one is: that way many are at once.
    let good = |value: &f32| value.abs() <= LARGEST;
    if values.iter().fold(true, |all, value| all & good(value)) {
        return Ok(());
    }
    match values.iter().find(|value| !good(value)) {
        Some(&found) => Err(ShapeError::Magnitude { what, found }),
        None => Ok(()),
    }
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
