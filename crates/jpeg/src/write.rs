//! From coefficients to bytes: which scans are written, and with which tables.

mod bits;
mod codes;
mod scan;
mod segments;

use crate::coefficients::Coefficients;
use crate::marker::{EOI, SOI};
use crate::walk::{MAX_BLOCKS_IN_UNIT, Walk};
use bits::BitWriter;
use codes::CodeTable;
use scan::{Counts, Emitter};

/// What a scan sends of its components' blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Everything (sequential).
    Whole,
    /// The DC values (progressive).
    Dc,
    /// The AC coefficients from the first to the last, inclusive (progressive).
    Ac(u8, u8),
}

/// One scan to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Plan {
    components: Vec<usize>,
    part: Part,
}

/// Huffman tables used for each class: one for colour differences, one for the rest. Baseline
/// decoders have no more (T.81 table B.5).
const TABLES: usize = 2;

/// Bands of a progressive component: a rough picture first, then the detail.
const BANDS: [Part; 2] = [Part::Ac(1, 5), Part::Ac(6, 63)];

/// Writes a whole file. See [`Coefficients::write`].
pub(crate) fn write(picture: &Coefficients) -> Vec<u8> {
    // Files are rarely above a bit a coefficient; the vector grows if this one is.
    let blocks: usize = picture.components.iter().map(|c| c.blocks.len()).sum();
    let mut out = Vec::with_capacity(4096 + blocks * 8);
    out.extend([0xFF, SOI]);
    segments::metadata(&mut out, picture);
    let tables = segments::quantisers(&mut out, picture);
    segments::frame(&mut out, picture, &tables);
    segments::restart_interval(&mut out, picture);
    for plan in script(picture) {
        write_scan(&mut out, picture, &plan);
    }
    out.extend([0xFF, EOI]);
    out
}

/// The scans that carry a picture, in order.
fn script(picture: &Coefficients) -> Vec<Plan> {
    let all: Vec<usize> = (0..picture.components.len()).collect();
    let first = if picture.progressive {
        Part::Dc
    } else {
        Part::Whole
    };
    let blocks: usize = picture
        .components
        .iter()
        .map(|c| usize::from(c.h()) * usize::from(c.v()))
        .sum();
    let mut plans = if blocks <= MAX_BLOCKS_IN_UNIT || all.len() == 1 {
        vec![Plan {
            components: all.clone(),
            part: first,
        }]
    } else {
        // Too many blocks to interleave (B.2.3).
        all.iter()
            .map(|&n| Plan {
                components: vec![n],
                part: first,
            })
            .collect()
    };
    if picture.progressive {
        for part in BANDS {
            plans.extend(all.iter().map(|&n| Plan {
                components: vec![n],
                part,
            }));
        }
    }
    plans
}

/// Blocks of a scan that are worth a thread.
const GRAIN: usize = 1 << 15;

/// Writes a scan with the Huffman tables that suit it best: counted in a first pass. A large one is
/// coded in two halves at once, to the same bits.
fn write_scan(out: &mut Vec<u8>, picture: &Coefficients, plan: &Plan) {
    let walk = Walk::new(&picture.components, &plan.components, picture.units);
    let large = walk.len() * walk.spots().len() >= 2 * GRAIN && scan::is_parted(picture, plan);
    let middle = walk.rows() / if large { 2 } else { 1 };
    let (upper, lower) = (0..middle, middle..walk.rows());
    let count = |rows| {
        let mut counts = Counts::default();
        scan::code(picture, plan, &walk, rows, &mut counts);
        counts
    };
    let [upper_counts, lower_counts] = both(large, [upper.clone(), lower.clone()], count);
    let counts = upper_counts.with(&lower_counts);
    let tables = counts.symbols.each_ref().map(CodeTable::optimal);
    segments::huffman(out, &tables);
    segments::scan(out, picture, plan);
    let emit = |(rows, bits)| {
        let mut emitter = Emitter::new(bits, &tables);
        scan::code(picture, plan, &walk, rows, &mut emitter);
        emitter.into_bits()
    };
    let parts = [
        (upper, BitWriter::new(std::mem::take(out))),
        (lower, BitWriter::apart()),
    ];
    let [mut bits, lower] = both(large, parts, emit);
    bits.append(&lower);
    *out = bits.finish();
}

/// What `one` makes of both, at once where that is worth it.
fn both<T: Send, M: Send>(at_once: bool, [a, b]: [T; 2], one: impl Fn(T) -> M + Sync) -> [M; 2] {
    if !at_once {
        return [one(a), one(b)];
    }
    std::thread::scope(|scope| {
        let other = scope.spawn(|| one(b));
        let first = one(a);
        let other = other.join();
        [
            first,
            other.unwrap_or_else(|e| std::panic::resume_unwind(e)),
        ]
    })
}

#[cfg(test)]
mod tests;
