//! The fault table, each row on a real file through real decoders and encoders: what fails is
//! blanked or nothing is written, and the report says so. The detector is scripted, for its
//! faults cannot be caused otherwise.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod footage;

use footage::{BOX, Scratch, planes_of};
use scrim_detect::{After, DetectError, Detector, Prepared};
use scrim_protocol::Report;
use scrim_raw::ModelId;
use scrim_redact::{
    Control, Done, Engine, JobError, JobSettings, Request, find, plan, redact_file,
};
use scrim_units::{Class, Pass, PxBox, Sighting};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Longest wait for a scripted answer.
const DEADLINE: Duration = Duration::from_millis(300);

/// What the scripted detector does at a look.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Act {
    Find,
    Error,
    Panic,
    Hang,
    Late,
    NotANumber,
    Inverted,
    FarAway,
    TooMany,
    BadScore,
}

/// Everything that can go wrong, once each.
const FAULTS: [Act; 9] = [
    Act::Error,
    Act::Panic,
    Act::Hang,
    Act::NotANumber,
    Act::Inverted,
    Act::FarAway,
    Act::TooMany,
    Act::BadScore,
    Act::Late,
];

struct Scripted(Arc<dyn Fn(u64) -> Act + Send + Sync>);

impl Detector for Scripted {
    fn look(
        &mut self,
        picture: &Prepared,
        _: &[Pass],
        _: After,
    ) -> Result<Vec<Sighting>, DetectError> {
        let face = |at, score| Sighting {
            class: Class::Face,
            score,
            at,
        };
        let far = PxBox {
            x0: 1e9,
            x1: 2e9,
            ..BOX
        };
        match (self.0)(picture.id().index) {
            Act::Find => Ok(vec![face(BOX, 0.9)]),
            Act::Error => Err(DetectError::Absurd("scripted".into())),
            Act::Panic => panic!("scripted"),
            Act::Hang => {
                std::thread::sleep(DEADLINE * 4);
                Ok(vec![])
            }
            // The right answer, when nobody waits for it any more.
            Act::Late => {
                std::thread::sleep(DEADLINE * 4);
                Ok(vec![face(BOX, 0.9)])
            }
            Act::NotANumber => Ok(vec![face(
                PxBox {
                    x0: f32::NAN,
                    ..BOX
                },
                0.9,
            )]),
            Act::Inverted => Ok(vec![face(PxBox { x1: 0.0, ..BOX }, 0.9)]),
            Act::FarAway => Ok(vec![face(far, 0.9)]),
            Act::TooMany => Ok(vec![face(BOX, 0.9); 100_000]),
            Act::BadScore => Ok(vec![face(BOX, f32::INFINITY)]),
        }
    }

    fn model(&self) -> ModelId {
        ModelId([7; 32])
    }
}

fn engine(script: impl Fn(u64) -> Act + Send + Sync + 'static) -> Engine {
    let script: Arc<dyn Fn(u64) -> Act + Send + Sync> = Arc::new(script);
    let factory = move || -> Box<dyn Detector> { Box::new(Scripted(script.clone())) };
    let settings = JobSettings {
        threads: 2,
        ..JobSettings::default()
    };
    Engine::with_detector(settings, DEADLINE, Arc::new(factory))
}

fn redact(source: &Path, target: &Path, engine: &Engine) -> Result<Done, JobError> {
    let request = Request {
        inputs: vec![source.to_owned()],
        output: Some(target.to_owned()),
        overwrite: true,
        ..Request::default()
    };
    let plan = plan(&request).unwrap();
    assert!(plan.refused.is_empty(), "{:?}", plan.refused);
    redact_file(&plan.files[0], engine, &Control::silent())
}

fn report_of(target: &Path) -> Report {
    let mut name = target.file_name().unwrap().to_owned();
    name.push(".scrim.json");
    serde_json::from_slice(&std::fs::read(target.with_file_name(name)).unwrap()).unwrap()
}

/// Every frame of a lossless output: the box is black in all of them, and frames named are
/// black throughout. Returns how many frames there were.
fn assert_no_raw_box(target: &Path, blank: impl Fn(u64) -> bool) -> u64 {
    let mut count = 0;
    planes_of(target, |n, luma| {
        assert!(footage::box_is_black(luma), "frame {n} shows the box");
        if blank(n) {
            assert!(footage::is_black(luma), "frame {n} is not blank");
        } else {
            assert!(
                !footage::is_black(luma),
                "frame {n} is blank without a reason"
            );
        }
        count += 1;
    });
    count
}

#[test]
fn every_fault_of_the_detector_blanks_its_frame_and_no_other() {
    let scratch = Scratch::new("each");
    let source = scratch.video("in.mkv", 40);
    for act in FAULTS {
        let target = scratch.path(&format!("{act:?}.mkv"));
        // Frame 20 is looked at: the footage is slow enough that every frame is.
        let done = redact(
            &source,
            &target,
            &engine(move |n| if n == 20 { act } else { Act::Find }),
        );
        let done = done.unwrap();
        assert_eq!((done.frames, done.blanked), (40, 1), "{act:?}");
        assert_no_raw_box(&target, |n| n == 20);
        let report = report_of(&target);
        assert_eq!(report.blanked[0].from, 20);
        assert_eq!(report.blanked[0].reason, "detector");
        assert_eq!((report.faults.len(), report.faults[0].frame), (1, Some(20)));
    }
}

#[test]
fn whoever_asks_for_boxes_alone_is_told_of_a_look_that_failed() {
    let scratch = Scratch::new("asked");
    let source = scratch.video("in.mkv", 20);
    let photo = scratch.path("in.png");
    image::RgbImage::from_pixel(200, 200, image::Rgb([255; 3]))
        .save(&photo)
        .unwrap();
    for act in [Act::Error, Act::Panic, Act::BadScore] {
        for file in [&source, &photo] {
            let found = find(file, &engine(move |_| act), &Control::silent());
            let told = matches!(&found, Err(JobError::Fault(f)) if f.frame == Some(0));
            assert!(told, "{act:?}, {}: {found:?}", file.display());
        }
    }
    // One look of many is enough.
    let once = |n: u64| if n == 7 { Act::Error } else { Act::Find };
    let found = find(&source, &engine(once), &Control::silent());
    let told = matches!(&found, Err(JobError::Fault(f)) if f.frame == Some(7));
    assert!(told, "{found:?}");
    let found = find(&source, &engine(|_| Act::Find), &Control::silent()).unwrap();
    assert_eq!(found.len(), 20);
}

#[test]
fn a_detector_that_never_answers_rightly_leaves_a_black_video_and_says_so() {
    let scratch = Scratch::new("never");
    let source = scratch.video("in.mkv", 20);
    let target = scratch.path("out.mkv");
    let done = redact(&source, &target, &engine(|_| Act::Error)).unwrap();
    assert_eq!(done.blanked, 20);
    assert_eq!(assert_no_raw_box(&target, |_| true), 20);
    assert_eq!(report_of(&target).faults.len(), 20);
}

#[test]
fn a_report_that_cannot_be_written_takes_the_output_with_it() {
    let scratch = Scratch::new("report");
    let source = scratch.video("in.mkv", 5);
    let target = scratch.path("out.mkv");
    // A folder stands where the report should go.
    std::fs::create_dir(scratch.path("out.mkv.scrim.json")).unwrap();
    let failed = redact(&source, &target, &engine(|_| Act::Find));
    assert!(matches!(failed, Err(JobError::Report { .. })), "{failed:?}");
    assert!(!target.exists());
    assert!(!scratch.path("out.mkv.part").exists());
}

#[test]
fn an_input_that_changes_while_it_is_read_is_refused_and_nothing_is_left() {
    let scratch = Scratch::new("changes");
    let source = scratch.video("in.mkv", 30);
    let target = scratch.path("out.mkv");
    let grows = source.clone();
    let engine = engine(move |n| {
        if n == 10 {
            use std::io::Write;
            let mut file = std::fs::File::options().append(true).open(&grows).unwrap();
            file.write_all(b"more").unwrap();
        }
        Act::Find
    });
    let refused = redact(&source, &target, &engine);
    assert!(matches!(refused, Err(JobError::Source(_))), "{refused:?}");
    assert_eq!(scratch.names(), ["in.mkv"]);
}

#[test]
fn a_frame_that_is_another_one_the_second_time_is_blank() {
    const FRAMES: u32 = 40;
    const CHANGED: u64 = 30;
    let scratch = Scratch::new("swapped");
    let noise = scratch.video("noise.mkv", FRAMES);
    // Frames as they are, one after the other: one can be exchanged in place.
    let source = scratch.path("in.y4m");
    footage::ffmpeg(&["-i", noise.to_str().unwrap()], &source);
    let target = scratch.path("out.mkv");
    let path = source.clone();
    let control = Control::new(
        Arc::default(),
        Arc::new(move |step| {
            if step == scrim_redact::Step::Written(1, FRAMES.into()) {
                exchange(&path, CHANGED as usize);
            }
        }),
    );
    let file = scrim_redact::Planned {
        source,
        target: target.clone(),
        kind: scrim_redact::Kind::Video(scrim_sink::Container::Mkv),
        doubtful: false,
    };
    let mut engine = engine(|_| Act::Find);
    engine.settings.video.codec = Some(scrim_sink::Codec::Ffv1);
    let done = redact_file(&file, &engine, &control).unwrap();
    assert_eq!((done.frames, done.blanked), (u64::from(FRAMES), 1));
    assert_no_raw_box(&target, |n| n == CHANGED);
    let report = report_of(&target);
    assert_eq!(&*report.blanked[0].reason, "decoder");
    assert_eq!(&*report.faults[0].stage, "decode");
    assert_eq!(report.faults[0].frame, Some(CHANGED));
}

/// Turns the pixels of one frame of a y4m file, and leaves its length and time as they were.
fn exchange(path: &Path, frame: usize) {
    let before = std::fs::metadata(path).unwrap().modified().unwrap();
    let mut bytes = std::fs::read(path).unwrap();
    let line = |at: &[u8]| at.iter().position(|b| *b == b'\n').unwrap() + 1;
    let head = line(&bytes);
    let mark = line(&bytes[head..]);
    let pixels = footage::WIDTH * footage::HEIGHT * 3 / 2;
    let begin = head + frame * (mark + pixels) + mark;
    bytes[begin..begin + pixels]
        .iter_mut()
        .for_each(|b| *b ^= 0x55);
    // In place: another file would have another number.
    use std::io::Write;
    let mut file = std::fs::File::options().write(true).open(path).unwrap();
    file.write_all(&bytes).unwrap();
    file.set_modified(before).unwrap();
}

#[test]
fn a_job_that_is_stopped_leaves_nothing() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let scratch = Scratch::new("stopped");
    let source = scratch.video("in.mkv", 30);
    let target = scratch.path("out.mkv");
    for at in [3, 45] {
        let stop = Arc::new(AtomicBool::new(false));
        let (flag, seen) = (stop.clone(), std::sync::atomic::AtomicU64::new(0));
        let control = Control::new(
            stop,
            Arc::new(move |_| {
                if seen.fetch_add(1, Ordering::Relaxed) == at {
                    flag.store(true, Ordering::Relaxed);
                }
            }),
        );
        let file = scrim_redact::Planned {
            source: source.clone(),
            target: target.clone(),
            kind: scrim_redact::Kind::Video(scrim_sink::Container::Mkv),
            doubtful: false,
        };
        let stopped = redact_file(&file, &engine(|_| Act::Find), &control);
        assert!(matches!(stopped, Err(JobError::Stopped)), "{stopped:?}");
        assert_eq!(scratch.names(), ["in.mkv"]);
    }
}

#[test]
fn a_leftover_that_is_a_link_is_removed_and_not_written_through() {
    let scratch = Scratch::new("link");
    let source = scratch.video("in.mkv", 5);
    let elsewhere = scratch.path("elsewhere");
    std::fs::write(&elsewhere, b"precious").unwrap();
    std::os::unix::fs::symlink(&elsewhere, scratch.path("out.mkv.part")).unwrap();
    let target = scratch.path("out.mkv");
    redact(&source, &target, &engine(|_| Act::Find)).unwrap();
    assert!(!target.is_symlink());
    assert_eq!(std::fs::read(&elsewhere).unwrap(), b"precious");
}

#[test]
#[ignore = "100,000 frames, minutes"]
fn a_hundred_thousand_frames_with_random_faults_show_no_raw_box() {
    let scratch = Scratch::new("many");
    let mut frames = 0;
    for round in 0..10u64 {
        let source = scratch.video("in.mkv", 10_000);
        let target = scratch.path("out.mkv");
        let script = move |n: u64| {
            let dice = (n + 7919 * round).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
            // Hanging costs the deadline each time: rarely. The others: one look in eight.
            match dice % 64 {
                0..8 if dice % 64 == 2 && dice % 4096 != 2 => Act::Error,
                k @ 0..8 => FAULTS[k as usize],
                _ => Act::Find,
            }
        };
        let failed = move |n| script(n) != Act::Find;
        let done = redact(&source, &target, &engine(script)).unwrap();
        assert_eq!(done.frames, 10_000);
        frames += assert_no_raw_box(&target, failed);
    }
    assert_eq!(frames, 100_000);
}
