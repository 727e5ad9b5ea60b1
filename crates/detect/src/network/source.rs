//! Where the rows of a chain come from: the picture through the stem, a map, or a map with a
//! coarser one added.
//!
//! This module makes a band of rows in order; what happens to them it does not know.
use super::input::NetInput;
use super::workspace::Map;
use scrim_pixels::conv::{COLOURS, Lines, STEM_CHANNELS, Span, Stem, add_doubled, stem};
use scrim_pixels::level::Level;

/// Input of a chain.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// The stem over the picture: rows of half its size.
    Picture(&'a NetInput<'a>, &'a Stem),
    /// The rows of a map.
    Map(&'a Map),
    /// The rows of a map, each with the row of the map of half its size added that lies there.
    Sum(&'a Map, &'a Map),
}

/// Memory of a source; reused.
#[derive(Debug, Default)]
pub(super) struct SourceRows {
    /// Three picture rows as floats, one a colour, by row number modulo 3; then a row of zeros.
    samples: Lines,
    /// The row just made.
    row: Lines,
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
        push: &mut dyn FnMut(usize, &[f32]),
    ) {
        match source {
            Source::Picture(input, w) => self.stem(level, input, w, rows, push),
            Source::Map(map) => rows.range().for_each(|y| push(y, map.row(y))),
            Source::Sum(fine, coarse) => {
                for y in rows.range() {
                    self.row.set_len(fine.row(y).len());
                    add_doubled(level, fine.row(y), coarse.row(y / 2), &mut self.row);
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
        push: &mut dyn FnMut(usize, &[f32]),
    ) {
        let width = input.padded().0;
        let len = width + 1;
        self.samples.set_len((PICTURE_ROWS * COLOURS + 1) * len);
        self.samples[PICTURE_ROWS * COLOURS * len..].fill(0.0);
        self.row.set_len(width / 2 * STEM_CHANNELS);
        if rows.start > 0 {
            self.read(level, input, 2 * rows.start - 1, len);
        }
        for y in rows.range() {
            self.read(level, input, 2 * y, len);
            self.read(level, input, 2 * y + 1, len);
            let taps = std::array::from_fn(|tap| {
                let (ky, colour) = (tap / COLOURS, tap % COLOURS);
                let slot = match (2 * y + ky).checked_sub(1) {
                    Some(row) => row % PICTURE_ROWS * COLOURS + colour,
                    None => PICTURE_ROWS * COLOURS,
                };
                &self.samples[slot * len..][..len]
            });
            stem(level, w, taps, &mut self.row);
            push(y, &self.row);
        }
    }

    fn read(&mut self, level: Level, input: &NetInput<'_>, y: usize, len: usize) {
        let slot = y % PICTURE_ROWS * COLOURS * len;
        let (b, rest) = self.samples[slot..].split_at_mut(len);
        let (g, rest) = rest.split_at_mut(len);
        input.samples(level, y, [b, g, &mut rest[..len]]);
    }

    /// Bytes held.
    pub(super) fn footprint(&self) -> usize {
        self.samples.footprint() + self.row.footprint()
    }
}
