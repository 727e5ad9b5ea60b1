//! Memory over the length of a video, where it is hardest: something is found in every frame, and
//! there is no cut. The only test of its process, whose memory it measures.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod footage;

use footage::{HEIGHT, Scratch, WIDTH, ffmpeg};
use scrim_detect::{After, DetectError, Detector, Prepared};
use scrim_raw::ModelId;
use scrim_redact::{Control, Engine, JobSettings, Request, plan, redact_file};
use scrim_units::{Class, Pass, PxBox, Sighting};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Faces in every frame.
const FACES: u64 = 40;

/// What the length may add, bytes: what FFmpeg's tables, freed pieces and the list of tracks take.
/// Boxes, scores and the report would take thirty times as much.
const MOST: u64 = 4 << 20;

/// Sees a crowd that walks by.
struct Crowd;

impl Detector for Crowd {
    fn look(&mut self, p: &Prepared, _: &[Pass], _: After) -> Result<Vec<Sighting>, DetectError> {
        let frame = p.id().index;
        let face = |k: u64| {
            let way = (frame + 97 * k) % (8 * WIDTH as u64);
            let (x, y) = (way as f32 / 8.0, (k % 8) as f32 * HEIGHT as f32 / 8.0);
            Sighting {
                class: Class::Face,
                score: 0.9,
                at: PxBox::around(x, y + 3.0, 5.0, 5.0),
            }
        };
        Ok((0..FACES).map(face).collect())
    }

    fn model(&self) -> ModelId {
        ModelId([5; 32])
    }
}

/// A video of one picture of noise, and what it is redacted with at most in memory, in bytes.
fn peak(scratch: &Scratch, name: &str, frames: u64) -> u64 {
    let source = scratch.path(name);
    let noise = format!("nullsrc=s={WIDTH}x{HEIGHT}:r=25,geq=random(1)*200+40:128:128");
    let still = format!("{noise},trim=end_frame=1,loop=loop=-1:size=1");
    let number = frames.to_string();
    let input = ["-f", "lavfi", "-i", &still, "-frames:v", &number];
    let codec = [
        "-pix_fmt",
        "yuv420p",
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
    ];
    ffmpeg(&[&input[..], &codec].concat(), &source);
    let settings = JobSettings {
        threads: 1,
        ..JobSettings::default()
    };
    let factory = Arc::new(|| Box::new(Crowd) as Box<dyn Detector>);
    let engine = Engine::with_detector(settings, Duration::from_secs(20), factory);
    let request = Request {
        inputs: vec![source],
        output: Some(scratch.path(&format!("out-{name}"))),
        ..Request::default()
    };
    let plan = plan(&request).unwrap();
    // Forgets the peak so far (proc(5), clear_refs).
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let done = redact_file(&plan.files[0], &engine, &Control::silent()).unwrap();
    assert_eq!(done.frames, frames);
    let report = report_bytes(&done.output);
    assert!(report > frames * FACES * 8, "a report of {report} bytes");
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
    kilobytes.parse::<u64>().unwrap() << 10
}

fn report_bytes(output: &Path) -> u64 {
    let mut name = output.file_name().unwrap().to_owned();
    name.push(".scrim.json");
    output.with_file_name(name).metadata().unwrap().len()
}

#[test]
#[ignore = "30,000 frames, a minute"]
fn of_sixteen_minutes_no_more_is_held_than_of_four() {
    let scratch = Scratch::new("long");
    let short = peak(&scratch, "short.mkv", 6_000);
    let long = peak(&scratch, "long.mkv", 24_000);
    assert!(long <= short + MOST, "{short} and {long} bytes");
    // Nothing stays behind where the boxes were kept.
    assert_eq!(scratch.names().len(), 6);
}
