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
    dc: DcPredictor,
}

impl<'t> Sequential<'t> {
    /// One DC and one AC table for each of the scan's components.
    pub(crate) fn new(dc: &[&'t DecodeTable], ac: &[&'t DecodeTable]) -> Self {
        Self {
            tables: dc.iter().copied().zip(ac.iter().copied()).collect(),
            dc: DcPredictor::default(),
        }
    }
}

impl BlockDecoder for Sequential<'_> {
    #[inline]
    fn block(
        &mut self,
        bits: &mut BitReader<'_>,
        slot: usize,
        block: &mut Block,
    ) -> Result<(), Damage> {
        let &(dc, ac) = self.tables.get(slot).ok_or(Damage::NoHuffmanTable)?;
        block[0] = self.dc.next(dc, bits, slot, 0)?;
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
        self.dc = DcPredictor::default();
        Ok(())
    }
}

/// DC values of the blocks before, one for each of a scan's components (F.2.1.3).
#[derive(Default)]
pub(crate) struct DcPredictor {
    last: [i32; 4],
}

impl DcPredictor {
    /// Decodes a difference: the DC value, moved up by the point transform `low`.
    #[inline]
    pub(crate) fn next(
        &mut self,
        table: &DecodeTable,
        bits: &mut BitReader<'_>,
        slot: usize,
        low: u8,
    ) -> Result<i16, Damage> {
        let last = self.last.get_mut(slot).ok_or(Damage::UnknownComponent)?;
        let (_, difference) = table.value(bits)?;
        *last += difference;
        let value = *last << low;
        if last.abs() > DC_LIMIT >> low {
            return Err(Damage::CoefficientRange);
        }
        i16::try_from(value).map_err(|_| Damage::CoefficientRange)
    }
}
