//! The orientation inside an EXIF block. Everything else of it is left behind.

use scrim_units::Orientation;

/// Orientation of a TIFF block with or without the `Exif\0\0` mark before it.
pub(super) fn orientation(exif: &[u8]) -> Orientation {
    let block = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    Orientation::from_exif(scrim_jpeg::exif_orientation(block).into())
}
