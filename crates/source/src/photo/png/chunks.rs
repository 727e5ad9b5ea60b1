//! The chunks of a PNG file, walked before anything is decoded: is it whole, what animation does
//! it hold, what of it is left behind.

use super::FORMAT;
use crate::error::SourceError;
use crate::photo::metadata::orientation;
use crate::photo::{PhotoOptions, Told};
use scrim_units::{AlbumFacts, ColourTags, Orientation};

/// What becomes of a frame's area before the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dispose {
    /// It stays.
    Keep,
    /// It becomes transparent black.
    Clear,
    /// What was there before the frame comes back.
    Restore,
}

impl Dispose {
    /// From the byte of the file. Going back before the first frame is clearing.
    pub(super) fn of(code: u8, first: bool) -> Self {
        match code {
            1 => Self::Clear,
            2 if first => Self::Clear,
            2 => Self::Restore,
            _ => Self::Keep,
        }
    }
}

/// What the walk found.
pub(super) struct Chunks {
    /// Frames and loops of the animation header.
    animation: Option<(u32, u32)>,
    /// A frame header stands before the first image data.
    first_is_frame: bool,
    /// A frame leaves transparent black behind.
    pub(super) shows_through: bool,
    pub(super) orientation: Orientation,
    colour: ColourTags,
    /// There is a colour profile.
    pub(super) profile: bool,
}

const SIGNATURE: usize = 8;

impl Chunks {
    pub(super) fn walk(
        data: &[u8],
        told: &mut Told,
        options: &PhotoOptions,
    ) -> Result<Self, SourceError> {
        let mut found = Self {
            animation: None,
            first_is_frame: false,
            shows_through: false,
            orientation: Orientation::Upright,
            colour: ColourTags::default(),
            profile: false,
        };
        let (mut rest, mut seen_data, mut frames) =
            (data.get(SIGNATURE..).unwrap_or(&[]), false, 0);
        loop {
            let Some((kind, body, after)) = chunk(rest) else {
                told.damaged("the file is cut short".into(), options)?;
                break;
            };
            rest = after;
            match &kind {
                b"IEND" => break,
                b"IDAT" => seen_data = true,
                b"acTL" if !seen_data => found.animation = numbers(body),
                b"fcTL" => {
                    found.first_is_frame |= !seen_data;
                    let dispose = body.get(24).copied().unwrap_or(0);
                    let leaves = Dispose::of(dispose, frames == 0) == Dispose::Clear;
                    found.shows_through |= leaves;
                    frames += 1;
                }
                b"eXIf" => {
                    found.orientation = orientation(body);
                    told.drop("EXIF");
                }
                b"gAMA" | b"cHRM" | b"sRGB" | b"cICP" => found.take_colour(&kind, body),
                b"iCCP" => found.profile = true,
                b"IHDR" | b"PLTE" | b"tRNS" | b"fdAT" | b"acTL" => {}
                _ => told.drop(word(&kind, body)),
            }
        }
        if !rest.is_empty() {
            told.drop(format!("trailing data of {} bytes", rest.len()));
        }
        Ok(found)
    }

    /// Colour chunks with values that make sense; others are left out without a word, as viewers
    /// do.
    fn take_colour(&mut self, kind: &[u8; 4], body: &[u8]) {
        let words: Vec<u32> = body
            .as_chunks::<4>()
            .0
            .iter()
            .map(|w| u32::from_be_bytes(*w))
            .collect();
        match (kind, body, &words[..]) {
            (b"gAMA", _, &[gamma]) => {
                self.colour.gamma = Some(gamma).filter(|g| (1_000..=1_000_000).contains(g));
            }
            (b"cHRM", _, words) => {
                let all: Option<[u32; 8]> = words.try_into().ok();
                self.colour.chromaticities = all.filter(|a| a.iter().all(|v| *v <= 150_000));
            }
            (b"sRGB", &[intent], _) => self.colour.srgb = Some(intent).filter(|i| *i <= 3),
            // ITU-T H.273 (07/2024) knows primaries up to 22 and transfers up to 18; PNG allows
            // no matrix.
            (b"cICP", &[p, t, 0, range], _) if p <= 22 && t <= 18 && range <= 1 => {
                self.colour.code_points = Some([p, t, 0, range]);
            }
            _ => {}
        }
    }

    pub(super) fn animated(&self) -> bool {
        self.animation.is_some_and(|(frames, _)| frames > 0)
    }

    /// Pages: frames, and the picture that stands apart from them.
    pub(super) fn pages(&self) -> u64 {
        match self.animation {
            Some((frames, _)) if frames > 0 => u64::from(frames) + u64::from(!self.first_is_frame),
            _ => 1,
        }
    }

    pub(super) fn album(&self) -> AlbumFacts {
        AlbumFacts {
            format: FORMAT,
            animated: self.animated(),
            loops: self.animation.map(|(_, loops)| loops),
            first_apart: self.animated() && !self.first_is_frame,
            colour: self.colour,
        }
    }
}

/// First two numbers of a chunk.
fn numbers(body: &[u8]) -> Option<(u32, u32)> {
    match *body.as_chunks::<4>().0 {
        [a, b] => Some((u32::from_be_bytes(a), u32::from_be_bytes(b))),
        _ => None,
    }
}

/// Kind and content of the first chunk, and what follows it.
fn chunk(data: &[u8]) -> Option<([u8; 4], &[u8], &[u8])> {
    let length = u32::from_be_bytes(*data.first_chunk::<4>()?) as usize;
    let kind = *data.get(4..)?.first_chunk::<4>()?;
    let body = data.get(8..)?.get(..length)?;
    // The checksum is left to the decoder, but must be there.
    let after = data.get(8 + length..)?;
    Some((kind, body, after.get(4..)?))
}

/// What a report calls a chunk that is left behind. Never a word of the file itself.
fn word(kind: &[u8; 4], body: &[u8]) -> &'static str {
    match kind {
        b"iTXt" if body.starts_with(b"XML:com.adobe.xmp\0") => "XMP",
        b"tEXt" | b"zTXt" | b"iTXt" => "text",
        b"tIME" => "time stamp",
        b"pHYs" => "pixel density",
        b"bKGD" | b"hIST" | b"sPLT" | b"sBIT" | b"mDCV" | b"cLLI" => "display hints",
        b"caBX" => "content credentials",
        _ => "other chunks",
    }
}
