//! Pictures made of redacted frames: a contact sheet, or one frame with outlines.
//!
//! Takes redacted frames only, so that nothing raw comes in.

use crate::frame::FrameInfo;
use crate::redacted::RedactedFrame;
use scrim_pixels::layout::{Family, Layout};
use scrim_pixels::level::Level;
use scrim_pixels::rows::BgrRows;
use scrim_units::{PxRect, Size};

/// Pixels between tiles.
const GAP: usize = 4;

/// Colour of outlines: red, green, blue.
const OUTLINE: [u8; 3] = [255, 200, 0];

/// Bytes a pixel.
const RGB: usize = 3;

/// A part of a redacted frame in RGB, upright.
pub struct Tile {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Tile {
    /// The part `area` (luma pixels as stored, clipped to the frame), with rectangles in the same
    /// pixels outlined or blacked out, no side longer than `longest`.
    #[must_use]
    pub fn of(
        frame: &RedactedFrame,
        area: PxRect,
        outlined: &[PxRect],
        hidden: &[PxRect],
        longest: u32,
    ) -> Self {
        let info = frame.info();
        let area = area.clip(info.size);
        let whole = rgb_of(frame);
        let seen = info.orientation.seen(Size {
            width: area.width().max(1),
            height: area.height().max(1),
        });
        let scale = (longest as f32 / seen.width.max(seen.height) as f32).min(1.0);
        let side = |s: u32| ((s as f32 * scale).round() as usize).max(1);
        let (width, height) = (side(seen.width), side(seen.height));
        let part = Size {
            width: area.width(),
            height: area.height(),
        };
        // One pixel of the tile, in stored pixels: lines stay visible when scaled.
        let line = (1.0 / scale).ceil() as u32;
        let mut rgb = Vec::with_capacity(width * height * RGB);
        for y in 0..height {
            for x in 0..width {
                let at = |v: usize, n: usize, full: u32| (v as f32 + 0.5) / n as f32 * full as f32;
                let (sx, sy) = info.orientation.stored_position(
                    at(x, width, seen.width),
                    at(y, height, seen.height),
                    part,
                );
                let px = (area.x0 + sx as u32).min(info.size.width - 1);
                let py = (area.y0 + sy as u32).min(info.size.height - 1);
                if outlined.iter().any(|r| on_edge(*r, px, py, line)) {
                    rgb.extend(OUTLINE);
                } else if hidden.iter().any(|r| inside(*r, px, py)) {
                    rgb.extend([0; RGB]);
                } else {
                    let i = (py as usize * info.size.width as usize + px as usize) * RGB;
                    rgb.extend(&whole[i..i + RGB]);
                }
            }
        }
        Self { width, height, rgb }
    }
}

/// Whether a pixel lies within `line` pixels of the inner edge of a rectangle.
fn on_edge(r: PxRect, x: u32, y: u32, line: u32) -> bool {
    let deep = x >= r.x0 + line && x + line < r.x1 && y >= r.y0 + line && y + line < r.y1;
    inside(r, x, y) && !deep
}

fn inside(r: PxRect, x: u32, y: u32) -> bool {
    (r.x0..r.x1).contains(&x) && (r.y0..r.y1).contains(&y)
}

fn rgb_of(frame: &RedactedFrame) -> Vec<u8> {
    let info = frame.info();
    let (w, h) = (info.size.width as usize, info.size.height as usize);
    let planes = frame.planes();
    let mut rows = BgrRows::new(&info.layout, info.matrix(), info.range(), w);
    let (mut b, mut g, mut r) = (vec![0; w], vec![0; w], vec![0; w]);
    let mut out = Vec::with_capacity(w * h * RGB);
    for y in 0..h {
        rows.read(Level::best(), &planes, y, [&mut b, &mut g, &mut r]);
        out.extend((0..w).flat_map(|x| [r[x], g[x], b[x]]));
    }
    out
}

impl RedactedFrame {
    /// A picture of tiles, row by row, so many in a row; `None` for no tiles.
    #[must_use]
    pub fn sheet(tiles: &[Tile], columns: usize) -> Option<Self> {
        let columns = columns.clamp(1, tiles.len().max(1));
        let cell = |f: fn(&Tile) -> usize| tiles.iter().map(f).max();
        let (cw, ch) = (cell(|t| t.width)?, cell(|t| t.height)?);
        let rows = tiles.len().div_ceil(columns);
        let (width, height) = (columns * (cw + GAP) - GAP, rows * (ch + GAP) - GAP);
        let mut rgb = vec![40; width * height * RGB];
        for (n, tile) in tiles.iter().enumerate() {
            let (x, y) = (n % columns * (cw + GAP), n / columns * (ch + GAP));
            for (row, line) in tile.rgb.chunks_exact(tile.width * RGB).enumerate() {
                let at = ((y + row) * width + x) * RGB;
                rgb[at..at + line.len()].copy_from_slice(line);
            }
        }
        Some(Self::filled(picture_info(width, height), vec![rgb]))
    }
}

fn picture_info(width: usize, height: usize) -> FrameInfo {
    let size = Size {
        width: width as u32,
        height: height as u32,
    };
    FrameInfo::picture(size, Layout::packed(Family::Rgb, false, 8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redacted::Reason;
    use scrim_units::Orientation;

    fn blank(width: u32, height: u32, orientation: Orientation) -> RedactedFrame {
        let mut info = picture_info(width as usize, height as usize);
        info.orientation = orientation;
        RedactedFrame::blank(info, Reason::Decoder)
    }

    #[test]
    fn tiles_stand_beside_and_below_each_other() {
        let frame = blank(20, 10, Orientation::Upright);
        let tile = || Tile::of(&frame, frame.info().size.rect(), &[], &[], 100);
        let sheet = RedactedFrame::sheet(&[tile(), tile(), tile()], 2).unwrap();
        let size = sheet.info().size;
        assert_eq!((size.width, size.height), (44, 24));
        assert!(RedactedFrame::sheet(&[], 3).is_none());
    }

    #[test]
    fn an_outline_is_drawn_and_a_turned_frame_is_shown_upright() {
        let frame = blank(20, 10, Orientation::Turn90);
        let outline = PxRect {
            x0: 0,
            y0: 0,
            x1: 20,
            y1: 10,
        };
        let tile = Tile::of(&frame, outline, &[outline], &[], 100);
        assert_eq!((tile.width, tile.height), (10, 20));
        assert_eq!(tile.rgb[..3], OUTLINE);
        assert_eq!(tile.rgb[(10 * 10 + 5) * 3..][..3], [0, 0, 0]);
    }
}
