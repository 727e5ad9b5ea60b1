use super::*;
use crate::made::{Shape, difference, picture, shapes};
use proptest::prelude::*;

const LEVEL: [u8; 4] = [16, 128, 200, 255];

/// Whether a block of a component belongs to a unit that the rectangle touches.
fn touched(made: &Coefficients, rect: PixelRect, c: usize, bx: usize, by: usize) -> bool {
    let component = &made.components()[c];
    let (w, h) = made.unit_size();
    let left = bx as u32 / u32::from(component.h()) * w;
    let top = by as u32 / u32::from(component.v()) * h;
    let (x1, y1) = (rect.x1.min(made.width()), rect.y1.min(made.height()));
    rect.x0 < x1 && rect.y0 < y1 && left < x1 && left + w > rect.x0 && top < y1 && top + h > rect.y0
}

proptest! {
    #[test]
    fn blanking_makes_touched_units_flat_and_leaves_the_rest(
        shape in shapes(),
        (x0, y0, x1, y1) in (0u32..80, 0u32..80, 0u32..80, 0u32..80),
    ) {
        let before = picture(&shape);
        let mut after = before.clone();
        let rect = PixelRect { x0, y0, x1, y1 };
        let covered = after.blank(rect, LEVEL);
        for (c, component) in before.components().iter().enumerate() {
            for (bx, by) in (0..component.down()).flat_map(|y| (0..component.across()).map(move |x| (x, y))) {
                let (old, new) = (before.block(c, bx, by).unwrap(), after.block(c, bx, by).unwrap());
                if touched(&before, rect, c, bx, by) {
                    let mut flat = [0; 64];
                    flat[0] = flat_dc(LEVEL[c], component.quant()[0]);
                    prop_assert_eq!(new, flat);
                } else {
                    prop_assert_eq!(new, old);
                }
            }
        }
        if x0 < x1.min(before.width()) && y0 < y1.min(before.height()) {
            prop_assert!(covered.x0 <= x0 && covered.y0 <= y0);
            prop_assert!(covered.x1 >= x1.min(before.width()) && covered.y1 >= y1.min(before.height()));
        } else {
            prop_assert_eq!(covered, PixelRect { x0: 0, y0: 0, x1: 0, y1: 0 });
        }
    }

    #[test]
    fn a_blanked_picture_is_written_as_it_stands(shape in shapes(), x in 0u32..70, y in 0u32..70) {
        let mut made = picture(&shape);
        made.blank(PixelRect { x0: x, y0: y, x1: x + 20, y1: y + 20 }, LEVEL);
        let read = Coefficients::read(&made.write(), 1 << 24).unwrap();
        // A progressive or separate scan does not hold the padding blocks.
        for (c, component) in made.components().iter().enumerate() {
            let visible = component.visible();
            for (bx, by) in (0..visible.down).flat_map(|y| (0..visible.across).map(move |x| (x, y))) {
                prop_assert_eq!(made.block(c, bx, by), read.block(c, bx, by));
            }
        }
    }

    #[test]
    fn the_flat_value_is_the_nearest_that_the_step_allows(level: u8, step in 1u16..) {
        let wanted = (i32::from(level) - 128) * 8;
        let off = |dc: i32| (dc * i32::from(step) - wanted).abs();
        let dc = i32::from(flat_dc(level, step));
        prop_assert!((-1024..=1023).contains(&dc));
        prop_assert!(off(dc) <= off(dc - 1) && off(dc) <= off(dc + 1));
    }
}

#[test]
fn one_pixel_blanks_one_unit_with_its_chroma() {
    let before = picture(&Shape::small(40, 40));
    let mut after = before.clone();
    let covered = after.blank(
        PixelRect {
            x0: 16,
            y0: 31,
            x1: 17,
            y1: 32,
        },
        [0, 128, 128, 0],
    );
    assert_eq!(
        covered,
        PixelRect {
            x0: 16,
            y0: 16,
            x1: 32,
            y1: 32
        }
    );
    assert_eq!(after.block(0, 2, 2).unwrap()[1..], [0; 63]);
    assert_eq!(after.block(1, 1, 1), Some([0; 64]));
    assert_eq!(after.block(0, 4, 2), before.block(0, 4, 2));
}

#[test]
fn the_last_pixel_takes_the_padding_blocks_with_it() {
    let mut made = picture(&Shape::small(17, 17));
    made.blank(
        PixelRect {
            x0: 16,
            y0: 16,
            x1: 17,
            y1: 17,
        },
        [128; 4],
    );
    for (bx, by) in [(2, 2), (3, 2), (2, 3), (3, 3)] {
        assert_eq!(made.block(0, bx, by), Some([0; 64]));
    }
}

#[test]
fn rectangles_that_are_empty_or_outside_blank_nothing() {
    let before = picture(&Shape::small(20, 20));
    for (x0, y0, x1, y1) in [
        (5, 5, 5, 9),
        (9, 9, 5, 5),
        (20, 0, 40, 40),
        (0, 20, 9, u32::MAX),
    ] {
        let mut after = before.clone();
        after.blank(PixelRect { x0, y0, x1, y1 }, [0; 4]);
        assert_eq!(difference(&before, &after), None);
    }
}

#[test]
fn the_whole_picture_may_be_asked_for_with_any_large_corner() {
    let mut made = picture(&Shape::small(33, 20));
    let covered = made.blank(
        PixelRect {
            x0: 0,
            y0: 0,
            x1: u32::MAX,
            y1: u32::MAX,
        },
        [0; 4],
    );
    assert_eq!(
        covered,
        PixelRect {
            x0: 0,
            y0: 0,
            x1: 33,
            y1: 20
        }
    );
    let mut blocks = made.components().iter().flat_map(|c| &c.blocks);
    assert!(blocks.all(|block| block[1..] == [0; 63]));
}
