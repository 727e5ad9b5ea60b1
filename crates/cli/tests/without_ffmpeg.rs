//! A machine without FFmpeg, as a user meets it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod files;

use files::{Scratch, ffmpeg, scrim, words};
use std::process::Command;

#[test]
fn without_ffmpeg_photos_are_redacted_and_a_video_is_refused_with_what_to_install() {
    let scratch = Scratch::new("noffmpeg");
    std::fs::create_dir(scratch.path("in")).unwrap();
    let still = ["-f", "lavfi", "-i", "testsrc2=s=160x120", "-frames:v", "1"];
    for name in ["a.jpg", "b.png", "c.webp"] {
        ffmpeg(&still, &scratch.path("in").join(name));
    }
    scratch.video("in/d.mp4", &["-c:v", "libx264", "-pix_fmt", "yuv420p"]);
    // A library that is none, found before the system's.
    let version = ffmpeg_major();
    let broken = scratch.path("lib");
    std::fs::create_dir(&broken).unwrap();
    std::fs::write(broken.join(format!("libavcodec.so.{version}")), "").unwrap();
    let run = scrim()
        .arg("redact")
        .arg(scratch.path("in"))
        .arg("-o")
        .arg(scratch.path("out"))
        .env("LD_LIBRARY_PATH", &broken)
        .output()
        .unwrap();
    let told = words(&run);
    assert_eq!(run.status.code(), Some(3), "{told}");
    let names = ["a.jpg", "a.jpg.scrim.json", "b.png", "b.png.scrim.json"];
    assert_eq!(scratch.names("out"), names, "{told}");
    let installs = [
        "sudo apt install libavutil",
        &format!(" libavcodec{version} "),
        " libavformat",
        " libswscale",
    ];
    for name in ["c.webp: ", "d.mp4: "] {
        let line = told.lines().find(|line| line.contains(name)).unwrap();
        assert!(installs.iter().all(|part| line.contains(part)), "{line}");
    }
    let report = std::fs::read_to_string(scratch.path("out/a.jpg.scrim.json")).unwrap();
    assert!(report.contains(r#""libavcodec":"not loaded""#), "{report}");
}

#[test]
fn the_program_links_nothing_of_ffmpeg() {
    let program = std::fs::read(env!("CARGO_BIN_EXE_scrim")).unwrap();
    let holds = |name: &[u8]| program.windows(name.len()).any(|bytes| bytes == name);
    assert!(holds(b"libc.so."), "what is linked stands in the program");
    for library in ["libavutil", "libavcodec", "libavformat", "libswscale"] {
        assert!(!holds(format!("{library}.so.").as_bytes()), "{library}");
    }
}

/// Of the libavcodec that is installed.
fn ffmpeg_major() -> String {
    let said = Command::new("ffmpeg").arg("-version").output().unwrap();
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let line = said.lines().find(|l| l.starts_with("libavcodec")).unwrap();
    let digits = |c: &char| c.is_ascii_digit();
    let version = line.trim_start_matches("libavcodec").trim_start();
    version.chars().take_while(digits).collect()
}
