//! Damaged videos that are accepted: what decodes is redacted at its own time, and a black frame
//! stands at the time of each that does not. The damage is done to the bytes of packets.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod footage;

use footage::{BOX, HEIGHT, Scratch, SeesBox, WIDTH, ffmpeg, planes_of};
use scrim_detect::Detector;
use scrim_protocol::Report;
use scrim_redact::{
    Control, Done, Engine, JobError, JobSettings, Kind, Planned, VideoOptions, find, redact_file,
};
use scrim_sink::{Codec, Container};
use scrim_source::SourceError;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

const FRAMES: u64 = 40;

/// Highest luma of black, in limited or full range. The footage is lighter.
const DARK: u8 = 16;

fn is_dark(luma: &[u8]) -> bool {
    luma.iter().all(|v| *v <= DARK)
}

fn box_is_dark(luma: &[u8]) -> bool {
    let (x, y) = (
        BOX.x0 as usize..BOX.x1 as usize,
        BOX.y0 as usize..BOX.y1 as usize,
    );
    y.into_iter()
        .all(|y| is_dark(&luma[y * WIDTH + x.start..y * WIDTH + x.end]))
}

fn redact(source: &Path, target: &Path, accept: bool) -> Result<Done, JobError> {
    redact_with(source, target, accept, 3)
}

fn redact_with(
    source: &Path,
    target: &Path,
    accept: bool,
    threads: usize,
) -> Result<Done, JobError> {
    let settings = JobSettings {
        threads,
        accept_damaged: accept,
        video: VideoOptions {
            codec: Some(Codec::Ffv1),
            ..VideoOptions::default()
        },
        ..JobSettings::default()
    };
    let factory = || Box::new(SeesBox) as Box<dyn Detector>;
    let engine = Engine::with_detector(settings, Duration::from_secs(20), Arc::new(factory));
    let file = Planned {
        source: source.to_owned(),
        target: target.to_owned(),
        kind: Kind::Video(Container::Mkv),
        doubtful: false,
    };
    redact_file(&file, &engine, &Control::silent())
}

/// Noise in this container and codec.
fn video(scratch: &Scratch, name: &str, options: &[&str]) -> PathBuf {
    let noise = scratch.video("noise.mkv", FRAMES as u32);
    let path = scratch.path(name);
    let input = ["-i", noise.to_str().unwrap()];
    ffmpeg(&[&input[..], options].concat(), &path);
    std::fs::remove_file(noise).unwrap();
    path
}

fn probe(path: &Path, entries: &str) -> Vec<Vec<String>> {
    let out = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v:0", "-of", "csv=p=0"])
        .args(["-show_entries", entries])
        .arg(path)
        .output()
        .expect("ffprobe is installed");
    let text = String::from_utf8(out.stdout).unwrap();
    let fields = |l: &str| l.split(',').map(str::to_owned).collect();
    text.lines().filter(|l| !l.is_empty()).map(fields).collect()
}

/// Packets in the order of the file: their time and where their bytes are.
fn packets(path: &Path) -> Vec<(f64, Range<usize>)> {
    let rows = probe(path, "packet=pts_time,size,pos");
    // In Matroska the place is that of the block, which begins with track, time and flags.
    let head = if path.extension().unwrap() == "mkv" {
        4
    } else {
        0
    };
    rows.iter()
        .map(|row| {
            let (size, pos): (usize, usize) = (row[1].parse().unwrap(), row[2].parse().unwrap());
            (row[0].parse().unwrap(), pos + head..pos + head + size)
        })
        .collect()
}

/// Times of all frames, milliseconds.
fn times(path: &Path) -> Vec<i64> {
    let rows = probe(path, "frame=best_effort_timestamp_time");
    let ms = |row: &Vec<String>| (row[0].parse::<f64>().unwrap() * 1000.0).round() as i64;
    rows.iter().map(ms).collect()
}

fn spoil(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    change(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

fn report_of(target: &Path) -> Report {
    let mut name = target.file_name().unwrap().to_owned();
    name.push(".scrim.json");
    serde_json::from_slice(&std::fs::read(target.with_file_name(name)).unwrap()).unwrap()
}

/// Refused without the option; with it every frame is there at its time, the box is black in all
/// of them, and what the report calls blank is. Returns the numbers of blank frames.
fn accepted(scratch: &Scratch, source: &Path, times_before: &[i64]) -> Vec<u64> {
    let target = scratch.path("out.mkv");
    let refused = redact(source, &target, false);
    assert!(
        matches!(refused, Err(JobError::Source(SourceError::Damaged(_)))),
        "{refused:?}"
    );
    assert!(!target.exists() && !scratch.path("out.mkv.part").exists());
    let done = redact(source, &target, true).unwrap();
    assert_eq!(times(&target), times_before, "times");
    let report = report_of(&target);
    let told: Vec<u64> = report
        .blanked
        .iter()
        .flat_map(|b| {
            assert_eq!(b.reason, "decoder");
            b.from..b.from + b.frames
        })
        .collect();
    let mut blank = Vec::new();
    planes_of(&target, |n, luma| {
        assert!(box_is_dark(luma), "frame {n} shows the box");
        if is_dark(luma) {
            blank.push(n);
        }
    });
    assert_eq!(blank, told);
    assert_eq!(done.blanked, blank.len() as u64);
    let faults: Vec<u64> = report.faults.iter().filter_map(|f| f.frame).collect();
    assert_eq!(faults, blank);
    assert!(report.faults.iter().all(|f| f.stage == "decode"));
    assert!(
        report.notes.iter().any(|n| n.starts_with("damaged")),
        "{:?}",
        report.notes
    );
    assert!(
        report.notes.iter().any(|n| n.contains("black ones stand")),
        "{:?}",
        report.notes
    );
    blank
}

/// Where each frame is a picture of its own, one broken packet is one frame.
const INTRA: [(&str, &[&str]); 2] = [
    (
        "in.mkv",
        &["-c:v", "libx264", "-g", "1", "-pix_fmt", "yuv420p"],
    ),
    (
        "in.mp4",
        &["-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "3"],
    ),
];

#[test]
fn a_packet_that_cannot_be_decoded_is_a_black_frame_at_its_time() {
    for (name, options) in INTRA {
        for broken in [0_usize, 7, FRAMES as usize - 1] {
            let scratch = Scratch::new(&format!("broken-{name}-{broken}"));
            let source = video(&scratch, name, options);
            let before = times(&source);
            let bytes = packets(&source)[broken].1.clone();
            spoil(&source, |b| b[bytes].fill(0));
            let blank = accepted(&scratch, &source, &before);
            assert_eq!(blank, [broken as u64], "{name}");
        }
    }
}

#[test]
fn boxes_of_a_damaged_video_are_told_only_where_it_is_accepted_and_of_whole_frames() {
    let scratch = Scratch::new("boxes");
    let (name, options) = INTRA[0];
    let source = video(&scratch, name, options);
    let broken = 8;
    let bytes = packets(&source)[broken].1.clone();
    spoil(&source, |b| b[bytes].fill(0));
    let find = |accept_damaged| {
        let settings = JobSettings {
            accept_damaged,
            ..JobSettings::default()
        };
        let factory = || Box::new(SeesBox) as Box<dyn Detector>;
        let engine = Engine::with_detector(settings, Duration::from_secs(20), Arc::new(factory));
        find(&source, &engine, &Control::silent())
    };
    let refused = find(false);
    assert!(
        matches!(refused, Err(JobError::Source(SourceError::Damaged(_)))),
        "{refused:?}"
    );
    let found = find(true).unwrap();
    assert!(found.iter().all(|f| f.sightings.len() == 1), "{found:?}");
    let looked: Vec<u64> = found.iter().map(|f| f.frame).collect();
    let whole: Vec<u64> = (0..FRAMES).filter(|f| *f != broken as u64).collect();
    assert_eq!(looked, whole);
}

#[test]
fn frames_that_are_predicted_from_a_broken_one_keep_their_times() {
    for (name, container) in [("in.mp4", "mp4"), ("in.mkv", "matroska")] {
        let scratch = Scratch::new(&format!("predicted-{container}"));
        let options = [
            "-c:v", "libx264", "-g", "10", "-bf", "2", "-threads", "1", "-pix_fmt", "yuv420p",
        ];
        let source = video(&scratch, name, &options);
        let before = times(&source);
        let packets = packets(&source);
        // The second and third slices in coding order after the second key frame.
        let second = packets.iter().position(|p| p.0 >= 1.0).unwrap();
        spoil(&source, |b| {
            for (_, at) in &packets[second + 1..second + 3] {
                // The lengths of NAL units stay; what is inside is none.
                b[at.start + 4..at.end].fill(0xff);
            }
        });
        let blank = accepted(&scratch, &source, &before);
        assert!(blank.len() >= 2, "{name}: {blank:?}");
    }
}

#[test]
fn flipped_bits_anywhere_never_change_times_or_show_the_box() {
    let scratch = Scratch::new("flipped");
    let options = ["-c:v", "libx264", "-g", "8", "-pix_fmt", "yuv420p"];
    let whole = video(&scratch, "in.mp4", &options);
    let before = times(&whole);
    let packets = packets(&whole);
    let good = std::fs::read(&whole).unwrap();
    let target = scratch.path("out.mkv");
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut damaged = 0;
    for round in 0..12 {
        let mut bytes = good.clone();
        for _ in 0..6 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let at = packets[(state >> 8) as usize % packets.len()].1.clone();
            let inner = at.start + 5..at.end;
            bytes[inner.start + (state >> 24) as usize % inner.len()] ^= 1 << (state & 7);
        }
        std::fs::write(&whole, bytes).unwrap();
        let accept = redact(&whole, &target, true);
        let done = match accept {
            Ok(done) => done,
            Err(JobError::Source(SourceError::Damaged(_))) => continue, // nothing decodes
            Err(e) => panic!("round {round}: {e}"),
        };
        damaged += u64::from(!report_of(&target).notes.is_empty());
        planes_of(&target, |n, luma| {
            assert!(box_is_dark(luma), "round {round}, frame {n}")
        });
        assert_eq!(times(&target), before, "round {round}: {done:?}");
    }
    assert!(damaged > 3, "only {damaged} of 12 rounds were damaged");
}

#[test]
fn two_runs_over_a_damaged_file_are_equal_whatever_the_threads() {
    let scratch = Scratch::new("steady");
    let (name, options) = INTRA[0];
    let source = video(&scratch, name, options);
    let packets = packets(&source);
    spoil(&source, |b| {
        for broken in [3, 4, 20] {
            b[packets[broken].1.clone()].fill(0);
        }
    });
    let run = |name: &str, threads| {
        let target = scratch.path(name);
        let done = redact_with(&source, &target, true, threads).unwrap();
        assert_eq!(done.blanked, 3, "{threads} threads");
        let mut all = Vec::new();
        planes_of(&target, |_, luma| all.extend_from_slice(luma));
        all
    };
    let (one, four) = (run("one.mkv", 1), run("four.mkv", 4));
    assert_eq!(one.len(), WIDTH * HEIGHT * FRAMES as usize);
    assert!(one == four, "the outputs differ");
}

#[test]
fn the_last_packet_of_a_cut_file_is_black_and_what_follows_is_not_there() {
    let scratch = Scratch::new("cut");
    let (_, options) = INTRA[1];
    let fast = [options, &["-movflags", "+faststart"]].concat();
    let source = video(&scratch, "in.mp4", &fast);
    let before = times(&source);
    let cut = 25;
    let bytes = packets(&source)[cut].1.clone();
    spoil(&source, |b| b.truncate(bytes.start + bytes.len() / 2));
    let blank = accepted(&scratch, &source, &before[..=cut]);
    assert_eq!(blank, [cut as u64]);
}
