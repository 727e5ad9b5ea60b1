//! WebP: lossless pages by the `image-webp` crate, lossy ones by FFmpeg's libwebp; the container
//! (WebP Container Specification) is put together here, so that it holds what is meant to be in
//! it and nothing else. Frames of an animation are written as the part that changed.

use super::{Notes, Out, Packed, Pages, Samples, exif, failed, patch};
use crate::encode::still_webp;
use crate::error::SinkError;
use image_webp::{ColorType, WebPEncoder};
use scrim_units::{AlbumFacts, ColourProfile, PhotoFormat, PxRect, Size};

const FORMAT: PhotoFormat = PhotoFormat::WebP;

/// Flags of the VP8X chunk.
const ANIMATION: u8 = 0x02;
const EXIF: u8 = 0x08;
const ALPHA: u8 = 0x10;
const PROFILE: u8 = 0x20;

/// Flag of a frame: drawn as it is, not blended.
const OVERWRITE: u8 = 0x02;

pub(super) struct WebP {
    out: Out,
    album: AlbumFacts,
    profile: Option<ColourProfile>,
    body: Vec<u8>,
    /// Size, whether there is alpha, and the orientation block.
    shape: Option<(Size, bool, Option<[u8; 26]>)>,
    before: Vec<u8>,
}

impl WebP {
    pub(super) fn new(out: Out, album: &AlbumFacts, profile: Option<ColourProfile>) -> Self {
        Self {
            out,
            album: *album,
            profile,
            body: Vec::new(),
            shape: None,
            before: Vec::new(),
        }
    }
}

impl Pages for WebP {
    fn page(&mut self, page: &Samples<'_>, _: &mut Notes) -> Result<(), SinkError> {
        let packed = page.colours()?;
        let (size, lossy) = (page.size(), page.facts.lossy);
        self.shape = Some((size, packed.alpha, exif::block(page.orientation())));
        if !self.album.animated {
            self.body = coded(packed.bytes, size, packed, lossy)?;
            return Ok(());
        }
        let part = if self.before.is_empty() {
            size.rect()
        } else {
            let part = patch::changed(&self.before, packed.bytes, size, packed.step);
            // Frames begin at even pixels.
            PxRect {
                x0: part.x0 & !1,
                y0: part.y0 & !1,
                ..part
            }
        };
        let pixels = patch::cut(packed.bytes, size, packed.step, part);
        let area = Size {
            width: part.width(),
            height: part.height(),
        };
        let image = coded(&pixels, area, packed, lossy)?;
        let delay = page.facts.delay.0;
        let numbers = [
            part.x0 / 2,
            part.y0 / 2,
            area.width - 1,
            area.height - 1,
            delay,
        ];
        let mut frame: Vec<u8> = numbers.iter().flat_map(|n| three(*n)).collect();
        frame.push(OVERWRITE);
        frame.extend(image);
        chunk(&mut self.body, b"ANMF", &frame);
        self.before = packed.bytes.to_vec();
        Ok(())
    }

    fn finish(self: Box<Self>, _: &mut Notes) -> Result<(), SinkError> {
        let (size, alpha, exif) = self.shape.ok_or(SinkError::WrongShape)?;
        let mut chunks = Vec::new();
        let extended = self.album.animated
            || self.profile.is_some()
            || exif.is_some()
            || !self.body.starts_with(b"VP8");
        if extended {
            let mut flags = 0;
            for (on, flag) in [
                (self.album.animated, ANIMATION),
                (exif.is_some(), EXIF),
                (alpha, ALPHA),
                (self.profile.is_some(), PROFILE),
            ] {
                flags |= if on { flag } else { 0 };
            }
            let mut head = vec![flags, 0, 0, 0];
            head.extend(three(size.width - 1));
            head.extend(three(size.height - 1));
            chunk(&mut chunks, b"VP8X", &head);
        }
        if let Some(profile) = &self.profile {
            chunk(&mut chunks, b"ICCP", profile.bytes());
        }
        if self.album.animated {
            let loops = u16::try_from(self.album.loops.unwrap_or(0)).unwrap_or(u16::MAX);
            let mut head = vec![0; 4];
            head.extend(loops.to_le_bytes());
            chunk(&mut chunks, b"ANIM", &head);
        }
        chunks.extend(self.body);
        if let Some(block) = exif {
            chunk(&mut chunks, b"EXIF", &block);
        }
        let length = u32::try_from(chunks.len() + 4).map_err(|e| failed(FORMAT)(&e))?;
        let mut file = b"RIFF".to_vec();
        file.extend(length.to_le_bytes());
        file.extend(b"WEBP");
        file.append(&mut chunks);
        self.out.write_whole(&file)
    }
}

/// The image chunks of one page: VP8L, or VP8 with perhaps ALPH before it.
fn coded(pixels: &[u8], size: Size, packed: Packed<'_>, lossy: bool) -> Result<Vec<u8>, SinkError> {
    let file = if lossy {
        still_webp(pixels, size, packed.alpha)?
    } else {
        let colour = if packed.alpha {
            ColorType::Rgba8
        } else {
            ColorType::Rgb8
        };
        let mut file = Vec::new();
        WebPEncoder::new(&mut file)
            .encode(pixels, size.width, size.height, colour)
            .map_err(|e| failed(FORMAT)(&e))?;
        file
    };
    let mut rest = file.get(12..).unwrap_or(&[]);
    let mut out = Vec::new();
    while let Some((kind, body, after)) = first(rest) {
        if [b"VP8 ", b"VP8L", b"ALPH"].contains(&kind) {
            chunk(&mut out, kind, body);
        }
        rest = after;
    }
    Ok(out)
}

/// The first chunk of some.
fn first(data: &[u8]) -> Option<(&[u8; 4], &[u8], &[u8])> {
    let kind = data.first_chunk::<4>()?;
    let length = u32::from_le_bytes(*data.get(4..)?.first_chunk::<4>()?) as usize;
    let body = data.get(8..8 + length)?;
    Some((
        kind,
        body,
        data.get(8 + length + length % 2..).unwrap_or(&[]),
    ))
}

/// A chunk with its padding.
fn chunk(out: &mut Vec<u8>, kind: &[u8; 4], body: &[u8]) {
    out.extend(kind);
    out.extend((body.len() as u32).to_le_bytes());
    out.extend(body);
    if body.len() % 2 == 1 {
        out.push(0);
    }
}

/// A number of 24 bits.
fn three(n: u32) -> [u8; 3] {
    let [a, b, c, _] = n.to_le_bytes();
    [a, b, c]
}
