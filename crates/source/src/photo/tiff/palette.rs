//! Palettes of TIFF. The decoder refuses them, so a page with one is given to it as a grey page,
//! and what it reads are numbers of colours (TIFF 6.0, section 5).

use super::refusal;
use crate::error::SourceError;
use crate::photo::Bytes;
use ::tiff::ColorType;
use ::tiff::decoder::Decoder;
use ::tiff::tags::{PhotometricInterpretation, Tag};
use std::collections::BTreeSet;
use std::io::Cursor;
use std::sync::Arc;
use zeroize::Zeroize;

/// Bytes of an entry of a directory.
const ENTRY: usize = 12;

/// Directories that are walked through, so that a chain that bites its own tail ends. Palettes
/// of pages after them are refused by the decoder.
const MOST: usize = 4096;

/// A file as the decoder takes it, and which of its directories (by their places) have palettes.
pub(super) struct AsGrey {
    pub(super) data: Bytes,
    pub(super) palettes: BTreeSet<u64>,
}

impl AsGrey {
    /// A copy where there are palettes, else the file itself.
    pub(super) fn of(data: Bytes) -> Self {
        let found = Words::of(data.as_ref()).map_or_else(Vec::new, |words| words.palettes());
        let palettes = found
            .iter()
            .map(|(directory, _)| *directory as u64)
            .collect();
        if found.is_empty() {
            return Self { data, palettes };
        }
        let mut copy = data.as_ref().to_vec();
        for (_, word) in found {
            // The number in the word is a small one: its other byte is 0 in both.
            let grey = PhotometricInterpretation::BlackIsZero.to_u16() as u8;
            copy[word..word + 2]
                .iter_mut()
                .filter(|byte| **byte != 0)
                .for_each(|byte| *byte = grey);
        }
        Self {
            data: Bytes(Arc::new(copy)),
            palettes,
        }
    }
}

/// Numbers in a TIFF of 32-bit offsets, in its byte order.
struct Words<'a> {
    data: &'a [u8],
    little: bool,
}

impl<'a> Words<'a> {
    fn of(data: &'a [u8]) -> Option<Self> {
        let little = data.starts_with(b"II\x2A\0");
        (little || data.starts_with(b"MM\0\x2A")).then_some(Self { data, little })
    }

    fn short(&self, at: usize) -> Option<u16> {
        let bytes = *self.data.get(at..)?.first_chunk()?;
        Some(if self.little {
            u16::from_le_bytes(bytes)
        } else {
            u16::from_be_bytes(bytes)
        })
    }

    fn long(&self, at: usize) -> Option<usize> {
        let bytes = *self.data.get(at..)?.first_chunk()?;
        let value = if self.little {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        };
        usize::try_from(value).ok()
    }

    /// The directories that say "palette", and where each says so.
    fn palettes(&self) -> Vec<(usize, usize)> {
        let (mut found, mut next) = (Vec::new(), self.long(4));
        for _ in 0..MOST {
            let Some(at) = next.filter(|at| *at > 0) else {
                break;
            };
            let Some(count) = self.short(at) else { break };
            let mut entries = (0..usize::from(count)).map(|n| at + 2 + ENTRY * n);
            let meaning = Tag::PhotometricInterpretation.to_u16();
            let meaning = entries.find(|entry| self.short(*entry) == Some(meaning));
            let palette = PhotometricInterpretation::RGBPalette.to_u16();
            let word = meaning.map(|entry| entry + 8);
            let word = word.filter(|word| self.short(*word) == Some(palette));
            found.extend(word.map(|word| (at, word)));
            next = self.long(at + 2 + ENTRY * usize::from(count));
        }
        found
    }
}

/// The colours that the numbers of a page stand for.
pub(super) struct Palette {
    colours: Vec<[u8; 3]>,
}

impl Palette {
    /// Of the current page, whose numbers are of this kind.
    pub(super) fn of(
        decoder: &mut Decoder<Cursor<Bytes>>,
        numbers: ColorType,
    ) -> Result<Self, SourceError> {
        let ColorType::Gray(bits @ (1 | 2 | 4 | 8)) = numbers else {
            return Err(SourceError::Unsupported("palette TIFF of unusual depth"));
        };
        let map = decoder.find_tag_unsigned_vec::<u16>(Tag::ColorMap);
        let map = map.map_err(refusal)?.unwrap_or_default();
        let count = 1usize << bits;
        if map.len() != 3 * count {
            return Err(SourceError::Damaged("its palette is incomplete".into()));
        }
        // Levels have 16 bits; old programs wrote 8, and libtiff takes them for that as well.
        let shift = if map.iter().any(|v| *v > 255) { 8 } else { 0 };
        let colour = |n: usize| [0, 1, 2].map(|c| (map[c * count + n] >> shift) as u8);
        Ok(Self {
            colours: (0..count).map(colour).collect(),
        })
    }

    /// Red, green and blue for grey levels of the full range, which are wiped.
    pub(super) fn colours(&self, mut levels: Vec<u8>) -> Vec<u8> {
        let top = self.colours.len() - 1;
        let colour = |v: &u8| self.colours[usize::from(*v) * top / 255];
        let out = levels.iter().flat_map(colour).collect();
        levels.as_mut_slice().zeroize();
        out
    }
}
