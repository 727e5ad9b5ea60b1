//! First pass over a video: decode every frame, look where the schedule says, keep boxes,
//! scores, times and coarse movement. No pixel outlives this pass.

use crate::cover::{Covering, Tracked};
use crate::error::JobError;
use crate::job::{Control, Engine, Step};
use crate::ledger::{Examined, Frames, KeepError, Looked};
use scrim_detect::{After, Guard, Prepared};
use scrim_engine::{Effect, Fault, Stage, effect};
use scrim_ff::Light;
use scrim_raw::{FrameInfo, ModelId};
use scrim_source::{Clip, ClipItem, ClipOptions, Damage, Dropped, Loss, SourceError, VideoFacts};
use scrim_track::{FrameFacts, Look, Schedule, TrackSummary};
use scrim_units::{Class, FrameId, Pass, Sighting};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use survey::{Surveyed, Surveyor};

mod survey;

/// Decoded frames that may wait to be surveyed.
const WAITING: usize = 3;

/// Surveyed frames that may wait for the detector. Usually it looks at every second one: while it
/// does, the one between waits here, and the next to look at is made ready.
const READY: usize = 1;

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

/// Examines the clip at `path` as at this pace; `witness` is told what each look found. What is
/// kept of a long one is kept in a file of `folder`. Whether the file is damaged is known at its
/// end: nothing of it may be told or written before.
pub(crate) fn examine(
    path: &Path,
    folder: &Path,
    pace: Pace,
    engine: &Engine,
    control: &Control,
    witness: &mut dyn FnMut(&Witnessed<'_>),
) -> Result<Examination, JobError> {
    let mut clip = Clip::open(path, options(engine, false))?;
    let video = clip.video().clone();
    let dropped = clip.dropped(engine.settings.video.keep_audio);
    let (sender, decoded) = sync_channel(WAITING);
    let (ready, surveyed) = sync_channel(READY);
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
        let surveyor = scope.spawn(|| survey_all(decoded, ready, &video, pace, engine));
        let start = |first: &FrameInfo| Looker::new(first, folder, pace, engine);
        let looked = look_at_all(surveyed, &video, start, control, witness);
        let schedule = surveyor.join();
        let clip = match decoder.join() {
            Ok(result) => result?,
            Err(_) => return Err(JobError::Unsteady("the decoder failed".into())),
        };
        // A clip without frames is an error of the decoder, which is told before this one.
        let none = JobError::Source(SourceError::NoFrames);
        let schedule = schedule.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let ((looker, first), schedule) = looked?.zip(schedule).ok_or(none)?;
        check_damage(clip.damage(), engine.settings.accept_damaged)?;
        Ok(Examination {
            frames: looker.frames,
            tracked: looker.covering.finish()?,
            first,
            light: clip.light().clone(),
            dropped,
            damage: clip.damage().clone(),
            model: looker.guard.model(),
            smallest: Class::ALL.map(|c| schedule.smallest(c)),
            longest_gap_s: schedule.longest_gap_s(),
            video: video.clone(),
        })
    })
}

/// Surveys the frames as they come, ahead of the look; the schedule by which it did, if there were
/// any. Dropping the receivers at an error ends it, and the decoder.
fn survey_all(
    decoded: Receiver<ClipItem>,
    ready: SyncSender<(FrameInfo, Surveyed)>,
    video: &VideoFacts,
    pace: Pace,
    engine: &Engine,
) -> Option<Schedule> {
    let mut surveyor: Option<Surveyor> = None;
    for item in decoded {
        let (info, surveyed) = match item {
            ClipItem::Frame(frame) => {
                let info = frame.info().clone();
                let surveyor =
                    surveyor.get_or_insert_with(|| Surveyor::new(&info, video, pace, engine));
                let surveyed = surveyor.survey(&frame);
                (info, surveyed)
            }
            ClipItem::Lost(id, info, why) => {
                surveyor.get_or_insert_with(|| Surveyor::new(&info, video, pace, engine));
                let seconds = info.pts.seconds();
                (info, Surveyed::lost(id, seconds, why))
            }
            ClipItem::Audio(_) => continue,
        };
        if ready.send((info, surveyed)).is_err() {
            break;
        }
    }
    surveyor.map(Surveyor::into_schedule)
}

/// Looks at the frames as they come, if any do. Dropping the receiver at an error ends the others.
fn look_at_all(
    frames: Receiver<(FrameInfo, Surveyed)>,
    video: &VideoFacts,
    start: impl Fn(&FrameInfo) -> Looker,
    control: &Control,
    witness: &mut dyn FnMut(&Witnessed<'_>),
) -> Result<Option<(Looker, FrameInfo)>, JobError> {
    let mut state: Option<(Looker, FrameInfo)> = None;
    for (info, surveyed) in frames {
        let (looker, _) = state.get_or_insert_with(|| (start(&info), info));
        looker.take(surveyed, witness)?;
        let done = looker.frames.len() as u64;
        control.step(Step::Examined(done, expected(video)))?;
    }
    Ok(state)
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
    fn new(first: &FrameInfo, folder: &Path, pace: Pace, engine: &Engine) -> Self {
        let track = engine.settings.track();
        Self {
            guard: engine.guard(),
            frames: Frames::new(folder),
            covering: Covering::new(first.size, pace, engine, folder),
            strong: Class::ALL.map(|c| track.of(c).strong),
            looked_s: None,
        }
    }

    fn take(
        &mut self,
        surveyed: Surveyed,
        witness: &mut dyn FnMut(&Witnessed<'_>),
    ) -> Result<(), KeepError> {
        let Surveyed {
            id, seconds, cut, ..
        } = surveyed;
        if cut {
            self.looked_s = None;
        }
        let mut facts = FrameFacts {
            time_s: seconds,
            cut,
            look: None,
            motion: surveyed.motion,
        };
        let look = match surveyed.due {
            Err(why) => Looked::Failed(Fault {
                stage: Stage::Decode,
                frame: Some(id.index),
                cause: lost(why).into(),
            }),
            Ok(None) => Looked::Not,
            Ok(Some(due)) => {
                let after = after(self.looked_s, seconds);
                let answer = self.look(id, due.picture, due.passes, after);
                self.looked_s = answer.is_ok().then_some(seconds);
                match answer {
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
                            smallest: due.smallest,
                        });
                        Looked::Found(found)
                    }
                }
            }
        };
        self.covering.push(facts)?;
        self.frames.push(Examined { id, seconds, look })
    }

    fn look(
        &mut self,
        id: FrameId,
        picture: Prepared,
        passes: Vec<Pass>,
        after: After,
    ) -> Result<Vec<Sighting>, Fault> {
        let (_, answer) = self.guard.look(picture, passes, after);
        answer.map_err(|e| Fault {
            stage: Stage::Detect,
            frame: Some(id.index),
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
