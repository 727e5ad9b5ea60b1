//! The chunks of a WebP file (WebP Container Specification), walked before anything is decoded:
//! is the file whole, which frames does it hold, what of it is left behind.

use crate::error::SourceError;
use crate::photo::metadata::orientation;
use crate::photo::{PhotoOptions, Told};
use scrim_units::{Orientation, PxRect};
use std::ops::Range;

/// What the walk found.
pub(super) struct Found {
    /// Some frame's coding is lossy.
    pub(super) lossy: bool,
    pub(super) orientation: Orientation,
    pub(super) animated: Option<Animation>,
}

/// An animation's header and frames.
pub(super) struct Animation {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) alpha: bool,
    /// 0 is for ever.
    pub(super) loops: u32,
    pub(super) frames: Vec<Frame>,
}

/// One frame.
pub(super) struct Frame {
    pub(super) area: PxRect,
    /// Milliseconds.
    pub(super) delay: u32,
    /// Drawn over what is there, by its alpha; otherwise in its place.
    pub(super) blends: bool,
    /// Its area becomes transparent afterwards.
    pub(super) clears: bool,
    /// Its chunks in the file.
    pub(super) body: Range<usize>,
}

const ANIMATION: u8 = 0x02;
const ALPHA: u8 = 0x10;

/// Bytes of a frame's header before its chunks.
const FRAME_HEAD: usize = 16;

impl Found {
    pub(super) fn walk(
        data: &[u8],
        told: &mut Told,
        options: &PhotoOptions,
    ) -> Result<Self, SourceError> {
        let mut found = Self {
            lossy: false,
            orientation: Orientation::Upright,
            animated: None,
        };
        let stated = data.get(4..8).and_then(|b| b.first_chunk::<4>());
        let end = stated.map_or(0, |s| (u32::from_le_bytes(*s) as usize).saturating_add(8));
        if end > data.len() || end < 12 {
            told.damaged("the file is cut short".into(), options)?;
        } else if end < data.len() {
            told.drop(format!("trailing data of {} bytes", data.len() - end));
        }
        let end = end.min(data.len());
        let mut at = 12;
        while let Some((kind, body)) = chunk(data, at, end) {
            at = body.end + (body.end - body.start) % 2;
            found.take(kind, body.clone(), &data[body], told);
        }
        if at < end {
            told.damaged("the file is cut short".into(), options)?;
        }
        Ok(found)
    }

    fn take(&mut self, kind: [u8; 4], at: Range<usize>, body: &[u8], told: &mut Told) {
        match &kind {
            b"VP8X" => {
                let flags = body.first().copied().unwrap_or(0);
                if flags & ANIMATION != 0 {
                    self.animated = Some(Animation {
                        width: number(body, 4) + 1,
                        height: number(body, 7) + 1,
                        alpha: flags & ALPHA != 0,
                        loops: 0,
                        frames: Vec::new(),
                    });
                }
            }
            b"ANIM" => {
                if let (Some(a), [.., low, high]) = (&mut self.animated, body) {
                    a.loops = u16::from_le_bytes([*low, *high]).into();
                }
            }
            b"ANMF" => {
                let Some(a) = &mut self.animated else {
                    return;
                };
                let inner = at.start + FRAME_HEAD.min(body.len())..at.end;
                let chunks = body.get(FRAME_HEAD..).unwrap_or(&[]);
                self.lossy |= inside(chunks).any(|(kind, _)| &kind == b"VP8 ");
                let (x0, y0) = (number(body, 0) * 2, number(body, 3) * 2);
                let flags = body.get(15).copied().unwrap_or(0);
                a.frames.push(Frame {
                    area: PxRect {
                        x0,
                        y0,
                        x1: x0 + number(body, 6) + 1,
                        y1: y0 + number(body, 9) + 1,
                    },
                    delay: number(body, 12),
                    blends: flags & 2 == 0,
                    clears: flags & 1 != 0,
                    body: inner,
                });
            }
            b"VP8 " => self.lossy = true,
            b"EXIF" => {
                self.orientation = orientation(body);
                told.drop("EXIF");
            }
            b"XMP " => told.drop("XMP"),
            b"ICCP" => told.profile(body, false),
            b"VP8L" | b"ALPH" => {}
            _ => told.drop("other chunks"),
        }
    }
}

/// A file of one frame's picture, with nothing else of its chunks.
pub(super) fn still_of(body: &[u8], area: PxRect) -> Vec<u8> {
    let mut chunks = Vec::new();
    if inside(body).any(|(kind, _)| &kind == b"ALPH") {
        let three = |n: u32| n.to_le_bytes().into_iter().take(3);
        let mut head = vec![ALPHA, 0, 0, 0];
        head.extend(three(area.width() - 1));
        head.extend(three(area.height() - 1));
        put(&mut chunks, b"VP8X", &head);
    }
    for (kind, body) in inside(body) {
        if [b"VP8 ", b"VP8L", b"ALPH"].contains(&&kind) {
            put(&mut chunks, &kind, body);
        }
    }
    let mut file = b"RIFF".to_vec();
    file.extend((chunks.len() as u32 + 4).to_le_bytes());
    file.extend(b"WEBP");
    file.append(&mut chunks);
    file
}

fn put(out: &mut Vec<u8>, kind: &[u8; 4], body: &[u8]) {
    out.extend(kind);
    out.extend((body.len() as u32).to_le_bytes());
    out.extend(body);
    out.resize(out.len() + body.len() % 2, 0);
}

/// The chunks of a frame.
fn inside(body: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (kind, range) = chunk(body, at, body.len())?;
        at = range.end + (range.end - range.start) % 2;
        Some((kind, &body[range]))
    })
}

/// Kind of the chunk at an offset, and where its content lies, all before `end`.
fn chunk(data: &[u8], at: usize, end: usize) -> Option<([u8; 4], Range<usize>)> {
    let rest = data.get(at..end)?;
    let kind = *rest.first_chunk::<4>()?;
    let length = u32::from_le_bytes(*rest.get(4..)?.first_chunk::<4>()?) as usize;
    rest.get(8..)?.get(..length)?;
    Some((kind, at + 8..at + 8 + length))
}

/// A number of 24 bits; 0 past the end.
fn number(body: &[u8], at: usize) -> u32 {
    match body.get(at..at + 3) {
        Some(&[a, b, c]) => u32::from_le_bytes([a, b, c, 0]),
        _ => 0,
    }
}
