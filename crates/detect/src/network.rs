//! The detector network: a picture in, candidates out.
//!
//! A small separable network (`training/net.py`) on the row kernels of `scrim-pixels`, in
//! whole numbers where it can (`training/quantise.py`), with nothing between the picture and
//! the boxes that is kept or handed out: no feature leaves this module. What the boxes are for
//! it does not know.
mod chain;
mod input;
mod layers;
mod passes;
mod source;
mod workspace;

pub use crate::anchors::{Candidate, Class};
pub use input::{InputError, LARGEST_SIDE, NetInput};
pub use workspace::Workspace;

use crate::anchors::{CELL, RawMap, cell_count, sigmoid};
use crate::card::{Card, STRIDES};
use crate::weights::{BOX_VALUES, Weights};
use layers::Layers;
use passes::Wanted;
use scrim_pixels::conv::ShapeError;
use scrim_pixels::level::Level;

/// Most threads a run uses; a call that names more gets these.
pub const MOST_THREADS: usize = 64;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// Weights that the kernels do not take.
    #[error("network: {0}")]
    Shape(#[from] ShapeError),
    /// A floor that is no score.
    #[error("network: floors are scores within 0..=1, found {floor:?}")]
    Floor {
        /// The floors given.
        floor: [f32; 2],
    },
    /// NaN or infinity in an output: nothing that the network says can be believed.
    #[error("network: an output of stride {stride} at cell {column},{row} is not finite")]
    NotFinite {
        /// Stride of the output.
        stride: usize,
        /// Column of the first such cell.
        column: usize,
        /// Row of the first such cell.
        row: usize,
    },
}

/// Boxes and scores of every cell: strides 8, 16 and 32, each row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawOutput {
    /// x0, y0, x1, y1 in input pixels.
    pub boxes: Vec<[f32; BOX_VALUES]>,
    /// Face, plate, 0..=1 each, independent of each other.
    pub scores: Vec<[f32; 2]>,
}

/// The network with its weights. Immutable: any number of threads may run it at once, each
/// call with a [`Workspace`] of its own.
pub struct Network {
    layers: Layers,
    card: Card,
    level: Level,
}

impl Network {
    /// A network at this CPU's best level.
    pub fn new(weights: Weights) -> Result<Self, NetworkError> {
        Self::at_level(weights, Level::best())
    }

    /// A network at a level of the caller's choice, lowered to what the hardware has: for
    /// tests and benches.
    pub fn at_level(weights: Weights, level: Level) -> Result<Self, NetworkError> {
        Ok(Self {
            layers: Layers::new(&weights)?,
            card: weights.card().clone(),
            level: level.here(),
        })
    }

    /// The card of the weights.
    pub const fn card(&self) -> &Card {
        &self.card
    }

    /// The level that runs.
    pub const fn level(&self) -> Level {
        self.level
    }

    /// Looks at a picture: every cell's box whose score is at least its class's `floor`
    /// (face, plate; 0..=1), not yet suppressed (see [`crate::nms`]), strides 8, 16, 32, each
    /// row by row. Boxes are in the picture's pixels and may reach beyond it.
    ///
    /// `threads` of 0 is 1. The result is the same for any number of threads. Once the
    /// workspace has seen the size, what is allocated with one thread are the candidates and
    /// lists of layers, nothing that grows with the picture.
    pub fn run(
        &self,
        picture: &NetInput<'_>,
        workspace: &mut Workspace,
        threads: usize,
        floor: [f32; 2],
    ) -> Result<Vec<Candidate>, NetworkError> {
        if !floor.iter().all(|floor| (0.0..=1.0).contains(floor)) {
            return Err(NetworkError::Floor { floor });
        }
        let mut candidates = Vec::new();
        for map in self.compute(picture, workspace, threads, Wanted::All)? {
            map.candidates(floor, &mut candidates);
        }
        Ok(candidates)
    }

    /// How sure the network is of a face and of a plate in the middle of a picture: the mean
    /// logits of the middle's cells, of all strides alike. On one thread; of the last layers only
    /// those rows are computed.
    pub(crate) fn middle(
        &self,
        picture: &NetInput<'_>,
        workspace: &mut Workspace,
    ) -> Result<[f32; 2], NetworkError> {
        let maps = self.compute(picture, workspace, 1, Wanted::Middle)?;
        let maps = maps.map(|map| map.middle());
        let strides = maps.len() as f32;
        let mean = |class: usize| maps.iter().map(|map| map[class] / strides).sum();
        Ok([mean(0), mean(1)])
    }

    /// Boxes and scores of every cell, decoded: for tests against other engines.
    pub fn raw(
        &self,
        picture: &NetInput<'_>,
        workspace: &mut Workspace,
        threads: usize,
    ) -> Result<RawOutput, NetworkError> {
        let (width, height) = picture.padded();
        let cells = cell_count(width, height);
        let mut raw = RawOutput {
            boxes: Vec::with_capacity(cells),
            scores: Vec::with_capacity(cells),
        };
        for map in self.compute(picture, workspace, threads, Wanted::All)? {
            for (at, cell) in map.cells.as_chunks::<CELL>().0.iter().enumerate() {
                raw.boxes.push(map.decode(at, cell));
                raw.scores.push([sigmoid(cell[0]), sigmoid(cell[1])]);
            }
        }
        Ok(raw)
    }

    /// The wanted rows of the raw maps of all strides, all finite.
    fn compute<'w>(
        &self,
        picture: &NetInput<'_>,
        workspace: &'w mut Workspace,
        threads: usize,
        wanted: Wanted,
    ) -> Result<[RawMap<'w>; 3], NetworkError> {
        let threads = threads.clamp(1, MOST_THREADS);
        passes::run(
            &self.layers,
            self.level,
            picture,
            workspace,
            threads,
            wanted,
        );
        let maps = workspace.maps.raw.each_ref();
        let raw: [RawMap<'w>; 3] = std::array::from_fn(|i| RawMap {
            cells: maps[i].data(),
            width: maps[i].width(),
            first_row: maps[i].rows().start,
            stride: STRIDES[i],
        });
        for map in &raw {
            if let Some((column, row)) = map.first_not_finite() {
                let stride = map.stride;
                return Err(NetworkError::NotFinite {
                    stride,
                    column,
                    row,
                });
            }
        }
        Ok(raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::{SecondWeights, Variant};
    use scrim_pixels::level::levels_here;

    #[test]
    fn the_middle_alone_is_what_it_is_in_whole_maps_at_every_level() {
        let weights = || SecondWeights::embedded(Variant::City).unwrap_or_else(|e| panic!("{e}"));
        for level in levels_here() {
            let network = Network::at_level(weights().weights, level);
            let network = network.unwrap_or_else(|e| panic!("{e}"));
            let mut workspace = Workspace::new();
            // The middle of maps of one row to 28, odd and even, in one workspace.
            for (width, height) in [
                (96, 96),
                (32, 32),
                (64, 96),
                (96, 64),
                (104, 97),
                (416, 200),
            ] {
                let plane: Vec<_> = (0..width * height)
                    .map(|at| (at * at / 7 % 251) as u8)
                    .collect();
                let input = NetInput::planar([&plane; 3], width, height, width);
                let input = input.unwrap_or_else(|e| panic!("{e}"));
                let whole = network.compute(&input, &mut workspace, 1, Wanted::All);
                let whole = whole.unwrap_or_else(|e| panic!("{e}"));
                let whole = whole.map(|map| map.middle());
                let alone = network.compute(&input, &mut workspace, 1, Wanted::Middle);
                let alone = alone.unwrap_or_else(|e| panic!("{e}"));
                let rows = alone
                    .each_ref()
                    .map(|map| map.cells.len() / CELL / map.width);
                assert!(rows.iter().all(|rows| (1..=2).contains(rows)), "{rows:?}");
                assert_eq!(
                    alone.map(|map| map.middle()),
                    whole,
                    "{width}x{height}, {level:?}"
                );
            }
        }
    }
}
