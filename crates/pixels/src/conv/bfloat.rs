//! Numbers of sixteen bits: the upper half of a float, which is bfloat16. Half the memory, and
//! processors that have an instruction for them multiply twice as many at once.

use crate::level::Level;

/// The bits of bfloat16 next to a float, halves to even. What is too small for a float's full fraction
/// is 0, as it is for those instructions; a NaN stays one.
#[inline(always)]
pub(super) fn nearest(value: f32) -> u16 {
    const EXPONENT: u32 = 0x7f80_0000;
    const QUIET: u32 = 0x0040_0000;
    let bits = value.to_bits();
    let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1));
    let bits = match bits & EXPONENT {
        0 => 0,
        EXPONENT if value.is_nan() => bits | QUIET,
        _ => rounded,
    };
    (bits >> 16) as u16
}

/// The float of these bits.
#[inline(always)]
pub(super) fn widened(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// Rounds floats to bfloat16; both are as long.
pub fn to_bfloats(level: Level, values: &[f32], bits: &mut [u16]) {
    assert_eq!(values.len(), bits.len(), "as many numbers out as in");
    #[cfg(target_arch = "x86_64")]
    if level.here() >= Level::Avx2 {
        // SAFETY: what `here` gives the CPU has.
        return unsafe { to_bfloats_avx2(values, bits) };
    }
    let _ = level;
    to_bfloats_body(values, bits);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn to_bfloats_avx2(values: &[f32], bits: &mut [u16]) {
    to_bfloats_body(values, bits);
}

#[inline(always)]
fn to_bfloats_body(values: &[f32], bits: &mut [u16]) {
    let both = bits.iter_mut().zip(values);
    both.for_each(|(bits, value)| *bits = nearest(*value));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::levels_here;

    #[test]
    fn a_float_becomes_the_nearest_number_of_eight_bits_and_halves_the_even_one() {
        for (value, wanted) in [
            (0.0, 0.0),
            (1.0, 1.0),
            (255.0, 255.0),
            (-3.140_625, -3.140_625),
            // Between 1 and 1 + 2^-7, and between that and the next.
            (1.003_906_2, 1.0),
            (1.003_907, 1.007_812_5),
            (1.011_718_8, 1.015_625),
            (f32::MAX, f32::INFINITY),
            (f32::NEG_INFINITY, f32::NEG_INFINITY),
            (1e-40, 0.0),
            (f32::MIN_POSITIVE, f32::MIN_POSITIVE),
        ] {
            assert_eq!(widened(nearest(value)), wanted, "{value:e}");
        }
        let broken = [
            f32::NAN,
            f32::from_bits(0x7f80_0001),
            f32::from_bits(0xffff_ffff),
        ];
        assert!(broken.iter().all(|value| widened(nearest(*value)).is_nan()));
    }

    #[test]
    fn every_level_rounds_as_the_scalar_code_does() {
        let values: Vec<_> = (0..4099_u32)
            .map(|i| f32::from_bits(i.wrapping_mul(0x9e37_79b9)))
            .collect();
        let rounded = |level| {
            let mut bits = vec![0; values.len()];
            to_bfloats(level, &values, &mut bits);
            bits
        };
        for level in levels_here() {
            assert_eq!(rounded(level), rounded(Level::Scalar), "{level}");
        }
    }
}
