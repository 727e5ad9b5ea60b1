//! The blocks of a GIF file, walked before anything is decoded: is it whole, how many frames
//! does it hold, what of it is left behind. GIF89a, sections 15 to 27.

use crate::error::SourceError;
use crate::photo::{PhotoOptions, Told};

/// What the walk found.
pub(super) struct Found {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) frames: u64,
    /// As the looping extension counts: 0 is for ever. `None` without one: shown once.
    pub(super) loops: Option<u32>,
}

const IMAGE: u8 = 0x2C;
const EXTENSION: u8 = 0x21;
const TRAILER: u8 = 0x3B;
const PLAIN_TEXT: u8 = 0x01;
const CONTROL: u8 = 0xF9;
const COMMENT: u8 = 0xFE;
const APPLICATION: u8 = 0xFF;

pub(super) fn walk(
    data: &[u8],
    told: &mut Told,
    options: &PhotoOptions,
) -> Result<Found, SourceError> {
    let mut walk = Walk { rest: data };
    let mut found = Found {
        width: 0,
        height: 0,
        frames: 0,
        loops: None,
    };
    if walk.all(&mut found, told).is_none() {
        if found.width == 0 {
            return Err(SourceError::Damaged("the file is cut short".into()));
        }
        told.damaged("the file is cut short".into(), options)?;
    } else if !walk.rest.is_empty() {
        told.drop(format!("trailing data of {} bytes", walk.rest.len()));
    }
    Ok(found)
}

struct Walk<'a> {
    rest: &'a [u8],
}

impl<'a> Walk<'a> {
    /// Up to the trailer; `None` where the file ends before it.
    fn all(&mut self, found: &mut Found, told: &mut Told) -> Option<()> {
        let head = self.take(13)?;
        found.width = u16::from_le_bytes([head[6], head[7]]).into();
        found.height = u16::from_le_bytes([head[8], head[9]]).into();
        self.palette(head[10])?;
        loop {
            match self.take(1)?[0] {
                TRAILER => return Some(()),
                IMAGE => {
                    let flags = self.take(9)?[8];
                    self.palette(flags)?;
                    self.take(1)?;
                    self.blocks()?;
                    found.frames += 1;
                }
                EXTENSION => self.extension(found, told)?,
                // Decoders pass over zeros between blocks.
                0 => {}
                _ => return None,
            }
        }
    }

    fn extension(&mut self, found: &mut Found, told: &mut Told) -> Option<()> {
        let label = self.take(1)?[0];
        let blocks = self.blocks()?;
        match label {
            CONTROL => {}
            COMMENT => told.drop("comment"),
            PLAIN_TEXT => told.drop("text"),
            APPLICATION => match blocks.first().copied() {
                Some(b"NETSCAPE2.0" | b"ANIMEXTS1.0") => {
                    if let Some(&[1, low, high]) = blocks.get(1).copied() {
                        found.loops = Some(u16::from_le_bytes([low, high]).into());
                    }
                }
                Some(b"XMP DataXMP") => told.drop("XMP"),
                Some(b"ICCRGBG1012") => told.drop("ICC profile"),
                _ => told.drop("application data"),
            },
            _ => told.drop("other extensions"),
        }
        Some(())
    }

    /// A colour table, if the flags say that there is one.
    fn palette(&mut self, flags: u8) -> Option<()> {
        if flags & 0x80 != 0 {
            self.take(3 << ((flags & 7) + 1))?;
        }
        Some(())
    }

    /// Data sub-blocks up to the empty one; the first few of them.
    fn blocks(&mut self) -> Option<Vec<&'a [u8]>> {
        let mut first = Vec::new();
        loop {
            let length = usize::from(self.take(1)?[0]);
            if length == 0 {
                return Some(first);
            }
            let block = self.take(length)?;
            if first.len() < 2 {
                first.push(block);
            }
        }
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }
}
