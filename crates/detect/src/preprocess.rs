//! Planes to detector input: the one place outside the wall that reads raw pixels.
//!
//! What it makes are reduced, upright copies (blue, green, red, 8 bits) that stay inside this
//! crate; they are wiped on drop like the frame itself.

use crate::view::{Sharpness, sharpness_of};
use scrim_pixels::level::Level;
use scrim_pixels::plane::PlaneRef;
use scrim_pixels::rows::{BgrRows, brightness_row};
use scrim_pixels::scale::{Grid, Resize};
use scrim_raw::{FrameInfo, RawFrame};
use scrim_units::{FrameId, Orientation, PxRect, Size};
use zeroize::Zeroize;

/// Mean difference, in levels of 255, up to which two colours are the same grey.
const GREY_LEVELS: u64 = 4;

/// An upright copy of a frame at its own size, for the detector only.
pub struct Prepared {
    id: FrameId,
    stored: Size,
    orientation: Orientation,
    /// Blue, green, red.
    planes: [Grid; 3],
}

impl Prepared {
    /// Copy of a frame.
    #[must_use]
    pub fn of(frame: &RawFrame, level: Level) -> Self {
        let info = frame.info();
        #[expect(clippy::disallowed_methods, reason = "the one reader of raw planes")]
        let planes = frame.planes();
        let upright = info.orientation == Orientation::Upright;
        let mut out = read(&planes, info, level);
        if !upright {
            for plane in &mut out {
                let turned = turn(plane, info.orientation);
                plane.data.zeroize();
                *plane = turned;
            }
        }
        Self {
            id: frame.id(),
            stored: info.size,
            orientation: info.orientation,
            planes: out,
        }
    }

    /// Which frame it was made of.
    #[must_use]
    pub fn id(&self) -> FrameId {
        self.id
    }

    /// Size of the stored frame.
    #[must_use]
    pub fn stored(&self) -> Size {
        self.stored
    }

    /// How the stored frame is turned to be upright.
    #[must_use]
    pub fn orientation(&self) -> Orientation {
        self.orientation
    }

    /// Size of the upright picture.
    #[must_use]
    pub fn size(&self) -> Size {
        Size {
            width: self.planes[0].width as u32,
            height: self.planes[0].height as u32,
        }
    }

    /// A part of it, scaled: blue, green, red.
    pub(crate) fn scaled(&self, area: PxRect, to: (usize, usize), level: Level) -> Scaled {
        let whole = area == self.size().rect();
        let from = (area.width() as usize, area.height() as usize);
        let resize = (from != to).then(|| Resize::new(from, to));
        Scaled([0, 1, 2].map(|i| {
            let mut part = if whole {
                None
            } else {
                Some(crop(&self.planes[i], area))
            };
            let source = part.as_ref().unwrap_or(&self.planes[i]);
            match &resize {
                Some(resize) => {
                    let out = resize.run(level, source);
                    if let Some(part) = &mut part {
                        part.data.zeroize();
                    }
                    out
                }
                None => part.take().unwrap_or_else(|| self.planes[i].clone()),
            }
        }))
    }

    /// Whether a part of the upright picture has neither a sharp edge nor colour.
    pub(crate) fn is_featureless(&self, part: PxRect) -> bool {
        let part = part.clip(self.size());
        if part.is_empty() {
            return false;
        }
        let mut bgr = [0, 1, 2].map(|i| crop(&self.planes[i], part));
        let [blue, green, red] = &bgr;
        let featureless = sharpness_of(&green.data, green.width) == Some(Sharpness::Blurred)
            && [blue, red].iter().all(|c| is_grey(&c.data, &green.data));
        bgr.iter_mut().for_each(|p| p.data.as_mut_slice().zeroize());
        featureless
    }

    /// The whole picture as it is, without a copy.
    pub(crate) fn planes(&self) -> &[Grid; 3] {
        &self.planes
    }
}

/// Brightness of a frame as stored, at a reduced size, for the search of movement.
pub(crate) fn brightness(frame: &RawFrame, resize: &Resize, level: Level) -> Grid {
    let info = frame.info();
    #[expect(clippy::disallowed_methods, reason = "the one reader of raw planes")]
    let planes = frame.planes();
    let width = info.size.width as usize;
    let (mut row, mut narrow) = (Vec::new(), vec![0; width]);
    let out = resize.run_rows(level, &mut row, |y, row| {
        row.resize(width, 0);
        brightness_row(&planes, &info.layout, y, &mut narrow, row);
    });
    row.as_mut_slice().zeroize();
    narrow.as_mut_slice().zeroize();
    out
}

impl Drop for Prepared {
    fn drop(&mut self) {
        self.planes
            .iter_mut()
            .for_each(|p| p.data.as_mut_slice().zeroize());
    }
}

/// A scaled copy, wiped on drop.
pub(crate) struct Scaled(pub(crate) [Grid; 3]);

impl Drop for Scaled {
    fn drop(&mut self) {
        self.0
            .iter_mut()
            .for_each(|p| p.data.as_mut_slice().zeroize());
    }
}

/// Brightness of a part of a frame as stored, 8 bits, row after row.
pub(crate) fn luma_of(frame: &RawFrame, rect: PxRect) -> Vec<u8> {
    let info = frame.info();
    #[expect(clippy::disallowed_methods, reason = "the one reader of raw planes")]
    let planes = frame.planes();
    let width = info.size.width as usize;
    let (mut row, mut narrow) = (vec![0; width], vec![0; width]);
    let mut out = Vec::with_capacity(rect.width() as usize * rect.height() as usize);
    for y in rect.y0..rect.y1 {
        brightness_row(&planes, &info.layout, y as usize, &mut narrow, &mut row);
        out.extend_from_slice(&row[rect.x0 as usize..rect.x1 as usize]);
    }
    row.as_mut_slice().zeroize();
    narrow.as_mut_slice().zeroize();
    out
}

/// Whether a colour differs from green by no more than rounding and compression make it.
fn is_grey(colour: &[u8], green: &[u8]) -> bool {
    let pairs = colour.iter().zip(green);
    let sum: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum <= GREY_LEVELS * green.len() as u64
}

fn crop(plane: &Grid, area: PxRect) -> Grid {
    let (w, h) = (area.width() as usize, area.height() as usize);
    let mut out = Grid::new(w, h);
    for y in 0..h {
        let row = plane.row(area.y0 as usize + y);
        out.row_mut(y)
            .copy_from_slice(&row[area.x0 as usize..][..w]);
    }
    out
}

/// The plane as it is seen with this orientation.
fn turn(plane: &Grid, orientation: Orientation) -> Grid {
    let stored = Size {
        width: plane.width as u32,
        height: plane.height as u32,
    };
    let seen = orientation.seen(stored);
    let mut out = Grid::new(seen.width as usize, seen.height as usize);
    for y in 0..out.height {
        for x in 0..out.width {
            // Centres of pixels, so that mirrored positions fall on pixels again.
            let (sx, sy) = orientation.stored_position(x as f32 + 0.5, y as f32 + 0.5, stored);
            out.data[y * out.width + x] = plane.data[sy as usize * plane.width + sx as usize];
        }
    }
    out
}

/// Blue, green and red planes of a frame as stored.
fn read(planes: &[PlaneRef<'_>], info: &FrameInfo, level: Level) -> [Grid; 3] {
    let (w, h) = (info.size.width as usize, info.size.height as usize);
    let mut out = [Grid::new(w, h), Grid::new(w, h), Grid::new(w, h)];
    let mut rows = BgrRows::new(&info.layout, info.matrix(), info.range(), w);
    for y in 0..h {
        let [b, g, r] = &mut out;
        rows.read(level, planes, y, [b.row_mut(y), g.row_mut(y), r.row_mut(y)]);
    }
    out
}

#[cfg(test)]
mod tests;
