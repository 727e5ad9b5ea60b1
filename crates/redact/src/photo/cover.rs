//! What was found on the pages of a photo file, turned into sealed regions.
//!
//! A page by itself is covered as a clip of one frame: everything above the strong score, with
//! the tracker's margins. An animation of some length is covered as a clip, so that gaps
//! between sightings are bridged.

use super::{Looked, Seen};
use crate::cover::{Tracks, scaled};
use crate::error::JobError;
use crate::fault::regions as regions_after;
use crate::job::Engine;
use crate::settings::JobSettings;
use scrim_engine::{Fault, Stage};
use scrim_raw::{Examination, ModelId, Regions};
use scrim_track::{FrameFacts, Look, TrackSettings, TrackSummary};
use scrim_units::{PxBox, PxRect, Sighting, Size};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Animations up to this length are covered page by page: there is nothing to bridge.
const SHORT: usize = 3;

/// Regions of all pages, and what the report says of them.
pub(crate) struct Cover {
    pub(crate) regions: Vec<Regions>,
    pub(crate) tracks: Vec<TrackSummary>,
    pub(crate) faults: Vec<Fault>,
    /// Scores from which a face and a plate were covered for certain.
    pub(crate) thresholds: [f32; 2],
}

/// Boxes of every page, margins included, and what they are.
type Boxes = (Vec<Vec<PxBox>>, Vec<TrackSummary>);

/// What is filled on a page where this was found: pixels, margins included.
fn photo_boxes(found: &[Sighting], settings: &TrackSettings, size: Size, tracks: Tracks) -> Boxes {
    let facts = facts(found, 0.0, false, [0.0; 2]);
    clip_boxes(vec![facts], settings, size, tracks)
}

fn facts(found: &[Sighting], time_s: f64, cut: bool, smallest: [f32; 2]) -> FrameFacts {
    FrameFacts {
        time_s,
        cut,
        look: Some(Look {
            sightings: found.to_vec(),
            smallest,
        }),
        motion: None,
    }
}

fn clip_boxes(
    frames: Vec<FrameFacts>,
    settings: &TrackSettings,
    size: Size,
    tracks: Tracks,
) -> Boxes {
    let mut tracker = tracks(size, settings.clone());
    frames.into_iter().for_each(|f| tracker.push(f));
    let (covered, tracks) = tracker.finish();
    let boxes = covered
        .iter()
        .map(|f| f.boxes.iter().map(|b| b.at).collect());
    (boxes.collect(), tracks)
}

/// Covers and seals every page.
pub(crate) fn cover(seen: &Seen, engine: &Engine) -> Result<Cover, JobError> {
    let settings = &engine.settings;
    let animated = seen.album.animated && seen.pages.len() > SHORT;
    let track = if animated {
        settings.track()
    } else {
        settings.photo()
    };
    let thresholds = [track.face.strong, track.plate.strong];
    let boxes = catch_unwind(AssertUnwindSafe(|| {
        if animated {
            together(seen, &track, engine.tracks)
        } else {
            apart(seen, &track, engine.tracks)
        }
    }));
    let (boxes, tracks) = match boxes {
        Ok((boxes, tracks)) if boxes.len() == seen.pages.len() => (boxes, tracks),
        _ => return all_blank(seen, thresholds),
    };
    let mut faults = Vec::new();
    let regions = seen
        .pages
        .iter()
        .zip(boxes)
        .map(|(page, boxes)| seal(page, boxes, seen.model, &track, settings, &mut faults))
        .collect::<Result<_, _>>()?;
    Ok(Cover {
        regions,
        tracks,
        faults,
        thresholds,
    })
}

fn together(seen: &Seen, track: &TrackSettings, tracks: Tracks) -> Boxes {
    let frames: Vec<FrameFacts> = seen
        .pages
        .iter()
        .map(|p| match &p.found {
            Ok(found) => facts(found, p.seconds, p.cut, p.smallest),
            Err(_) => FrameFacts {
                look: None,
                ..facts(&[], p.seconds, p.cut, p.smallest)
            },
        })
        .collect();
    clip_boxes(frames, track, seen.size(), tracks)
}

fn apart(seen: &Seen, track: &TrackSettings, tracker: Tracks) -> Boxes {
    let (mut all, mut tracks) = (Vec::new(), Vec::new());
    for (index, page) in seen.pages.iter().enumerate() {
        let found = page.found.as_deref().unwrap_or_default();
        let (mut boxes, found) = photo_boxes(found, track, page.size, tracker);
        all.push(boxes.pop().unwrap_or_default());
        for mut t in found {
            t.id = tracks.len() as u32;
            (t.first_frame, t.last_frame) = (index, index);
            tracks.push(t);
        }
    }
    (all, tracks)
}

fn seal(
    page: &Looked,
    boxes: Vec<PxBox>,
    model: ModelId,
    track: &TrackSettings,
    settings: &JobSettings,
    faults: &mut Vec<Fault>,
) -> Result<Regions, JobError> {
    let found = match &page.found {
        Ok(found) => found,
        Err(fault) => {
            faults.push(fault.clone());
            return regions_after(fault, page.id);
        }
    };
    let certain = |s: &&Sighting| s.score >= track.of(s.class).strong;
    let look = Examination {
        frame: page.id,
        seconds: page.seconds,
        area: page.size.rect(),
        model,
        found: found.iter().filter(certain).copied().collect(),
    };
    let mut rects: Vec<PxRect> = boxes
        .into_iter()
        .map(|b| scaled(b, settings.mask_scale).pixels(page.size))
        .filter(|r| !r.is_empty())
        .collect();
    rects.extend(settings.zones.rects(page.seconds, page.size, page.turn));
    Regions::seal(page.id, page.seconds, page.size, &[&look], 0.0, rects).or_else(|e| {
        let fault = Fault {
            stage: Stage::Track,
            frame: Some(page.id.index),
            cause: e.to_string(),
        };
        let blank = regions_after(&fault, page.id);
        faults.push(fault);
        blank
    })
}

fn all_blank(seen: &Seen, thresholds: [f32; 2]) -> Result<Cover, JobError> {
    let fault = Fault {
        stage: Stage::Track,
        frame: None,
        cause: "the tracker failed, so every page is blanked".into(),
    };
    let blank = |p: &Looked| regions_after(&fault, p.id);
    let regions = seen.pages.iter().map(blank).collect::<Result<_, _>>()?;
    let failed = seen.pages.iter().filter_map(|p| p.found.as_ref().err());
    let mut faults: Vec<Fault> = failed.cloned().collect();
    faults.push(fault);
    Ok(Cover {
        regions,
        tracks: Vec::new(),
        faults,
        thresholds,
    })
}
