//! Palettes of TIFF. The decoder refuses them, so a page with one is given to it as a grey page,
//! and what it reads are numbers of colours (TIFF 6.0, section 5).

use super::refusal;
use crate::error::SourceError;
use crate::photo::Bytes;
use ::tiff::decoder::Decoder;
use ::tiff::tags::{PhotometricInterpretation, Tag};
use std::io::Cursor;
use zeroize::Zeroize;

/// Bytes of an entry of a directory.
const ENTRY: usize = 12;

/// Directories that are walked through, so that a chain that bites its own tail ends. Palettes
/// of pages after them are refused by the decoder.
const MOST: usize = 4096;

/// A copy of the file whose palette pages say that they are grey; none if it has no such page.
pub(super) fn as_grey(data: &[u8]) -> Option<Vec<u8>> {
    let little = data.starts_with(b"II\x2A\0");
    if !little && !data.starts_with(b"MM\0\x2A") {
        return None;
    }
    let short = |at: usize| -> Option<u16> {
        let bytes = data.get(at..at + 2)?.try_into().ok()?;
        Some(if little {
            u16::from_le_bytes(bytes)
        } else {
            u16::from_be_bytes(bytes)
        })
    };
    let long = |at: usize| -> Option<usize> {
        let bytes = data.get(at..at + 4)?.try_into().ok()?;
        let value = if little {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        };
        usize::try_from(value).ok()
    };
    let mut found = Vec::new();
    let mut next = long(4);
    for _ in 0..MOST {
        let Some((at, count)) = next
            .filter(|at| *at > 0)
            .and_then(|at| Some((at, short(at)?)))
        else {
            break;
        };
        let mut entries = (0..usize::from(count)).map(|n| at + 2 + ENTRY * n);
        found.extend(entries.find_map(|entry| {
            let palette = PhotometricInterpretation::RGBPalette.to_u16();
            let meaning = short(entry)? == Tag::PhotometricInterpretation.to_u16();
            (meaning && short(entry + 8)? == palette).then_some(entry + 8)
        }));
        next = long(at + 2 + ENTRY * usize::from(count));
    }
    if found.is_empty() {
        return None;
    }
    let mut copy = data.to_vec();
    let grey = PhotometricInterpretation::BlackIsZero.to_u16();
    for at in found {
        let bytes = if little {
            grey.to_le_bytes()
        } else {
            grey.to_be_bytes()
        };
        copy[at..at + 2].copy_from_slice(&bytes);
    }
    Some(copy)
}

/// The colours that the numbers of a page stand for.
pub(super) struct Palette {
    colours: Vec<[u8; 3]>,
}

impl Palette {
    /// Of the current page, whose numbers have so many bits; none where it has no colour map.
    pub(super) fn of(
        decoder: &mut Decoder<Cursor<Bytes>>,
        bits: u8,
    ) -> Result<Option<Self>, SourceError> {
        let map = decoder.find_tag_unsigned_vec::<u16>(Tag::ColorMap);
        let Some(map) = map.map_err(refusal)? else {
            return Ok(None);
        };
        let count = 1usize << bits;
        if map.len() != 3 * count {
            return Err(SourceError::Damaged("its palette is incomplete".into()));
        }
        // Levels have 16 bits; old programs wrote 8, and libtiff takes them for that as well.
        let shift = if map.iter().any(|v| *v > 255) { 8 } else { 0 };
        let colour = |n: usize| [0, 1, 2].map(|c| (map[c * count + n] >> shift) as u8);
        Ok(Some(Self {
            colours: (0..count).map(colour).collect(),
        }))
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
