//! Huffman decoding (T.81 F.2.2.3) by table look-up.
//!
//! The next 11 bits select an entry that holds the symbol and, if the value bits that follow
//! the code fit as well, the value itself. Longer codes take the canonical way.

use super::bits::BitReader;
use crate::error::Damage;

/// Bits looked up at once: 8 KiB a table, so that two stay in the first-level cache.
const LOOK: u32 = 11;

/// A table as a DHT segment tells it (B.2.4.2), not yet checked.
#[derive(Clone)]
pub(crate) struct HuffmanSpec {
    /// How many codes there are of length 1..=16.
    pub counts: [u8; 16],
    /// Their symbols in order of code.
    pub symbols: Vec<u8>,
}

/// What a table's symbols mean.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The symbol is the number of value bits.
    Dc,
    /// Low four bits: number of value bits; high four: zeros before.
    Ac,
}

/// A look-up entry, packed into 32 bits: value (16), symbol (8), bits of code and value or 0 if
/// the value did not fit (4), bits of the code or 0 if it is longer than [`LOOK`] (4).
#[derive(Clone, Copy, Default)]
struct Entry(u32);

impl Entry {
    fn new(value: i32, symbol: u8, all_bits: u32, code_bits: u32) -> Self {
        Self(((value as u32) << 16) | (u32::from(symbol) << 8) | (all_bits << 4) | code_bits)
    }

    #[inline]
    fn value(self) -> i32 {
        self.0 as i32 >> 16
    }

    #[inline]
    fn symbol(self) -> u8 {
        (self.0 >> 8) as u8
    }

    #[inline]
    fn all_bits(self) -> u32 {
        (self.0 >> 4) & 15
    }

    #[inline]
    fn code_bits(self) -> u32 {
        self.0 & 15
    }
}

pub(crate) struct DecodeTable {
    look: Box<[Entry; 1 << LOOK]>,
    class: Class,
    /// For each length 1..=16: the first 16-bit word that no code up to that length begins.
    limits: [u32; 16],
    /// For each length: index of a code's symbol less the code.
    offsets: [i32; 16],
    symbols: Vec<u8>,
}

impl DecodeTable {
    /// Builds the codes (C.2). Codes of all ones are let through, as libjpeg does.
    pub(crate) fn new(spec: &HuffmanSpec, class: Class) -> Result<Self, Damage> {
        let mut table = Self {
            look: Box::new([Entry::default(); 1 << LOOK]),
            class,
            limits: [0; 16],
            offsets: [0; 16],
            symbols: spec.symbols.clone(),
        };
        if class == Class::Dc && spec.symbols.iter().any(|&s| s > 15) {
            return Err(Damage::HuffmanTable);
        }
        let (mut code, mut index) = (0u32, 0usize);
        for (n, &count) in spec.counts.iter().enumerate() {
            let bits = n as u32 + 1;
            table.offsets[n] = index as i32 - code as i32;
            for _ in 0..count {
                let symbol = *spec.symbols.get(index).ok_or(Damage::HuffmanTable)?;
                table.enter(code, bits, symbol);
                code += 1;
                index += 1;
            }
            if code > 1 << bits {
                return Err(Damage::HuffmanTable);
            }
            table.limits[n] = code << (16 - bits);
            code <<= 1;
        }
        Ok(table)
    }

    /// Fills the entries of all words that begin with a short code.
    fn enter(&mut self, code: u32, bits: u32, symbol: u8) {
        if bits > LOOK {
            return;
        }
        let free = LOOK - bits;
        let size = self.size(symbol);
        for rest in 0..1u32 << free {
            let entry = if size == 0 {
                Entry::new(0, symbol, bits, bits)
            } else if size <= free {
                let value = extend(rest >> (free - size), size);
                Entry::new(value, symbol, bits + size, bits)
            } else {
                Entry::new(0, symbol, 0, bits)
            };
            // A word past the end belongs to an impossible table, refused by the caller.
            if let Some(slot) = self.look.get_mut((code << free | rest) as usize) {
                *slot = entry;
            }
        }
    }

    #[inline]
    fn size(&self, symbol: u8) -> u32 {
        match self.class {
            Class::Dc => u32::from(symbol),
            Class::Ac => u32::from(symbol & 15),
        }
    }

    /// Takes a code and its value bits: the symbol, and the signed value (0 without value bits).
    #[inline]
    pub(crate) fn value(&self, bits: &mut BitReader<'_>) -> Result<(u8, i32), Damage> {
        bits.refill();
        let entry = self.look[(bits.peek() >> (64 - LOOK)) as usize];
        if entry.all_bits() != 0 {
            bits.consume(entry.all_bits());
            return Ok((entry.symbol(), entry.value()));
        }
        let symbol = self.code(entry, bits)?;
        let size = self.size(symbol);
        let raw = (bits.peek() >> 1 >> (63 - size)) as u32;
        bits.consume(size);
        Ok((symbol, extend(raw, size)))
    }

    /// Takes a code alone.
    #[inline]
    pub(crate) fn symbol(&self, bits: &mut BitReader<'_>) -> Result<u8, Damage> {
        bits.refill();
        let entry = self.look[(bits.peek() >> (64 - LOOK)) as usize];
        self.code(entry, bits)
    }

    #[inline]
    fn code(&self, entry: Entry, bits: &mut BitReader<'_>) -> Result<u8, Damage> {
        if entry.code_bits() != 0 {
            bits.consume(entry.code_bits());
            return Ok(entry.symbol());
        }
        self.long_code(bits)
    }

    #[cold]
    fn long_code(&self, bits: &mut BitReader<'_>) -> Result<u8, Damage> {
        let word = (bits.peek() >> 48) as u32;
        let n = self
            .limits
            .iter()
            .position(|&limit| word < limit)
            .ok_or(Damage::BadCode)?;
        let code = (word >> (15 - n)) as i32;
        let index = usize::try_from(code + self.offsets[n]).map_err(|_| Damage::BadCode)?;
        bits.consume(n as u32 + 1);
        self.symbols.get(index).copied().ok_or(Damage::BadCode)
    }
}

/// The signed value of `size` value bits, 0..=15 (F.2.2.1, EXTEND).
#[inline]
fn extend(raw: u32, size: u32) -> i32 {
    let raw = raw as i32;
    // Values of the lower half are negative.
    if size != 0 && raw >> (size - 1) == 0 {
        raw - (1 << size) + 1
    } else {
        raw
    }
}

#[cfg(test)]
mod tests {
    use super::super::bits::PADDING;
    use super::super::scan::Coded;
    use super::*;

    fn spec(counts: &[u8], symbols: &[u8]) -> HuffmanSpec {
        let mut all = [0; 16];
        all[..counts.len()].copy_from_slice(counts);
        HuffmanSpec {
            counts: all,
            symbols: symbols.to_vec(),
        }
    }

    fn padded(data: &[u8]) -> Vec<u8> {
        [data, &[0; PADDING]].concat()
    }

    #[test]
    fn values_extend_as_in_table_f_1() {
        assert_eq!(extend(0, 0), 0);
        assert_eq!((extend(0, 1), extend(1, 1)), (-1, 1));
        assert_eq!(
            (extend(0, 3), extend(3, 3), extend(4, 3), extend(7, 3)),
            (-7, -4, 4, 7)
        );
        assert_eq!((extend(0, 15), extend(0x7FFF, 15)), (-32767, 32767));
    }

    #[test]
    fn short_codes_with_short_and_long_values_decode() {
        // 0 -> 2 value bits, 10 -> 12 value bits, 11 is free.
        let table = DecodeTable::new(&spec(&[1, 1], &[0x02, 0x3C]), Class::Ac).unwrap();
        let data = padded(&[0b0111_0100, 0b0000_0000, 0b1110_0000]);
        let mut bits = BitReader::new(&data);
        assert_eq!(table.value(&mut bits), Ok((0x02, 3)));
        assert_eq!(table.value(&mut bits), Ok((0x3C, 2049)));
        assert_eq!(table.value(&mut bits), Err(Damage::BadCode));
    }

    #[test]
    fn codes_of_sixteen_bits_decode() {
        // One code of each length: 0, 10, 110, ...
        let table = DecodeTable::new(&spec(&[1; 16], &[0; 16]), Class::Dc).unwrap();
        let data = padded(&[0xFF, 0xFE, 0xFF, 0xFF]);
        let mut bits = BitReader::new(&data);
        assert_eq!(table.symbol(&mut bits), Ok(0));
        assert_eq!(bits.position(), 2);
        assert_eq!(table.symbol(&mut bits), Err(Damage::BadCode));
    }

    #[test]
    fn impossible_tables_are_refused() {
        assert!(DecodeTable::new(&spec(&[3], &[0; 3]), Class::Ac).is_err());
        assert!(DecodeTable::new(&spec(&[2, 1], &[0; 3]), Class::Ac).is_err());
        assert!(DecodeTable::new(&spec(&[1], &[16]), Class::Dc).is_err());
        assert!(DecodeTable::new(&spec(&[2], &[0, 16]), Class::Ac).is_ok());
    }
}
