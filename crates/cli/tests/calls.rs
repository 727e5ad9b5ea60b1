//! Every call that a step consists of fails once, on real files through the whole program: not
//! carried out, and carried out and told as failed. Nothing raw, nothing half-written and nothing
//! unexplained is left.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod files;

use files::{Scratch, ffmpeg, scrim, words};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Sides of the footage, such that no other buffer has a plane's size by chance.
const WIDTH: usize = 94;
const HEIGHT: usize = 74;

/// Luma of black in limited range.
const BLACK: u8 = 16;

struct Bench {
    scratch: Scratch,
    library: PathBuf,
    source: PathBuf,
    zones: PathBuf,
}

/// What one run left.
struct Left {
    output: Output,
    /// The call was reached.
    failed: bool,
    /// All of the output folder.
    names: Vec<String>,
}

impl Bench {
    fn new(name: &str) -> Self {
        let scratch = Scratch::new(name);
        let library = scratch.path("fail.so");
        let c = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/fail.c");
        let made = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&library)
            .arg(c)
            .arg("-ldl")
            .output()
            .expect("a C compiler is installed");
        assert!(made.status.success(), "{}", words(&made));
        let source = scratch.path("in.mkv");
        // Noise: a raw pixel cannot look like a filled one.
        let noise = format!("nullsrc=s={WIDTH}x{HEIGHT}:r=10,geq=random(1)*150+60:128:128");
        let lossless = ["-frames:v", "4", "-pix_fmt", "yuv420p", "-c:v", "ffv1"];
        ffmpeg(
            &[&["-f", "lavfi", "-i", &noise][..], &lossless].concat(),
            &source,
        );
        // All of the picture is a region, so whatever is not black is raw.
        let zones = scratch.path("zones.json");
        let whole = r#"{"zones": [{"rect": [0, 0, 1, 1]}]}"#;
        std::fs::write(&zones, whole).unwrap();
        Self {
            scratch,
            library,
            source,
            zones,
        }
    }

    fn run(&self, call: &str, nth: usize, after: bool, size: usize, more: &[&str]) -> Left {
        let out = self.scratch.path("out");
        let _ = std::fs::remove_dir_all(&out);
        std::fs::create_dir(&out).unwrap();
        let mark = self.scratch.path("mark");
        let _ = std::fs::remove_file(&mark);
        let mut command = scrim();
        command
            .arg("redact")
            .arg(&self.source)
            .arg("-o")
            .arg(out.join("out.mkv"))
            .arg("--zones")
            .arg(&self.zones)
            .args(["--threads", "2"])
            .args(more)
            .env("LD_PRELOAD", &self.library)
            .env("FAIL_CALL", call)
            .env("FAIL_NTH", nth.to_string())
            .env("FAIL_MARK", &mark)
            .env("FAIL_SIZE", size.to_string());
        if after {
            command.env("FAIL_AFTER", "1");
        }
        let output = command.output().unwrap();
        Left {
            output,
            failed: mark.exists(),
            names: self.scratch.names("out"),
        }
    }

    /// A whole output: its report beside it, as many frames as that says, all of them black.
    fn assert_whole_and_black(&self, what: &str, left: &Left) {
        assert_eq!(left.names, ["out.mkv", "out.mkv.scrim.json"], "{what}");
        let target = self.scratch.path("out/out.mkv");
        let raw = Command::new("ffmpeg")
            .args(["-v", "error", "-i"])
            .arg(&target)
            .args([
                "-vf",
                "extractplanes=y",
                "-vsync",
                "0",
                "-f",
                "rawvideo",
                "-",
            ])
            .output()
            .unwrap();
        assert!(
            raw.stdout.iter().all(|v| *v == BLACK),
            "{what}: a raw pixel"
        );
        let report = std::fs::read(self.scratch.path("out/out.mkv.scrim.json")).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
        let frames = raw.stdout.len() / (WIDTH * HEIGHT);
        assert_eq!(report["output"]["frames"], frames, "{what}");
    }

    /// Lets the first call of this name fail, the second and so on, until a run has no more.
    /// Returns how many failed.
    fn each(&self, call: &str, step: usize, judge: impl Fn(&str, &Left)) -> usize {
        let mut failed = 0;
        for after in [false, true] {
            let mut nth = 1;
            loop {
                let how = if after { "after" } else { "before" };
                let what = format!("{call} {nth} {how} it took effect");
                let left = self.run(call, nth, after, 0, &[]);
                if !left.failed {
                    assert_eq!(
                        left.output.status.code(),
                        Some(0),
                        "{what}: {}",
                        words(&left.output)
                    );
                    self.assert_whole_and_black(&what, &left);
                    break;
                }
                judge(&what, &left);
                failed += 1;
                nth += step;
            }
        }
        failed
    }

    /// The output is given up: exit code 4, a message that names the file, nothing left.
    fn assert_given_up(&self, calls: &[&str]) {
        for call in calls {
            let failed = self.each(call, 1, |what, left| {
                let words = words(&left.output);
                assert_eq!(left.output.status.code(), Some(4), "{what}: {words}");
                assert!(words.contains("in.mkv: "), "{what}: {words}");
                assert!(!words.contains("fault of the program"), "{what}: {words}");
                assert!(left.names.is_empty(), "{what} leaves {:?}", left.names);
            });
            assert!(failed >= 2, "{call} was never reached");
        }
    }
}

#[test]
fn an_encoder_that_fails_at_any_call_leaves_nothing() {
    Bench::new("encode").assert_given_up(&["avcodec_send_frame", "avcodec_receive_packet"]);
}

#[test]
fn a_container_that_cannot_be_written_at_any_call_leaves_nothing() {
    Bench::new("mux").assert_given_up(&[
        "avformat_write_header",
        "av_interleaved_write_frame",
        "av_write_trailer",
    ]);
}

#[test]
fn a_disk_that_fills_up_at_any_write_leaves_nothing() {
    Bench::new("disk").assert_given_up(&["write"]);
}

#[test]
fn a_flush_that_fails_leaves_neither_output_nor_report() {
    Bench::new("fsync").assert_given_up(&["fsync"]);
}

#[test]
fn a_rename_that_fails_leaves_neither_output_nor_report() {
    Bench::new("rename").assert_given_up(&["rename"]);
}

#[test]
fn a_decoder_that_fails_at_any_call_is_damage_or_makes_no_difference() {
    let bench = Bench::new("decode");
    for call in [
        "av_read_frame",
        "avcodec_send_packet",
        "avcodec_receive_frame",
    ] {
        let failed = bench.each(call, 1, |what, left| match left.output.status.code() {
            // While the container is probed an error may not matter.
            Some(0) => bench.assert_whole_and_black(what, left),
            // In the second pass a frame that is not there, or another one, is blank.
            Some(1) => {
                let words = words(&left.output);
                assert!(words.contains("frames were blanked"), "{what}: {words}");
                bench.assert_whole_and_black(what, left);
            }
            Some(3) => {
                let words = words(&left.output);
                assert!(words.contains("in.mkv: "), "{what}: {words}");
                assert!(left.names.is_empty(), "{what} leaves {:?}", left.names);
            }
            code => panic!("{what}: exit code {code:?}, {}", words(&left.output)),
        });
        assert!(failed >= 4, "{call} was never reached");
    }
}

#[test]
fn memory_that_is_refused_for_a_frame_refuses_the_file() {
    let bench = Bench::new("memory");
    let plane = WIDTH * HEIGHT;
    let mut refused = [0, 0];
    for (i, call) in ["malloc", "posix_memalign"].into_iter().enumerate() {
        for nth in 1.. {
            let left = bench.run(call, nth, false, plane, &[]);
            if !left.failed {
                break;
            }
            let (what, words) = (format!("{call} {nth}"), words(&left.output));
            let status = left.output.status;
            // Memory for a blank frame or a copy ends the process, as a kill does.
            let ended = status.signal().is_some();
            match status.code() {
                Some(0) => bench.assert_whole_and_black(&what, &left),
                Some(3) if words.contains("memory for a frame") => refused[i] += 1,
                Some(4) => {}
                code => assert!(ended, "{what}: {code:?} {words}"),
            }
            if status.code() != Some(0) {
                let final_name = left.names.iter().any(|n| !n.ends_with(".part"));
                assert!(!final_name, "{what} leaves {:?}", left.names);
                assert!(
                    ended || left.names.is_empty(),
                    "{what} leaves {:?}",
                    left.names
                );
            }
        }
    }
    assert!(refused[0] > 0 && refused[1] > 0, "refused: {refused:?}");
}
