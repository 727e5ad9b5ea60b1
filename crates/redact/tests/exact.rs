//! Exactness at file level: what is outside regions and in frames without any is untouched, and
//! what is inside does not matter.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod footage;

use footage::{BOX, HEIGHT, Scratch, WIDTH, ffmpeg, planes_of};
use scrim_detect::{After, DetectError, Detector, Prepared};
use scrim_raw::{Fill, ModelId};
use scrim_redact::{
    Control, Engine, JobSettings, Kind, Pace, Planned, VideoOptions, foresee, redact_file,
};
use scrim_sink::{Codec, Container};
use scrim_source::{Clip, ClipItem, ClipOptions, Limits};
use scrim_units::{Class, Pass, Sighting};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// Sees the box in the frames for which the script says so.
struct Sees(Arc<dyn Fn(u64) -> bool + Send + Sync>);

impl Detector for Sees {
    fn look(
        &mut self,
        picture: &Prepared,
        _: &[Pass],
        _: After,
    ) -> Result<Vec<Sighting>, DetectError> {
        let face = Sighting {
            class: Class::Face,
            score: 0.95,
            at: BOX,
        };
        let seen = (self.0)(picture.id().index);
        Ok(if seen { vec![face] } else { vec![] })
    }

    fn model(&self) -> ModelId {
        ModelId([3; 32])
    }
}

fn engine(settings: JobSettings, script: impl Fn(u64) -> bool + Send + Sync + 'static) -> Engine {
    let script: Arc<dyn Fn(u64) -> bool + Send + Sync> = Arc::new(script);
    Engine::with_detector(
        settings,
        Duration::from_secs(20),
        Arc::new(move || Box::new(Sees(script.clone())) as Box<dyn Detector>),
    )
}

fn run(source: &Path, target: PathBuf, container: Container, engine: &Engine) -> PathBuf {
    let file = Planned {
        source: source.to_owned(),
        target: target.clone(),
        kind: Kind::Video(container),
        doubtful: false,
    };
    redact_file(&file, engine, &Control::silent()).unwrap();
    target
}

fn settings(fill: Fill, codec: Codec) -> JobSettings {
    JobSettings {
        fill,
        threads: 1,
        report: false,
        video: VideoOptions {
            codec: Some(codec),
            ..VideoOptions::default()
        },
        ..JobSettings::default()
    }
}

/// The box with its margin, which the fill may reach.
fn near_box(i: usize) -> bool {
    let (x, y) = ((i % WIDTH) as f32, (i / WIDTH) as f32);
    let grown = BOX.grow(9.0, 9.0);
    x >= grown.x0 && x < grown.x1 && y >= grown.y0 && y < grown.y1
}

#[test]
fn painting_the_key_frame_changes_no_other_frame() {
    // One key frame, all others predicted from it: paint in a reference picture would spread.
    let scratch = Scratch::new("painter");
    let noise = scratch.video("noise.mkv", 1);
    let source = scratch.path("in.mkv");
    let still = noise.to_string_lossy().into_owned();
    ffmpeg(
        &[
            "-stream_loop",
            "29",
            "-i",
            &still,
            "-g",
            "999",
            "-bf",
            "0",
            "-c:v",
            "libx264",
        ],
        &source,
    );
    let engine = engine(settings(Fill::Solid, Codec::Ffv1), |n| n == 0);
    let target = run(&source, scratch.path("out.mkv"), Container::Mkv, &engine);
    let mut before = Vec::new();
    planes_of(&source, |_, luma| before.push(luma.to_vec()));
    let (mut same, mut painted) = (0, 0);
    planes_of(&target, |n, luma| {
        let differs: Vec<usize> = (0..WIDTH * HEIGHT)
            .filter(|i| luma[*i] != before[n as usize][*i])
            .collect();
        assert!(
            differs.iter().all(|i| near_box(*i)),
            "frame {n} differs outside the box"
        );
        if differs.is_empty() {
            same += 1;
        } else {
            painted += 1;
        }
    });
    // A lone sighting is carried for a moment at most; the rest of the clip is untouched.
    assert!(
        (1..=8).contains(&painted) && same >= 22,
        "{painted} painted, {same} untouched"
    );
}

#[test]
fn two_inputs_differing_only_inside_regions_give_equal_files() {
    for fill in [Fill::Solid, Fill::Surround] {
        for (codec, container, suffix) in [
            (Codec::Ffv1, Container::Mkv, "mkv"),
            (Codec::H264, Container::Mp4, "mp4"),
            (Codec::H264, Container::Ts, "ts"),
        ] {
            let scratch = Scratch::new(&format!("equal-{fill:?}-{codec:?}-{suffix}"));
            let one = scratch.video("one.mkv", 12);
            let two = scratch.path("two.mkv");
            let path = one.to_string_lossy().into_owned();
            let inside = "drawbox=21:15:16:18:white:fill,drawbox=24:18:5:5:red:fill";
            ffmpeg(&["-i", &path, "-vf", inside, "-c:v", "ffv1"], &two);
            let engine = engine(settings(fill, codec), |_| true);
            let a = run(
                &one,
                scratch.path(&format!("a.{suffix}")),
                container,
                &engine,
            );
            let b = run(
                &two,
                scratch.path(&format!("b.{suffix}")),
                container,
                &engine,
            );
            let (a, b) = (std::fs::read(a).unwrap(), std::fs::read(b).unwrap());
            assert!(a == b, "{fill:?} {codec:?}: the files differ");
        }
    }
}

#[test]
fn live_a_face_is_covered_from_when_it_is_found_and_with_a_look_ahead_before_that() {
    const FOUND: usize = 30;
    let scratch = Scratch::new("live");
    let source = scratch.path("a.mkv");
    let still = format!("testsrc2=s={WIDTH}x{HEIGHT}:r=25,loop=50:1,trim=end_frame=50");
    ffmpeg(&["-f", "lavfi", "-i", &still, "-c:v", "ffv1"], &source);
    let first_covered = |pace| {
        let engine = engine(JobSettings::default(), |frame| frame >= FOUND as u64);
        let filled = foresee(&source, pace, &engine, &Control::silent()).unwrap();
        assert_eq!(filled.len(), 50);
        filled.iter().position(|rects| !rects.is_empty()).unwrap()
    };
    let live = |look_ahead_s| first_covered(Pace::Live { look_ahead_s });
    assert_eq!(live(0.0), FOUND);
    assert!(live(0.5) < FOUND);
    assert_eq!(live(0.5), first_covered(Pace::File));
}

#[test]
fn the_mask_holds_at_a_low_rate() {
    let scratch = Scratch::new("low");
    let source = scratch.video("in.mkv", 20);
    let mut low = settings(Fill::Solid, Codec::H264);
    low.video.crf = Some(38);
    let target = run(
        &source,
        scratch.path("out.mp4"),
        Container::Mp4,
        &engine(low, |_| true),
    );
    // What rings along the border comes from outside: the fill itself depends on nothing inside.
    planes_of(&target, |n, luma| {
        let rows = BOX.y0 as usize..BOX.y1 as usize;
        let inside: Vec<u8> = rows
            .flat_map(|y| &luma[y * WIDTH + BOX.x0 as usize..y * WIDTH + BOX.x1 as usize])
            .copied()
            .collect();
        let black = inside.iter().filter(|v| v.abs_diff(16) < 32).count();
        let share = black as f32 / inside.len() as f32;
        assert!(share > 0.95, "frame {n}: {share} of the box is black");
    });
}

#[test]
fn every_audio_track_is_kept_on_request_and_none_otherwise() {
    let scratch = Scratch::new("audio");
    let plain = scratch.video("plain.mkv", 20);
    let path = plain.to_string_lossy().into_owned();
    let source = scratch.path("in.mp4");
    let sine = |f: &str| format!("sine=frequency={f}:duration=2");
    ffmpeg(
        &[
            // Sound first, video last, as some cameras write it.
            "-f",
            "lavfi",
            "-i",
            &sine("300"),
            "-f",
            "lavfi",
            "-i",
            &sine("500"),
            "-i",
            &path,
            "-map",
            "0",
            "-map",
            "1",
            "-map",
            "2:v",
            "-c:a",
            "aac",
            "-c:v",
            "libx264",
            "-metadata:s:a:0",
            "title=voice",
            "-metadata:s:a:0",
            "language=srp",
        ],
        &source,
    );
    let kinds = |file: &Path| {
        let out = Command::new("ffprobe")
            .args([
                "-v",
                "error",
                "-show_entries",
                "stream=codec_type:stream_tags=title",
            ])
            .args(["-of", "csv=p=0"])
            .arg(file)
            .output()
            .unwrap();
        String::from_utf8(out.stdout).unwrap()
    };
    let silent = engine(settings(Fill::Solid, Codec::H264), |_| true);
    let target = run(&source, scratch.path("silent.mp4"), Container::Mp4, &silent);
    assert_eq!(kinds(&target).trim(), "video");
    let mut keep = settings(Fill::Solid, Codec::H264);
    keep.video.keep_audio = true;
    let target = run(
        &source,
        scratch.path("loud.mp4"),
        Container::Mp4,
        &engine(keep, |_| true),
    );
    let kinds = kinds(&target);
    assert_eq!(kinds.matches("audio").count(), 2, "{kinds}");
    assert!(
        !kinds.contains("voice"),
        "the title of a track came through"
    );
}

/// JPEG files have their chroma weighted by distance for the look; the detector's scores in videos were
/// chosen without.
#[test]
fn a_video_is_looked_at_alike_however_its_chroma_is_tagged() {
    let scratch = Scratch::new("exact-chroma");
    let source = scratch.video("in.mkv", 2);
    for (tag, number) in [("left", 1), ("center", 2)] {
        let tagged = scratch.path(&format!("{tag}.mp4"));
        let input = source.to_str().unwrap();
        let bits = format!("h264_metadata=chroma_sample_loc_type={}", number - 1);
        let codec = ["-c:v", "libx264", "-bsf:v", &bits];
        ffmpeg(&[&["-i", input], &codec[..]].concat(), &tagged);
        let options = ClipOptions {
            limits: Limits::default(),
            threads: 1,
            audio: false,
        };
        let mut clip = Clip::open(&tagged, options).unwrap();
        let Some(ClipItem::Frame(frame)) = clip.advance().unwrap() else {
            panic!("no frame");
        };
        let info = frame.info();
        assert_eq!(
            (info.colour.chroma_location, info.smooth_chroma),
            (number, false)
        );
    }
}
