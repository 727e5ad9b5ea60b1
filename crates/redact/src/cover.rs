//! What the first pass found, turned into sealed regions for every frame.

use crate::error::JobError;
use crate::examine::{Examination, Examined, Looked, examine};
use crate::fault::regions as regions_after;
use crate::job::{Control, Engine};
use scrim_engine::{Fault, Stage};
use scrim_raw::{Examination as Look, Regions};
use scrim_track::{ClipTracker, FrameCover, FrameFacts, TrackSettings, TrackSummary};
use scrim_units::{PxBox, PxRect, Sighting, Size};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Slack on the schedule's interval for rounding of times, seconds.
const SLACK_S: f64 = 0.002;

/// What tracks a clip while it is read. There is one; tests of faults put one that fails in its
/// place, and whatever that says is sealed like the right one.
pub(crate) trait Tracking {
    /// Takes the next frame.
    fn push(&mut self, frame: FrameFacts);
    /// Covers of the next frames, as far as they are settled.
    fn take_settled(&mut self) -> Vec<FrameCover>;
    /// Covers of all frames that are left, and the tracks of the whole clip.
    fn finish(self: Box<Self>) -> (Vec<FrameCover>, Vec<TrackSummary>);
}

impl Tracking for ClipTracker {
    fn push(&mut self, frame: FrameFacts) {
        Self::push(self, frame);
    }

    fn take_settled(&mut self) -> Vec<FrameCover> {
        Self::take_settled(self)
    }

    fn finish(self: Box<Self>) -> (Vec<FrameCover>, Vec<TrackSummary>) {
        Self::finish(*self)
    }
}

/// Makes what tracks a clip of frames of this size.
pub(crate) type Tracks = fn(Size, TrackSettings) -> Box<dyn Tracking>;

/// The one that tracks.
pub(crate) const TRACKS: Tracks = |size, settings| Box::new(ClipTracker::new(size, settings));

/// A clip's cover in the making, while it is read. No more is held of the past than the boxes
/// of each frame and what the tracker still needs.
pub(crate) struct Covering {
    /// None once it failed.
    tracker: Option<Box<dyn Tracking>>,
    size: Size,
    mask_scale: f32,
    boxes: Vec<Box<[PxRect]>>,
}

/// What the tracker made of a clip.
pub(crate) struct Tracked {
    /// What is filled in each frame besides zones.
    boxes: Vec<Box<[PxRect]>>,
    tracks: Vec<TrackSummary>,
}

impl Covering {
    pub(crate) fn new(size: Size, engine: &Engine) -> Self {
        Self {
            tracker: Some((engine.tracks)(size, engine.settings.track())),
            size,
            mask_scale: engine.settings.mask_scale,
            boxes: Vec::new(),
        }
    }

    /// Takes the next frame. A tracker that fails is given no more.
    pub(crate) fn push(&mut self, frame: FrameFacts) {
        let Some(mut tracker) = self.tracker.take() else {
            return;
        };
        let pushed = catch_unwind(AssertUnwindSafe(move || {
            tracker.push(frame);
            let settled = tracker.take_settled();
            (tracker, settled)
        }));
        if let Ok((tracker, settled)) = pushed {
            self.tracker = Some(tracker);
            self.keep(&settled);
        }
    }

    /// The whole; None where the tracker failed.
    pub(crate) fn finish(mut self) -> Option<Tracked> {
        let tracker = self.tracker.take()?;
        let rest = catch_unwind(AssertUnwindSafe(move || tracker.finish()));
        let (settled, tracks) = rest.ok()?;
        self.keep(&settled);
        Some(Tracked {
            boxes: self.boxes,
            tracks,
        })
    }

    fn keep(&mut self, settled: &[FrameCover]) {
        let boxes = settled
            .iter()
            .map(|f| rects(f, self.size, self.mask_scale).collect());
        self.boxes.extend(boxes);
    }
}

/// Regions of all frames, and what the report says of them.
pub(crate) struct Cover {
    pub(crate) regions: Vec<Regions>,
    pub(crate) tracks: Vec<TrackSummary>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) limit_s: f64,
}

/// Seals every frame with what was tracked.
pub(crate) fn cover(examined: &mut Examination, engine: &Engine) -> Result<Cover, JobError> {
    let limit_s = examined.longest_gap_s + SLACK_S;
    let tracked = examined.tracked.take();
    let Some(tracked) = tracked.filter(|t| t.boxes.len() == examined.frames.len()) else {
        return all_blank(examined, limit_s);
    };
    let mut faults = Vec::new();
    let mut near = Near::default();
    let mut regions = Vec::with_capacity(examined.frames.len());
    for (i, boxes) in tracked.boxes.into_iter().enumerate() {
        near.move_to(i, &examined.frames);
        let sealed = match &examined.frames[i].look {
            Looked::Failed(fault) => Err(fault.clone()),
            Looked::Not | Looked::Found(_) => {
                let looks = near.looks.map(|n| Some(look(examined, n?)));
                seal(examined, i, boxes, &looks, limit_s, engine)
            }
        };
        regions.push(match sealed {
            Ok(regions) => regions,
            Err(fault) => {
                let blank = regions_after(&fault, examined.frames[i].id)?;
                faults.push(fault);
                blank
            }
        });
    }
    Ok(Cover {
        regions,
        tracks: tracked.tracks,
        faults,
        limit_s,
    })
}

/// Regions of one frame: what was tracked, and zones.
fn seal(
    examined: &Examination,
    frame: usize,
    boxes: Box<[PxRect]>,
    looks: &[Option<Look>],
    limit_s: f64,
    engine: &Engine,
) -> Result<Regions, Fault> {
    let frame = &examined.frames[frame];
    let (size, turn) = (examined.first.size, examined.first.orientation);
    let looks: Vec<&Look> = looks.iter().flatten().collect();
    let mut rects = Vec::from(boxes);
    let zones = &engine.settings.zones;
    rects.extend(zones.rects(frame.seconds, size, turn));
    let sealed = Regions::seal(frame.id, frame.seconds, size, &looks, limit_s, rects);
    sealed.map_err(|e| Fault {
        stage: Stage::Track,
        frame: Some(frame.id.index),
        cause: e.to_string(),
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
    let mut examined = examine(path, engine, control, &mut |_| {})?;
    let size = examined.first.size;
    let filled = |r: &Regions| match r.blanked() {
        Some(_) => vec![size.rect()],
        None => r.rects().to_vec(),
    };
    let covered = cover(&mut examined, engine)?;
    Ok(covered.regions.iter().map(filled).collect())
}

fn all_blank(examined: &Examination, limit_s: f64) -> Result<Cover, JobError> {
    let fault = Fault {
        stage: Stage::Track,
        frame: None,
        cause: "the tracker failed, so every frame is blanked".into(),
    };
    let blank = |f: &Examined| regions_after(&fault, f.id);
    let regions = examined.frames.iter().map(blank);
    let regions = regions.collect::<Result<_, _>>()?;
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
fn failed(frame: &Examined) -> Option<&Fault> {
    match &frame.look {
        Looked::Failed(fault) => Some(fault),
        Looked::Not | Looked::Found(_) => None,
    }
}

fn look(examined: &Examination, frame: usize) -> Look {
    let frame = &examined.frames[frame];
    let found: &[Sighting] = match &frame.look {
        Looked::Found(certain) => certain,
        Looked::Not | Looked::Failed(_) => &[],
    };
    Look {
        frame: frame.id,
        seconds: frame.seconds,
        area: examined.first.size.rect(),
        model: examined.model,
        found: found.to_vec(),
    }
}

/// The looks next to a frame: its own, or else the nearest before and after it.
#[derive(Default)]
struct Near {
    looks: [Option<usize>; 2],
    /// Frames before this one were searched for the look after; none is searched twice.
    searched: usize,
}

impl Near {
    /// Frames must be visited in order, from the first.
    fn move_to(&mut self, frame: usize, frames: &[Examined]) {
        let seen = |k: usize| matches!(frames[k].look, Looked::Found(_));
        if seen(frame) {
            self.looks = [Some(frame), None];
        } else if self.looks[1].is_none() {
            let next = (self.searched.max(frame)..frames.len()).find(|&k| seen(k));
            self.searched = next.unwrap_or(frames.len());
            self.looks[1] = next;
        }
    }
}

fn rects(cover: &FrameCover, size: Size, mask_scale: f32) -> impl Iterator<Item = PxRect> {
    let boxes = cover.boxes.iter();
    boxes
        .map(move |b| scaled(b.at, mask_scale).pixels(size))
        .filter(|r| !r.is_empty())
}

/// A box grown around its middle. Never smaller than it was.
pub(crate) fn scaled(at: PxBox, factor: f32) -> PxBox {
    let extra = (factor - 1.0).max(0.0) / 2.0;
    at.grow(at.width() * extra, at.height() * extra)
}

#[cfg(test)]
mod tests {
    use super::*;
    use scrim_units::FrameId;

    #[test]
    fn the_looks_next_to_a_frame_are_its_own_or_the_nearest_on_both_sides() {
        for pattern in 0..1_u32 << 9 {
            let seen = |k: usize| pattern >> k & 1 == 1;
            let frame = |k: usize| Examined {
                id: FrameId {
                    index: k as u64,
                    pts: k as i64,
                    checksum: 0,
                },
                seconds: k as f64,
                look: if seen(k) {
                    Looked::Found(Box::default())
                } else {
                    Looked::Not
                },
            };
            let frames: Vec<Examined> = (0..9).map(frame).collect();
            let mut near = Near::default();
            for k in 0..9 {
                near.move_to(k, &frames);
                let before = (0..=k).rev().find(|&n| seen(n));
                let after = (k + 1..9).find(|&n| seen(n)).filter(|_| !seen(k));
                assert_eq!(near.looks, [before, after], "frame {k} of {pattern:09b}");
            }
        }
    }
}
