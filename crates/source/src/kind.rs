//! What a file is, told by its first bytes and never by its name.

use crate::error::SourceError;
use scrim_units::PhotoFormat;
use std::io::Read;
use std::path::Path;

/// Photo, or perhaps a video (only FFmpeg can tell).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A picture of this format.
    Photo(PhotoFormat),
    /// A container of videos that is known by its first bytes.
    Video,
    /// Whatever else; FFmpeg's probe decides.
    PerhapsVideo,
}

impl FileKind {
    /// Of the file at `path`.
    ///
    /// # Errors
    /// [`SourceError`] when it cannot be read, is empty, or is a picture of a known format that
    /// is not supported.
    pub fn of(path: &Path) -> Result<Self, SourceError> {
        let mut head = Vec::with_capacity(HEAD);
        std::fs::File::open(path)?
            .take(HEAD as u64)
            .read_to_end(&mut head)?;
        if head.is_empty() {
            return Err(SourceError::Empty);
        }
        Self::of_bytes(&head)
    }

    /// Of the first bytes of a file.
    ///
    /// # Errors
    /// [`SourceError::Unsupported`] for a picture of a known format that is not supported.
    pub fn of_bytes(head: &[u8]) -> Result<Self, SourceError> {
        use FileKind::Photo;
        if let Some(name) = unsupported(head) {
            return Err(SourceError::Unsupported(name));
        }
        Ok(if head.starts_with(b"\xff\xd8\xff") {
            Photo(PhotoFormat::Jpeg)
        } else if head.starts_with(b"\x89PNG\r\n\x1a\n") {
            Photo(PhotoFormat::Png)
        } else if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
            Photo(PhotoFormat::WebP)
        } else if head.starts_with(b"II*\0") || head.starts_with(b"MM\0*") {
            Photo(PhotoFormat::Tiff)
        } else if head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a") {
            Photo(PhotoFormat::Gif)
        } else if head.starts_with(b"BM") && head.get(6..10) == Some(&[0; 4]) {
            Photo(PhotoFormat::Bmp)
        } else if is_known_video(head) {
            Self::Video
        } else {
            Self::PerhapsVideo
        })
    }
}

/// Bytes read to tell.
const HEAD: usize = 64;

/// The first bytes of common containers: ISO base media, Matroska, AVI, MPEG transport and
/// program streams, Flash, Ogg, ASF.
fn is_known_video(head: &[u8]) -> bool {
    let at = |from: usize, bytes: &[u8]| head.get(from..from + bytes.len()) == Some(bytes);
    at(4, b"ftyp")
        || at(4, b"moov")
        || at(4, b"mdat")
        || at(0, b"\x1a\x45\xdf\xa3")
        || (at(0, b"RIFF") && at(8, b"AVI "))
        || at(0, b"\0\0\x01\xba")
        || at(0, b"FLV")
        || at(0, b"OggS")
        || at(0, b"\x30\x26\xb2\x75")
}

/// Pictures that are known by name and cannot be read.
fn unsupported(head: &[u8]) -> Option<&'static str> {
    if head.get(4..8) == Some(b"ftyp") {
        return match head.get(8..12)? {
            b"heic" | b"heix" | b"heim" | b"heis" | b"mif1" | b"msf1" | b"hevc" => Some("HEIC"),
            b"avif" | b"avis" => Some("AVIF"),
            b"crx " => Some("Canon raw"),
            _ => None,
        };
    }
    if head.starts_with(b"\xff\x0a") || head.starts_with(b"\0\0\0\x0cJXL ") {
        return Some("JPEG XL");
    }
    if head.starts_with(b"\0\0\0\x0cjP  ") {
        return Some("JPEG 2000");
    }
    if head.starts_with(b"II+\0") || head.starts_with(b"MM\0+") {
        return Some("BigTIFF");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_told_by_the_first_bytes() {
        let kind = |b: &[u8]| FileKind::of_bytes(b).unwrap();
        assert_eq!(
            kind(b"\xff\xd8\xff\xe0"),
            FileKind::Photo(PhotoFormat::Jpeg)
        );
        assert_eq!(
            kind(b"RIFF\0\0\0\0WEBPVP8 "),
            FileKind::Photo(PhotoFormat::WebP)
        );
        assert_eq!(kind(b"RIFF\0\0\0\0AVI LIST"), FileKind::Video);
        assert_eq!(kind(b"hello"), FileKind::PerhapsVideo);
        assert_eq!(kind(b"\0\0\0\x18ftypisom"), FileKind::Video);
    }

    #[test]
    fn heic_is_refused_by_name() {
        let refused = FileKind::of_bytes(b"\0\0\0\x18ftypheic\0\0\0\0");
        assert!(matches!(refused, Err(SourceError::Unsupported("HEIC"))));
    }
}
