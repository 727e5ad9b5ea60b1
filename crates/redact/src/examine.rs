//! First pass over a video: decode every frame, look where the schedule says, keep boxes,
//! scores, times and coarse movement. No pixel outlives this pass.

use crate::error::JobError;
use crate::job::{Control, Engine, Step};
use scrim_detect::{Guard, Level, MotionSearch, Movement, Prepared};
use scrim_engine::{Fault, Stage};
use scrim_raw::{FrameInfo, ModelId, RawFrame};
use scrim_source::{Clip, ClipItem, ClipOptions, Damage, Dropped, Loss, VideoFacts};
use scrim_track::{CellMotion, FrameFacts, Look, MotionGrid, Schedule};
use scrim_units::{Class, FrameId, Pass, Sighting, Size};
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};

/// Decoded frames that may wait for the detector.
const WAITING: usize = 3;

/// What the first pass knows of one frame.
pub(crate) struct Examined {
    pub(crate) id: FrameId,
    pub(crate) seconds: f64,
    /// What was found, if the frame was looked at, or what failed.
    pub(crate) look: Option<Result<Vec<Sighting>, Fault>>,
}

/// What the first pass knows of a clip.
pub(crate) struct Examination {
    pub(crate) frames: Vec<Examined>,
    pub(crate) facts: Vec<FrameFacts>,
    pub(crate) first: FrameInfo,
    pub(crate) video: VideoFacts,
    pub(crate) dropped: Vec<Dropped>,
    pub(crate) damage: Damage,
    pub(crate) model: ModelId,
    pub(crate) smallest: [f32; 2],
    pub(crate) longest_gap_s: f64,
}

pub(crate) fn options(engine: &Engine, audio: bool) -> ClipOptions {
    ClipOptions {
        limits: engine.settings.limits,
        threads: engine.settings.threads,
        audio,
    }
}

/// Examines the clip at `path`.
pub(crate) fn examine(
    path: &Path,
    engine: &Engine,
    control: &Control,
) -> Result<Examination, JobError> {
    let mut clip = Clip::open(path, options(engine, false))?;
    let video = clip.video().clone();
    let dropped = clip.dropped(engine.settings.video.keep_audio);
    let (sender, frames) = sync_channel(WAITING);
    std::thread::scope(|scope| {
        let decoder = scope.spawn(move || {
            loop {
                match clip.advance() {
                    Ok(Some(ClipItem::Audio(_))) => {}
                    Ok(Some(item)) => {
                        if sender.send(item).is_err() {
                            return Ok(clip.damage().clone());
                        }
                    }
                    Ok(None) => return Ok(clip.damage().clone()),
                    Err(e) => return Err(e),
                }
            }
        });
        let looked = look_at_all(frames, &video, engine, control);
        let damage = match decoder.join() {
            Ok(result) => result?,
            Err(_) => return Err(JobError::Unsteady("the decoder failed".into())),
        };
        let (looker, first) = looked?;
        Ok(Examination {
            frames: looker.frames,
            facts: looker.facts,
            first,
            video,
            dropped,
            damage,
            model: looker.guard.model(),
            smallest: Class::ALL.map(|c| looker.schedule.smallest(c)),
            longest_gap_s: looker.schedule.longest_gap_s(),
        })
    })
}

/// Looks at the frames as they come. Dropping the receiver at an error ends the decoder.
fn look_at_all(
    frames: Receiver<ClipItem>,
    video: &VideoFacts,
    engine: &Engine,
    control: &Control,
) -> Result<(Looker, FrameInfo), JobError> {
    let mut state: Option<(Looker, FrameInfo)> = None;
    for item in frames {
        let info = match &item {
            ClipItem::Frame(frame) => frame.info(),
            ClipItem::Lost(_, info, _) => info,
            ClipItem::Audio(_) => continue,
        };
        let start = || (Looker::new(info, video, engine), info.clone());
        let (looker, _) = state.get_or_insert_with(start);
        match item {
            ClipItem::Frame(frame) => looker.take(frame),
            ClipItem::Lost(id, info, why) => looker.pass_over(id, info.pts.seconds(), why),
            ClipItem::Audio(_) => {}
        }
        let done = looker.frames.len() as u64;
        control.step(Step::Examined(done, expected(video)))?;
    }
    // A clip without frames is an error of the decoder, which is reported before this one.
    state.ok_or(JobError::Source(scrim_source::SourceError::NoFrames))
}

/// Frames that a clip says it has, or that follow from its length.
pub(crate) fn expected(video: &VideoFacts) -> Option<u64> {
    video.frames.or_else(|| {
        let (n, d) = video.average_rate?;
        Some((video.seconds? * f64::from(n) / f64::from(d)).round() as u64)
    })
}

struct Looker {
    guard: Guard,
    schedule: Schedule,
    motion: MotionSearch,
    stored: Size,
    frames: Vec<Examined>,
    facts: Vec<FrameFacts>,
}

impl Looker {
    fn new(first: &FrameInfo, video: &VideoFacts, engine: &Engine) -> Self {
        let upright = first.orientation.seen(first.size);
        let interval = video
            .average_rate
            .map_or(0.0, |(n, d)| f64::from(d) / f64::from(n));
        Self {
            guard: engine.guard(),
            schedule: Schedule::new(upright, interval, engine.settings.sensitivity),
            motion: MotionSearch::default(),
            stored: first.size,
            frames: Vec::new(),
            facts: Vec::new(),
        }
    }

    fn take(&mut self, frame: RawFrame) {
        let seconds = frame.info().pts.seconds();
        let movement = self.motion.next(&frame, Level::best());
        let cut = movement.as_ref().is_some_and(|m| m.cut);
        let passes = self.schedule.look(seconds, cut);
        let smallest = self.schedule.smallest_in(&passes);
        let id = frame.id();
        let look = (!passes.is_empty()).then(|| self.look(&frame, passes));
        self.facts.push(FrameFacts {
            time_s: seconds,
            cut,
            look: look
                .as_ref()
                .and_then(|l| l.as_ref().ok())
                .map(|found| Look {
                    sightings: found.clone(),
                    smallest,
                }),
            motion: movement.and_then(|m| grid(&m, self.stored)),
        });
        self.frames.push(Examined { id, seconds, look });
    }

    /// A frame without a picture: nothing is known of it but its place.
    fn pass_over(&mut self, id: FrameId, seconds: f64, why: Loss) {
        self.facts.push(FrameFacts {
            time_s: seconds,
            cut: false,
            look: None,
            motion: None,
        });
        let fault = Fault {
            stage: Stage::Decode,
            frame: Some(id.index),
            cause: lost(why).into(),
        };
        let look = Some(Err(fault));
        self.frames.push(Examined { id, seconds, look });
    }

    fn look(&mut self, frame: &RawFrame, passes: Vec<Pass>) -> Result<Vec<Sighting>, Fault> {
        let picture = Prepared::of(frame, Level::best());
        let (_, answer) = self.guard.look(picture, passes);
        answer.map_err(|e| Fault {
            stage: Stage::Detect,
            frame: Some(frame.id().index),
            cause: e.to_string(),
        })
    }
}

/// Why a frame has no picture, for the report.
pub(crate) fn lost(why: Loss) -> &'static str {
    match why {
        Loss::Missing => "it is missing: its data cannot be decoded",
        Loss::Broken => "it decodes with errors",
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
