//! What every layer asks of its weights before it takes them.

use super::{DENSE_GROUP, SHAPES};

/// Folded factors beyond this are refused: below it no sum can leave the floats.
const LARGEST: f32 = 1e9;

/// Weights that no kernel takes.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum ShapeError {
    /// The pair of channel counts is not in [`SHAPES`].
    #[error("no kernel for {cin} to {cout} channels, there are those for {SHAPES:?}")]
    Channels {
        /// Input channels.
        cin: usize,
        /// Output channels.
        cout: usize,
    },
    /// Channels of a layer of floats that no vector holds.
    #[error("{cin} to {cout} channels: inputs come in pairs, outputs in groups of {DENSE_GROUP}")]
    Groups {
        /// Input channels.
        cin: usize,
        /// Output channels.
        cout: usize,
    },
    /// A slice of weights has another length than the channel counts say.
    #[error("{what}: expected {expected} weights, found {found}")]
    Length {
        /// Which slice.
        what: &'static str,
        /// Length by the channel counts.
        expected: usize,
        /// Length given.
        found: usize,
    },
    /// The range of a map is no positive number.
    #[error("a map's range is a number above 0, found {limit}")]
    Range {
        /// The range given.
        limit: f32,
    },
    /// A factor so large that sums could leave the floats.
    #[error("{what}: a factor of {found:e}, at most {LARGEST:e} is taken")]
    Magnitude {
        /// Which factor.
        what: &'static str,
        /// Its value.
        found: f32,
    },
}

pub(super) fn expect(what: &'static str, expected: usize, slice: &[f32]) -> Result<(), ShapeError> {
    let found = slice.len();
    if found == expected {
        Ok(())
    } else {
        Err(ShapeError::Length {
            what,
            expected,
            found,
        })
    }
}

pub(super) fn bounded(what: &'static str, values: &[f32]) -> Result<(), ShapeError> {
    // All of them are looked at before the first bad one is: that way many are at once.
    let good = |value: &f32| value.abs() <= LARGEST;
    if values.iter().fold(true, |all, value| all & good(value)) {
        return Ok(());
    }
    match values.iter().find(|value| !good(value)) {
        Some(&found) => Err(ShapeError::Magnitude { what, found }),
        None => Ok(()),
    }
}
