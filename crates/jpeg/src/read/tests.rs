use super::*;
use crate::made::{Shape, difference, picture, shapes};
use proptest::prelude::*;

mod coded_data;

const LIMIT: usize = 1 << 24;

/// Successive approximation with refinement, which this crate reads and never writes.
const REFINED: &[u8] = include_bytes!("../../tests/data/progressive.jpg");
const REFINED_RESTARTS: &[u8] = include_bytes!("../../tests/data/progressive_restarts.jpg");

fn refused(file: &[u8]) -> JpegError {
    Coefficients::read(file, LIMIT).expect_err("must be refused")
}

fn damage(file: &[u8]) -> Damage {
    match refused(file) {
        JpegError::Damaged { what, offset } if offset <= file.len() => what,
        other => panic!("{other:?}"),
    }
}

/// Arithmetic coding, which this crate reads and never writes.
const ARITHMETIC: &[u8] = include_bytes!("../../tests/data/arithmetic.jpg");
const ARITHMETIC_RESTARTS: &[u8] = include_bytes!("../../tests/data/arithmetic_restarts.jpg");

/// A small file of each kind that is Huffman coded.
fn files() -> Vec<Vec<u8>> {
    let mut files = vec![REFINED.to_vec(), REFINED_RESTARTS.to_vec()];
    for (progressive, restart_interval) in [(false, 0), (false, 2), (true, 0), (true, 3)] {
        let shape = Shape {
            progressive,
            restart_interval,
            ..Shape::small(37, 21)
        };
        files.push(picture(&shape).write());
    }
    files
}

/// The same with arithmetic coding.
fn all_files() -> Vec<Vec<u8>> {
    let mut files = files();
    files.extend([ARITHMETIC.to_vec(), ARITHMETIC_RESTARTS.to_vec()]);
    files
}

/// Offsets of a two-byte marker.
fn find(file: &[u8], marker: u8) -> Vec<usize> {
    (0..file.len() - 1)
        .filter(|&at| file[at..at + 2] == [0xFF, marker])
        .collect()
}

fn insert(file: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    [&file[..at], bytes, &file[at..]].concat()
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    for file in all_files() {
        assert!(Coefficients::read(&file, LIMIT).is_ok());
        for length in 0..file.len() {
            let cut = refused(&file[..length]);
            assert!(
                matches!(cut, JpegError::NotJpeg | JpegError::Damaged { .. }),
                "{cut:?}"
            );
        }
    }
}

#[test]
fn a_scan_cut_and_closed_again_is_refused() {
    for file in files() {
        let scan = find(&file, marker::SOS)[0] + 14;
        for length in scan..file.len() - 2 {
            let closed = [&file[..length], &[0xFF, marker::EOI]].concat();
            assert!(
                Coefficients::read(&closed, LIMIT).is_err(),
                "{length} of {}",
                file.len()
            );
        }
    }
}

#[test]
fn bytes_behind_an_arithmetic_scan_are_damage() {
    let end = ARITHMETIC.len() - 2;
    // One may be taken ahead.
    let more = insert(ARITHMETIC, end, &[1; 3]);
    assert_eq!(damage(&more), Damage::DataLeftOver);
}

proptest! {
    #[test]
    fn flipped_bytes_never_panic_and_what_reads_writes(
        file in prop::sample::select(all_files()),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut file = file;
        for (at, byte) in flips {
            let at = at.index(file.len());
            file[at] = byte;
        }
        let _ = header(&file);
        if let Ok(read) = Coefficients::read(&file, LIMIT) {
            let again = Coefficients::read(&read.write(), LIMIT);
            prop_assert!(again.is_ok_and(|again| again.colour() == read.colour()));
        }
    }

    #[test]
    fn any_bytes_after_a_start_never_panic(tail in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Coefficients::read(&[&[0xFF, marker::SOI], &tail[..]].concat(), LIMIT);
    }

    #[test]
    fn coefficients_come_times_their_steps_and_with_the_columns_and_rows_that_hold_them(shape in shapes()) {
        let picture = picture(&shape);
        for (at, component) in picture.components().iter().enumerate() {
            let steps = component.quant();
            for (bx, by) in [(0, 0), (component.across() - 1, component.down() - 1)] {
                let mut found = [9.0; 64];
                let (columns, rows) = component.dequantised(bx, by, &mut found).unwrap();
                let block = picture.block(at, bx, by).unwrap();
                let outside = |n: usize| n % 8 >= columns || n / 8 >= rows;
                for (n, value) in block.iter().enumerate() {
                    prop_assert_eq!(f64::from(found[n]), f64::from((i32::from(*value) * i32::from(steps[n])) as f32));
                    prop_assert!(*value == 0 || !outside(n));
                }
                let on = |column, row| block.iter().enumerate().any(|(n, v)| *v != 0 && (n % 8 == column || n / 8 == row));
                prop_assert!(columns == 0 || on(columns - 1, 8) && on(8, rows - 1));
            }
            prop_assert_eq!(component.dequantised(component.across(), 0, &mut [0.0; 64]), None);
            prop_assert_eq!(component.dequantised(0, component.down(), &mut [0.0; 64]), None);
        }
    }

    #[test]
    fn the_header_agrees_with_the_whole_file(shape in shapes()) {
        let file = picture(&shape).write();
        let (head, whole) = (header(&file).unwrap(), Coefficients::read(&file, LIMIT).unwrap());
        prop_assert_eq!((head.width, head.height), (whole.width(), whole.height()));
        prop_assert_eq!((head.colour, head.orientation), (whole.colour(), whole.orientation()));
        prop_assert_eq!(head.process == Process::Progressive, whole.progressive());
        for (told, read) in head.components.iter().zip(whole.components()) {
            prop_assert_eq!((told.id, told.h, told.v), (read.id(), read.h(), read.v()));
        }
    }
}

#[test]
fn other_processes_are_refused_by_name_and_told_by_the_header() {
    let file = picture(&Shape::small(20, 20)).write();
    let at = find(&file, 0xC0)[0] + 1;
    for (code, process, name) in [
        (0xC3, Process::Lossless, Unsupported::Lossless),
        (0xC5, Process::Hierarchical, Unsupported::Hierarchical),
        (0xCB, Process::Lossless, Unsupported::Lossless),
        (0xCF, Process::Hierarchical, Unsupported::Hierarchical),
    ] {
        let mut other = file.clone();
        other[at] = code;
        assert_eq!(refused(&other), JpegError::Unsupported(name));
        assert_eq!(header(&other).unwrap().process, process);
    }
}

#[test]
fn twelve_bits_late_heights_and_other_families_are_refused_by_name() {
    let file = picture(&Shape::small(20, 20)).write();
    let frame = find(&file, 0xC0)[0];
    let mut deep = file.clone();
    (deep[frame + 1], deep[frame + 4]) = (0xC1, 12);
    assert_eq!(
        refused(&deep),
        JpegError::Unsupported(Unsupported::Precision(12))
    );
    let dnl = insert(&file, file.len() - 2, &[0xFF, marker::DNL, 0, 4, 0, 20]);
    assert_eq!(
        refused(&dnl),
        JpegError::Unsupported(Unsupported::HeightLater)
    );
    let ls = insert(&file, frame, &[0xFF, marker::SOF55, 0, 2]);
    assert_eq!(refused(&ls), JpegError::Unsupported(Unsupported::JpegLs));
    let dhp = insert(&file, frame, &[0xFF, marker::DHP, 0, 2]);
    assert_eq!(
        refused(&dhp),
        JpegError::Unsupported(Unsupported::Hierarchical)
    );
}

#[test]
fn memory_is_refused_before_it_is_taken() {
    let mut file = picture(&Shape::small(20, 20)).write();
    let frame = find(&file, 0xC0)[0];
    file[frame + 5..frame + 9].fill(0xFF);
    let needed = 8192 * 8192 * 3 / 2 * 128;
    assert_eq!(
        refused(&file),
        JpegError::TooLarge {
            needed,
            limit: LIMIT
        }
    );
    let small = picture(&Shape::small(16, 16)).write();
    assert!(Coefficients::read(&small, 6 * 128).is_ok());
    assert!(Coefficients::read(&small, 6 * 128 - 1).is_err());
}

#[test]
fn what_follows_the_end_is_counted_and_named() {
    let mut file = picture(&Shape::small(20, 20)).write();
    file.extend([0xFF, marker::SOI, 1, 2, 3]);
    let read = Coefficients::read(&file, LIMIT).unwrap();
    assert_eq!(read.trailing_bytes(), 5);
    assert_eq!(read.dropped(), [crate::Dropped::Trailing(5)]);
}

#[test]
fn fill_bytes_are_passed_before_any_marker() {
    let shape = Shape {
        restart_interval: 1,
        ..Shape::small(37, 21)
    };
    let made = picture(&shape);
    let mut file = made.write();
    for code in [marker::EOI, marker::RST0 + 1, marker::SOS, 0xC0] {
        let at = find(&file, code)[0];
        file = insert(&file, at, &[0xFF, 0xFF]);
    }
    let read = Coefficients::read(&file, LIMIT).unwrap();
    assert_eq!(difference(&made, &read), None);
}

#[test]
fn restart_markers_must_be_there_and_in_order() {
    let shape = Shape {
        restart_interval: 1,
        ..Shape::small(37, 21)
    };
    let file = picture(&shape).write();
    let (first, second) = (find(&file, 0xD0)[0], find(&file, 0xD1)[0]);
    let mut swapped = file.clone();
    (swapped[first + 1], swapped[second + 1]) = (0xD1, 0xD0);
    assert_eq!(damage(&swapped), Damage::RestartMarker);
    let missing = [&file[..first], &file[first + 2..]].concat();
    assert!(Coefficients::read(&missing, LIMIT).is_err());
    let extra = insert(&file, file.len() - 2, &[0xFF, 0xD0]);
    assert_eq!(damage(&extra), Damage::UnexpectedMarker(0xD0));
}

#[test]
fn bytes_left_over_behind_a_scan_are_damage() {
    let file = picture(&Shape::small(20, 20)).write();
    assert_eq!(
        damage(&insert(&file, file.len() - 2, &[0])),
        Damage::DataLeftOver
    );
}

#[test]
fn a_table_sent_between_scans_counts_for_components_not_yet_begun() {
    let shape = Shape {
        factors: vec![(2, 2); 3],
        ..Shape::small(20, 20)
    };
    let mut made = picture(&shape);
    for component in &mut made.components {
        component.quant = Some([7; 64]);
    }
    let file = made.write();
    let second = find(&file, marker::SOS)[1];
    let file = insert(
        &file,
        second,
        &[&[0xFF, marker::DQT, 0, 67, 0][..], &[9; 64]].concat(),
    );
    let read = Coefficients::read(&file, LIMIT).unwrap();
    let steps: Vec<u16> = read.components().iter().map(|c| c.quant()[0]).collect();
    assert_eq!(steps, [7, 9, 9]);
}

#[test]
fn a_table_sent_after_a_component_has_begun_does_not_count_for_it() {
    let made = picture(&Shape {
        progressive: true,
        ..Shape::small(20, 20)
    });
    let file = made.write();
    let second = find(&file, marker::SOS)[1];
    let table = [&[0xFF, marker::DQT, 0, 67, 0][..], &[9; 64]].concat();
    let read = Coefficients::read(&insert(&file, second, &table), LIMIT).unwrap();
    assert_eq!(difference(&made, &read), None);
}

#[test]
fn segments_out_of_place_are_named() {
    let file = picture(&Shape::small(20, 20)).write();
    let (frame, scan) = (find(&file, 0xC0)[0], find(&file, marker::SOS)[0]);
    let head = &file[frame..frame + 19];
    assert_eq!(damage(&insert(&file, frame, head)), Damage::SecondFrame);
    assert_eq!(
        damage(&insert(&file, frame, &file[scan..])),
        Damage::NoFrame
    );
    assert_eq!(
        damage(&insert(&file, scan, &[0xFF, marker::EOI])),
        Damage::ComponentWithoutScan
    );
    assert_eq!(
        damage(&insert(&file, 2, &[0xFF, marker::EOI])),
        Damage::NoFrame
    );
    assert_eq!(
        damage(&insert(&file, 2, &[0xFF, marker::SOI])),
        Damage::UnexpectedMarker(0xD8)
    );
    let tables = find(&file, marker::DHT)[0];
    let without = [&file[..tables], &file[scan..]].concat();
    assert_eq!(damage(&without), Damage::NoHuffmanTable);
    let steps = find(&file, marker::DQT)[0];
    let without = [&file[..steps], &file[frame..]].concat();
    assert_eq!(damage(&without), Damage::NoQuantTable);
}

#[test]
fn a_scan_sent_twice_is_damage() {
    for file in files() {
        let scan = find(&file, marker::SOS)[0];
        let tables = find(&file, marker::DHT)[0];
        let next = find(&file, marker::DHT).into_iter().find(|&at| at > scan);
        let end = next.unwrap_or(file.len() - 2);
        let twice = insert(&file, end, &file[tables..end]);
        assert_eq!(damage(&twice), Damage::ScanOrder);
    }
}

#[test]
fn a_progressive_file_without_its_last_scan_is_refused_by_name() {
    let last = find(REFINED, marker::SOS).pop().unwrap();
    let tables = find(REFINED, marker::DHT).pop().unwrap().min(last);
    let shorter = [&REFINED[..tables], &[0xFF, marker::EOI]].concat();
    assert_eq!(
        refused(&shorter),
        JpegError::Unsupported(Unsupported::IncompleteProgression)
    );
}

#[test]
fn scan_parameters_outside_the_process_are_damage() {
    for (progressive, at, value) in [
        (false, 11, 1),
        (false, 12, 5),
        (false, 13, 0x10),
        (true, 12, 1),
        (true, 13, 14),
        (true, 13, 0x31),
    ] {
        let mut file = picture(&Shape {
            progressive,
            ..Shape::small(20, 20)
        })
        .write();
        // Length, count and three components lie before the parameters.
        let scan = find(&file, marker::SOS)[0];
        file[scan + at] = value;
        assert_eq!(damage(&file), Damage::ScanParameters, "{progressive} {at}");
    }
}

#[test]
fn a_sequential_scan_whose_parameters_are_all_zero_is_read() {
    let made = picture(&Shape::small(20, 20));
    let mut file = made.write();
    let scan = find(&file, marker::SOS)[0];
    file[scan + 12] = 0;
    let read = Coefficients::read(&file, LIMIT).unwrap();
    assert_eq!(difference(&made, &read), None);
}

#[test]
fn scans_without_end_are_refused() {
    // One bit of DC at a time, then every coefficient by itself, all empty.
    let shape = Shape {
        progressive: true,
        factors: vec![(1, 1)],
        ..Shape::small(8, 8)
    };
    let mut made = picture(&shape);
    made.components[0].blocks[0] = [0; 64];
    let file = made.write();
    let second = find(&file, marker::SOS)[1];
    let mut many = file[..second].to_vec();
    for k in 1..=63 {
        for bits in [0x0D, 0xDC, 0xCB, 0xBA, 0xA9] {
            many.extend([0xFF, marker::SOS, 0, 8, 1, 1, 0, k, k, bits, 0x7F]);
        }
    }
    many.extend([0xFF, marker::EOI]);
    assert_eq!(
        refused(&many),
        JpegError::Unsupported(Unsupported::TooManyScans)
    );
}
