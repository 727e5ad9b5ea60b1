//! The weights file: read, measured against the card and the network's list of tensors.
//!
//! Everything is checked before anything runs: the hash, every name, every shape, every
//! number; a tensor that the network does not use is refused like one that is missing. This
//! module knows names and shapes; what is computed with them it does not know.
use crate::card::{CLASSES, Card, CardError, STRIDES};
use safetensors::Dtype;
use scrim_pixels::conv::STEM_CHANNELS;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(crate) mod tensors;

use tensors::{floats, views};

/// Of each stage of the backbone, the channels that each of its blocks gives. Stages 0 and 1
/// are at stride 4, the others at 8, 16 and 32.
pub(crate) const STAGES: [&[usize]; 5] = [
    &[STEM_CHANNELS, 64],
    &[64, 64],
    &[96, 96, 96],
    &[128, 128, 128],
    &[128, 128],
];

/// Channels that a stage ends with.
pub(crate) const fn width(stage: usize) -> usize {
    STAGES[stage][STAGES[stage].len() - 1]
}

/// Channels of the backbone at strides 8, 16 and 32.
pub(crate) const BACKBONE: [usize; 3] = [width(2), width(3), width(4)];

/// Channels behind the lateral blocks: as wide as the next finer map of the backbone, to which
/// they are added.
pub(crate) const DOWN: [usize; 3] = [BACKBONE[0], BACKBONE[0], BACKBONE[1]];

/// Channels that the score and box heads read.
pub(crate) const HEAD: usize = 96;

/// Values of a box: centre x, y, width, height.
pub(crate) const BOX_VALUES: usize = 4;

/// Number of all weights, biases and ranges.
pub const PARAMETERS: usize = 202_492;

/// Largest weights file read, strict: 4 times the network's size in float32. What is longer
/// cannot match the list of tensors.
const MOST_BYTES: u64 = 4 * 4 * PARAMETERS as u64;

/// The sets of weights that this program carries; they differ in what they learned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Learned from all pictures that were at hand: misses the least.
    City,
    /// Learned only from pictures whose licence is stated and allows it.
    Clear,
}

impl Variant {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::City, Self::Clear];

    /// Its name, that of its card.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::City => "city",
            Self::Clear => "clear",
        }
    }

    /// Card and weights file of the second stage.
    const fn second_files(self) -> (&'static [u8], &'static [u8]) {
        match self {
            Self::City => (
                include_bytes!("../weights/city-second.json"),
                include_bytes!("../weights/city-second.safetensors"),
            ),
            Self::Clear => (
                include_bytes!("../weights/clear-second.json"),
                include_bytes!("../weights/clear-second.safetensors"),
            ),
        }
    }

    /// Card and weights file.
    const fn files(self) -> (&'static [u8], &'static [u8]) {
        match self {
            Self::City => (
                include_bytes!("../weights/city.json"),
                include_bytes!("../weights/city.safetensors"),
            ),
            Self::Clear => (
                include_bytes!("../weights/clear.json"),
                include_bytes!("../weights/clear.safetensors"),
            ),
        }
    }
}

/// Why weights were refused.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The card was refused.
    #[error(transparent)]
    Card(#[from] CardError),
    /// A file could not be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file longer than any that could be right.
    #[error("{}: {found} bytes, at most {MOST_BYTES} are read", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        found: u64,
    },
    /// The file is not the one that the card was written for.
    #[error("weights: SHA-256 by the card {expected}, of the file {found}")]
    Hash {
        /// By the card.
        expected: String,
        /// Of the file.
        found: String,
    },
    /// Not a safetensors file.
    #[error("weights: {0}")]
    Format(#[from] safetensors::SafeTensorError),
    /// A tensor is missing.
    #[error("weights: no tensor `{name}`")]
    Missing {
        /// Its name.
        name: String,
    },
    /// A tensor that the network has no use for.
    #[error("weights: tensor `{name}` is none of this network's")]
    Unknown {
        /// Its name.
        name: String,
    },
    /// A tensor of another shape or number type.
    #[error("weights: `{name}`: expected {wanted:?} {expected:?}, found {dtype:?} {found:?}")]
    Shape {
        /// Its name.
        name: String,
        /// Shape by the network.
        expected: Vec<usize>,
        /// Shape in the file.
        found: Vec<usize>,
        /// Number type by the network.
        wanted: Dtype,
        /// Number type in the file.
        dtype: Dtype,
    },
    /// A weight that is no number.
    #[error("weights: `{name}`: value {at} is {value}")]
    NotFinite {
        /// Name of the tensor.
        name: String,
        /// Index of the value.
        at: usize,
        /// The value.
        value: f32,
    },
    /// The card counts other weights than the file holds.
    #[error("weights: {expected} by the card, {found} in the file")]
    Count {
        /// By the card.
        expected: usize,
        /// In the file.
        found: usize,
    },
}

/// A card and its weights, both checked.
#[derive(Debug)]
pub struct Weights {
    card: Card,
    tensors: BTreeMap<String, Vec<f32>>,
}

impl Weights {
    /// Weights that this program carries, of the network that looks at whole pictures.
    pub fn embedded(variant: Variant) -> Result<Self, WeightsError> {
        let (card, file) = variant.files();
        Self::from_bytes(card, file)
    }

    /// All that this program carries, for tests of the network that the first two stages are: of each
    /// variant those of the first stage, then of the second.
    pub fn carried() -> Result<Vec<Self>, WeightsError> {
        let second = |variant| SecondWeights::embedded(variant).map(|second| second.weights);
        let both = |variant| [Self::embedded(variant), second(variant)];
        Variant::ALL.into_iter().flat_map(both).collect()
    }

    /// Reads the card at `path` and the weights file beside it that the card names.
    pub fn load(path: &Path) -> Result<Self, WeightsError> {
        let json = read(path)?;
        let card = Card::from_json(&json)?;
        card.check_first_stage()?;
        let file = read(&path.with_file_name(card.weights_file()))?;
        Self::from_parts(card, &file)
    }

    /// Checks a card (JSON) and a weights file (safetensors) held in memory.
    pub fn from_bytes(card: &[u8], file: &[u8]) -> Result<Self, WeightsError> {
        let card = Card::from_json(card)?;
        card.check_first_stage()?;
        Self::from_parts(card, file)
    }

    /// The card.
    pub const fn card(&self) -> &Card {
        &self.card
    }

    fn from_parts(card: Card, file: &[u8]) -> Result<Self, WeightsError> {
        hash_is(card.sha256(), file)?;
        let tensors = parse(file)?;
        let found = tensors.values().map(Vec::len).sum();
        if found != card.parameters() {
            let expected = card.parameters();
            return Err(WeightsError::Count { expected, found });
        }
        Ok(Self { card, tensors })
    }

    /// A tensor by name; empty where there is none, which no kernel's shape check passes.
    pub(crate) fn tensor(&self, name: &str) -> &[f32] {
        self.tensors.get(name).map_or(&[], Vec::as_slice)
    }
}

/// Weights of the second stage, which look at places and never at whole pictures.
#[derive(Debug)]
pub struct SecondWeights {
    pub(crate) weights: Weights,
    /// What a logit of the first stage's score counts beside their own verdict: (face, plate).
    pub(crate) first_counts: [f32; 2],
}

impl SecondWeights {
    /// Weights that this program carries.
    pub fn embedded(variant: Variant) -> Result<Self, WeightsError> {
        let (card, file) = variant.second_files();
        Self::from_bytes(card, file)
    }

    /// Checks a card (JSON) and a weights file (safetensors) held in memory.
    pub fn from_bytes(card: &[u8], file: &[u8]) -> Result<Self, WeightsError> {
        let card = Card::from_json(card)?;
        let first_counts = card.first_counts()?;
        let weights = Weights::from_parts(card, file)?;
        Ok(Self {
            weights,
            first_counts,
        })
    }

    /// The card.
    pub const fn card(&self) -> &Card {
        self.weights.card()
    }
}

/// Reads the tensors of a safetensors file: exactly those of [`expected_tensors`], float32,
/// of their shapes, all finite. Takes any bytes and never panics.
pub fn parse(file: &[u8]) -> Result<BTreeMap<String, Vec<f32>>, WeightsError> {
    let views = views(file, expected_tensors(), Dtype::F32)?;
    let floats = |(name, view): (String, &[u8])| (name, floats(view).collect());
    Ok(views.into_iter().map(floats).collect())
}

/// Refuses a weights file that the card was not written for.
pub(crate) fn hash_is(expected: &str, file: &[u8]) -> Result<(), WeightsError> {
    let found = hex(&Sha256::digest(file));
    if found == expected {
        return Ok(());
    }
    let expected = expected.to_owned();
    Err(WeightsError::Hash { expected, found })
}

/// Every tensor of the network with its shape.
pub fn expected_tensors() -> Vec<(String, Vec<usize>)> {
    const KERNEL: usize = 9;
    const COLOURS: usize = 3;
    let mut tensors = vec![
        (
            "stem.conv.weight".into(),
            vec![STEM_CHANNELS, KERNEL * COLOURS],
        ),
        ("stem.conv.bias".into(), vec![STEM_CHANNELS]),
    ];
    for (block, cin, cout) in blocks() {
        tensors.push((format!("{block}.point.weight"), vec![cout, cin]));
        tensors.push((format!("{block}.point.bias"), vec![cout]));
        tensors.push((format!("{block}.depth.weight"), vec![cout, KERNEL]));
        tensors.push((format!("{block}.depth.bias"), vec![cout]));
    }
    tensors.extend(ranges().into_iter().map(|name| (name, vec![1])));
    tensors
}

/// Every separable block with its input and output channels.
fn blocks() -> Vec<(String, usize, usize)> {
    let mut blocks = vec![("stem.sep".into(), STEM_CHANNELS, STEM_CHANNELS)];
    let mut cin = STEM_CHANNELS;
    for (stage, widths) in STAGES.into_iter().enumerate() {
        for (block, cout) in widths.iter().enumerate() {
            blocks.push((format!("stages.{stage}.{block}"), cin, *cout));
            cin = *cout;
        }
    }
    for level in 0..STRIDES.len() {
        blocks.push((format!("lateral.{level}"), BACKBONE[level], DOWN[level]));
        blocks.push((format!("shared.{level}"), DOWN[level], HEAD));
        blocks.push((format!("score.{level}"), HEAD, CLASSES.len()));
        blocks.push((format!("box.{level}"), HEAD, BOX_VALUES));
    }
    blocks
}

/// The names of the ranges of all maps that are rounded: of the stem, of every block that ends
/// in ReLU, and of the two sums on the way down.
fn ranges() -> Vec<String> {
    let rounded = |name: &String| !name.starts_with("score.") && !name.starts_with("box.");
    let blocks = blocks().into_iter().map(|(name, _, _)| name);
    let others = ["stem", "sums.0", "sums.1"].map(String::from);
    let names = others.into_iter().chain(blocks.filter(rounded));
    names.map(|name| format!("{name}.range")).collect()
}

fn read(path: &Path) -> Result<Vec<u8>, WeightsError> {
    let failed = |source| WeightsError::Read {
        path: path.to_owned(),
        source,
    };
    // A device or pipe has no length that could be right, and may never end.
    let facts = std::fs::metadata(path).map_err(failed)?;
    if !facts.is_file() {
        let kind = std::io::ErrorKind::InvalidInput;
        return Err(failed(std::io::Error::new(kind, "not a file")));
    }
    if facts.len() > MOST_BYTES {
        let (path, found) = (path.to_owned(), facts.len());
        return Err(WeightsError::TooLong { path, found });
    }
    std::fs::read(path).map_err(failed)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
