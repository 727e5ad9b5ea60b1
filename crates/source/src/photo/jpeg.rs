//! JPEG: its coefficients, and the picture that they hold.
//!
//! Where the coefficients cannot be kept (a damaged file that was accepted, a progression that ends
//! early) another decoder fills in what is missing, and the file is written anew from its pixels.

use super::{Bytes, Page, Pages, PhotoOptions, Told, checked, page, photo_error, still};
use crate::error::SourceError;
use scrim_jpeg::{Coding, Colour, Dropped, Header, JpegError, Unsupported};
use scrim_pixels::layout::{Family, Layout};
use scrim_raw::RawJpeg;
use scrim_units::{AlbumFacts, Orientation, PageFacts, PhotoFormat, Size};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

const FORMAT: PhotoFormat = PhotoFormat::Jpeg;

/// Bytes a pixel for the limits: three colours, of inks one more. The coefficients have a limit of their
/// own.
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
    let bytes = BYTES_A_PIXEL.max(header.components.len() as u64);
    checked(header.width, header.height, bytes, &options)?;
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
        let read = RawJpeg::read(self.data.as_ref(), limit);
        let page = match self.kept(read, header.coding, told)? {
            Some(jpeg) => exact(jpeg, &header, self.options.threads, told)?,
            None => anew(self.data.as_ref(), &header, told)?,
        };
        Ok(Some(page))
    }
}

impl Jpeg {
    /// The coefficients, if they can be kept; a refusal if the file cannot be used at all.
    fn kept(
        &self,
        read: Result<RawJpeg, JpegError>,
        coding: Coding,
        told: &mut Told,
    ) -> Result<Option<RawJpeg>, SourceError> {
        match read {
            Ok(jpeg) => Ok(Some(jpeg)),
            // No decoder here conceals what is missing there.
            Err(error) if coding == Coding::Arithmetic => Err(match error {
                JpegError::Damaged { what, .. } => {
                    photo_error(FORMAT, format!("damaged, with arithmetic coding: {what}"))
                }
                other => refusal(other),
            }),
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

const FACTS: PageFacts = PageFacts {
    lossy: true,
    ..PageFacts::still(8)
};

/// The picture of coefficients that are kept, and what goes with them.
fn exact(
    mut jpeg: RawJpeg,
    header: &Header,
    threads: usize,
    told: &mut Told,
) -> Result<Page, SourceError> {
    let dropped = jpeg.dropped();
    let named = dropped.iter().filter(|d| **d != Dropped::Icc);
    named.for_each(|d| told.drop(word(d)));
    match jpeg.icc_profile() {
        Some(profile) => keep_profile(&profile, header.colour, told),
        None if dropped.contains(&Dropped::Icc) => told.drop("ICC profile"),
        None => {}
    }
    if header.coding == Coding::Arithmetic {
        told.notes
            .push("arithmetic coding became Huffman coding".into());
    }
    let frame = jpeg
        .picture(threads)
        .map_err(|e| SourceError::Absurd(e.to_string()))?
        .ok_or_else(two_components)?;
    told.jpeg = Some(jpeg);
    Ok(Page {
        frame,
        facts: FACTS,
    })
}

fn two_components() -> SourceError {
    photo_error(FORMAT, "two components")
}

fn keep_profile(profile: &[u8], colour: Colour, told: &mut Told) {
    match colour {
        Colour::Grey => told.profile(profile, true),
        Colour::YCbCr | Colour::Rgb => told.profile(profile, false),
        _ => told.drop("ICC profile"),
    }
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

/// The picture as a decoder that conceals damage sees it, of Huffman coding only: pixels in one plane,
/// grey or RGB.
fn anew(data: &[u8], header: &Header, told: &mut Told) -> Result<Page, SourceError> {
    let (family, space) = match header.colour {
        Colour::Grey => (Family::Grey, ColorSpace::Luma),
        Colour::Unknown => return Err(two_components()),
        _ => (Family::Rgb, ColorSpace::RGB),
    };
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(header.width as usize)
        .set_max_height(header.height as usize)
        .jpeg_set_out_colorspace(space);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(data), options);
    let packed = decoder.decode().map_err(|e| photo_error(FORMAT, e))?;
    if let Some(profile) = decoder.icc_profile() {
        keep_profile(&profile, header.colour, told);
    }
    let size = Size {
        width: header.width,
        height: header.height,
    };
    let turn = Orientation::from_exif(header.orientation.into());
    let layout = Layout::packed(family, false, 8);
    // A frame of another size than the header states is refused, and its pixels wiped.
    page(0, size, layout, turn, 0, vec![packed], FACTS)
}
