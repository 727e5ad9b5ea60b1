use super::*;
use proptest::prelude::*;

/// A little-endian block with one directory and a link to the next.
fn block(entries: &[(u16, u16, u32, u32)], next: u32) -> Vec<u8> {
    let mut out = b"II\x2A\0\x08\0\0\0".to_vec();
    out.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        out.extend(tag.to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend(count.to_le_bytes());
        out.extend(value.to_le_bytes());
    }
    out.extend(next.to_le_bytes());
    out
}

#[test]
fn the_orientation_is_read_in_both_byte_orders() {
    for n in 1..=8 {
        let little = block(&[(ORIENTATION, SHORT, 1, u32::from(n))], 0);
        assert_eq!(Exif::parse(&little).orientation, n);
        assert_eq!(Exif::parse(&minimal(n)).orientation, n);
    }
}

#[test]
fn a_block_with_the_orientation_alone_holds_nothing_more() {
    assert!(!Exif::parse(&minimal(6)).more);
    assert!(!Exif::parse(&block(&[(ORIENTATION, SHORT, 1, 6)], 0)).more);
    assert!(Exif::parse(&block(&[(ORIENTATION, SHORT, 1, 6), (0x010F, 2, 4, 0)], 0)).more);
    assert!(Exif::parse(&[minimal(6).as_slice(), b"hidden"].concat()).more);
}

#[test]
fn a_long_orientation_counts_and_stranger_ones_do_not() {
    let orientation = |kind, count, value| {
        Exif::parse(&block(&[(ORIENTATION, kind, count, value)], 0)).orientation
    };
    assert_eq!(orientation(LONG, 1, 8), 8);
    assert_eq!(orientation(SHORT, 1, 0), 1);
    assert_eq!(orientation(SHORT, 1, 9), 1);
    assert_eq!(orientation(LONG, 1, 0x10006), 1);
    assert_eq!(orientation(SHORT, 2, 6), 1);
    assert_eq!(orientation(2, 1, 6), 1);
}

#[test]
fn a_second_directory_with_a_picture_is_a_thumbnail() {
    let mut with = block(&[(ORIENTATION, SHORT, 1, 1)], 26);
    with.extend(&block(&[(THUMBNAIL_OFFSET, LONG, 1, 44)], 0)[8..]);
    assert!(Exif::parse(&with).thumbnail);
    let without = block(&[(ORIENTATION, SHORT, 1, 1)], 26);
    assert!(!Exif::parse(&without).thumbnail);
}

#[test]
fn a_maker_note_is_seen_in_its_directory() {
    let mut with = block(&[(EXIF_DIRECTORY, LONG, 1, 26)], 0);
    with.extend(&block(&[(MAKER_NOTE, 7, 4, 0)], 0)[8..]);
    assert!(Exif::parse(&with).maker_note);
}

#[test]
fn offsets_that_loop_or_leave_the_block_are_harmless() {
    // A directory that is its own successor and its own EXIF directory.
    let looped = block(
        &[(EXIF_DIRECTORY, LONG, 1, 8), (ORIENTATION, SHORT, 1, 3)],
        8,
    );
    assert_eq!(Exif::parse(&looped).orientation, 3);
    let outside = block(
        &[
            (EXIF_DIRECTORY, LONG, 1, u32::MAX),
            (ORIENTATION, SHORT, 1, 3),
        ],
        u32::MAX,
    );
    assert_eq!(Exif::parse(&outside).orientation, 3);
    assert_eq!(Exif::parse(b"MM\0\x2A\xFF\xFF\xFF\xFF").orientation, 1);
    // 65535 entries announced, none there.
    assert_eq!(Exif::parse(b"II\x2A\0\x08\0\0\0\xFF\xFF").orientation, 1);
}

proptest! {
    #[test]
    fn any_bytes_give_an_orientation_in_range(
        head in prop::sample::select(vec![&b"II\x2A\0\x08\0\0\0"[..], b"MM\0\x2A\0\0\0\x08", b""]),
        tail in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let exif = Exif::parse(&[head, &tail].concat());
        prop_assert!((1..=8).contains(&exif.orientation));
    }
}
