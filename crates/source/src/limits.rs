//! Bounds on what one input may ask for. Each is strict: it is checked before memory is taken.

use crate::error::SourceError;
use scrim_units::Size;

/// Bounds on one input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that the planes of one frame may take.
    pub frame_bytes: u64,
    /// Longest side in pixels.
    pub side: u32,
}

impl Default for Limits {
    /// 16k by 16k at four bytes a pixel: larger than any camera's picture, small enough for a
    /// laptop's memory. 65,535 is the longest side that JPEG and H.266 know.
    fn default() -> Self {
        Self {
            frame_bytes: 16_384 * 16_384 * 4,
            side: 65_535,
        }
    }
}

impl Limits {
    /// Refuses a picture before its memory is taken.
    ///
    /// # Errors
    /// [`SourceError::TooLarge`], or [`SourceError::Absurd`] for a picture without pixels.
    pub fn check(&self, size: Size, bytes_a_pixel: u64) -> Result<(), SourceError> {
        if size.area() == 0 {
            return Err(SourceError::Absurd(format!(
                "a size of {} x {}",
                size.width, size.height
            )));
        }
        let needed = size.area().saturating_mul(bytes_a_pixel);
        if needed > self.frame_bytes || size.width.max(size.height) > self.side {
            return Err(SourceError::TooLarge {
                size,
                needed: needed >> 20,
                limit: self.frame_bytes >> 20,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_of_60000_by_60000_is_refused_before_decoding() {
        let size = Size {
            width: 60_000,
            height: 60_000,
        };
        assert!(matches!(
            Limits::default().check(size, 3),
            Err(SourceError::TooLarge { .. })
        ));
    }

    #[test]
    fn a_16k_picture_passes() {
        let size = Size {
            width: 16_000,
            height: 16_000,
        };
        assert!(Limits::default().check(size, 3).is_ok());
    }
}
