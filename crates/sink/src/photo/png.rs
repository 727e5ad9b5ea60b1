//! PNG and APNG.
//!
//! Grey of 1, 2 and 4 bits keeps its depth. A palette is made anew, with as many bits as the
//! source's or more; without room for all colours the page is written as RGB(A). Frames of an
//! animation are written as the part that changed, drawn over what was there.

use super::palette::Palette;
use super::{Notes, Out, OutFile, Packed, Pages, Samples, exif, failed, patch};
use crate::error::SinkError;
use ::png as codec;
use codec::chunk::ChunkType;
use codec::{BitDepth, ColorType, Encoder, Info, ScaledFloat, SourceChromaticities, Writer};
use scrim_frame::Family;
use scrim_units::{AlbumFacts, ColourProfile, ColourTags, PhotoFormat, PxRect, Size};
use std::borrow::Cow;

const FORMAT: PhotoFormat = PhotoFormat::Png;

pub(super) struct Png {
    out: Option<Out>,
    album: AlbumFacts,
    profile: Option<ColourProfile>,
    pages: u64,
    writer: Option<Writer<OutFile>>,
    /// The frame before, once a frame of the animation is written.
    before: Option<Vec<u8>>,
    written: u64,
}

/// Samples in the form in which they are written.
struct Form<'a> {
    colour: ColorType,
    depth: BitDepth,
    palette: Option<Palette>,
    bytes: Cow<'a, [u8]>,
}

impl Png {
    pub(super) fn new(
        out: Out,
        album: &AlbumFacts,
        profile: Option<ColourProfile>,
        pages: u64,
    ) -> Self {
        Self {
            out: Some(out),
            album: *album,
            profile,
            pages,
            writer: None,
            before: None,
            written: 0,
        }
    }

    fn open(
        &mut self,
        page: &Samples<'_>,
        form: &Form<'_>,
    ) -> Result<Writer<OutFile>, codec::EncodingError> {
        let Some(out) = self.out.take() else {
            return Err(std::io::Error::other("a second picture").into());
        };
        let size = page.size();
        let mut info = Info::with_size(size.width, size.height);
        info.icc_profile = self.profile.as_ref().map(|p| p.bytes().to_vec().into());
        let mut encoder = Encoder::with_info(out.file, info)?;
        encoder.set_color(form.colour);
        encoder.set_depth(form.depth);
        if let Some(palette) = &form.palette {
            encoder.set_palette(palette.rgb());
            let alpha: Vec<u8> = palette.colours.iter().map(|c| c[3]).collect();
            if alpha.iter().any(|a| *a != 255) {
                encoder.set_trns(alpha);
            }
        }
        set_colour(&mut encoder, &self.album.colour);
        let frames = self.pages - u64::from(self.album.first_apart);
        if self.album.animated && frames > 0 {
            let frames = u32::try_from(frames).unwrap_or(u32::MAX);
            encoder.set_animated(frames, self.album.loops.unwrap_or(0))?;
            encoder.set_sep_def_img(self.album.first_apart)?;
        }
        let mut writer = encoder.write_header()?;
        if let Some(points) = self
            .album
            .colour
            .code_points
            .filter(|_| form.palette.is_none())
        {
            writer.write_chunk(ChunkType(*b"cICP"), &points)?;
        }
        if let Some(block) = exif::block(page.orientation()) {
            writer.write_chunk(ChunkType(*b"eXIf"), &block)?;
        }
        Ok(writer)
    }

    fn write(&mut self, page: &Samples<'_>) -> Result<(), codec::EncodingError> {
        let other = || codec::EncodingError::from(std::io::Error::other("another shape"));
        let packed = page.packed().map_err(|_| other())?;
        let form = form(page, packed).map_err(|_| other())?;
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.open(page, &form)?,
        };
        let apart = self.album.first_apart && self.written == 0;
        if self.album.animated && !apart {
            self.frame(&mut writer, page, &form)?;
        } else {
            writer.write_image_data(&form.bytes)?;
        }
        self.written += 1;
        self.writer = Some(writer);
        Ok(())
    }

    fn frame(
        &mut self,
        writer: &mut Writer<OutFile>,
        page: &Samples<'_>,
        form: &Form<'_>,
    ) -> Result<(), codec::EncodingError> {
        let size = page.size();
        let step = form.bytes.len() / size.area() as usize;
        // The first image of a file is as large as the picture (W3C PNG, third edition,
        // 11.3.6.2), and so is the first frame here.
        let part = match &self.before {
            Some(before) => patch::changed(before, &form.bytes, size, step),
            None => size.rect(),
        };
        writer.set_frame_delay(part_of(page.facts.delay.0), part_of(page.facts.delay.1))?;
        place(writer, part)?;
        writer.write_image_data(&patch::cut(&form.bytes, size, step, part))?;
        self.before = Some(form.bytes.to_vec());
        Ok(())
    }
}

fn place(writer: &mut Writer<OutFile>, part: PxRect) -> Result<(), codec::EncodingError> {
    writer.reset_frame_position()?;
    writer.set_frame_dimension(part.width(), part.height())?;
    writer.set_frame_position(part.x0, part.y0)
}

/// Both parts of a delay came from 16 bits.
fn part_of(v: u32) -> u16 {
    u16::try_from(v).unwrap_or(u16::MAX)
}

impl Pages for Png {
    fn page(&mut self, page: &Samples<'_>, _: &mut Notes) -> Result<(), SinkError> {
        self.write(page).map_err(|e| failed(FORMAT)(&e))
    }

    fn finish(self: Box<Self>, _: &mut Notes) -> Result<(), SinkError> {
        match self.writer {
            Some(writer) => writer.finish().map_err(|e| failed(FORMAT)(&e)),
            None => Err(SinkError::WrongShape),
        }
    }
}

fn set_colour<W: std::io::Write>(encoder: &mut Encoder<'_, W>, tags: &ColourTags) {
    let intents = [
        codec::SrgbRenderingIntent::Perceptual,
        codec::SrgbRenderingIntent::RelativeColorimetric,
        codec::SrgbRenderingIntent::Saturation,
        codec::SrgbRenderingIntent::AbsoluteColorimetric,
    ];
    if let Some(intent) = tags.srgb.and_then(|i| intents.get(usize::from(i))) {
        return encoder.set_source_srgb(*intent);
    }
    if let Some(gamma) = tags.gamma {
        encoder.set_source_gamma(ScaledFloat::from_scaled(gamma));
    }
    if let Some(all) = tags.chromaticities {
        let [wx, wy, rx, ry, gx, gy, bx, by] = all.map(ScaledFloat::from_scaled);
        encoder.set_source_chromaticities(SourceChromaticities {
            white: (wx, wy),
            red: (rx, ry),
            green: (gx, gy),
            blue: (bx, by),
        });
    }
}

fn form<'a>(page: &Samples<'_>, packed: Packed<'a>) -> Result<Form<'a>, SinkError> {
    let colour = match (packed.family, packed.alpha) {
        (Family::Grey, false) => ColorType::Grayscale,
        (Family::Grey, true) => ColorType::GrayscaleAlpha,
        (Family::Rgb, false) => ColorType::Rgb,
        (Family::Rgb, true) => ColorType::Rgba,
        (Family::Yuv | Family::Ink, _) => return Err(SinkError::WrongShape),
    };
    let bits = page.facts.bits;
    let size = page.size();
    if packed.depth == 8 && colour == ColorType::Grayscale && bits < 8 {
        let top = (1u16 << bits) - 1;
        let level = |v: &u8| ((u16::from(*v) * top + 127) / 255) as u8;
        let levels: Vec<u8> = packed.bytes.iter().map(level).collect();
        return Ok(Form {
            colour,
            depth: depth(bits),
            palette: None,
            bytes: pack(&levels, size, bits).into(),
        });
    }
    if packed.depth == 8
        && packed.family == Family::Rgb
        && page.facts.indexed
        && let Some((palette, indices)) = Palette::of(packed.bytes, packed.step)
    {
        let bits = match palette.colours.len() {
            0..=2 => 1,
            3..=4 => 2,
            5..=16 => 4,
            _ => 8,
        }
        .max(bits);
        return Ok(Form {
            colour: ColorType::Indexed,
            depth: depth(bits),
            palette: Some(palette),
            bytes: pack(&indices, size, bits).into(),
        });
    }
    // PNG's words are big-endian.
    let bytes = if packed.depth > 8 && !packed.big_endian {
        let pairs = packed.bytes.as_chunks::<2>().0.iter();
        pairs.flat_map(|[a, b]| [*b, *a]).collect::<Vec<_>>().into()
    } else {
        Cow::Borrowed(packed.bytes)
    };
    Ok(Form {
        colour,
        depth: depth(packed.depth),
        palette: None,
        bytes,
    })
}

fn depth(bits: u8) -> BitDepth {
    match bits {
        1 => BitDepth::One,
        2 => BitDepth::Two,
        4 => BitDepth::Four,
        16 => BitDepth::Sixteen,
        _ => BitDepth::Eight,
    }
}

/// Values of this many bits side by side, rows beginning at whole bytes, first one highest.
pub(super) fn pack(values: &[u8], size: Size, bits: u8) -> Vec<u8> {
    if bits >= 8 {
        return values.to_vec();
    }
    let a_byte = usize::from(8 / bits);
    values
        .chunks_exact(size.width as usize)
        .flat_map(|row| {
            row.chunks(a_byte).map(|some| {
                let shifted = some.iter().enumerate();
                shifted.fold(0, |byte, (i, v)| byte | v << (8 - bits * (i as u8 + 1)))
            })
        })
        .collect()
}
