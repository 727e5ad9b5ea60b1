//! Where the rows of a chain come from: the picture through the stem, a map, or a map with a
//! coarser one added.
//!
//! This module makes a band of rows in order; what happens to them it does not know.
use super::input::NetInput;
use super::workspace::Map;
use scrim_pixels::conv::{Lines, QUAD, STEM_CHANNELS, Span, Stem, add_doubled, stem};
use scrim_pixels::level::Level;

/// Input of a chain.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// The stem over the picture: rows of half its size.
    Picture(&'a NetInput<'a>, &'a Stem),
    /// The rows of a map.
    Map(&'a Map),
    /// The rows of a map, each with the row of the map of half its size added that lies there;
    /// what a step of either counts in the sum.
    Sum(&'a Map, &'a Map, [f32; 2]),
}

/// Memory of a source; reused.
#[derive(Debug, Default)]
pub(super) struct SourceRows {
    /// Three picture rows by row number modulo 3, then a row of zeros; each begins with a pixel
    /// of zeros.
    pixels: Lines<u8>,
    /// The row just made.
    row: Lines<u8>,
}

/// Picture rows that one stem row reads.
const PICTURE_ROWS: usize = 3;

impl SourceRows {
    /// Makes `rows` in order and hands each to `push` with its number.
    pub(super) fn run(
        &mut self,
        level: Level,
        source: Source<'_>,
        rows: Span,
        push: &mut dyn FnMut(usize, &[u8]),
    ) {
        match source {
            Source::Picture(input, w) => self.stem(level, input, w, rows, push),
            Source::Map(map) => rows.range().for_each(|y| push(y, map.row(y))),
            Source::Sum(fine, coarse, factors) => {
                for y in rows.range() {
                    self.row.set_len(fine.row(y).len());
                    let both = [fine.row(y), coarse.row(y / 2)];
                    add_doubled(level, fine.channels(), both, factors, &mut self.row);
                    push(y, &self.row);
                }
            }
        }
    }

    /// Stem row `y` reads the picture's rows `2 * y - 1` to `2 * y + 1`. Two of them are new,
    /// the first is the last one of the row before.
    fn stem(
        &mut self,
        level: Level,
        input: &NetInput<'_>,
        w: &Stem,
        rows: Span,
        push: &mut dyn FnMut(usize, &[u8]),
    ) {
        let width = input.padded().0;
        let len = (width + 1) * QUAD;
        self.pixels.set_len((PICTURE_ROWS + 1) * len);
        self.pixels[PICTURE_ROWS * len..].fill(0);
        self.row.set_len(width / 2 * STEM_CHANNELS);
        if rows.start > 0 {
            self.read(level, input, 2 * rows.start - 1, len);
        }
        for y in rows.range() {
            self.read(level, input, 2 * y, len);
            self.read(level, input, 2 * y + 1, len);
            let taps = std::array::from_fn(|ky| {
                let above = (2 * y + ky).checked_sub(1);
                let slot = above.map_or(PICTURE_ROWS, |row| row % PICTURE_ROWS);
                &self.pixels[slot * len..][..len]
            });
            stem(level, w, taps, &mut self.row);
            push(y, &self.row);
        }
    }

    fn read(&mut self, level: Level, input: &NetInput<'_>, y: usize, len: usize) {
        let slot = y % PICTURE_ROWS * len;
        input.pixels(level, y, &mut self.pixels[slot..][..len]);
    }

    /// Bytes held.
    pub(super) fn footprint(&self) -> usize {
        self.pixels.footprint() + self.row.footprint()
    }
}
