//! What a stream says of the display it was graded on, for HDR: mastering display (SMPTE ST 2086)
//! and content light level (CTA-861.3). Numbers of a monitor and of a whole film; carried from
//! source to output as FFmpeg lays them out in memory, never looked into. Knows no stream and no
//! picture: the borders read and write the bytes.

use crate::sys::AVPacketSideDataType;

/// Bytes of `AVMasteringDisplayMetadata`: ten rationals and two flags.
const MASTERING: usize = 88;

/// Bytes of `AVContentLightMetadata`: two whole numbers.
const CONTENT: usize = 8;

/// HDR metadata of a stream or frame; empty where it has none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Light {
    mastering: Option<[u8; MASTERING]>,
    content: Option<[u8; CONTENT]>,
}

impl Light {
    /// From the side data of a stream or frame. Bytes of another length than FFmpeg's structures
    /// count as none: nothing else is carried.
    #[must_use]
    pub fn new(mastering: Option<&[u8]>, content: Option<&[u8]>) -> Self {
        Self {
            mastering: mastering.and_then(|bytes| bytes.try_into().ok()),
            content: content.and_then(|bytes| bytes.try_into().ok()),
        }
    }

    /// This, and where it says nothing, what `other` says.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self {
            mastering: self.mastering.or(other.mastering),
            content: self.content.or(other.content),
        }
    }

    /// The side data of a stream that says it.
    pub fn side_data(&self) -> impl Iterator<Item = (AVPacketSideDataType, &[u8])> {
        use AVPacketSideDataType::{
            AV_PKT_DATA_CONTENT_LIGHT_LEVEL, AV_PKT_DATA_MASTERING_DISPLAY_METADATA,
        };
        let mastering = self.mastering.as_ref().map(|b| b.as_slice());
        let content = self.content.as_ref().map(|b| b.as_slice());
        let mastering = mastering.map(|b| (AV_PKT_DATA_MASTERING_DISPLAY_METADATA, b));
        let content = content.map(|b| (AV_PKT_DATA_CONTENT_LIGHT_LEVEL, b));
        mastering.into_iter().chain(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_another_length_are_not_carried() {
        let odd = Light::new(Some(&[7; MASTERING + 1]), Some(&[7; CONTENT - 1]));
        assert_eq!(odd, Light::default());
        assert_eq!(odd.side_data().count(), 0);
        let both = Light::new(Some(&[7; MASTERING]), Some(&[9; CONTENT]));
        assert_eq!(both.side_data().count(), 2);
    }

    #[test]
    fn what_the_container_says_goes_before_what_a_picture_says() {
        let container = Light::new(None, Some(&[1; CONTENT]));
        let picture = Light::new(Some(&[2; MASTERING]), Some(&[2; CONTENT]));
        let both = Light::new(Some(&[2; MASTERING]), Some(&[1; CONTENT]));
        assert_eq!(container.or(&picture), both);
    }
}
