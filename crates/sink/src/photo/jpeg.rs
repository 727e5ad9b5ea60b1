//! JPEG from pixels, for files whose coefficients could not be kept.

use super::{Notes, Out, Pages, Samples, exif, failed};
use crate::error::SinkError;
use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use scrim_frame::{Family, Layout};
use scrim_units::{ColourProfile, PhotoFormat};

/// Above what cameras write; differences to the source are not seen.
const QUALITY: u8 = 95;

const APP0: u8 = 0xE0;
const APP1: u8 = 0xE1;
const APP2: u8 = 0xE2;
const APP15: u8 = 0xEF;

pub(super) struct Jpeg {
    out: Option<Out>,
    profile: Option<ColourProfile>,
}

impl Jpeg {
    pub(super) fn new(out: Out, profile: Option<ColourProfile>) -> Self {
        Self {
            out: Some(out),
            profile,
        }
    }
}

impl Pages for Jpeg {
    fn page(&mut self, page: &Samples<'_>, _: &mut Notes) -> Result<(), SinkError> {
        let out = self.out.take().ok_or(SinkError::WrongShape)?;
        // Packed bytes, as the reader leaves them.
        let packed = |family| *page.frame.info().layout == Layout::packed(family, false, 8);
        let colour = if packed(Family::Grey) {
            ExtendedColorType::L8
        } else if packed(Family::Rgb) {
            ExtendedColorType::Rgb8
        } else {
            return Err(SinkError::WrongShape);
        };
        let planes = page.frame.planes();
        let samples = planes.first().ok_or(SinkError::WrongShape)?.bytes();
        let size = page.size();
        let mut file = Vec::new();
        JpegEncoder::new_with_quality(&mut file, QUALITY)
            .encode(samples, size.width, size.height, colour)
            .map_err(|e| failed(PhotoFormat::Jpeg)(&e))?;
        if let Some(block) = exif::block(page.orientation()) {
            let mut segment = vec![0xFF, APP1];
            segment.extend((block.len() as u16 + 8).to_be_bytes());
            segment.extend(b"Exif\0\0");
            segment.extend(block);
            // Behind the start-of-image marker.
            file.splice(2..2, segment);
        }
        if let Some(profile) = &self.profile {
            file = with_profile(&file, profile);
        }
        out.write_whole(&file)
    }

    fn finish(self: Box<Self>, _: &mut Notes) -> Result<(), SinkError> {
        Ok(())
    }
}

/// A JPEG of our own with a colour profile behind its application segments (ICC.1:2022, B.4). A
/// reduced profile fits into one segment; one that does not is left out.
pub(super) fn with_profile(file: &[u8], profile: &ColourProfile) -> Vec<u8> {
    let mut at = 2;
    while let Some(&[0xFF, APP0..=APP15, high, low]) = file.get(at..at + 4) {
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
    let body = [b"ICC_PROFILE\0\x01\x01", profile.bytes()].concat();
    let mut out = file.to_vec();
    if let Ok(length) = u16::try_from(body.len() + 2)
        && at <= out.len()
    {
        let mut segment = vec![0xFF, APP2];
        segment.extend(length.to_be_bytes());
        segment.extend(body);
        out.splice(at..at, segment);
    }
    out
}
