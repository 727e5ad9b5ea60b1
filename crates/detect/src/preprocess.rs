//! Planes to detector input: the one place outside the wall that reads raw pixels.
//!
//! What it makes are upright copies (blue, green, red, 8 bits), dark ones made brighter, that stay
//! inside this crate; they are wiped on drop like the frame itself.

use scrim_pixels::level::Level;
use scrim_pixels::plane::PlaneRef;
use scrim_pixels::rows::{BgrRows, brightness_row};
use scrim_pixels::scale::{Grid, Resize, halved};
use scrim_raw::{FrameInfo, RawFrame};
use scrim_units::{FrameId, Orientation, PxRect, Size};
use std::sync::OnceLock;
use zeroize::Zeroize;

mod dark;

/// An upright copy of a frame at its own size, for the detector only.
pub struct Prepared {
    id: FrameId,
    stored: Size,
    orientation: Orientation,
    /// Blue, green, red.
    planes: [Grid; 3],
    /// The same at half the size, once somebody asked for it: a pass and the patches of large places.
    half: OnceLock<Scaled>,
}

impl Prepared {
    /// Copy of a frame; of a dark one, made smoother and brighter. A large frame is read by up to
    /// `threads` threads.
    #[must_use]
    pub fn of(frame: &RawFrame, level: Level, threads: usize) -> Self {
        let info = frame.info();
        #[expect(clippy::disallowed_methods, reason = "the one reader of raw planes")]
        let planes = frame.planes();
        let upright = info.orientation == Orientation::Upright;
        let mut out = read(&planes, info, level, threads);
        dark::lighten(&mut out);
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
            half: OnceLock::new(),
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
    pub(crate) fn scaled(
        &self,
        area: PxRect,
        to: (usize, usize),
        level: Level,
        threads: usize,
    ) -> Scaled {
        Scaled::part_of(&self.planes, area, to, level, threads)
    }

    /// The whole picture as it is, without a copy.
    pub(crate) fn planes(&self) -> &[Grid; 3] {
        &self.planes
    }

    /// The whole picture at half its size, made once.
    pub(crate) fn half(&self, level: Level, threads: usize) -> &[Grid; 3] {
        let half = || Scaled::half_of(&self.planes, level, threads);
        &self.half.get_or_init(half).0
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

impl Scaled {
    /// A part of planes of one size, scaled.
    fn part_of(
        planes: &[Grid; 3],
        area: PxRect,
        to: (usize, usize),
        level: Level,
        threads: usize,
    ) -> Self {
        let from = (area.width() as usize, area.height() as usize);
        let start = (area.x0 as usize, area.y0 as usize);
        if from == to {
            return Self(planes.each_ref().map(|plane| crop(plane, area)));
        }
        let resize = Resize::new(from, to);
        let scaled = |plane: &Grid| resize.run_part(level, plane, start, threads);
        Self(planes.each_ref().map(scaled))
    }

    /// These planes, scaled.
    fn to(self, to: (usize, usize), level: Level) -> Self {
        let from = (self.0[0].width, self.0[0].height);
        if from == to {
            return self;
        }
        let resize = Resize::new(from, to);
        Self(self.0.each_ref().map(|plane| resize.run(level, plane)))
    }

    /// These planes at half their size.
    pub(crate) fn half_of(planes: &[Grid; 3], level: Level, threads: usize) -> Self {
        Self(planes.each_ref().map(|plane| halved(level, plane, threads)))
    }

    /// A square part of them from `from` (x, y) on, scaled to `side`; 0 where they have ended.
    pub(crate) fn square_of(
        planes: &[Grid; 3],
        from: (i64, i64),
        square: i64,
        side: usize,
        level: Level,
    ) -> Self {
        let inside = |start: i64, limit: usize| {
            let clip = |v: i64| v.clamp(0, limit as i64) as u32;
            (clip(start), clip(start + square))
        };
        let (x0, x1) = inside(from.0, planes[0].width);
        let (y0, y1) = inside(from.1, planes[0].height);
        let scale = side as f64 / square as f64;
        let to = |v: u32, start: i64| ((i64::from(v) - start) as f64 * scale + 0.5) as usize;
        let (left, right) = (to(x0, from.0), to(x1, from.0));
        let (top, foot) = (to(y0, from.1), to(y1, from.1));
        let mut out = Self(std::array::from_fn(|_| Grid::new(side, side)));
        if x1 <= x0 || y1 <= y0 || right <= left || foot <= top {
            return out;
        }
        // Copied before they are worked on: rows of a large picture lie far apart, and memory is waited
        // for many of them at once that way.
        let area = PxRect { x0, y0, x1, y1 };
        let part = Self(planes.each_ref().map(|plane| crop(plane, area)));
        let part = part.to((right - left, foot - top), level);
        for (target, source) in out.0.iter_mut().zip(&part.0) {
            for y in top..foot {
                target.row_mut(y)[left..right].copy_from_slice(source.row(y - top));
            }
        }
        out
    }

    /// A copy whose left is its right.
    pub(crate) fn mirrored(&self) -> Self {
        Self(self.0.each_ref().map(|plane| {
            let mut out = plane.clone();
            (0..out.height).for_each(|y| out.row_mut(y).reverse());
            out
        }))
    }
}

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

/// Pixels that are worth a thread.
const GRAIN: usize = 1 << 20;

/// Blue, green and red planes of a frame as stored, a band of rows a thread.
fn read(planes: &[PlaneRef<'_>], info: &FrameInfo, level: Level, threads: usize) -> [Grid; 3] {
    let (w, h) = (info.size.width as usize, info.size.height as usize);
    let mut out = [Grid::new(w, h), Grid::new(w, h), Grid::new(w, h)];
    let rows = h.div_ceil(threads.min(w * h / GRAIN).max(1));
    let [b, g, r] = out.each_mut().map(|plane| plane.data.chunks_mut(rows * w));
    let mut bands = b.zip(g).zip(r).zip((0..h).step_by(rows));
    let read = |(((b, g), r), from)| {
        let (b, g, r): (&mut [u8], &mut [u8], &mut [u8]) = (b, g, r);
        let rows = b.chunks_mut(w).zip(g.chunks_mut(w)).zip(r.chunks_mut(w));
        let source = BgrRows::new(&info.layout, info.matrix(), info.range(), w);
        let mut source = source.smooth(info.smooth_chroma);
        for (y, ((b, g), r)) in rows.enumerate() {
            source.read(level, planes, from + y, [b, g, r]);
        }
    };
    std::thread::scope(|scope| {
        let own = bands.next();
        bands.for_each(|band| drop(scope.spawn(move || read(band))));
        own.into_iter().for_each(read);
    });
    out
}

#[cfg(test)]
mod tests;
