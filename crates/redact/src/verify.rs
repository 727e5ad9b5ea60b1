//! Checks a redacted file against its report, and looks again, finer and slower than the
//! first time.

use crate::coverage::{COVERED, covered_share};
use crate::error::JobError;
use crate::examine::options;
use crate::job::{Control, Engine, Step};
use crate::photo::open;
use crate::report::{hash, report_path};
use scrim_detect::{After, Guard, Level, Prepared, is_filled};
use scrim_protocol::{REPORT_VERSION, Report};
use scrim_raw::{Examination, Fill, RawFrame, Regions, Tile, redact};
use scrim_source::{Clip, ClipItem, Dropped, FileKind, StreamKind, read_file};
use scrim_track::verify_passes;
use scrim_units::{Class, PxBox, PxRect, Sighting, Size};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Score from which something found outside the regions is told.
const TELL: f32 = 0.4;

/// A place seen in so many frames is told at any score; one seen less often is noise unless ...
const STEADY: u64 = 3;

/// ... its score is this good.
const SURE: f32 = 0.55;

/// Regions that are not filled are told one by one up to this many.
const MOST_TOLD: u64 = 20;

/// Longest side of a small picture of a place, pixels.
const TILE_SIDE: u32 = 192;

/// What our own photo writers put in besides pixels: the orientation, and a colour profile.
const OWN_EXTRAS: [&str; 3] = ["EXIF", "ICC profile", "texts of the ICC profile"];

/// Overlap with the sighting of the frame before from which it is the same place.
const SAME_PLACE: f32 = 0.2;

/// Frames without a sighting after which a place is told anew.
const FORGET: u64 = 12;

/// Something that is not as the report says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(pub String);

/// A place where a face or plate may have been missed.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspect {
    /// Face or plate.
    pub class: Class,
    /// First frame.
    pub first: u64,
    /// Last frame.
    pub last: u64,
    /// Frames in which it was seen.
    pub frames: u64,
    /// Seconds of the first frame.
    pub seconds: f64,
    /// Where, in the frame with the best score.
    pub at: PxBox,
    /// Best score.
    pub score: f32,
}

/// What a check found.
#[derive(Default)]
pub struct Verified {
    /// Disagreements with the report.
    pub problems: Vec<Problem>,
    /// Places to look at.
    pub suspects: Vec<Suspect>,
    /// Frames that were looked at.
    pub frames: u64,
    /// Small pictures of the places, in their order, where asked for.
    pub tiles: Vec<Tile>,
}

/// Checks the redacted photo or video at `path`.
///
/// # Errors
/// [`JobError`] when the file or its report cannot be read.
pub fn verify(
    path: &Path,
    engine: &Engine,
    control: &Control,
    tiles: bool,
) -> Result<Verified, JobError> {
    let report = read_report(path)?;
    let mut found = Verified::default();
    let (sha256, bytes) = hash(path)?;
    if sha256 != report.output.sha256 || bytes != report.output.bytes {
        found.tell("the file is not the one that the report was written for (SHA-256 differs)");
    }
    let mut checker = Checker::new(&report, engine, tiles);
    match FileKind::of(path)? {
        FileKind::Photo(format) => {
            let data = read_file(path, &engine.settings.limits)?;
            let mut photo = open(&data, format, engine)?;
            while let Some(page) = photo.advance()? {
                checker.take(page.frame, &mut found);
                control.step(Step::Checked(found.frames, report.output.frames))?;
            }
            let foreign = |what: &&String| !OWN_EXTRAS.contains(&what.as_str());
            for what in photo.dropped().iter().filter(foreign) {
                found.tell(format!("it holds more than pictures: {what}"));
            }
        }
        FileKind::Video | FileKind::PerhapsVideo => {
            let mut clip = Clip::open(path, options(engine, false))?;
            came_back(&clip, &report, &mut found);
            while let Some(item) = clip.advance()? {
                match item {
                    ClipItem::Audio(_) => continue,
                    ClipItem::Frame(frame) => checker.take(frame, &mut found),
                    ClipItem::Lost(id, _, _) => {
                        found.frames += 1;
                        found.tell(format!("frame {} cannot be decoded", id.index));
                    }
                }
                control.step(Step::Checked(found.frames, report.output.frames))?;
            }
        }
    }
    if found.frames != report.output.frames {
        let (is, was) = (found.frames, report.output.frames);
        found.tell(format!("the report says {was} frames, the file has {is}"));
    }
    // A photo has one look only.
    let still = report.output.frames == 1;
    let steady = |p: &Suspect| still || p.frames >= STEADY || p.score >= SURE;
    for (place, tile) in checker.places {
        if steady(&place) {
            found.suspects.push(place);
            found.tiles.extend(tile);
        }
    }
    if checker.unfilled > MOST_TOLD {
        let more = checker.unfilled - MOST_TOLD;
        found.tell(format!("{more} more regions or frames are not filled"));
    }
    Ok(found)
}

impl Verified {
    fn tell(&mut self, what: impl Into<String>) {
        self.problems.push(Problem(what.into()));
    }
}

fn read_report(path: &Path) -> Result<Report, JobError> {
    let report = report_path(path);
    let fail = |cause: String| JobError::NoReport {
        path: report.clone(),
        cause,
    };
    let file = File::open(&report).map_err(|e| fail(e.to_string()))?;
    let read = serde_json::from_reader(BufReader::new(file));
    let read: Report = read.map_err(|e| fail(e.to_string()))?;
    if read.report != REPORT_VERSION {
        return Err(fail(format!(
            "its version is {}, not {REPORT_VERSION}",
            read.report
        )));
    }
    Ok(read)
}

/// Nothing but the picture, and sound that was kept on request.
fn came_back(clip: &Clip, report: &Report, found: &mut Verified) {
    let mut audio = report.output.audio_tracks;
    for dropped in clip.dropped(false) {
        match dropped {
            Dropped::Stream(s) if s.kind == StreamKind::Audio && audio > 0 => audio -= 1,
            Dropped::Stream(s) => found.tell(format!(
                "stream {} ({:?}, {}) is not in the report",
                s.index, s.kind, s.codec
            )),
            Dropped::Chapters(n) => found.tell(format!("{n} chapters are not in the report")),
            // Containers write a few tags by themselves; foreign ones are told by `foreign_tags`.
            Dropped::Tags => {}
        }
    }
    for tag in clip.foreign_tags() {
        found.tell(format!("the tag \"{tag}\" is not in the report"));
    }
}

struct Checker<'a> {
    report: &'a Report,
    fill: Fill,
    guard: Guard,
    threads: usize,
    places: Vec<(Suspect, Option<Tile>)>,
    tiles: bool,
    stretch: usize,
    blank: usize,
    unfilled: u64,
}

impl<'a> Checker<'a> {
    fn new(report: &'a Report, engine: &Engine, tiles: bool) -> Self {
        Self {
            report,
            fill: if report.settings.fill == "surround" {
                Fill::Surround
            } else {
                Fill::Solid
            },
            guard: engine.guard(),
            threads: engine.settings.threads,
            places: Vec::new(),
            tiles,
            stretch: 0,
            blank: 0,
            unfilled: 0,
        }
    }

    fn take(&mut self, frame: RawFrame, found: &mut Verified) {
        let n = frame.id().index;
        found.frames += 1;
        let rects = self.regions(n);
        let size = frame.info().size;
        if self.blanked(n) {
            if !is_filled(&frame, size.rect(), Fill::Solid) {
                self.unfilled(found, format!("frame {n} should be blank and is not"));
            }
            return;
        }
        for r in &rects {
            if !is_filled(&frame, *r, self.fill) {
                let place = format!("{},{} to {},{}", r.x0, r.y0, r.x1, r.y1);
                self.unfilled(
                    found,
                    format!("frame {n}: the region {place} is not filled"),
                );
            }
        }
        let upright = frame.info().orientation.seen(size);
        let picture = Prepared::of(&frame, Level::best(), self.threads);
        let seconds = frame.info().pts.seconds();
        match self
            .guard
            .look(picture, verify_passes(upright), After::Nothing)
            .1
        {
            Ok(sightings) => {
                let shown = self.judge(&sightings, &rects, size, n, seconds);
                if self.tiles && !shown.is_empty() {
                    self.picture(frame, seconds, rects, &shown);
                }
            }
            Err(e) => found.tell(format!("frame {n} could not be looked at: {e}")),
        }
    }

    /// Small pictures of places in this frame, each with everything else that was found in it
    /// hidden: regions of the report again, and the other places.
    fn picture(&mut self, frame: RawFrame, seconds: f64, rects: Vec<PxRect>, shown: &[usize]) {
        let (id, size) = (frame.id(), frame.info().size);
        let look = Examination {
            frame: id,
            seconds,
            area: size.rect(),
            model: self.guard.model(),
            found: Vec::new(),
        };
        let Ok(regions) = Regions::seal(id, seconds, size, &[&look], 0.0, rects) else {
            return;
        };
        let frame = redact(frame, &regions, self.fill);
        let places: Vec<PxRect> = shown
            .iter()
            .map(|i| self.places[*i].0.at.pixels(size))
            .collect();
        for (i, place) in shown.iter().zip(&places) {
            let at = self.places[*i].0.at;
            let side = at.width().max(at.height());
            let area = at.grow(side, side).pixels(size);
            let others: Vec<PxRect> = places.iter().filter(|p| *p != place).copied().collect();
            let tile = Tile::of(&frame, area, &[*place], &others, TILE_SIDE);
            self.places[*i].1 = Some(tile);
        }
    }

    fn unfilled(&mut self, found: &mut Verified, what: String) {
        self.unfilled += 1;
        if self.unfilled <= MOST_TOLD {
            found.tell(what);
        }
    }

    fn regions(&mut self, frame: u64) -> Vec<PxRect> {
        let all = &self.report.regions;
        while all
            .get(self.stretch)
            .is_some_and(|s| s.from + s.frames <= frame)
        {
            self.stretch += 1;
        }
        let here = all.get(self.stretch).filter(|s| s.from <= frame);
        let rects = here.map_or(&[][..], |s| &s.fill);
        rects
            .iter()
            .map(|&[x0, y0, x1, y1]| PxRect { x0, y0, x1, y1 })
            .collect()
    }

    fn blanked(&mut self, frame: u64) -> bool {
        let all = &self.report.blanked;
        while all
            .get(self.blank)
            .is_some_and(|s| s.from + s.frames <= frame)
        {
            self.blank += 1;
        }
        all.get(self.blank).is_some_and(|s| s.from <= frame)
    }

    /// Keeps what is seen outside the regions; the same place in frames near each other once.
    /// Returns the places whose best sighting is in this frame.
    fn judge(
        &mut self,
        seen: &[Sighting],
        rects: &[PxRect],
        size: Size,
        n: u64,
        seconds: f64,
    ) -> Vec<usize> {
        let mut best_here = Vec::new();
        for s in seen.iter().filter(|s| s.score >= TELL) {
            if covered_share(s.at, rects, size) >= COVERED {
                continue;
            }
            let same = |(p, _): &(Suspect, Option<Tile>)| {
                p.class == s.class && p.last + FORGET >= n && p.at.iou(s.at) >= SAME_PLACE
            };
            let known = self.places.iter().rposition(same);
            let at = known.unwrap_or(self.places.len());
            if known.is_none() {
                self.places.push((Suspect::first(s, n, seconds), None));
            }
            let place = &mut self.places[at].0;
            place.last = n;
            place.frames += 1;
            if s.score > place.score || known.is_none() {
                (place.score, place.at) = (s.score, s.at);
                best_here.push(at);
            }
        }
        best_here
    }
}

impl Suspect {
    fn first(s: &Sighting, frame: u64, seconds: f64) -> Self {
        Self {
            class: s.class,
            first: frame,
            last: frame,
            frames: 0,
            seconds,
            at: s.at,
            score: s.score,
        }
    }
}
