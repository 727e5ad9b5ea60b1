//! Raw outputs of the cells to boxes and scores.
//!
//! Cell (column j, row i) of stride s predicts around the point (j*s, i*s), as the training
//! code decodes it (`training/net.py`, `decode`): centre = point + offset * s, size = exp(d) * s.
//! This module knows one cell; it knows neither layers nor threads.
use crate::card::{CLASSES, STRIDES};
use std::ops::Range;

/// What a box holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A face.
    Face,
    /// A licence plate.
    Plate,
}

impl Class {
    /// Both, in the order of the scores.
    pub const ALL: [Self; CLASSES.len()] = [Self::Face, Self::Plate];

    /// Place among the scores.
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// A box that the network is somewhat sure of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// What it holds.
    pub class: Class,
    /// How sure, 0..=1.
    pub score: f32,
    /// Left edge in pixels of the network's input. Edges are finite and may lie outside of it.
    pub x0: f32,
    /// Upper edge.
    pub y0: f32,
    /// Right edge, beyond the left one.
    pub x1: f32,
    /// Lower edge, beyond the upper one.
    pub y1: f32,
}

/// Floats a cell in the raw maps: two logits, four box values, two of padding to a vector.
pub(crate) const CELL: usize = 8;

/// Logarithms of a size beyond these are cut: 6 is 403 strides, more than any picture holds.
const SIZE_LIMIT: f32 = 6.0;

/// A raw map of one stride, or a band of its rows: `width` cells a row of [`CELL`] floats.
pub(crate) struct RawMap<'a> {
    pub(crate) cells: &'a [f32],
    pub(crate) width: usize,
    /// Number of the first row of the cells that are there.
    pub(crate) first_row: usize,
    pub(crate) stride: usize,
}

impl RawMap<'_> {
    /// First cell (column, row) with an output that is not finite.
    pub(crate) fn first_not_finite(&self) -> Option<(usize, usize)> {
        let cells = self.cells.as_chunks::<CELL>().0;
        // Zero times anything finite is zero: one vector sum tells for the whole map.
        let mut sums = [0.0; CELL];
        for cell in cells {
            for (sum, value) in sums.iter_mut().zip(cell) {
                *sum += value * 0.0;
            }
        }
        if sums.iter().all(|sum| *sum == 0.0) {
            return None;
        }
        let at = cells
            .iter()
            .position(|cell| cell.iter().any(|value| !value.is_finite()))?;
        Some((at % self.width, self.first_row + at / self.width))
    }

    /// Appends the candidates with a score of at least their class's `floor`.
    pub(crate) fn candidates(&self, floor: [f32; 2], out: &mut Vec<Candidate>) {
        // Most cells are far below: comparing logits spares them the exponential. The slack
        // is wider than the rounding of the two conversions; the score itself decides.
        const SLACK: f32 = 1e-3;
        let logits = floor.map(|floor| logit(floor) - SLACK);
        for (at, cell) in self.cells.as_chunks::<CELL>().0.iter().enumerate() {
            for class in Class::ALL {
                let k = class.index();
                if cell[k] < logits[k] {
                    continue;
                }
                let score = sigmoid(cell[k]);
                if score >= floor[k] {
                    let [x0, y0, x1, y1] = self.decode(at, cell);
                    out.push(Candidate {
                        class,
                        score,
                        x0,
                        y0,
                        x1,
                        y1,
                    });
                }
            }
        }
    }

    /// Mean logits (face, plate) of the one, two or four cells in the middle of a map, or of a band
    /// around it, that has any. Of finite logits it is finite.
    pub(crate) fn middle(&self) -> [f32; 2] {
        let cells = self.cells.as_chunks::<CELL>().0;
        let (rows, columns) = (middle(cells.len() / self.width), middle(self.width));
        let count = (rows.len() * columns.len()) as f32;
        let mut mean = [0.0; 2];
        for row in rows {
            for column in columns.clone() {
                let cell = &cells[row * self.width + column];
                for (mean, logit) in mean.iter_mut().zip(cell) {
                    *mean += logit / count;
                }
            }
        }
        mean
    }

    /// Box of the cell at index `at`: x0, y0, x1, y1 in input pixels.
    pub(crate) fn decode(&self, at: usize, cell: &[f32; CELL]) -> [f32; 4] {
        let stride = self.stride as f32;
        let (column, row) = (at % self.width, self.first_row + at / self.width);
        let centre = |cell: usize, offset: f32| cell as f32 * stride + offset * stride;
        let half = |size: f32| size.clamp(-SIZE_LIMIT, SIZE_LIMIT).exp() * stride / 2.0;
        let (x, y) = (centre(column, cell[2]), centre(row, cell[3]));
        let (w, h) = (half(cell[4]), half(cell[5]));
        [x - w, y - h, x + w, y + h]
    }
}

/// Of so many in a row, the one or two in the middle.
pub(crate) fn middle(size: usize) -> Range<usize> {
    size.saturating_sub(1) / 2..size / 2 + 1
}

/// Cells of all strides in an input of `width` x `height` pixels, both multiples of 32.
pub(crate) fn cell_count(width: usize, height: usize) -> usize {
    STRIDES
        .iter()
        .map(|stride| (width / stride) * (height / stride))
        .sum()
}

/// 1 / (1 + e^-x).
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// The inverse of [`sigmoid`], -infinity at 0. At 1 it is the last point at which a float's
/// sigmoid is still below 1.
pub(crate) fn logit(p: f32) -> f32 {
    const NEXT_TO_CERTAIN: f32 = 16.0;
    (p / (1.0 - p)).ln().min(NEXT_TO_CERTAIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(cells: &[f32]) -> RawMap<'_> {
        RawMap {
            cells,
            width: 2,
            first_row: 0,
            stride: 16,
        }
    }

    #[test]
    fn a_cell_is_decoded_around_its_point() {
        let mut cells = [0.0; 4 * CELL];
        // The cell in column 1 of row 1: a quarter stride to the right, twice as wide as high.
        cells[3 * CELL..][..6].copy_from_slice(&[0.0, 0.0, 0.25, -0.5, 2f32.ln(), 0.0]);
        let mut found = Vec::new();
        map(&cells).candidates([0.5, 0.6], &mut found);
        let expected = [Class::Face; 4];
        assert_eq!(found.iter().map(|c| c.class).collect::<Vec<_>>(), expected);
        let last = found[3];
        assert_eq!((last.score, last.x0, last.y0), (0.5, 4.0, 0.0));
        assert!((last.x1 - 36.0).abs() < 1e-4 && (last.y1 - 16.0).abs() < 1e-4);
    }

    #[test]
    fn a_floor_of_zero_gives_every_cell_and_a_floor_of_one_only_certainty() {
        let cells = [-60.0, 200.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let mut found = Vec::new();
        map(&cells).candidates([0.0, 1.0], &mut found);
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn an_absurd_size_is_cut_and_stays_finite() {
        let cells = [9.0, -9.0, 0.0, 0.0, 1e30, -1e30, 0.0, 0.0];
        let mut found = Vec::new();
        map(&cells).candidates([0.5, 0.5], &mut found);
        assert!(found[0].x1 - found[0].x0 < 16.0 * 404.0 && found[0].y1 > found[0].y0);
    }

    #[test]
    fn the_middle_of_a_map_is_its_one_two_or_four_cells() {
        // (width, height), and the cells in the middle.
        let maps: [((usize, usize), &[usize]); 4] = [
            ((1, 1), &[0]),
            ((3, 3), &[4]),
            ((4, 4), &[5, 6, 9, 10]),
            ((2, 3), &[2, 3]),
        ];
        for ((width, height), middle) in maps {
            let mut cells = vec![100.0; width * height * CELL];
            for (at, cell) in middle.iter().enumerate() {
                cells[cell * CELL] = 2.0 * at as f32;
                cells[cell * CELL + 1] = -1.0;
            }
            let map = RawMap {
                cells: &cells,
                width,
                first_row: 0,
                stride: 8,
            };
            assert_eq!(map.middle(), [middle.len() as f32 - 1.0, -1.0]);
        }
    }

    #[test]
    fn the_middle_of_the_largest_logits_is_a_number() {
        assert_eq!(map(&[f32::MAX; 4 * CELL]).middle(), [f32::MAX; 2]);
    }

    #[test]
    fn in_a_band_of_rows_a_cell_is_where_it_is_in_the_whole_map() {
        let mut cells = [0.0; 4 * CELL];
        fn band(cells: &[f32]) -> RawMap<'_> {
            RawMap {
                first_row: 5,
                ..map(cells)
            }
        }
        let at = |map: &RawMap<'_>| map.decode(3, &[0.0; CELL]);
        let [whole, lower] = [map(&cells), band(&cells)].map(|map| at(&map));
        let down = 5.0 * 16.0;
        assert_eq!(
            lower,
            [whole[0], whole[1] + down, whole[2], whole[3] + down]
        );
        cells[3 * CELL] = f32::NAN;
        assert_eq!(band(&cells).first_not_finite(), Some((1, 6)));
    }

    #[test]
    fn one_value_that_is_not_finite_is_found_wherever_it_stands() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for at in 0..4 * CELL {
                let mut cells = [3.0; 4 * CELL];
                assert_eq!(map(&cells).first_not_finite(), None);
                cells[at] = bad;
                let cell = at / CELL;
                assert_eq!(map(&cells).first_not_finite(), Some((cell % 2, cell / 2)));
            }
        }
    }
}
