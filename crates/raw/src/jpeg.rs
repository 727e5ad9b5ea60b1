//! A JPEG's coefficients are a raw picture: they cross the wall through one function.
//!
//! [`RawJpeg`] owns them and gives out the picture that they hold, as a [`RawFrame`].
//! [`redact_jpeg`] consumes it and blanks every coded block that a sealed region touches; what
//! [`RedactedJpeg`] holds is the finished file. All other blocks keep their coefficients bit for
//! bit.

mod picture;

use crate::frame::{FrameError, RawFrame};
use crate::redacted::Reason;
use crate::regions::Regions;
use scrim_jpeg::{Coefficients, Colour, Dropped, JpegError, PixelRect};
use scrim_pixels::fill::Fill;
use scrim_units::{FrameId, Orientation, PxRect, Size};

/// The coefficients of a JPEG file. No `Clone`, `Debug`, `Serialize`, `AsRef`; they overwrite
/// themselves on drop.
///
/// ```compile_fail
/// fn twice(jpeg: scrim_raw::RawJpeg) -> (scrim_raw::RawJpeg, scrim_raw::RawJpeg) {
///     (jpeg.clone(), jpeg)
/// }
/// ```
pub struct RawJpeg {
    /// The picture that was given out.
    pair: Option<FrameId>,
    coefficients: Coefficients,
}

impl RawJpeg {
    /// Reads a file whose coefficients take at most `limit_bytes` (strict).
    ///
    /// # Errors
    /// [`JpegError`]: not read, never repaired.
    pub fn read(data: &[u8], limit_bytes: usize) -> Result<Self, JpegError> {
        Ok(Self {
            pair: None,
            coefficients: Coefficients::read(data, limit_bytes)?,
        })
    }

    /// The picture that these coefficients hold, to be looked at, made by at most so many threads;
    /// `None` of two components, whose meaning nothing tells. Without having given it out
    /// [`redact_jpeg`] blanks everything.
    ///
    /// # Errors
    /// [`FrameError`] of a picture without pixels.
    pub fn picture(&mut self, threads: usize) -> Result<Option<RawFrame>, FrameError> {
        let Some((mut info, planes)) = picture::picture(&self.coefficients, threads) else {
            return Ok(None);
        };
        info.orientation = self.orientation();
        let frame = RawFrame::new(0, info, planes)?;
        self.pair = Some(frame.id());
        Ok(Some(frame))
    }

    /// Pixels as stored.
    #[must_use]
    pub fn size(&self) -> Size {
        Size {
            width: self.coefficients.width(),
            height: self.coefficients.height(),
        }
    }

    /// How to turn the picture to see it upright.
    #[must_use]
    pub fn orientation(&self) -> Orientation {
        Orientation::from_exif(self.coefficients.orientation().into())
    }

    /// The colour profile, if the file holds a whole one.
    #[must_use]
    pub fn icc_profile(&self) -> Option<Vec<u8>> {
        self.coefficients.icc_profile()
    }

    /// What the written file will leave out.
    #[must_use]
    pub fn dropped(&self) -> Vec<Dropped> {
        self.coefficients.dropped()
    }
}

/// A JPEG file whose regions are filled, or that is blank.
pub struct RedactedJpeg {
    bytes: Vec<u8>,
    blanked: Option<Reason>,
}

impl RedactedJpeg {
    /// The file, ready to be written.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Why it is blank, if it is.
    #[must_use]
    pub fn blanked(&self) -> Option<Reason> {
        self.blanked
    }
}

/// Fill the regions of a JPEG, rounded outward to whole coded units. Regions of another picture,
/// or regions that say so, blank it. The one way from coefficients to a file.
///
/// The surround fill is one flat colour a region: the mean of the blocks around it that no
/// region touches.
#[must_use]
pub fn redact_jpeg(mut jpeg: RawJpeg, regions: &Regions, how: Fill) -> RedactedJpeg {
    let blanked = if jpeg.pair == Some(regions.frame()) {
        regions.blanked()
    } else {
        Some(Reason::WrongFrame)
    };
    let (size, black) = (jpeg.size(), black(jpeg.coefficients.colour()));
    let everything = [size.rect()];
    let rects = if blanked.is_some() {
        &everything[..]
    } else {
        regions.rects()
    };
    // All colours are gathered before anything is painted.
    let levels: Vec<[u8; 4]> = match how {
        Fill::Solid => vec![black; rects.len()],
        Fill::Surround => surroundings(&jpeg.coefficients, rects, black),
    };
    for (rect, level) in rects.iter().zip(levels) {
        jpeg.coefficients.blank(pixels(*rect), level);
    }
    RedactedJpeg {
        bytes: jpeg.coefficients.write(),
        blanked,
    }
}

fn pixels(r: PxRect) -> PixelRect {
    PixelRect {
        x0: r.x0,
        y0: r.y0,
        x1: r.x1,
        y1: r.y1,
    }
}

/// Component values of black. With four inks black must be black for viewers that take them as
/// inverted, as Adobe stores them, and for those that do not: no black ink is "full" for the
/// former, and full colour inks are black for the latter.
fn black(colour: Colour) -> [u8; 4] {
    match colour {
        Colour::YCbCr | Colour::Ycck => [0, 128, 128, 0],
        Colour::Cmyk => [255, 255, 255, 0],
        Colour::Grey | Colour::Rgb | Colour::Unknown => [0; 4],
    }
}

/// For each rectangle the mean of the coded units around it that lie in none of them.
fn surroundings(picture: &Coefficients, rects: &[PxRect], black: [u8; 4]) -> Vec<[u8; 4]> {
    let (w, h) = picture.unit_size();
    let across = picture.width().div_ceil(w);
    let down = picture.height().div_ceil(h);
    let units: Vec<PxRect> = rects
        .iter()
        .map(|r| PxRect {
            x0: (r.x0 / w).min(across),
            y0: (r.y0 / h).min(down),
            x1: r.x1.div_ceil(w).min(across),
            y1: r.y1.div_ceil(h).min(down),
        })
        .collect();
    let free = |x: u32, y: u32| {
        let inside = |u: &PxRect| (u.x0..u.x1).contains(&x) && (u.y0..u.y1).contains(&y);
        !units.iter().any(inside)
    };
    units
        .iter()
        .map(|u| {
            let ring = ring(*u, across, down).filter(|&(x, y)| free(x, y));
            mean(picture, ring).unwrap_or(black)
        })
        .collect()
}

/// The units that touch a side of this rectangle from outside.
fn ring(u: PxRect, across: u32, down: u32) -> impl Iterator<Item = (u32, u32)> {
    let left = u.x0.checked_sub(1);
    let right = Some(u.x1).filter(|x| *x < across);
    let above = u.y0.checked_sub(1);
    let below = Some(u.y1).filter(|y| *y < down);
    let sides = [left, right].into_iter().flatten();
    let ends = [above, below].into_iter().flatten();
    sides
        .flat_map(move |x| (u.y0..u.y1).map(move |y| (x, y)))
        .chain(ends.flat_map(move |y| (u.x0..u.x1).map(move |x| (x, y))))
}

/// Mean sample value of each component over some units: the DC of a block is 8 times its mean,
/// level-shifted (T.81 A.3.1, A.3.3). `None` of no unit.
fn mean(picture: &Coefficients, units: impl Iterator<Item = (u32, u32)>) -> Option<[u8; 4]> {
    let mut sums = [0i64; 4];
    let mut counts = [0i64; 4];
    for (x, y) in units {
        for (c, component) in picture.components().iter().enumerate() {
            let (h, v) = (usize::from(component.h()), usize::from(component.v()));
            let step = i64::from(component.quant()[0]);
            for (i, j) in (0..v).flat_map(|j| (0..h).map(move |i| (i, j))) {
                if let Some(dc) = picture.dc(c, x as usize * h + i, y as usize * v + j) {
                    sums[c] += i64::from(dc) * step;
                    counts[c] += 1;
                }
            }
        }
    }
    (counts[0] > 0).then(|| {
        [0, 1, 2, 3].map(|c| {
            let dc = sums[c] / counts[c].max(1);
            (dc / 8 + 128).clamp(0, 255) as u8
        })
    })
}

#[cfg(test)]
mod tests;
