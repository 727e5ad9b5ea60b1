//! How a stored picture is turned to be seen upright.

use crate::{PxBox, Size};

/// One of the eight ways to show a stored picture, numbered as in EXIF 2.32, 4.6.4 A (tag 0x0112).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Orientation {
    /// 1: as stored.
    #[default]
    Upright,
    /// 2: mirrored left to right.
    MirrorX,
    /// 3: turned by 180 degrees.
    Turn180,
    /// 4: mirrored top to bottom.
    MirrorY,
    /// 5: mirrored along the main diagonal.
    Transpose,
    /// 6: to be turned clockwise by 90 degrees.
    Turn90,
    /// 7: mirrored along the other diagonal.
    Transverse,
    /// 8: to be turned anticlockwise by 90 degrees.
    Turn270,
}

impl Orientation {
    /// From the EXIF number; anything but 1..=8 is upright, as viewers do.
    #[must_use]
    pub fn from_exif(value: u32) -> Self {
        match value {
            2 => Self::MirrorX,
            3 => Self::Turn180,
            4 => Self::MirrorY,
            5 => Self::Transpose,
            6 => Self::Turn90,
            7 => Self::Transverse,
            8 => Self::Turn270,
            _ => Self::Upright,
        }
    }

    /// The EXIF number, 1..=8.
    #[must_use]
    pub fn to_exif(self) -> u8 {
        match self {
            Self::Upright => 1,
            Self::MirrorX => 2,
            Self::Turn180 => 3,
            Self::MirrorY => 4,
            Self::Transpose => 5,
            Self::Turn90 => 6,
            Self::Transverse => 7,
            Self::Turn270 => 8,
        }
    }

    /// From a clockwise turn in whole quarter turns.
    #[must_use]
    pub fn from_quarter_turns(clockwise: i32) -> Self {
        match clockwise.rem_euclid(4) {
            1 => Self::Turn90,
            2 => Self::Turn180,
            3 => Self::Turn270,
            _ => Self::Upright,
        }
    }

    /// Whether width and height change places.
    #[must_use]
    pub fn swaps_sides(self) -> bool {
        matches!(
            self,
            Self::Transpose | Self::Turn90 | Self::Transverse | Self::Turn270
        )
    }

    /// Size as seen, from the stored size.
    #[must_use]
    pub fn seen(self, stored: Size) -> Size {
        if self.swaps_sides() {
            Size {
                width: stored.height,
                height: stored.width,
            }
        } else {
            stored
        }
    }

    /// Where the seen pixel (x, y) lies in the stored picture of this size. Also right for
    /// fractional positions along pixel edges when `size` is given in the same unit.
    #[must_use]
    pub fn stored_position(self, x: f32, y: f32, stored: Size) -> (f32, f32) {
        let (w, h) = (stored.width as f32, stored.height as f32);
        match self {
            Self::Upright => (x, y),
            Self::MirrorX => (w - x, y),
            Self::Turn180 => (w - x, h - y),
            Self::MirrorY => (x, h - y),
            Self::Transpose => (y, x),
            Self::Turn90 => (y, h - x),
            Self::Transverse => (w - y, h - x),
            Self::Turn270 => (w - y, x),
        }
    }

    /// A box in the upright picture as a box in the stored one.
    #[must_use]
    pub fn to_stored(self, seen: PxBox, stored: Size) -> PxBox {
        let a = self.stored_position(seen.x0, seen.y0, stored);
        let b = self.stored_position(seen.x1, seen.y1, stored);
        PxBox {
            x0: a.0.min(b.0),
            y0: a.1.min(b.1),
            x1: a.0.max(b.0),
            y1: a.1.max(b.1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [u32; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

    #[test]
    fn exif_numbers_survive_the_round_trip() {
        for n in ALL {
            assert_eq!(u32::from(Orientation::from_exif(n).to_exif()), n);
        }
        assert_eq!(Orientation::from_exif(0), Orientation::Upright);
        assert_eq!(Orientation::from_exif(9), Orientation::Upright);
    }

    #[test]
    fn a_seen_box_stays_inside_the_stored_picture_and_keeps_its_area() {
        let stored = Size {
            width: 30,
            height: 20,
        };
        for n in ALL {
            let o = Orientation::from_exif(n);
            let seen = o.seen(stored);
            let b = PxBox {
                x0: 1.0,
                y0: 2.0,
                x1: seen.width as f32,
                y1: 5.0,
            };
            let s = o.to_stored(b, stored);
            assert!(s.x0 >= 0.0 && s.y0 >= 0.0 && s.x1 <= 30.0 && s.y1 <= 20.0);
            assert_eq!(s.area(), b.area());
        }
    }

    #[test]
    fn a_quarter_turn_clockwise_brings_the_stored_bottom_left_to_the_seen_top_left() {
        let stored = Size {
            width: 30,
            height: 20,
        };
        let corner = PxBox {
            x0: 0.0,
            y0: 0.0,
            x1: 1.0,
            y1: 1.0,
        };
        let s = Orientation::Turn90.to_stored(corner, stored);
        assert_eq!((s.x0, s.y1), (0.0, 20.0));
    }
}
