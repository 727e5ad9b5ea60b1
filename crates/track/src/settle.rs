//! A clip tracked while it is read, so that facts are kept only as long as they can matter.
//!
//! A track never reaches over a cut, nor over a stretch without sightings that is longer than
//! every gap that is bridged. So the cover of what lies before is settled there, and the facts
//! of its frames are forgotten. The cover is that of [`cover_clip`](crate::cover_clip), whole
//! and to the bit: where a stretch ends decides nothing but how much is held at a time. Only a scene
//! that has neither for minutes is settled in `parts`.

use scrim_units::{Class, Size};

use crate::chain::LONGEST_GAP_S;
use crate::parts::{Lengths, Seam};
use crate::path::UNSEEN_CARRY_S;
use crate::shot::{Shot, makes_sense, time_after};
use crate::{FrameCover, FrameFacts, TrackSettings, TrackSummary};

/// Frames without anything are forgotten in bunches of so many.
const BUNCH: usize = 64;

/// Takes a clip's facts frame by frame, and gives covers as soon as they are settled.
#[derive(Debug)]
pub struct ClipTracker {
    size: Size,
    settings: TrackSettings,
    reach: Reach,
    lengths: Lengths,
    /// Frames that are not settled, all of one shot, and their times; before them those of the part
    /// that was settled last, as far as they still say something.
    frames: Vec<FrameFacts>,
    times: Vec<f64>,
    /// How many of them are settled.
    behind: usize,
    /// Number of the first of them in the clip.
    first: usize,
    seam: Seam,
    /// The last of them in which anything was found.
    found: Option<usize>,
    /// The first one after that to which no track is carried on.
    over: Option<usize>,
    last_time: Option<f64>,
    settled: Vec<FrameCover>,
    tracks: Vec<TrackSummary>,
}

/// How far tracks can reach at most, seconds.
#[derive(Debug)]
struct Reach {
    gap_s: f64,
    before_s: f64,
    after_s: f64,
}

impl Reach {
    fn of(settings: &TrackSettings) -> Self {
        let mut reach = Self {
            gap_s: LONGEST_GAP_S,
            before_s: UNSEEN_CARRY_S,
            after_s: UNSEEN_CARRY_S,
        };
        for set in Class::ALL.map(|c| settings.of(c)) {
            reach.gap_s = reach.gap_s.max(set.gap_s).max(set.weak_gap_s);
            reach.before_s = reach.before_s.max(set.carry_before_s);
            reach.after_s = reach.after_s.max(set.carry_after_s);
        }
        reach
    }
}

impl ClipTracker {
    /// For a clip of frames of `size` luma pixels.
    #[must_use]
    pub fn new(size: Size, settings: TrackSettings) -> Self {
        Self {
            size,
            reach: Reach::of(&settings),
            settings,
            lengths: Lengths::default(),
            frames: Vec::new(),
            times: Vec::new(),
            behind: 0,
            first: 0,
            seam: Seam::default(),
            found: None,
            over: None,
            last_time: None,
            settled: Vec::new(),
            tracks: Vec::new(),
        }
    }

    /// With parts of other lengths.
    #[cfg(test)]
    pub(crate) fn in_parts(self, lengths: Lengths) -> Self {
        Self { lengths, ..self }
    }

    /// Frames that are held.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.frames.len()
    }

    /// Takes the next frame in display order.
    pub fn push(&mut self, mut frame: FrameFacts) {
        let time = time_after(self.last_time, &frame);
        self.last_time = Some(time);
        if frame.cut {
            self.settle(self.frames.len());
        } else {
            self.settle_what_is_over(time);
            self.settle_what_is_long(time);
        }
        let index = self.frames.len();
        if self.compact(&mut frame) {
            (self.found, self.over) = (Some(index), None);
        } else if let (Some(found), None) = (self.found, self.over) {
            let passed = time - self.times[found] > self.reach.after_s;
            self.over = passed.then_some(index);
        }
        self.frames.push(frame);
        self.times.push(time);
    }

    /// The covers that are settled and were not taken before; in the order of their frames.
    pub fn take_settled(&mut self) -> Vec<FrameCover> {
        std::mem::take(&mut self.settled)
    }

    /// Settles the rest at the clip's end: the covers that were not taken before, and all tracks.
    #[must_use]
    pub fn finish(mut self) -> (Vec<FrameCover>, Vec<TrackSummary>) {
        self.settle(self.frames.len());
        (self.settled, self.tracks)
    }

    /// Leaves out of a frame what is nothing to the tracker; whether anything is left.
    fn compact(&self, frame: &mut FrameFacts) -> bool {
        let Some(look) = &mut frame.look else {
            return false;
        };
        look.sightings
            .retain(|s| s.score >= self.settings.of(s.class).floor() && makes_sense(s, self.size));
        look.sightings.shrink_to_fit();
        !look.sightings.is_empty()
    }

    /// Settles frames that no sighting at `time` or later can reach. Carried covers may touch,
    /// but neither may be cut short: a track behind is carried back over frames that stay.
    fn settle_what_is_over(&mut self, time: f64) {
        let passed = |frame: usize, seconds: f64| time - self.times[frame] > seconds;
        match (self.found, self.over) {
            (None, _) => {
                let n = self.frames.len();
                let out = (0..n).take_while(|&k| passed(k, self.reach.before_s));
                let out = out.count();
                if out >= BUNCH {
                    self.settle(out);
                }
            }
            (Some(found), Some(over)) => {
                if passed(found, self.reach.gap_s) && passed(over, self.reach.before_s) {
                    self.settle(over + 1);
                }
            }
            (Some(_), None) => {}
        }
    }

    /// Settles a part of a scene that has gone on for so long.
    fn settle_what_is_long(&mut self, time: f64) {
        let Some(start) = self.times.get(self.behind) else {
            return;
        };
        if time - start <= self.lengths.held_s() {
            return;
        }
        let until = |seconds: f64| self.times.partition_point(|t| t - start < seconds);
        let end = until(self.lengths.part_s);
        let shared = until(self.lengths.part_s + self.lengths.shared_s) - end;
        let context = until(self.lengths.part_s - self.lengths.around_s);
        self.cover(self.frames.len(), end, shared);
        self.forget(context);
    }

    /// Settles the first `n` frames, in which all is that was found.
    fn settle(&mut self, n: usize) {
        self.cover(n, n, 0);
        self.forget(n);
        // A long stretch leaves no large buffers behind.
        self.frames.shrink_to(BUNCH);
        self.times.shrink_to(BUNCH);
        (self.found, self.over) = (None, None);
    }

    /// Gives the frames up to `end` their cover, by what was found in the first `n`; `shared` frames
    /// after them are covered as well when it is their turn.
    fn cover(&mut self, n: usize, end: usize, shared: usize) {
        let part = self.behind.min(end)..end;
        self.behind = self.behind.max(end);
        if self.found.is_none() && self.seam.is_empty() {
            self.settled.extend(part.map(|_| FrameCover::default()));
            return;
        }
        let shot = Shot::new(self.size, self.first, &self.frames, &self.times[..n]);
        let tracks = &mut self.tracks;
        let covers = self.seam.cover(&shot, &self.settings, part, shared, tracks);
        self.settled.extend(covers);
    }

    /// Forgets the first `n` frames.
    fn forget(&mut self, n: usize) {
        self.frames.drain(..n);
        self.times.drain(..n);
        self.first += n;
        self.behind -= n;
        self.found = self.found.and_then(|k| k.checked_sub(n));
        self.over = self.over.and_then(|k| k.checked_sub(n));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sensitivity;
    use crate::shot::tests::{SIZE, clip, face};
    use scrim_units::PxBox;

    /// Most frames held at a time, over a clip of these frames.
    fn most_held(frames: Vec<FrameFacts>) -> usize {
        let settings = TrackSettings::for_sensitivity(Sensitivity::Publish);
        let mut tracker = ClipTracker::new(SIZE, settings);
        let held = frames.into_iter().map(|f| {
            tracker.push(f);
            tracker.held()
        });
        held.max().unwrap_or(0)
    }

    /// Seen for a second in ten.
    fn now_and_then(frame: usize) -> Vec<scrim_units::Sighting> {
        let at = PxBox::around(100.0, 90.0, 20.0, 20.0);
        vec![face(0.9, at); usize::from(frame % 250 < 25)]
    }

    #[test]
    fn of_an_empty_hour_a_few_seconds_are_held() {
        assert!(most_held(clip(90_000, |_| vec![])) < 100);
    }

    #[test]
    fn of_an_hour_with_visits_the_longest_one_is_held() {
        assert!(most_held(clip(90_000, now_and_then)) < 25 + 80 + 100);
    }

    #[test]
    fn a_cut_settles_all_before_it() {
        let mut frames = clip(400, |k| now_and_then(k % 25));
        (0..8).for_each(|k| frames[50 * k].cut = true);
        assert_eq!(most_held(frames), 50);
    }
}
