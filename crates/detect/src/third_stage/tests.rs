//! The third stage equals the training code, and takes no weights but its own.

use super::*;
use crate::weights::Variant;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use scrim_pixels::level::levels_here;
use scrim_pixels::scale::Grid;
use serde::Deserialize;
use sha2::{Digest, Sha256};

const CARD: &str = include_str!("../../weights/city-third.json");
const FILE: &[u8] = include_bytes!("../../weights/city-third.safetensors");

/// Difference from PyTorch's float64, in which nothing is rounded, over sixty layers of float32 whose dense
/// ones read bfloat16.
const BOUND: f32 = 0.03;

/// The same on average.
const MEAN_BOUND: f32 = 0.01;

#[derive(Deserialize)]
struct Vectors {
    weights_sha256: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    start: usize,
    /// Left, top, right, bottom of what is not black.
    shown: [usize; 4],
    logit: f32,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../tests/vectors/city-third.json")).unwrap()
}

fn weights() -> ThirdWeights<'static> {
    ThirdWeights::embedded(Variant::City).unwrap().unwrap()
}

/// The formula that the file of vectors names.
fn patch(case: &Case) -> Scaled {
    let [left, top, right, bottom] = case.shown;
    let value = |x: usize, y: usize, c: usize| {
        let from = x + case.start;
        let shown = (left..right).contains(&x) && (top..bottom).contains(&y);
        let value = (from * 7 + y * 13 + c * 29 + ((from * y) % 31) * 5) % 256;
        if shown { value as u8 } else { 0 }
    };
    Scaled([0, 1, 2].map(|c| {
        let places = (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (x, y)));
        Grid {
            width: SIDE,
            height: SIDE,
            data: places.map(|(x, y)| value(x, y, c)).collect(),
        }
    }))
}

fn face(net: &ThirdNetwork, case: &Case, scratch: &mut ThirdScratch) -> f32 {
    net.face(planes(&patch(case)), scratch).unwrap()
}

#[test]
fn every_level_gives_what_the_training_code_gives_and_all_the_same_bits() {
    let vectors = vectors();
    assert_eq!(vectors.weights_sha256, weights().card().sha256());
    assert!(vectors.cases.len() >= 4);
    let mut scratch = ThirdScratch::default();
    let mut before: Option<Vec<f32>> = None;
    for level in levels_here() {
        let net = ThirdNetwork::at_level(&weights(), level).unwrap();
        let found = vectors
            .cases
            .iter()
            .map(|case| face(&net, case, &mut scratch));
        let found: Vec<_> = found.collect();
        let mut all = 0.0;
        for (found, case) in found.iter().zip(&vectors.cases) {
            let off = (found - case.logit).abs();
            assert!(off <= BOUND, "{level}: {found}, {}", case.logit);
            all += off;
        }
        assert!(all / found.len() as f32 <= MEAN_BOUND, "{level}: {all}");
        assert_eq!(
            *before.get_or_insert_with(|| found.clone()),
            found,
            "{level}"
        );
    }
}

#[test]
fn what_a_run_finds_in_its_memory_changes_nothing_and_the_words_before_count_as_the_card_says() {
    let stage = ThirdStage::new(&weights()).unwrap();
    let (cases, mut used) = (vectors().cases, ThirdScratch::default());
    for case in &cases {
        let fresh = face(&stage.net, case, &mut ThirdScratch::default());
        assert_eq!(face(&stage.net, case, &mut used), fresh);
        let patch = patch(case);
        let mut logit = |words: [f32; 2]| stage.logit(words, &patch, &mut used).unwrap();
        assert_eq!(logit([0.0, 0.0]), fresh);
        let [first, second] = stage.counts;
        assert!((logit([1.5, 0.0]) - fresh - 1.5 * first).abs() < 1e-5);
        assert!((logit([0.0, -2.0]) - fresh + 2.0 * second).abs() < 1e-5);
    }
    let footprint = used.footprint();
    face(&stage.net, &cases[0], &mut used);
    assert_eq!(used.footprint(), footprint);
}

/// The file with a tensor's bytes and type changed by `change`, and a card that fits it.
fn changed(
    change: impl Fn(&str, &mut Dtype, &mut Vec<u8>) -> bool,
) -> Result<ThirdWeights<'static>, ThirdError> {
    let archive = SafeTensors::deserialize(FILE).unwrap();
    let mut tensors = Vec::new();
    for name in archive.names() {
        let view = archive.tensor(name).unwrap();
        let (mut dtype, mut data) = (view.dtype(), view.data().to_vec());
        if change(name, &mut dtype, &mut data) {
            tensors.push((name.to_owned(), dtype, view.shape().to_vec(), data));
        }
    }
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        (name, TensorView::new(*dtype, shape.clone(), data).unwrap())
    });
    let file = serialize(views, None).unwrap();
    let hash: String = Sha256::digest(&file)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let card = CARD.replace(weights().card().sha256(), &hash);
    ThirdWeights::from_bytes(card.as_bytes(), file.leak())
}

#[test]
fn a_sum_that_leaves_the_floats_is_an_error() {
    // As binary16: 60000 is 0x7b53.
    let overflowing = changed(|name, _, data| {
        if name.ends_with("project.weight") {
            data.as_chunks_mut::<2>().0.fill(0x7b53_u16.to_le_bytes());
        }
        true
    });
    let overflowing = overflowing.unwrap();
    assert_eq!(overflowing.tensor("blocks.3.project.weight")[0], 60_000.0);
    let net = ThirdNetwork::at_level(&overflowing, Level::best()).unwrap();
    let case = &vectors().cases[0];
    let error = net
        .face(planes(&patch(case)), &mut ThirdScratch::default())
        .unwrap_err();
    assert!(
        matches!(error, NetworkError::NotFinite { stride: 4, .. }),
        "{error}"
    );
}

#[test]
fn other_weights_than_this_network_s_are_refused() {
    assert!(changed(|_, _, _| true).is_ok());
    let refused = |result: Result<ThirdWeights<'_>, ThirdError>| result.unwrap_err().to_string();
    let missing = refused(changed(|name, _, _| name != "mix.bias"));
    assert!(missing.contains("no tensor `mix.bias`"), "{missing}");
    let floats = refused(changed(|name, dtype, data| {
        if name == "top.bias" {
            *dtype = Dtype::BF16;
            data.fill(0);
        }
        true
    }));
    assert!(
        floats.contains("expected F16 [24], found BF16 [24]"),
        "{floats}"
    );
    let broken = refused(changed(|name, _, data| {
        if name == "stem.bias" {
            data[..2].copy_from_slice(&0x7e00_u16.to_le_bytes());
        }
        true
    }));
    assert!(broken.contains("`stem.bias`: value 0 is NaN"), "{broken}");
    let other = refused(ThirdWeights::from_bytes(CARD.as_bytes(), &FILE[1..]));
    assert!(other.contains("SHA-256"), "{other}");
}

#[test]
fn a_card_that_says_more_or_other_things_is_refused() {
    let card = |from: &str, to: &str| {
        let card = CARD.replacen(from, to, 1);
        assert_ne!(card, CARD, "{from}");
        ThirdWeights::from_bytes(card.as_bytes(), FILE)
            .unwrap_err()
            .to_string()
    };
    let more = card("\"face\"", "\"face\", \"landmarks\"");
    assert!(
        more.contains("outputs") && more.contains("landmarks"),
        "{more}"
    );
    for (from, to) in [
        ("\"format\": 1", "\"format\": 2"),
        ("\"side\": 128", "\"side\": 96"),
        ("\"order\": \"BGR\"", "\"order\": \"RGB\""),
        ("\"format\": 1", "\"format\": 1, \"embedding\": 3"),
        ("\"weights_file\": \"", "\"weights_file\": \"../"),
        ("\"counts\": [", "\"counts\": [7.5, "),
    ] {
        card(from, to);
    }
}
