//! The tensors of a safetensors file, each checked where it lies before any of it is copied.
//!
//! Knows names, shapes and kinds of number; which tensors a network has it is told.

use super::WeightsError;
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeMap;

/// The bytes of exactly these tensors (name, shape), all of one kind of number, float32 or float16, and
/// finite. Takes any bytes and never panics.
pub(crate) fn views(
    file: &[u8],
    expected: Vec<(String, Vec<usize>)>,
    wanted: Dtype,
) -> Result<BTreeMap<String, &[u8]>, WeightsError> {
    let archive = SafeTensors::deserialize(file)?;
    let expected: BTreeMap<_, _> = expected.into_iter().collect();
    if let Some(name) = archive
        .names()
        .into_iter()
        .find(|name| !expected.contains_key(*name))
    {
        let name = name.to_owned();
        return Err(WeightsError::Unknown { name });
    }
    expected
        .into_iter()
        .map(|(name, shape)| {
            let bytes = view(&archive, &name, shape, wanted)?;
            Ok((name, bytes))
        })
        .collect()
}

fn view<'a>(
    archive: &SafeTensors<'a>,
    name: &str,
    expected: Vec<usize>,
    wanted: Dtype,
) -> Result<&'a [u8], WeightsError> {
    let name = name.to_owned();
    let Ok(view) = archive.tensor(&name) else {
        return Err(WeightsError::Missing { name });
    };
    if view.shape() != expected || view.dtype() != wanted {
        let (found, dtype) = (view.shape().to_vec(), view.dtype());
        return Err(WeightsError::Shape {
            name,
            expected,
            found,
            wanted,
            dtype,
        });
    }
    let bytes = view.data();
    let bad = match wanted {
        Dtype::F16 => not_finite(halves(bytes)),
        _ => not_finite(floats(bytes)),
    };
    match bad {
        Some((at, value)) => Err(WeightsError::NotFinite { name, at, value }),
        None => Ok(bytes),
    }
}

/// The first of them that is no number, and where it is.
fn not_finite(values: impl Iterator<Item = f32> + Clone) -> Option<(usize, f32)> {
    // All of them are looked at before the first is: that way many are at once.
    if values.clone().fold(true, |all, v| all & v.is_finite()) {
        return None;
    }
    values.enumerate().find(|(_, v)| !v.is_finite())
}

/// The numbers of the bytes of float32.
pub(crate) fn floats(bytes: &[u8]) -> impl Iterator<Item = f32> + Clone {
    let all = bytes.as_chunks::<4>().0.iter();
    all.map(|bytes| f32::from_le_bytes(*bytes))
}

/// The numbers of the bytes of float16.
pub(crate) fn halves(bytes: &[u8]) -> impl Iterator<Item = f32> + Clone {
    let all = bytes.as_chunks::<2>().0.iter();
    all.map(|bytes| from_half(u16::from_le_bytes(*bytes)))
}

/// The number that the bits of a binary16 stand for (IEEE 754-2019, 3.4): exact, since float32 has
/// wider fields throughout.
fn from_half(bits: u16) -> f32 {
    const INFINITE: u16 = 31;
    let (sign, exponent, size) = (bits >> 15, bits >> 10 & 31, u32::from(bits & 0x7fff));
    // In float32's places the same fields stand for a number that is 2 to the 112 times smaller.
    let size = match exponent {
        INFINITE => f32::from_bits(size << 13 | 0x7f80_0000),
        _ => f32::from_bits(size << 13) * f32::from_bits((112 + 127) << 23),
    };
    if sign == 0 { size } else { -size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_the_numbers_that_the_standard_says() {
        for (bits, number) in [
            (0x0000, 0.0),
            (0x0001, 2.0_f32.powi(-24)),
            (0x03ff, 1023.0 * 2.0_f32.powi(-24)),
            (0x0400, 2.0_f32.powi(-14)),
            (0x3555, 0.333_251_95),
            (0x3c00, 1.0),
            (0xc001, -2.001_953_1),
            (0x7bff, 65_504.0),
            (0x7c00, f32::INFINITY),
            (0xfc00, f32::NEG_INFINITY),
        ] {
            assert_eq!(from_half(bits), number, "{bits:04x}");
        }
        assert!(from_half(0x8000).is_sign_negative());
        assert!(from_half(0x7c01).is_nan() && from_half(0xfe00).is_nan());
    }
}
