//! Rectangles. Half-open everywhere; pixel and normalised coordinates are different types.

/// Width and height in luma pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl Size {
    /// Number of pixels.
    #[must_use]
    pub fn area(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// The whole picture as a rectangle.
    #[must_use]
    pub fn rect(self) -> PxRect {
        PxRect {
            x0: 0,
            y0: 0,
            x1: self.width,
            y1: self.height,
        }
    }
}

/// Luma pixels, half-open: `x0 <= x < x1`. Empty when a side is not positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PxRect {
    /// First column.
    pub x0: u32,
    /// First row.
    pub y0: u32,
    /// Column after the last.
    pub x1: u32,
    /// Row after the last.
    pub y1: u32,
}

impl PxRect {
    /// Columns.
    #[must_use]
    pub fn width(self) -> u32 {
        self.x1.saturating_sub(self.x0)
    }

    /// Rows.
    #[must_use]
    pub fn height(self) -> u32 {
        self.y1.saturating_sub(self.y0)
    }

    /// Whether it holds no pixel.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.width() == 0 || self.height() == 0
    }

    /// The part of it inside a picture of this size.
    #[must_use]
    pub fn clip(self, size: Size) -> Self {
        Self {
            x0: self.x0.min(size.width),
            y0: self.y0.min(size.height),
            x1: self.x1.min(size.width),
            y1: self.y1.min(size.height),
        }
    }

    /// The pixels in both.
    #[must_use]
    pub fn intersect(self, other: Self) -> Self {
        Self {
            x0: self.x0.max(other.x0),
            y0: self.y0.max(other.y0),
            x1: self.x1.min(other.x1),
            y1: self.y1.min(other.y1),
        }
    }

    /// Whether every pixel of `inner` lies in this one. An empty rectangle lies in any.
    #[must_use]
    pub fn contains(self, inner: Self) -> bool {
        inner.is_empty()
            || (self.x0 <= inner.x0
                && self.y0 <= inner.y0
                && self.x1 >= inner.x1
                && self.y1 >= inner.y1)
    }
}

/// An estimated box in luma pixels of the stored frame; may reach past the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PxBox {
    /// Left edge.
    pub x0: f32,
    /// Top edge.
    pub y0: f32,
    /// Right edge.
    pub x1: f32,
    /// Bottom edge.
    pub y1: f32,
}

impl PxBox {
    /// From centre and size.
    #[must_use]
    pub fn around(cx: f32, cy: f32, width: f32, height: f32) -> Self {
        Self {
            x0: cx - width / 2.0,
            y0: cy - height / 2.0,
            x1: cx + width / 2.0,
            y1: cy + height / 2.0,
        }
    }

    /// Width in pixels, never negative.
    #[must_use]
    pub fn width(self) -> f32 {
        (self.x1 - self.x0).max(0.0)
    }

    /// Height in pixels, never negative.
    #[must_use]
    pub fn height(self) -> f32 {
        (self.y1 - self.y0).max(0.0)
    }

    /// Centre.
    #[must_use]
    pub fn centre(self) -> (f32, f32) {
        ((self.x0 + self.x1) / 2.0, (self.y0 + self.y1) / 2.0)
    }

    /// Area in square pixels.
    #[must_use]
    pub fn area(self) -> f32 {
        self.width() * self.height()
    }

    /// Whether all four edges are finite and in order.
    #[must_use]
    pub fn is_sane(self) -> bool {
        [self.x0, self.y0, self.x1, self.y1]
            .iter()
            .all(|v| v.is_finite())
            && self.x1 > self.x0
            && self.y1 > self.y0
    }

    /// The area in both.
    #[must_use]
    pub fn intersection(self, other: Self) -> f32 {
        let w = self.x1.min(other.x1) - self.x0.max(other.x0);
        let h = self.y1.min(other.y1) - self.y0.max(other.y0);
        w.max(0.0) * h.max(0.0)
    }

    /// Overlap ratio, 0..=1; an empty box overlaps nothing. Intersection over union of the
    /// PASCAL VOC protocol (Everingham et al., IJCV 2010), without its +1 for closed boxes.
    #[must_use]
    pub fn iou(self, other: Self) -> f32 {
        let shared = self.intersection(other);
        let joined = self.area() + other.area() - shared;
        if joined > 0.0 { shared / joined } else { 0.0 }
    }

    /// The smallest box around both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            x0: self.x0.min(other.x0),
            y0: self.y0.min(other.y0),
            x1: self.x1.max(other.x1),
            y1: self.y1.max(other.y1),
        }
    }

    /// Every side moved outward by this many pixels.
    #[must_use]
    pub fn grow(self, dx: f32, dy: f32) -> Self {
        Self {
            x0: self.x0 - dx,
            y0: self.y0 - dy,
            x1: self.x1 + dx,
            y1: self.y1 + dy,
        }
    }

    /// Moved by (dx, dy).
    #[must_use]
    pub fn shift(self, dx: f32, dy: f32) -> Self {
        Self {
            x0: self.x0 + dx,
            y0: self.y0 + dy,
            x1: self.x1 + dx,
            y1: self.y1 + dy,
        }
    }

    /// Every pixel that the box touches, within a picture of this size. A box with an edge that
    /// is not a number becomes the whole picture: in doubt, blank.
    #[must_use]
    pub fn pixels(self, size: Size) -> PxRect {
        if [self.x0, self.y0, self.x1, self.y1]
            .iter()
            .any(|v| v.is_nan())
        {
            return size.rect();
        }
        // `as` saturates: below zero becomes 0, above the range becomes the largest.
        PxRect {
            x0: self.x0.floor() as u32,
            y0: self.y0.floor() as u32,
            x1: self.x1.ceil() as u32,
            y1: self.y1.ceil() as u32,
        }
        .clip(size)
    }
}

/// A point in shares of the picture, 0..=1 from the top left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormPoint {
    /// Share of the width.
    pub x: f32,
    /// Share of the height.
    pub y: f32,
}

/// A rectangle in shares of the picture, 0..=1 from the top left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormRect {
    /// Top left.
    pub from: NormPoint,
    /// Bottom right.
    pub to: NormPoint,
}

impl NormRect {
    /// Every pixel that it touches in a picture of this size.
    #[must_use]
    pub fn pixels(self, size: Size) -> PxRect {
        let (w, h) = (size.width as f32, size.height as f32);
        PxBox {
            x0: self.from.x * w,
            y0: self.from.y * h,
            x1: self.to.x * w,
            y1: self.to.y * h,
        }
        .pixels(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        width: 40,
        height: 30,
    };

    #[test]
    fn a_face_on_the_last_column_is_covered_to_the_edge() {
        let b = PxBox {
            x0: 30.2,
            y0: 20.7,
            x1: 40.0,
            y1: 31.5,
        };
        let r = b.pixels(SIZE);
        assert_eq!((r.x0, r.y0, r.x1, r.y1), (30, 20, 40, 30));
    }

    #[test]
    fn a_box_that_is_not_a_number_covers_the_whole_picture() {
        let b = PxBox {
            x0: f32::NAN,
            y0: 0.0,
            x1: 1.0,
            y1: 1.0,
        };
        assert_eq!(b.pixels(SIZE), SIZE.rect());
    }

    #[test]
    fn overlap_is_one_for_the_same_box_and_nothing_for_an_empty_one() {
        let b = PxBox::around(10.0, 10.0, 4.0, 6.0);
        assert_eq!(b.iou(b), 1.0);
        let empty = PxBox::around(10.0, 10.0, 0.0, 0.0);
        assert_eq!(empty.iou(empty), 0.0);
    }
}
