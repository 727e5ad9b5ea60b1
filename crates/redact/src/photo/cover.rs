//! What was found on the pages of a photo file, turned into sealed regions.
//!
//! A page by itself is covered as a clip of one frame: everything above the strong score, with
//! the tracker's margins. An animation of some length is covered as a clip, so that gaps
//! between sightings are bridged.

use super::{Looked, Seen};
use crate::cover::scaled;
use crate::settings::JobSettings;
use scrim_engine::{Fault, Stage};
use scrim_raw::{Examination, ModelId, Reason, Regions};
use scrim_track::{FrameFacts, Look, TrackSettings, TrackSummary, cover_clip};
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
fn photo_boxes(found: &[Sighting], settings: &TrackSettings, size: Size) -> Boxes {
    clip_boxes(
        std::slice::from_ref(&facts(found, 0.0, false, [0.0; 2])),
        settings,
        size,
    )
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

fn clip_boxes(frames: &[FrameFacts], settings: &TrackSettings, size: Size) -> Boxes {
    let covered = cover_clip(size, frames, settings);
    let boxes = covered
        .frames
        .iter()
        .map(|f| f.boxes.iter().map(|b| b.at).collect());
    (boxes.collect(), covered.tracks)
}

/// Covers and seals every page.
pub(crate) fn cover(seen: &Seen, settings: &JobSettings) -> Cover {
    let animated = seen.album.animated && seen.pages.len() > SHORT;
    let track = if animated {
        settings.track()
    } else {
        settings.photo()
    };
    let thresholds = [track.face.strong, track.plate.strong];
    let boxes = catch_unwind(AssertUnwindSafe(|| {
        if animated {
            together(seen, &track)
        } else {
            apart(seen, &track)
        }
    }));
    let Ok((boxes, tracks)) = boxes else {
        return all_blank(seen, thresholds);
    };
    let mut faults = Vec::new();
    let regions = seen
        .pages
        .iter()
        .zip(boxes)
        .map(|(page, boxes)| seal(page, boxes, seen.model, &track, settings, &mut faults))
        .collect();
    Cover {
        regions,
        tracks,
        faults,
        thresholds,
    }
}

fn together(seen: &Seen, track: &TrackSettings) -> Boxes {
    let frames: Vec<FrameFacts> = seen
        .pages
        .iter()
        .map(|p| match &p.found {
            Some(found) => facts(found, p.seconds, p.cut, p.smallest),
            None => FrameFacts {
                look: None,
                ..facts(&[], p.seconds, p.cut, p.smallest)
            },
        })
        .collect();
    clip_boxes(&frames, track, seen.size())
}

fn apart(seen: &Seen, track: &TrackSettings) -> Boxes {
    let (mut all, mut tracks) = (Vec::new(), Vec::new());
    for (index, page) in seen.pages.iter().enumerate() {
        let found = page.found.as_deref().unwrap_or(&[]);
        let (mut boxes, found) = photo_boxes(found, track, page.size);
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
) -> Regions {
    let Some(found) = &page.found else {
        return Regions::blank(page.id, Reason::Detector);
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
    Regions::seal(page.id, page.seconds, page.size, &[&look], 0.0, rects).unwrap_or_else(|e| {
        faults.push(Fault {
            stage: Stage::Track,
            frame: Some(page.id.index),
            cause: e.to_string(),
        });
        Regions::blank(page.id, Reason::Tracker)
    })
}

fn all_blank(seen: &Seen, thresholds: [f32; 2]) -> Cover {
    let blank = |p: &Looked| Regions::blank(p.id, Reason::Tracker);
    Cover {
        regions: seen.pages.iter().map(blank).collect(),
        tracks: Vec::new(),
        faults: vec![Fault {
            stage: Stage::Track,
            frame: None,
            cause: "the tracker failed, so every page is blanked".into(),
        }],
        thresholds,
    }
}
