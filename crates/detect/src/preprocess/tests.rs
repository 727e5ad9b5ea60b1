use super::*;
use scrim_raw::{Family, Layout};

fn info(layout: Layout, width: u32, height: u32, orientation: Orientation) -> FrameInfo {
    FrameInfo {
        orientation,
        ..FrameInfo::picture(Size { width, height }, layout)
    }
}

#[test]
fn sixteen_bit_rgb_becomes_the_high_bytes_in_blue_green_red_order() {
    let layout = Layout::packed(Family::Rgb, false, 16);
    let bytes: Vec<u8> = [0x1234u16, 0x5678, 0x9abc]
        .iter()
        .flat_map(|v| v.to_ne_bytes())
        .collect();
    let frame = RawFrame::new(0, info(layout, 1, 1, Orientation::Upright), vec![bytes]).unwrap();
    let p = Prepared::of(&frame, Level::best(), 1);
    assert_eq!([0, 1, 2].map(|i| p.planes[i].data[0]), [0x9a, 0x56, 0x12]);
}

#[test]
fn a_picture_stored_on_its_side_is_looked_at_upright() {
    // Stored 2 x 3; to be turned clockwise: the bottom left pixel is seen at the top left.
    let layout = Layout::packed(Family::Grey, false, 8);
    let bytes = vec![101, 102, 103, 104, 105, 106];
    let frame = RawFrame::new(0, info(layout, 2, 3, Orientation::Turn90), vec![bytes]).unwrap();
    let p = Prepared::of(&frame, Level::best(), 1);
    assert_eq!((p.size().width, p.size().height), (3, 2));
    assert_eq!(p.planes[0].data, [105, 103, 101, 106, 104, 102]);
}

#[test]
fn a_dark_frame_is_looked_at_brighter_and_the_frame_stays_as_it_is() {
    let layout = Layout::packed(Family::Grey, false, 8);
    let bytes = vec![50; 12];
    let frame = RawFrame::new(0, info(layout, 4, 3, Orientation::Upright), vec![bytes]).unwrap();
    let p = Prepared::of(&frame, Level::best(), 1);
    assert!(p.planes.iter().all(|plane| plane.data == [170; 12]));
    #[expect(clippy::disallowed_methods, reason = "a test of the one reader")]
    let planes = frame.planes();
    assert!((0..3).all(|y| planes[0].row(y).iter().all(|v| *v == 50)));
}

/// Three grey pixels a side, of which the last column's chroma is red.
fn red_at_the_edge(smooth_chroma: bool) -> Prepared {
    use scrim_raw::{Component, PlaneLayout};
    use scrim_units::Subsampling;
    let sub = |s| Subsampling {
        shift_x: s,
        shift_y: s,
    };
    let plane = |s| PlaneLayout {
        sub: sub(s),
        step: 1,
    };
    let c = |plane| Component {
        plane,
        offset: 0,
        shift: 0,
        depth: 8,
    };
    let layout = Layout {
        family: Family::Yuv,
        alpha: false,
        big_endian: false,
        planes: vec![plane(0), plane(1), plane(1)],
        components: vec![c(0), c(1), c(2)],
    };
    let planes = vec![vec![100; 9], vec![128; 4], vec![128, 255, 128, 255]];
    let info = FrameInfo {
        smooth_chroma,
        ..info(layout, 3, 3, Orientation::Upright)
    };
    let frame = RawFrame::new(0, info, planes).unwrap();
    Prepared::of(&frame, Level::best(), 1)
}

#[test]
fn chroma_is_weighted_by_distance_where_the_frame_asks_for_it_and_nowhere_else() {
    let reds = [false, true].map(|smooth| red_at_the_edge(smooth).planes[2].data[1]);
    // As red as its own sample, which is grey, or a fourth as its neighbour's.
    assert_eq!(reds[0], 100);
    assert!((120..180).contains(&reds[1]), "{reds:?}");
}

#[test]
fn the_last_odd_column_of_subsampled_chroma_is_read() {
    let p = red_at_the_edge(false);
    assert_eq!(p.planes[2].data[..3], [100, 100, 255]);
    assert_eq!(p.planes[2].data[6..], [100, 100, 255]);
}

#[test]
fn a_large_frame_is_read_the_same_by_any_number_of_threads() {
    let (width, height) = (1201, 1801);
    let layout = Layout::packed(Family::Rgb, false, 8);
    let bytes = (0..width * height * 3).map(|i| (i * 7 % 251) as u8);
    let info = info(layout, width, height, Orientation::Upright);
    let frame = RawFrame::new(0, info, vec![bytes.collect()]).unwrap();
    let by = |threads| Prepared::of(&frame, Level::best(), threads).planes.clone();
    assert!(by(2) == by(1) && by(7) == by(1));
    assert_eq!(by(1)[2].data[..3], [0, 21, 42]);
}
