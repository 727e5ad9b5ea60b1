//! Cards and weights files that are cut, edited or of another network are refused, each with
//! a message that says what was expected and what was found.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use safetensors::Dtype;
use safetensors::tensor::{TensorView, serialize};
use scrim_detect::Cascade;
use scrim_detect::card::Card;
use scrim_detect::network::Network;
use scrim_detect::weights::{
    PARAMETERS, SecondWeights, Variant, Weights, WeightsError, expected_tensors, parse,
};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const CARD: &str = include_str!("../weights/city.json");
const FILE: &[u8] = include_bytes!("../weights/city.safetensors");

type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

fn tensors() -> Tensors {
    let mut values = parse(FILE).unwrap();
    let tensor = |(name, shape)| {
        let values = values.remove(&name).unwrap();
        (name, (shape, values))
    };
    expected_tensors().into_iter().map(tensor).collect()
}

fn file(tensors: &Tensors) -> Vec<u8> {
    let bytes: Vec<(&String, &Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, (shape, values))| {
            (
                name,
                shape,
                values
                    .iter()
                    .flat_map(|value| value.to_le_bytes())
                    .collect(),
            )
        })
        .collect();
    let views = bytes.iter().map(|(name, shape, bytes)| {
        (
            name.as_str(),
            TensorView::new(Dtype::F32, shape.to_vec(), bytes).unwrap(),
        )
    });
    serialize(views, None).unwrap()
}

/// A card like the embedded one, for another file.
fn card_for(file: &[u8], parameters: usize) -> String {
    let mut card: serde_json::Value = serde_json::from_str(CARD).unwrap();
    let hash = Sha256::digest(file)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>();
    card["sha256"] = hash.into();
    card["parameters"] = parameters.into();
    card.to_string()
}

#[test]
fn the_embedded_weights_are_taken() {
    for variant in Variant::ALL {
        let weights = Weights::embedded(variant).unwrap();
        assert_eq!(weights.card().name(), variant.name());
        let second = SecondWeights::embedded(variant).unwrap();
        assert_eq!(second.card().name(), format!("{}-second", variant.name()));
        assert!(Cascade::new(weights, Some(second), None).is_ok());
    }
}

#[test]
fn weights_of_one_stage_are_refused_for_the_other() {
    const SECOND: &str = include_str!("../weights/city-second.json");
    const SECOND_FILE: &[u8] = include_bytes!("../weights/city-second.safetensors");
    let refused = Weights::from_bytes(SECOND.as_bytes(), SECOND_FILE).unwrap_err();
    let message = refused.to_string();
    assert!(
        message.contains("`first_counts`: expected no such key"),
        "{message}"
    );
    let folder = std::env::temp_dir().join(format!("scrim-second-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let card = folder.join("card.json");
    std::fs::write(&card, SECOND).unwrap();
    std::fs::write(folder.join("city-second.safetensors"), SECOND_FILE).unwrap();
    let refused = Weights::load(&card).unwrap_err().to_string();
    assert_eq!(refused, message);
    std::fs::remove_dir_all(&folder).unwrap();
    let refused = SecondWeights::from_bytes(CARD.as_bytes(), FILE).unwrap_err();
    let message = refused.to_string();
    assert!(message.contains("found no such key"), "{message}");
}

#[test]
fn what_the_first_stage_counts_is_two_numbers_in_range() {
    let read = |counts: &str| {
        let key = format!(r#""first_counts": {counts}, "weights_file""#);
        Card::from_json(CARD.replace(r#""weights_file""#, &key).as_bytes())
    };
    assert!(read("[0.0, 2.0]").is_ok());
    for bad in ["[1.0]", "[1.0, 2.5]", "[-0.1, 1.0]", "[1.0, 1e60]"] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_card_that_says_anything_else_is_refused() {
    let edits: &[(&str, &str, &str)] = &[
        (
            r#""format": 1"#,
            r#""format": 2"#,
            "`format`: expected 1, found 2",
        ),
        (
            r#""plate""#,
            r#""person""#,
            r#"`classes`: expected ["face", "plate"], found ["face", "person"]"#,
        ),
        (
            r#""face","#,
            "",
            r#"`classes`: expected ["face", "plate"], found ["plate"]"#,
        ),
        (
            "  32\n ]",
            "  64\n ]",
            "`strides`: expected [8, 16, 32], found [8, 16, 64]",
        ),
        (
            r#""scores""#,
            r#""scores", "landmarks""#,
            r#"`outputs`: expected ["boxes", "scores"], found ["boxes", "scores", "landmarks"]"#,
        ),
        (
            r#""scores""#,
            r#""embedding""#,
            r#"`outputs`: expected ["boxes", "scores"], found ["boxes", "embedding"]"#,
        ),
        (
            r#""BGR""#,
            r#""RGB""#,
            r#"`input.order`: expected "BGR", found "RGB""#,
        ),
        (
            "   255",
            "   1",
            "`input.range`: expected [0, 255], found [0, 1]",
        ),
        (
            r#""multiple_of": 32"#,
            r#""multiple_of": 16"#,
            "`input.multiple_of`: expected 32, found 16",
        ),
        (
            r#""nms_iou": 0.45"#,
            r#""nms_iou": 1.45"#,
            "`nms_iou`: expected a number between 0 and 1, found 1.45",
        ),
        (
            r#""threshold": 0.4"#,
            r#""threshold": 0.0"#,
            "`threshold`: expected a number between 0 and 1, found 0.0",
        ),
        (
            r#""city.safetensors""#,
            r#""../../etc/passwd""#,
            r#"`weights_file`: expected a file name of letters, digits, '.', '_', '-', found "../../etc/passwd""#,
        ),
        (
            r#""sha256": ""#,
            r#""sha256": "G"#,
            "`sha256`: expected 64 lower-case hex digits",
        ),
        (r#""name": "city","#, "", "missing field `name`"),
        (
            r#""name""#,
            r#""embedding_size": 128, "name""#,
            "unknown field `embedding_size`",
        ),
        (
            r#""order""#,
            r#""mean": 3, "order""#,
            "unknown field `mean`",
        ),
    ];
    for (from, to, message) in edits {
        // The first: further down, the card tells of its training in words of its own.
        let edited = CARD.replacen(from, to, 1);
        assert_ne!(edited, CARD, "nothing edited: {from}");
        let error = Card::from_json(edited.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(message), "{from} to {to}: {error}");
    }
}

#[test]
fn a_card_cut_anywhere_is_refused() {
    for len in 0..CARD.trim_end().len() {
        assert!(
            Card::from_json(&CARD.as_bytes()[..len]).is_err(),
            "{len} bytes"
        );
    }
}

#[test]
fn a_weights_file_that_is_not_the_cards_is_refused() {
    let mut edited = FILE.to_vec();
    *edited.last_mut().unwrap() ^= 1;
    let cut = &FILE[..FILE.len() - 1];
    for file in [&edited[..], cut, &[]] {
        let error = Weights::from_bytes(CARD.as_bytes(), file).unwrap_err();
        assert!(matches!(error, WeightsError::Hash { .. }), "{error}");
    }
    let message = Weights::from_bytes(CARD.as_bytes(), cut)
        .unwrap_err()
        .to_string();
    let card: serde_json::Value = serde_json::from_str(CARD).unwrap();
    let said = format!("by the card {},", card["sha256"].as_str().unwrap());
    assert!(message.contains(&said), "{message}");
}

#[test]
fn bytes_cut_anywhere_are_no_weights_even_with_a_card_that_fits() {
    for len in (0..FILE.len()).step_by(997).chain(0..200) {
        assert!(parse(&FILE[..len]).is_err(), "{len} bytes");
    }
    let mut longer = FILE.to_vec();
    longer.push(0);
    assert!(parse(&longer).is_err());
}

/// What a flipped byte turns the header into is refused or read; it never panics.
#[test]
fn no_flipped_byte_of_the_header_panics() {
    let header = 8 + u64::from_le_bytes(*FILE.first_chunk().unwrap()) as usize;
    let mut refused = 0;
    for at in 0..header {
        let mut file = FILE.to_vec();
        file[at] ^= 1 << (at % 8);
        refused += usize::from(parse(&file).is_err());
    }
    assert!(refused > header * 9 / 10, "{refused} of {header}");
}

#[test]
fn tensors_of_another_network_are_refused() {
    type Edit = fn(&mut Tensors);
    let edits: &[(Edit, &str)] = &[
        (
            |t| drop(t.remove("box.1.point.bias")),
            "no tensor `box.1.point.bias`",
        ),
        (
            |t| drop(t.insert("embedding.weight".into(), (vec![1], vec![0.0]))),
            "tensor `embedding.weight` is none of this network's",
        ),
        (
            |t| drop(t.insert("score.0.point.bias".into(), (vec![3], vec![0.0; 3]))),
            "`score.0.point.bias`: expected F32 [2], found F32 [3]",
        ),
        (
            |t| t.get_mut("stem.conv.weight").unwrap().0 = vec![27, 16],
            "`stem.conv.weight`: expected F32 [16, 27], found F32 [27, 16]",
        ),
        (
            |t| t.get_mut("lateral.2.depth.weight").unwrap().1[7] = f32::NAN,
            "`lateral.2.depth.weight`: value 7 is NaN",
        ),
        (
            |t| t.get_mut("shared.0.depth.bias").unwrap().1[0] = f32::INFINITY,
            "`shared.0.depth.bias`: value 0 is inf",
        ),
    ];
    for (edit, message) in edits {
        let mut tensors = tensors();
        edit(&mut tensors);
        let error = parse(&file(&tensors)).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn a_card_that_counts_other_weights_is_refused() {
    let error = Weights::from_bytes(card_for(FILE, PARAMETERS - 1).as_bytes(), FILE).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "weights: {} by the card, {PARAMETERS} in the file",
            PARAMETERS - 1
        )
    );
}

#[test]
fn weights_are_loaded_from_the_file_that_the_card_names() {
    let folder = std::env::temp_dir().join(format!("scrim-weights-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let card = folder.join("card.json");
    std::fs::write(&card, CARD).unwrap();
    let missing = Weights::load(&card).unwrap_err().to_string();
    assert!(missing.contains("city.safetensors"), "{missing}");
    std::fs::write(folder.join("city.safetensors"), FILE).unwrap();
    assert_eq!(
        Weights::load(&card).unwrap().card(),
        Weights::embedded(Variant::City).unwrap().card()
    );
    std::fs::write(folder.join("city.safetensors"), vec![0; 16 << 20]).unwrap();
    let long = Weights::load(&card).unwrap_err();
    assert!(matches!(long, WeightsError::TooLong { .. }), "{long}");
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Weights that are numbers, but so large that a sum of them could be none.
#[test]
fn weights_that_could_leave_the_floats_make_no_network() {
    type Edit = fn(&mut Tensors);
    let edits: &[(Edit, &str)] = &[
        (
            |t| t.get_mut("score.1.depth.weight").unwrap().1[3] = 3e38,
            "depthwise weight: a factor of 3e38",
        ),
        (
            |t| t.get_mut("stages.2.1.point.bias").unwrap().1[3] = -1e30,
            "pointwise bias: a factor of -1e30",
        ),
        (
            |t| t.get_mut("lateral.1.range").unwrap().1[0] = 0.0,
            "a map's range is a number above 0, found 0",
        ),
        (
            |t| t.get_mut("sums.0.range").unwrap().1[0] = 1e-20,
            "share of a sum: a factor of",
        ),
        (
            |t| t.get_mut("stem.range").unwrap().1[0] = 1e-20,
            "a factor of",
        ),
    ];
    for (edit, message) in edits {
        let mut tensors = tensors();
        edit(&mut tensors);
        let file = file(&tensors);
        let weights = Weights::from_bytes(card_for(&file, PARAMETERS).as_bytes(), &file).unwrap();
        let error = Network::new(weights).err().map(|error| error.to_string());
        assert!(
            error.as_ref().is_some_and(|said| said.contains(message)),
            "{error:?}"
        );
    }
}
