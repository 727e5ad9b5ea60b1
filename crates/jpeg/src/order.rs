//! The order in which a block's coefficients are coded (T.81 figure A.6).

/// One block of quantised coefficients. Inside this crate always in coded (zigzag) order,
/// because reading and writing walk that order; [`natural`] turns it for the outside.
pub(crate) type Block = [i16; 64];

/// Row-major position of each coded position.
pub(crate) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Coded order to row-major order.
pub(crate) fn natural<T: Copy + Default>(coded: &[T; 64]) -> [T; 64] {
    let mut out = [T::default(); 64];
    for (&at, &value) in ZIGZAG.iter().zip(coded) {
        out[usize::from(at)] = value;
    }
    out
}

/// Row-major order to coded order.
pub(crate) fn coded<T: Copy + Default>(natural: &[T; 64]) -> [T; 64] {
    ZIGZAG.map(|at| natural[usize::from(at)])
}

/// One bit for each coefficient that is not 0, the first lowest.
#[inline]
pub(crate) fn non_zero(block: &Block) -> u64 {
    let mut mask = 0;
    for (n, eight) in block.as_chunks::<8>().0.iter().enumerate() {
        // Fine detail is rare: of most blocks only the first eight or sixteen are used.
        if *eight == [0; 8] {
            continue;
        }
        let flags = u64::from_le_bytes(eight.map(|v| u8::from(v != 0)));
        // The product gathers the low bits of the eight bytes in its top byte.
        mask |= (flags.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * n);
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_orders_undo_each_other() {
        let numbers: [u16; 64] = std::array::from_fn(|i| i as u16);
        assert_eq!(coded(&natural(&numbers)), numbers);
    }

    #[test]
    fn neighbours_in_the_zigzag_touch_in_the_block() {
        for pair in ZIGZAG.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            assert!((a / 8).abs_diff(b / 8) <= 1 && (a % 8).abs_diff(b % 8) <= 1);
        }
    }

    #[test]
    fn the_mask_marks_every_position() {
        for k in 0..64 {
            let mut block = [0; 64];
            block[k] = -3;
            assert_eq!(non_zero(&block), 1 << k);
        }
        assert_eq!(non_zero(&[i16::MIN; 64]), u64::MAX);
    }
}
