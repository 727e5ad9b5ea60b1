//! Bytes written once and read once, in order. Held in blocks, so that growing copies nothing.

/// Bytes of a block.
const BLOCK: usize = 1 << 16;

/// What was written. Only a reader that asks for the same things in the same order gets them
/// back; what it asks for past the end is zero.
#[derive(Default)]
pub(super) struct Tape {
    blocks: Vec<Vec<u8>>,
}

impl Tape {
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match self.blocks.last_mut() {
                Some(block) if block.len() < BLOCK => block.push(byte),
                _ => {
                    let mut block = Vec::with_capacity(BLOCK);
                    block.push(byte);
                    self.blocks.push(block);
                }
            }
        }
    }

    /// A number that is mostly small, in seven bits a byte, its sign lowest.
    pub(super) fn number(&mut self, number: i64) {
        let mut rest = (number << 1 ^ number >> 63) as u64;
        while rest > 0x7F {
            self.bytes(&[rest as u8 | 0x80]);
            rest >>= 7;
        }
        self.bytes(&[rest as u8]);
    }

    pub(super) fn reader(&self) -> Reader<'_> {
        Reader {
            bytes: self.blocks.iter().flatten(),
        }
    }

    /// Bytes written.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.blocks.iter().map(Vec::len).sum()
    }
}

pub(super) struct Reader<'a> {
    bytes: std::iter::Flatten<std::slice::Iter<'a, Vec<u8>>>,
}

impl Reader<'_> {
    pub(super) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.bytes.next().copied().unwrap_or(0))
    }

    pub(super) fn number(&mut self) -> i64 {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.bytes();
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                break;
            }
        }
        (number >> 1) as i64 ^ -((number & 1) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back_however_large(numbers in prop::collection::vec(any::<i64>(), 0..50)) {
            let mut tape = Tape::default();
            numbers.iter().for_each(|&n| tape.number(n));
            let mut reader = tape.reader();
            for n in numbers {
                prop_assert_eq!(reader.number(), n);
            }
        }
    }

    #[test]
    fn small_numbers_take_a_byte_and_blocks_join() {
        let mut tape = Tape::default();
        (0..100_000).for_each(|n| tape.number(n % 64 - 32));
        assert_eq!((tape.len(), tape.blocks.len()), (100_000, 2));
        let mut reader = tape.reader();
        assert!((0..100_000).all(|n| reader.number() == n % 64 - 32));
        assert_eq!(reader.number(), 0);
    }
}
