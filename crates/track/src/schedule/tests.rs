use super::*;
use Sensitivity::{Normal, Publish, Quick};

const VGA: Size = size(640, 480);
const HD: Size = size(1280, 720);
const FULL_HD: Size = size(1920, 1080);
const UHD: Size = size(3840, 2160);

const fn size(width: u32, height: u32) -> Size {
    Size { width, height }
}

/// Network pixels a frame over ten seconds without a cut, as a multiple of the frame's area.
fn load(size: Size, fps: f64, sensitivity: Sensitivity) -> f64 {
    let mut schedule = Schedule::new(size, 1.0 / fps, sensitivity);
    let n = (fps * 10.0) as usize;
    let cost: f64 = (0..n)
        .flat_map(|k| schedule.look(k as f64 / fps, false))
        .map(|p| p.pixels(size))
        .sum();
    cost / n as f64 / size.area() as f64
}

fn frames_per_look(fps: f64, sensitivity: Sensitivity) -> usize {
    let mut schedule = Schedule::new(FULL_HD, 1.0 / fps, sensitivity);
    let looked = |k: &usize| !schedule.look(*k as f64 / fps, false).is_empty();
    let looks: Vec<usize> = (0..300).filter(looked).collect();
    let steps: Vec<usize> = looks.windows(2).map(|w| w[1] - w[0]).collect();
    assert!(steps.iter().all(|&s| s == steps[0]), "{steps:?}");
    steps[0]
}

#[test]
fn common_rates_are_looked_at_every_so_many_frames() {
    for (fps, publish, normal, quick) in [
        (10.0, 1, 1, 2),
        (15.0, 1, 2, 3),
        (20.0, 1, 2, 4),
        (24000.0 / 1001.0, 2, 3, 4),
        (25.0, 2, 3, 5),
        (30000.0 / 1001.0, 2, 4, 6),
        (30.0, 2, 4, 6),
        (50.0, 4, 6, 10),
        (60.0, 5, 8, 12),
    ] {
        let found = [Publish, Normal, Quick].map(|s| frames_per_look(fps, s));
        assert_eq!(found, [publish, normal, quick], "{fps} fps");
    }
}

#[test]
fn common_sizes_have_these_passes() {
    let scales = |passes: Vec<Pass>| -> Vec<(f32, bool)> {
        let cents = |s: f32| (s * 100.0).round() / 100.0;
        passes
            .iter()
            .map(|p| (cents(p.scale), p.area.is_some()))
            .collect()
    };
    let whole = |s: f32| (s, false);
    for (size, looks) in [
        (
            VGA,
            vec![
                vec![2.0, 1.0, 0.5],
                vec![1.0, 0.5],
                vec![2.0],
                vec![1.0, 0.5],
            ],
        ),
        (
            HD,
            vec![
                vec![1.5, 1.0, 0.5, 0.25],
                vec![1.0],
                vec![0.5, 0.25],
                vec![1.0],
                vec![1.5],
            ],
        ),
        (
            FULL_HD,
            vec![
                vec![1.0, 0.5, 0.25],
                vec![0.5, 0.25],
                vec![1.0],
                vec![0.5, 0.25],
            ],
        ),
    ] {
        let mut schedule = Schedule::new(size, 0.04, Publish);
        for (k, wanted) in looks.into_iter().enumerate() {
            let wanted: Vec<_> = wanted.into_iter().map(whole).collect();
            let t = 0.08 * k as f64;
            assert_eq!(scales(schedule.look(t, false)), wanted, "{size:?} {k}");
            assert!(schedule.look(t + 0.04, false).is_empty());
        }
    }
    let mut schedule = Schedule::new(UHD, 0.04, Publish);
    let tile = (1.0, true);
    let all = [
        whole(0.67),
        whole(0.33),
        whole(0.13),
        tile,
        tile,
        tile,
        tile,
    ];
    assert_eq!(scales(schedule.look(0.0, false)), all);
    let second = [whole(0.33), whole(0.13), tile];
    assert_eq!(scales(schedule.look(0.08, false)), second);
    let third = [whole(0.67), tile];
    assert_eq!(scales(schedule.look(0.16, false)), third);
}

#[test]
fn slow_video_is_looked_at_in_every_scale_at_every_frame() {
    let mut schedule = Schedule::new(HD, 0.2, Publish);
    let first = schedule.look(0.0, false);
    assert_eq!(first.len(), 4);
    assert_eq!(schedule.look(0.2, false), first);
}

#[test]
fn the_load_keeps_to_the_budget() {
    for (size, publish, normal, quick) in [
        (size(320, 240), 1.4, 0.9, 0.3),
        (VGA, 1.4, 0.9, 0.3),
        (HD, 0.6, 0.25, 0.27),
        (FULL_HD, 0.35, 0.23, 0.13),
        (UHD, 0.30, 0.17, 0.03),
        (size(7680, 4320), 0.21, 0.14, 0.01),
    ] {
        for (sensitivity, most) in [(Publish, publish), (Normal, normal), (Quick, quick)] {
            let found = load(size, 25.0, sensitivity);
            assert!(found <= most, "{size:?} {sensitivity:?}: {found}");
        }
    }
}

#[test]
fn no_stretch_without_a_look_is_longer_than_promised() {
    for fps in [1.0, 7.0, 10.0, 12.5, 16.6, 24.0, 25.0, 29.97, 59.94, 240.0] {
        for sensitivity in [Publish, Normal, Quick] {
            let mut schedule = Schedule::new(FULL_HD, 1.0 / fps, sensitivity);
            let mut last = f64::NEG_INFINITY;
            for k in 0..500 {
                let t = f64::from(k) / fps;
                if !schedule.look(t, false).is_empty() {
                    assert!(k == 0 || t - last <= schedule.longest_gap_s() + 1e-9);
                    last = t;
                }
            }
        }
    }
}

#[test]
fn in_a_variable_rate_no_frame_is_further_from_a_look_than_promised() {
    let mut schedule = Schedule::new(FULL_HD, 0.04, Normal);
    let (mut t, mut last) = (0.0, 0.0);
    for k in 0..2000_u64 {
        if !schedule.look(t, false).is_empty() {
            last = t;
        }
        assert!(t - last < schedule.longest_gap_s());
        t += 0.001 + (k * 7919 % 97) as f64 * 0.002;
    }
}

#[test]
fn the_first_frame_after_a_cut_is_looked_at_with_the_finest_scale_everywhere() {
    for size in [VGA, HD, FULL_HD, UHD] {
        let mut schedule = Schedule::new(size, 0.04, Publish);
        for k in 0..10 {
            let cut = k == 7;
            let passes = schedule.look(f64::from(k) * 0.04, cut);
            if cut || k == 0 {
                let finest = Class::ALL.map(|c| schedule.smallest(c));
                assert_eq!(schedule.smallest_in(&passes), finest, "{size:?}");
            }
        }
    }
}

#[test]
fn every_place_of_a_large_picture_is_seen_in_full_size_within_a_few_looks() {
    for size in [
        UHD,
        size(2160, 3840),
        size(7680, 1000),
        size(7680, 4320),
        size(4001, 3003),
    ] {
        let mut schedule = Schedule::new(size, 0.1, Publish);
        schedule.look(0.0, false);
        let seen: Vec<PxRect> = (1..=TILE_TURN_LOOKS)
            .flat_map(|k| schedule.look(k as f64 * 0.1, false))
            .filter_map(|p| p.area)
            .collect();
        for x in (0..size.width - 15).step_by(30) {
            for y in (0..size.height - 15).step_by(30) {
                let face = PxRect {
                    x0: x,
                    y0: y,
                    x1: x + 15,
                    y1: y + 15,
                };
                assert!(seen.iter().any(|t| t.contains(face)), "{x} {y}");
            }
        }
        assert!(seen.iter().all(|t| t.clip(size) == *t && !t.is_empty()));
    }
}

#[test]
fn senseless_times_and_rates_are_looked_at() {
    let mut schedule = Schedule::new(FULL_HD, 0.04, Publish);
    for t in [0.0, f64::NAN, f64::NAN, 5.0, 4.0, -1.0] {
        assert!(!schedule.look(t, false).is_empty(), "{t}");
    }
    for interval in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let mut schedule = Schedule::new(size(0, 0), interval, Publish);
        for k in 0..5 {
            assert!(!schedule.look(f64::from(k), false).is_empty());
        }
    }
}

#[test]
fn a_look_with_tiles_in_one_part_only_is_not_taken_for_a_fine_one() {
    let mut schedule = Schedule::new(UHD, 0.1, Publish);
    schedule.look(0.0, false);
    let passes = schedule.look(0.1, false);
    assert!(schedule.smallest_in(&passes)[0] > schedule.smallest(Class::Face));
    assert_eq!(schedule.smallest_in(&[]), [f32::INFINITY; 2]);
}

#[test]
fn live_no_frame_costs_more_than_one_pass_over_full_hd() {
    for (size, average) in [
        (size(320, 240), 0.2e6),
        (VGA, 0.5e6),
        (HD, 0.6e6),
        (FULL_HD, 0.7e6),
        (UHD, 0.7e6),
        (size(1080, 1920), 0.7e6),
        (size(7680, 4320), 0.7e6),
    ] {
        for fps in [12.0, 25.0, 29.97, 60.0] {
            let mut schedule = Schedule::live(size, 1.0 / fps);
            let worst = schedule.costliest_px();
            // A side is rounded to whole pixels.
            assert!(worst as f64 <= LIVE_PASS_PX * 1.002, "{size:?}: {worst}");
            let n = (10.0 * fps) as usize;
            let costs: Vec<f64> = (0..n)
                .map(|k| schedule.look(k as f64 / fps, k % 90 == 0))
                .map(|passes| passes.iter().map(|p| p.pixels(size)).sum())
                .collect();
            let dearest = costs.iter().fold(0.0, |a: f64, &b| a.max(b));
            assert_eq!(dearest.round() as u64, worst, "{size:?}, {fps} fps");
            let found = costs.iter().sum::<f64>() / n as f64;
            assert!(
                fps < 20.0 || found <= average,
                "{size:?}, {fps} fps: {found}"
            );
        }
    }
}

#[test]
fn live_every_look_sees_the_whole_picture_and_a_cut_is_looked_at() {
    for size in [VGA, HD, FULL_HD, UHD] {
        let mut schedule = Schedule::live(size, 0.04);
        for k in 0..40 {
            let passes = schedule.look(f64::from(k) * 0.04, k == 7);
            assert!(passes.iter().all(|p| p.area.is_none()));
            if k == 0 || k == 7 {
                let finest = Class::ALL.map(|c| schedule.smallest(c));
                assert_eq!(schedule.smallest_in(&passes), finest, "{size:?}");
            }
        }
    }
}

#[test]
fn a_slow_camera_is_seen_at_every_scale_at_once() {
    let mut live = Schedule::live(FULL_HD, 0.5);
    let mut file = Schedule::new(FULL_HD, 0.5, Publish);
    for k in 0..3 {
        assert_eq!(
            live.look(0.5 * k as f64, false),
            file.look(0.5 * k as f64, false)
        );
    }
}

#[test]
fn of_a_4k_file_the_frame_after_a_cut_costs_most_six_passes_over_full_hd() {
    let schedule = Schedule::new(UHD, 0.04, Publish);
    let fresh: f64 = schedule
        .clone()
        .look(0.0, true)
        .iter()
        .map(|p| p.pixels(UHD))
        .sum();
    assert_eq!(schedule.costliest_px(), fresh.round() as u64);
    assert!((6.0..7.0).contains(&(fresh / (1920.0 * 1080.0))), "{fresh}");
}
