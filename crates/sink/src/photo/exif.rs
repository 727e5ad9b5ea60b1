//! An EXIF block that holds the orientation and nothing else (EXIF 2.32, 4.6.4 A).

use scrim_units::Orientation;

/// The TIFF block, for formats that have a place for EXIF. `None` for upright pictures.
pub(super) fn block(orientation: Orientation) -> Option<[u8; 26]> {
    if orientation == Orientation::Upright {
        return None;
    }
    let mut block = *b"MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    block[19] = orientation.to_exif();
    Some(block)
}
