//! Chroma subsampling, and luma rectangles turned into chroma rectangles: always outward.

use crate::PxRect;

/// Right shifts from luma to chroma positions; 1 and 1 is 4:2:0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Subsampling {
    /// log2 of the horizontal ratio, 0..=3.
    pub shift_x: u8,
    /// log2 of the vertical ratio, 0..=3.
    pub shift_y: u8,
}

impl Subsampling {
    /// Samples across a plane for a picture of this many luma pixels: rounded up, as FFmpeg does.
    #[must_use]
    pub fn plane_len(shift: u8, luma: u32) -> u32 {
        luma.div_ceil(1 << shift)
    }

    /// Every chroma sample that shares a luma pixel with `rect`.
    #[must_use]
    pub fn cover(self, rect: PxRect) -> PxRect {
        PxRect {
            x0: rect.x0 >> self.shift_x,
            y0: rect.y0 >> self.shift_y,
            x1: rect.x1.div_ceil(1 << self.shift_x),
            y1: rect.y1.div_ceil(1 << self.shift_y),
        }
    }

    /// The rectangle grown to whole chroma samples, in luma pixels, so that luma and chroma
    /// cover the same area. May reach past the picture; clip it.
    #[must_use]
    pub fn align(self, rect: PxRect) -> PxRect {
        let c = self.cover(rect);
        PxRect {
            x0: c.x0 << self.shift_x,
            y0: c.y0 << self.shift_y,
            x1: c.x1 << self.shift_x,
            y1: c.y1 << self.shift_y,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_luma_pixel_of_a_rectangle_has_its_chroma_sample_covered() {
        for sx in 0..3 {
            for sy in 0..3 {
                let s = Subsampling {
                    shift_x: sx,
                    shift_y: sy,
                };
                for x0 in 0..9 {
                    for x1 in x0 + 1..12 {
                        let r = PxRect {
                            x0,
                            y0: x0,
                            x1,
                            y1: x1,
                        };
                        let c = s.cover(r);
                        for p in x0..x1 {
                            assert!((c.x0..c.x1).contains(&(p >> sx)));
                            assert!((c.y0..c.y1).contains(&(p >> sy)));
                        }
                        let a = s.align(r);
                        assert!(a.x0 <= x0 && a.x1 >= x1 && s.cover(a) == c);
                    }
                }
            }
        }
    }
}
