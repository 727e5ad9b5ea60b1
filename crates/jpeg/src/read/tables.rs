//! Tables and settings that stay in force until sent again (T.81 B.2.4).

use super::conditioning::Conditioning;
use super::huffman::HuffmanSpec;
use super::scan::Scan;
use crate::coefficients::Component;
use crate::error::{Damage, JpegError};
use crate::frame::Frame;
use crate::marker::Segment;
use crate::order::natural;

#[derive(Default)]
pub(crate) struct Tables {
    /// Quantisation steps in row-major order.
    quant: [Option<[u16; 64]>; 4],
    pub dc: [Option<HuffmanSpec>; 4],
    pub ac: [Option<HuffmanSpec>; 4],
    pub conditioning: Conditioning,
    /// Coded units between restart markers; 0 for none.
    pub restart_interval: u16,
}

impl Tables {
    /// Takes in a DQT segment (B.2.4.1).
    pub(crate) fn take_quant(&mut self, segment: &Segment<'_>) -> Result<(), JpegError> {
        let mut rest = segment.body;
        while let Some((&head, after)) = rest.split_first() {
            let Some(slot) = self.quant.get_mut(usize::from(head & 15)) else {
                return Err(segment.damaged(Damage::TableNumber));
            };
            let steps = match head >> 4 {
                0 => after
                    .split_first_chunk::<64>()
                    .map(|(s, r)| (s.map(u16::from), r)),
                1 => after.split_first_chunk::<128>().map(|(s, r)| (wide(s), r)),
                _ => return Err(segment.damaged(Damage::TableNumber)),
            };
            let Some((steps, after)) = steps else {
                return Err(segment.damaged(Damage::SegmentLength));
            };
            if steps.contains(&0) {
                return Err(segment.damaged(Damage::ZeroQuantiser));
            }
            *slot = Some(natural(&steps));
            rest = after;
        }
        Ok(())
    }

    /// Takes in a DHT segment (B.2.4.2). Codes are built when a scan uses them, so that a file
    /// full of tables costs no more than its bytes.
    pub(crate) fn take_huffman(&mut self, segment: &Segment<'_>) -> Result<(), JpegError> {
        let mut rest = segment.body;
        while let Some((&head, after)) = rest.split_first() {
            let slots = match head >> 4 {
                0 => &mut self.dc,
                1 => &mut self.ac,
                _ => return Err(segment.damaged(Damage::TableNumber)),
            };
            let Some(slot) = slots.get_mut(usize::from(head & 15)) else {
                return Err(segment.damaged(Damage::TableNumber));
            };
            let Some((counts, after)) = after.split_first_chunk::<16>() else {
                return Err(segment.damaged(Damage::SegmentLength));
            };
            let total = counts.iter().map(|&c| usize::from(c)).sum();
            if total > 256 {
                return Err(segment.damaged(Damage::HuffmanTable));
            }
            let Some((symbols, after)) = after.split_at_checked(total) else {
                return Err(segment.damaged(Damage::SegmentLength));
            };
            *slot = Some(HuffmanSpec {
                counts: *counts,
                symbols: symbols.to_vec(),
            });
            rest = after;
        }
        Ok(())
    }

    /// Takes in a DRI segment (B.2.4.4).
    pub(crate) fn take_restart_interval(&mut self, segment: &Segment<'_>) -> Result<(), JpegError> {
        let &[high, low] = segment.body else {
            return Err(segment.damaged(Damage::SegmentLength));
        };
        self.restart_interval = u16::from_be_bytes([high, low]);
        Ok(())
    }

    /// Gives components that have none yet the quantisation table in force now: that of their
    /// first scan counts, as in libjpeg (`latch_quant_tables`).
    pub(crate) fn fix_quantisers(
        &self,
        scan: &Scan,
        frame: &Frame,
        planes: &mut [Component],
        segment: &Segment<'_>,
    ) -> Result<(), JpegError> {
        for &n in scan.components() {
            let (Some(plane), Some(told)) = (planes.get_mut(n), frame.components.get(n)) else {
                continue;
            };
            if plane.quant.is_none() {
                let table = self.quant.get(usize::from(told.quant)).copied().flatten();
                plane.quant = Some(table.ok_or(segment.damaged(Damage::NoQuantTable))?);
            }
        }
        Ok(())
    }
}

fn wide(bytes: &[u8; 128]) -> [u16; 64] {
    let mut out = [0; 64];
    for (step, pair) in out.iter_mut().zip(bytes.as_chunks::<2>().0) {
        *step = u16::from_be_bytes(*pair);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(body: &[u8]) -> Segment<'_> {
        Segment {
            marker: 0,
            offset: 0,
            body,
        }
    }

    #[test]
    fn one_segment_may_hold_tables_of_both_precisions() {
        let mut tables = Tables::default();
        let body = [&[0x00][..], &[9; 64], &[0x13], &[1, 2].repeat(64)].concat();
        tables.take_quant(&segment(&body)).unwrap();
        assert_eq!(tables.quant[0], Some([9; 64]));
        assert_eq!(tables.quant[3], Some([0x102; 64]));
    }

    #[test]
    fn broken_tables_are_named() {
        let mut tables = Tables::default();
        let zero = [&[0x00][..], &[0; 64]].concat();
        let full = [&[0x00][..], &[255; 16], &[0; 255 * 16]].concat();
        let damage = |what| Err(JpegError::damaged(what, 0));
        assert_eq!(
            tables.take_quant(&segment(&zero)),
            damage(Damage::ZeroQuantiser)
        );
        assert_eq!(
            tables.take_quant(&segment(&[4])),
            damage(Damage::TableNumber)
        );
        assert_eq!(
            tables.take_quant(&segment(&[0x20])),
            damage(Damage::TableNumber)
        );
        assert_eq!(
            tables.take_quant(&segment(&[0, 1])),
            damage(Damage::SegmentLength)
        );
        assert_eq!(
            tables.take_huffman(&segment(&full)),
            damage(Damage::HuffmanTable)
        );
        assert_eq!(
            tables.take_huffman(&segment(&[0x20])),
            damage(Damage::TableNumber)
        );
        assert_eq!(
            tables.take_huffman(&segment(&[0x00, 1])),
            damage(Damage::SegmentLength)
        );
        assert_eq!(
            tables.take_restart_interval(&segment(&[1])),
            damage(Damage::SegmentLength)
        );
    }
}
