//! Whether regions of a decoded picture are really filled; for checking finished files.

use crate::preprocess::luma_of;
use scrim_raw::{Fill, Range, RawFrame};
use scrim_units::PxRect;

/// Encoders leave ringing along the border of a fill, this many pixels wide at low rates.
const RINGING: u32 = 3;

/// Levels (of 255) that a filled sample may differ from black after lossy coding.
const NEAR_BLACK: u8 = 26;

/// Levels that neighbours of a smooth fill may differ by after lossy coding.
const SMOOTH: u8 = 10;

/// Share of samples that must look filled.
const SHARE: f64 = 0.97;

/// Whether the inside of `rect` (luma pixels as stored) looks like this fill.
#[must_use]
pub fn is_filled(frame: &RawFrame, rect: PxRect, fill: Fill) -> bool {
    let rect = rect.clip(frame.info().size);
    let inner = PxRect {
        x0: rect.x0 + RINGING,
        y0: rect.y0 + RINGING,
        x1: rect.x1.saturating_sub(RINGING),
        y1: rect.y1.saturating_sub(RINGING),
    };
    if inner.is_empty() {
        return true; // nothing but border: too small to tell
    }
    let luma = luma_of(frame, inner);
    let width = inner.width() as usize;
    let black = match frame.info().range() {
        Range::Limited => 16,
        Range::Full => 0,
    };
    let (mut good, mut all) = (0usize, 0usize);
    for row in luma.chunks_exact(width) {
        match fill {
            Fill::Solid => {
                good += row
                    .iter()
                    .filter(|v| v.abs_diff(black) <= NEAR_BLACK)
                    .count()
            }
            Fill::Surround => {
                good += 1 + row
                    .windows(2)
                    .filter(|p| p[0].abs_diff(p[1]) <= SMOOTH)
                    .count();
            }
        }
        all += width;
    }
    good as f64 >= SHARE * all as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use scrim_raw::{Family, FrameInfo, Layout};
    use scrim_units::Size;

    const SIZE: Size = Size {
        width: 16,
        height: 16,
    };

    /// Whether a picture of this one position everywhere looks filled with black.
    fn looks_black(family: Family, position: &[u8]) -> bool {
        let info = FrameInfo::picture(SIZE, Layout::packed(family, false, 8));
        let frame = RawFrame::new(0, info, vec![position.repeat(16 * 16)]).unwrap();
        is_filled(&frame, SIZE.rect(), Fill::Solid)
    }

    #[test]
    fn black_looks_filled_and_bare_paper_does_not_in_every_family() {
        assert!(looks_black(Family::Grey, &[0]));
        assert!(!looks_black(Family::Grey, &[200]));
        assert!(looks_black(Family::Rgb, &[0, 0, 0]));
        assert!(!looks_black(Family::Rgb, &[0, 200, 0]));
        assert!(looks_black(Family::Ink, &[0, 0, 0, 255]));
        assert!(!looks_black(Family::Ink, &[0, 0, 0, 0]));
    }
}
