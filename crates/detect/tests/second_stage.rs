//! What the second stage changes in a look, with the weights that are delivered.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use scrim_detect::third_stage::{ThirdStage, ThirdWeights};
use scrim_detect::weights::{SecondWeights, Variant, Weights};
use scrim_detect::{After, Cascade, Detector, FLOOR, Level, NetworkDetector, Prepared};
use scrim_raw::{Family, FrameInfo, Layout, ModelId, RawFrame};
use scrim_units::{Class, Pass, Sighting, Size};
use std::f32::consts::TAU;
use std::sync::Arc;

const SIZE: Size = Size {
    width: 320,
    height: 240,
};

const WHOLE: Pass = Pass {
    scale: 1.0,
    area: None,
};

/// Score from which a face in a single photo is covered.
const COVERED: f32 = 0.42;

/// Soft clouds without colour, in which the first stage finds a face now and then: waves of 40 to
/// 100 pixels in all directions.
fn clouds(seed: u64) -> Prepared {
    brighter_clouds(seed, 0.0)
}

fn brighter_clouds(seed: u64, by: f32) -> Prepared {
    clouds_of(SIZE, seed, by)
}

fn clouds_of(size: Size, seed: u64, by: f32) -> Prepared {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut dice = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 24) as f32
    };
    let waves: [[f32; 4]; 8] = std::array::from_fn(|_| {
        let (angle, length) = (TAU * dice(), 40.0 + 60.0 * dice());
        let step = TAU / length;
        [
            step * angle.cos(),
            step * angle.sin(),
            TAU * dice(),
            15.0 + 20.0 * dice(),
        ]
    });
    let level = |x: u32, y: u32| {
        let at =
            |[dx, dy, from, high]: &[f32; 4]| high * (dx * x as f32 + dy * y as f32 + from).cos();
        (120.0 + by + waves.iter().map(at).sum::<f32>()).clamp(0.0, 255.0) as u8
    };
    let places = (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y)));
    let info = FrameInfo::picture(size, Layout::packed(Family::Rgb, false, 8));
    let pixels = places.flat_map(|(x, y)| [level(x, y); 3]).collect();
    let frame = RawFrame::new(0, info, vec![pixels]).unwrap();
    Prepared::of(&frame, Level::best(), 1)
}

fn detector(second: bool) -> NetworkDetector {
    with_stages(if second { 2 } else { 1 }, 1)
}

fn with_stages(stages: usize, threads: usize) -> NetworkDetector {
    let second = (stages > 1).then(|| SecondWeights::embedded(Variant::City).unwrap());
    let third = ThirdWeights::embedded(Variant::City).unwrap();
    let third = third.as_ref().filter(|_| stages > 2);
    let third = third.map(|weights| ThirdStage::new(weights).unwrap());
    let cascade = Cascade::new(Weights::embedded(Variant::City).unwrap(), second, third).unwrap();
    NetworkDetector::new(Arc::new(cascade), ModelId([0; 32]), threads)
}

fn covered(found: &[Sighting]) -> usize {
    let face = |s: &&Sighting| s.class == Class::Face && s.score >= COVERED;
    found.iter().filter(face).count()
}

#[test]
fn most_faces_in_soft_clouds_are_not_believed() {
    let [before, two, three] = [1, 2, 3].map(|stages| {
        let mut detector = with_stages(stages, 1);
        let looks = (1..=48).map(|seed| detector.look(&clouds(seed), &[WHOLE], After::Nothing));
        looks.map(|found| covered(&found.unwrap())).sum::<usize>()
    });
    assert!(before >= 10, "{before}: nothing was tried");
    assert!(4 * two <= before, "{two} of {before} are believed");
    assert!(4 * three <= before, "{three} of {before} are believed");
}

#[test]
fn judged_places_get_other_scores_boxes_stay_and_a_second_look_says_the_same() {
    let (mut alone, mut cascade) = (detector(false), detector(true));
    let mut judged = 0;
    for seed in 1..=12 {
        let picture = clouds(seed);
        let first = alone.look(&picture, &[WHOLE], After::Nothing).unwrap();
        let both = cascade.look(&picture, &[WHOLE], After::Nothing).unwrap();
        assert!(both.iter().all(|s| s.score >= FLOOR[s.class as usize]));
        assert_eq!(
            cascade.look(&picture, &[WHOLE], After::Nothing).unwrap(),
            both
        );
        let same = |s: &Sighting| first.iter().find(|f| f.at == s.at && f.class == s.class);
        for (one, other) in both.iter().filter_map(|s| Some((same(s)?, s))) {
            judged += usize::from(one.score != other.score);
        }
    }
    assert!(judged > 0, "nothing was looked at again");
}

#[test]
fn a_look_after_the_last_one_counts_its_verdicts_and_one_after_nothing_does_not() {
    let mut cascade = detector(true);
    let mut others = 0;
    for seed in 1..=12 {
        cascade
            .look(&brighter_clouds(seed, 9.0), &[WHOLE], After::Nothing)
            .unwrap();
        let picture = clouds(seed);
        let goes_on = cascade.look(&picture, &[WHOLE], After::LastLook).unwrap();
        let again = cascade.look(&picture, &[WHOLE], After::Nothing).unwrap();
        let fresh = detector(true)
            .look(&picture, &[WHOLE], After::Nothing)
            .unwrap();
        others += usize::from(goes_on != fresh);
        assert_eq!(again, fresh, "clouds {seed}");
    }
    assert!(others > 0, "no look went on from another");
}

#[test]
fn a_look_of_many_tiles_or_of_one_finds_the_same_with_any_number_of_threads() {
    let wide = Size {
        width: 4200,
        height: 200,
    };
    let pass = |scale| Pass { scale, area: None };
    // Three tiles and a small pass; one large and one small pass.
    let looks = [
        (clouds_of(wide, 3, 0.0), [pass(1.0), pass(0.25)]),
        (clouds(7), [pass(2.0), pass(0.5)]),
    ];
    for (picture, passes) in looks {
        let mut by = [1, 2, 3, 5].map(|threads| {
            let mut detector = with_stages(3, threads);
            detector.look(&picture, &passes, After::Nothing).unwrap()
        });
        let one = std::mem::take(&mut by[0]);
        assert!(!one.is_empty(), "nothing was found");
        assert!(by[1..].iter().all(|more| *more == one));
    }
}
