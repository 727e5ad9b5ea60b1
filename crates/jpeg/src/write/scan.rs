//! The coded data of a scan (T.81 F.1.2, G.1.2): blocks to symbols.
//!
//! One coder runs twice over the same blocks: into [`Counts`] to find the tables, into
//! [`Emitter`] to write. So the two cannot disagree.

use super::bits::BitWriter;
use super::codes::CodeTable;
use super::{Part, Plan, TABLES};
use crate::coefficients::Coefficients;
use crate::marker::RST0;
use crate::order::{Block, non_zero};
use crate::walk::Walk;
use std::ops::Range;

/// Where a table stands among [`Counts::symbols`] and an emitter's tables: DC tables first.
const AC: usize = TABLES;

/// Zeros that one symbol can skip before a value.
const LONGEST_RUN: u32 = 15;
const SIXTEEN_ZEROS: u8 = 0xF0;
const END_OF_BLOCK: u8 = 0x00;
/// Longest run of empty bands that one symbol can tell (table G.1).
const LONGEST_EMPTY_RUN: u32 = 0x7FFF;

/// Takes the symbols of a scan.
pub(crate) trait Sink {
    /// A symbol of a table, followed by the low `size` (0..=15) bits of `extra`.
    fn symbol(&mut self, table: usize, symbol: u8, extra: u32, size: u32);
    /// The end of a restart interval, with the marker's code.
    fn restart(&mut self, code: u8);
}

/// Counts symbols.
pub(crate) struct Counts {
    pub symbols: [[u32; 256]; 2 * TABLES],
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            symbols: [[0; 256]; 2 * TABLES],
        }
    }
}

impl Counts {
    /// The symbols of both.
    pub(crate) fn with(mut self, other: &Self) -> Self {
        let tables = self.symbols.iter_mut().zip(&other.symbols);
        for (count, more) in tables.flat_map(|(a, b)| a.iter_mut().zip(b)) {
            *count = count.saturating_add(*more);
        }
        self
    }
}

impl Sink for Counts {
    #[inline]
    fn symbol(&mut self, table: usize, symbol: u8, _extra: u32, _size: u32) {
        // No overflow: 65536 by 65536 pixels have fewer symbols a table than u32 holds.
        let count = &mut self.symbols[table % (2 * TABLES)][usize::from(symbol)];
        *count = count.saturating_add(1);
    }

    fn restart(&mut self, _code: u8) {}
}

/// Writes symbols with their codes.
pub(crate) struct Emitter<'t> {
    bits: BitWriter,
    tables: &'t [CodeTable; 2 * TABLES],
}

impl<'t> Emitter<'t> {
    pub(crate) fn new(bits: BitWriter, tables: &'t [CodeTable; 2 * TABLES]) -> Self {
        Self { bits, tables }
    }

    /// What the symbols were written into.
    pub(crate) fn into_bits(self) -> BitWriter {
        self.bits
    }
}

impl Sink for Emitter<'_> {
    #[inline]
    fn symbol(&mut self, table: usize, symbol: u8, extra: u32, size: u32) {
        let (code, length) = self.tables[table % (2 * TABLES)].code(symbol);
        self.bits
            .put(u32::from(code) << size | extra, u32::from(length) + size);
    }

    fn restart(&mut self, code: u8) {
        self.bits.marker(code);
    }
}

/// Codes the blocks of these rows of a scan's units. Part of a scan only where [`is_parted`] says so.
pub(crate) fn code<S: Sink>(
    picture: &Coefficients,
    plan: &Plan,
    walk: &Walk,
    rows: Range<usize>,
    sink: &mut S,
) {
    let interval = match picture.restart_interval {
        0 => usize::MAX,
        n => usize::from(n),
    };
    let mut state = State::behind(picture, walk, walk.before(rows.start));
    let (mut left, mut restarts) = (interval, 0u8);
    for (x, y) in walk.units_of(rows) {
        if left == 0 {
            state.end_interval(sink);
            sink.restart(RST0 + restarts % 8);
            restarts = restarts.wrapping_add(1);
            left = interval;
        }
        left -= 1;
        for spot in walk.spots() {
            let blocks = picture.components.get(spot.component).map(|c| &c.blocks);
            let Some(block) = blocks.and_then(|b| b.get(spot.index(x, y))) else {
                continue;
            };
            let table = usize::from(picture.colour.is_difference(spot.component));
            state.block(sink, plan.part, spot.slot, table, block);
        }
    }
    state.end_interval(sink);
}

/// Whether a scan may be coded in parts: what its blocks depend on is the DC of the block before alone.
pub(crate) fn is_parted(picture: &Coefficients, plan: &Plan) -> bool {
    picture.restart_interval == 0 && !matches!(plan.part, Part::Ac(..))
}

/// What the coding of a block depends on besides the block.
#[derive(Default)]
struct State {
    /// DC of the block before, for each of the scan's components.
    last_dc: [i32; 4],
    /// Blocks so far with an empty band that no symbol has told yet, and their table.
    empty_blocks: u32,
    empty_table: usize,
}

impl State {
    /// Behind a unit, or at the begin.
    fn behind(picture: &Coefficients, walk: &Walk, unit: Option<(usize, usize)>) -> Self {
        let mut state = Self::default();
        let Some((x, y)) = unit else {
            return state;
        };
        for spot in walk.spots() {
            let blocks = picture.components.get(spot.component).map(|c| &c.blocks);
            if let Some(block) = blocks.and_then(|b| b.get(spot.index(x, y))) {
                state.last_dc[spot.slot % 4] = i32::from(block[0]);
            }
        }
        state
    }

    #[inline]
    fn block<S: Sink>(
        &mut self,
        sink: &mut S,
        part: Part,
        slot: usize,
        table: usize,
        block: &Block,
    ) {
        match part {
            Part::Whole => {
                self.dc(sink, slot, table, block[0]);
                let left = ac(sink, AC + table, non_zero(block) & !1, 1, block);
                if left < 64 {
                    sink.symbol(AC + table, END_OF_BLOCK, 0, 0);
                }
            }
            Part::Dc => self.dc(sink, slot, table, block[0]),
            Part::Ac(first, last) => {
                let band = (u64::MAX >> (63 - last)) & (u64::MAX << first);
                let used = non_zero(block) & band;
                if used != 0 {
                    self.tell_empty(sink);
                    let end = ac(sink, AC + table, used, u32::from(first), block);
                    if end > u32::from(last) {
                        return;
                    }
                }
                self.empty_blocks += 1;
                self.empty_table = AC + table;
                if self.empty_blocks == LONGEST_EMPTY_RUN {
                    self.tell_empty(sink);
                }
            }
        }
    }

    /// The difference to the DC before (F.1.2.1).
    #[inline]
    fn dc<S: Sink>(&mut self, sink: &mut S, slot: usize, table: usize, dc: i16) {
        let last = &mut self.last_dc[slot % 4];
        let difference = i32::from(dc) - *last;
        *last = i32::from(dc);
        let (size, extra) = magnitude(difference);
        sink.symbol(table, size as u8, extra, size);
    }

    /// Tells the run of empty bands (G.1.2.2).
    #[inline]
    fn tell_empty<S: Sink>(&mut self, sink: &mut S) {
        if let Some(exponent) = self.empty_blocks.checked_ilog2() {
            let rest = self.empty_blocks - (1 << exponent);
            sink.symbol(self.empty_table, (exponent as u8) << 4, rest, exponent);
            self.empty_blocks = 0;
        }
    }

    fn end_interval<S: Sink>(&mut self, sink: &mut S) {
        self.tell_empty(sink);
        *self = Self::default();
    }
}

/// Codes the coefficients that `used` marks, from `first` on (F.1.2.2). Returns the position
/// after the last of them.
#[inline]
fn ac<S: Sink>(sink: &mut S, table: usize, mut used: u64, first: u32, block: &Block) -> u32 {
    let mut next = first;
    while used != 0 {
        let k = used.trailing_zeros();
        used &= used - 1;
        let mut run = k - next;
        while run > LONGEST_RUN {
            sink.symbol(table, SIXTEEN_ZEROS, 0, 0);
            run -= LONGEST_RUN + 1;
        }
        let (size, extra) = magnitude(i32::from(block[(k & 63) as usize]));
        sink.symbol(table, (run << 4 | size) as u8, extra, size);
        next = k + 1;
    }
    next
}

/// Number of value bits and the bits themselves (F.1.2.1.1); 0 has none.
#[inline]
fn magnitude(value: i32) -> (u32, u32) {
    let size = 32 - value.unsigned_abs().leading_zeros();
    // Negative values are coded as one less, in as many bits.
    let extra = (value + (value >> 31)) as u32 & ((1 << size) - 1);
    (size, extra)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magnitudes_are_those_of_table_f_1() {
        assert_eq!(magnitude(0), (0, 0));
        assert_eq!((magnitude(1), magnitude(-1)), ((1, 1), (1, 0)));
        assert_eq!((magnitude(5), magnitude(-5)), ((3, 5), (3, 2)));
        assert_eq!(
            (magnitude(32767), magnitude(-32767)),
            ((15, 32767), (15, 0))
        );
    }
}
