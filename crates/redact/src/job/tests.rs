//! Faults of what tracks and of what fills, on real files through the real job. Neither can be
//! made to fail from outside, so others stand in their place here.

#[path = "../../tests/footage/mod.rs"]
mod footage;

use super::*;
use crate::cover::Tracking;
use footage::{Scratch, SeesBox, box_is_black, ffmpeg, is_black, planes_of};
use scrim_protocol::Report;
use scrim_raw::{Fill, RawFrame, RawJpeg, RedactedFrame, RedactedJpeg, Regions};
use scrim_sink::Container;
use scrim_source::PhotoFormat;
use scrim_track::{FrameCover, FrameFacts, TrackSettings, TrackSummary};
use scrim_units::Size;
use std::path::{Path, PathBuf};

const FRAMES: u64 = 24;

/// The frame in which something fails.
const BAD: u64 = 12;

fn engine() -> Engine {
    let settings = JobSettings {
        threads: 2,
        ..JobSettings::default()
    };
    let factory = || Box::new(SeesBox) as Box<dyn Detector>;
    Engine::with_detector(settings, Duration::from_secs(20), Arc::new(factory))
}

fn run(source: &Path, target: &Path, kind: Kind, engine: &Engine) -> (Done, Report) {
    let file = Planned {
        source: source.to_owned(),
        target: target.to_owned(),
        kind,
        doubtful: false,
    };
    let done = redact_file(&file, engine, &Control::silent()).unwrap();
    let report = std::fs::read(crate::report::report_path(target)).unwrap();
    (done, serde_json::from_slice(&report).unwrap())
}

/// Runs a video, and holds every frame against what should be blank.
fn run_video(name: &str, engine: &Engine, blank: impl Fn(u64) -> bool) -> Report {
    let scratch = Scratch::new(name);
    let source = scratch.video("in.mkv", FRAMES as u32);
    let target = scratch.path("out.mkv");
    let (done, report) = run(&source, &target, Kind::Video(Container::Mkv), engine);
    let mut frames = 0;
    planes_of(&target, |n, luma| {
        assert!(box_is_black(luma), "frame {n} shows the box");
        assert_eq!(is_black(luma), blank(n), "frame {n}");
        frames += 1;
    });
    assert_eq!((frames, done.frames), (FRAMES, FRAMES));
    assert_eq!(
        done.blanked,
        (0..FRAMES).filter(|n| blank(*n)).count() as u64
    );
    assert_eq!(scratch.names(), ["in.mkv", "out.mkv", "out.mkv.scrim.json"]);
    report
}

fn assert_one_fault(report: &Report, stage: &str, frame: Option<u64>, reason: &str) {
    assert_eq!(report.faults.len(), 1, "{:?}", report.faults);
    assert_eq!(
        (&*report.faults[0].stage, report.faults[0].frame),
        (stage, frame)
    );
    assert_eq!(report.blanked.len(), 1, "{:?}", report.blanked);
    assert_eq!(
        (report.blanked[0].from, &*report.blanked[0].reason),
        (frame.unwrap_or(0), reason)
    );
}

/// The tracker, and what becomes of its answers: of the covers of the next frames, the first of
/// which has this number, and whether they are the last.
struct Spoilt {
    inner: Box<dyn Tracking>,
    next: usize,
    spoil: fn(&mut Vec<FrameCover>, usize, bool),
}

impl Tracking for Spoilt {
    fn push(&mut self, frame: FrameFacts) {
        self.inner.push(frame);
    }

    fn take_settled(&mut self) -> Vec<FrameCover> {
        let mut covers = self.inner.take_settled();
        let first = self.next;
        self.next += covers.len();
        (self.spoil)(&mut covers, first, false);
        covers
    }

    fn finish(self: Box<Self>) -> (Vec<FrameCover>, Vec<TrackSummary>) {
        let (mut covers, tracks) = self.inner.finish();
        (self.spoil)(&mut covers, self.next, true);
        (covers, tracks)
    }
}

fn spoilt(
    size: Size,
    settings: TrackSettings,
    spoil: fn(&mut Vec<FrameCover>, usize, bool),
) -> Box<dyn Tracking> {
    Box::new(Spoilt {
        inner: crate::cover::TRACKS(size, settings),
        next: 0,
        spoil,
    })
}

/// A tracker that panics at the first frame.
struct Panics;

impl Tracking for Panics {
    fn push(&mut self, _: FrameFacts) {
        panic!("scripted")
    }

    fn take_settled(&mut self) -> Vec<FrameCover> {
        Vec::new()
    }

    fn finish(self: Box<Self>) -> (Vec<FrameCover>, Vec<TrackSummary>) {
        (Vec::new(), Vec::new())
    }
}

fn panics(_: Size, _: TrackSettings) -> Box<dyn Tracking> {
    Box::new(Panics)
}

fn panics_when_done(size: Size, settings: TrackSettings) -> Box<dyn Tracking> {
    spoilt(size, settings, |_, _, last| assert!(!last, "scripted"))
}

fn leaves_out_one(size: Size, settings: TrackSettings) -> Box<dyn Tracking> {
    spoilt(size, settings, |covers, first, _| {
        let at = (BAD as usize).checked_sub(first);
        if let Some(frame) = at.and_then(|at| covers.get_mut(at)) {
            frame.boxes.clear();
        }
    })
}

fn leaves_out_all(size: Size, settings: TrackSettings) -> Box<dyn Tracking> {
    spoilt(size, settings, |covers, _, _| {
        covers.iter_mut().for_each(|f| f.boxes.clear());
    })
}

fn forgets_frames(size: Size, settings: TrackSettings) -> Box<dyn Tracking> {
    spoilt(size, settings, |covers, _, last| {
        if last {
            covers.pop();
        }
    })
}

/// Boxes of each frame, with which those of all frames are more than is held in memory.
const MUCH: usize = 20_000;

fn covers_much(size: Size, settings: TrackSettings) -> Box<dyn Tracking> {
    spoilt(size, settings, |covers, _, _| {
        for frame in covers {
            let boxes = frame.boxes.iter().copied().cycle();
            frame.boxes = boxes.take(MUCH).collect();
        }
    })
}

fn with_tracker(tracks: Tracks) -> Engine {
    Engine { tracks, ..engine() }
}

#[test]
fn without_faults_no_frame_is_blank() {
    let report = run_video("job-none", &engine(), |_| false);
    assert!(report.faults.is_empty() && report.blanked.is_empty());
}

#[test]
fn a_tracker_that_panics_leaves_a_black_video_and_says_so() {
    let report = run_video("job-track-panic", &with_tracker(panics), |_| true);
    assert_one_fault(&report, "track", None, "tracker");
}

#[test]
fn a_tracker_that_panics_after_its_work_leaves_a_black_video_and_says_so() {
    let report = run_video("job-track-late", &with_tracker(panics_when_done), |_| true);
    assert_one_fault(&report, "track", None, "tracker");
}

#[test]
fn a_cover_that_leaves_out_a_sighted_box_blanks_that_frame_and_no_other() {
    let engine = with_tracker(leaves_out_one);
    let report = run_video("job-track-one", &engine, |n| n == BAD);
    assert_one_fault(&report, "track", Some(BAD), "tracker");
}

#[test]
fn a_tracker_that_leaves_out_everything_leaves_a_black_video() {
    let report = run_video("job-track-all", &with_tracker(leaves_out_all), |_| true);
    assert!(report.faults.iter().all(|f| f.stage == "track"));
    assert!(report.blanked.iter().all(|b| b.reason != "painter"));
}

#[test]
fn a_cover_of_too_few_frames_is_none() {
    let report = run_video("job-track-few", &with_tracker(forgets_frames), |_| true);
    assert_one_fault(&report, "track", None, "tracker");
}

#[test]
fn what_is_more_than_memory_holds_is_kept_elsewhere_and_comes_back() {
    let report = run_video("job-keep", &with_tracker(covers_much), |_| false);
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    let told: u64 = report.regions.iter().map(|s| s.frames).sum();
    assert_eq!(told, FRAMES);
    assert!(report.regions.iter().all(|s| s.fill.len() == MUCH));
}

#[test]
fn where_what_was_found_cannot_be_kept_the_file_is_given_up() {
    let scratch = Scratch::new("job-unkept");
    let file = Planned {
        source: scratch.video("in.mkv", FRAMES as u32),
        // A folder in which nobody can make a file.
        target: PathBuf::from("/proc/out.mkv"),
        kind: Kind::Video(Container::Mkv),
        doubtful: false,
    };
    let engine = with_tracker(covers_much);
    let error = redact_file(&file, &engine, &Control::silent()).unwrap_err();
    assert!(matches!(error, JobError::Keep(_)), "{error}");
    assert!(error.to_string().contains("/proc"), "{error}");
    assert!(!error.is_refusal());
}

/// Empties what was kept of the video in the folder `job-unread`, once the second pass has begun.
fn loses_what_was_kept(frame: RawFrame, regions: &Regions, how: Fill) -> RedactedFrame {
    for fd in std::fs::read_dir("/proc/self/fd").unwrap().flatten() {
        let name = std::fs::read_link(fd.path()).unwrap_or_default();
        let name = name.to_string_lossy();
        if name.contains("job-unread") && name.ends_with("(deleted)") {
            let kept = std::fs::File::options().write(true).open(fd.path());
            kept.unwrap().set_len(0).unwrap();
        }
    }
    (FILLS.frame)(frame, regions, how)
}

#[test]
fn where_what_was_kept_is_lost_the_file_is_given_up_and_nothing_is_left() {
    let scratch = Scratch::new("job-unread");
    let file = Planned {
        source: scratch.video("in.mkv", FRAMES as u32),
        target: scratch.path("out.mkv"),
        kind: Kind::Video(Container::Mkv),
        doubtful: false,
    };
    let engine = Engine {
        fills: Fills {
            frame: loses_what_was_kept,
            ..FILLS
        },
        ..with_tracker(covers_much)
    };
    let error = redact_file(&file, &engine, &Control::silent()).unwrap_err();
    assert!(matches!(error, JobError::Keep(_)), "{error}");
    assert_eq!(scratch.names(), ["in.mkv"]);
}

fn with_fills(fills: Fills) -> Engine {
    Engine { fills, ..engine() }
}

fn panics_at_one(frame: RawFrame, regions: &Regions, how: Fill) -> RedactedFrame {
    assert_ne!(frame.id().index, BAD, "scripted");
    (FILLS.frame)(frame, regions, how)
}

fn panics_after_one(frame: RawFrame, regions: &Regions, how: Fill) -> RedactedFrame {
    let index = frame.id().index;
    let filled = (FILLS.frame)(frame, regions, how);
    assert_ne!(index, BAD, "scripted");
    filled
}

#[test]
fn a_frame_whose_filling_fails_is_blank_and_no_other() {
    for (name, frame) in [
        ("job-fill", panics_at_one as fn(_, &_, _) -> _),
        ("job-filled", panics_after_one),
    ] {
        let engine = with_fills(Fills { frame, ..FILLS });
        let report = run_video(name, &engine, |n| n == BAD);
        assert_one_fault(&report, "redact", Some(BAD), "painter");
    }
}

#[test]
fn a_photo_whose_tracker_or_filling_fails_is_black() {
    const NEVER: Fills = Fills {
        frame: |_: RawFrame, _: &Regions, _: Fill| -> RedactedFrame { panic!("scripted") },
        jpeg: |_: RawJpeg, _: &Regions, _: Fill| -> RedactedJpeg { panic!("scripted") },
    };
    const LATE: Fills = Fills {
        frame: |frame, regions, how| {
            drop((FILLS.frame)(frame, regions, how));
            panic!("scripted")
        },
        jpeg: |jpeg, regions, how| {
            drop((FILLS.jpeg)(jpeg, regions, how));
            panic!("scripted")
        },
    };
    let scratch = Scratch::new("job-photo");
    let video = scratch.video("in.mkv", 1);
    for (name, format) in [("in.png", PhotoFormat::Png), ("in.jpg", PhotoFormat::Jpeg)] {
        let source = scratch.path(name);
        ffmpeg(&["-i", video.to_str().unwrap()], &source);
        for (engine, stage, reason) in [
            (with_tracker(panics), "track", "tracker"),
            (with_tracker(leaves_out_all), "track", "tracker"),
            (with_fills(NEVER), "redact", "painter"),
            (with_fills(LATE), "redact", "painter"),
        ] {
            let target = scratch.path(&format!("out-{name}"));
            let (done, report) = run(&source, &target, Kind::Photo(format), &engine);
            assert_eq!(
                (done.blanked, &*report.faults[0].stage),
                (1, stage),
                "{name}"
            );
            assert_eq!(report.blanked[0].reason, reason);
            let pixels = image::open(&target).unwrap().to_luma8();
            assert!(pixels.iter().all(|v| *v == 0), "{name} is not black");
        }
    }
}

#[test]
fn with_other_weights_of_any_stage_it_is_another_model() {
    let facts = |second: Option<&str>, third: Option<&str>| ModelFacts {
        name: "city".into(),
        sha256: "ab".into(),
        second_sha256: second.map(str::to_owned),
        third_sha256: third.map(str::to_owned),
        level: "avx2".into(),
    };
    let ids = [
        facts(None, None),
        facts(Some("cd"), None),
        facts(Some("cd"), Some("ef")),
        facts(Some("cd"), Some("01")),
    ];
    let ids = ids.map(|facts| facts.id());
    for (at, id) in ids.iter().enumerate() {
        assert!(!ids[..at].contains(id), "{at}");
    }
}
