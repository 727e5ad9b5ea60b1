//! What the application segments and comments say (T.81 B.2.4.5, B.2.4.6).
//!
//! Kept: orientation, density and the colour hints. Everything else is only named, so that a
//! report can tell what the rewritten file no longer carries.

use crate::exif::Exif;
use crate::marker::{APP0, COM, Segment};

/// Something in the file that [`crate::Coefficients::write`] does not carry over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dropped {
    /// EXIF fields other than the orientation.
    Exif,
    /// A small copy of the picture (EXIF, JFIF, JFXX or Photoshop).
    Thumbnail,
    /// A camera maker's own block inside EXIF.
    MakerNote,
    /// XMP, plain or extended.
    Xmp,
    /// Photoshop resources, where IPTC captions live.
    Iptc,
    /// A colour profile. Colours outside sRGB look different without it.
    Icc,
    /// An index of further pictures behind this one (CIPA DC-007).
    Mpf,
    /// A comment segment.
    Comment,
    /// Any other application segment, by its number 0..=15.
    OtherApp(u8),
    /// This many bytes after the end-of-image marker: motion photos, further pictures.
    Trailing(usize),
}

/// Pixel density of the JFIF header (JFIF 1.02, page 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Density {
    /// 0: only the ratio of `x` to `y` counts; 1: dots an inch; 2: dots a centimetre.
    pub unit: u8,
    /// Horizontal density.
    pub x: u16,
    /// Vertical density.
    pub y: u16,
}

/// Everything gathered from application segments and comments.
#[derive(Clone, Default)]
pub(crate) struct Metadata {
    /// Present if there was a JFIF header.
    pub jfif: Option<Density>,
    /// Colour transform of the Adobe header, if there was one.
    pub adobe: Option<u8>,
    exif: Option<Exif>,
    /// Parts of a colour profile: their number from 1 on, how many there are, their bytes.
    icc: Vec<(u8, u8, Vec<u8>)>,
    dropped: Vec<Dropped>,
}

/// A profile can carry names and serial numbers: nothing of it goes into a log.
impl std::fmt::Debug for Metadata {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metadata")
            .field("jfif", &self.jfif)
            .field("adobe", &self.adobe)
            .field("exif", &self.exif)
            .field("dropped", &self.dropped)
            .finish_non_exhaustive()
    }
}

/// How a segment begins that holds a part of a colour profile.
const ICC: &[u8] = b"ICC_PROFILE\0";

impl Metadata {
    /// Orientation of the first EXIF block, 1 without one.
    pub(crate) fn orientation(&self) -> u8 {
        self.exif.map_or(1, |exif| exif.orientation)
    }

    /// Each kind once, in order of appearance.
    pub(crate) fn dropped(&self) -> &[Dropped] {
        &self.dropped
    }

    /// Takes in an APPn or COM segment.
    pub(crate) fn take(&mut self, segment: &Segment<'_>) {
        let body = segment.body;
        match segment.marker.wrapping_sub(APP0) {
            _ if segment.marker == COM => self.drop(Dropped::Comment),
            0 => self.take_jfif(body),
            1 if body.starts_with(b"Exif\0") => self.take_exif(body.get(6..).unwrap_or(&[])),
            1 if body.starts_with(b"http://ns.adobe.com/x") => self.drop(Dropped::Xmp),
            2 if body.starts_with(ICC) => self.take_icc(&body[ICC.len()..]),
            2 if body.starts_with(b"MPF\0") => self.drop(Dropped::Mpf),
            13 if body.starts_with(b"Photoshop 3.0\0") => self.take_photoshop(body),
            // The colour transform is carried in what the writer says about colour.
            14 if body.starts_with(b"Adobe") && body.len() >= 12 => {
                self.adobe = body.get(11).copied()
            }
            n => self.drop(Dropped::OtherApp(n)),
        }
    }

    fn drop(&mut self, kind: Dropped) {
        if !self.dropped.contains(&kind) {
            self.dropped.push(kind);
        }
    }

    fn take_jfif(&mut self, body: &[u8]) {
        match *body {
            [
                b'J',
                b'F',
                b'I',
                b'F',
                0,
                _,
                _,
                unit,
                x1,
                x0,
                y1,
                y0,
                across,
                down,
                ..,
            ] => {
                let (x, y) = (u16::from_be_bytes([x1, x0]), u16::from_be_bytes([y1, y0]));
                self.jfif = Some(Density { unit, x, y });
                if (across > 0 && down > 0) || body.len() > 14 {
                    self.drop(Dropped::Thumbnail);
                }
            }
            [b'J', b'F', b'X', b'X', 0, ..] => self.drop(Dropped::Thumbnail),
            _ => self.drop(Dropped::OtherApp(0)),
        }
    }

    fn take_exif(&mut self, tiff: &[u8]) {
        let exif = Exif::parse(tiff);
        if exif.more || self.exif.is_some() {
            self.drop(Dropped::Exif);
        }
        if exif.thumbnail {
            self.drop(Dropped::Thumbnail);
        }
        if exif.maker_note {
            self.drop(Dropped::MakerNote);
        }
        self.exif.get_or_insert(exif);
    }

    fn take_icc(&mut self, part: &[u8]) {
        self.drop(Dropped::Icc);
        if let [number, count, bytes @ ..] = part {
            self.icc.push((*number, *count, bytes.to_vec()));
        }
    }

    /// The colour profile, where all its parts are there, each once.
    pub(crate) fn icc_profile(&self) -> Option<Vec<u8>> {
        let (_, count, _) = self.icc.first()?;
        let mut parts: Vec<_> = self.icc.iter().collect();
        parts.sort_by_key(|(number, ..)| *number);
        let numbers = parts.iter().map(|(number, of, _)| (*number, *of));
        if !numbers.eq((1..=*count).map(|number| (number, *count))) {
            return None;
        }
        Some(
            parts
                .iter()
                .flat_map(|(.., bytes)| bytes)
                .copied()
                .collect(),
        )
    }

    fn take_photoshop(&mut self, body: &[u8]) {
        self.drop(Dropped::Iptc);
        if photoshop_resources(body).any(|id| matches!(id, 0x0409 | 0x040C)) {
            self.drop(Dropped::Thumbnail);
        }
    }
}

/// Numbers of the image resources in a Photoshop segment (Adobe Photoshop File Formats
/// Specification, "Image Resource Blocks"), up to the first that does not fit.
fn photoshop_resources(body: &[u8]) -> impl Iterator<Item = u16> + '_ {
    let mut rest = body.get(14..).unwrap_or(&[]);
    std::iter::from_fn(move || {
        let [b'8', b'B', b'I', b'M', id1, id0, name, ..] = *rest else {
            return None;
        };
        // The name with its length byte, and the data, are padded to even lengths.
        let size_at = 6 + (usize::from(name) + 2) / 2 * 2;
        let size = u32::from_be_bytes(*rest.get(size_at..)?.first_chunk::<4>()?);
        let end = (size_at + 4).checked_add(usize::try_from(size).ok()?)?;
        rest = rest.get(end.checked_next_multiple_of(2)?..).unwrap_or(&[]);
        Some(u16::from_be_bytes([id1, id0]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(segments: &[(u8, &[u8])]) -> Metadata {
        let mut metadata = Metadata::default();
        for &(marker, body) in segments {
            metadata.take(&Segment {
                marker,
                offset: 0,
                body,
            });
        }
        metadata
    }

    #[test]
    fn every_known_block_is_named_once() {
        let found = taken(&[
            (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>"),
            (0xE1, b"http://ns.adobe.com/xmp/extension/\0"),
            (0xE2, b"ICC_PROFILE\0\x01\x02"),
            (0xE2, b"ICC_PROFILE\0\x02\x02"),
            (0xE2, b"MPF\0"),
            (0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\0"),
            (0xFE, b"made by hand"),
            (0xEC, b"Ducky"),
            (0xE0, b"JFXX\0\x10"),
        ]);
        use Dropped::*;
        assert_eq!(
            found.dropped(),
            [Xmp, Icc, Mpf, Iptc, Comment, OtherApp(12), Thumbnail]
        );
    }

    #[test]
    fn a_profile_is_put_together_from_all_its_parts_and_from_no_fewer() {
        let part = |told: &'static [u8]| [ICC, told].concat();
        let profile = |parts: &[&'static [u8]]| {
            let parts: Vec<_> = parts.iter().map(|told| part(told)).collect();
            let segments: Vec<_> = parts.iter().map(|body| (0xE2, &body[..])).collect();
            taken(&segments).icc_profile()
        };
        let (one, two): (&[u8], &[u8]) = (b"\x01\x02colour", b"\x02\x02 told");
        for whole in [[one, two], [two, one]] {
            assert_eq!(profile(&whole).unwrap(), b"colour told");
        }
        assert_eq!(profile(&[b"\x01\x01all"]).unwrap(), b"all");
        let logged = format!("{:?}", taken(&[(0xE2, &part(one))]));
        let bytes = format!("{:?}", b"colour");
        assert!(logged.contains("Icc") && !logged.contains(bytes.trim_matches(['[', ']'])));
        for wrong in [
            &[][..],
            &[one],
            &[two],
            &[one, one],
            &[one, two, two],
            &[b"\x01"],
            &[b"\0\0"],
        ] {
            assert_eq!(profile(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn headers_that_are_carried_on_are_not_named() {
        let found = taken(&[
            (0xE0, b"JFIF\0\x01\x02\x01\0\x48\0\x60\0\0"),
            (0xEE, b"Adobe\0\x64\0\0\0\0\x02"),
            (0xE1, &[&b"Exif\0\0"[..], &crate::exif::minimal(6)].concat()),
        ]);
        assert_eq!(found.dropped(), []);
        assert_eq!(
            found.jfif,
            Some(Density {
                unit: 1,
                x: 72,
                y: 96
            })
        );
        assert_eq!((found.adobe, found.orientation()), (Some(2), 6));
    }

    #[test]
    fn a_thumbnail_in_photoshop_resources_is_found_behind_others() {
        let body =
            b"Photoshop 3.0\x008BIM\x04\x04\x02ab\0\0\0\0\x03xyz\x008BIM\x04\x0C\0\0\0\0\0\0";
        assert_eq!(
            taken(&[(0xED, body)]).dropped(),
            [Dropped::Iptc, Dropped::Thumbnail]
        );
    }

    #[test]
    fn the_first_exif_block_tells_the_orientation() {
        let block = |n| [&b"Exif\0\0"[..], &crate::exif::minimal(n)].concat();
        let found = taken(&[(0xE1, &block(3)), (0xE1, &block(8))]);
        assert_eq!(found.orientation(), 3);
        assert_eq!(found.dropped(), [Dropped::Exif]);
    }

    #[test]
    fn resources_of_impossible_size_end_the_walk() {
        let body = b"Photoshop 3.0\x008BIM\x04\x04\0\0\xFF\xFF\xFF\xFF8BIM\x04\x0C\0\0\0\0\0\0";
        assert_eq!(taken(&[(0xED, body)]).dropped(), [Dropped::Iptc]);
    }
}
