//! Card and weights file of the third stage, checked before anything runs.
//!
//! The file holds exactly the tensors of this one network, halves (binary16) to save room; its
//! last layer has one output. A file or card with more is refused, so nothing else about a face can
//! come out. Knows names, shapes and numbers; what is computed with them it does not know.

use crate::card::{CardError, checked_file, holds};
use crate::weights::tensors::{halves, views};
use crate::weights::{Variant, WeightsError, hash_is};
use safetensors::Dtype;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The card format that this program reads.
const FORMAT: u32 = 1;

/// Channels of the first layer.
pub(super) const STEM: usize = 32;

/// Channels of every map on the way up.
pub(super) const NECK: usize = 24;

/// A block's channels on the way in, in the middle and out, and its stride.
pub(super) struct Block {
    pub(super) cin: usize,
    pub(super) middle: usize,
    pub(super) cout: usize,
    pub(super) stride: usize,
}

const fn block(cin: usize, middle: usize, cout: usize, stride: usize) -> Block {
    Block {
        cin,
        middle,
        cout,
        stride,
    }
}

/// The blocks behind the stem, from a half to a thirty-second of the patch's size.
pub(super) const BLOCKS: [Block; 17] = [
    block(32, 32, 16, 1),
    block(16, 96, 24, 2),
    block(24, 144, 24, 1),
    block(24, 144, 32, 2),
    block(32, 192, 32, 1),
    block(32, 192, 32, 1),
    block(32, 192, 64, 2),
    block(64, 384, 64, 1),
    block(64, 384, 64, 1),
    block(64, 384, 64, 1),
    block(64, 384, 96, 1),
    block(96, 576, 96, 1),
    block(96, 576, 96, 1),
    block(96, 576, 160, 2),
    block(160, 960, 160, 1),
    block(160, 960, 160, 1),
    block(160, 960, 320, 1),
];

/// The blocks behind which the way up is joined, and their channels, from coarse to fine.
pub(super) const LATERALS: [(usize, usize); 3] = [(12, 96), (5, 32), (2, 24)];

/// Why weights of the third stage were refused.
#[derive(Debug, thiserror::Error)]
pub enum ThirdError {
    /// The card.
    #[error("third stage: {0}")]
    Card(#[from] CardError),
    /// The file.
    #[error("third stage: {0}")]
    Weights(#[from] WeightsError),
}

/// The card, once it has passed every check.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThirdCard {
    format: u32,
    name: String,
    input: Input,
    outputs: Vec<String>,
    counts: [f32; 2],
    weights_file: String,
    sha256: String,
    parameters: usize,
    training: serde_json::Value,
    licence: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    order: String,
    range: [u32; 2],
    side: usize,
}

impl ThirdCard {
    /// Name of the weights.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of the weights file, 64 lower-case hex digits.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// How the weights were made, as the card tells it; shown, never interpreted.
    #[must_use]
    pub const fn training(&self) -> &serde_json::Value {
        &self.training
    }

    /// Licence of the weights.
    #[must_use]
    pub fn licence(&self) -> &str {
        &self.licence
    }

    /// What the first stage's logit and the second one's verdict count beside the word of these.
    pub(super) const fn counts(&self) -> [f32; 2] {
        self.counts
    }

    fn check(&self) -> Result<(), CardError> {
        holds("format", "1", &self.format, self.format == FORMAT)?;
        let input = &self.input;
        let taken = input.order == "BGR" && input.range == [0, 255] && input.side == super::SIDE;
        holds("input", "BGR, 0 to 255, a side of 128", input, taken)?;
        holds(
            "outputs",
            "[\"face\"], nothing else",
            &self.outputs,
            self.outputs == ["face"],
        )?;
        let within = self
            .counts
            .iter()
            .all(|counts| (0.0..=2.0).contains(counts));
        holds("counts", "two numbers within 0..=2", &self.counts, within)?;
        checked_file(&self.weights_file, &self.sha256)
    }
}

/// A card and its weights, both checked.
#[derive(Debug)]
pub struct ThirdWeights<'a> {
    card: ThirdCard,
    /// Bytes of float16, where they lie in the file: there are millions of numbers to copy.
    tensors: BTreeMap<String, &'a [u8]>,
}

impl ThirdWeights<'static> {
    /// Weights that this program carries; a variant may have none.
    ///
    /// # Errors
    /// [`ThirdError`] where they are not what this program takes.
    pub fn embedded(variant: Variant) -> Result<Option<Self>, ThirdError> {
        match variant {
            Variant::City => Self::from_bytes(
                include_bytes!("../../weights/city-third.json"),
                include_bytes!("../../weights/city-third.safetensors"),
            )
            .map(Some),
            // What this network began from was trained on pictures without a stated licence.
            Variant::Clear => Ok(None),
        }
    }
}

impl<'a> ThirdWeights<'a> {
    /// Checks a card (JSON) and a weights file (safetensors) held in memory.
    ///
    /// # Errors
    /// [`ThirdError`] where they are not what this program takes.
    pub fn from_bytes(card: &[u8], file: &'a [u8]) -> Result<Self, ThirdError> {
        let card: ThirdCard = serde_json::from_slice(card).map_err(CardError::from)?;
        card.check()?;
        hash_is(&card.sha256, file)?;
        let tensors = views(file, tensors(), Dtype::F16)?;
        let bytes: usize = tensors.values().map(|bytes| bytes.len()).sum();
        let found = bytes / size_of::<u16>();
        if found != card.parameters {
            let expected = card.parameters;
            return Err(WeightsError::Count { expected, found }.into());
        }
        Ok(Self { card, tensors })
    }

    /// The card.
    #[must_use]
    pub const fn card(&self) -> &ThirdCard {
        &self.card
    }

    /// A tensor by name; empty where there is none, which no layer's shape check passes.
    pub(super) fn tensor(&self, name: &str) -> Vec<f32> {
        halves(self.tensors.get(name).copied().unwrap_or(&[])).collect()
    }
}

/// Every tensor of the network with its shape.
fn tensors() -> Vec<(String, Vec<usize>)> {
    const TAPS: usize = 9;
    const COLOURS: usize = 3;
    let mut layers = vec![("stem".to_owned(), STEM, TAPS * COLOURS)];
    for (at, block) in BLOCKS.iter().enumerate() {
        if block.cin != block.middle {
            layers.push((format!("blocks.{at}.expand"), block.middle, block.cin));
        }
        layers.push((format!("blocks.{at}.depth"), block.middle, TAPS));
        layers.push((format!("blocks.{at}.project"), block.cout, block.middle));
    }
    layers.push(("top".to_owned(), NECK, BLOCKS[BLOCKS.len() - 1].cout));
    for (at, (_, channels)) in LATERALS.iter().enumerate() {
        layers.push((format!("lateral.{at}"), NECK, *channels));
    }
    layers.push(("mix".to_owned(), NECK, TAPS * NECK));
    layers.push(("score".to_owned(), 1, NECK));
    let mut tensors = Vec::new();
    for (name, cout, cin) in layers {
        tensors.push((format!("{name}.weight"), vec![cout, cin]));
        tensors.push((format!("{name}.bias"), vec![cout]));
    }
    for at in 0..LATERALS.len() {
        tensors.push((format!("up.{at}.weight"), vec![4 * NECK, NECK]));
        tensors.push((format!("up.{at}.bias"), vec![NECK]));
    }
    tensors
}
