//! Bits of one restart interval, most significant first (T.81 F.2.2.5).
//!
//! The bytes come unstuffed and followed by padding, so that eight can be taken at a time
//! without looking at them. Past the end there are zero bits; [`BitReader::check`] tells.

use super::scan::Coded;

/// Zero bytes that must follow the data handed to a [`BitReader`].
pub(crate) const PADDING: usize = 8;

pub(crate) struct BitReader<'a> {
    /// Data and padding.
    bytes: &'a [u8],
    /// Next byte to load.
    at: usize,
    /// Loaded bits, from the top down.
    buffer: u64,
    /// How many of them are valid.
    count: u32,
}

impl<'a> Coded<'a> for BitReader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            buffer: 0,
            count: 0,
        }
    }

    fn position(&self) -> usize {
        self.consumed().div_ceil(8)
    }

    #[inline]
    fn check(&self) -> bool {
        self.position() + PADDING <= self.bytes.len()
    }

    /// But for the padding bits of the last one.
    fn at_end(&self) -> bool {
        self.position() + PADDING == self.bytes.len()
    }
}

impl BitReader<'_> {
    /// Makes at least 32 bits available: the longest code with its value bits is 31.
    #[inline]
    pub(crate) fn refill(&mut self) {
        if self.count < 32 {
            let next = self
                .bytes
                .get(self.at..)
                .and_then(|rest| rest.first_chunk::<8>());
            let word = next.map_or(0, |chunk| u64::from_be_bytes(*chunk));
            // Bits below `count` are loaded again next time, with the same values.
            self.buffer |= word >> self.count;
            let taken = (63 - self.count) / 8;
            self.at += taken as usize;
            self.count += 8 * taken;
        }
    }

    /// The next bits, from the top of the word down; at least 32 are valid after a refill.
    #[inline]
    pub(crate) fn peek(&self) -> u64 {
        self.buffer
    }

    /// Drops `n` bits, at most as many as the last refill made available.
    #[inline]
    pub(crate) fn consume(&mut self, n: u32) {
        self.buffer <<= n & 63;
        self.count = self.count.wrapping_sub(n);
    }

    /// Takes `n` bits, 0..=16, as a number.
    #[inline]
    pub(crate) fn take(&mut self, n: u32) -> u32 {
        self.refill();
        // Two shifts, because a shift by 64 is none.
        let value = (self.buffer >> 1 >> (63 - (n & 63))) as u32;
        self.consume(n);
        value
    }

    /// Takes one bit.
    #[inline]
    pub(crate) fn bit(&mut self) -> bool {
        // Refilling only when empty is what makes refinement scans, all single bits, fast.
        if self.count == 0 {
            self.refill();
        }
        let bit = self.buffer >> 63 != 0;
        self.consume(1);
        bit
    }

    #[inline]
    fn consumed(&self) -> usize {
        8 * self.at - self.count as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_most_significant_first_across_refills() {
        let mut data: Vec<u8> = (1..=20).collect();
        data.resize(20 + PADDING, 0);
        let mut bits = BitReader::new(&data);
        let mut value = 0u128;
        for n in [3, 13, 1, 7, 16, 0, 11, 15, 14, 16, 16, 16] {
            value = value << n | u128::from(bits.take(n));
        }
        assert_eq!(
            value,
            u128::from_be_bytes(std::array::from_fn(|i| i as u8 + 1))
        );
        assert!(bits.check() && !bits.at_end());
    }

    #[test]
    fn the_end_is_told_to_the_bit() {
        let mut data = vec![0xFF; 3];
        data.resize(3 + PADDING, 0);
        let mut bits = BitReader::new(&data);
        bits.take(16);
        assert!(!bits.at_end());
        bits.take(1);
        assert!(bits.at_end());
        bits.take(7);
        assert!(bits.at_end() && bits.check());
        bits.take(1);
        assert!(!bits.check());
    }
}
