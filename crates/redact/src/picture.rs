//! Pictures for people beside the work: the contact sheet of a check, zones over the first frame.
//! Made of redacted frames only.

use crate::error::JobError;
use scrim_raw::{RedactedFrame, Tile};
use scrim_sink::{PartFile, PhotoWriter};
use scrim_source::PhotoFormat;
use scrim_units::{AlbumFacts, ColourTags, PageFacts, PxRect};
use std::path::{Path, PathBuf};

/// Longest side of the picture of zones, pixels.
const ZONES_SIDE: u32 = 1280;

/// Tiles in a row of a contact sheet.
const SHEET_COLUMNS: usize = 6;

/// Writes tiles as one PNG; nothing for no tiles.
///
/// # Errors
/// [`JobError::Sink`].
pub fn write_sheet(tiles: &[Tile], target: &Path) -> Result<(), JobError> {
    match RedactedFrame::sheet(tiles, SHEET_COLUMNS) {
        Some(sheet) => write_png(&sheet, target),
        None => Ok(()),
    }
}

/// A redacted frame with zones outlined.
pub(crate) fn zones_tile(frame: &RedactedFrame, zones: &[PxRect]) -> Tile {
    Tile::of(frame, frame.info().size.rect(), zones, &[], ZONES_SIDE)
}

/// Writes it beside the output that it belongs to, and says where.
pub(crate) fn write_zones(tile: Tile, output: &Path) -> Result<PathBuf, JobError> {
    let path = zones_path(output);
    write_sheet(&[tile], &path)?;
    Ok(path)
}

/// `NAME.EXT` becomes `NAME.EXT.zones.png`.
fn zones_path(output: &Path) -> PathBuf {
    let mut name = output.file_name().unwrap_or_default().to_owned();
    name.push(".zones.png");
    output.with_file_name(name)
}

fn write_png(frame: &RedactedFrame, target: &Path) -> Result<(), JobError> {
    let album = AlbumFacts {
        format: PhotoFormat::Png,
        animated: false,
        loops: None,
        first_apart: false,
        colour: ColourTags::default(),
    };
    let part = PartFile::create(target)?;
    let mut writer = PhotoWriter::create(part.path(), &album, None, 1)?;
    writer.write(frame, &PageFacts::still(8))?;
    writer.finish()?;
    part.publish()?;
    Ok(())
}
