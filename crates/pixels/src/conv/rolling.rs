//! A separable block over rows that come one after another.
//!
//! The pointwise output lives in a ring of three rows, never as a whole map: what one row
//! needs stays in the cache. Strips of columns, narrow enough for the ring to stay in L2, were
//! tried and lost more by the columns computed twice than they won.
use super::lines::Lines;
use super::weights::Separable;
use super::{depthwise_floats, depthwise_steps, pointwise};
use crate::level::Level;
use std::ops::Range;

/// Rows in the ring: the height of the depthwise kernel.
const RING: usize = 3;

/// The rows `start..end` of a map of `size` rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// First.
    pub start: usize,
    /// One behind the last.
    pub end: usize,
    /// Rows of the whole map.
    pub size: usize,
}

impl Span {
    /// What a 3x3 kernel reads to compute these: one more on either side, if the map has it.
    #[must_use]
    pub fn grown(self) -> Self {
        Self {
            start: self.start.saturating_sub(1),
            end: (self.end + 1).min(self.size),
            size: self.size,
        }
    }

    /// The same rows on a map of twice the height.
    #[must_use]
    pub const fn doubled(self) -> Self {
        Self {
            start: 2 * self.start,
            end: 2 * self.end,
            size: 2 * self.size,
        }
    }

    /// The row numbers, in order.
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// The state of one separable block over a band of its map's rows.
///
/// ```
/// # use scrim_pixels::{conv::{Grid, Rolling, Separable, Span}, level::Level};
/// # let grid = Grid::new(1.27).unwrap();
/// # let weights = ((&[0.0; 256][..], &[0.5; 16][..]), (&[0.1; 144][..], &[0.0; 16][..]));
/// # let w = Separable::new((16, 16), weights.0, weights.1, grid, Some(grid));
/// # let (w, level, width, row, mut out) = (w.unwrap(), Level::best(), 5, [1; 80], [0; 80]);
/// let band = Span { start: 2, end: 4, size: 9 };
/// let mut rolling = Rolling::default();
/// rolling.begin(width, band, &w);
/// for y in band.grown().range() {
///     rolling.push(level, &w, y, &row); // row y of the input
///     for y in rolling.ready(y) {
///         rolling.emit_steps(level, &w, y, &mut out); // row y of the output: 2, then 3
///     }
/// }
/// # assert!(out[0] == 30 && out[16] == 45);
/// ```
#[derive(Debug, Default)]
pub struct Rolling {
    /// Three rows with a pixel of zeros at either end, then one row of zeros.
    ring: Lines,
    width: usize,
    rows: Span,
    channels: usize,
}

impl Rolling {
    /// Prepares for the output `rows` of a map `width` pixels wide.
    pub fn begin(&mut self, width: usize, rows: Span, w: &Separable) {
        (self.width, self.rows, self.channels) = (width, rows, w.cout());
        let row = self.row_len();
        self.ring.set_len((RING + 1) * row);
        // Only the pads and the row outside the picture need to be zeros: no push writes there.
        let channels = self.channels;
        for row in self.ring.chunks_exact_mut(row).take(RING) {
            row[..channels].fill(0.0);
            let end = row.len() - channels;
            row[end..].fill(0.0);
        }
        self.ring[RING * row..].fill(0.0);
    }

    /// Takes the input row `y`. Rows come in order, beginning with the first of the grown band.
    pub fn push(&mut self, level: Level, w: &Separable, y: usize, input: &[u8]) {
        let (row, channels) = (self.row_len(), self.channels);
        let slot = &mut self.ring[y % RING * row..][..row];
        pointwise(level, &w.point, input, &mut slot[channels..row - channels]);
    }

    /// The output rows that the arrival of input row `y` makes possible: none or one, and two
    /// at the foot of the map.
    pub fn ready(&self, y: usize) -> Range<usize> {
        let foot = y + 1 == self.rows.size;
        let start = y.saturating_sub(1).max(self.rows.start);
        let end = (if foot { y + 1 } else { y }).min(self.rows.end);
        start..end.max(start)
    }

    /// Computes output row `y`, one that [`Self::ready`] named, of a block with an output grid.
    pub fn emit_steps(&self, level: Level, w: &Separable, y: usize, output: &mut [u8]) {
        depthwise_steps(level, &w.depth, self.around(y), output);
    }

    /// Computes output row `y`, one that [`Self::ready`] named, of a block without one.
    pub fn emit_floats(&self, level: Level, w: &Separable, y: usize, output: &mut [f32]) {
        depthwise_floats(level, &w.depth, self.around(y), output);
    }

    /// The rows above, at and below `y`.
    fn around(&self, y: usize) -> [&[f32]; 3] {
        let row = self.row_len();
        let slot = |slot: usize| &self.ring[slot * row..][..row];
        let above = if y == 0 { RING } else { (y - 1) % RING };
        let below = if y + 1 == self.rows.size {
            RING
        } else {
            (y + 1) % RING
        };
        [slot(above), slot(y % RING), slot(below)]
    }

    /// Bytes held.
    pub fn footprint(&self) -> usize {
        self.ring.footprint()
    }

    /// Floats of a ring row: the map's and a pad at either end.
    const fn row_len(&self) -> usize {
        (self.width + 2) * self.channels
    }
}
