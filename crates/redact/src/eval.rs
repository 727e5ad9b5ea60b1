//! Measures on labelled pictures what `redact` would cover, what it would miss and what it would
//! fill in vain, so that a user can judge it on footage of his own.
//!
//! Nothing is written here; small pictures of what was missed leave with the labelled faces and
//! plates filled.

mod labels;
mod tally;

use crate::error::JobError;
use crate::job::{Control, Engine, Step};
use crate::photo::Foreseen;
use labels::{Picture, read_sets};
use scrim_raw::Tile;
use scrim_source::{FileKind, SourceError, read_file};
use scrim_units::{Class, PxBox};
use std::path::{Path, PathBuf};
use tally::View;
pub use tally::{BANDS, Share, Tally};

/// Longest side of a small picture of something missed, pixels.
const TILE_SIDE: u32 = 192;

/// Why a folder cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// No labels anywhere in it.
    #[error("{path}: no labels.csv in it or below it; docs/eval.md shows the format", path = .0.display())]
    NoSet(PathBuf),
    /// A folder or file of labels cannot be read.
    #[error("{path}: {1}", path = .0.display())]
    Unreadable(PathBuf, String),
    /// A line that is not as it must be.
    #[error("{path}:{line}: {what}", path = .path.display())]
    Labels {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// Stopped by the user.
    #[error("stopped")]
    Stopped,
}

/// The counts of one set.
#[derive(Debug, Clone)]
pub struct SetTally {
    /// Its folder, below the one that was asked for.
    pub name: String,
    /// Over its pictures.
    pub tally: Tally,
}

/// A labelled face or plate that would stay visible.
#[derive(Debug, Clone, PartialEq)]
pub struct Miss {
    /// The picture.
    pub path: PathBuf,
    /// Face or plate.
    pub class: Class,
    /// Where, as labelled.
    pub at: PxBox,
}

/// What was measured.
#[derive(Default)]
pub struct Evaluated {
    /// By set, in the order of their names.
    pub sets: Vec<SetTally>,
    /// What would stay visible, in the order of the pictures.
    pub misses: Vec<Miss>,
    /// Small pictures of the misses, in their order, where asked for.
    pub tiles: Vec<Tile>,
    /// Pictures that could not be read, and why; they are in no count.
    pub unread: Vec<(PathBuf, JobError)>,
}

/// The files that [`evaluate`] reads: all labelled pictures at or below `folder`, and their labels.
/// Nothing may be written over them.
///
/// # Errors
/// [`EvalError`], as [`evaluate`] would give it.
pub fn labelled_files(folder: &Path) -> Result<Vec<PathBuf>, EvalError> {
    let sets = read_sets(folder)?;
    Ok(sets.iter().flat_map(|set| set.files()).collect())
}

/// Looks at every labelled picture at or below `folder` as `redact` does.
///
/// # Errors
/// [`EvalError`]; a picture that cannot be read is in the result instead.
pub fn evaluate(
    folder: &Path,
    engine: &Engine,
    control: &Control,
    tiles: bool,
) -> Result<Evaluated, EvalError> {
    let sets = read_sets(folder)?;
    let total: usize = sets.iter().map(|s| s.pictures.len()).sum();
    let mut done = 0;
    let mut out = Evaluated::default();
    for set in sets {
        let mut tally = Tally::default();
        for picture in &set.pictures {
            done += 1;
            let stopped = control.step(Step::Checked(done, total as u64));
            stopped.map_err(|_| EvalError::Stopped)?;
            match foresee(&picture.path, engine) {
                Ok(seen) => {
                    let (size, filled) = (seen.size(), seen.filled());
                    let light = seen.light();
                    let view = |at| View {
                        light,
                        sharpness: seen.sharpness(at),
                    };
                    let missed = tally.add(size, &picture.labels, set.complete, &filled, view);
                    if tiles && !missed.is_empty() {
                        out.tiles
                            .append(&mut small_pictures(seen, picture, &missed));
                    }
                    let path = &picture.path;
                    out.misses
                        .extend(missed.into_iter().map(|(class, at)| Miss {
                            path: path.clone(),
                            class,
                            at,
                        }));
                }
                Err(e) => out.unread.push((picture.path.clone(), e)),
            }
        }
        out.sets.push(SetTally {
            name: set.name,
            tally,
        });
    }
    Ok(out)
}

fn foresee(path: &Path, engine: &Engine) -> Result<Foreseen, JobError> {
    let FileKind::Photo(format) = FileKind::of(path)? else {
        let what = "no photo: labels of pictures are measured only";
        return Err(SourceError::Unsupported(what).into());
    };
    let data = read_file(path, &engine.settings.limits)?;
    Foreseen::of(&data, format, engine)
}

/// The surroundings of each miss, its box outlined, with everything labelled and found filled.
fn small_pictures(seen: Foreseen, picture: &Picture, missed: &[(Class, PxBox)]) -> Vec<Tile> {
    let size = seen.size();
    let hide = picture.labels.iter().map(|l| l.at().pixels(size)).collect();
    let Some(frame) = seen.redacted_with(hide) else {
        return Vec::new();
    };
    let tile = |(_, at): &(Class, PxBox)| {
        let side = at.width().max(at.height());
        let area = at.grow(side, side).pixels(size);
        Tile::of(&frame, area, &[at.pixels(size)], &[], TILE_SIDE)
    };
    missed.iter().map(tile).collect()
}
