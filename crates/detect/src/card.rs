//! The model card: what a set of weights says it is, and the refusal of anything else.
//!
//! This is where the promise "boxes and scores, never more" meets a file from outside: a card
//! with other outputs, other classes or one more key is refused before a weight is read.
//! This module reads JSON; it knows no tensor.
use serde::Deserialize;

/// The card format that this program reads.
pub const FORMAT: u32 = 1;

/// The classes, in the order of the scores.
pub const CLASSES: [&str; 2] = ["face", "plate"];

/// Pixels of the input a cell of each output level stands for.
pub const STRIDES: [usize; 3] = [8, 16, 32];

/// The outputs, all of them.
pub const OUTPUTS: [&str; 2] = ["boxes", "scores"];

/// Order of the colours, range of the samples and the multiple that both sides are padded to.
const ORDER: &str = "BGR";
const RANGE: [u32; 2] = [0, 255];
const MULTIPLE: usize = 32;

/// Why a card was refused.
#[derive(Debug, thiserror::Error)]
pub enum CardError {
    /// Not JSON, a key too many, a key too few, or a value of the wrong kind.
    #[error("model card: {0}")]
    Json(#[from] serde_json::Error),
    /// A value that this program does not serve.
    #[error("model card: `{key}`: expected {expected}, found {found}")]
    Refused {
        /// Key in the card.
        key: &'static str,
        /// What may stand there.
        expected: String,
        /// What stands there.
        found: String,
    },
}

/// A card that has passed every check.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    format: u32,
    name: String,
    classes: Vec<String>,
    strides: Vec<usize>,
    input: Input,
    outputs: Vec<String>,
    nms_iou: f32,
    threshold: f32,
    #[serde(default)]
    first_counts: Option<[f32; 2]>,
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
    multiple_of: usize,
}

impl Card {
    /// Reads a card and refuses one that says anything this program does not serve.
    pub fn from_json(json: &[u8]) -> Result<Self, CardError> {
        let card: Self = serde_json::from_slice(json)?;
        card.check()?;
        Ok(card)
    }

    /// Name of the weights.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// File of the weights, a plain name beside the card.
    pub fn weights_file(&self) -> &str {
        &self.weights_file
    }

    /// SHA-256 of the weights file, 64 lower-case hex digits.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Number of weights in the file.
    pub const fn parameters(&self) -> usize {
        self.parameters
    }

    /// Overlap above which the weaker of two boxes of a class is dropped, within 0..1.
    pub const fn nms_iou(&self) -> f32 {
        self.nms_iou
    }

    /// Score that the weights were tuned for, within 0..1.
    pub const fn threshold(&self) -> f32 {
        self.threshold
    }

    /// Refuses a card of the second stage.
    pub(crate) fn check_first_stage(&self) -> Result<(), CardError> {
        let expected = "no such key: weights that look at whole pictures";
        let found = &self.first_counts;
        holds("first_counts", expected, found, found.is_none())
    }

    /// Of the second stage's weights, what a logit of the first stage's score counts beside their
    /// own verdict: (face, plate), each within 0..=2. Refuses a card of the first stage.
    pub(crate) fn first_counts(&self) -> Result<[f32; 2], CardError> {
        self.first_counts.ok_or_else(|| CardError::Refused {
            key: "first_counts",
            expected: "two numbers: weights that look at places".into(),
            found: "no such key".into(),
        })
    }

    /// How the weights were made, as the card tells it; shown, never interpreted.
    pub const fn training(&self) -> &serde_json::Value {
        &self.training
    }

    /// Licence of the weights.
    pub fn licence(&self) -> &str {
        &self.licence
    }

    fn check(&self) -> Result<(), CardError> {
        equal("format", &FORMAT, &self.format)?;
        equal(
            "classes",
            &CLASSES.map(String::from).as_slice(),
            &self.classes.as_slice(),
        )?;
        equal("strides", &STRIDES.as_slice(), &self.strides.as_slice())?;
        equal(
            "outputs",
            &OUTPUTS.map(String::from).as_slice(),
            &self.outputs.as_slice(),
        )?;
        equal("input.order", &ORDER, &self.input.order.as_str())?;
        equal("input.range", &RANGE, &self.input.range)?;
        equal("input.multiple_of", &MULTIPLE, &self.input.multiple_of)?;
        let inside = |value: f32| value > 0.0 && value < 1.0;
        holds(
            "nms_iou",
            "a number between 0 and 1",
            &self.nms_iou,
            inside(self.nms_iou),
        )?;
        holds(
            "threshold",
            "a number between 0 and 1",
            &self.threshold,
            inside(self.threshold),
        )?;
        let mut counts = self.first_counts.iter().flatten();
        holds(
            "first_counts",
            "two numbers within 0..=2",
            &self.first_counts,
            counts.all(|count| (0.0..=2.0).contains(count)),
        )?;
        checked_file(&self.weights_file, &self.sha256)
    }
}

/// Refuses a weights file's name that is more than a name, and a hash that is none.
pub(crate) fn checked_file(file: &String, sha256: &String) -> Result<(), CardError> {
    // A name that is a path would let a card read any file of the machine.
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let named = !file.starts_with('.') && !file.is_empty() && file.chars().all(plain);
    holds(
        "weights_file",
        "a file name of letters, digits, '.', '_', '-'",
        file,
        named,
    )?;
    let hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    holds(
        "sha256",
        "64 lower-case hex digits",
        sha256,
        sha256.len() == 64 && sha256.chars().all(hex),
    )
}

fn equal<T: PartialEq + std::fmt::Debug>(
    key: &'static str,
    expected: &T,
    found: &T,
) -> Result<(), CardError> {
    holds(key, &format!("{expected:?}"), found, expected == found)
}

/// Refuses what `found` stands under `key` unless it `holds`.
pub(crate) fn holds(
    key: &'static str,
    expected: &str,
    found: &impl std::fmt::Debug,
    holds: bool,
) -> Result<(), CardError> {
    if holds {
        return Ok(());
    }
    Err(CardError::Refused {
        key,
        expected: expected.to_owned(),
        found: format!("{found:?}"),
    })
}
