//! The network equals the training code on stored inputs, at every level of this machine.
//!
//! `vectors/NAME.json` was made by PyTorch from the weights of that name; its inputs are given by
//! a formula, its outputs are stored.
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

fn vectors(name: &str) -> Vectors {
    let text = match name {
        "city" => include_str!("vectors/city.json"),
        "city-second" => include_str!("vectors/city-second.json"),
        "clear" => include_str!("vectors/clear.json"),
        "clear-second" => include_str!("vectors/clear-second.json"),
        _ => panic!("no vectors of {name}"),
    };
    serde_json::from_str(text).unwrap()
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
    for weights in Weights::carried().unwrap() {
        let vectors = vectors(weights.card().name());
        assert_eq!(vectors.weights_sha256, weights.card().sha256());
        let whole = |case: &Case| case.boxes.len() == case.cells && case.cells > 0;
        assert!(vectors.cases.iter().all(whole));
        assert!(vectors.cases.len() >= 2);
    }
}

#[test]
fn every_level_gives_what_the_training_code_gives() {
    let mut workspace = Workspace::new();
    for level in levels_here() {
        for weights in Weights::carried().unwrap() {
            let cases = vectors(weights.card().name()).cases;
            let network = Network::at_level(weights, level).unwrap();
            assert_eq!(network.level(), level);
            for case in cases {
                compare(&network, &case, &mut workspace);
            }
        }
    }
}

fn compare(network: &Network, case: &Case, workspace: &mut Workspace) {
    let (width, height) = (case.width, case.height);
    let place = |at| format!("{}, {width}x{height}, cell {at}", network.level());
    let bytes = picture(width, height);
    let input = NetInput::interleaved(&bytes, width, height, 3 * width).unwrap();
    let raw = network.raw(&input, workspace, 1).unwrap();
    assert_eq!(
        (raw.boxes.len(), raw.scores.len()),
        (case.cells, case.cells)
    );
    for at in 0..case.cells {
        for (found, expected) in raw.boxes[at].iter().zip(case.boxes[at]) {
            let off = (found - expected).abs();
            assert!(off <= BOX_BOUND, "{}: {found}, {expected}", place(at));
        }
        for (found, expected) in raw.scores[at].iter().zip(case.scores[at]) {
            let off = (found - expected).abs();
            assert!(off <= SCORE_BOUND, "{}: {found}, {expected}", place(at));
        }
    }
}
