//! Weights of the layers over bfloat16, which are rounded to it here and nowhere else.

use super::super::bfloat::nearest;
use super::super::lines::Lines;
use super::shape::{ShapeError, bounded, expect};

/// Outputs of a [`Dense`] come in groups of so many: a vector of the narrowest level.
pub const DENSE_GROUP: usize = 8;

/// Outputs of a [`Dense`] that tiles make at once: three, two and one vector of 16 and of 8.
const DENSE_PANELS: [usize; 5] = [48, 32, 24, 16, DENSE_GROUP];

/// A 1x1 convolution over bfloat16, for networks that see little and may cost more: an even number of
/// inputs, eight outputs or a multiple.
#[derive(Debug)]
pub struct Dense {
    pub(in super::super) cin: usize,
    pub(in super::super) cout: usize,
    /// Outputs whose weights lie together: one of [`DENSE_PANELS`], and a divisor of `cout`.
    pub(in super::super) panel: usize,
    /// `[cout / panel][cin / 2][panel][2]`, bfloat16: what a tile reads lies in one run.
    pub(in super::super) weight: Lines<u16>,
    pub(in super::super) bias: Lines,
    /// What no output lies below: 0 with ReLU, else negative infinity.
    pub(in super::super) least: f32,
}

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
