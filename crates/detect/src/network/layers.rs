//! The layers with their weights, rounded and packed for the kernels.
//!
//! Each block is told the grid of the map that it reads and of the one that it makes; which map
//! is whose follows from the order of the layers alone. This module knows names of tensors and
//! the order; it computes nothing.
use crate::anchors::CELL;
use crate::card::STRIDES;
use crate::weights::{HEAD, STAGES, Weights};
use scrim_pixels::conv::{Grid, Separable, ShapeError, Stem};

/// The layers of the network.
pub(super) struct Layers {
    pub(super) stem: Stem,
    pub(super) stem_block: Separable,
    /// The blocks of each stage.
    pub(super) stages: Vec<Vec<Separable>>,
    /// By stride: 8, 16, 32.
    pub(super) lateral: [Separable; 3],
    pub(super) shared: [Separable; 3],
    /// Score and box head of a stride in one block: they read the same rows.
    pub(super) heads: [Separable; 3],
    /// What a step of the finer and of the coarser map counts in their sum, at strides 8, 16.
    pub(super) sums: [[f32; 2]; 2],
}

impl Layers {
    pub(super) fn new(w: &Weights) -> Result<Self, ShapeError> {
        let stem = grid(w, "stem")?;
        let mut input = grid(w, "stem.sep")?;
        let stem_block = block(w, "stem.sep", stem)?;
        let (mut stages, mut taps) = (Vec::new(), Vec::new());
        for (stage, widths) in STAGES.into_iter().enumerate() {
            let mut blocks = Vec::new();
            for at in 0..widths.len() {
                let name = format!("stages.{stage}.{at}");
                blocks.push(block(w, &name, input)?);
                input = grid(w, &name)?;
            }
            stages.push(blocks);
            taps.push(input);
        }
        let fine = [taps[2], taps[3]];
        let sum = [grid(w, "sums.0")?, grid(w, "sums.1")?];
        let lateral_input = [sum[0], sum[1], taps[4]];
        let lateral = [
            grid(w, "lateral.0")?,
            grid(w, "lateral.1")?,
            grid(w, "lateral.2")?,
        ];
        let shares = |at: usize| {
            Ok([
                fine[at].share_of(sum[at])?,
                lateral[at + 1].share_of(sum[at])?,
            ])
        };
        Ok(Self {
            stem: Stem::new(
                w.tensor("stem.conv.weight"),
                w.tensor("stem.conv.bias"),
                stem,
            )?,
            stem_block,
            stages,
            lateral: each_level(|i| block(w, &format!("lateral.{i}"), lateral_input[i]))?,
            shared: each_level(|i| block(w, &format!("shared.{i}"), lateral[i]))?,
            heads: each_level(|i| head(w, i))?,
            sums: [shares(0)?, shares(1)?],
        })
    }
}

fn each_level(
    make: impl Fn(usize) -> Result<Separable, ShapeError>,
) -> Result<[Separable; STRIDES.len()], ShapeError> {
    Ok([make(0)?, make(1)?, make(2)?])
}

/// The grid of the map that a layer makes.
fn grid(w: &Weights, name: &str) -> Result<Grid, ShapeError> {
    let range = w.tensor(&format!("{name}.range"));
    Grid::new(range.first().copied().unwrap_or(f32::NAN))
}

/// A block with ReLU; its channels follow from the lengths of its tensors.
fn block(w: &Weights, name: &str, input: Grid) -> Result<Separable, ShapeError> {
    let tensor = |part: &str| w.tensor(&format!("{name}.{part}"));
    let (point, bias) = (tensor("point.weight"), tensor("point.bias"));
    let cout = bias.len();
    let cin = point.len() / cout.max(1);
    let depth = (tensor("depth.weight"), tensor("depth.bias"));
    let output = grid(w, name)?;
    Separable::new((cin, cout), (point, bias), depth, input, Some(output))
}

/// Score and box head of a level behind each other, filled up with zeros to a vector.
fn head(w: &Weights, level: usize) -> Result<Separable, ShapeError> {
    let joined = |part: &str, per_channel: usize| {
        let mut values = Vec::with_capacity(CELL * per_channel);
        for head in ["score", "box"] {
            values.extend_from_slice(w.tensor(&format!("{head}.{level}.{part}")));
        }
        values.resize(CELL * per_channel, 0.0);
        values
    };
    Separable::new(
        (HEAD, CELL),
        (&joined("point.weight", HEAD), &joined("point.bias", 1)),
        (&joined("depth.weight", 9), &joined("depth.bias", 1)),
        grid(w, &format!("shared.{level}"))?,
        None,
    )
}
