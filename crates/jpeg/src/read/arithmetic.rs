//! Arithmetic decoding of a block: sequential (T.81 F.1.4, F.2.4) and the four kinds of
//! progressive scan (G.1.3).
//!
//! A coefficient is a row of decisions, each with an estimate of its own: whether anything comes,
//! whether this one is zero, its sign, how many bits it has, and its bits.

use super::conditioning::Conditioning;
use super::decisions::{Decisions, Estimate};
use super::scan::{Band, BlockDecoder};
use super::sequential::{DcValues, written};
use crate::error::Damage;
use crate::order::Block;

/// Estimates of a DC table (table F.4): five contexts of four, then the sizes and their bits.
const DC_ESTIMATES: usize = 49;
/// Sizes of DC differences, up to 2^15: one estimate for each.
const DC_SIZES: std::ops::Range<usize> = 20..35;
/// Estimates of an AC table (table F.5): three a coefficient, then the sizes and their bits of
/// low coefficients and those of high ones.
const AC_ESTIMATES: usize = 245;
/// Where the sizes of coefficients up to Kx begin, and those of later ones.
const LOW_SIZES: usize = 189;
const HIGH_SIZES: usize = 217;
/// Sizes of AC coefficients from 2 bits on.
const AC_SIZES: usize = 14;
/// The estimate that all bits of a size share stands so far behind that of the size.
const BITS_BEHIND: usize = 14;

/// What a scan sends of each block.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// All of it (F.1.4).
    Sequential,
    /// DC values without their low bits (G.1.3.1).
    DcFirst,
    /// One more bit of DC values: an even decision a block (G.1.3.1).
    DcRefine,
    /// A band of AC coefficients without their low bits (G.1.3.2).
    AcFirst,
    /// One more bit of a band (G.1.3.3).
    AcRefine,
}

/// Decodes the blocks of a scan.
pub(crate) struct Arithmetic {
    kind: Kind,
    band: Band,
    dc: Dc,
    ac: Ac,
}

impl Arithmetic {
    /// `dc_tables` and `ac_tables`: the numbers that the scan's components name.
    pub(crate) fn new(
        kind: Kind,
        band: Band,
        [dc_tables, ac_tables]: [&[usize]; 2],
        conditioning: Conditioning,
    ) -> Self {
        Self {
            kind,
            band,
            dc: Dc::new(dc_tables, conditioning, band.low),
            ac: Ac::new(ac_tables, conditioning, band),
        }
    }
}

impl BlockDecoder for Arithmetic {
    type Input<'a> = Decisions<'a>;

    fn block(
        &mut self,
        decisions: &mut Decisions<'_>,
        slot: usize,
        block: &mut Block,
    ) -> Result<(), Damage> {
        match self.kind {
            Kind::Sequential => {
                block[0] = self.dc.value(decisions, slot)?;
                self.ac.first(decisions, slot, block)?;
            }
            Kind::DcFirst => block[0] = self.dc.value(decisions, slot)?,
            Kind::DcRefine => block[0] |= i16::from(decisions.even()) << self.band.low,
            Kind::AcFirst => self.ac.first(decisions, slot, block)?,
            Kind::AcRefine => self.ac.refine(decisions, slot, block)?,
        }
        Ok(())
    }

    fn end_interval(&mut self) -> Result<(), Damage> {
        self.dc.forget();
        self.ac.forget();
        Ok(())
    }
}

/// DC differences of a scan's components (F.1.4.4.1).
struct Dc {
    /// Of each component: number of its table.
    tables: Vec<usize>,
    conditioning: Conditioning,
    estimates: [[Estimate; DC_ESTIMATES]; 4],
    /// Of each component: where the estimates begin that the last difference chose (F.1.4.4.1.2).
    context: [usize; 4],
    values: DcValues,
    low: u8,
}

impl Dc {
    fn new(tables: &[usize], conditioning: Conditioning, low: u8) -> Self {
        Self {
            tables: tables.to_vec(),
            conditioning,
            estimates: [[Estimate::default(); DC_ESTIMATES]; 4],
            context: [0; 4],
            values: DcValues::default(),
            low,
        }
    }

    fn value(&mut self, decisions: &mut Decisions<'_>, slot: usize) -> Result<i16, Damage> {
        let (Some(&table), Some(context)) = (self.tables.get(slot), self.context.get_mut(slot))
        else {
            return Err(Damage::UnknownComponent);
        };
        let all = self.estimates.get_mut(table).ok_or(Damage::TableNumber)?;
        let at = *context;
        if !decisions.next(&mut all[at]) {
            *context = 0;
            return self.values.add(slot, 0, self.low);
        }
        let negative = decisions.next(&mut all[at + 1]);
        let size = if decisions.next(&mut all[at + 2 + usize::from(negative)]) {
            1 + size(decisions, &mut all[DC_SIZES])?
        } else {
            0
        };
        *context = self.conditioning.dc_context(table, size, negative);
        let bits = DC_SIZES.start + BITS_BEHIND + size.saturating_sub(1);
        let magnitude = magnitude(decisions, &mut all[bits], size);
        let difference = if negative { -magnitude } else { magnitude };
        self.values.add(slot, difference, self.low)
    }

    fn forget(&mut self) {
        self.estimates = [[Estimate::default(); DC_ESTIMATES]; 4];
        self.context = [0; 4];
        self.values = DcValues::default();
    }
}

/// AC coefficients of a scan's components (F.1.4.4.2).
struct Ac {
    tables: Vec<usize>,
    conditioning: Conditioning,
    estimates: [[Estimate; AC_ESTIMATES]; 4],
    band: Band,
}

impl Ac {
    fn new(tables: &[usize], conditioning: Conditioning, band: Band) -> Self {
        Self {
            tables: tables.to_vec(),
            conditioning,
            estimates: [[Estimate::default(); AC_ESTIMATES]; 4],
            band,
        }
    }

    /// The band of a block of which nothing is known yet.
    fn first(
        &mut self,
        decisions: &mut Decisions<'_>,
        slot: usize,
        block: &mut Block,
    ) -> Result<(), Damage> {
        let &table = self.tables.get(slot).ok_or(Damage::UnknownComponent)?;
        let all = self.estimates.get_mut(table).ok_or(Damage::TableNumber)?;
        let mut k = self.band.first.max(1);
        while k <= self.band.last {
            if decisions.next(&mut all[end_at(k)]) {
                return Ok(());
            }
            while !decisions.next(&mut all[zero_at(k)]) {
                k += 1;
                if k > self.band.last {
                    return Err(Damage::BandOverrun);
                }
            }
            let negative = decisions.even();
            let sizes = if k <= self.conditioning.last_low(table) {
                LOW_SIZES
            } else {
                HIGH_SIZES
            };
            // The first size is told by the coefficient's own estimate, twice.
            let size = if !decisions.next(&mut all[more_at(k)]) {
                0
            } else if !decisions.next(&mut all[more_at(k)]) {
                1
            } else {
                2 + size(decisions, &mut all[sizes..sizes + AC_SIZES])?
            };
            let bits = sizes + BITS_BEHIND + size.saturating_sub(2);
            let magnitude = magnitude(decisions, &mut all[bits], size);
            let value = if negative { -magnitude } else { magnitude };
            block[k & 63] = written(value << self.band.low)?;
            k += 1;
        }
        Ok(())
    }

    /// One more bit of the band's coefficients (G.1.3.3).
    fn refine(
        &mut self,
        decisions: &mut Decisions<'_>,
        slot: usize,
        block: &mut Block,
    ) -> Result<(), Damage> {
        let &table = self.tables.get(slot).ok_or(Damage::UnknownComponent)?;
        let all = self.estimates.get_mut(table).ok_or(Damage::TableNumber)?;
        let (last, bit) = (self.band.last, 1 << self.band.low);
        // Up to the last coefficient that is known the band cannot end.
        let known = (0..=last).rev().find(|&k| block[k & 63] != 0).unwrap_or(0);
        let mut k = self.band.first;
        while k <= last {
            if k > known && decisions.next(&mut all[end_at(k)]) {
                return Ok(());
            }
            while block[k & 63] == 0 && !decisions.next(&mut all[zero_at(k)]) {
                k += 1;
                if k > last {
                    return Err(Damage::BandOverrun);
                }
            }
            let value = &mut block[k & 63];
            *value = match value.signum() {
                0 if decisions.even() => -bit,
                0 => bit,
                sign if decisions.next(&mut all[more_at(k)]) => value.wrapping_add(sign * bit),
                _ => *value,
            };
            k += 1;
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.estimates = [[Estimate::default(); AC_ESTIMATES]; 4];
    }
}

/// Estimates of a coefficient (table F.5): whether the band ends before it, whether it is zero,
/// whether it is larger than 1 (or, in refinement, its bit).
fn end_at(k: usize) -> usize {
    3 * ((k - 1) & 63)
}

fn zero_at(k: usize) -> usize {
    end_at(k) + 1
}

fn more_at(k: usize) -> usize {
    end_at(k) + 2
}

/// How far up the size goes: a row of yes, ended by a no (F.1.4.3).
fn size(decisions: &mut Decisions<'_>, estimates: &mut [Estimate]) -> Result<usize, Damage> {
    for (n, estimate) in estimates.iter_mut().enumerate() {
        if !decisions.next(estimate) {
            return Ok(n);
        }
    }
    Err(Damage::CoefficientRange)
}

/// A value from its size: 1 for 0, otherwise `size` bits and 1, of which the highest is known
/// (F.1.4.3).
fn magnitude(decisions: &mut Decisions<'_>, estimate: &mut Estimate, size: usize) -> i32 {
    let Some(rest) = size.checked_sub(1) else {
        return 1;
    };
    let bits = (0..rest).fold(1, |bits, _| bits << 1 | i32::from(decisions.next(estimate)));
    bits + 1
}
