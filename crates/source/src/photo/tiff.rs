//! TIFF: all pages of 1 to 16 bits grey, RGB or CMYK, with or without alpha, and palettes as the
//! colours they stand for. Floating point and separate planes are refused by name. Pages that are marked as reduced copies of
//! others are thumbnails and left behind.

mod palette;

use self::palette::{AsGrey, Palette};
use super::{Bytes, Page, Pages, PhotoOptions, Told, checked, page, photo_error, still};
use crate::error::SourceError;
use ::tiff as codec;
use codec::decoder::{Decoder, DecodingResult, Limits};
use codec::tags::{CompressionMethod, ExtraSamples, SampleFormat, Tag};
use codec::{ColorType, TiffError};
use scrim_pixels::layout::{Family, Layout};
use scrim_units::{AlbumFacts, Orientation, PageFacts, PhotoFormat, Size};
use std::collections::BTreeSet;
use std::io::{Cursor, ErrorKind};
use zeroize::Zeroize;

const FORMAT: PhotoFormat = PhotoFormat::Tiff;

/// Bytes of one tag's values. ICC profiles and strip tables of large pictures need some.
const MOST_TAG_BYTES: usize = 64 << 20;

/// Bit of NewSubfileType: a reduced-resolution version of another page (TIFF 6.0, page 36).
const REDUCED: u32 = 1;

/// Its own function tells of it.
const PROFILE: u16 = 34_675;

/// Tags that say how the samples lie; the writer makes them anew (TIFF 6.0, and its supplements
/// for tiles and predictors).
const STRUCTURE: [u16; 29] = [
    254, 255, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 280, 281, 284, 317, 320, 322,
    323, 324, 325, 332, 338, 339, 347, 529, 530, 532,
];

/// Tag of the set of inks.
const INK_SET: u16 = 332;

/// InkSet of cyan, magenta, yellow and black (TIFF 6.0, section 16); what is meant without it.
const CMYK: u16 = 1;

struct Tiff {
    decoder: Decoder<Cursor<Bytes>>,
    /// Places of the directories whose samples are numbers of colours.
    palettes: BTreeSet<u64>,
    options: PhotoOptions,
    index: u64,
    done: bool,
}

/// How one page lies in the file.
struct Shape {
    size: Size,
    layout: Layout,
    facts: PageFacts,
    /// Samples are luma and differences, as JPEG stores them.
    differences: bool,
    /// Samples are numbers of its colours.
    palette: Option<Palette>,
}

impl Shape {
    /// How its samples leave: those of a palette as colours.
    fn out(&self) -> Layout {
        match self.palette {
            Some(_) => Layout::packed(Family::Rgb, false, 8),
            None => self.layout.clone(),
        }
    }
}

pub(super) fn open(
    data: Bytes,
    options: PhotoOptions,
    _: &mut Told,
) -> Result<(Box<dyn Pages>, AlbumFacts), SourceError> {
    let bytes = usize::try_from(options.limits.frame_bytes).unwrap_or(usize::MAX);
    let mut limits = Limits::default();
    limits.decoding_buffer_size = bytes;
    limits.intermediate_buffer_size = bytes;
    limits.ifd_value_size = MOST_TAG_BYTES.min(bytes);
    let AsGrey { data, palettes } = AsGrey::of(data);
    let decoder = Decoder::new(Cursor::new(data))
        .map_err(refusal)?
        .with_limits(limits);
    let pages = Tiff {
        decoder,
        palettes,
        options,
        index: 0,
        done: false,
    };
    Ok((Box::new(pages), still(FORMAT)))
}

fn refusal(error: TiffError) -> SourceError {
    match error {
        TiffError::FormatError(e) => SourceError::Damaged(e.to_string()),
        TiffError::IntSizeError => SourceError::Damaged("a number is out of range".into()),
        TiffError::IoError(e) if e.kind() == ErrorKind::UnexpectedEof => {
            SourceError::Damaged("the file is cut short".into())
        }
        TiffError::IoError(e) => SourceError::Damaged(e.to_string()),
        TiffError::LimitsExceeded => {
            photo_error(FORMAT, "over the memory limit; raise it with --memory")
        }
        other => photo_error(FORMAT, other),
    }
}

impl Pages for Tiff {
    fn advance(&mut self, told: &mut Told) -> Result<Option<Page>, SourceError> {
        while !self.done {
            self.name_tags(told)?;
            let kind = self.decoder.find_tag_unsigned::<u32>(Tag::NewSubfileType);
            let reduced = kind.ok().flatten().unwrap_or(0) & REDUCED != 0;
            let out = if reduced {
                told.drop("thumbnail");
                None
            } else {
                self.page(told)?
            };
            self.done |= !self.decoder.more_images();
            if !self.done
                && let Err(e) = self.decoder.next_image()
            {
                self.give_up(e, told)?;
            }
            if out.is_some() {
                return Ok(out);
            }
        }
        if self.index == 0 {
            return Err(photo_error(FORMAT, "it holds thumbnails only"));
        }
        Ok(None)
    }
}

impl Tiff {
    /// Ends the file at a page that cannot be read, or refuses it.
    fn give_up(&mut self, error: TiffError, told: &mut Told) -> Result<(), SourceError> {
        self.done = true;
        match refusal(error) {
            SourceError::Damaged(what) => told.damaged(what, &self.options),
            other => Err(other),
        }
    }

    fn page(&mut self, told: &mut Told) -> Result<Option<Page>, SourceError> {
        let shape = match self.shape() {
            Ok(shape) => shape,
            Err(SourceError::Damaged(what)) => {
                told.damaged(what, &self.options)?;
                self.done = true;
                return Ok(None);
            }
            Err(other) => return Err(other),
        };
        let mut buffer = DecodingResult::U8(Vec::new());
        let read = self.decoder.read_image_to_buffer(&mut buffer);
        let whole = read.is_ok();
        if let Err(e) = read {
            self.give_up(e, told)?;
        }
        let mut samples = samples(buffer, &shape, whole)?;
        if shape.differences {
            to_rgb(&mut samples);
        }
        if let Some(palette) = &shape.palette {
            samples = palette.colours(samples);
        }
        let layout = shape.out();
        self.take_profile(&layout, told);
        let turn = self.decoder.find_tag_unsigned::<u32>(Tag::Orientation);
        let turn = Orientation::from_exif(turn.ok().flatten().unwrap_or(1));
        let mut facts = shape.facts;
        if shape.palette.is_some() {
            facts.bits = 8;
        }
        let size = shape.size;
        let out = page(self.index, size, layout, turn, 0, vec![samples], facts)?;
        self.index += 1;
        Ok(Some(out))
    }

    /// Size and layout of the current page, within the limits.
    fn shape(&mut self) -> Result<Shape, SourceError> {
        let (width, height) = self.decoder.dimensions().map_err(refusal)?;
        let size = checked(width, height, 1, &self.options)?;
        let colour = self.decoder.colortype().map_err(unsupported)?;
        self.check_kind(&colour)?;
        let differences = matches!(colour, ColorType::YCbCr(8));
        let (family, alpha, bits) = match colour {
            ColorType::Gray(bits @ (1 | 2 | 4 | 8 | 16)) => (Family::Grey, false, bits),
            ColorType::Multiband {
                bit_depth: bits @ (8 | 16),
                num_samples: 2,
            } => (Family::Grey, true, bits),
            ColorType::RGB(bits @ (8 | 16)) => (Family::Rgb, false, bits),
            ColorType::RGBA(bits @ (8 | 16)) => (Family::Rgb, true, bits),
            ColorType::YCbCr(8) => (Family::Rgb, false, 8),
            ColorType::CMYK(bits @ (8 | 16)) => (Family::Ink, false, bits),
            ColorType::CMYKA(bits @ (8 | 16)) => (Family::Ink, true, bits),
            _ => return Err(SourceError::Unsupported("TIFF of unusual depth or colour")),
        };
        let layout = Layout::packed(family, alpha, if bits == 16 { 16 } else { 8 });
        let here = self.decoder.ifd_pointer().map(|at| at.0);
        let palette = here
            .filter(|at| self.palettes.contains(at))
            .map(|_| Palette::of(&mut self.decoder, colour))
            .transpose()?;
        let compression: Option<u16> = self
            .decoder
            .find_tag_unsigned(Tag::Compression)
            .map_err(refusal)?;
        let extra: Option<u16> = self.extra_samples();
        let facts = PageFacts {
            compressed: compression.is_some_and(|c| c != CompressionMethod::None.to_u16()),
            lossy: compression == Some(CompressionMethod::ModernJPEG.to_u16()),
            premultiplied: extra == Some(ExtraSamples::AssociatedAlpha.to_u16()),
            ..PageFacts::still(bits)
        };
        if family == Family::Ink && facts.lossy {
            // Whether 0 is no ink or all of it stands in a marker that the decoder does not tell.
            return Err(SourceError::Unsupported("CMYK TIFF compressed as JPEG"));
        }
        let shape = Shape {
            size,
            layout,
            facts,
            differences,
            palette,
        };
        let step = u64::from(shape.out().planes[0].step);
        checked(width, height, step, &self.options)?;
        Ok(shape)
    }

    fn extra_samples(&mut self) -> Option<u16> {
        let all = self.decoder.find_tag_unsigned_vec::<u16>(Tag::ExtraSamples);
        all.ok().flatten()?.first().copied()
    }

    /// Refuses sample formats and arrangements that are not integers side by side, and inks that
    /// are not the usual four.
    fn check_kind(&mut self, colour: &ColorType) -> Result<(), SourceError> {
        let formats = self.decoder.find_tag_unsigned_vec::<u16>(Tag::SampleFormat);
        let formats = formats.map_err(refusal)?.unwrap_or_default();
        if formats.iter().any(|f| *f != SampleFormat::Uint.to_u16()) {
            return Err(SourceError::Unsupported("TIFF with signed or real samples"));
        }
        let planar = self
            .decoder
            .find_tag_unsigned::<u16>(Tag::PlanarConfiguration)
            .map_err(refusal)?;
        let inks = self.decoder.find_tag_unsigned::<u16>(Tag::Unknown(INK_SET));
        if inks.map_err(refusal)?.is_some_and(|set| set != CMYK) {
            return Err(SourceError::Unsupported("TIFF with inks other than CMYK"));
        }
        if planar == Some(2) && colour.num_samples() > 1 {
            return Err(SourceError::Unsupported("TIFF with separate planes"));
        }
        Ok(())
    }

    /// The colour profile of the first page, which all pages are written with.
    fn take_profile(&mut self, layout: &Layout, told: &mut Told) {
        let profile = self.decoder.find_tag(Tag::IccProfile).ok().flatten();
        let bytes = profile.and_then(|v| v.into_u8_vec().ok());
        match bytes {
            Some(_) if layout.family == Family::Ink => told.drop("ICC profile"),
            Some(bytes) if self.index == 0 => {
                told.profile(&bytes, layout.family == Family::Grey);
            }
            Some(_) => told.drop("ICC profiles of further pages"),
            None => {}
        }
    }

    /// Names what the current page carries besides samples.
    fn name_tags(&mut self, told: &mut Told) -> Result<(), SourceError> {
        let Some(at) = self.decoder.ifd_pointer() else {
            return Ok(());
        };
        let directory = self.decoder.read_directory(at).map_err(refusal)?;
        for (tag, _) in directory.iter() {
            if let Some(word) = word(tag.to_u16()) {
                told.drop(word);
            }
        }
        Ok(())
    }
}

/// A page of a colour kind that the decoder does not know.
fn unsupported(error: TiffError) -> SourceError {
    match error {
        TiffError::UnsupportedError(_) => SourceError::Unsupported("TIFF of unusual colour"),
        other => refusal(other),
    }
}

/// What a report calls a tag that is left behind.
fn word(tag: u16) -> Option<&'static str> {
    Some(match tag {
        tag if STRUCTURE.contains(&tag) || tag == PROFILE => return None,
        270..=272 | 285 | 305 | 315 | 316 | 33_432 => "text",
        306 => "time stamp",
        282 | 283 | 296 => "pixel density",
        330 => "further pictures",
        700 => "XMP",
        33_723 | 34_377 | 37_724 => "IPTC and Photoshop data",
        34_665 => "EXIF",
        34_853 => "GPS",
        33_550 | 33_922 | 34_264 | 34_735..=34_737 => "place on a map",
        _ => "other tags",
    })
}

/// The decoded samples as bytes of the layout. A page of which a part is missing is filled up
/// with zeros.
fn samples(buffer: DecodingResult, shape: &Shape, whole: bool) -> Result<Vec<u8>, SourceError> {
    let expected = shape.layout.bytes(shape.size) as usize;
    let mut out = match buffer {
        DecodingResult::U8(packed) if shape.facts.bits < 8 => {
            expand(packed, shape.size, shape.facts.bits)
        }
        DecodingResult::U8(samples) => samples,
        DecodingResult::U16(mut samples) => {
            let bytes = samples.iter().flat_map(|v| v.to_ne_bytes()).collect();
            samples.as_mut_slice().zeroize();
            bytes
        }
        _ => return Err(SourceError::Unsupported("TIFF of unusual depth or colour")),
    };
    if !whole {
        out.resize(expected, 0);
    }
    if out.len() == expected {
        return Ok(out);
    }
    out.as_mut_slice().zeroize();
    Err(SourceError::Absurd("another size than its pixels".into()))
}

/// Samples of 1, 2 or 4 bits, rows beginning at whole bytes, to 8 bits of the full range.
fn expand(mut packed: Vec<u8>, size: Size, bits: u8) -> Vec<u8> {
    let width = size.width as usize;
    let row = (width * usize::from(bits)).div_ceil(8).max(1);
    let top = (1u16 << bits) - 1;
    let a_byte = usize::from(8 / bits);
    let mut out = Vec::with_capacity(width * size.height as usize);
    for line in packed.chunks(row) {
        out.extend((0..width).map(|x| {
            let shift = 8 - usize::from(bits) * (x % a_byte + 1);
            let byte = line.get(x / a_byte).copied().unwrap_or(0);
            let value = (u16::from(byte) >> shift) & top;
            (value * 255 / top) as u8
        }));
    }
    packed.as_mut_slice().zeroize();
    out
}

/// Luma and differences of the full range to red, green, blue (ITU-T T.871, section 7).
fn to_rgb(samples: &mut [u8]) {
    for p in samples.as_chunks_mut::<3>().0 {
        let [y, cb, cr] = p.map(f32::from);
        let (cb, cr) = (cb - 128.0, cr - 128.0);
        let sample = |v: f32| (v + 0.5).clamp(0.0, 255.0) as u8;
        *p = [
            sample(y + 1.402 * cr),
            sample(y - 0.344_136 * cb - 0.714_136 * cr),
            sample(y + 1.772 * cb),
        ];
    }
}
