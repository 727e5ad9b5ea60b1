//! Photos and animations: every page looked at, covered, written in its own format.
//!
//! A single page is decoded once and held; of several pages each is decoded twice, so that an
//! animation of any length takes the memory of one frame. A JPEG is written from its
//! coefficients: only the blocks under regions change.

mod cover;
mod foresee;

use crate::error::JobError;
use crate::job::{Control, Done, Engine, Step};
use crate::ledger::{Boxes, folder_beside};
use crate::paint::Painter;
use crate::report;
use crate::video::Written;
pub(crate) use cover::Cover as PhotoCover;
use cover::{Cover, cover};
pub(crate) use foresee::Foreseen;
use scrim_detect::{After, Guard, Level, MotionSearch, Prepared};
use scrim_engine::{Fault, Stage};
use scrim_raw::{Family, FrameInfo, Layout, ModelId, RawFrame, RawJpeg, Regions};
use scrim_sink::{PartFile, PhotoWriter, write_jpeg};
use scrim_source::{FileStamp, Page, Photo, PhotoFormat, PhotoOptions, SourceError, read_file};
use scrim_track::{Schedule, photo_passes};
use scrim_units::{AlbumFacts, Class, ColourProfile, FrameId, Orientation, Sighting, Size};
use std::path::Path;
use std::sync::Arc;

/// What is known of one page after it was looked at. No pixels.
pub(crate) struct Looked {
    pub(crate) id: FrameId,
    pub(crate) size: Size,
    pub(crate) turn: Orientation,
    pub(crate) seconds: f64,
    /// Whether the picture before was another scene.
    pub(crate) cut: bool,
    /// What was found, or what failed.
    pub(crate) found: Result<Vec<Sighting>, Fault>,
    /// Smallest face and plate that the look finds, pixels.
    pub(crate) smallest: [f32; 2],
}

/// What the first pass knows of a file.
pub(crate) struct Seen {
    pub(crate) album: AlbumFacts,
    pub(crate) pages: Vec<Looked>,
    /// The only page, and its coefficients where they can be kept.
    kept: Option<(Page, Option<RawJpeg>)>,
    pub(crate) dropped: Vec<String>,
    notes: Vec<String>,
    profile: Option<ColourProfile>,
    pub(crate) model: ModelId,
}

impl Seen {
    /// Size of the first page.
    pub(crate) fn size(&self) -> Size {
        self.pages.first().map_or(
            Size {
                width: 0,
                height: 0,
            },
            |p| p.size,
        )
    }

    /// Smallest face and plate that every look finds.
    pub(crate) fn smallest(&self) -> [f32; 2] {
        Class::ALL.map(|c| {
            let all = self.pages.iter().map(|p| p.smallest[c.index()]);
            all.fold(0.0, f32::max)
        })
    }
}

/// Redacts the photo at `source` into `target`.
pub(crate) fn redact_photo(
    source: &Path,
    target: &Path,
    format: PhotoFormat,
    engine: &Engine,
    control: &Control,
) -> Result<Done, JobError> {
    let stamp = FileStamp::of(source)?;
    let data = read_file(source, &engine.settings.limits)?;
    let mut seen = look_at_all(&data, format, engine, control)?;
    let covered = cover(&seen, engine)?;
    let part = PartFile::create(target)?;
    let written = write(&data, &part, &mut seen, &covered.regions, engine, control)?;
    stamp.confirm(source)?;
    let done = done(target, &seen, &covered, &written);
    let report = report::of_photo(source, &part, engine, &seen, &covered, &written)?;
    report::publish(part, report, engine.settings.report)?;
    Ok(done)
}

/// Opens a photo file as a job does.
pub(crate) fn open(
    data: &Arc<Vec<u8>>,
    format: PhotoFormat,
    engine: &Engine,
) -> Result<Photo, SourceError> {
    let options = PhotoOptions {
        limits: engine.settings.limits,
        accept_damaged: engine.settings.accept_damaged,
        threads: engine.settings.threads,
    };
    Photo::open(data, format, options)
}

/// First pass: every page decoded and looked at.
pub(crate) fn look_at_all(
    data: &Arc<Vec<u8>>,
    format: PhotoFormat,
    engine: &Engine,
    control: &Control,
) -> Result<Seen, JobError> {
    let mut photo = open(data, format, engine)?;
    let album = *photo.album();
    let mut looker = Looker {
        guard: engine.guard(),
        motion: album.animated.then(MotionSearch::default),
        engine,
    };
    let mut pages = Vec::new();
    let mut kept = None;
    while let Some(page) = photo.advance()? {
        pages.push(looker.take(&page.frame));
        let jpeg = photo.take_jpeg();
        kept = (pages.len() == 1).then_some((page, jpeg));
        control.step(Step::Examined(pages.len() as u64, None))?;
    }
    if pages.is_empty() {
        return Err(SourceError::NoFrames.into());
    }
    let mut notes = photo.notes().to_vec();
    notes.extend(photo.damage().map(|what| format!("damaged: {what}")));
    Ok(Seen {
        album,
        pages,
        kept,
        dropped: photo.dropped().to_vec(),
        notes,
        profile: photo.profile().cloned(),
        model: looker.guard.model(),
    })
}

struct Looker<'a> {
    guard: Guard,
    /// For animations: where one scene ends.
    motion: Option<MotionSearch>,
    engine: &'a Engine,
}

impl Looker<'_> {
    fn take(&mut self, frame: &RawFrame) -> Looked {
        let info = frame.info();
        let movement = self
            .motion
            .as_mut()
            .and_then(|m| m.next(frame, Level::best()));
        let upright = info.orientation.seen(info.size);
        let sensitivity = self.engine.settings.sensitivity;
        let passes = photo_passes(upright, sensitivity);
        let smallest = Schedule::new(upright, 0.0, sensitivity).smallest_in(&passes);
        let picture = Prepared::of(frame, Level::best(), self.engine.settings.threads);
        let (_, answer) = self.guard.look(picture, passes, After::Nothing);
        let found = answer.map_err(|e| Fault {
            stage: Stage::Detect,
            frame: Some(frame.id().index),
            cause: e.to_string(),
        });
        Looked {
            id: frame.id(),
            size: info.size,
            turn: info.orientation,
            seconds: info.pts.seconds(),
            cut: movement.is_some_and(|m| m.cut),
            found,
            smallest,
        }
    }
}

/// Second pass: fills the sealed regions and writes.
fn write(
    data: &Arc<Vec<u8>>,
    part: &PartFile,
    seen: &mut Seen,
    regions: &[Regions],
    engine: &Engine,
    control: &Control,
) -> Result<Written, JobError> {
    let mut filled = Boxes::new(&folder_beside(part.target()));
    let mut rects = regions.iter().map(|r| r.rects().to_vec());
    rects.try_for_each(|r| filled.push(r))?;
    let mut written = Written {
        frames: 0,
        codec: seen.album.format.name(),
        audio_tracks: 0,
        blanked: Vec::new(),
        filled,
        faults: Vec::new(),
        notes: seen.notes.clone(),
        zones: None,
    };
    let mut painter = Painter::new(engine.fills, engine.settings.fill);
    match (seen.kept.take(), regions) {
        (Some((page, Some(jpeg))), [regions]) => {
            let (info, facts) = (page.frame.info().clone(), page.facts);
            drop(page.frame);
            match painter.fill_jpeg(jpeg, regions) {
                Some(jpeg) => {
                    written.blanked.extend(jpeg.blanked().map(|why| (0, why)));
                    write_jpeg(part, &jpeg, seen.profile.as_ref())?;
                }
                None => {
                    let cause = "filling it failed".into();
                    let layout = Layout::packed(Family::Rgb, false, 8);
                    let info = FrameInfo {
                        layout: Arc::new(layout),
                        ..info
                    };
                    let frame = painter.blank(info, Stage::Redact, 0, cause)?;
                    written.blanked.extend(frame.blanked().map(|why| (0, why)));
                    let profile = seen.profile.as_ref();
                    let mut writer = PhotoWriter::create(part.path(), &seen.album, profile, 1)?;
                    writer.write(&frame, &facts)?;
                    written.notes.extend(writer.finish()?);
                }
            }
            written.frames = 1;
            control.step(Step::Written(1, 1))?;
        }
        (kept, regions) => {
            let total = regions.len() as u64;
            let mut writer =
                PhotoWriter::create(part.path(), &seen.album, seen.profile.as_ref(), total)?;
            let mut one = kept.map(|(page, _)| page);
            let mut photo = match one {
                Some(_) => None,
                None => Some(open(data, seen.album.format, engine)?),
            };
            for regions in regions {
                let page = match &mut photo {
                    Some(photo) => photo.advance()?,
                    None => one.take(),
                };
                let page = page.ok_or_else(|| JobError::Unsteady("a page is missing".into()))?;
                let frame = painter.fill(page.frame, regions)?;
                if let Some(reason) = frame.blanked() {
                    written.blanked.push((written.frames, reason));
                }
                writer.write(&frame, &page.facts)?;
                written.frames += 1;
                control.step(Step::Written(written.frames, total))?;
            }
            written.notes.extend(writer.finish()?);
        }
    }
    written.faults = painter.faults;
    Ok(written)
}

fn done(target: &Path, seen: &Seen, covered: &Cover, written: &Written) -> Done {
    let count = |class| covered.tracks.iter().filter(|t| t.class == class).count() as u64;
    let smallest = seen.smallest();
    let mut warnings = written.notes.clone();
    if !written.blanked.is_empty() {
        warnings.push(format!("{} pages were blanked", written.blanked.len()));
    }
    Done {
        output: target.to_owned(),
        frames: written.frames,
        faces: count(Class::Face),
        plates: count(Class::Plate),
        blanked: written.blanked.len() as u64,
        seconds: 0.0,
        smallest: (smallest[0], smallest[1]),
        warnings,
    }
}
