use super::*;
use crate::JpegError;
use crate::made::{Shape, difference, picture, shapes};
use proptest::prelude::*;

const LIMIT: usize = 1 << 24;

proptest! {
    #[test]
    fn what_is_written_reads_back_bit_for_bit(shape in shapes()) {
        let made = picture(&shape);
        let read = Coefficients::read(&made.write(), LIMIT).unwrap();
        prop_assert_eq!(difference(&made, &read), None);
    }

    #[test]
    fn writing_twice_gives_the_same_bytes(shape in shapes()) {
        let first = picture(&shape).write();
        let second = Coefficients::read(&first, LIMIT).unwrap().write();
        prop_assert_eq!(first, second);
    }

    #[test]
    fn a_scan_coded_in_parts_is_that_coded_at_once(shape in shapes()) {
        let made = picture(&shape);
        for plan in script(&made).iter().filter(|plan| scan::is_parted(&made, plan)) {
            let walk = Walk::new(&made.components, &plan.components, made.units);
            let count = |rows| {
                let mut counts = Counts::default();
                scan::code(&made, plan, &walk, rows, &mut counts);
                counts
            };
            let all = count(0..walk.rows());
            let tables = all.symbols.each_ref().map(CodeTable::optimal);
            let emit = |rows, bits| {
                let mut emitter = Emitter::new(bits, &tables);
                scan::code(&made, plan, &walk, rows, &mut emitter);
                emitter.into_bits()
            };
            let whole = emit(0..walk.rows(), BitWriter::new(vec![])).finish();
            for middle in 0..=walk.rows() {
                let (upper, lower) = (0..middle, middle..walk.rows());
                let counts = count(upper.clone()).with(&count(lower.clone()));
                prop_assert_eq!(counts.symbols, all.symbols);
                let mut bits = emit(upper, BitWriter::new(vec![]));
                bits.append(&emit(lower, BitWriter::apart()));
                prop_assert_eq!(bits.finish(), whole.clone());
            }
        }
    }
}

#[test]
fn a_large_picture_is_written_in_halves_and_reads_back_bit_for_bit() {
    let made = picture(&Shape::small(2100, 1700));
    let blocks: usize = made.components.iter().map(|c| c.blocks.len()).sum();
    assert!(blocks >= 2 * GRAIN);
    let read = Coefficients::read(&made.write(), LIMIT).unwrap();
    assert_eq!(difference(&made, &read), None);
}

fn frame_marker(file: &[u8]) -> Option<u8> {
    let frames = file
        .windows(2)
        .filter(|pair| pair[0] == 0xFF && (0xC0..=0xC2).contains(&pair[1]));
    frames.map(|pair| pair[1]).next()
}

#[test]
fn the_frame_is_baseline_unless_steps_need_sixteen_bits() {
    let mut shape = Shape::small(30, 30);
    assert_eq!(frame_marker(&picture(&shape).write()), Some(0xC0));
    shape.coarsest = 60000;
    assert_eq!(frame_marker(&picture(&shape).write()), Some(0xC1));
    shape.progressive = true;
    assert_eq!(frame_marker(&picture(&shape).write()), Some(0xC2));
}

#[test]
fn units_of_more_than_ten_blocks_are_not_interleaved() {
    let mut shape = Shape::small(30, 30);
    assert_eq!(script(&picture(&shape)).len(), 1);
    shape.factors = vec![(2, 2); 3];
    assert_eq!(script(&picture(&shape)).len(), 3);
    shape.progressive = true;
    assert_eq!(script(&picture(&shape)).len(), 3 + 2 * 3);
    shape.factors = vec![(4, 4)];
    assert_eq!(script(&picture(&shape)).len(), 1 + 2);
}

#[test]
fn runs_of_empty_bands_beyond_32767_blocks_are_told_in_parts() {
    let mut shape = Shape::small(2000, 2000);
    (shape.factors, shape.progressive) = (vec![(1, 1)], true);
    let mut made = picture(&shape);
    made.components[0]
        .blocks
        .iter_mut()
        .for_each(|block| *block = [0; 64]);
    made.components[0].blocks[40000][63] = -1;
    let read = Coefficients::read(&made.write(), 1 << 27).unwrap();
    assert_eq!(difference(&made, &read), None);
}

#[test]
fn the_colour_headers_are_those_of_the_model() {
    let file = |components: usize, adobe| {
        let mut shape = Shape::small(9, 9);
        (shape.factors, shape.adobe) = (vec![(1, 1); components], adobe);
        picture(&shape).write()
    };
    let has = |file: &[u8], name: &[u8]| file.windows(name.len()).any(|w| w == name);
    for (components, adobe, jfif, mark) in [
        (1, None, true, false),
        (2, None, false, false),
        (3, None, true, false),
        (3, Some(1), true, false),
        (3, Some(0), false, true),
        (4, None, false, false),
        (4, Some(0), false, true),
        (4, Some(2), false, true),
    ] {
        let file = file(components, adobe);
        assert_eq!(
            (has(&file, b"JFIF"), has(&file, b"Adobe")),
            (jfif, mark),
            "{components}"
        );
    }
}

#[test]
fn an_upright_picture_carries_no_exif_at_all() {
    let mut shape = Shape::small(9, 9);
    let has_exif = |shape: &Shape| picture(shape).write().windows(4).any(|w| w == b"Exif");
    assert!(!has_exif(&shape));
    shape.orientation = 6;
    assert!(has_exif(&shape));
}

#[test]
fn the_density_of_the_jfif_header_is_carried_on() {
    let mut file = picture(&Shape::small(9, 9)).write();
    // Unit and density follow the version in the header right behind the start of image.
    file[13..18].copy_from_slice(&[1, 0, 72, 0, 96]);
    let read = Coefficients::read(&file, LIMIT).unwrap();
    let again = Coefficients::read(&read.write(), LIMIT).unwrap();
    assert_eq!(
        again.density(),
        Some(crate::Density {
            unit: 1,
            x: 72,
            y: 96
        })
    );
}

#[test]
fn four_different_tables_are_written_once_each() {
    let mut shape = Shape::small(9, 9);
    shape.factors = vec![(1, 1); 4];
    let mut made = picture(&shape);
    made.components[3].quant = made.components[1].quant;
    let read = Coefficients::read(&made.write(), LIMIT);
    assert_eq!(
        read.map(|r| difference(&made, &r)),
        Ok::<_, JpegError>(None)
    );
    let tables = made
        .write()
        .windows(4)
        .filter(|w| w[..3] == [0xFF, 0xDB, 0])
        .count();
    assert_eq!(tables, 3);
}
