use super::*;
use crate::shot::tests::{SIZE, clip, face};
use crate::shot::{rising_times, shots};
use crate::{FrameFacts, Sensitivity, TrackSettings};
use scrim_units::Sighting;

fn linked(frames: &[FrameFacts], class: Class) -> Vec<Chain> {
    let settings = TrackSettings::for_sensitivity(Sensitivity::Publish);
    let times = rising_times(frames);
    link(&shots(SIZE, frames, &times)[0], class, settings.of(class))
}

fn walk(k: usize) -> PxBox {
    PxBox::around(100.0 + 4.0 * k as f32, 90.0, 24.0, 30.0)
}

#[test]
fn weak_sightings_before_and_after_a_strong_stretch_are_in_its_chain() {
    let score = |k: usize| if (4..8).contains(&k) { 0.8 } else { 0.2 };
    let chains = linked(&clip(12, |k| vec![face(score(k), walk(k))]), Class::Face);
    assert_eq!(chains.len(), 1);
    assert_eq!(chains[0].sights.len(), 12);
}

#[test]
fn a_firm_chain_outlives_a_gap_of_a_second() {
    let seen = |k: usize| {
        if (5..30).contains(&k) {
            vec![]
        } else {
            vec![face(0.8, PxBox::around(100.0, 90.0, 24.0, 30.0))]
        }
    };
    assert_eq!(linked(&clip(35, seen), Class::Face).len(), 1);
}

#[test]
fn a_small_plate_that_moves_more_than_its_width_between_looks_stays_one_chain() {
    let plate = |k: usize| Sighting {
        class: Class::Plate,
        score: 0.6,
        at: PxBox::around(60.0 + 20.0 * k as f32, 200.0, 30.0, 9.0),
    };
    let mut frames = clip(20, |k| vec![plate(k)]);
    for f in frames.iter_mut().skip(1).step_by(2) {
        f.look = None;
    }
    assert_eq!(linked(&frames, Class::Plate).len(), 1);
}

#[test]
fn a_newcomer_beside_a_track_does_not_take_its_place() {
    let known = PxBox::around(100.0, 90.0, 24.0, 30.0);
    let beside = known.shift(26.0, 0.0);
    let frames = clip(8, |k| match k {
        0 => vec![face(0.8, known)],
        _ => vec![face(0.8, beside), face(0.2, known)],
    });
    let chains = linked(&frames, Class::Face);
    assert_eq!(chains.len(), 2);
    assert!(chains[0].sights.iter().all(|s| s.at == known));
}

#[test]
fn faces_and_plates_are_never_linked() {
    let at = PxBox::around(100.0, 90.0, 24.0, 30.0);
    let frames = clip(6, |k| {
        let class = Class::ALL[k % 2];
        vec![Sighting {
            class,
            score: 0.9,
            at,
        }]
    });
    for class in Class::ALL {
        let chains = linked(&frames, class);
        assert_eq!(chains.len(), 1);
        assert_eq!(chains[0].sights.len(), 3);
    }
}

#[test]
fn a_single_dropped_look_is_bridged_at_one_frame_a_second() {
    let at = PxBox::around(100.0, 90.0, 24.0, 30.0);
    let mut frames = clip(5, |k| if k == 2 { vec![] } else { vec![face(0.4, at)] });
    for (k, f) in frames.iter_mut().enumerate() {
        f.time_s = k as f64;
    }
    assert_eq!(linked(&frames, Class::Face).len(), 1);
}
