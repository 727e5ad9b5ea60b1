//! Sequential Huffman decoding of a block (T.81 F.2.2).

use super::bits::BitReader;
use super::huffman::DecodeTable;
use super::scan::BlockDecoder;
use crate::error::Damage;
use crate::order::Block;

/// Largest magnitude of a DC value. An 8-bit picture has 1024; what oddities exceed it keep
/// their bits as long as any difference of two still has at most 15, which a file can hold.
const DC_LIMIT: i32 = 16383;

pub(crate) struct Sequential<'t> {
    tables: Vec<(&'t DecodeTable, &'t DecodeTable)>,
    dc: DcValues,
}

impl<'t> Sequential<'t> {
    /// One DC and one AC table for each of the scan's components.
    pub(crate) fn new(dc: &[&'t DecodeTable], ac: &[&'t DecodeTable]) -> Self {
        Self {
            tables: dc.iter().copied().zip(ac.iter().copied()).collect(),
            dc: DcValues::default(),
        }
    }
}

impl BlockDecoder for Sequential<'_> {
    type Input<'a> = BitReader<'a>;

    #[inline]
    fn block(
        &mut self,
        bits: &mut BitReader<'_>,
        slot: usize,
        block: &mut Block,
    ) -> Result<(), Damage> {
        let &(dc, ac) = self.tables.get(slot).ok_or(Damage::NoHuffmanTable)?;
        block[0] = self.dc.add(slot, dc.value(bits)?.1, 0)?;
        let mut k = 1;
        while k < 64 {
            let (symbol, value) = ac.value(bits)?;
            let run = usize::from(symbol >> 4);
            if value != 0 {
                k += run;
                *block.get_mut(k).ok_or(Damage::BandOverrun)? = value as i16;
                k += 1;
            } else if run == 15 {
                k += 16;
            } else {
                break;
            }
        }
        if k > 64 {
            Err(Damage::BandOverrun)
        } else {
            Ok(())
        }
    }

    fn end_interval(&mut self) -> Result<(), Damage> {
        self.dc = DcValues::default();
        Ok(())
    }
}

/// DC values of the blocks before, one for each of a scan's components (F.2.1.3).
#[derive(Default)]
pub(crate) struct DcValues {
    last: [i32; 4],
}

impl DcValues {
    /// The DC value that differs by so much from the one before, moved up by the point
    /// transform `low`.
    #[inline]
    pub(crate) fn add(&mut self, slot: usize, difference: i32, low: u8) -> Result<i16, Damage> {
        let last = self.last.get_mut(slot).ok_or(Damage::UnknownComponent)?;
        *last += difference;
        let value = *last << low;
        if last.abs() > DC_LIMIT >> low {
            return Err(Damage::CoefficientRange);
        }
        i16::try_from(value).map_err(|_| Damage::CoefficientRange)
    }
}

/// An AC coefficient whose magnitude has at most 15 bits, so that it can be written again.
#[inline]
pub(crate) fn written(value: i32) -> Result<i16, Damage> {
    let value = i16::try_from(value).ok().filter(|v| *v != i16::MIN);
    value.ok_or(Damage::CoefficientRange)
}
