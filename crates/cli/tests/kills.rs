//! The program is killed at random moments: never an incomplete file under a final name, and a
//! restart finishes the work.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

fn scratch() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("scrim-kills-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn make_video(path: &Path) {
    let done = Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-y",
            "-f",
            "lavfi",
            "-i",
            "testsrc2=s=320x240:r=25:d=2",
        ])
        .args(["-c:v", "libx264", "-preset", "ultrafast"])
        .arg(path)
        .status()
        .expect("ffmpeg is installed");
    assert!(done.success());
}

fn redact(source: &Path, target: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scrim"));
    command
        .arg("redact")
        .arg(source)
        .arg("-o")
        .arg(target)
        .args(["--quiet", "--skip-done"])
        .stderr(Stdio::null());
    command
}

/// Whether a finished output is whole: FFmpeg decodes all of its 50 frames.
fn is_whole(target: &Path) -> bool {
    let out = Command::new("ffprobe")
        .args(["-v", "error", "-count_frames", "-select_streams", "v:0"])
        .args(["-show_entries", "stream=nb_read_frames", "-of", "csv=p=0"])
        .arg(target)
        .output()
        .expect("ffprobe is installed");
    String::from_utf8_lossy(&out.stdout).trim() == "50"
}

#[test]
#[ignore = "200 runs of the program, a minute or two"]
fn two_hundred_kills_never_leave_an_incomplete_file_and_a_restart_finishes() {
    let folder = scratch();
    let (source, target) = (folder.join("in.mp4"), folder.join("out.mp4"));
    make_video(&source);
    let report = folder.join("out.mp4.scrim.json");
    let (mut finished, mut killed) = (0, 0);
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..200 {
        let _ = std::fs::remove_file(&target);
        let _ = std::fs::remove_file(&report);
        let mut child = redact(&source, &target).spawn().unwrap();
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        std::thread::sleep(Duration::from_millis(state % 700));
        child.kill().unwrap();
        killed += u32::from(!child.wait().unwrap().success());
        if target.exists() {
            assert!(
                is_whole(&target),
                "an incomplete file stands under its final name"
            );
            finished += 1;
        }
    }
    assert!(
        killed > 20,
        "only {killed} of 200 runs were killed before their end"
    );
    assert!(redact(&source, &target).status().unwrap().success());
    assert!(is_whole(&target) && report.exists());
    assert!(!folder.join("out.mp4.part").exists(), "a leftover stays");
    assert!(
        !folder.join("out.mp4.scrim.json.part").exists(),
        "a leftover stays"
    );
    assert!(finished < 200);
    std::fs::remove_dir_all(folder).unwrap();
}
