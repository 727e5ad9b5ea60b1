//! What the detector finds, for measuring: boxes and scores per frame, nothing else, ever.

use crate::error::JobError;
use crate::examine::{Pace, examine};
use crate::job::{Control, Engine};
use crate::photo::look_at_all;
use scrim_source::{FileKind, read_file};
use scrim_units::Sighting;
use std::path::Path;

/// One frame that was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Number in display order.
    pub frame: u64,
    /// Seconds of the stream's clock.
    pub seconds: f64,
    /// Everything above the detector's floor, before tracking; boxes in stored pixels.
    pub sightings: Vec<Sighting>,
}

/// Looks at a photo or video as `redact` does at its first pass. Of a damaged video that is accepted,
/// the frames that do not decode are left out.
///
/// # Errors
/// [`JobError`]; a look that failed is an error here, since a frame without boxes would read as one
/// in which nothing was found.
pub fn find(path: &Path, engine: &Engine, control: &Control) -> Result<Vec<Found>, JobError> {
    if let FileKind::Photo(format) = FileKind::of(path)? {
        let data = read_file(path, &engine.settings.limits)?;
        let seen = look_at_all(&data, format, engine, control)?;
        let found = seen.pages.into_iter().map(|p| {
            Ok(Found {
                frame: p.id.index,
                seconds: p.seconds,
                sightings: p.found.map_err(JobError::Fault)?,
            })
        });
        return found.collect();
    }
    let mut found = Vec::new();
    // There is no output beside which to keep what is needed for it.
    let folder = std::env::temp_dir();
    let examined = examine(path, &folder, Pace::File, engine, control, &mut |w| {
        found.push(Found {
            frame: w.id.index,
            seconds: w.seconds,
            sightings: w.sightings.to_vec(),
        });
    })?;
    match examined.frames.failed_look() {
        Some(fault) => Err(JobError::Fault(fault.clone())),
        None => Ok(found),
    }
}
