//! JPEG from pixels, for files whose coefficients could not be kept.

use super::{Notes, Out, Pages, Samples, exif, failed};
use crate::error::SinkError;
use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use scrim_frame::Family;
use scrim_units::PhotoFormat;

/// Above what cameras write; differences to the source are not seen.
const QUALITY: u8 = 95;

const APP1: u8 = 0xE1;

pub(super) struct Jpeg {
    out: Option<Out>,
}

impl Jpeg {
    pub(super) fn new(out: Out) -> Self {
        Self { out: Some(out) }
    }
}

impl Pages for Jpeg {
    fn page(&mut self, page: &Samples<'_>, _: &mut Notes) -> Result<(), SinkError> {
        let out = self.out.take().ok_or(SinkError::WrongShape)?;
        let planes = page.frame.planes();
        let rows: Vec<&[u8]> = planes.iter().map(|p| p.bytes()).collect();
        let (samples, colour) = match (page.frame.info().layout.family, &rows[..]) {
            (Family::Grey, [grey]) => (grey.to_vec(), ExtendedColorType::L8),
            (Family::Rgb, [r, g, b]) => {
                let pixels = r.iter().zip(*g).zip(*b);
                let packed = pixels.flat_map(|((r, g), b)| [*r, *g, *b]).collect();
                (packed, ExtendedColorType::Rgb8)
            }
            _ => return Err(SinkError::WrongShape),
        };
        let size = page.size();
        let mut file = Vec::new();
        JpegEncoder::new_with_quality(&mut file, QUALITY)
            .encode(&samples, size.width, size.height, colour)
            .map_err(|e| failed(PhotoFormat::Jpeg)(&e))?;
        if let Some(block) = exif::block(page.orientation()) {
            let mut segment = vec![0xFF, APP1];
            segment.extend((block.len() as u16 + 8).to_be_bytes());
            segment.extend(b"Exif\0\0");
            segment.extend(block);
            // Behind the start-of-image marker.
            file.splice(2..2, segment);
        }
        out.write_whole(&file)
    }

    fn finish(self: Box<Self>, _: &mut Notes) -> Result<(), SinkError> {
        Ok(())
    }
}
