//! Markers and their segments (T.81 B.1.1). Knows where a segment ends, not what it means.

use crate::error::{Damage, JpegError};

pub(crate) const SOI: u8 = 0xD8;
pub(crate) const EOI: u8 = 0xD9;
pub(crate) const SOS: u8 = 0xDA;
pub(crate) const DQT: u8 = 0xDB;
pub(crate) const DNL: u8 = 0xDC;
pub(crate) const DRI: u8 = 0xDD;
pub(crate) const DHP: u8 = 0xDE;
pub(crate) const EXP: u8 = 0xDF;
pub(crate) const DHT: u8 = 0xC4;
pub(crate) const DAC: u8 = 0xCC;
pub(crate) const APP0: u8 = 0xE0;
pub(crate) const APP1: u8 = 0xE1;
pub(crate) const APP14: u8 = 0xEE;
pub(crate) const APP15: u8 = 0xEF;
pub(crate) const COM: u8 = 0xFE;
pub(crate) const TEM: u8 = 0x01;
pub(crate) const RST0: u8 = 0xD0;
pub(crate) const RST7: u8 = 0xD7;
/// Start of frame of JPEG-LS (ITU-T T.87).
pub(crate) const SOF55: u8 = 0xF7;

/// One marker with what belongs to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment<'a> {
    pub marker: u8,
    /// Offset of the marker code in the file.
    pub offset: usize,
    /// Content after the length field; empty for markers that have none.
    pub body: &'a [u8],
}

impl Segment<'_> {
    /// The error for something wrong in this segment.
    pub(crate) fn damaged(&self, what: Damage) -> JpegError {
        JpegError::damaged(what, self.offset)
    }
}

/// Walks a file from marker to marker.
pub(crate) struct Markers<'a> {
    pub data: &'a [u8],
    /// Offset of the next unread byte.
    pub at: usize,
}

impl<'a> Markers<'a> {
    /// Starts behind the start-of-image marker.
    pub(crate) fn new(data: &'a [u8]) -> Result<Self, JpegError> {
        match data {
            [0xFF, SOI, ..] => Ok(Self { data, at: 2 }),
            _ => Err(JpegError::NotJpeg),
        }
    }

    /// Reads a marker code, past any fill bytes (B.1.1.2).
    pub(crate) fn code(&mut self) -> Result<u8, JpegError> {
        let first = self.byte()?;
        if first != 0xFF {
            return Err(JpegError::damaged(Damage::MarkerExpected, self.at - 1));
        }
        loop {
            match self.byte()? {
                0xFF => {}
                0 => return Err(JpegError::damaged(Damage::MarkerExpected, self.at - 1)),
                code => return Ok(code),
            }
        }
    }

    /// Reads a marker with its segment.
    pub(crate) fn segment(&mut self) -> Result<Segment<'a>, JpegError> {
        let marker = self.code()?;
        let offset = self.at - 1;
        if matches!(marker, RST0..=RST7 | SOI | EOI | TEM) {
            return Ok(Segment {
                marker,
                offset,
                body: &[],
            });
        }
        let length = usize::from(self.byte()?) << 8 | usize::from(self.byte()?);
        // The length counts its own two bytes.
        let Some(length) = length.checked_sub(2) else {
            return Err(JpegError::damaged(Damage::SegmentLength, offset));
        };
        let Some(body) = self.data.get(self.at..self.at + length) else {
            return Err(JpegError::damaged(Damage::CutShort, self.data.len()));
        };
        self.at += length;
        Ok(Segment {
            marker,
            offset,
            body,
        })
    }

    fn byte(&mut self) -> Result<u8, JpegError> {
        let byte = self.data.get(self.at).copied();
        self.at += 1;
        byte.ok_or(JpegError::damaged(Damage::CutShort, self.data.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fill_bytes_before_a_marker_are_skipped() {
        let mut markers = Markers::new(&[0xFF, SOI, 0xFF, 0xFF, 0xFF, COM, 0, 3, 7]).unwrap();
        let segment = markers.segment().unwrap();
        assert_eq!((segment.marker, segment.body), (COM, &[7][..]));
    }

    #[test]
    fn a_length_that_does_not_count_itself_is_damage() {
        let mut markers = Markers::new(&[0xFF, SOI, 0xFF, COM, 0, 1, 7]).unwrap();
        let error = markers.segment().unwrap_err();
        assert_eq!(error, JpegError::damaged(Damage::SegmentLength, 3));
    }

    #[test]
    fn a_segment_past_the_end_is_a_cut() {
        let mut markers = Markers::new(&[0xFF, SOI, 0xFF, COM, 0, 9, 7]).unwrap();
        assert_eq!(
            markers.segment().unwrap_err(),
            JpegError::damaged(Damage::CutShort, 7)
        );
    }

    #[test]
    fn a_picture_of_another_kind_is_no_jpeg() {
        assert_eq!(Markers::new(b"\x89PNG").err(), Some(JpegError::NotJpeg));
        assert_eq!(Markers::new(&[]).err(), Some(JpegError::NotJpeg));
    }
}
