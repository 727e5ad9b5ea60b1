//! Checks around a detector: deadline, panic, senseless answers.
//!
//! The detector runs on a thread of its own, so that one that hangs is left behind and a fresh
//! one takes its place. Whatever happens, the answer is a list of sane sightings or an error
//! that blanks the frame.

use crate::look::{After, DetectError, Detector};
use crate::preprocess::Prepared;
use scrim_raw::ModelId;
use scrim_units::{Pass, Sighting, Size};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// More sightings in one frame than any scene holds: the answer is noise.
const MOST_SIGHTINGS: usize = 20_000;

/// A box may reach past the frame by this many frame sizes; farther is senseless.
const FARTHEST: f32 = 3.0;

/// Makes a fresh detector after one was lost.
pub type Factory = Box<dyn Fn() -> Box<dyn Detector> + Send>;

type Job = (Prepared, Vec<Pass>, After);
type Answer = (Prepared, Result<Vec<Sighting>, DetectError>);

/// A detector behind its checks.
pub struct Guard {
    factory: Factory,
    worker: Worker,
    deadline: Duration,
    model: ModelId,
}

struct Worker {
    jobs: Sender<Job>,
    answers: Receiver<Answer>,
}

impl Guard {
    /// Guards detectors made by `factory`; `deadline` is the longest wait for one look.
    #[must_use]
    pub fn new(factory: Factory, deadline: Duration) -> Self {
        let detector = factory();
        let model = detector.model();
        Self {
            worker: Worker::start(detector),
            factory,
            deadline,
            model,
        }
    }

    /// Which model looks.
    #[must_use]
    pub fn model(&self) -> ModelId {
        self.model
    }

    /// One look. The picture comes back when the detector gave it back.
    pub fn look(
        &mut self,
        picture: Prepared,
        passes: Vec<Pass>,
        after: After,
    ) -> (Option<Prepared>, Result<Vec<Sighting>, DetectError>) {
        let size = picture.stored();
        if self.worker.jobs.send((picture, passes, after)).is_err() {
            self.replace();
            return (None, Err(DetectError::Panicked("its thread ended".into())));
        }
        match self.worker.answers.recv_timeout(self.deadline) {
            Ok((picture, answer)) => {
                if matches!(answer, Err(DetectError::Panicked(_))) {
                    self.replace();
                }
                (Some(picture), answer.and_then(|found| sane(found, size)))
            }
            Err(RecvTimeoutError::Timeout) => {
                self.replace();
                (None, Err(DetectError::Late(self.deadline)))
            }
            Err(RecvTimeoutError::Disconnected) => {
                self.replace();
                (None, Err(DetectError::Panicked("its thread ended".into())))
            }
        }
    }

    fn replace(&mut self) {
        self.worker = Worker::start((self.factory)());
    }
}

impl Worker {
    fn start(mut detector: Box<dyn Detector>) -> Self {
        let (jobs, inbox) = channel::<Job>();
        let (outbox, answers) = channel::<Answer>();
        std::thread::spawn(move || {
            for (picture, passes, after) in inbox {
                let look = AssertUnwindSafe(|| detector.look(&picture, &passes, after));
                let answer = catch_unwind(look)
                    .unwrap_or_else(|payload| Err(DetectError::Panicked(words(payload.as_ref()))));
                if outbox.send((picture, answer)).is_err() {
                    return;
                }
            }
        });
        Self { jobs, answers }
    }
}

fn words(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "panic".into())
}

/// The sightings, if all of them make sense.
fn sane(found: Vec<Sighting>, size: Size) -> Result<Vec<Sighting>, DetectError> {
    if found.len() > MOST_SIGHTINGS {
        return Err(DetectError::Absurd(format!("{} boxes", found.len())));
    }
    let (w, h) = (size.width as f32, size.height as f32);
    for s in &found {
        if !s.at.is_sane() || !(0.0..=1.0).contains(&s.score) {
            return Err(DetectError::Absurd(
                "a box or score that is no number".into(),
            ));
        }
        let far = s.at.x0 < -FARTHEST * w
            || s.at.y0 < -FARTHEST * h
            || s.at.x1 > (1.0 + FARTHEST) * w
            || s.at.y1 > (1.0 + FARTHEST) * h;
        if far {
            return Err(DetectError::Absurd("a box far outside the frame".into()));
        }
    }
    Ok(found)
}
