//! First pass over a video: decode every frame, look where the schedule says, keep boxes,
//! scores, times and coarse movement. No pixel outlives this pass.

use crate::cover::{Covering, Tracked};
use crate::error::JobError;
use crate::job::{Control, Engine, Step};
use crate::ledger::{Examined, Frames, Looked};
use scrim_detect::{After, Guard, Level, MotionSearch, Movement, Prepared};
use scrim_engine::{Effect, Fault, Stage, effect};
use scrim_ff::Light;
use scrim_raw::{FrameInfo, ModelId, RawFrame};
use scrim_source::{Clip, ClipItem, ClipOptions, Damage, Dropped, Loss, SourceError, VideoFacts};
use scrim_track::{CellMotion, FrameFacts, Look, MotionGrid, Schedule, TrackSummary};
use scrim_units::{Class, FrameId, Pass, Sighting, Size};
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};

/// Decoded frames that may wait for the detector.
const WAITING: usize = 3;

/// What is known of a video when a frame is covered. A file that is written has [`Pace::File`]:
/// its report tells all tracks, which a running camera forgets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// All of it.
    File,
    /// What came until so many seconds after the frame, as of a camera while it runs. Looks at a
    /// frame have a bounded cost.
    Live {
        /// Seconds.
        look_ahead_s: f64,
    },
}

/// Everything that one look found, for whoever measures.
pub(crate) struct Witnessed<'a> {
    pub(crate) id: FrameId,
    pub(crate) seconds: f64,
    pub(crate) sightings: &'a [Sighting],
}

/// What the first pass knows of a clip.
pub(crate) struct Examination {
    pub(crate) frames: Frames,
    /// None where the tracker failed.
    pub(crate) tracked: Option<Tracked>,
    pub(crate) first: FrameInfo,
    pub(crate) video: VideoFacts,
    pub(crate) light: Light,
    pub(crate) dropped: Vec<Dropped>,
    pub(crate) damage: Damage,
    pub(crate) model: ModelId,
    pub(crate) smallest: [f32; 2],
    pub(crate) longest_gap_s: f64,
}

impl Examination {
    /// The tracks; none where the tracker failed.
    pub(crate) fn tracks(&self) -> &[TrackSummary] {
        self.tracked.as_ref().map_or(&[], |t| &t.tracks)
    }
}

pub(crate) fn options(engine: &Engine, audio: bool) -> ClipOptions {
    ClipOptions {
        limits: engine.settings.limits,
        threads: engine.settings.threads,
        audio,
    }
}

/// Refuses a file of this damage, unless what can be decoded of such files was asked for.
fn check_damage(damage: &Damage, accepted: bool) -> Result<(), SourceError> {
    match damage.describe() {
        Some(what) if effect(Stage::of_damage(accepted)) != Effect::BlankFrame => {
            Err(SourceError::Damaged(what))
        }
        _ => Ok(()),
    }
}

/// Examines the clip at `path` as at this pace; `witness` is told what each look found. Whether the
/// file is damaged is known at its end: nothing of it may be told or written before.
pub(crate) fn examine(
    path: &Path,
    pace: Pace,
    engine: &Engine,
    control: &Control,
    witness: &mut dyn FnMut(&Witnessed<'_>),
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
                            return Ok(clip);
                        }
                    }
                    Ok(None) => return Ok(clip),
                    Err(e) => return Err(e),
                }
            }
        });
        let looked = look_at_all(frames, &video, pace, engine, control, witness);
        let clip = match decoder.join() {
            Ok(result) => result?,
            Err(_) => return Err(JobError::Unsteady("the decoder failed".into())),
        };
        let (looker, first) = looked?;
        check_damage(clip.damage(), engine.settings.accept_damaged)?;
        Ok(Examination {
            frames: looker.frames,
            tracked: looker.covering.finish(),
            first,
            video,
            light: clip.light().clone(),
            dropped,
            damage: clip.damage().clone(),
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
    pace: Pace,
    engine: &Engine,
    control: &Control,
    witness: &mut dyn FnMut(&Witnessed<'_>),
) -> Result<(Looker, FrameInfo), JobError> {
    let mut state: Option<(Looker, FrameInfo)> = None;
    for item in frames {
        let info = match &item {
            ClipItem::Frame(frame) => frame.info(),
            ClipItem::Lost(_, info, _) => info,
            ClipItem::Audio(_) => continue,
        };
        let start = || (Looker::new(info, video, pace, engine), info.clone());
        let (looker, _) = state.get_or_insert_with(start);
        match item {
            ClipItem::Frame(frame) => looker.take(frame, witness),
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
    frames: Frames,
    covering: Covering,
    /// Scores from which a sighting is certain, by class.
    strong: [f32; 2],
    /// When the last look was, if it did not fail and there was no cut since.
    looked_s: Option<f64>,
}

/// Longest time between two looks of which the second goes on from the first.
const GOES_ON_S: f64 = 0.5;

impl Looker {
    fn new(first: &FrameInfo, video: &VideoFacts, pace: Pace, engine: &Engine) -> Self {
        let upright = first.orientation.seen(first.size);
        let interval = video
            .average_rate
            .map_or(0.0, |(n, d)| f64::from(d) / f64::from(n));
        let track = engine.settings.track();
        Self {
            guard: engine.guard(),
            schedule: match pace {
                Pace::File => Schedule::new(upright, interval, engine.settings.sensitivity),
                Pace::Live { .. } => Schedule::live(upright, interval),
            },
            motion: MotionSearch::default(),
            stored: first.size,
            frames: Frames::default(),
            covering: Covering::new(first.size, pace, engine),
            strong: Class::ALL.map(|c| track.of(c).strong),
            looked_s: None,
        }
    }

    fn take(&mut self, frame: RawFrame, witness: &mut dyn FnMut(&Witnessed<'_>)) {
        let (id, seconds) = (frame.id(), frame.info().pts.seconds());
        let movement = self.motion.next(&frame, Level::best());
        let cut = movement.as_ref().is_some_and(|m| m.cut);
        if cut {
            self.looked_s = None;
        }
        let passes = self.schedule.look(seconds, cut);
        let smallest = self.schedule.smallest_in(&passes);
        let mut look = Looked::Not;
        let mut facts = FrameFacts {
            time_s: seconds,
            cut,
            look: None,
            motion: movement.and_then(|m| grid(&m, self.stored)),
        };
        if !passes.is_empty() {
            let after = after(self.looked_s, seconds);
            let answer = self.look(&frame, passes, after);
            self.looked_s = answer.is_ok().then_some(seconds);
            look = match answer {
                Err(fault) => Looked::Failed(fault),
                Ok(sightings) => {
                    witness(&Witnessed {
                        id,
                        seconds,
                        sightings: &sightings,
                    });
                    let certain = |s: &&Sighting| s.score >= self.strong[s.class.index()];
                    let found = sightings.iter().filter(certain).copied().collect();
                    facts.look = Some(Look {
                        sightings,
                        smallest,
                    });
                    Looked::Found(found)
                }
            };
        }
        self.covering.push(facts);
        self.frames.push(Examined { id, seconds, look });
    }

    /// A frame without a picture: nothing is known of it but its place.
    fn pass_over(&mut self, id: FrameId, seconds: f64, why: Loss) {
        self.covering.push(FrameFacts {
            time_s: seconds,
            cut: false,
            look: None,
            motion: None,
        });
        let look = Looked::Failed(Fault {
            stage: Stage::Decode,
            frame: Some(id.index),
            cause: lost(why).into(),
        });
        self.frames.push(Examined { id, seconds, look });
    }

    fn look(
        &mut self,
        frame: &RawFrame,
        passes: Vec<Pass>,
        after: After,
    ) -> Result<Vec<Sighting>, Fault> {
        let picture = Prepared::of(frame, Level::best());
        let (_, answer) = self.guard.look(picture, passes, after);
        answer.map_err(|e| Fault {
            stage: Stage::Detect,
            frame: Some(frame.id().index),
            cause: e.to_string(),
        })
    }
}

/// What a look comes after, if the last one that it may go on from was at `looked_s`.
fn after(looked_s: Option<f64>, seconds: f64) -> After {
    let goes_on = |last: f64| (last..=last + GOES_ON_S).contains(&seconds);
    if looked_s.is_some_and(goes_on) {
        After::LastLook
    } else {
        After::Nothing
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_goes_on_from_one_shortly_before_and_not_back_in_time() {
        assert_eq!(after(Some(2.0), 2.08), After::LastLook);
        for last in [None, Some(1.5), Some(2.1), Some(f64::NAN)] {
            assert_eq!(after(last, 2.08), After::Nothing, "{last:?}");
        }
    }
}
