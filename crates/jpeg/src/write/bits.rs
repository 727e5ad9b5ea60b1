//! Bits into bytes, most significant first, with the stuffing of T.81 B.1.1.5.

pub(crate) struct BitWriter {
    out: Vec<u8>,
    /// Whether bytes of ones are stuffed: not where the bits are yet to be appended to others.
    stuffed: bool,
    /// Bits not yet written, in the low `count` places.
    buffer: u64,
    /// Always below 32 between calls.
    count: u32,
}

impl BitWriter {
    /// Appends to `out`.
    pub(crate) fn new(out: Vec<u8>) -> Self {
        Self {
            out,
            stuffed: true,
            buffer: 0,
            count: 0,
        }
    }

    /// Gathers bits that [`Self::append`] takes.
    pub(crate) fn apart() -> Self {
        Self {
            stuffed: false,
            ..Self::new(Vec::new())
        }
    }

    /// Writes bits that were gathered [apart](Self::apart), in whole words but for the last ones.
    pub(crate) fn append(&mut self, apart: &Self) {
        for word in apart.out.as_chunks::<4>().0 {
            self.put(u32::from_be_bytes(*word), 32);
        }
        let rest = apart.buffer & ((1 << apart.count) - 1);
        self.put(rest as u32, apart.count);
    }

    /// Writes the low `n` bits of `value`, n in 0..=32; the bits above must be 0.
    #[inline]
    pub(crate) fn put(&mut self, value: u32, n: u32) {
        self.buffer = self.buffer << n | u64::from(value);
        self.count += n;
        if self.count >= 32 {
            self.count -= 32;
            self.word((self.buffer >> self.count) as u32);
        }
    }

    #[inline]
    fn word(&mut self, word: u32) {
        let bytes = word.to_be_bytes();
        if self.stuffed && bytes.contains(&0xFF) {
            bytes.into_iter().for_each(|b| self.byte(b));
        } else {
            self.out.extend_from_slice(&bytes);
        }
    }

    fn byte(&mut self, byte: u8) {
        self.out.push(byte);
        if byte == 0xFF {
            self.out.push(0);
        }
    }

    /// Completes the last byte with ones (F.1.2.3).
    fn align(&mut self) {
        let missing = self.count.wrapping_neg() % 8;
        self.put((1 << missing) - 1, missing);
        while self.count > 0 {
            self.count -= 8;
            self.byte((self.buffer >> self.count) as u8);
        }
    }

    /// Ends the interval with a marker.
    pub(crate) fn marker(&mut self, code: u8) {
        self.align();
        self.out.extend([0xFF, code]);
    }

    /// Ends the last interval and hands the bytes back.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.align();
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_ones_are_stuffed_and_markers_are_not() {
        let mut bits = BitWriter::new(vec![7]);
        bits.put(0xFF12_FFFF, 32);
        bits.put(0, 3);
        bits.marker(0xD0);
        bits.put(1, 1);
        let expected = [
            7,
            0xFF,
            0,
            0x12,
            0xFF,
            0,
            0xFF,
            0,
            0b0001_1111,
            0xFF,
            0xD0,
            0xFF,
            0,
        ];
        assert_eq!(bits.finish(), expected);
    }

    #[test]
    fn whole_bytes_get_no_padding() {
        let mut bits = BitWriter::new(Vec::new());
        bits.put(0xABC, 12);
        bits.put(0xD, 4);
        assert_eq!(bits.finish(), [0xAB, 0xCD]);
    }

    #[test]
    fn bits_gathered_apart_are_appended_at_any_place_as_if_written_there() {
        let words = [0xFFFF_0012, 0xFF, 7, 0xFFFF_FFFF, 1, 0x1234_5678];
        let lengths = [32, 9, 3, 32, 1, 29];
        for ahead in 0..=32 {
            for behind in 0..words.len() {
                let (mut whole, mut first) = (BitWriter::new(vec![]), BitWriter::new(vec![]));
                let mut apart = BitWriter::apart();
                whole.put(0, ahead);
                first.put(0, ahead);
                for (word, length) in words.iter().zip(lengths).take(behind + 1) {
                    whole.put(*word, length);
                    apart.put(*word, length);
                }
                first.append(&apart);
                assert_eq!(
                    first.finish(),
                    whole.finish(),
                    "{behind} behind {ahead} bits"
                );
            }
        }
    }
}
