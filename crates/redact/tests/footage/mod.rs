//! Small real footage made by FFmpeg, and its decoded frames. Noise everywhere, so that a raw
//! pixel cannot look like a filled one by chance.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(dead_code, reason = "each test file uses a part of it")]

use scrim_detect::{After, DetectError, Detector, Prepared};
use scrim_raw::ModelId;
use scrim_units::{Class, Pass, PxBox, Sighting};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Sides of the footage.
pub const WIDTH: usize = 64;
/// Rows.
pub const HEIGHT: usize = 48;

/// Where the scripted face is.
pub const BOX: PxBox = PxBox {
    x0: 20.0,
    y0: 14.0,
    x1: 38.0,
    y1: 34.0,
};

/// A detector that sees the box in every frame.
pub struct SeesBox;

impl Detector for SeesBox {
    fn look(&mut self, _: &Prepared, _: &[Pass], _: After) -> Result<Vec<Sighting>, DetectError> {
        Ok(vec![Sighting {
            class: Class::Face,
            score: 0.95,
            at: BOX,
        }])
    }

    fn model(&self) -> ModelId {
        ModelId([3; 32])
    }
}

/// Luma of black in limited range.
const BLACK: u8 = 16;

/// A folder that goes away with the test.
pub struct Scratch(PathBuf);

impl Scratch {
    /// An empty folder.
    pub fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("scrim-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// A name in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// All names in it, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(&self.0)
            .unwrap()
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// A lossless video of noise at 10 frames a second.
    pub fn video(&self, name: &str, frames: u32) -> PathBuf {
        let path = self.path(name);
        let source = format!("nullsrc=s={WIDTH}x{HEIGHT}:r=10,geq=random(1)*200+40:128:128");
        let frames = frames.to_string();
        let input = ["-f", "lavfi", "-i", &source, "-frames:v", &frames];
        let codec = ["-pix_fmt", "yuv420p", "-c:v", "ffv1"];
        ffmpeg(&[&input[..], &codec].concat(), &path);
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Makes `out` with FFmpeg's program.
pub fn ffmpeg(args: &[&str], out: &Path) {
    let done = Command::new("ffmpeg")
        .args(["-v", "error", "-y"])
        .args(args)
        .arg(out)
        .status()
        .expect("ffmpeg is installed");
    assert!(done.success());
}

/// Calls `judge` with the number and luma plane of every frame of a video.
pub fn planes_of(path: &Path, mut judge: impl FnMut(u64, &[u8])) {
    let mut child = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(path)
        .args([
            "-f",
            "rawvideo",
            "-pix_fmt",
            "gray",
            "-vf",
            "extractplanes=y",
            "-vsync",
            "0",
            "-",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .expect("ffmpeg is installed");
    let mut out = child.stdout.take().unwrap();
    let mut frame = vec![0; WIDTH * HEIGHT];
    let mut n = 0;
    while out.read_exact(&mut frame).is_ok() {
        judge(n, &frame);
        n += 1;
    }
    assert!(child.wait().unwrap().success());
}

/// Whether the scripted face is filled.
pub fn box_is_black(luma: &[u8]) -> bool {
    (BOX.y0 as usize..BOX.y1 as usize).all(|y| {
        luma[y * WIDTH + BOX.x0 as usize..y * WIDTH + BOX.x1 as usize]
            .iter()
            .all(|v| *v == BLACK)
    })
}

/// Whether all of a frame is filled.
pub fn is_black(luma: &[u8]) -> bool {
    luma.iter().all(|v| *v == BLACK)
}
