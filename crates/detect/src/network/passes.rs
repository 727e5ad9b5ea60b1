//! The network as eight chains over whole maps, and how a chain is shared among threads.
//!
//! The order is the training code's (`training/net.py`): the backbone from fine to coarse,
//! then neck and heads from coarse to fine. This module knows which layers follow which; what
//! a layer computes it does not know.
use super::chain::{self, Band, Step, Target};
use super::input::NetInput;
use super::layers::Layers;
use super::source::Source;
use super::workspace::{Lane, Map, Maps, Workspace};
use crate::anchors::{CELL, middle};
use crate::weights::{BACKBONE, DOWN, width};
use scrim_pixels::conv::{Number, STEM_CHANNELS, Separable, Span};
use scrim_pixels::level::Level;
use std::ops::Range;

/// Which rows of the raw maps are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of them.
    All,
    /// The one or two in the middle of each map. Other rows of the last layers are computed as far
    /// as these need them.
    Middle,
}

impl Wanted {
    /// Of a map of so many rows.
    fn of(self, size: usize) -> Span {
        let Range { start, end } = match self {
            Self::All => 0..size,
            Self::Middle => middle(size),
        };
        Span { start, end, size }
    }
}

/// Computes the wanted rows of the raw maps of all strides into `workspace.maps.raw`.
pub(super) fn run(
    layers: &Layers,
    level: Level,
    input: &NetInput<'_>,
    workspace: &mut Workspace,
    threads: usize,
    wanted: Wanted,
) {
    use Step::{Block, Head, Pool};
    let Layers {
        stem,
        stem_block,
        stages,
        lateral,
        shared,
        heads,
        sums,
    } = layers;
    let Workspace { maps, lanes, .. } = workspace;
    lanes.resize_with(threads.max(lanes.len()), Lane::default);
    let lanes = &mut lanes[..threads];
    set_sizes(maps, input.padded(), wanted);
    let Maps {
        pooled8,
        stage8,
        stage16,
        neck16,
        neck32,
        raw: [raw8, raw16, raw32],
    } = maps;

    let mut steps = vec![Block(stem_block), Pool(STEM_CHANNELS)];
    steps.extend(blocks(&stages[0]).chain(blocks(&stages[1])));
    steps.push(Pool(POOLED));
    run_pass(level, Source::Picture(input, stem), &steps, pooled8, lanes);
    let steps: Vec<_> = blocks(&stages[2]).collect();
    run_pass(level, Source::Map(pooled8), &steps, stage8, lanes);
    let steps: Vec<_> = [Pool(BACKBONE[0])]
        .into_iter()
        .chain(blocks(&stages[3]))
        .collect();
    run_pass(level, Source::Map(stage8), &steps, stage16, lanes);
    let mut steps = vec![Pool(BACKBONE[1])];
    steps.extend(blocks(&stages[4]));
    steps.push(Block(&lateral[2]));
    run_pass(level, Source::Map(stage16), &steps, neck32, lanes);

    let ends = |at: usize| [Block(&shared[at]), Head(&heads[at])];
    run_pass(level, Source::Map(neck32), &ends(2), raw32, lanes);
    let sum = Source::Sum(stage16, neck32, sums[1]);
    run_pass(level, sum, &[Block(&lateral[1])], neck16, lanes);
    run_pass(level, Source::Map(neck16), &ends(1), raw16, lanes);
    let [a, b] = ends(0);
    let sum = Source::Sum(stage8, neck16, sums[0]);
    run_pass(level, sum, &[Block(&lateral[0]), a, b], raw8, lanes);
}

/// Channels that the fine stages leave to stride 8.
const POOLED: usize = width(1);

fn blocks(stage: &[Separable]) -> impl Iterator<Item = Step<'_>> {
    stage.iter().map(Step::Block)
}

fn set_sizes(maps: &mut Maps, (across, down): (usize, usize), wanted: Wanted) {
    let size = |map: &mut Map, stride: usize, channels: usize| {
        map.set_size(across / stride, Wanted::All.of(down / stride), channels);
    };
    size(&mut maps.pooled8, 8, POOLED);
    size(&mut maps.stage8, 8, BACKBONE[0]);
    size(&mut maps.stage16, 16, BACKBONE[1]);
    size(&mut maps.neck16, 16, DOWN[1]);
    size(&mut maps.neck32, 32, DOWN[2]);
    for (map, stride) in maps.raw.iter_mut().zip(crate::card::STRIDES) {
        map.set_size(across / stride, wanted.of(down / stride), CELL);
    }
}

/// Multiply-adds that a thread must find to do, some 0.2 ms of work: below, starting it and
/// waiting for it costs more than it brings.
const GRAIN: usize = 10_000_000;

/// A kind of number that a chain can end in.
trait Kind: Number {
    fn band(data: &mut [Self]) -> Band<'_>;
}

impl Kind for u8 {
    fn band(data: &mut [Self]) -> Band<'_> {
        Band::Steps(data)
    }
}

impl Kind for f32 {
    fn band(data: &mut [Self]) -> Band<'_> {
        Band::Floats(data)
    }
}

/// Runs a chain over all rows of `out`, a band of them a thread. Rows that two bands need are
/// computed twice, so that the threads never wait for each other; each output is the same sum
/// in the same order whatever the bands are.
fn run_pass<T: Kind>(
    level: Level,
    source: Source<'_>,
    steps: &[Step<'_>],
    out: &mut Map<T>,
    lanes: &mut [Lane],
) {
    let (width, whole, channels) = (out.width(), out.rows(), out.channels());
    let count = whole.range().len();
    let work = chain::work(steps) * width * count;
    let bands = lanes.len().min(work / GRAIN).clamp(1, count);
    let rows = count.div_ceil(bands);
    let targets = out
        .data_mut()
        .chunks_mut(rows * width * channels)
        .enumerate();
    let mut work = targets.zip(lanes).map(|((index, data), lane)| {
        let start = whole.start + index * rows;
        let rows = Span {
            start,
            end: (start + rows).min(whole.end),
            ..whole
        };
        (
            Target {
                data: T::band(data),
                rows,
                width,
                channels,
            },
            lane,
        )
    });
    if bands == 1 {
        // Not in a scope, which allocates.
        return work.for_each(|(target, lane)| run_band(level, source, steps, target, lane));
    }
    std::thread::scope(|scope| {
        let own = work.next();
        for (target, lane) in work {
            scope.spawn(move || run_band(level, source, steps, target, lane));
        }
        if let Some((target, lane)) = own {
            run_band(level, source, steps, target, lane);
        }
    });
}

fn run_band(
    level: Level,
    source: Source<'_>,
    steps: &[Step<'_>],
    mut target: Target<'_>,
    Lane {
        source: rows,
        stages,
    }: &mut Lane,
) {
    let needed = stages.begin(steps, target.width, target.rows);
    rows.run(level, source, needed, &mut |y, row| {
        stages.feed(level, steps, y, row, &mut target);
    });
}
