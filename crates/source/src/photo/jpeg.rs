//! JPEG: its coefficients for writing, its pixels for looking.
//!
//! Both are read at the same time. Where the coefficients cannot be kept (a damaged file that
//! was accepted, a progression that ends early) the pixels alone are given out, and the file is
//! written anew from them. The pixel decoder knows Huffman coding only: a file with arithmetic
//! coding is recoded first, which keeps its coefficients.

use super::{Bytes, Page, Pages, PhotoOptions, Told, checked, page, photo_error, still};
use crate::error::SourceError;
use scrim_jpeg::{Coding, Coefficients, Colour, Dropped, Header, JpegError, Unsupported};
use scrim_pixels::layout::{Family, Layout};
use scrim_raw::RawJpeg;
use scrim_units::{AlbumFacts, Orientation, PageFacts, PhotoFormat, Size};
use zeroize::{Zeroize, Zeroizing};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

const FORMAT: PhotoFormat = PhotoFormat::Jpeg;

/// Bytes a pixel for the limits: three colours and, at most, as many coefficients of two bytes
/// as the picture has samples.
const BYTES_A_PIXEL: u64 = 3;

struct Jpeg {
    data: Bytes,
    header: Option<Header>,
    options: PhotoOptions,
}

pub(super) fn open(
    data: Bytes,
    options: PhotoOptions,
    _: &mut Told,
) -> Result<(Box<dyn Pages>, AlbumFacts), SourceError> {
    let header = scrim_jpeg::header(data.as_ref()).map_err(refusal)?;
    checked(header.width, header.height, BYTES_A_PIXEL, &options)?;
    let pages = Jpeg {
        data,
        header: Some(header),
        options,
    };
    Ok((Box::new(pages), still(FORMAT)))
}

impl Pages for Jpeg {
    fn advance(&mut self, told: &mut Told) -> Result<Option<Page>, SourceError> {
        let Some(header) = self.header.take() else {
            return Ok(None);
        };
        let limit = usize::try_from(self.options.limits.frame_bytes).unwrap_or(usize::MAX);
        let recoded = match header.coding {
            Coding::Huffman => None,
            Coding::Arithmetic => Some(recoded(self.data.as_ref(), limit, told)?),
        };
        let data = recoded.as_deref().map_or(self.data.as_ref(), Vec::as_slice);
        let (coefficients, decoded) = std::thread::scope(|scope| {
            let reader = scope.spawn(|| RawJpeg::read(data, limit));
            let decoded = pixels(data, &header, told);
            (reader.join(), decoded)
        });
        let (layout, planes) = decoded?;
        let size = Size {
            width: header.width,
            height: header.height,
        };
        let turn = Orientation::from_exif(header.orientation.into());
        let facts = PageFacts {
            lossy: true,
            ..PageFacts::still(8)
        };
        // A frame first: its pixels are wiped where the file is refused for its coefficients.
        let out = page(0, size, layout, turn, 0, planes, facts)?;
        let coefficients = coefficients
            .map_err(|_| photo_error(FORMAT, "its reader failed"))
            .and_then(|read| self.kept(read, told))?;
        if let Some(mut jpeg) = coefficients {
            let dropped = jpeg.dropped();
            let named = dropped.iter().filter(|d| **d != Dropped::Icc);
            named.for_each(|d| told.drop(word(d)));
            if dropped.contains(&Dropped::Icc) && told.profile.is_none() {
                told.drop("ICC profile");
            }
            if jpeg.pair(&out.frame) {
                told.jpeg = Some(jpeg);
            } else {
                // What was looked at is what is written.
                told.notes
                    .push("re-encoded: two decoders read it differently".into());
            }
        }
        Ok(Some(out))
    }
}

impl Jpeg {
    /// The coefficients, if they can be kept; a refusal if the file cannot be used at all.
    fn kept(
        &self,
        read: Result<RawJpeg, JpegError>,
        told: &mut Told,
    ) -> Result<Option<RawJpeg>, SourceError> {
        match read {
            Ok(jpeg) => Ok(Some(jpeg)),
            Err(JpegError::Damaged { what, .. }) => {
                told.damaged(what.to_string(), &self.options)?;
                told.notes.push("re-encoded: the file is damaged".into());
                told.drop("metadata");
                Ok(None)
            }
            Err(JpegError::Unsupported(
                kind @ (Unsupported::IncompleteProgression | Unsupported::TooManyScans),
            )) => {
                told.notes.push(format!("re-encoded: {kind}"));
                told.drop("metadata");
                Ok(None)
            }
            Err(e) => Err(refusal(e)),
        }
    }
}

/// The same coefficients with Huffman codes.
fn recoded(data: &[u8], limit: usize, told: &mut Told) -> Result<Zeroizing<Vec<u8>>, SourceError> {
    let coefficients = Coefficients::read(data, limit).map_err(|error| match error {
        // No decoder here conceals what is missing.
        JpegError::Damaged { what, .. } => {
            photo_error(FORMAT, format!("damaged, with arithmetic coding: {what}"))
        }
        other => refusal(other),
    })?;
    for dropped in coefficients.dropped() {
        told.drop(word(&dropped));
    }
    told.notes
        .push("arithmetic coding became Huffman coding".into());
    Ok(Zeroizing::new(coefficients.write()))
}

fn refusal(error: JpegError) -> SourceError {
    match error {
        JpegError::Damaged { what, .. } => SourceError::Damaged(what.to_string()),
        JpegError::TooLarge { needed, limit } => SourceError::Photo {
            format: FORMAT.name(),
            what: format!(
                "{} MB are needed, over the limit of {} MB; raise it with --memory",
                needed >> 20,
                limit >> 20
            ),
        },
        other => photo_error(FORMAT, other),
    }
}

/// What a report calls it.
fn word(dropped: &Dropped) -> String {
    match dropped {
        Dropped::Exif => "EXIF".into(),
        Dropped::Thumbnail => "thumbnail".into(),
        Dropped::MakerNote => "maker note".into(),
        Dropped::Icc => "ICC profile".into(),
        Dropped::Xmp => "XMP".into(),
        Dropped::Iptc => "IPTC and Photoshop data".into(),
        Dropped::Mpf => "index of further pictures".into(),
        Dropped::Comment => "comment".into(),
        Dropped::OtherApp(n) => format!("application data (APP{n})"),
        Dropped::Trailing(bytes) => format!("trailing data of {bytes} bytes"),
        _ => "other metadata".into(),
    }
}

/// Pixels in one plane, grey or RGB. Missing data is left to the decoder, which fills it in;
/// whether that is acceptable is decided with the coefficients.
fn pixels(
    data: &[u8],
    header: &Header,
    told: &mut Told,
) -> Result<(Layout, Vec<Vec<u8>>), SourceError> {
    let (family, space) = match header.colour {
        Colour::Grey => (Family::Grey, ColorSpace::Luma),
        Colour::Unknown => return Err(photo_error(FORMAT, "two components")),
        _ => (Family::Rgb, ColorSpace::RGB),
    };
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(header.width as usize)
        .set_max_height(header.height as usize)
        .jpeg_set_out_colorspace(space);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(data), options);
    let mut packed = decoder.decode().map_err(|e| photo_error(FORMAT, e))?;
    if let Some(profile) = decoder.icc_profile() {
        match header.colour {
            Colour::Grey => told.profile(&profile, true),
            Colour::YCbCr | Colour::Rgb => told.profile(&profile, false),
            _ => told.drop("ICC profile"),
        }
    }
    let area = header.width as usize * header.height as usize;
    if packed.len() != area * family.colours() {
        packed.as_mut_slice().zeroize();
        return Err(photo_error(FORMAT, "another size than its header states"));
    }
    // Left as the decoder packs it: three planes would be one more copy of the picture.
    Ok((Layout::packed(family, false, 8), vec![packed]))
}
