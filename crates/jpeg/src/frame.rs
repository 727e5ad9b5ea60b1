//! The frame header (T.81 B.2.2): size, components and how they are sampled (A.1.1, A.2).

use crate::error::{Damage, JpegError, Unsupported};
use crate::marker::Segment;

/// How the coefficients are coded, from the frame header's marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    /// Baseline sequential (SOF0).
    Baseline,
    /// Extended sequential, Huffman coded (SOF1).
    Extended,
    /// Progressive, Huffman coded (SOF2).
    Progressive,
    /// Lossless, in either coding (SOF3, SOF11).
    Lossless,
    /// Differential frames of the hierarchical process (SOF5-7, SOF13-15).
    Hierarchical,
}

/// How the coefficients become bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// Codes of whole bits (T.81 annex C).
    Huffman,
    /// The QM coder (T.81 annex D).
    Arithmetic,
}

impl Process {
    /// The process that a marker code announces, if it is a frame header's.
    pub(crate) fn of_marker(marker: u8) -> Option<(Self, Coding)> {
        let process = match marker {
            0xC0 => Self::Baseline,
            0xC1 | 0xC9 => Self::Extended,
            0xC2 | 0xCA => Self::Progressive,
            0xC3 | 0xCB => Self::Lossless,
            0xC5..=0xC7 | 0xCD..=0xCF => Self::Hierarchical,
            _ => return None,
        };
        let coding = if marker < 0xC8 {
            Coding::Huffman
        } else {
            Coding::Arithmetic
        };
        Some((process, coding))
    }
}

/// A component as the frame header tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampling {
    /// Component identifier, any byte.
    pub id: u8,
    /// Horizontal sampling factor, 1..=4.
    pub h: u8,
    /// Vertical sampling factor, 1..=4.
    pub v: u8,
    /// Number of the quantisation table, 0..=3.
    pub(crate) quant: u8,
}

/// A checked frame header.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub process: Process,
    pub coding: Coding,
    pub precision: u8,
    pub width: u16,
    pub height: u16,
    pub components: Vec<Sampling>,
}

/// Blocks across and down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub across: usize,
    pub down: usize,
}

impl Frame {
    /// Reads a frame header of any process; [`Frame::check_readable`] says whether it is ours.
    pub(crate) fn parse(
        process: Process,
        coding: Coding,
        segment: &Segment<'_>,
    ) -> Result<Self, JpegError> {
        let &[precision, y1, y0, x1, x0, count, ref list @ ..] = segment.body else {
            return Err(segment.damaged(Damage::SegmentLength));
        };
        let (width, height) = (u16::from_be_bytes([x1, x0]), u16::from_be_bytes([y1, y0]));
        if list.len() != 3 * usize::from(count) {
            return Err(segment.damaged(Damage::SegmentLength));
        }
        if width == 0 || count == 0 {
            return Err(segment.damaged(Damage::EmptyPicture));
        }
        if height == 0 {
            return Err(JpegError::Unsupported(Unsupported::HeightLater));
        }
        if count > 4 {
            return Err(JpegError::Unsupported(Unsupported::Components(count)));
        }
        let mut components: Vec<Sampling> = Vec::with_capacity(4);
        for entry in list.as_chunks::<3>().0 {
            let component = sampling(entry, segment)?;
            if components.iter().any(|c| c.id == component.id) {
                return Err(segment.damaged(Damage::RepeatedComponent));
            }
            components.push(component);
        }
        // The factors of a lone component say nothing: its scan is not interleaved (A.2.2).
        if let [only] = components.as_mut_slice() {
            (only.h, only.v) = (1, 1);
        }
        Ok(Self {
            process,
            coding,
            precision,
            width,
            height,
            components,
        })
    }

    /// Refuses, by name, what this crate does not decode.
    pub(crate) fn check_readable(&self) -> Result<(), JpegError> {
        let kind = match self.process {
            Process::Lossless => Unsupported::Lossless,
            Process::Hierarchical => Unsupported::Hierarchical,
            _ if self.precision != 8 => Unsupported::Precision(self.precision),
            _ => return Ok(()),
        };
        Err(JpegError::Unsupported(kind))
    }

    /// Largest factors of the frame: 8 times these is a minimum coded unit in pixels.
    pub(crate) fn max_factors(&self) -> (usize, usize) {
        let h = self.components.iter().map(|c| usize::from(c.h)).max();
        let v = self.components.iter().map(|c| usize::from(c.v)).max();
        (h.unwrap_or(1), v.unwrap_or(1))
    }

    /// Minimum coded units across and down.
    pub(crate) fn units(&self) -> Extent {
        let (h, v) = self.max_factors();
        Extent {
            across: usize::from(self.width).div_ceil(8 * h),
            down: usize::from(self.height).div_ceil(8 * v),
        }
    }

    /// Blocks of a component that hold picture, without padding: those that a scan of this
    /// component alone codes (A.2.2).
    pub(crate) fn visible(&self, component: &Sampling) -> Extent {
        let (h, v) = self.max_factors();
        let (own_h, own_v) = (usize::from(component.h), usize::from(component.v));
        Extent {
            across: (usize::from(self.width) * own_h).div_ceil(8 * h),
            down: (usize::from(self.height) * own_v).div_ceil(8 * v),
        }
    }

    /// Blocks of a component with the padding that completes the last units (A.2.4).
    pub(crate) fn padded(&self, component: &Sampling) -> Extent {
        let units = self.units();
        Extent {
            across: units.across * usize::from(component.h),
            down: units.down * usize::from(component.v),
        }
    }

    /// Bytes that all coefficients take.
    pub(crate) fn coefficient_bytes(&self) -> u64 {
        let blocks = |c| {
            let padded = self.padded(c);
            padded.across as u64 * padded.down as u64
        };
        self.components.iter().map(blocks).sum::<u64>() * 128
    }
}

fn sampling(entry: &[u8; 3], segment: &Segment<'_>) -> Result<Sampling, JpegError> {
    let [id, factors, quant] = *entry;
    let (h, v) = (factors >> 4, factors & 15);
    if !(1..=4).contains(&h) || !(1..=4).contains(&v) {
        return Err(segment.damaged(Damage::SamplingFactor));
    }
    if quant > 3 {
        return Err(segment.damaged(Damage::TableNumber));
    }
    Ok(Sampling { id, h, v, quant })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &[u8]) -> Result<Frame, JpegError> {
        let segment = Segment {
            marker: 0xC0,
            offset: 0,
            body,
        };
        Frame::parse(Process::Baseline, Coding::Huffman, &segment)
    }

    #[test]
    fn a_17_pixel_picture_at_4_2_0_pads_luma_to_whole_units() {
        let frame = parse(&[8, 0, 1, 0, 17, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]).unwrap();
        let (luma, chroma) = (&frame.components[0], &frame.components[1]);
        assert_eq!(frame.visible(luma), Extent { across: 3, down: 1 });
        assert_eq!(frame.padded(luma), Extent { across: 4, down: 2 });
        assert_eq!(frame.padded(chroma), Extent { across: 2, down: 1 });
        assert_eq!(frame.coefficient_bytes(), (8 + 2 + 2) * 128);
    }

    #[test]
    fn the_factors_of_a_lone_component_are_ignored() {
        let frame = parse(&[8, 0, 9, 0, 9, 1, 1, 0x44, 0]).unwrap();
        assert_eq!(
            frame.padded(&frame.components[0]),
            Extent { across: 2, down: 2 }
        );
    }

    #[test]
    fn a_height_told_later_is_refused_by_name() {
        let error = parse(&[8, 0, 0, 0, 9, 1, 1, 0x11, 0]).unwrap_err();
        assert_eq!(error, JpegError::Unsupported(Unsupported::HeightLater));
    }

    #[test]
    fn five_components_are_refused_by_number() {
        let body = [&[8, 0, 1, 0, 1, 5][..], &[1, 0x11, 0].repeat(5)].concat();
        let error = parse(&body).unwrap_err();
        assert_eq!(error, JpegError::Unsupported(Unsupported::Components(5)));
    }

    #[test]
    fn impossible_frames_are_damage() {
        let cases: [(&[u8], Damage); 6] = [
            (&[8, 0, 1], Damage::SegmentLength),
            (&[8, 0, 1, 0, 1, 2, 1, 0x11, 0], Damage::SegmentLength),
            (&[8, 0, 1, 0, 0, 1, 1, 0x11, 0], Damage::EmptyPicture),
            (&[8, 0, 1, 0, 1, 1, 1, 0x51, 0], Damage::SamplingFactor),
            (&[8, 0, 1, 0, 1, 1, 1, 0x11, 4], Damage::TableNumber),
            (
                &[8, 0, 1, 0, 1, 2, 1, 0x11, 0, 1, 0x11, 0],
                Damage::RepeatedComponent,
            ),
        ];
        for (body, what) in cases {
            assert_eq!(parse(body).unwrap_err(), JpegError::damaged(what, 0));
        }
    }
}
