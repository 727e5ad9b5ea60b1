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

/// DC and AC coefficients, one block at a time (F.2.4).
pub(crate) struct Sequential {
    pub dc: Dc,
    pub ac: Ac,
}

impl BlockDecoder for Sequential {
    type Input<'a> = Decisions<'a>;

    fn block(
        &mut self,
        decisions: &mut Decisions<'_>,
        slot: usize,
        block: &mut Block,
    ) -> Result<(), Damage> {
        block[0] = self.dc.value(decisions, slot)?;
        self.ac.first(decisions, slot, block)
    }

    fn end_interval(&mut self) -> Result<(), Damage> {
        self.dc.forget();
        self.ac.forget();
        Ok(())
    }
}

/// First scan of DC values (G.1.3.1).
pub(crate) struct DcFirst(pub Dc);

impl BlockDecoder for DcFirst {
    type Input<'a> = Decisions<'a>;

    fn block(
        &mut self,
        decisions: &mut Decisions<'_>,
        slot: usize,
        block: &mut Block,
    ) -> Result<(), Damage> {
        block[0] = self.0.value(decisions, slot)?;
        Ok(())
    }

    fn end_interval(&mut self) -> Result<(), Damage> {
        self.0.forget();
        Ok(())
    }
}

/// Later scans of DC values: an even decision a block (G.1.3.1).
pub(crate) struct DcRefine(pub Band);

impl BlockDecoder for DcRefine {
    type Input<'a> = Decisions<'a>;

    fn block(
        &mut self,
        decisions: &mut Decisions<'_>,
        _slot: usize,
        block: &mut Block,
    ) -> Result<(), Damage> {
        if decisions.even() {
            block[0] |= 1 << self.0.low;
        }
        Ok(())
    }

    fn end_interval(&mut self) -> Result<(), Damage> {
        Ok(())
    }
}

/// First scan of a band of AC coefficients (G.1.3.2).
pub(crate) struct AcFirst(pub Ac);

impl BlockDecoder for AcFirst {
    type Input<'a> = Decisions<'a>;

    fn block(
        &mut self,
        decisions: &mut Decisions<'_>,
        slot: usize,
        block: &mut Block,
    ) -> Result<(), Damage> {
        self.0.first(decisions, slot, block)
    }

    fn end_interval(&mut self) -> Result<(), Damage> {
        self.0.forget();
        Ok(())
    }
}

/// Later scans of a band of AC coefficients (G.1.3.3).
pub(crate) struct AcRefine(pub Ac);

impl BlockDecoder for AcRefine {
    type Input<'a> = Decisions<'a>;

    fn block(
        &mut self,
        decisions: &mut Decisions<'_>,
        slot: usize,
        block: &mut Block,
    ) -> Result<(), Damage> {
        self.0.refine(decisions, slot, block)
    }

    fn end_interval(&mut self) -> Result<(), Damage> {
        self.0.forget();
        Ok(())
    }
}

/// DC differences of a scan's components (F.1.4.4.1).
pub(crate) struct Dc {
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
    pub(crate) fn new(
        tables: &[usize],
        conditioning: Conditioning,
        low: u8,
    ) -> Result<Self, Damage> {
        Ok(Self {
            tables: checked(tables)?,
            conditioning,
            estimates: [[Estimate::default(); DC_ESTIMATES]; 4],
            context: [0; 4],
            values: DcValues::default(),
            low,
        })
    }

    fn value(&mut self, decisions: &mut Decisions<'_>, slot: usize) -> Result<i16, Damage> {
        let (Some(&table), Some(context)) = (self.tables.get(slot), self.context.get_mut(slot))
        else {
            return Err(Damage::UnknownComponent);
        };
        let all = &mut self.estimates[table];
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
pub(crate) struct Ac {
    tables: Vec<usize>,
    conditioning: Conditioning,
    estimates: [[Estimate; AC_ESTIMATES]; 4],
    band: Band,
}

impl Ac {
    pub(crate) fn new(
        tables: &[usize],
        conditioning: Conditioning,
        band: Band,
    ) -> Result<Self, Damage> {
        Ok(Self {
            tables: checked(tables)?,
            conditioning,
            estimates: [[Estimate::default(); AC_ESTIMATES]; 4],
            band,
        })
    }

    /// The band of a block of which nothing is known yet.
    fn first(
        &mut self,
        decisions: &mut Decisions<'_>,
        slot: usize,
        block: &mut Block,
    ) -> Result<(), Damage> {
        let &table = self.tables.get(slot).ok_or(Damage::UnknownComponent)?;
        let all = &mut self.estimates[table];
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
        let all = &mut self.estimates[table];
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

/// How far up the size goes: a row of yes, ended by a no (figure F.23).
fn size(decisions: &mut Decisions<'_>, estimates: &mut [Estimate]) -> Result<usize, Damage> {
    for (n, estimate) in estimates.iter_mut().enumerate() {
        if !decisions.next(estimate) {
            return Ok(n);
        }
    }
    Err(Damage::CoefficientRange)
}

/// A value from its size: 1 for 0, otherwise `size` bits and 1, of which the highest is known
/// (figures F.9, F.24).
fn magnitude(decisions: &mut Decisions<'_>, estimate: &mut Estimate, size: usize) -> i32 {
    let Some(rest) = size.checked_sub(1) else {
        return 1;
    };
    let bits = (0..rest).fold(1, |bits, _| bits << 1 | i32::from(decisions.next(estimate)));
    bits + 1
}

/// Numbers of tables, each one that there is.
fn checked(tables: &[usize]) -> Result<Vec<usize>, Damage> {
    let known = tables.iter().all(|&n| n < 4);
    known.then(|| tables.to_vec()).ok_or(Damage::TableNumber)
}
