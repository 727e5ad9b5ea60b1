//! The network equals the training code on stored inputs, at every level of this machine.
//!
//! `vectors/city.json` was made by PyTorch from the same weights; its inputs are given by a
//! formula, its outputs are stored.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use scrim_detect::network::{NetInput, Network, Workspace};
use scrim_detect::weights::Weights;
use scrim_pixels::level::levels_here;
use serde::Deserialize;

/// Pixels between this engine's edges and PyTorch's.
const BOX_BOUND: f32 = 1e-3;

/// Difference of scores.
const SCORE_BOUND: f32 = 1e-4;

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
            for at in 0..case.cells {
                for (found, expected) in raw.boxes[at].iter().zip(case.boxes[at]) {
                    let off = (found - expected).abs();
                    assert!(
                        off <= BOX_BOUND,
                        "{level}, {}x{}, cell {at}: {found}, {expected}",
                        case.width,
                        case.height
                    );
                }
                for (found, expected) in raw.scores[at].iter().zip(case.scores[at]) {
                    let off = (found - expected).abs();
                    assert!(
                        off <= SCORE_BOUND,
                        "{level}, cell {at}: {found}, {expected}"
                    );
                }
            }
        }
    }
}
