//! A camera tracked while it runs: each frame's cover is settled a fixed time after the frame
//! came, by what is known then.
//!
//! The cover of a frame is the one that [`cover_clip`](crate::cover_clip) gives it in the clip
//! of the last seconds. So live and files have one definition, and a look-ahead as long as a
//! short clip gives that clip's cover to the bit. What lies further back than the memory is
//! forgotten, and nothing is known of what comes after the look-ahead: a face that is found
//! later than that stays open until it is found.

use scrim_units::{Class, Size};

use crate::chain::LONGEST_GAP_S;
use crate::clip::cover_shot;
use crate::shot::{Shot, time_after};
use crate::{FrameCover, FrameFacts, TrackSettings};

/// Takes a camera's facts frame by frame, and gives covers as they are settled.
#[derive(Debug)]
pub struct LiveTracker {
    size: Size,
    settings: TrackSettings,
    look_ahead_s: f64,
    /// How long what was found is remembered: as long as a track of it can go on.
    memory_s: f64,
    /// Frames that are remembered, all of one shot, and their times.
    frames: Vec<FrameFacts>,
    times: Vec<f64>,
    /// So many of them, the oldest, have their cover.
    covered: usize,
    last_time: Option<f64>,
    settled: Vec<FrameCover>,
}

impl LiveTracker {
    /// For frames of `size` luma pixels, each settled once a frame `look_ahead_s` seconds later
    /// came, or a cut. A look-ahead that is negative or no number is none. Held are the frames of
    /// the look-ahead and of the memory before it.
    #[must_use]
    pub fn new(size: Size, settings: TrackSettings, look_ahead_s: f64) -> Self {
        let longest = |c| settings.of(c).weak_run_s.max(settings.of(c).gap_s);
        Self {
            size,
            memory_s: Class::ALL
                .map(longest)
                .into_iter()
                .fold(LONGEST_GAP_S, f64::max),
            settings,
            look_ahead_s: look_ahead_s.max(0.0),
            frames: Vec::new(),
            times: Vec::new(),
            covered: 0,
            last_time: None,
            settled: Vec::new(),
        }
    }

    /// Takes the next frame in display order.
    pub fn push(&mut self, frame: FrameFacts) {
        let time = time_after(self.last_time, &frame);
        self.last_time = Some(time);
        if frame.cut {
            self.settle(self.frames.len());
            self.frames.clear();
            self.times.clear();
            self.covered = 0;
        }
        self.frames.push(frame);
        self.times.push(time);
        let due = self
            .times
            .partition_point(|t| time - t >= self.look_ahead_s);
        self.settle(due);
        self.forget(time);
    }

    /// The covers that are settled and were not taken before; in the order of their frames.
    pub fn take_settled(&mut self) -> Vec<FrameCover> {
        std::mem::take(&mut self.settled)
    }

    /// Settles the rest when the camera stops: the covers that were not taken before.
    #[must_use]
    pub fn finish(mut self) -> Vec<FrameCover> {
        self.settle(self.frames.len());
        self.settled
    }

    /// Settles all up to the `due`-th frame that is remembered.
    fn settle(&mut self, due: usize) {
        if due <= self.covered {
            return;
        }
        let shot = Shot::new(self.size, 0, &self.frames, &self.times);
        let mut covers = vec![FrameCover::default(); self.frames.len()];
        cover_shot(&shot, &self.settings, &mut covers, &mut Vec::new());
        self.settled.extend(covers.drain(self.covered..due));
        self.covered = due;
    }

    fn forget(&mut self, now: f64) {
        let old = self
            .times
            .partition_point(|t| now - t > self.look_ahead_s + self.memory_s);
        let old = old.min(self.covered);
        self.frames.drain(..old);
        self.times.drain(..old);
        self.covered -= old;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sensitivity;
    use crate::shot::tests::{SIZE, clip, face};
    use scrim_units::{PxBox, Sighting};

    const AT: PxBox = PxBox {
        x0: 90.0,
        y0: 80.0,
        x1: 110.0,
        y1: 100.0,
    };

    fn seen_from(frame: usize) -> impl Fn(usize) -> Vec<Sighting> {
        move |k| vec![face(0.9, AT); usize::from(k >= frame)]
    }

    fn tracker(look_ahead_s: f64) -> LiveTracker {
        let settings = TrackSettings::for_sensitivity(Sensitivity::Publish);
        LiveTracker::new(SIZE, settings, look_ahead_s)
    }

    fn is_covered(cover: &FrameCover) -> bool {
        !cover.boxes.is_empty()
    }

    #[test]
    fn with_a_look_ahead_a_face_is_covered_before_it_is_found() {
        let first_covered = |look_ahead_s| {
            let mut tracker = tracker(look_ahead_s);
            clip(60, seen_from(30))
                .into_iter()
                .for_each(|f| tracker.push(f));
            tracker.finish().iter().position(is_covered)
        };
        assert_eq!(first_covered(0.0), Some(30));
        assert!(first_covered(0.5).is_some_and(|k| k < 30));
    }

    #[test]
    fn a_cover_waits_no_longer_than_the_look_ahead() {
        let mut tracker = tracker(0.39);
        let mut settled = 0;
        for (k, frame) in clip(100, seen_from(0)).into_iter().enumerate() {
            tracker.push(frame);
            settled += tracker.take_settled().len();
            // 25 frames a second: 0.4 s are 10 of them, give or take a rounding.
            assert_eq!(settled, (k + 1).saturating_sub(10));
        }
    }

    #[test]
    fn a_cut_settles_all_before_it() {
        let mut tracker = tracker(0.4);
        let mut frames = clip(21, seen_from(0));
        frames[20].cut = true;
        frames.into_iter().for_each(|f| tracker.push(f));
        assert_eq!(tracker.take_settled().len(), 20);
    }

    #[test]
    fn weak_sightings_go_on_with_a_track_as_long_as_in_a_file() {
        let settings = TrackSettings::for_sensitivity(Sensitivity::Publish);
        let frames = clip(90, |k| vec![face(if k < 5 { 0.9 } else { 0.2 }, AT)]);
        let mut tracker = tracker(0.0);
        frames.iter().for_each(|f| tracker.push(f.clone()));
        let live: Vec<bool> = tracker.finish().iter().map(is_covered).collect();
        let file = crate::cover_clip(SIZE, &frames, &settings);
        let file: Vec<bool> = file.frames.iter().map(is_covered).collect();
        assert_eq!(live, file);
        assert!(live[89]);
    }

    #[test]
    fn of_an_hour_a_few_seconds_are_remembered() {
        let mut tracker = tracker(0.4);
        for frame in clip(90_000, |k| vec![face(0.9, AT); usize::from(k % 500 < 25)]) {
            tracker.push(frame);
            assert!(tracker.frames.len() <= 25 * 5);
        }
    }
}
