//! Progressive Huffman decoding of a block (T.81 G.1.2, G.2): the four kinds of scan.

use super::bits::BitReader;
use super::huffman::DecodeTable;
use super::scan::{Band, BlockDecoder};
use super::sequential::{DcValues, written};
use crate::error::Damage;
use crate::order::{Block, non_zero};

/// First scan of DC values: as sequential, with the low bits missing (G.1.2.1).
pub(crate) struct DcFirst<'t> {
    tables: Vec<&'t DecodeTable>,
    low: u8,
    dc: DcValues,
}

impl<'t> DcFirst<'t> {
    pub(crate) fn new(tables: &[&'t DecodeTable], band: Band) -> Self {
        Self {
            tables: tables.to_vec(),
            low: band.low,
            dc: DcValues::default(),
        }
    }
}

impl BlockDecoder for DcFirst<'_> {
    type Input<'a> = BitReader<'a>;

    #[inline]
    fn block(
        &mut self,
        bits: &mut BitReader<'_>,
        slot: usize,
        block: &mut Block,
    ) -> Result<(), Damage> {
        let table = self.tables.get(slot).ok_or(Damage::NoHuffmanTable)?;
        block[0] = self.dc.add(slot, table.value(bits)?.1, self.low)?;
        Ok(())
    }

    fn end_interval(&mut self) -> Result<(), Damage> {
        self.dc = DcValues::default();
        Ok(())
    }
}

/// Later scans of DC values: one plain bit a block (G.1.2.1).
pub(crate) struct DcRefine {
    bit: i16,
}

impl DcRefine {
    pub(crate) fn new(band: Band) -> Self {
        Self { bit: 1 << band.low }
    }
}

impl BlockDecoder for DcRefine {
    type Input<'a> = BitReader<'a>;

    #[inline]
    fn block(
        &mut self,
        bits: &mut BitReader<'_>,
        _slot: usize,
        block: &mut Block,
    ) -> Result<(), Damage> {
        // The point transform of DC is an arithmetic shift, so this holds below zero too.
        if bits.bit() {
            block[0] |= self.bit;
        }
        Ok(())
    }

    fn end_interval(&mut self) -> Result<(), Damage> {
        Ok(())
    }
}

/// First scan of a band of AC coefficients (G.1.2.2).
pub(crate) struct AcFirst<'t> {
    table: Option<&'t DecodeTable>,
    band: Band,
    /// Blocks to come whose band is known to be empty.
    empty_blocks: u32,
}

impl<'t> AcFirst<'t> {
    pub(crate) fn new(tables: &[&'t DecodeTable], band: Band) -> Self {
        Self {
            table: tables.first().copied(),
            band,
            empty_blocks: 0,
        }
    }
}

impl BlockDecoder for AcFirst<'_> {
    type Input<'a> = BitReader<'a>;

    #[inline]
    fn block(
        &mut self,
        bits: &mut BitReader<'_>,
        _slot: usize,
        block: &mut Block,
    ) -> Result<(), Damage> {
        if self.empty_blocks > 0 {
            self.empty_blocks -= 1;
            return Ok(());
        }
        let table = self.table.ok_or(Damage::NoHuffmanTable)?;
        let end = self.band.last + 1;
        let mut k = self.band.first;
        while k < end {
            let (symbol, value) = table.value(bits)?;
            let run = usize::from(symbol >> 4);
            if value != 0 {
                k += run;
                if k >= end {
                    return Err(Damage::BandOverrun);
                }
                block[k & 63] = written(value << self.band.low)?;
                k += 1;
            } else if run == 15 {
                k += 16;
            } else {
                self.empty_blocks = empty_run(run, bits) - 1;
                break;
            }
        }
        if k > end {
            Err(Damage::BandOverrun)
        } else {
            Ok(())
        }
    }

    fn end_interval(&mut self) -> Result<(), Damage> {
        if self.empty_blocks > 0 {
            Err(Damage::BandOverrun)
        } else {
            Ok(())
        }
    }
}

/// Length of a run of empty bands, this block included (table G.1).
#[inline]
fn empty_run(exponent: usize, bits: &mut BitReader<'_>) -> u32 {
    (1 << exponent) + bits.take(exponent as u32)
}

/// Later scans of a band of AC coefficients (G.1.2.3).
pub(crate) struct AcRefine<'t> {
    table: Option<&'t DecodeTable>,
    band: Band,
    bit: i16,
    /// Blocks to come in whose band nothing becomes non-zero.
    quiet_blocks: u32,
}

impl<'t> AcRefine<'t> {
    pub(crate) fn new(tables: &[&'t DecodeTable], band: Band) -> Self {
        let bit = 1 << band.low;
        Self {
            table: tables.first().copied(),
            band,
            bit,
            quiet_blocks: 0,
        }
    }

    /// Adds the next bits to the coefficients that `known` marks, none of which is 0.
    #[inline]
    fn refine(&self, bits: &mut BitReader<'_>, block: &mut Block, mut known: u64) {
        while known != 0 {
            let value = &mut block[(known.trailing_zeros() & 63) as usize];
            known &= known - 1;
            // Away from zero, without a branch: these bits are noise.
            let sign = *value >> 15;
            let step = (self.bit ^ sign) - sign;
            *value = value.wrapping_add(step * i16::from(bits.bit()));
        }
    }
}

impl BlockDecoder for AcRefine<'_> {
    type Input<'a> = BitReader<'a>;

    #[inline]
    fn block(
        &mut self,
        bits: &mut BitReader<'_>,
        _slot: usize,
        block: &mut Block,
    ) -> Result<(), Damage> {
        let table = self.table.ok_or(Damage::NoHuffmanTable)?;
        let mut ahead = self.band.mask();
        let known = non_zero(block);
        while self.quiet_blocks == 0 && ahead != 0 {
            let symbol = table.symbol(bits)?;
            let run = usize::from(symbol >> 4);
            let new = match symbol & 15 {
                0 if run < 15 => {
                    self.quiet_blocks = empty_run(run, bits);
                    break;
                }
                0 => 0,
                1 if bits.bit() => self.bit,
                1 => -self.bit,
                _ => return Err(Damage::BadCode),
            };
            // The run counts only coefficients that are still 0; those passed are refined.
            let mut zeros = ahead & !known;
            for _ in 0..run {
                zeros &= zeros.wrapping_sub(1);
            }
            if zeros == 0 {
                return Err(Damage::BandOverrun);
            }
            let at = zeros.trailing_zeros();
            let passed = ahead & !(u64::MAX << at);
            self.refine(bits, block, passed & known);
            block[(at & 63) as usize] = new;
            ahead &= u64::MAX << at << 1;
        }
        if self.quiet_blocks > 0 {
            self.quiet_blocks -= 1;
            self.refine(bits, block, ahead & known);
        }
        Ok(())
    }

    fn end_interval(&mut self) -> Result<(), Damage> {
        if self.quiet_blocks > 0 {
            Err(Damage::BandOverrun)
        } else {
            Ok(())
        }
    }
}
