//! The laws of the cover, on generated clips: senseless boxes and times, cuts, gaps, motion.

use proptest::prelude::*;
use scrim_track::{
    CellMotion, ClipCover, ClipTracker, FrameCover, FrameFacts, LiveTracker, Look, MotionGrid,
    Sensitivity, TrackSettings, Why, cover_clip,
};
use scrim_units::{Class, PxBox, Sighting, Size};

const SIZE: Size = Size {
    width: 320,
    height: 180,
};

fn settings() -> TrackSettings {
    TrackSettings::for_sensitivity(Sensitivity::Publish)
}

fn a_box() -> impl Strategy<Value = PxBox> {
    let sane = (-20.0..340.0f32, -20.0..200.0f32, 4.0..80.0f32, 4.0..80.0f32)
        .prop_map(|(x, y, w, h)| PxBox::around(x, y, w, h));
    let edge = || {
        prop_oneof![
            Just(f32::NAN),
            Just(f32::INFINITY),
            Just(-3e38f32),
            Just(3e38f32),
            -100.0..500.0f32
        ]
    };
    let absurd =
        (edge(), edge(), edge(), edge()).prop_map(|(x0, y0, x1, y1)| PxBox { x0, y0, x1, y1 });
    prop_oneof![12 => sane, 1 => absurd]
}

fn a_sighting() -> impl Strategy<Value = Sighting> {
    let score = prop_oneof![20 => 0.1..1.0f32, 1 => Just(f32::NAN)];
    (any::<bool>(), score, a_box()).prop_map(|(face, score, at)| Sighting {
        class: if face { Class::Face } else { Class::Plate },
        score,
        at,
    })
}

fn a_frame() -> impl Strategy<Value = FrameFacts> {
    let look = prop::option::of((prop::collection::vec(a_sighting(), 0..4), 1.0..40.0f32));
    let cell = (-30.0..30.0f32, -30.0..30.0f32, any::<bool>())
        .prop_map(|(dx, dy, trusted)| CellMotion { dx, dy, trusted });
    let motion = prop::option::of(prop::collection::vec(cell, 12));
    let step = prop_oneof![8 => Just(0.04), 1 => 0.0..2.0f64, 1 => Just(f64::NAN)];
    (step, prop::bool::weighted(0.1), look, motion).prop_map(|(step, cut, look, motion)| {
        FrameFacts {
            time_s: step,
            cut,
            look: look.map(|(sightings, smallest)| Look {
                sightings,
                smallest: [smallest; 2],
            }),
            motion: motion.and_then(|cells| MotionGrid::new(SIZE, 4, 3, &cells).ok()),
        }
    })
}

/// Up to 40 frames; their steps are added up to times.
fn a_clip() -> impl Strategy<Value = Vec<FrameFacts>> {
    prop::collection::vec(a_frame(), 0..40).prop_map(added_up)
}

fn added_up(mut frames: Vec<FrameFacts>) -> Vec<FrameFacts> {
    let mut t = 0.0;
    for f in &mut frames {
        if f.time_s.is_finite() {
            t += f.time_s;
            f.time_s = t;
        }
    }
    frames
}

/// Stretches in which things are seen, one of them again and again at the same place, and
/// between them up to eight seconds without, or with what is too weak to count, at rates and
/// looks that differ; few cuts.
fn a_long_clip() -> impl Strategy<Value = Vec<FrameFacts>> {
    let every = prop::sample::select(vec![1, 3, 20, 60]);
    let quiet = (0..200usize, 0.02..0.5f64, 1..8u8, every, any::<bool>());
    let stretch = (prop::collection::vec(a_frame(), 0..12), quiet);
    prop::collection::vec(stretch, 1..6).prop_map(|stretches| {
        let a_face = |score| Sighting {
            class: Class::Face,
            score,
            at: PxBox::around(50.0, 50.0, 20.0, 20.0),
        };
        let mut frames = Vec::new();
        for (mut seen, (n, step, pause, every, noise)) in stretches {
            for (i, f) in seen.iter_mut().enumerate() {
                f.cut &= i == 0;
                f.look
                    .iter_mut()
                    .for_each(|l| l.sightings.push(a_face(0.9)));
            }
            frames.extend(seen);
            frames.extend((0..n.min((8.0 / step) as usize)).map(|k| FrameFacts {
                time_s: step * if k % 5 == 3 { f64::from(pause) } else { 1.0 },
                cut: false,
                look: (k % every == every - 1).then(|| Look {
                    sightings: vec![a_face(0.05); usize::from(noise)],
                    smallest: [6.0; 2],
                }),
                motion: None,
            }));
        }
        added_up(frames)
    })
}

/// The cover of a clip that is settled while it is read.
fn settled_early(clip: &[FrameFacts], settings: &TrackSettings) -> ClipCover {
    let mut tracker = ClipTracker::new(SIZE, settings.clone());
    let mut frames = Vec::new();
    for f in clip {
        tracker.push(f.clone());
        frames.extend(tracker.take_settled());
    }
    let (rest, tracks) = tracker.finish();
    frames.extend(rest);
    ClipCover { frames, tracks }
}

/// Covers of a camera's frames, and how many were settled when the last frame came.
fn covered_live(frames: &[FrameFacts], look_ahead_s: f64) -> (Vec<FrameCover>, usize) {
    let mut tracker = LiveTracker::new(SIZE, settings(), look_ahead_s);
    frames.iter().for_each(|f| tracker.push(f.clone()));
    let mut covers = tracker.take_settled();
    let settled = covers.len();
    covers.extend(tracker.finish());
    (covers, settled)
}

/// Where a frame's boxes are; numbers of tracks mean nothing across two runs.
fn places(cover: &FrameCover) -> Vec<(Class, PxBox)> {
    cover.boxes.iter().map(|b| (b.class, b.at)).collect()
}

/// Whether the pixels of `at`, as far as they are in the picture, are all in one cover box.
fn covered(cover: &ClipCover, frame: usize, class: Class, at: PxBox) -> bool {
    let pixels = at.pixels(SIZE);
    cover.frames[frame]
        .boxes
        .iter()
        .any(|b| b.class == class && b.at.pixels(SIZE).contains(pixels))
}

/// A strong sighting that is not covered in its frame with its margin, and the frame's number.
fn strong_and_open(clip: &[FrameFacts], cover: &ClipCover) -> Option<(usize, Sighting)> {
    let settings = settings();
    let open = |k: usize, s: &Sighting| {
        let set = settings.of(s.class);
        let near = bounded(s.at);
        let grown = near.grow(near.width() * set.margin, near.height() * set.margin);
        s.score >= set.strong
            && s.at.is_sane()
            && !s.at.pixels(SIZE).is_empty()
            && !covered(cover, k, s.class, grown)
    };
    let looks = clip
        .iter()
        .enumerate()
        .filter_map(|(k, f)| Some((k, f.look.as_ref()?)));
    let mut all = looks.flat_map(|(k, look)| look.sightings.iter().map(move |s| (k, *s)));
    all.find(|(k, s)| open(*k, s))
}

/// The part of a box within one picture's width and height of the picture: the rest of a box
/// beyond all bounds adds nothing to its margin.
fn bounded(at: PxBox) -> PxBox {
    PxBox {
        x0: at.x0.max(-320.0),
        y0: at.y0.max(-180.0),
        x1: at.x1.min(640.0),
        y1: at.y1.min(360.0),
    }
}

/// The frames of each shot, as ranges.
fn shots(frames: &[FrameFacts]) -> Vec<std::ops::Range<usize>> {
    let mut starts: Vec<usize> = (1..frames.len()).filter(|&k| frames[k].cut).collect();
    starts.insert(0, 0);
    starts.push(frames.len());
    starts.windows(2).map(|w| w[0]..w[1]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 192,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_strong_sighting_is_covered_in_its_frame_with_its_margin(clip in a_clip()) {
        let cover = cover_clip(SIZE, &clip, &settings());
        prop_assert_eq!(strong_and_open(&clip, &cover), None);
    }

    #[test]
    fn a_track_covers_every_frame_from_first_to_last_and_stays_in_its_shot(clip in a_clip()) {
        let cover = cover_clip(SIZE, &clip, &settings());
        prop_assert_eq!(cover.frames.len(), clip.len());
        for (i, t) in cover.tracks.iter().enumerate() {
            prop_assert_eq!(t.id as usize, i);
            for (k, frame) in cover.frames.iter().enumerate() {
                let n = frame.boxes.iter().filter(|b| b.track == t.id).count();
                prop_assert_eq!(n, usize::from((t.first_frame..=t.last_frame).contains(&k)));
            }
            let home = shots(&clip).into_iter().find(|s| s.contains(&t.first_frame));
            prop_assert!(home.is_some_and(|s| s.contains(&t.last_frame)));
        }
    }

    #[test]
    fn every_box_is_finite_and_in_order_and_says_truly_whether_it_was_seen(clip in a_clip()) {
        let cover = cover_clip(SIZE, &clip, &settings());
        for (k, frame) in cover.frames.iter().enumerate() {
            for b in &frame.boxes {
                prop_assert!(b.at.is_sane());
                let unseen = matches!(b.why, Why::Bridged | Why::Carried);
                prop_assert!(clip[k].look.is_some() || unseen);
            }
        }
    }

    #[test]
    fn the_same_clip_has_the_same_cover(clip in a_clip()) {
        let settings = settings();
        prop_assert_eq!(cover_clip(SIZE, &clip, &settings), cover_clip(SIZE, &clip, &settings));
    }

    #[test]
    fn a_cover_settled_while_reading_is_the_cover_of_the_whole_clip(
        clip in prop_oneof![a_clip(), a_long_clip()],
        quick in any::<bool>(),
    ) {
        let settings = match quick {
            true => TrackSettings::for_sensitivity(Sensitivity::Quick),
            false => settings(),
        };
        prop_assert_eq!(settled_early(&clip, &settings), cover_clip(SIZE, &clip, &settings));
    }

    #[test]
    fn live_with_a_look_ahead_as_long_as_the_clip_it_has_the_clips_cover(clip in a_clip()) {
        let (live, _) = covered_live(&clip, 1e9);
        let whole = cover_clip(SIZE, &clip, &settings());
        prop_assert_eq!(live.len(), clip.len());
        for (a, b) in live.iter().zip(&whole.frames) {
            prop_assert_eq!(places(a), places(b));
        }
    }

    #[test]
    fn live_nothing_that_comes_later_changes_what_was_settled(
        clip in a_clip(),
        later in a_clip(),
        look_ahead in 0.0..1.0f64,
    ) {
        let (covers, settled) = covered_live(&clip, look_ahead);
        let longer = [clip, later].concat();
        let (all, _) = covered_live(&longer, look_ahead);
        prop_assert_eq!(&covers[..settled], &all[..settled]);
    }

    #[test]
    fn live_a_strong_sighting_is_covered_in_its_frame_without_any_look_ahead(clip in a_clip()) {
        let (frames, _) = covered_live(&clip, 0.0);
        let live = ClipCover { frames, tracks: Vec::new() };
        prop_assert_eq!(strong_and_open(&clip, &live), None);
    }

    #[test]
    fn what_lies_before_a_cut_changes_nothing_after_it(clip in a_clip(), other in a_clip()) {
        let settings = settings();
        let Some(cut) = (1..clip.len()).find(|&k| clip[k].cut && clip[k].time_s.is_finite()) else {
            return Ok(());
        };
        let tail = |cover: ClipCover, from: usize| -> Vec<Vec<(PxBox, Why)>> {
            cover.frames[from..]
                .iter()
                .map(|f| f.boxes.iter().map(|b| (b.at, b.why)).collect())
                .collect()
        };
        // Shifted in time, so that the times still rise over the join.
        let later = other.last().map_or(0.0, |f| f.time_s.max(0.0)) + 100.0;
        let mut mixed = other.clone();
        for f in &mut mixed {
            f.time_s -= later;
        }
        mixed.extend_from_slice(&clip[cut..]);
        let whole = tail(cover_clip(SIZE, &clip, &settings), cut);
        let part = tail(cover_clip(SIZE, &mixed, &settings), other.len());
        prop_assert_eq!(whole, part);
    }

    /// A face on a smooth way, looked at every `every` frames, with looks that miss it: wherever
    /// the misses are, every frame from the first to the last sighting is covered.
    #[test]
    fn dropped_detections_inside_a_track_never_uncover(
        every in 1..4usize,
        speed in (-3.0..3.0f32, -1.0..1.0f32),
        start in (110.0..210.0f32, 60.0..120.0f32),
        side in 14.0..50.0f32,
        class in prop::sample::select(Class::ALL.to_vec()),
        dropped in prop::collection::vec(prop::bool::weighted(0.4), 40),
        above in 0.0..0.3f32,
    ) {
        let truth = |k: usize| {
            let t = k as f32;
            PxBox::around(start.0 + speed.0 * t, start.1 + speed.1 * t, side, side)
        };
        let score = settings().of(class).strong + above;
        let sighting = |k: usize| Sighting { class, score, at: truth(k) };
        let seen = |k: usize| k.is_multiple_of(every) && !dropped[k];
        let clip: Vec<FrameFacts> = (0..40usize)
            .map(|k| FrameFacts {
                time_s: k as f64 / 25.0,
                cut: false,
                look: k.is_multiple_of(every).then(|| Look {
                    sightings: seen(k).then(|| sighting(k)).into_iter().collect(),
                    smallest: [10.0, 7.0],
                }),
                motion: None,
            })
            .collect();
        let cover = cover_clip(SIZE, &clip, &settings());
        let sights: Vec<usize> = (0..40).filter(|&k| seen(k)).collect();
        // Beyond the settings' gap nothing is promised.
        for pair in sights.windows(2).filter(|w| w[1] - w[0] <= 10) {
            for k in pair[0]..=pair[1] {
                prop_assert!(covered(&cover, k, class, truth(k)), "frame {k} of {sights:?}");
            }
        }
    }
}
