//! TIFF: every page with its own size, depth and alpha; deflated where the source was
//! compressed, as it is where it was not.

use super::png::pack;
use super::{Notes, Out, OutFile, Packed, Pages, Samples, failed};
use crate::error::SinkError;
use ::tiff as codec;
use codec::TiffError;
use codec::encoder::{DirectoryEncoder, TiffEncoder, TiffKindStandard};
use codec::tags::{CompressionMethod, ExtraSamples, PhotometricInterpretation, Predictor, Tag};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use scrim_frame::Family;
use scrim_units::{ColourProfile, Orientation, PhotoFormat};
use std::io::Write;

const FORMAT: PhotoFormat = PhotoFormat::Tiff;

/// Bytes of a strip before compression. TIFF 6.0 recommends 8 kB; today's programs write more.
const STRIP: usize = 256 << 10;

type Directory<'a> = DirectoryEncoder<'a, OutFile, TiffKindStandard>;

pub(super) struct Tiff {
    encoder: TiffEncoder<OutFile>,
    profile: Option<ColourProfile>,
}

impl Tiff {
    pub(super) fn new(out: Out, profile: Option<ColourProfile>) -> Result<Self, SinkError> {
        let encoder = TiffEncoder::new(out.file).map_err(|e| failed(FORMAT)(&e))?;
        Ok(Self { encoder, profile })
    }
}

impl Pages for Tiff {
    fn page(&mut self, page: &Samples<'_>, _: &mut Notes) -> Result<(), SinkError> {
        let packed = page.packed()?;
        let directory = self.encoder.image_directory();
        directory
            .and_then(|d| write(d, page, packed, self.profile.as_ref()))
            .map_err(|e| failed(FORMAT)(&e))
    }

    fn finish(self: Box<Self>, _: &mut Notes) -> Result<(), SinkError> {
        // The encoder gives its file to nobody. Dropping it, at the end of this function, writes
        // what is buffered; a failure is remembered by the file.
        Ok(())
    }
}

fn write(
    mut directory: Directory<'_>,
    page: &Samples<'_>,
    packed: Packed<'_>,
    profile: Option<&ColourProfile>,
) -> Result<(), TiffError> {
    let (size, facts) = (page.size(), page.facts);
    let grey = packed.family == Family::Grey;
    let narrow = grey && !packed.alpha && packed.depth == 8 && facts.bits < 8;
    let bits = if narrow { facts.bits } else { packed.depth };
    let samples = packed.family.colours() + usize::from(packed.alpha);
    let small: Vec<u8>;
    let bytes = if narrow {
        let top = (1u16 << bits) - 1;
        let level = |v: &u8| ((u16::from(*v) * top + 127) / 255) as u8;
        let levels: Vec<u8> = packed.bytes.iter().map(level).collect();
        small = pack(&levels, size, bits);
        &small[..]
    } else {
        packed.bytes
    };
    let row = bytes.len() / size.height as usize;
    let rows = (STRIP / row).max(1);
    let predicted = facts.compressed && !narrow;
    let (mut offsets, mut lengths) = (Vec::new(), Vec::new());
    for strip in bytes.chunks(row * rows) {
        let coded = if facts.compressed {
            deflate(strip, row, samples, bits, predicted)?
        } else {
            strip.to_vec()
        };
        offsets.push(u32::try_from(directory.write_data(&coded[..])?)?);
        lengths.push(u32::try_from(coded.len())?);
    }
    directory.write_tag(Tag::ImageWidth, size.width)?;
    directory.write_tag(Tag::ImageLength, size.height)?;
    directory.write_tag(Tag::BitsPerSample, &vec![u16::from(bits); samples][..])?;
    let method = if facts.compressed {
        CompressionMethod::Deflate
    } else {
        CompressionMethod::None
    };
    directory.write_tag(Tag::Compression, method)?;
    let meaning = match packed.family {
        Family::Grey => PhotometricInterpretation::BlackIsZero,
        Family::Ink => PhotometricInterpretation::CMYK,
        Family::Rgb | Family::Yuv => PhotometricInterpretation::RGB,
    };
    directory.write_tag(Tag::PhotometricInterpretation, meaning)?;
    directory.write_tag(Tag::StripOffsets, &offsets[..])?;
    directory.write_tag(Tag::SamplesPerPixel, samples as u16)?;
    directory.write_tag(Tag::RowsPerStrip, u32::try_from(rows)?)?;
    directory.write_tag(Tag::StripByteCounts, &lengths[..])?;
    directory.write_tag(Tag::PlanarConfiguration, 1u16)?;
    if predicted {
        directory.write_tag(Tag::Predictor, Predictor::Horizontal)?;
    }
    if packed.alpha {
        let kind = if facts.premultiplied {
            ExtraSamples::AssociatedAlpha
        } else {
            ExtraSamples::UnassociatedAlpha
        };
        directory.write_tag(Tag::ExtraSamples, kind.to_u16())?;
    }
    if let Some(profile) = profile.filter(|p| p.is_grey() == grey && packed.family != Family::Ink) {
        directory.write_tag(Tag::IccProfile, profile.bytes())?;
    }
    if page.orientation() != Orientation::Upright {
        let number = u16::from(page.orientation().to_exif());
        directory.write_tag(Tag::Orientation, number)?;
    }
    directory.finish()
}

/// A deflated strip, each sample first made the difference to the one before it in its row
/// (TIFF 6.0, section 14) where `predicted`.
fn deflate(
    strip: &[u8],
    row: usize,
    samples: usize,
    bits: u8,
    predicted: bool,
) -> Result<Vec<u8>, TiffError> {
    let mut data = strip.to_vec();
    if predicted {
        for line in data.chunks_mut(row) {
            if bits == 16 {
                difference_16(line, samples);
            } else {
                for i in (samples..line.len()).rev() {
                    line[i] = line[i].wrapping_sub(line[i - samples]);
                }
            }
        }
    }
    let mut out = ZlibEncoder::new(Vec::new(), Compression::default());
    out.write_all(&data)?;
    Ok(out.finish()?)
}

fn difference_16(line: &mut [u8], samples: usize) {
    let words = line.as_chunks_mut::<2>().0;
    for i in (samples..words.len()).rev() {
        let [now, before] = [words[i], words[i - samples]].map(u16::from_ne_bytes);
        words[i] = now.wrapping_sub(before).to_ne_bytes();
    }
}
