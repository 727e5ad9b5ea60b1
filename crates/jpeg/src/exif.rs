//! The few facts of an EXIF block that this crate needs: the orientation, and what else was
//! there so that a report can name it. Values are looked at, never kept.
//!
//! TIFF 6.0 section 2 for the structure, EXIF 2.32 (CIPA DC-008) section 4.6 for the tags. Only
//! three directories are ever opened, so a block whose directories point at each other in a
//! circle costs nothing.

const ORIENTATION: u16 = 0x0112;
const STRIP_OFFSETS: u16 = 0x0111;
const THUMBNAIL_OFFSET: u16 = 0x0201;
const EXIF_DIRECTORY: u16 = 0x8769;
const MAKER_NOTE: u16 = 0x927C;

const SHORT: u16 = 3;
const LONG: u16 = 4;

/// Length of the block that [`minimal`] makes.
const MINIMAL: usize = 26;

/// What an EXIF block says, as far as it can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exif {
    /// 1..=8; 1 for anything strange.
    pub orientation: u8,
    /// There is a second picture in the block.
    pub thumbnail: bool,
    /// There is a maker note.
    pub maker_note: bool,
    /// There is anything at all besides the orientation.
    pub more: bool,
}

impl Exif {
    /// Reads a TIFF block (the body of APP1 after `Exif\0\0`).
    pub(crate) fn parse(tiff: &[u8]) -> Self {
        let strange = Self {
            orientation: 1,
            thumbnail: false,
            maker_note: false,
            more: true,
        };
        Self::try_parse(tiff).unwrap_or(strange)
    }

    fn try_parse(bytes: &[u8]) -> Option<Self> {
        let tiff = Tiff {
            bytes,
            big_endian: bytes.starts_with(b"MM"),
        };
        if !(tiff.big_endian || bytes.starts_with(b"II")) || tiff.short(2)? != 42 {
            return None;
        }
        let first = tiff.long(4)?;
        let next = tiff.next_directory(first).unwrap_or(0);
        let thumbnail = next != 0
            && tiff
                .entries(next)
                .any(|e| matches!(e.tag, STRIP_OFFSETS | THUMBNAIL_OFFSET));
        let maker_note = tiff
            .entries(first)
            .filter(|e| e.tag == EXIF_DIRECTORY)
            .filter_map(|e| tiff.long(e.value))
            .take(1)
            .any(|at| tiff.entries(at).any(|e| e.tag == MAKER_NOTE));
        let alone = bytes.len() == MINIMAL && tiff.entries(first).all(|e| e.tag == ORIENTATION);
        let orientation = tiff.orientation(first).unwrap_or(1);
        Some(Self {
            orientation,
            thumbnail,
            maker_note,
            more: !alone,
        })
    }
}

/// Orientation (tag 0x0112) in the first directory of a TIFF block, 1..=8; 1 if absent or strange.
/// For EXIF blocks of other formats.
#[must_use]
pub fn exif_orientation(tiff: &[u8]) -> u8 {
    Exif::parse(tiff).orientation
}

/// A block that holds the orientation and nothing else.
pub(crate) fn minimal(orientation: u8) -> [u8; MINIMAL] {
    let mut block = *b"MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    block[19] = orientation;
    block
}

/// One directory entry; `value` is the offset of its value field.
struct Entry {
    tag: u16,
    kind: u16,
    count: u32,
    value: usize,
}

struct Tiff<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

impl Tiff<'_> {
    fn short(&self, at: usize) -> Option<u16> {
        let field = *self.bytes.get(at..)?.first_chunk::<2>()?;
        Some(if self.big_endian {
            u16::from_be_bytes(field)
        } else {
            u16::from_le_bytes(field)
        })
    }

    fn long(&self, at: usize) -> Option<usize> {
        let field = *self.bytes.get(at..)?.first_chunk::<4>()?;
        let value = if self.big_endian {
            u32::from_be_bytes(field)
        } else {
            u32::from_le_bytes(field)
        };
        usize::try_from(value).ok()
    }

    /// The entries of a directory, as far as they lie inside the block.
    fn entries(&self, directory: usize) -> impl Iterator<Item = Entry> + '_ {
        let count = usize::from(self.short(directory).unwrap_or(0));
        (0..count).map_while(move |n| {
            let at = directory.checked_add(2 + 12 * n)?;
            let (tag, kind) = (self.short(at)?, self.short(at + 2)?);
            let count = u32::try_from(self.long(at + 4)?).ok()?;
            self.long(at + 8)?;
            Some(Entry {
                tag,
                kind,
                count,
                value: at + 8,
            })
        })
    }

    fn next_directory(&self, directory: usize) -> Option<usize> {
        let count = usize::from(self.short(directory)?);
        self.long(directory.checked_add(2 + 12 * count)?)
    }

    fn orientation(&self, directory: usize) -> Option<u8> {
        let entry = self.entries(directory).find(|e| e.tag == ORIENTATION)?;
        let value = match (entry.kind, entry.count) {
            (SHORT, 1) => usize::from(self.short(entry.value)?),
            (LONG, 1) => self.long(entry.value)?,
            _ => return None,
        };
        u8::try_from(value)
            .ok()
            .filter(|value| (1..=8).contains(value))
    }
}

#[cfg(test)]
mod tests;
