//! Regions of a clip's frames, sealed one after the other as they are asked for, so that no more
//! than a few are ever held.

use crate::error::JobError;
use crate::examine::{Examination, Pace, examine};
use crate::fault::regions as regions_after;
use crate::job::{Control, Engine};
use crate::ledger::{Examined, KeepError, Looked};
use scrim_engine::{Fault, Stage};
use scrim_raw::{Examination as Look, Regions};
use scrim_units::{PxRect, Sighting};
use std::collections::VecDeque;
use std::path::Path;

/// Slack on the schedule's interval for rounding of times, seconds.
const SLACK_S: f64 = 0.002;

/// Longest time from a frame to the nearest look at which it is still shown, seconds.
pub(crate) fn limit_s(examined: &Examination) -> f64 {
    examined.longest_gap_s + SLACK_S
}

/// What was kept, in order.
type Kept<'a, T> = Box<dyn Iterator<Item = Result<T, KeepError>> + 'a>;

/// Seals every frame with what was tracked, in order.
pub(crate) struct Sealing<'a> {
    examined: &'a Examination,
    engine: &'a Engine,
    limit_s: f64,
    looks: Nearby<Kept<'a, Examined>>,
    /// What is filled; none where the tracker failed, and every frame is blanked.
    boxes: Option<Kept<'a, Vec<PxRect>>>,
    faults: Vec<Fault>,
}

impl<'a> Sealing<'a> {
    pub(crate) fn new(examined: &'a Examination, engine: &'a Engine) -> Self {
        let tracked = examined.tracked.as_ref();
        let whole = tracked.filter(|t| t.boxes.len() == examined.frames.len());
        let limit_s = limit_s(examined);
        Self {
            examined,
            engine,
            limit_s,
            looks: Nearby::new(Box::new(examined.frames.iter()), limit_s),
            boxes: whole.map(|t| Box::new(t.boxes.iter()) as _),
            faults: Vec::new(),
        }
    }

    /// What failed in the frames that were asked for, and before them.
    pub(crate) fn faults(mut self) -> Vec<Fault> {
        if self.boxes.is_none() {
            self.faults.push(tracker_failed());
        }
        self.faults
    }

    /// Regions of one frame.
    fn seal(&mut self, frame: &Examined) -> Result<Regions, JobError> {
        let boxes = self.boxes.as_mut().and_then(Iterator::next).transpose()?;
        let sealed = match (&frame.look, boxes) {
            (Looked::Failed(fault), _) => Err(fault.clone()),
            // Told once, at the end.
            (Looked::Not | Looked::Found(_), None) => {
                return regions_after(&tracker_failed(), frame.id);
            }
            (Looked::Not | Looked::Found(_), Some(boxes)) => self.regions(frame, boxes),
        };
        sealed.or_else(|fault| {
            let blank = regions_after(&fault, frame.id)?;
            self.faults.push(fault);
            Ok(blank)
        })
    }

    /// What was tracked, and zones.
    fn regions(&self, frame: &Examined, mut rects: Vec<PxRect>) -> Result<Regions, Fault> {
        let (size, turn) = (self.examined.first.size, self.examined.first.orientation);
        let looks: Vec<Look> = self.looks.near(frame).map(|f| self.look(f)).collect();
        let looks: Vec<&Look> = looks.iter().collect();
        let zones = &self.engine.settings.zones;
        rects.extend(zones.rects(frame.seconds, size, turn));
        let sealed = Regions::seal(frame.id, frame.seconds, size, &looks, self.limit_s, rects);
        sealed.map_err(|e| Fault {
            stage: Stage::Track,
            frame: Some(frame.id.index),
            cause: e.to_string(),
        })
    }

    fn look(&self, frame: &Examined) -> Look {
        let found: &[Sighting] = match &frame.look {
            Looked::Found(certain) => certain,
            Looked::Not | Looked::Failed(_) => &[],
        };
        Look {
            frame: frame.id,
            seconds: frame.seconds,
            area: self.examined.first.size.rect(),
            model: self.examined.model,
            found: found.to_vec(),
        }
    }
}

impl Iterator for Sealing<'_> {
    type Item = Result<Regions, JobError>;

    fn next(&mut self) -> Option<Self::Item> {
        let frame = self.looks.advance().transpose()?;
        Some(frame.map_err(JobError::from).and_then(|f| self.seal(&f)))
    }
}

fn tracker_failed() -> Fault {
    Fault {
        stage: Stage::Track,
        frame: None,
        cause: "the tracker failed, so every frame is blanked".into(),
    }
}

/// What would be filled in each frame of a video, in pixels: by `redact`, or with the same
/// settings while a camera runs. For measuring; nothing is written.
///
/// # Errors
/// [`JobError`], as at the first pass.
pub fn foresee(
    path: &Path,
    pace: Pace,
    engine: &Engine,
    control: &Control,
) -> Result<Vec<Vec<PxRect>>, JobError> {
    let folder = std::env::temp_dir();
    let examined = examine(path, &folder, pace, engine, control, &mut |_| {})?;
    let size = examined.first.size;
    let filled = |r: Regions| match r.blanked() {
        Some(_) => vec![size.rect()],
        None => r.rects().to_vec(),
    };
    let sealing = Sealing::new(&examined, engine);
    sealing.map(|regions| regions.map(filled)).collect()
}

/// Frames in order, with the looks next to each: its own, or else the nearest before it and,
/// within a limit of time, the nearest after it.
struct Nearby<I: Iterator<Item = Result<Examined, KeepError>>> {
    frames: I,
    limit_s: f64,
    before: Option<Examined>,
    /// Frames that were read ahead; the last of them may be the look after.
    ahead: VecDeque<Examined>,
}

impl<I: Iterator<Item = Result<Examined, KeepError>>> Nearby<I> {
    fn new(frames: I, limit_s: f64) -> Self {
        Self {
            frames,
            limit_s,
            before: None,
            ahead: VecDeque::new(),
        }
    }

    /// The next frame.
    fn advance(&mut self) -> Result<Option<Examined>, KeepError> {
        let frame = match self.ahead.pop_front() {
            Some(frame) => Some(frame),
            None => self.frames.next().transpose()?,
        };
        let Some(frame) = frame else {
            return Ok(None);
        };
        if seen(&frame) {
            self.before = Some(frame.clone());
        } else if !self.ahead.back().is_some_and(seen) {
            self.read_ahead(frame.seconds)?;
        }
        Ok(Some(frame))
    }

    /// Up to the next look, or to the first frame that is too far away for one to count; a time
    /// that is not a number is too far.
    fn read_ahead(&mut self, now_s: f64) -> Result<(), KeepError> {
        let within = |f: &Examined| f.seconds - now_s <= self.limit_s;
        while self.ahead.back().is_none_or(|f| !seen(f) && within(f)) {
            match self.frames.next() {
                Some(frame) => self.ahead.push_back(frame?),
                None => break,
            }
        }
        Ok(())
    }

    /// The looks next to the frame that came last.
    fn near(&self, frame: &Examined) -> impl Iterator<Item = &Examined> {
        let after = self.ahead.back().filter(|f| seen(f) && !seen(frame));
        self.before.iter().chain(after)
    }
}

fn seen(frame: &Examined) -> bool {
    matches!(frame.look, Looked::Found(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use scrim_units::FrameId;

    fn frame(k: usize, seconds: f64, seen: bool) -> Examined {
        Examined {
            id: FrameId {
                index: k as u64,
                pts: k as i64,
                checksum: 0,
            },
            seconds,
            look: if seen {
                Looked::Found(Vec::new())
            } else {
                Looked::Not
            },
        }
    }

    #[test]
    fn the_looks_next_to_a_frame_are_its_own_or_the_nearest_on_both_sides() {
        for pattern in 0..1_u32 << 9 {
            let seen = |k: usize| pattern >> k & 1 == 1;
            let frames = (0..9).map(|k| Ok(frame(k, k as f64, seen(k))));
            let mut nearby = Nearby::new(frames, 3.0);
            for k in 0..9 {
                let now = nearby.advance().unwrap().unwrap();
                let near: Vec<u64> = nearby.near(&now).map(|f| f.id.index).collect();
                let before = (0..=k).rev().find(|&n| seen(n));
                let after = (k + 1..9).find(|&n| seen(n)).filter(|_| !seen(k));
                // The first frame beyond the limit of 3 s is the last that is read.
                let after = after.filter(|n| n - k <= 4);
                let told: Vec<u64> = [before, after]
                    .iter()
                    .flatten()
                    .map(|&n| n as u64)
                    .collect();
                assert_eq!((now.id.index, near), (k as u64, told), "{pattern:09b}");
            }
        }
    }

    #[test]
    fn frames_without_a_look_are_not_read_ahead_for_ever() {
        for step in [0.04, f64::NAN] {
            let frames = (0..10_000).map(|k| Ok(frame(k, step * k as f64, false)));
            let mut nearby = Nearby::new(frames, 0.1);
            while nearby.advance().unwrap().is_some() {
                assert!(nearby.ahead.len() <= 4);
            }
        }
    }
}
