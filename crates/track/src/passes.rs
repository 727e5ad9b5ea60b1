//! One run of the network over a picture, what it finds and what it costs; and the runs that a
//! photo gets. Scales and areas only: nothing here knows what is in the picture.

use scrim_units::{Class, Pass, Size};

use crate::Sensitivity;

/// The smallest face (shorter side) that the network finds, in pixels of its input. From the
/// card of the weights `city`.
const SMALLEST_FACE_PX: f32 = 10.0;

/// The same for a plate's height.
const SMALLEST_PLATE_PX: f32 = 7.0;

/// Above this side the network is weak: its coarsest stride is 32.
const LARGEST_PX: f32 = 300.0;

/// Larger than this adds pixels but no detail: half the smallest face is 5 px wide.
const FINEST_SCALE: f32 = 2.0;

/// The second opinion: the whole picture at half the size. What is false at one scale seldom
/// has a high score at the other, what is true mostly has: on made-up clips of the training
/// pictures its strong sightings were false three times less often than those at full size.
pub(crate) const HALF: f32 = 0.5;

/// Each pass after the half one is smaller by this factor; 10 to 300 px overlap well at 4.
const OCTAVE: f32 = 4.0;

/// Cost of the half pass and all after it, as a share of the one at scale 1.
const COARSER_SHARE: f64 = 0.27;

/// Pictures under this size get the finest scale.
const SMALL_PHOTO_PX: f64 = 1.5e6;

/// Network input per photo, in pixels: at 27 ns of one server core each with AVX2, 0.55 core seconds.
/// Reading, the later stages and writing come on top: `benches/peers.py --photos` prints the whole.
const PHOTO_PX: f64 = 20e6;

/// The same for drafts.
const QUICK_PHOTO_PX: f64 = 8e6;

/// The whole picture at this scale.
pub(crate) fn whole(scale: f32) -> Pass {
    Pass { scale, area: None }
}

/// Smallest thing of a class that a pass of this scale finds: shorter side of a face, height of
/// a plate, in pixels of the stored frame.
pub(crate) fn smallest_at(scale: f32, class: Class) -> f32 {
    let network = match class {
        Class::Face => SMALLEST_FACE_PX,
        Class::Plate => SMALLEST_PLATE_PX,
    };
    network / scale
}

/// Whether a face as large as the picture would be too large for a pass of this scale.
pub(crate) fn misses_large(scale: f32, size: Size) -> bool {
    size.width.min(size.height) as f32 * scale > LARGEST_PX
}

/// The passes over a photo of this upright size, finest first. Every one is over the whole
/// picture; the detector may tile it.
///
/// Scale 1 always, except in a draft of a very large photo: in doubt look. Finer for small
/// photos. Then half that, and coarser ones until a face that fills the picture is small enough.
#[must_use]
pub fn photo_passes(size: Size, sensitivity: Sensitivity) -> Vec<Pass> {
    let area = (size.area() as f64).max(1.0);
    let fits = |px: f64| (px.max(0.0) / area).sqrt() as f32;
    let finest = match sensitivity {
        Sensitivity::Quick => fits(QUICK_PHOTO_PX).min(1.0),
        _ if area <= SMALL_PHOTO_PX => FINEST_SCALE,
        Sensitivity::Normal => 1.0,
        // What the budget leaves beside the pass at scale 1 and those after it.
        Sensitivity::Publish => {
            match fits(PHOTO_PX - area * (1.0 + COARSER_SHARE)).min(FINEST_SCALE) {
                scale if scale >= 1.25 => scale,
                _ => 1.0,
            }
        }
    };
    let mut passes = vec![whole(finest)];
    let mut scale = finest;
    if finest > 1.0 {
        passes.push(whole(1.0));
        scale = 1.0;
    }
    passes.extend(coarser(scale, size));
    passes
}

/// The passes after one of this scale, until a face that fills the picture is small enough.
fn coarser(mut scale: f32, size: Size) -> Vec<Pass> {
    let (mut passes, mut factor) = (Vec::new(), HALF);
    while misses_large(scale, size) {
        scale *= factor;
        factor = 1.0 / OCTAVE;
        passes.push(whole(scale));
    }
    passes
}

/// Network input of one look of a check, in pixels: four times a full look at 1080p.
const VERIFY_PX: f64 = 8e6;

/// The passes with which a finished file is looked at again, in every frame: finer than any
/// look of the first time, and the coarser ones for large things.
#[must_use]
pub fn verify_passes(size: Size) -> Vec<Pass> {
    let area = (size.area() as f64).max(1.0);
    let finest = ((VERIFY_PX / area).sqrt() as f32).clamp(1.0, FINEST_SCALE);
    let mut passes = vec![whole(finest)];
    if finest > 1.0 {
        passes.push(whole(1.0));
    }
    passes.extend(coarser(1.0, size));
    passes
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn size(width: u32, height: u32) -> Size {
        Size { width, height }
    }

    fn scales(w: u32, h: u32, sensitivity: Sensitivity) -> Vec<f32> {
        photo_passes(size(w, h), sensitivity)
            .iter()
            .map(|p| (p.scale * 100.0).round() / 100.0)
            .collect()
    }

    #[test]
    fn common_photos_get_these_scales() {
        use Sensitivity::{Normal, Publish, Quick};
        assert_eq!(scales(640, 480, Publish), [2.0, 1.0, 0.5]);
        assert_eq!(scales(1280, 960, Normal), [2.0, 1.0, 0.5, 0.13]);
        assert_eq!(scales(1920, 1440, Publish), [2.0, 1.0, 0.5, 0.13]);
        assert_eq!(scales(4000, 3000, Publish), [1.0, 0.5, 0.13, 0.03]);
        assert_eq!(scales(4000, 3000, Normal), [1.0, 0.5, 0.13, 0.03]);
        assert_eq!(scales(8000, 6000, Publish), [1.0, 0.5, 0.13, 0.03]);
        assert_eq!(scales(8000, 6000, Quick), [0.41, 0.2, 0.05, 0.01]);
    }

    #[test]
    fn a_photo_up_to_twelve_megapixels_costs_half_a_core_second_at_most() {
        for side in [1, 16, 500, 900, 1225, 1300, 2000, 3000, 3464] {
            let s = size(side, side);
            let cost: f64 = photo_passes(s, Sensitivity::Publish)
                .iter()
                .map(|p| p.pixels(s))
                .sum();
            assert!(cost <= PHOTO_PX * 1.03, "{side}: {cost}");
        }
    }

    #[test]
    fn a_face_that_fills_the_picture_is_small_enough_for_some_pass() {
        for (w, h) in [(300, 400), (320, 5000), (12000, 9000), (0, 0), (1, 1)] {
            let passes = photo_passes(size(w, h), Sensitivity::Normal);
            let coarsest = passes[passes.len() - 1].scale;
            assert!(!misses_large(coarsest, size(w, h)));
        }
    }
}
