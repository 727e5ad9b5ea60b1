//! Weights of the layers, in the order in which the kernels read them.
//!
//! A shape without a kernel at every level is refused here: there is no slow path that a
//! network could fall into unseen.
use super::lines::Lines;

/// Taps of a 3x3 kernel.
pub const TAPS: usize = 9;

/// Channels of the picture: B, G, R.
pub const COLOURS: usize = 3;

/// Output channels of [`Stem`].
pub const STEM_CHANNELS: usize = 16;

/// `(input channels, output channels)` that the kernels of every level are written for.
pub const SHAPES: [(usize, usize); 4] = [(16, 16), (16, 64), (64, 64), (64, 8)];

/// Weights that no kernel takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// The pair of channel counts is not in [`SHAPES`].
    #[error("no kernel for {cin} to {cout} channels, there are those for {SHAPES:?}")]
    Channels {
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
}

/// A 1x1 convolution.
#[derive(Debug)]
pub struct Pointwise {
    pub(super) cin: usize,
    pub(super) cout: usize,
    /// `[cin][cout]`: a step of the sum reads one run of outputs.
    pub(super) weight: Lines,
    pub(super) bias: Lines,
}

/// A 3x3 convolution of each channel by itself, with or without ReLU behind it.
#[derive(Debug)]
pub struct Depthwise {
    pub(super) channels: usize,
    /// `[ky * 3 + kx][channels]`.
    pub(super) weight: Lines,
    pub(super) bias: Lines,
    pub(super) relu: bool,
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
    /// stores them; the biases have `cout` values.
    pub fn new(
        (cin, cout): (usize, usize),
        point: (&[f32], &[f32]),
        depth: (&[f32], &[f32]),
        relu: bool,
    ) -> Result<Self, ShapeError> {
        if !SHAPES.contains(&(cin, cout)) {
            return Err(ShapeError::Channels { cin, cout });
        }
        expect("pointwise weight", cin * cout, point.0)?;
        expect("pointwise bias", cout, point.1)?;
        expect("depthwise weight", cout * TAPS, depth.0)?;
        expect("depthwise bias", cout, depth.1)?;
        Ok(Self {
            point: Pointwise {
                cin,
                cout,
                weight: transposed(point.0, cout, cin),
                bias: Lines::copied(point.1),
            },
            depth: Depthwise {
                channels: cout,
                weight: transposed(depth.0, cout, TAPS),
                bias: Lines::copied(depth.1),
                relu,
            },
        })
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

/// The first layer: 3x3, stride 2, from the picture's three planes to
/// [`STEM_CHANNELS`], ReLU.
#[derive(Debug)]
pub struct Stem {
    /// `[(ky * 3 + colour) * 3 + kx][channel]`: three neighbours of one plane's row together.
    pub(super) weight: Lines,
    pub(super) bias: Lines,
}

impl Stem {
    /// Packs the stem. `weight` is `[channel][(ky * 3 + kx) * 3 + colour]`.
    pub fn new(weight: &[f32], bias: &[f32]) -> Result<Self, ShapeError> {
        const INPUTS: usize = TAPS * COLOURS;
        expect("stem weight", STEM_CHANNELS * INPUTS, weight)?;
        expect("stem bias", STEM_CHANNELS, bias)?;
        let mut packed = Lines::zeroed(weight.len());
        for (at, value) in weight.iter().enumerate() {
            let (channel, input) = (at / INPUTS, at % INPUTS);
            let (tap, colour) = (input / COLOURS, input % COLOURS);
            let (ky, kx) = (tap / 3, tap % 3);
            packed[((ky * 3 + colour) * 3 + kx) * STEM_CHANNELS + channel] = *value;
        }
        Ok(Self {
            weight: packed,
            bias: Lines::copied(bias),
        })
    }
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

/// `[rows][columns]` to `[columns][rows]`.
fn transposed(values: &[f32], rows: usize, columns: usize) -> Lines {
    let mut out = Lines::zeroed(values.len());
    for (at, value) in values.iter().enumerate() {
        out[at % columns * rows + at / columns] = *value;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_without_kernels_is_refused() {
        let error = Separable::new((8, 8), (&[], &[]), (&[], &[]), true).unwrap_err();
        assert_eq!(error, ShapeError::Channels { cin: 8, cout: 8 });
    }

    #[test]
    fn weights_of_another_length_are_refused() {
        let (point, bias, depth) = ([0.0; 255], [0.0; 16], [0.0; 144]);
        let error = Separable::new((16, 16), (&point, &bias), (&depth, &bias), true).unwrap_err();
        assert_eq!(
            error.to_string(),
            "pointwise weight: expected 256 weights, found 255"
        );
        assert!(Stem::new(&[0.0; 432], &[0.0; 15]).is_err());
    }
}
