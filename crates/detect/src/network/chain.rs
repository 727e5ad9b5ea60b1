//! Layers behind each other, run row by row.
//!
//! A row that a layer has finished goes on into the next one at once, so that a chain of any
//! length keeps a few rows a layer and no map between two layers is ever stored. A chain can
//! compute any band of rows of its output; what it needs of its input follows from that.
//! This module knows rows; where they come from and go to it does not know.
use scrim_pixels::conv::{Lines, Rolling, Separable, Span, TAPS, pool_begin, pool_end};
use scrim_pixels::level::Level;
use std::ops::Range;

/// One layer of a chain.
#[derive(Clone, Copy)]
pub(super) enum Step<'n> {
    /// A separable block that ends in whole numbers.
    Block(&'n Separable),
    /// A separable block that ends in floats: the last of its chain.
    Head(&'n Separable),
    /// A 2x2 max pool of that many channels.
    Pool(usize),
}

/// Multiply-adds of a chain for each pixel of its output.
pub(super) fn work(steps: &[Step<'_>]) -> usize {
    let (mut sum, mut area) = (0, 1);
    for step in steps.iter().rev() {
        match step {
            Step::Block(w) | Step::Head(w) => sum += area * w.cout() * (w.cin() + TAPS),
            Step::Pool(_) => area *= 4,
        }
    }
    sum
}

/// Where the rows of a chain go: a band of a map.
pub(super) struct Target<'a> {
    /// The numbers of those rows.
    pub(super) data: Band<'a>,
    pub(super) rows: Span,
    /// Pixels a row.
    pub(super) width: usize,
    /// Numbers a pixel.
    pub(super) channels: usize,
}

/// The numbers of a band, of the kind that its chain's last layer makes.
pub(super) enum Band<'a> {
    Steps(&'a mut [u8]),
    Floats(&'a mut [f32]),
}

impl Target<'_> {
    /// Where row `y` lies in the band.
    fn row(&self, y: usize) -> Range<usize> {
        let len = self.width * self.channels;
        let start = (y - self.rows.start) * len;
        start..start + len
    }

    fn steps(&mut self, y: usize) -> &mut [u8] {
        let row = self.row(y);
        match &mut self.data {
            Band::Steps(data) => &mut data[row],
            Band::Floats(_) => unreachable!("a chain that ends in a block goes to steps"),
        }
    }

    fn floats(&mut self, y: usize) -> &mut [f32] {
        let row = self.row(y);
        match &mut self.data {
            Band::Floats(data) => &mut data[row],
            Band::Steps(_) => unreachable!("a chain that ends in a head goes to floats"),
        }
    }
}

/// What one layer keeps while a chain runs.
#[derive(Debug, Default)]
struct Stage {
    rolling: Rolling,
    /// The row just finished.
    row: Lines<u8>,
}

/// What the layers of a chain keep; reused from chain to chain.
#[derive(Debug, Default)]
pub(super) struct Stages(Vec<Stage>);

impl Stages {
    /// Prepares for the output `rows` of a chain, `width` pixels each, and tells which rows of
    /// its input it will need.
    pub(super) fn begin(&mut self, steps: &[Step<'_>], mut width: usize, mut rows: Span) -> Span {
        while self.0.len() < steps.len() {
            self.0.push(Stage::default());
        }
        for (step, stage) in steps.iter().zip(&mut self.0).rev() {
            match step {
                Step::Block(w) | Step::Head(w) => {
                    stage.rolling.begin(width, rows, w);
                    stage.row.set_len(width * w.cout());
                    rows = rows.grown();
                }
                Step::Pool(channels) => {
                    stage.row.set_len(width * channels);
                    (width, rows) = (2 * width, rows.doubled());
                }
            }
        }
        rows
    }

    /// Takes row `y` of the input; rows come in order. Each output row that is finished
    /// by it is written to `target`.
    pub(super) fn feed(
        &mut self,
        level: Level,
        steps: &[Step<'_>],
        y: usize,
        row: &[u8],
        target: &mut Target<'_>,
    ) {
        feed(level, steps, &mut self.0, y, row, target);
    }

    /// Bytes held.
    pub(super) fn footprint(&self) -> usize {
        let bytes = |stage: &Stage| stage.rolling.footprint() + stage.row.footprint();
        self.0.iter().map(bytes).sum()
    }
}

fn feed(
    level: Level,
    steps: &[Step<'_>],
    stages: &mut [Stage],
    y: usize,
    row: &[u8],
    target: &mut Target<'_>,
) {
    let (Some((step, steps)), Some((stage, stages))) =
        (steps.split_first(), stages.split_first_mut())
    else {
        return;
    };
    let Stage {
        rolling,
        row: between,
    } = stage;
    match step {
        Step::Block(w) => {
            rolling.push(level, w, y, row);
            for y in rolling.ready(y) {
                let out = if steps.is_empty() {
                    target.steps(y)
                } else {
                    &mut between[..]
                };
                rolling.emit_steps(level, w, y, out);
                feed(level, steps, stages, y, between, target);
            }
        }
        Step::Head(w) => {
            rolling.push(level, w, y, row);
            for y in rolling.ready(y) {
                rolling.emit_floats(level, w, y, target.floats(y));
            }
        }
        Step::Pool(channels) => {
            let out = if steps.is_empty() {
                target.steps(y / 2)
            } else {
                &mut between[..]
            };
            if y.is_multiple_of(2) {
                pool_begin(level, *channels, row, out);
            } else {
                pool_end(level, *channels, row, out);
                feed(level, steps, stages, y / 2, between, target);
            }
        }
    }
}
