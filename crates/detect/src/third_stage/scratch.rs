//! The memory that a run of the third stage's network works in.

use super::weights::LATERALS;
use scrim_pixels::conv::Lines;

/// A square map: pixels of `channels` floats, row by row.
#[derive(Debug, Default)]
pub(super) struct Map {
    pub(super) data: Lines,
    pub(super) side: usize,
    pub(super) channels: usize,
}

impl Map {
    pub fn set_size(&mut self, side: usize, channels: usize) {
        (self.side, self.channels) = (side, channels);
        self.data.set_len(side * side * channels);
    }

    pub fn row(&self, y: usize) -> &[f32] {
        let len = self.side * self.channels;
        &self.data[y * len..][..len]
    }

    pub fn row_mut(&mut self, y: usize) -> &mut [f32] {
        let len = self.side * self.channels;
        &mut self.data[y * len..][..len]
    }
}

/// The memory of a run; reused from patch to patch, wiped when it goes.
#[derive(Debug, Default)]
pub struct ThirdScratch {
    /// What the next layer reads, and what it makes.
    pub(super) maps: [Map; 2],
    /// Maps that the way up reads, from coarse to fine.
    pub(super) taps: [Map; LATERALS.len()],
    /// The way up, and the finer map that it is added to.
    pub(super) neck: [Map; 2],
    /// Three padded rows of a block, by row number modulo 3, then one of zeros; or all of them; or rows
    /// of the patch.
    pub(super) ring: Lines,
    /// A row behind the depthwise layer, or pixels gathered for a layer over several.
    pub(super) row: Lines,
    /// A row or map before it is added or put in its place.
    pub(super) sum: Lines,
    /// What a dense layer reads.
    pub(super) bits: Lines<u16>,
}

impl ThirdScratch {
    /// Bytes held.
    #[must_use]
    pub fn footprint(&self) -> usize {
        let maps = self.maps.iter().chain(&self.taps).chain(&self.neck);
        let maps = maps.map(|map| map.data.footprint()).sum::<usize>();
        let rows = [&self.ring, &self.row, &self.sum].map(Lines::footprint);
        maps + rows.iter().sum::<usize>() + self.bits.footprint()
    }
}
