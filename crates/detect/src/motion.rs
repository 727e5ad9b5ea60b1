//! How the picture moved from frame to frame, coarsely, and where it was cut.
//!
//! Works on a few thousand samples of brightness a frame. Knows no faces and no plates.

use crate::preprocess::brightness;
use scrim_pixels::level::Level;
use scrim_pixels::scale::{Grid, Resize};
use scrim_pixels::search::{BlockMotion, block_motion};
use scrim_raw::RawFrame;
use scrim_units::Size;

/// Longest side of the reduced picture that is searched. 240 samples keep the search under a
/// millisecond and a block of 12 is a head and shoulders in most scenes.
const REDUCED_SIDE: f32 = 240.0;

/// Samples a block.
const BLOCK: usize = 12;

/// Samples that a block may have moved between two frames: a twentieth of the picture.
const REACH: i32 = 11;

/// Share of blocks without a match from which a cut is assumed.
const CUT_SHARE: f32 = 0.55;

/// Distance of brightness histograms (0..=2) from which a cut is assumed.
const CUT_HISTOGRAM: f32 = 0.45;

/// Mean absolute difference of a best match that is no match, levels.
const NO_MATCH: f32 = 14.0;

/// Movement between two frames in pixels of the stored picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Movement {
    /// Blocks across.
    pub columns: usize,
    /// Blocks down.
    pub rows: usize,
    /// Row by row: (right, down, trusted).
    pub cells: Vec<(f32, f32, bool)>,
    /// The two frames belong to different scenes.
    pub cut: bool,
}

/// Compares each frame with the one before it.
#[derive(Default)]
pub struct MotionSearch {
    before: Option<Grid>,
    resize: Option<(Size, Resize)>,
}

impl MotionSearch {
    /// Movement from the frame given last to this one; `None` for the first.
    pub fn next(&mut self, frame: &RawFrame, level: Level) -> Option<Movement> {
        let size = frame.info().size;
        let (to, scale) = reduced(size);
        if self.resize.as_ref().is_none_or(|r| r.0 != size) {
            let from = (size.width as usize, size.height as usize);
            self.resize = Some((size, Resize::new(from, to)));
        }
        let now = brightness(frame, &self.resize.as_ref()?.1, level);
        let before = self.before.replace(now);
        let (before, now) = (before?, self.before.as_ref()?);
        if (before.width, before.height) != (now.width, now.height) {
            return None;
        }
        let (columns, rows, blocks) = block_motion(&before, now, BLOCK, REACH);
        let cut = is_cut(&before, now, &blocks);
        let cells = blocks
            .iter()
            .map(|b| (b.dx as f32 / scale.0, b.dy as f32 / scale.1, b.trusted))
            .collect();
        Some(Movement {
            columns,
            rows,
            cells,
            cut,
        })
    }
}

/// Reduced size, and reduced samples a pixel in both directions.
fn reduced(size: Size) -> ((usize, usize), (f32, f32)) {
    let (w, h) = (size.width as f32, size.height as f32);
    let scale = (REDUCED_SIDE / w.max(h)).min(1.0);
    let to = |side: f32| ((side * scale).round() as usize).max(1);
    let to = (to(w), to(h));
    (to, (to.0 as f32 / w, to.1 as f32 / h))
}

/// A cut: most blocks come from nowhere within reach, and the mix of brightness changed too. A
/// fast pan fails the second, a flash the first.
fn is_cut(before: &Grid, now: &Grid, blocks: &[BlockMotion]) -> bool {
    if blocks.is_empty() {
        return false;
    }
    let lost = blocks.iter().filter(|b| b.residue > NO_MATCH).count() as f32 / blocks.len() as f32;
    let distance: f32 = histogram(before)
        .iter()
        .zip(histogram(now))
        .map(|(a, b)| (a - b).abs())
        .sum();
    (lost > CUT_SHARE && distance > CUT_HISTOGRAM) || lost > 0.85
}

fn histogram(plane: &Grid) -> [f32; 16] {
    let mut out = [0.0; 16];
    for v in &plane.data {
        out[usize::from(v >> 4)] += 1.0 / plane.data.len() as f32;
    }
    out
}
