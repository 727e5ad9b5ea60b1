//! What is known of a frame before it is looked at: how it moved, whether a cut comes before it, what
//! the schedule wants seen of it, and for that an upright copy.
//!
//! A thread of its own surveys ahead of the look, which leaves cores idle by turns. What is found it
//! does not know.

use super::Pace;
use crate::job::Engine;
use scrim_detect::{Level, MotionSearch, Movement, Prepared};
use scrim_raw::{FrameInfo, RawFrame};
use scrim_source::{Loss, VideoFacts};
use scrim_track::{CellMotion, MotionGrid, Schedule};
use scrim_units::{FrameId, Pass, Size};

/// A frame before its look.
pub(super) struct Surveyed {
    pub(super) id: FrameId,
    pub(super) seconds: f64,
    /// Whether it begins another scene.
    pub(super) cut: bool,
    pub(super) motion: Option<MotionGrid>,
    /// What is looked at, if anything is; or why there is no picture.
    pub(super) due: Result<Option<Due>, Loss>,
}

/// What a look sees.
pub(super) struct Due {
    pub(super) picture: Prepared,
    pub(super) passes: Vec<Pass>,
    /// See [`Schedule::smallest_in`].
    pub(super) smallest: [f32; 2],
}

impl Surveyed {
    /// A frame without a picture: nothing is known of it but its place.
    pub(super) const fn lost(id: FrameId, seconds: f64, why: Loss) -> Self {
        Self {
            id,
            seconds,
            cut: false,
            motion: None,
            due: Err(why),
        }
    }
}

/// Surveys the frames of a clip, in their order.
pub(super) struct Surveyor {
    schedule: Schedule,
    motion: MotionSearch,
    stored: Size,
}

impl Surveyor {
    pub(super) fn new(first: &FrameInfo, video: &VideoFacts, pace: Pace, engine: &Engine) -> Self {
        let upright = first.orientation.seen(first.size);
        let interval = video
            .average_rate
            .map_or(0.0, |(n, d)| f64::from(d) / f64::from(n));
        Self {
            schedule: match pace {
                Pace::File => Schedule::new(upright, interval, engine.settings.sensitivity),
                Pace::Live { .. } => Schedule::live(upright, interval),
            },
            motion: MotionSearch::default(),
            stored: first.size,
        }
    }

    pub(super) fn survey(&mut self, frame: &RawFrame) -> Surveyed {
        let (id, seconds) = (frame.id(), frame.info().pts.seconds());
        let movement = self.motion.next(frame, Level::best());
        let cut = movement.as_ref().is_some_and(|m| m.cut);
        let passes = self.schedule.look(seconds, cut);
        let due = (!passes.is_empty()).then(|| Due {
            // One thread: the look at the frame before has the others.
            picture: Prepared::of(frame, Level::best(), 1),
            smallest: self.schedule.smallest_in(&passes),
            passes,
        });
        Surveyed {
            id,
            seconds,
            cut,
            motion: movement.and_then(|m| grid(&m, self.stored)),
            due: Ok(due),
        }
    }

    /// The schedule, when all are surveyed.
    pub(super) fn into_schedule(self) -> Schedule {
        self.schedule
    }
}

fn grid(movement: &Movement, size: Size) -> Option<MotionGrid> {
    let cells: Vec<_> = movement
        .cells
        .iter()
        .map(|&(dx, dy, trusted)| CellMotion { dx, dy, trusted })
        .collect();
    let side = |n: usize| u16::try_from(n).ok();
    MotionGrid::new(size, side(movement.columns)?, side(movement.rows)?, &cells).ok()
}
