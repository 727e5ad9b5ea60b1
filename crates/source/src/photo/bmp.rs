//! Windows bitmaps: palettes and every packing come out as 8 bits of red, green, blue.

use super::{Bytes, Page, Pages, PhotoOptions, Told, checked, page, photo_error, still};
use crate::error::SourceError;
use image::codecs::bmp::BmpDecoder;
use image::error::ImageError;
use image::{ColorType, ImageDecoder};
use scrim_pixels::layout::{Family, Layout};
use scrim_units::{AlbumFacts, Orientation, PageFacts, PhotoFormat, Size};
use std::io::{Cursor, ErrorKind};

const FORMAT: PhotoFormat = PhotoFormat::Bmp;

/// Where the file's own size, the header's size and the bits a pixel stand (BITMAPFILEHEADER,
/// BITMAPINFOHEADER).
const FILE_SIZE: usize = 2;
const HEADER_SIZE: usize = 14;
const BITS: usize = 28;
/// BITMAPV5HEADER, the one with a colour profile.
const V5: u32 = 124;

struct Bmp {
    decoder: Option<BmpDecoder<Cursor<Bytes>>>,
    size: Size,
    layout: Layout,
    facts: PageFacts,
    options: PhotoOptions,
}

pub(super) fn open(
    data: Bytes,
    options: PhotoOptions,
    told: &mut Told,
) -> Result<(Box<dyn Pages>, AlbumFacts), SourceError> {
    let (length, stated) = (data.as_ref().len(), long(data.as_ref(), FILE_SIZE) as usize);
    if stated > 0 && stated < length {
        told.drop(format!("trailing data of {} bytes", length - stated));
    }
    if long(data.as_ref(), HEADER_SIZE) == V5 {
        told.drop("ICC profile");
    }
    let bits = data.as_ref().get(BITS).copied().unwrap_or(24);
    let decoder = BmpDecoder::new(Cursor::new(data)).map_err(refusal)?;
    let (width, height) = decoder.dimensions();
    let size = checked(width, height, 4, &options)?;
    let alpha = decoder.color_type() == ColorType::Rgba8;
    let pages = Bmp {
        decoder: Some(decoder),
        size,
        layout: Layout::packed(Family::Rgb, alpha, 8),
        facts: PageFacts {
            indexed: bits <= 8,
            ..PageFacts::still(8)
        },
        options,
    };
    Ok((Box::new(pages), still(FORMAT)))
}

fn long(data: &[u8], at: usize) -> u32 {
    let field = data.get(at..).and_then(|d| d.first_chunk::<4>());
    field.map_or(0, |f| u32::from_le_bytes(*f))
}

fn refusal(error: ImageError) -> SourceError {
    match error {
        ImageError::Decoding(e) => SourceError::Damaged(e.to_string()),
        ImageError::IoError(e) if e.kind() == ErrorKind::UnexpectedEof => {
            SourceError::Damaged("the file is cut short".into())
        }
        other => photo_error(FORMAT, other),
    }
}

impl Pages for Bmp {
    fn advance(&mut self, told: &mut Told) -> Result<Option<Page>, SourceError> {
        let Some(decoder) = self.decoder.take() else {
            return Ok(None);
        };
        let mut samples = vec![0; self.layout.bytes(self.size) as usize];
        if let Err(e) = decoder.read_image(&mut samples) {
            match refusal(e) {
                SourceError::Damaged(what) => told.damaged(what, &self.options)?,
                other => return Err(other),
            }
        }
        let layout = self.layout.clone();
        let turn = Orientation::Upright;
        page(0, self.size, layout, turn, 0, vec![samples], self.facts).map(Some)
    }
}
