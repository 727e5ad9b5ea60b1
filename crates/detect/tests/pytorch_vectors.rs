//! The network equals the training code on stored inputs, at every level of this machine.
//!
//! `vectors/city.json` was made by PyTorch from the same weights; its inputs are given by a
//! formula, its outputs are stored.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use scrim_detect::network::{NetInput, Network, Workspace};
use scrim_detect::weights::Weights;
use scrim_pixels::level::levels_here;
use serde::Deserialize;

/// Where both round every map alike, sums in another order make this difference, in pixels
/// and scores.
const SAME: [f32; 2] = [1e-3, 1e-4];

/// Now and then that decides which of two whole numbers a value is rounded to, and the cells
/// around see it: at most this share of all cells, and by no more than this.
const FLIPPED: f64 = 0.05;
const FLIPPED_BY: [f32; 2] = [1.0, 0.05];

#[derive(Deserialize)]
struct Vectors {
    weights_sha256: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    width: usize,
    height: usize,
    cells: usize,
    boxes: Vec<[f32; 4]>,
    scores: Vec<[f32; 2]>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("vectors/city.json")).unwrap()
}

/// The formula that the file names: `(x*7 + y*13 + c*29 + ((x*y) % 31)*5) % 256`.
fn picture(width: usize, height: usize) -> Vec<u8> {
    let value = |x: usize, y: usize, c: usize| (x * 7 + y * 13 + c * 29 + ((x * y) % 31) * 5) % 256;
    let mut bytes = Vec::new();
    for y in 0..height {
        for x in 0..width {
            bytes.extend((0..3).map(|c| value(x, y, c) as u8));
        }
    }
    bytes
}

#[test]
fn the_vectors_belong_to_the_embedded_weights() {
    let vectors = vectors();
    assert_eq!(
        vectors.weights_sha256,
        Weights::embedded().unwrap().card().sha256()
    );
    assert!(
        vectors
            .cases
            .iter()
            .all(|case| case.boxes.len() == case.cells && case.cells > 0)
    );
    assert!(vectors.cases.len() >= 2);
}

#[test]
fn every_level_gives_what_the_training_code_gives() {
    let mut workspace = Workspace::new();
    for level in levels_here() {
        let network = Network::at_level(Weights::embedded().unwrap(), level).unwrap();
        assert_eq!(network.level(), level);
        for case in vectors().cases {
            let bytes = picture(case.width, case.height);
            let input =
                NetInput::interleaved(&bytes, case.width, case.height, 3 * case.width).unwrap();
            let raw = network.raw(&input, &mut workspace, 1).unwrap();
            assert_eq!(
                (raw.boxes.len(), raw.scores.len()),
                (case.cells, case.cells)
            );
            let mut flipped = 0;
            for at in 0..case.cells {
                let off = [
                    largest(&raw.boxes[at], &case.boxes[at]),
                    largest(&raw.scores[at], &case.scores[at]),
                ];
                flipped += usize::from(off[0] > SAME[0] || off[1] > SAME[1]);
                assert!(
                    off[0] <= FLIPPED_BY[0] && off[1] <= FLIPPED_BY[1],
                    "{level}, {}x{}, cell {at}: {off:?}",
                    case.width,
                    case.height
                );
            }
            let share = flipped as f64 / case.cells as f64;
            assert!(share <= FLIPPED, "{level}: {flipped} of {}", case.cells);
        }
    }
}

fn largest(found: &[f32], expected: &[f32]) -> f32 {
    let off = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    off.fold(0.0, f32::max)
}
