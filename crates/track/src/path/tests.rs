use super::*;
use crate::shot::tests::{SIZE, clip};
use crate::shot::{rising_times, shots};
use crate::{CellMotion, FrameFacts, MotionGrid, Sensitivity, TrackSettings};
use scrim_units::Class;

fn placed(frames: &[FrameFacts], sights: &[(usize, f32, PxBox)]) -> Vec<Placed> {
    let settings = TrackSettings::for_sensitivity(Sensitivity::Publish);
    let times = rising_times(frames);
    let chain = Chain {
        class: Class::Face,
        sights: sights
            .iter()
            .map(|&(frame, score, at)| Sight { frame, at, score })
            .collect(),
    };
    place(&shots(SIZE, frames, &times)[0], &chain, &settings.face)
}

fn at(x: f32) -> PxBox {
    PxBox::around(x, 90.0, 24.0, 30.0)
}

fn frames_of(path: &[Placed]) -> (usize, usize) {
    (path[0].frame, path[path.len() - 1].frame)
}

#[test]
fn a_sure_sighting_is_carried_a_fifth_of_a_second_on_and_less_back() {
    let path = placed(&clip(40, |_| vec![]), &[(20, 0.9, at(100.0))]);
    assert_eq!(frames_of(&path), (17, 25));
}

#[test]
fn a_lone_unsure_sighting_is_not_carried_into_looks_that_missed_it() {
    let mut frames = clip(40, |_| vec![]);
    let path = placed(&frames, &[(20, 0.4, at(100.0))]);
    assert_eq!(frames_of(&path), (20, 20));
    for k in [19, 21, 22] {
        frames[k].look = None;
    }
    let path = placed(&frames, &[(20, 0.4, at(100.0))]);
    assert_eq!(frames_of(&path), (19, 22));
}

#[test]
fn a_look_too_coarse_to_find_it_does_not_refute_a_lone_sighting() {
    let mut frames = clip(40, |_| vec![]);
    for f in &mut frames {
        f.look.as_mut().unwrap().smallest = [30.0, 30.0];
    }
    let path = placed(&frames, &[(20, 0.4, at(100.0))]);
    assert_eq!(frames_of(&path), (17, 25));
}

#[test]
fn frames_that_nobody_looked_at_are_covered_up_to_the_next_look() {
    let mut frames = clip(60, |_| vec![]);
    for f in &mut frames[21..40] {
        f.look = None;
    }
    let path = placed(&frames, &[(20, 0.9, at(100.0))]);
    assert_eq!(frames_of(&path).1, 39);
}

#[test]
fn a_bridged_box_follows_the_camera_and_not_the_straight_line() {
    // The camera jerks by 40 px between frames 2 and 3 and is still otherwise.
    let mut frames = clip(9, |_| vec![]);
    for (k, f) in frames.iter_mut().enumerate() {
        let cell = CellMotion {
            dx: if k == 3 { 40.0 } else { 0.0 },
            dy: 0.0,
            trusted: true,
        };
        f.motion = MotionGrid::new(SIZE, 4, 4, &[cell; 16]).ok();
    }
    let path = placed(&frames, &[(0, 0.9, at(100.0)), (8, 0.9, at(140.0))]);
    for p in &path {
        let truth = if p.frame < 3 { 100.0 } else { 140.0 };
        assert!((p.at.centre().0 - truth).abs() < 2.0, "{p:?}");
    }
}

#[test]
fn between_two_sightings_the_box_moves_from_one_to_the_other_and_grows_with_the_unknown() {
    let path = placed(
        &clip(9, |_| vec![]),
        &[(0, 0.9, at(100.0)), (8, 0.9, at(140.0))],
    );
    let middle = path.iter().find(|p| p.frame == 4).unwrap();
    assert!((middle.at.centre().0 - 120.0).abs() < 1.0);
    assert!(middle.doubt > 10.0 && middle.why == Why::Bridged);
}

#[test]
fn a_box_that_leaves_the_picture_is_not_carried_further() {
    let sights: Vec<_> = (0..10)
        .map(|k| (k, 0.9, at(540.0 + 10.0 * k as f32)))
        .collect();
    let path = placed(&clip(40, |_| vec![]), &sights);
    let last = path[path.len() - 1];
    assert!(last.frame < 17 && last.at.x0 < 640.0, "{last:?}");
}

#[test]
fn a_box_found_too_small_is_covered_as_large_as_its_neighbours() {
    let mut sights: Vec<_> = (0..15).map(|k| (k, 0.8, at(100.0))).collect();
    sights[7] = (7, 0.2, PxBox::around(100.0, 82.0, 24.0, 14.0));
    let path = placed(&clip(15, |_| vec![]), &sights);
    let own = path.iter().find(|p| p.frame == 7).unwrap().at;
    assert!(own.y0 <= 75.0 && own.y1 > 101.0, "{own:?}");
}
