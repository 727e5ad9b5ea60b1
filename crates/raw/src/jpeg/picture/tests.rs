use super::super::tests::{Flat, coded};
use super::*;
use crate::frame::RawFrame;

/// Planes of a picture of flat blocks, and what they are.
fn seen(
    size: (u16, u16),
    components: &[Flat],
    adobe: Option<u8>,
) -> Option<(FrameInfo, Vec<Vec<u8>>)> {
    let file = coded(size, components, adobe);
    picture(&Coefficients::read(&file, 1 << 20).unwrap(), 1)
}

/// A component whose blocks have these levels.
fn flat(factors: (u8, u8), levels: &[i32]) -> Flat {
    let dc = levels.iter().map(|level| (level - 128) * 8).collect();
    Flat { factors, dc }
}

fn subsamplings(info: &FrameInfo) -> Vec<(u8, u8)> {
    let planes = info.layout.planes.iter();
    planes.map(|p| (p.sub.shift_x, p.sub.shift_y)).collect()
}

#[test]
fn a_picture_without_colours_is_its_luma() {
    let (info, planes) = seen((11, 9), &[flat((1, 1), &[7, 80, 250, 0])], None).unwrap();
    assert_eq!(info.layout.family, Family::Grey);
    let row = |left: u8, right: u8| [[left; 8].as_slice(), &[right; 3]].concat();
    let want = [row(7, 80).repeat(8), row(250, 0)].concat();
    assert_eq!(planes, [want]);
}

#[test]
fn colours_stay_at_their_own_resolution() {
    for (factors, shifts, size) in [
        ((1, 1), (0, 0), (17, 9)),
        ((2, 1), (1, 0), (9, 9)),
        ((1, 2), (0, 1), (17, 5)),
        ((2, 2), (1, 1), (9, 5)),
        ((4, 1), (2, 0), (5, 9)),
        ((4, 2), (2, 1), (5, 5)),
    ] {
        let unit = |side: usize, factor: u8| side.div_ceil(8 * usize::from(factor));
        let units = unit(17, factors.0) * unit(9, factors.1);
        let blocks = usize::from(factors.0 * factors.1) * units;
        let luma = flat(factors, &vec![50; blocks]);
        let (u, v) = (
            flat((1, 1), &vec![90; units]),
            flat((1, 1), &vec![200; units]),
        );
        let (info, planes) = seen((17, 9), &[luma, u, v], None).unwrap();
        assert_eq!(info.layout.family, Family::Yuv);
        assert!(info.layout.is_consistent() && info.smooth_chroma);
        assert_eq!(subsamplings(&info), [(0, 0), shifts, shifts]);
        let colour = size.0 * size.1;
        assert_eq!(
            planes,
            [vec![50; 17 * 9], vec![90; colour], vec![200; colour]]
        );
    }
}

#[test]
fn a_resolution_that_is_no_half_or_fourth_is_brought_to_a_sample_a_pixel() {
    // A third of the luma across, and luma at half of what one colour has.
    let third = [
        flat((3, 1), &[10; 3]),
        flat((1, 1), &[20]),
        flat((2, 1), &[30, 60]),
    ];
    let (info, planes) = seen((24, 8), &third, None).unwrap();
    assert_eq!(subsamplings(&info), [(0, 0); 3]);
    assert_eq!(planes[..2], [vec![10; 24 * 8], vec![20; 24 * 8]]);
    let row = [[30; 12], [60; 12]].concat();
    assert_eq!(planes[2], row.repeat(8));
    let half = [
        flat((1, 1), &[10]),
        flat((2, 1), &[20, 40]),
        flat((1, 1), &[30]),
    ];
    let (info, planes) = seen((16, 8), &half, None).unwrap();
    assert_eq!(subsamplings(&info), [(0, 0), (0, 0), (1, 0)]);
    assert_eq!(planes[0], [10; 16 * 8]);
    assert_eq!(planes[1], [[20; 8], [40; 8]].concat().repeat(8));
    assert_eq!(planes[2], [30; 8 * 8]);
}

#[test]
fn whatever_the_sampling_factors_are_the_planes_make_a_frame_of_the_right_levels() {
    let all = (1..=4).flat_map(|h| (1..=4).map(move |v| (h, v)));
    let pairs = all
        .clone()
        .flat_map(|luma| all.clone().map(move |u| (luma, u)));
    let blocks = |(h, v): (u8, u8)| usize::from(h * v);
    // No more blocks in a unit than a scan of all components may have (T.81 B.2.3).
    let pairs = pairs.filter(|(luma, u)| blocks(*luma) + blocks(*u) < 10);
    let mut count = 0;
    for (luma, u) in pairs {
        let (h, v) = (luma.0.max(u.0), luma.1.max(u.1));
        let units = 33_usize.div_ceil(8 * usize::from(h)) * 21_usize.div_ceil(8 * usize::from(v));
        let of = |factors, level| flat(factors, &vec![level; blocks(factors) * units]);
        let components = [of(luma, 60), of(u, 90), of((1, 1), 200)];
        let (info, planes) = seen((33, 21), &components, None).unwrap();
        for (plane, level) in planes.iter().zip([60, 90, 200]) {
            assert!(
                plane.iter().all(|sample| *sample == level),
                "{luma:?} {u:?}"
            );
        }
        assert!(RawFrame::new(0, info, planes).is_ok(), "{luma:?} {u:?}");
        count += 1;
    }
    assert!(count > 60);
}

#[test]
fn red_green_and_blue_are_told_by_adobe_and_have_no_luma() {
    let components = [10, 20, 30].map(|level| flat((1, 1), &[level]));
    let (info, planes) = seen((8, 8), &components, Some(0)).unwrap();
    assert_eq!(info.layout.family, Family::Rgb);
    assert_eq!(planes, [[10; 64], [20; 64], [30; 64]]);
}

#[test]
fn inks_are_what_they_take_of_the_light() {
    let inks = [255, 200, 100, 240].map(|level| flat((1, 1), &[level]));
    let (info, planes) = seen((8, 8), &inks, Some(0)).unwrap();
    assert_eq!(info.layout.family, Family::Ink);
    assert_eq!(planes, [[0; 64], [55; 64], [155; 64], [15; 64]]);
    // Grey by luma and differences, and red: 76, 85 and 255 (JFIF 1.02, page 3).
    for (luma, u, v, inks) in [(130, 128, 128, [125; 3]), (76, 85, 255, [1, 255, 255])] {
        let components = [luma, u, v, 240].map(|level| flat((1, 1), &[level]));
        let (_, planes) = seen((8, 8), &components, Some(2)).unwrap();
        for (plane, ink) in planes.iter().zip(inks) {
            assert!(
                plane.iter().all(|v| v.abs_diff(ink) <= 1),
                "{ink}: {}",
                plane[0]
            );
        }
        assert_eq!(planes[3], [15; 64]);
    }
}

#[test]
fn of_two_components_nothing_tells_what_they_are() {
    let two = [flat((1, 1), &[10]), flat((1, 1), &[20])];
    assert!(seen((8, 8), &two, None).is_none());
}

#[test]
fn a_large_picture_is_the_same_by_any_number_of_threads() {
    // Rows of blocks, each of its own level, on either side of where bands meet.
    let levels: Vec<_> = (0..230).map(|row| 3 + row).collect();
    let file = coded((5, 230 * 8 - 3), &[flat((1, 1), &levels)], None);
    let coefficients = Coefficients::read(&file, 1 << 20).unwrap();
    for threads in [0, 1, 2, 3, 64] {
        let (_, planes) = picture(&coefficients, threads).unwrap();
        assert_eq!(planes[0].len(), 5 * (230 * 8 - 3));
        let rows = planes[0].chunks(5).enumerate();
        rows.for_each(|(y, row)| assert_eq!(row, [3 + (y / 8) as u8; 5], "{y}, {threads}"));
    }
}
