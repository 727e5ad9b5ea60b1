//! The third stage: of faces that stay in doubt, a larger network is asked once more.
//!
//! The first two networks are small because they see much; what they cannot tell apart are a few
//! faces a look. This one has nine times the weights and sees a patch twice as fine. It says of a
//! patch how sure it is that a face is in its middle, one number, and nothing else
//! (`training/third_stage.py`). Knows patches; which places are asked about it does not know.

mod net;
mod scratch;
mod weights;

pub use net::{SIDE, ThirdNetwork};
pub use scratch::ThirdScratch;
pub use weights::{ThirdCard, ThirdError, ThirdWeights};

use crate::network::NetworkError;
use crate::preprocess::Scaled;
use scrim_pixels::level::Level;

/// The third network, and what the words of the first two count beside it.
pub struct ThirdStage {
    net: ThirdNetwork,
    counts: [f32; 2],
    sha256: String,
}

impl ThirdStage {
    /// Of its weights, at the best level that the hardware has.
    ///
    /// # Errors
    /// [`NetworkError`] when the kernels do not take them.
    pub fn new(weights: &ThirdWeights<'_>) -> Result<Self, NetworkError> {
        Ok(Self {
            net: ThirdNetwork::at_level(weights, Level::best())?,
            counts: weights.card().counts(),
            sha256: weights.card().sha256().to_owned(),
        })
    }

    /// SHA-256 of its weights.
    pub(crate) fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The logit of a face by all three stages: `words` are the first one's logit and the second
    /// one's verdict.
    pub(crate) fn logit(
        &self,
        words: [f32; 2],
        patch: &Scaled,
        scratch: &mut ThirdScratch,
    ) -> Result<f32, NetworkError> {
        let own = self.net.face(planes(patch), scratch)?;
        let counted = words.iter().zip(self.counts);
        Ok(own + counted.map(|(word, counts)| word * counts).sum::<f32>())
    }
}

fn planes(patch: &Scaled) -> [&[u8]; 3] {
    patch.0.each_ref().map(|plane| &plane.data[..])
}

#[cfg(test)]
mod tests;
