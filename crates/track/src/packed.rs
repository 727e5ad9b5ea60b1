//! A row of pairs of numbers in few bytes: each different pair once, and for each place only its
//! number in that list. A picture moves in few ways at once, and most cells of a fixed camera
//! not at all.

/// Different pairs that a list may have; with more the pairs are kept as they are.
const MOST: usize = 256;

/// Bytes of a pair.
const PAIR: usize = 4;

/// Pairs, by position. Never changed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Packed {
    /// The list of different pairs in order of their first place, then the numbers, the first of
    /// a byte lowest; or all pairs, where `bits` is [`RAW`].
    bytes: Box<[u8]>,
    /// Length of the list.
    different: u16,
    /// Bits of a number: 0, 1, 2, 4 or 8.
    bits: u8,
}

/// In the place of bits: there is no list.
const RAW: u8 = 32;

impl Packed {
    pub fn new(pairs: &[[i16; 2]]) -> Self {
        let mut list: Vec<[i16; 2]> = Vec::new();
        let mut numbers = Vec::with_capacity(pairs.len());
        for pair in pairs {
            let known = list.iter().position(|p| p == pair);
            numbers.push(known.unwrap_or(list.len()));
            if known.is_none() {
                list.push(*pair);
            }
            if list.len() > MOST {
                return Self {
                    bytes: pairs.iter().flat_map(|&p| bytes(p)).collect(),
                    different: 0,
                    bits: RAW,
                };
            }
        }
        let bits = match list.len() {
            0..=1 => 0,
            2 => 1,
            3..=4 => 2,
            5..=16 => 4,
            _ => 8,
        };
        let mut packed: Vec<u8> = list.iter().flat_map(|&p| bytes(p)).collect();
        if bits > 0 {
            for group in numbers.chunks(8 / usize::from(bits)) {
                let place = |(i, &n): (usize, &usize)| (n as u8) << (i as u8 * bits);
                packed.push(group.iter().enumerate().map(place).fold(0, |a, b| a | b));
            }
        }
        Self {
            bytes: packed.into(),
            different: list.len() as u16,
            bits,
        }
    }

    /// The pair at a place below the length that was given; panics or answers some pair beyond.
    pub fn get(&self, at: usize) -> [i16; 2] {
        let number = match self.bits {
            RAW => at,
            0 => 0,
            bits => {
                let (bits, list) = (usize::from(bits), usize::from(self.different) * PAIR);
                let byte = self.bytes[list + at * bits / 8];
                usize::from(byte >> (at * bits % 8)) & ((1 << bits) - 1)
            }
        };
        let b = &self.bytes[number * PAIR..][..PAIR];
        [[b[0], b[1]], [b[2], b[3]]].map(i16::from_le_bytes)
    }
}

fn bytes([x, y]: [i16; 2]) -> [u8; PAIR] {
    let ([a, b], [c, d]) = (x.to_le_bytes(), y.to_le_bytes());
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_packed_comes_back(pairs in (1..400i16).prop_flat_map(|different| {
            prop::collection::vec((0..different).prop_map(|n| [n, -70 * n]), 0..900)
        })) {
            let packed = Packed::new(&pairs);
            for (i, p) in pairs.iter().enumerate() {
                prop_assert_eq!(packed.get(i), *p);
            }
        }
    }

    #[test]
    fn the_extremes_of_a_pair_come_back() {
        let pairs = [[i16::MIN, i16::MAX], [-1, 0], [i16::MIN, i16::MIN]];
        let packed = Packed::new(&pairs);
        assert_eq!([0, 1, 2].map(|i| packed.get(i)), pairs);
    }

    #[test]
    fn a_still_picture_takes_four_bytes_and_two_ways_a_bit_a_cell_more() {
        assert_eq!(Packed::new(&[[0, 0]; 240]).bytes.len(), 4);
        let mut two = [[0, 0]; 240];
        two[7] = [16, 0];
        assert_eq!(Packed::new(&two).bytes.len(), 8 + 30);
    }
}
