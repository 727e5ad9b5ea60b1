//! Coded data that says what no encoder would.

use super::*;

/// A grey picture of one row of flat blocks. Its tables have one symbol each, coded as 0, so
/// the coded data is zeros and the last byte of the AC table says what they mean.
fn flat(blocks: u16, progressive: bool) -> Vec<u8> {
    let shape = Shape {
        factors: vec![(1, 1)],
        progressive,
        ..Shape::small(8 * blocks, 8)
    };
    let mut made = picture(&shape);
    made.components[0].blocks.fill([0; 64]);
    made.write()
}

/// Lets the code 0 of the last AC table mean another symbol.
fn with_symbol(mut file: Vec<u8>, symbol: u8) -> Vec<u8> {
    let table = find(&file, marker::DHT).pop().unwrap();
    file[table + 4 + 17] = symbol;
    file
}

#[test]
fn zeros_beyond_the_block_are_damage() {
    assert!(Coefficients::read(&flat(8, false), LIMIT).is_ok());
    assert_eq!(
        damage(&with_symbol(flat(8, false), 0xF0)),
        Damage::BandOverrun
    );
    // 15 zeros and a value, five times over.
    assert_eq!(
        damage(&with_symbol(flat(8, false), 0xF1)),
        Damage::BandOverrun
    );
}

#[test]
fn a_run_of_empty_bands_beyond_the_scan_is_damage() {
    // One block; the last band's code becomes a run of 2 or 3 blocks.
    assert!(Coefficients::read(&flat(1, true), LIMIT).is_ok());
    assert_eq!(
        damage(&with_symbol(flat(1, true), 0x10)),
        Damage::BandOverrun
    );
}

#[test]
fn zeros_beyond_a_band_are_damage() {
    let mut file = with_symbol(flat(1, true), 0xF0);
    // Eight codes of sixteen zeros each, in a band of 58.
    let data = file.len() - 3;
    file[data] = 0;
    assert_eq!(damage(&file), Damage::BandOverrun);
}

#[test]
fn a_quiet_run_beyond_a_refining_scan_is_damage() {
    let mut file = flat(1, true);
    let scans = find(&file, marker::SOS);
    for (scan, bits) in [(scans[1], 0x01), (scans[2], 0x10)] {
        file[scan + 7..scan + 10].copy_from_slice(&[1, 63, bits]);
    }
    assert!(Coefficients::read(&file, LIMIT).is_ok());
    assert_eq!(damage(&with_symbol(file, 0x10)), Damage::BandOverrun);
}

#[test]
fn data_that_ends_too_early_is_told_as_such() {
    let file = flat(16, false);
    let end = file.len() - 2;
    let short = [&file[..end - 1], &file[end..]].concat();
    assert_eq!(
        refused(&short),
        JpegError::damaged(Damage::DataMissing, end - 1)
    );
}

#[test]
fn detail_before_the_dc_values_is_damage() {
    let file = flat(1, true);
    let tables = find(&file, marker::DHT);
    let (dc, ac) = (&file[tables[0]..tables[1]], &file[tables[1]..tables[2]]);
    let swapped = [&file[..tables[0]], ac, dc, &file[tables[2]..]].concat();
    assert_eq!(damage(&swapped), Damage::ScanOrder);
}
