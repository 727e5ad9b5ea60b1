//! The network as eight chains over whole maps, and how a chain is shared among threads.
//!
//! The order is the training code's (`training/net.py`): the backbone from fine to coarse,
//! then neck and heads from coarse to fine. This module knows which layers follow which; what
//! a layer computes it does not know.
use super::Layers;
use super::chain::{self, Step, Target};
use super::input::NetInput;
use super::source::Source;
use super::workspace::{Lane, Map, Maps, Workspace};
use crate::anchors::CELL;
use crate::weights::{NARROW, WIDE};
use scrim_pixels::conv::Span;
use scrim_pixels::level::Level;

/// Computes the raw maps of all strides into `workspace.maps.raw`.
pub(super) fn run(
    layers: &Layers,
    level: Level,
    input: &NetInput<'_>,
    workspace: &mut Workspace,
    threads: usize,
) {
    use Step::{Block, Pool};
    let Layers {
        stem,
        stem_block,
        stages,
        lateral,
        shared,
        heads,
    } = layers;
    let Workspace { maps, lanes } = workspace;
    lanes.resize_with(threads.max(lanes.len()), Lane::default);
    let mut pass = |source: Source<'_>, steps: &[Step<'_>], out: &mut Map| {
        run_pass(level, source, steps, out, &mut lanes[..threads]);
    };
    set_sizes(maps, input.padded());
    let Maps {
        pooled8,
        stage8,
        stage16,
        neck16,
        neck32,
        raw: [raw8, raw16, raw32],
    } = maps;

    let backbone = [
        Block(stem_block),
        Pool(NARROW),
        Block(&stages[0][0]),
        Block(&stages[0][1]),
        Block(&stages[1][0]),
        Block(&stages[1][1]),
        Pool(WIDE),
    ];
    pass(Source::Picture(input, stem), &backbone, pooled8);
    pass(
        Source::Map(pooled8),
        &stages[2].each_ref().map(Block),
        stage8,
    );
    let [a, b] = stages[3].each_ref().map(Block);
    pass(Source::Map(stage8), &[Pool(WIDE), a, b], stage16);
    let [a, b] = stages[4].each_ref().map(Block);
    pass(
        Source::Map(stage16),
        &[Pool(WIDE), a, b, Block(&lateral[2])],
        neck32,
    );

    pass(
        Source::Map(neck32),
        &[Block(&shared[2]), Block(&heads[2])],
        raw32,
    );
    pass(Source::Sum(stage16, neck32), &[Block(&lateral[1])], neck16);
    pass(
        Source::Map(neck16),
        &[Block(&shared[1]), Block(&heads[1])],
        raw16,
    );
    let last = [&lateral[0], &shared[0], &heads[0]].map(Block);
    pass(Source::Sum(stage8, neck16), &last, raw8);
}

fn set_sizes(maps: &mut Maps, (width, height): (usize, usize)) {
    let size = |map: &mut Map, stride: usize, channels: usize| {
        map.set_size(width / stride, height / stride, channels);
    };
    size(&mut maps.pooled8, 8, WIDE);
    size(&mut maps.stage8, 8, WIDE);
    size(&mut maps.stage16, 16, WIDE);
    size(&mut maps.neck16, 16, WIDE);
    size(&mut maps.neck32, 32, WIDE);
    for (map, stride) in maps.raw.iter_mut().zip(crate::card::STRIDES) {
        size(map, stride, CELL);
    }
}

/// Multiply-adds that a thread must find to do, some 0.2 ms of work: below, starting it and
/// waiting for it costs more than it brings.
const GRAIN: usize = 10_000_000;

/// Runs a chain over the whole of `out`, a band of rows a thread. Rows that two bands need are
/// computed twice, so that the threads never wait for each other; each output is the same sum
/// in the same order whatever the bands are.
fn run_pass(
    level: Level,
    source: Source<'_>,
    steps: &[Step<'_>],
    out: &mut Map,
    lanes: &mut [Lane],
) {
    let (width, height, channels) = (out.width(), out.height(), out.channels());
    let work = chain::work(steps) * width * height;
    let bands = lanes.len().min(work / GRAIN).clamp(1, height);
    let rows = height.div_ceil(bands);
    let targets = out
        .data_mut()
        .chunks_mut(rows * width * channels)
        .enumerate();
    let mut work = targets.zip(lanes).map(|((index, data), lane)| {
        let rows = Span {
            start: index * rows,
            end: ((index + 1) * rows).min(height),
            size: height,
        };
        (
            Target {
                data,
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
