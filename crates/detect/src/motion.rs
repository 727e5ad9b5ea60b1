//! How the picture moved from frame to frame, coarsely, and where it was cut.
//!
//! Works on a few thousand samples of brightness a frame. Knows no faces and no plates.

use crate::preprocess::brightness;
use scrim_pixels::level::Level;
use scrim_pixels::scale::{Grid, Resize};
use scrim_pixels::search::{BlockMotion, block_motion};
use scrim_raw::RawFrame;
use scrim_units::Size;
use zeroize::Zeroize;

/// Longest side of the reduced picture that is searched. 240 samples keep the search under a
/// millisecond and a block of 12 is a head and shoulders in most scenes.
const REDUCED_SIDE: f32 = 240.0;

/// Samples a block.
const BLOCK: usize = 12;

/// Samples that a block may have moved between two frames: a twentieth of the picture.
const REACH: i32 = 11;

/// Share of blocks that come from nowhere from which a cut is assumed. Between the frames of
/// one stretch of the made-up clips (pans, zooms, noise, posts that pass) it was 0.44 at most,
/// at their cuts, dark ones too, 0.71 and more.
const CUT_SHARE: f32 = 0.6;

/// A block comes from nowhere when its best match differs by more than this share of its own
/// texture (mean absolute deviation): in the dark all differences are small.
const LOST_TEXTURE: f32 = 0.6;

/// The same in levels at least: noise of a sensor differs by this much.
const LOST_LEVELS: f32 = 4.0;

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

/// A reduced picture, wiped on drop.
struct Wiped(Grid);

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.data.as_mut_slice().zeroize();
    }
}

/// Compares each frame with the one before it.
#[derive(Default)]
pub struct MotionSearch {
    before: Option<Wiped>,
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
        let before = self.before.replace(Wiped(now))?;
        let (before, now) = (&before.0, &self.before.as_ref()?.0);
        if (before.width, before.height) != (now.width, now.height) {
            return None;
        }
        let (columns, rows, blocks) = block_motion::<BLOCK>(before, now, REACH);
        let cut = is_cut(now, columns, &blocks);
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

/// A cut: most blocks come from nowhere within reach. A flash is taken for two cuts, which costs
/// two looks in all scales and no cover but the carried one.
fn is_cut(now: &Grid, columns: usize, blocks: &[BlockMotion]) -> bool {
    let lost = blocks.iter().enumerate().filter(|(i, b)| {
        let (x, y) = (i % columns * BLOCK, i / columns * BLOCK);
        b.residue > LOST_LEVELS.max(LOST_TEXTURE * texture(now, x, y))
    });
    lost.count() as f32 > CUT_SHARE * blocks.len() as f32
}

/// Mean absolute deviation of a block, levels.
fn texture(plane: &Grid, x: usize, y: usize) -> f32 {
    let samples = || (y..y + BLOCK).flat_map(move |row| &plane.row(row)[x..x + BLOCK]);
    let count = (BLOCK * BLOCK) as f32;
    let mean = samples().map(|v| f32::from(*v)).sum::<f32>() / count;
    samples().map(|v| (f32::from(*v) - mean).abs()).sum::<f32>() / count
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A made-up scene: smooth hills and a grain, seen from `x` on, `gain` times as bright.
    fn scene(seed: u32, x: usize, gain: f32, grain: u32) -> Grid {
        let mut plane = Grid::new(240, 132);
        for row in 0..132 {
            for column in 0..240 {
                let (u, v) = ((column + x) as f32 / 9.0, row as f32 / 7.0);
                let s = seed as f32;
                let hills = (u + s).sin() + (v * 0.7 + s * s).sin() + (u * 0.31 - v + s).cos();
                let noise = ((column * 7919 + row * 104_729 + x * 31) as u32 ^ seed)
                    .wrapping_mul(2_654_435_761)
                    >> 16;
                let level = gain * (110.0 + 30.0 * hills) + (noise % (grain + 1)) as f32;
                plane.data[row * 240 + column] = level as u8;
            }
        }
        plane
    }

    fn cut(before: &Grid, now: &Grid) -> bool {
        let (columns, _, blocks) = block_motion::<BLOCK>(before, now, REACH);
        is_cut(now, columns, &blocks)
    }

    #[test]
    fn another_scene_is_a_cut_by_day_and_in_the_dark() {
        assert!(cut(&scene(1, 0, 1.0, 4), &scene(2, 0, 1.0, 4)));
        assert!(cut(&scene(1, 0, 0.35, 2), &scene(2, 0, 0.35, 2)));
    }

    #[test]
    fn a_pan_a_flicker_and_grain_are_no_cut() {
        assert!(!cut(&scene(1, 0, 1.0, 4), &scene(1, 9, 1.0, 4)));
        assert!(!cut(&scene(1, 0, 1.0, 4), &scene(1, 0, 1.03, 4)));
        assert!(!cut(&scene(1, 0, 0.05, 6), &scene(1, 3, 0.05, 6)));
    }
}
