//! Huffman tables from counted symbols (T.81 annex K.2, C.2).

/// Longest code that a DHT segment can describe.
const LONGEST: usize = 16;

/// A symbol that no data holds: it takes the code of all ones, which is not allowed (C.2), and
/// is left out of the table.
const RESERVED: usize = 256;

/// Codes of up to 256 symbols.
pub(crate) struct CodeTable {
    /// How many codes there are of length 1..=16.
    pub counts: [u8; LONGEST],
    /// Symbols in order of code; empty if nothing was counted.
    pub symbols: Vec<u8>,
    /// Code and length of each symbol; length 0 for symbols that were not counted.
    codes: [(u16, u8); 256],
}

impl CodeTable {
    /// The table with the fewest bits for these counts, within 16 bits a code.
    pub(crate) fn optimal(counts: &[u32; 256]) -> Self {
        let lengths = code_lengths(counts);
        let mut symbols: Vec<u8> = (0..=255u8)
            .filter(|&s| lengths.of_symbol[usize::from(s)] > 0)
            .collect();
        // Ties by symbol, so that equal counts give equal files.
        symbols.sort_by_key(|&s| (lengths.of_symbol[usize::from(s)], s));
        let mut table = Self {
            counts: lengths.counts,
            symbols,
            codes: [(0, 0); 256],
        };
        table.assign();
        table
    }

    /// Code and length of a symbol.
    #[inline]
    pub(crate) fn code(&self, symbol: u8) -> (u16, u8) {
        self.codes[usize::from(symbol)]
    }

    /// Counts up through the codes, length by length (C.2, figure C.2).
    fn assign(&mut self) {
        let (mut code, mut symbols) = (0u16, self.symbols.iter());
        for (length, &count) in (1u8..).zip(&self.counts) {
            for &symbol in symbols.by_ref().take(usize::from(count)) {
                self.codes[usize::from(symbol)] = (code, length);
                code = code.wrapping_add(1);
            }
            code = code.wrapping_shl(1);
        }
    }
}

struct Lengths {
    /// How many symbols there are of each length, after the limit to 16.
    counts: [u8; LONGEST],
    /// Length of each symbol's path *before* that limit: only the order counts then.
    of_symbol: [usize; 257],
}

/// Merges the two rarest groups until one is left (figures K.1 and K.2).
fn code_lengths(counts: &[u32; 256]) -> Lengths {
    let mut weights = [0u64; 257];
    for (weight, &count) in weights.iter_mut().zip(counts) {
        *weight = u64::from(count);
    }
    weights[RESERVED] = 1;
    let mut groups: Vec<(u64, Vec<usize>)> = (0..257)
        .filter(|&s| weights[s] > 0)
        .map(|s| (weights[s], vec![s]))
        .collect();
    let mut of_symbol = [0; 257];
    // The reserved symbol comes last, so that among equals it is merged first and lies deepest.
    while groups.len() > 1 {
        let (weight, mut members) = take_rarest(&mut groups);
        let (other_weight, others) = take_rarest(&mut groups);
        members.extend(others);
        members.iter().for_each(|&s| of_symbol[s] += 1);
        groups.push((weight + other_weight, members));
    }
    let mut by_length = [0usize; 258];
    of_symbol.iter().for_each(|&length| by_length[length] += 1);
    by_length[0] = 0;
    limit(&mut by_length);
    // The reserved symbol is the last of the longest codes.
    if let Some(longest) = by_length.iter_mut().rev().find(|n| **n > 0) {
        *longest -= 1;
    }
    let counts = std::array::from_fn(|i| by_length[i + 1] as u8);
    Lengths {
        counts,
        of_symbol: without_reserved(of_symbol),
    }
}

fn take_rarest(groups: &mut Vec<(u64, Vec<usize>)>) -> (u64, Vec<usize>) {
    let rarest = groups
        .iter()
        .enumerate()
        .rev()
        .min_by_key(|(_, (weight, _))| *weight);
    let at = rarest.map_or(0, |(at, _)| at);
    groups.remove(at)
}

fn without_reserved(mut of_symbol: [usize; 257]) -> [usize; 257] {
    of_symbol[RESERVED] = 0;
    of_symbol
}

/// Shortens codes beyond 16 bits: a pair of the longest makes room for one code by hanging
/// another pair below a shorter one (figure K.3).
fn limit(by_length: &mut [usize; 258]) {
    for long in (LONGEST + 1..by_length.len()).rev() {
        while by_length[long] > 0 {
            let Some(short) = (1..long - 1).rev().find(|&n| by_length[n] > 0) else {
                return;
            };
            by_length[long] -= 2;
            by_length[long - 1] += 1;
            by_length[short + 1] += 2;
            by_length[short] -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(counts: &[u32; 256]) -> Result<(), TestCaseError> {
        let table = CodeTable::optimal(counts);
        let used = counts.iter().filter(|&&c| c > 0).count();
        prop_assert_eq!(table.symbols.len(), used);
        prop_assert_eq!(
            table.counts.iter().map(|&c| usize::from(c)).sum::<usize>(),
            used
        );
        let mut codes = Vec::new();
        for s in 0..=255u8 {
            let (code, length) = table.code(s);
            prop_assert_eq!(length > 0, counts[usize::from(s)] > 0);
            if length > 0 {
                prop_assert!(u32::from(code) + 1 < 1 << length, "all ones");
                codes.push((u32::from(code) << (16 - length), 1u32 << (16 - length)));
            }
        }
        codes.sort();
        for pair in codes.windows(2) {
            prop_assert!(
                pair[0].0 + pair[0].1 <= pair[1].0,
                "one code begins another"
            );
        }
        Ok(())
    }

    #[test]
    fn counts_that_grow_like_fibonacci_stay_within_sixteen_bits() {
        let mut counts = [0; 256];
        let (mut a, mut b) = (1, 1);
        for count in &mut counts[..40] {
            *count = a;
            (a, b) = (b, a + b);
        }
        check(&counts).unwrap();
    }

    #[test]
    fn no_one_and_all_symbols_make_tables() {
        let mut one = [0; 256];
        check(&one).unwrap();
        one[7] = 5;
        check(&one).unwrap();
        assert_eq!(CodeTable::optimal(&one).code(7), (0, 1));
        check(&[1; 256]).unwrap();
        check(&[u32::MAX; 256]).unwrap();
    }

    #[test]
    fn frequent_symbols_have_shorter_codes() {
        let mut counts = [0; 256];
        (counts[1], counts[2], counts[3]) = (100, 10, 1);
        let table = CodeTable::optimal(&counts);
        assert_eq!([1, 2, 3].map(|s| table.code(s).1), [1, 2, 3]);
    }

    proptest! {
        #[test]
        fn every_table_is_a_prefix_code_without_the_all_ones_code(
            seeds in prop::collection::vec((any::<u8>(), 0u32..30), 0..256),
        ) {
            let mut counts = [0; 256];
            for (symbol, exponent) in seeds {
                counts[usize::from(symbol)] = 1u32 << exponent;
            }
            check(&counts)?;
        }
    }
}
