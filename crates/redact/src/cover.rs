//! What the first pass found, turned into what is filled in every frame.

use crate::examine::Pace;
use crate::job::Engine;
use crate::ledger::{Boxes, KeepError};
use scrim_track::{ClipTracker, FrameCover, FrameFacts, LiveTracker, TrackSettings, TrackSummary};
use scrim_units::{PxBox, PxRect, Size};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// What tracks a clip while it is read. There is one for files and one for live pictures; tests
/// of faults put one that fails in the place of the first, and whatever that says is sealed like the right one.
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

impl Tracking for LiveTracker {
    fn push(&mut self, frame: FrameFacts) {
        Self::push(self, frame);
    }

    fn take_settled(&mut self) -> Vec<FrameCover> {
        Self::take_settled(self)
    }

    /// A running camera has no list of tracks: what is past is forgotten.
    fn finish(self: Box<Self>) -> (Vec<FrameCover>, Vec<TrackSummary>) {
        (Self::finish(*self), Vec::new())
    }
}

/// Makes what tracks a clip of frames of this size.
pub(crate) type Tracks = fn(Size, TrackSettings) -> Box<dyn Tracking>;

/// The one that tracks files.
pub(crate) const TRACKS: Tracks = |size, settings| Box::new(ClipTracker::new(size, settings));

/// A clip's cover in the making, while it is read. No more is held of the past than the boxes
/// of each frame and what the tracker still needs.
pub(crate) struct Covering {
    /// None once it failed.
    tracker: Option<Box<dyn Tracking>>,
    size: Size,
    mask_scale: f32,
    boxes: Boxes,
}

/// What the tracker made of a clip.
pub(crate) struct Tracked {
    /// What is filled in each frame besides zones.
    pub(crate) boxes: Boxes,
    pub(crate) tracks: Vec<TrackSummary>,
}

impl Covering {
    /// For frames of this size; what is kept of many is kept in a file of `folder`.
    pub(crate) fn new(size: Size, pace: Pace, engine: &Engine, folder: &Path) -> Self {
        let track = engine.settings.track();
        let tracker = match pace {
            Pace::File => (engine.tracks)(size, track),
            Pace::Live { look_ahead_s } => Box::new(LiveTracker::new(size, track, look_ahead_s)),
        };
        Self {
            tracker: Some(tracker),
            size,
            mask_scale: engine.settings.mask_scale,
            boxes: Boxes::new(folder),
        }
    }

    /// Takes the next frame. A tracker that fails is given no more.
    pub(crate) fn push(&mut self, frame: FrameFacts) -> Result<(), KeepError> {
        let Some(mut tracker) = self.tracker.take() else {
            return Ok(());
        };
        let pushed = catch_unwind(AssertUnwindSafe(move || {
            tracker.push(frame);
            let settled = tracker.take_settled();
            (tracker, settled)
        }));
        if let Ok((tracker, settled)) = pushed {
            self.tracker = Some(tracker);
            self.keep(&settled)?;
        }
        Ok(())
    }

    /// The whole; None where the tracker failed.
    pub(crate) fn finish(mut self) -> Result<Option<Tracked>, KeepError> {
        let Some(tracker) = self.tracker.take() else {
            return Ok(None);
        };
        let rest = catch_unwind(AssertUnwindSafe(move || tracker.finish()));
        let Ok((settled, tracks)) = rest else {
            return Ok(None);
        };
        self.keep(&settled)?;
        Ok(Some(Tracked {
            boxes: self.boxes,
            tracks,
        }))
    }

    fn keep(&mut self, settled: &[FrameCover]) -> Result<(), KeepError> {
        settled.iter().try_for_each(|frame| {
            let rects = rects(frame, self.size, self.mask_scale).collect();
            self.boxes.push(rects)
        })
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
