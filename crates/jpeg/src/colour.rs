//! What the components mean.

use crate::frame::Sampling;

/// Colour model of the components, decided as libjpeg does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// One component of luma.
    Grey,
    /// Luma and two differences (JFIF).
    YCbCr,
    /// Red, green, blue.
    Rgb,
    /// Four inks; whether they are inverted is left to the viewer.
    Cmyk,
    /// CMYK with the first three turned into luma and differences.
    Ycck,
    /// Two components, for which no model is agreed.
    Unknown,
}

impl Colour {
    /// Guesses from the markers that came before the first scan.
    ///
    /// The rules of `default_decompress_parms` in libjpeg-turbo 3.1 (`src/jdapimin.c`), because
    /// that is what viewers do: JFIF wins over Adobe, Adobe over the component ids, and an
    /// unknown Adobe transform means the transformed model. `adobe` is the transform byte.
    pub(crate) fn guess(components: &[Sampling], jfif: bool, adobe: Option<u8>) -> Self {
        match components {
            [_] => Self::Grey,
            [a, b, c] => match adobe {
                _ if jfif => Self::YCbCr,
                Some(0) => Self::Rgb,
                Some(_) => Self::YCbCr,
                None if [a.id, b.id, c.id] == *b"RGB" => Self::Rgb,
                None => Self::YCbCr,
            },
            [_, _, _, _] => match adobe {
                None | Some(0) => Self::Cmyk,
                Some(_) => Self::Ycck,
            },
            _ => Self::Unknown,
        }
    }

    /// Whether a component (counted from 0) holds colour differences, whose statistics are
    /// unlike those of the rest.
    pub(crate) fn is_difference(self, component: usize) -> bool {
        matches!(self, Self::YCbCr | Self::Ycck) && matches!(component, 1 | 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(ids: &[u8], jfif: bool, adobe: Option<u8>) -> Colour {
        let of_id = |&id| Sampling {
            id,
            h: 1,
            v: 1,
            quant: 0,
        };
        let components: Vec<Sampling> = ids.iter().map(of_id).collect();
        Colour::guess(&components, jfif, adobe)
    }

    #[test]
    fn colours_are_guessed_as_libjpeg_does() {
        let rows: [(&[u8], bool, Option<u8>, Colour); 11] = [
            (&[1], false, Some(0), Colour::Grey),
            (&[1, 2], true, None, Colour::Unknown),
            (&[1, 2, 3], false, None, Colour::YCbCr),
            (b"RGB", false, None, Colour::Rgb),
            (b"RGB", true, None, Colour::YCbCr),
            (&[1, 2, 3], false, Some(0), Colour::Rgb),
            (&[1, 2, 3], true, Some(0), Colour::YCbCr),
            (&[7, 8, 9], false, Some(9), Colour::YCbCr),
            (&[1, 2, 3, 4], false, None, Colour::Cmyk),
            (&[1, 2, 3, 4], false, Some(0), Colour::Cmyk),
            (&[1, 2, 3, 4], true, Some(2), Colour::Ycck),
        ];
        for (ids, jfif, adobe, expected) in rows {
            assert_eq!(
                guess(ids, jfif, adobe),
                expected,
                "{ids:?} {jfif} {adobe:?}"
            );
        }
    }
}
