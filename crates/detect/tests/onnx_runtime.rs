//! The network against ONNX Runtime on the exported models, one for each carried set of weights.
//!
//! ```text
//! SCRIM_PYTHON=python3 SCRIM_ONNX=folder of NAME.onnx [SCRIM_PICTURES=folder of .ppm] \
//!     cargo test -p scrim-detect --test onnx_runtime -- --ignored
//! ```
//!
//! Without pictures from outside the test draws its own: ramps, noise, and blocks like
//! lettering.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic and print"
)]

use scrim_detect::network::{NetInput, Network, RawOutput, Workspace};
use scrim_detect::weights::Weights;
use scrim_pixels::level::levels_here;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Pixels between edges: the two engines add in another order, and a sum's rounding counts
/// once for each pixel that a box is wide.
const BOX_BOUND: f32 = 1e-3;

/// Difference of scores.
const SCORE_BOUND: f32 = 1e-4;

struct Picture {
    width: usize,
    height: usize,
    /// R, G, B as PPM has it.
    rgb: Vec<u8>,
}

#[test]
#[ignore = "needs Python with onnxruntime and the ONNX export: SCRIM_PYTHON, SCRIM_ONNX"]
fn every_level_gives_what_onnx_runtime_gives() {
    let setting = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    let folder = std::env::temp_dir().join(format!("scrim-onnx-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let pictures = match std::env::var_os("SCRIM_PICTURES") {
        Some(from) => copied(Path::new(&from), &folder),
        None => drawn(&folder),
    };
    assert!(!pictures.is_empty(), "no pictures");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx_runtime.py");
    let carried = || Weights::carried().unwrap().into_iter();
    for (at, weights) in carried().enumerate() {
        let name = weights.card().name().to_owned();
        let graph = format!("{}/{name}.onnx", setting("SCRIM_ONNX"));
        let status = Command::new(setting("SCRIM_PYTHON"))
            .args([script.as_os_str(), graph.as_ref(), folder.as_ref()])
            .status()
            .unwrap();
        assert!(status.success(), "the script failed: {status}");
        for path in &pictures {
            compare(&name, || carried().nth(at).unwrap(), path);
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

fn compare(name: &str, weights: impl Fn() -> Weights, path: &Path) {
    let picture = read_ppm(path);
    let bgr: Vec<u8> = picture
        .rgb
        .chunks(3)
        .flat_map(|p| [p[2], p[1], p[0]])
        .collect();
    let input = NetInput::interleaved(&bgr, picture.width, picture.height, 3 * picture.width);
    let floats = std::fs::read(path.with_extension("f32")).unwrap();
    let floats: Vec<f32> = floats
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect();
    let cells = floats.len() / 6;
    for level in levels_here() {
        let network = Network::at_level(weights(), level).unwrap();
        let raw = network
            .raw(&input.unwrap(), &mut Workspace::new(), 2)
            .unwrap();
        assert_eq!(raw.boxes.len(), cells, "{}", path.display());
        let [boxes, scores] = largest_difference(&raw, &floats);
        println!("{name} {level:<7} {cells} cells, boxes {boxes:.1e} px, scores {scores:.1e}");
        assert!(
            boxes <= BOX_BOUND && scores <= SCORE_BOUND,
            "{level}, {}",
            path.display()
        );
    }
}

/// Of box edges and of scores.
fn largest_difference(raw: &RawOutput, floats: &[f32]) -> [f32; 2] {
    let (boxes, scores) = floats.split_at(raw.boxes.len() * 4);
    let largest = |found: &[f32], expected: &[f32]| {
        found
            .iter()
            .zip(expected)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max)
    };
    [
        largest(raw.boxes.as_flattened(), boxes),
        largest(raw.scores.as_flattened(), scores),
    ]
}

/// Pictures of odd and even sizes, written to `folder`.
fn drawn(folder: &Path) -> Vec<PathBuf> {
    let mut state = 1u64;
    let mut noise = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize
    };
    [(640, 384), (333, 251), (97, 600), (32, 32)]
        .into_iter()
        .map(|(width, height)| {
            let mut rgb = Vec::with_capacity(width * height * 3);
            for at in 0..width * height {
                let (x, y) = (at % width, at / width);
                let ramp = 255 * x / width;
                // Bars of changing width in a band of the picture, light on dark.
                let letters = y % 96 < 24 && (x / 5 * 7 + x / 11 * 3).is_multiple_of(3);
                let base = if letters {
                    230
                } else {
                    ramp / 2 + 40 * (y / 64 % 3)
                };
                rgb.extend((0..3).map(|c| (base + c * 9 + noise() % 16).min(255) as u8));
            }
            let path = folder.join(format!("drawn-{width}x{height}.ppm"));
            let mut file = format!("P6\n{width} {height}\n255\n").into_bytes();
            file.extend(rgb);
            std::fs::write(&path, file).unwrap();
            path
        })
        .collect()
}

/// The .ppm files of a folder, copied to where the script writes beside them.
fn copied(from: &Path, folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(from)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|extension| extension == "ppm"))
        .map(|path| {
            let to = folder.join(path.file_name().unwrap());
            std::fs::copy(&path, &to).unwrap();
            to
        })
        .collect()
}

/// A binary PPM without comments.
fn read_ppm(path: &Path) -> Picture {
    let bytes = std::fs::read(path).unwrap();
    let mut at = 0;
    let mut word = || {
        let len = bytes[at..]
            .iter()
            .position(u8::is_ascii_whitespace)
            .unwrap();
        let word = std::str::from_utf8(&bytes[at..at + len]).unwrap();
        at += len + 1;
        word
    };
    assert_eq!(word(), "P6", "{}", path.display());
    let (width, height) = (word().parse().unwrap(), word().parse().unwrap());
    assert_eq!(word(), "255", "{}", path.display());
    let rgb = bytes[at..].to_vec();
    Picture { width, height, rgb }
}
