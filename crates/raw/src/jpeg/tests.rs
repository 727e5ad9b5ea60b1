use super::*;
use crate::examine::{Examination, ModelId};

/// A component of a picture that is coded by hand: its sampling factors and the DC values of its flat
/// blocks, those of a unit together, unit by unit (steps of 1/8 of a sample step, so a DC of 8 is one
/// grey level).
pub(super) struct Flat {
    pub(super) factors: (u8, u8),
    pub(super) dc: Vec<i32>,
}

/// A baseline JPEG of flat blocks: one code length for every category, no AC.
pub(super) fn coded(
    (width, height): (u16, u16),
    components: &[Flat],
    adobe: Option<u8>,
) -> Vec<u8> {
    let segment = |marker: u8, body: &[u8]| {
        let mut out = vec![0xFF, marker];
        out.extend((body.len() as u16 + 2).to_be_bytes());
        out.extend(body);
        out
    };
    let mut frame = vec![8];
    frame.extend(height.to_be_bytes());
    frame.extend(width.to_be_bytes());
    frame.push(components.len() as u8);
    let mut scan = vec![components.len() as u8];
    for (
        id,
        Flat {
            factors: (h, v), ..
        },
    ) in (1..).zip(components)
    {
        frame.extend([id, h << 4 | v, 0]);
        scan.extend([id, 0]);
    }
    scan.extend([0, 63, 0]);
    let mut out = vec![0xFF, 0xD8];
    if let Some(transform) = adobe {
        let body = [b"Adobe\0\x64\0\0\0\0", &[transform][..]].concat();
        out.extend(segment(0xEE, &body));
    }
    out.extend(segment(0xDB, &[&[0][..], &[1; 64]].concat()));
    out.extend(segment(0xC0, &frame));
    let mut table = vec![0, 0, 0, 0, 12];
    table.extend([0; 12]);
    table.extend(0..12);
    out.extend(segment(0xC4, &table));
    let mut table = vec![0x10, 1];
    table.extend([0; 15]);
    table.push(0);
    out.extend(segment(0xC4, &table));
    out.extend(segment(0xDA, &scan));
    for byte in bits(components).as_bytes().chunks(8) {
        let byte = byte.iter().fold(0, |b, c| b << 1 | (c - b'0'));
        out.push(byte);
        if byte == 0xFF {
            out.push(0);
        }
    }
    out.extend([0xFF, 0xD9]);
    out
}

/// The coded units, one after the other, filled up with ones to whole bytes.
fn bits(components: &[Flat]) -> String {
    let mut last = vec![0; components.len()];
    let mut rest: Vec<_> = components.iter().map(|c| &c.dc[..]).collect();
    let mut bits = String::new();
    while rest.iter().any(|dc| !dc.is_empty()) {
        for ((c, last), rest) in components.iter().zip(&mut last).zip(&mut rest) {
            let blocks = match components.len() {
                1 => 1,
                _ => usize::from(c.factors.0 * c.factors.1),
            };
            let (unit, more) = rest.split_at(blocks);
            *rest = more;
            for value in unit {
                let diff = value - *last;
                *last = *value;
                let size = 32 - diff.unsigned_abs().leading_zeros();
                bits += &format!("{size:04b}");
                if size > 0 {
                    let code = if diff > 0 {
                        diff
                    } else {
                        diff + (1 << size) - 1
                    };
                    bits += &format!("{code:0width$b}", width = size as usize);
                }
                bits += "0";
            }
        }
    }
    while !bits.len().is_multiple_of(8) {
        bits += "1";
    }
    bits
}

/// A grey JPEG of 32 by 24 pixels: 4 by 3 blocks.
fn flat(dc: [i32; 12]) -> RawJpeg {
    let grey = Flat {
        factors: (1, 1),
        dc: dc.to_vec(),
    };
    RawJpeg::read(&coded((32, 24), &[grey], None), 1 << 20).unwrap()
}

fn sealed(frame: &RawFrame, cover: Vec<PxRect>) -> Regions {
    let look = Examination {
        frame: frame.id(),
        seconds: 0.0,
        area: frame.info().size.rect(),
        model: ModelId([0; 32]),
        found: vec![],
    };
    let size = frame.info().size;
    Regions::seal(frame.id(), 0.0, size, &[&look], 0.0, cover).unwrap()
}

fn levels(jpeg: &RedactedJpeg) -> Vec<i16> {
    let read = Coefficients::read(jpeg.bytes(), 1 << 20).unwrap();
    let all = (0..3).flat_map(|y| (0..4).map(move |x| (x, y)));
    all.map(|(x, y)| read.block(0, x, y).unwrap()[0]).collect()
}

const DC: [i32; 12] = [80, 160, 240, -80, 400, 900, 800, 0, 8, 16, 24, 32];

/// The block in the second column and row, and one pixel of the one to its right.
const MIDDLE: PxRect = PxRect {
    x0: 9,
    y0: 8,
    x1: 17,
    y1: 15,
};

#[test]
fn only_the_blocks_that_a_region_touches_change() {
    let mut jpeg = flat(DC);
    let raw = jpeg.picture(1).unwrap().unwrap();
    let out = redact_jpeg(jpeg, &sealed(&raw, vec![MIDDLE]), Fill::Solid);
    let mut want = DC.map(|v| v as i16);
    (want[5], want[6]) = (-1024, -1024);
    assert_eq!(levels(&out), want);
    assert_eq!(out.blanked(), None);
}

#[test]
fn a_jpeg_without_its_picture_or_with_regions_of_another_is_blank() {
    let (mut jpeg, mut other, mut failed) = (flat(DC), flat([8; 12]), flat(DC));
    let raw = jpeg.picture(1).unwrap().unwrap();
    let regions = sealed(&raw, vec![]);
    for looked_at in [&mut other, &mut failed] {
        looked_at.picture(1).unwrap();
    }
    let blank = Regions::blank(raw.id(), Reason::Detector);
    for (jpeg, regions, reason) in [
        (flat(DC), &regions, Reason::WrongFrame),
        (other, &regions, Reason::WrongFrame),
        (failed, &blank, Reason::Detector),
    ] {
        let out = redact_jpeg(jpeg, regions, Fill::Surround);
        assert_eq!(out.blanked(), Some(reason));
        assert_eq!(levels(&out), [-1024; 12]);
    }
    assert_eq!(redact_jpeg(jpeg, &regions, Fill::Solid).blanked(), None);
}

#[test]
fn surround_is_the_mean_of_the_blocks_around_and_reads_nothing_inside() {
    let far = PxRect {
        x0: 0,
        y0: 0,
        x1: 8,
        y1: 8,
    };
    let fill = |dc: [i32; 12]| {
        let mut jpeg = flat(dc);
        let raw = jpeg.picture(1).unwrap().unwrap();
        redact_jpeg(jpeg, &sealed(&raw, vec![MIDDLE, far]), Fill::Surround)
    };
    let out = fill(DC);
    // Around the two middle blocks: 160, 240, 400, 0, 16, 24; the corner has 160 and 400.
    assert_eq!((levels(&out)[5], levels(&out)[6]), (136, 136));
    assert_eq!(levels(&out)[0], 280);
    let mut other = DC;
    (other[0], other[5], other[6]) = (-900, 3, -1000);
    assert_eq!(out.bytes(), fill(other).bytes());
}
