//! How samples lie in the planes of a picture: planes, components, depth, colour family.
//!
//! Knows no file format; `ff` and `source` translate into this.

use scrim_units::{Size, Subsampling};

/// What the components of a picture mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// Luma and two chroma components, perhaps alpha.
    Yuv,
    /// Red, green, blue, perhaps alpha.
    Rgb,
    /// Luma only, perhaps alpha.
    Grey,
    /// Cyan, magenta, yellow and black ink, 0 for none, perhaps alpha.
    Ink,
}

impl Family {
    /// Components besides alpha.
    #[must_use]
    pub fn colours(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Yuv | Self::Rgb => 3,
            Self::Ink => 4,
        }
    }
}

/// Place of black among the inks.
pub(crate) const BLACK_INK: usize = 3;

/// Whether samples use all values of their depth (ITU-T H.273, 8.3, VideoFullRangeFlag).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Range {
    /// Luma 16..=235 and chroma 16..=240 at 8 bits.
    Limited,
    /// 0..=255 at 8 bits.
    Full,
}

/// One plane: subsampling and bytes from one sample position to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlaneLayout {
    /// Positions of this plane against luma.
    pub sub: Subsampling,
    /// Bytes a position, 1..=16.
    pub step: u8,
}

/// One component of a position: which bytes and bits hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Component {
    /// Index of its plane.
    pub plane: u8,
    /// First byte within the position.
    pub offset: u8,
    /// Bits below the value within its 8- or 16-bit word.
    pub shift: u8,
    /// Bits of the value, 1..=16.
    pub depth: u8,
}

/// Layout of a whole picture. Components in the order Y, U, V, A or R, G, B, A or Y, A or
/// C, M, Y, K, A.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Layout {
    /// What the components mean.
    pub family: Family,
    /// Whether the last component is alpha.
    pub alpha: bool,
    /// Byte order of words over 8 bits.
    pub big_endian: bool,
    /// One to four planes.
    pub planes: Vec<PlaneLayout>,
    /// One to five components.
    pub components: Vec<Component>,
}

impl Layout {
    /// 8 or 16 bits a component, all components packed in one plane, native byte order.
    #[must_use]
    pub fn packed(family: Family, alpha: bool, depth: u8) -> Self {
        let count = family.colours() as u8 + u8::from(alpha);
        let bytes = depth.div_ceil(8);
        Self {
            family,
            alpha,
            big_endian: cfg!(target_endian = "big"),
            planes: vec![PlaneLayout {
                sub: Subsampling::default(),
                step: count * bytes,
            }],
            components: (0..count)
                .map(|i| Component {
                    plane: 0,
                    offset: i * bytes,
                    shift: 0,
                    depth,
                })
                .collect(),
        }
    }

    /// Bytes of a word that holds this component: 1 or 2.
    #[must_use]
    pub fn word(component: Component) -> usize {
        if component.depth + component.shift > 8 {
            2
        } else {
            1
        }
    }

    /// Whether every index, offset and depth lies within bounds, so that code below may rely
    /// on it.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        (1..=4).contains(&self.planes.len())
            && self.components.len() == self.family.colours() + usize::from(self.alpha)
            && self
                .planes
                .iter()
                .all(|p| (1..=16).contains(&p.step) && p.sub.shift_x <= 3 && p.sub.shift_y <= 3)
            && self.components.iter().all(|c| {
                let plane = self.planes.get(usize::from(c.plane));
                (1..=16).contains(&c.depth)
                    && c.depth + c.shift <= 16
                    && plane.is_some_and(|p| {
                        usize::from(c.offset) + Self::word(*c) <= usize::from(p.step)
                    })
            })
    }

    /// The coarsest subsampling among the planes: what a region is aligned to.
    #[must_use]
    pub fn coarsest(&self) -> Subsampling {
        let max =
            |f: fn(Subsampling) -> u8| self.planes.iter().map(|p| f(p.sub)).max().unwrap_or(0);
        Subsampling {
            shift_x: max(|s| s.shift_x),
            shift_y: max(|s| s.shift_y),
        }
    }

    /// Bytes a row and rows of plane `index` for a picture of this size.
    #[must_use]
    pub fn plane_size(&self, index: usize, size: Size) -> (usize, usize) {
        let p = self.planes[index];
        let across = Subsampling::plane_len(p.sub.shift_x, size.width) as usize;
        let down = Subsampling::plane_len(p.sub.shift_y, size.height) as usize;
        (across * usize::from(p.step), down)
    }

    /// Bytes of all planes without padding.
    #[must_use]
    pub fn bytes(&self, size: Size) -> u64 {
        (0..self.planes.len())
            .map(|i| {
                let (row, rows) = self.plane_size(i, size);
                row as u64 * rows as u64
            })
            .sum()
    }

    /// The bytes of one position of plane `index` with these component values.
    #[must_use]
    pub fn position(&self, index: usize, values: &[u16]) -> Vec<u8> {
        let mut bytes = vec![0; usize::from(self.planes[index].step)];
        for (c, &value) in self.components.iter().zip(values) {
            if usize::from(c.plane) != index {
                continue;
            }
            let at = usize::from(c.offset);
            let word = value << c.shift;
            if Self::word(*c) == 1 {
                bytes[at] |= word as u8;
            } else {
                let pair = if self.big_endian {
                    word.to_be_bytes()
                } else {
                    word.to_le_bytes()
                };
                bytes[at] |= pair[0];
                bytes[at + 1] |= pair[1];
            }
        }
        bytes
    }

    /// Value of a component in the bytes of one position.
    #[must_use]
    pub fn value(&self, component: usize, position: &[u8]) -> u16 {
        let c = self.components[component];
        let at = usize::from(c.offset);
        let word = if Self::word(c) == 1 {
            u16::from(position[at])
        } else if self.big_endian {
            u16::from_be_bytes([position[at], position[at + 1]])
        } else {
            u16::from_le_bytes([position[at], position[at + 1]])
        };
        (word >> c.shift) & (u16::MAX >> (16 - c.depth))
    }

    /// Component values of opaque black. Limited range: 16 scaled to the depth, chroma at its
    /// middle (ITU-R BT.709-6, 4.6 digital representation).
    #[must_use]
    pub fn black(&self, range: Range) -> Vec<u16> {
        let last = self.components.len() - 1;
        self.components
            .iter()
            .enumerate()
            .map(|(i, c)| {
                let top = u16::MAX >> (16 - c.depth);
                let alpha = self.alpha && i == last;
                let limited = range == Range::Limited && c.depth >= 8;
                match self.family {
                    _ if alpha => top,
                    Family::Yuv if i > 0 => 1 << (c.depth - 1),
                    Family::Yuv | Family::Grey if limited => 16 << (c.depth - 8),
                    Family::Ink if i == BLACK_INK => top,
                    _ => 0,
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_of_ten_bits_in_limited_range_is_64_with_chroma_at_512() {
        let c = |plane| Component {
            plane,
            offset: 0,
            shift: 0,
            depth: 10,
        };
        let layout = Layout {
            family: Family::Yuv,
            alpha: false,
            big_endian: false,
            planes: vec![
                PlaneLayout {
                    sub: Subsampling::default(),
                    step: 2
                };
                3
            ],
            components: vec![c(0), c(1), c(2)],
        };
        assert!(layout.is_consistent());
        assert_eq!(layout.black(Range::Limited), [64, 512, 512]);
        assert_eq!(layout.position(1, &[64, 512, 512]), [0, 2]);
        assert_eq!(layout.value(1, &[0, 2]), 512);
    }

    #[test]
    fn black_of_a_picture_with_alpha_is_opaque() {
        let layout = Layout::packed(Family::Rgb, true, 16);
        assert_eq!(layout.black(Range::Full), [0, 0, 0, 65535]);
    }

    #[test]
    fn a_component_outside_its_position_is_inconsistent() {
        let mut layout = Layout::packed(Family::Rgb, false, 8);
        layout.components[2].offset = 3;
        assert!(!layout.is_consistent());
    }
}
