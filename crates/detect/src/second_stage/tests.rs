//! What is judged, in which order, and who is asked, with the weights that are delivered.

use super::patch::tests::{picture, place};
use super::*;
use crate::third_stage::ThirdWeights;
use crate::weights::Variant;
use scrim_pixels::level::Level;
use scrim_raw::{Family, FrameInfo, Layout, RawFrame};
use scrim_units::Size;

fn stage() -> SecondStage {
    let weights = SecondWeights::embedded(Variant::City).unwrap_or_else(|e| panic!("{e}"));
    SecondStage::new(weights, None).unwrap_or_else(|e| panic!("{e}"))
}

fn with_third() -> SecondStage {
    let third = ThirdWeights::embedded(Variant::City).unwrap_or_else(|e| panic!("{e}"));
    let third = third.as_ref().map(ThirdStage::new);
    SecondStage {
        third: third.transpose().unwrap_or_else(|e| panic!("{e}")),
        ..stage()
    }
}

/// Scores of faces (or plates) in the middle of the stripes, by what the first stage said.
fn judged(stage: &SecondStage, class: Class, firsts: &[f32], pixels: f64) -> Vec<f32> {
    let at = |score: &f32| Candidate {
        score: *score,
        class,
        ..place(86.3, 86.3, 113.7, 113.7)
    };
    let mut places: Vec<_> = firsts.iter().map(at).collect();
    let turns = Memory::default().turns(&places);
    let (mut memory, mut own) = (Memory::default(), Workspace::new());
    let done = stage.judge(
        &stripes(false),
        &mut places,
        pixels,
        &mut memory,
        (&mut own, &mut []),
    );
    done.unwrap_or_else(|e| panic!("{e}"));
    // Back in the order given.
    let after = |first: &f32| {
        let turn = turns.iter().position(|turn| turn.place.score == *first);
        turn.map_or(f32::NAN, |turn| places[turn].score)
    };
    firsts.iter().map(after).collect()
}

/// From hardly to almost certainly, so that some end in doubt, whatever the weights may say of
/// stripes.
fn firsts() -> Vec<f32> {
    (-50..=50).map(|i| sigmoid(i as f32 * 0.3)).collect()
}

#[test]
fn faces_that_two_stages_leave_in_doubt_get_another_score_by_the_third_and_nothing_else_does() {
    let (two, three) = (stage(), with_third());
    for class in Class::ALL {
        let mut asked = 0;
        for first in firsts() {
            let [before, after] = [&two, &three].map(|s| judged(s, class, &[first], 0.0)[0]);
            let in_doubt = class == Class::Face && ASKED.contains(&before);
            assert_eq!(
                before != after,
                in_doubt,
                "{class:?} {first}: {before}, {after}"
            );
            asked += usize::from(in_doubt);
        }
        assert_eq!(asked > 3, class == Class::Face, "{asked} were asked");
    }
}

#[test]
fn the_third_stage_is_asked_of_the_most_undecided_faces_as_often_as_may_be() {
    let (two, three) = (stage(), with_third());
    let alone = |first: f32| judged(&two, Class::Face, &[first], 0.0)[0];
    let doubted = firsts()
        .into_iter()
        .filter(|first| ASKED.contains(&alone(*first)));
    let doubted: Vec<_> = doubted.take(LEAST).collect();
    assert!(doubted.len() > LEAST_WORDS + 1, "{doubted:?}");
    let distance = |score: f32| (logit(score) - logit(UNDECIDED)).abs();
    for words in [0, LEAST_WORDS, LEAST_WORDS + 1] {
        let pixels = (words as f64 - 0.5).max(0.0) * WORD / ASKED_SHARE;
        let [before, after] =
            [&two, &three].map(|stage| judged(stage, Class::Face, &doubted, pixels));
        let changed = before.iter().zip(&after).map(|(a, b)| a != b);
        let changed: Vec<_> = changed.collect();
        let distances = |asked: bool| {
            let some = before
                .iter()
                .zip(&changed)
                .filter(move |(_, c)| **c == asked);
            some.map(|(score, _)| distance(*score))
        };
        let most = words.max(LEAST_WORDS);
        let in_doubt = before.iter().filter(|score| ASKED.contains(score));
        assert!(in_doubt.count() > most, "{before:?}: nobody has to wait");
        assert_eq!(distances(true).count(), most);
        let farthest = distances(true).fold(0.0, f32::max);
        assert!(
            distances(false).all(|other| other >= farthest),
            "{before:?}, {changed:?}"
        );
    }
}

/// Stripes of many widths in three colours; seen in a mirror if asked.
fn stripes(mirrored: bool) -> Prepared {
    let size = Size {
        width: 200,
        height: 200,
    };
    let info = FrameInfo::picture(size, Layout::packed(Family::Rgb, false, 8));
    let places = (0..200_u32).flat_map(|y| (0..200_u32).map(move |x| (x, y)));
    let level = |x: u32, y: u32, by: u32| (x * x / by + 3 * y) as u8;
    let pixels = places.flat_map(|(x, y)| {
        let x = if mirrored { 199 - x } else { x };
        [level(x, y, 40), level(x, y, 70), level(x, y, 100)]
    });
    let frame = RawFrame::new(0, info, vec![pixels.collect()]).unwrap_or_else(|e| panic!("{e}"));
    Prepared::of(&frame, Level::best(), 1)
}

#[test]
fn a_place_in_doubt_and_its_mirror_image_get_the_same_score() {
    let stage = stage();
    let score = |mirrored: bool, first: f32| {
        // A square of 96 px, which is not scaled, in the middle.
        let mut places = [Candidate {
            score: first,
            ..place(86.3, 86.3, 113.7, 113.7)
        }];
        stage
            .judge(
                &stripes(mirrored),
                &mut places,
                1e9,
                &mut Memory::default(),
                (&mut Workspace::new(), &mut []),
            )
            .unwrap_or_else(|e| panic!("{e}"));
        places[0].score
    };
    // From hardly to almost certainly, so that some end in doubt, much as the weights may say of
    // stripes.
    let firsts = (-50..=50).map(|i| sigmoid(i as f32 * 0.3));
    let scores = firsts.map(|first| (score(false, first), score(true, first)));
    let doubted: Vec<_> = scores.filter(|(s, _)| (0.2..0.8).contains(s)).collect();
    assert!(!doubted.is_empty(), "nothing was in doubt");
    assert!(doubted.iter().all(|(a, b)| a == b), "{doubted:?}");
}

#[test]
fn scores_are_the_same_for_any_number_of_threads() {
    let picture = stripes(false);
    let judged = |stage: &SecondStage, threads: usize| {
        let mut places: Vec<_> = (0..23)
            .map(|i| {
                let at = 4.0 * i as f32;
                Candidate {
                    score: (i + 1) as f32 / 25.0,
                    ..place(at, at / 2.0, at + 20.0 + at, at / 2.0 + 25.0 + at)
                }
            })
            .collect();
        let mut others: Vec<_> = (1..threads).map(|_| Workspace::new()).collect();
        stage
            .judge(
                &picture,
                &mut places,
                1e9,
                &mut Memory::default(),
                (&mut Workspace::new(), &mut others),
            )
            .unwrap_or_else(|e| panic!("{e}"));
        // What has judged nothing holds nothing.
        let idle = others.iter().filter(|other| other.footprint() == 0);
        (places, others.len() - idle.count())
    };
    let two = stage();
    let (alone, _) = judged(&two, 1);
    for threads in [2, 5, 7] {
        let (said, others) = judged(&two, threads);
        assert_eq!(said, alone);
        // Of 23 places four and more a thread; one that comes late may find none left.
        assert!(others <= 4.min(threads - 1), "{others} of {threads}");
    }
    let three = with_third();
    let (asked, _) = judged(&three, 1);
    assert_ne!(asked, alone, "nobody was asked");
    assert_eq!(judged(&three, 2).0, asked);
    assert_eq!(judged(&three, 7).0, asked);
}

#[test]
fn what_the_third_stage_said_is_remembered_and_its_memory_is_counted() {
    let alone = |first: f32| judged(&stage(), Class::Face, &[first], 0.0)[0];
    let first = firsts()
        .into_iter()
        .find(|first| ASKED.contains(&alone(*first)));
    let mut places = [Candidate {
        score: first.unwrap_or_else(|| panic!("nothing is in doubt")),
        ..place(86.3, 86.3, 113.7, 113.7)
    }];
    let (given, three, mut memory) = (places[0], with_third(), Memory::default());
    let mut own = Workspace::new();
    three
        .judge(
            &stripes(false),
            &mut places,
            0.0,
            &mut memory,
            (&mut own, &mut []),
        )
        .unwrap_or_else(|e| panic!("{e}"));
    let said = memory.turns(&[given])[0].said(None);
    let said = said.unwrap_or_else(|| panic!("nothing is remembered"));
    let score = sigmoid(three.first_counts[0] * logit(given.score) + said);
    assert_eq!(score, places[0].score);
    assert_ne!(score, alone(given.score));
    let (all, third) = (own.footprint(), own.third.footprint());
    own.third = third_stage::ThirdScratch::default();
    assert!(third > 0 && own.footprint() + third == all);
}

#[test]
fn what_may_be_spent_goes_to_the_most_undecided_places_and_others_keep_their_scores() {
    let (stage, picture) = (stage(), picture(200, 200));
    let at = |score: f32, class: Class| Candidate {
        score,
        class,
        ..place(80.0, 80.0, 120.0, 120.0)
    };
    let rest = [
        at(0.25, Class::Face),
        at(0.4, Class::Plate),
        at(0.05, Class::Face),
    ];
    let mut before = vec![at(0.3, Class::Face); LEAST];
    before.extend(rest);
    let kept = |verdicts: usize| {
        let mut places = before.clone();
        let pixels = (verdicts * SIDE * SIDE) as f64 / SHARE - 1.0;
        stage
            .judge(
                &picture,
                &mut places,
                pixels,
                &mut Memory::default(),
                (&mut Workspace::new(), &mut []),
            )
            .unwrap_or_else(|e| panic!("{e}"));
        rest.map(|c| places.contains(&c))
    };
    // So many at least, however small the picture is.
    assert_eq!(kept(0), [true; 3]);
    assert_eq!(kept(LEAST + 1), [false, true, true]);
    assert_eq!(kept(LEAST + 2), [false, false, true]);
    assert_eq!(kept(LEAST + 3), [false; 3]);
}

#[test]
fn of_more_places_than_a_look_judges_the_weakest_keep_their_scores() {
    let places = (0..MOST + 5).map(|at| Candidate {
        score: 0.03 + at as f32 * 0.002,
        ..place(86.3, 86.3, 113.7, 113.7)
    });
    let given: Vec<_> = places.collect();
    let mut places = given.clone();
    let (mut memory, mut own) = (Memory::default(), Workspace::new());
    let workspaces = (&mut own, &mut [][..]);
    let done = stage().judge(&stripes(false), &mut places, 1e12, &mut memory, workspaces);
    done.unwrap_or_else(|e| panic!("{e}"));
    let mut kept = places.split_off(MOST);
    kept.sort_by(|a, b| a.score.total_cmp(&b.score));
    assert_eq!(kept, given[..5]);
    let same = |place: &Candidate| given.contains(place);
    assert!(!places.iter().any(same), "a stronger one was not judged");
}

#[test]
fn in_a_frame_a_weak_place_has_its_turn_before_hundreds_that_are_sure() {
    let scores = std::iter::repeat_n(0.99, MOST).chain([0.1; 5]);
    let places = scores.map(|score| Candidate {
        score,
        ..place(86.3, 86.3, 113.7, 113.7)
    });
    let mut places: Vec<_> = places.collect();
    let (mut memory, mut own) = (Memory::default(), Workspace::new());
    let workspaces = (&mut own, &mut [][..]);
    let done = stage().judge(&stripes(false), &mut places, 0.0, &mut memory, workspaces);
    done.unwrap_or_else(|e| panic!("{e}"));
    assert!(places.iter().all(|place| place.score != 0.1));
}
