//! What the first pass found, turned into sealed regions for every frame.

use crate::error::JobError;
use crate::examine::{Examination, examine};
use crate::fault::regions as regions_after;
use crate::job::{Control, Engine};
use scrim_engine::{Fault, Stage};
use scrim_raw::{Examination as Look, Regions};
use scrim_track::{ClipCover, FrameFacts, TrackSettings, TrackSummary};
use scrim_units::{PxBox, PxRect, Sighting, Size};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Slack on the schedule's interval for rounding of times, seconds.
const SLACK_S: f64 = 0.002;

/// What tracks a clip.
pub(crate) type Tracks = fn(Size, &[FrameFacts], &TrackSettings) -> ClipCover;

/// Regions of all frames, and what the report says of them.
pub(crate) struct Cover {
    pub(crate) regions: Vec<Regions>,
    pub(crate) tracks: Vec<TrackSummary>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) limit_s: f64,
}

/// Tracks the whole clip and seals every frame.
pub(crate) fn cover(examined: &Examination, engine: &Engine) -> Result<Cover, JobError> {
    let settings = &engine.settings;
    let size = examined.first.size;
    let track = settings.track();
    let limit_s = examined.longest_gap_s + SLACK_S;
    let tracked = catch_unwind(AssertUnwindSafe(|| {
        (engine.tracks)(size, &examined.facts, &track)
    }));
    let tracked = match tracked {
        Ok(tracked) if tracked.frames.len() == examined.frames.len() => tracked,
        _ => return all_blank(examined, limit_s),
    };
    let strong = [track.face.strong, track.plate.strong];
    let looks: Vec<Option<Look>> = looks(examined, size, strong);
    let nearest = nearest_looks(&looks);
    let mut faults = Vec::new();
    let regions = examined
        .frames
        .iter()
        .enumerate()
        .map(|(i, frame)| {
            if let Some(Err(fault)) = &frame.look {
                faults.push(fault.clone());
                return regions_after(fault, frame.id);
            }
            let near: Vec<&Look> = nearest[i]
                .into_iter()
                .flatten()
                .filter_map(|n| looks[n].as_ref())
                .collect();
            let mut rects = rects(&tracked, i, size, settings.mask_scale);
            let turn = examined.first.orientation;
            rects.extend(settings.zones.rects(frame.seconds, size, turn));
            Regions::seal(frame.id, frame.seconds, size, &near, limit_s, rects).or_else(|e| {
                let fault = Fault {
                    stage: Stage::Track,
                    frame: Some(frame.id.index),
                    cause: e.to_string(),
                };
                let blank = regions_after(&fault, frame.id);
                faults.push(fault);
                blank
            })
        })
        .collect::<Result<_, _>>()?;
    Ok(Cover {
        regions,
        tracks: tracked.tracks,
        faults,
        limit_s,
    })
}

/// What `redact` would fill in each frame of a video, in pixels; for measuring. Nothing is
/// written.
///
/// # Errors
/// [`JobError`], as at the first pass.
pub fn foresee(
    path: &Path,
    engine: &Engine,
    control: &Control,
) -> Result<Vec<Vec<PxRect>>, JobError> {
    let examined = examine(path, engine, control)?;
    let size = examined.first.size;
    let filled = |r: &Regions| match r.blanked() {
        Some(_) => vec![size.rect()],
        None => r.rects().to_vec(),
    };
    let covered = cover(&examined, engine)?;
    Ok(covered.regions.iter().map(filled).collect())
}

fn all_blank(examined: &Examination, limit_s: f64) -> Result<Cover, JobError> {
    let fault = Fault {
        stage: Stage::Track,
        frame: None,
        cause: "the tracker failed, so every frame is blanked".into(),
    };
    let blank = |f: &crate::examine::Examined| regions_after(&fault, f.id);
    let regions = examined
        .frames
        .iter()
        .map(blank)
        .collect::<Result<_, _>>()?;
    let mut faults: Vec<Fault> = examined.frames.iter().filter_map(failed).cloned().collect();
    faults.push(fault);
    Ok(Cover {
        regions,
        tracks: Vec::new(),
        faults,
        limit_s,
    })
}

/// What failed before the tracker, where something did.
fn failed(frame: &crate::examine::Examined) -> Option<&Fault> {
    frame.look.as_ref()?.as_ref().err()
}

fn looks(examined: &Examination, size: Size, strong: [f32; 2]) -> Vec<Option<Look>> {
    let certain = |s: &&Sighting| s.score >= strong[s.class.index()];
    examined
        .frames
        .iter()
        .map(|f| {
            let found = f.look.as_ref()?.as_ref().ok()?;
            Some(Look {
                frame: f.id,
                seconds: f.seconds,
                area: size.rect(),
                model: examined.model,
                found: found.iter().filter(certain).copied().collect(),
            })
        })
        .collect()
}

/// For each frame the nearest look at or before it, and after it.
fn nearest_looks(looks: &[Option<Look>]) -> Vec<[Option<usize>; 2]> {
    let mut out = vec![[None, None]; looks.len()];
    let mut last = None;
    for (i, slot) in out.iter_mut().enumerate() {
        if looks[i].is_some() {
            last = Some(i);
        }
        slot[0] = last;
    }
    let mut next = None;
    for (i, slot) in out.iter_mut().enumerate().rev() {
        if looks[i].is_some() {
            next = Some(i);
        }
        slot[1] = next.filter(|n| *n != i);
    }
    out
}

fn rects(cover: &ClipCover, frame: usize, size: Size, mask_scale: f32) -> Vec<PxRect> {
    cover.frames[frame]
        .boxes
        .iter()
        .map(|b| scaled(b.at, mask_scale).pixels(size))
        .filter(|r| !r.is_empty())
        .collect()
}

/// A box grown around its middle. Never smaller than it was.
pub(crate) fn scaled(at: PxBox, factor: f32) -> PxBox {
    let extra = (factor - 1.0).max(0.0) / 2.0;
    at.grow(at.width() * extra, at.height() * extra)
}
