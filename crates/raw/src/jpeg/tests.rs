use super::*;
use crate::examine::{Examination, ModelId};
use crate::frame::FrameInfo;
use scrim_pixels::layout::{Family, Layout};

/// A grey JPEG of 32 by 24 pixels: 4 by 3 flat blocks of these DC values (steps of 1/8 of a
/// sample step, so a DC of 8 is one grey level). Coded by hand: one code length for every
/// category, no AC.
fn flat(dc: [i32; 12]) -> Vec<u8> {
    let segment = |marker: u8, body: &[u8]| {
        let mut out = vec![0xFF, marker];
        out.extend((body.len() as u16 + 2).to_be_bytes());
        out.extend(body);
        out
    };
    let mut bits = String::new();
    let mut last = 0;
    for value in dc {
        let diff = value - last;
        last = value;
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
    while !bits.len().is_multiple_of(8) {
        bits += "1";
    }
    let mut out = vec![0xFF, 0xD8];
    out.extend(segment(0xDB, &[&[0][..], &[1; 64]].concat()));
    out.extend(segment(0xC0, &[8, 0, 24, 0, 32, 1, 1, 0x11, 0]));
    let mut table = vec![0, 0, 0, 0, 12];
    table.extend([0; 12]);
    table.extend(0..12);
    out.extend(segment(0xC4, &table));
    let mut table = vec![0x10, 1];
    table.extend([0; 15]);
    table.push(0);
    out.extend(segment(0xC4, &table));
    out.extend(segment(0xDA, &[1, 1, 0, 0, 63, 0]));
    for byte in bits.as_bytes().chunks(8) {
        let byte = byte.iter().fold(0, |b, c| b << 1 | (c - b'0'));
        out.push(byte);
        if byte == 0xFF {
            out.push(0);
        }
    }
    out.extend([0xFF, 0xD9]);
    out
}

/// The decoded picture of [`flat`].
fn frame(dc: [i32; 12]) -> RawFrame {
    let size = Size {
        width: 32,
        height: 24,
    };
    let info = FrameInfo::picture(size, Layout::packed(Family::Grey, false, 8));
    let level = |i: usize| {
        let (x, y) = (i % 32 / 8, i / 32 / 8);
        (dc[y * 4 + x] as f32 / 8.0 + 128.0)
            .round()
            .clamp(0.0, 255.0) as u8
    };
    RawFrame::new(0, info, vec![(0..32 * 24).map(level).collect()]).unwrap()
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
    let raw = frame(DC);
    let mut jpeg = RawJpeg::read(&flat(DC), 1 << 20).unwrap();
    assert!(jpeg.pair(&raw));
    let out = redact_jpeg(jpeg, &sealed(&raw, vec![MIDDLE]), Fill::Solid);
    let mut want = DC.map(|v| v as i16);
    (want[5], want[6]) = (-1024, -1024);
    assert_eq!(levels(&out), want);
    assert_eq!(out.blanked(), None);
}

#[test]
fn a_jpeg_without_its_picture_or_with_regions_of_another_is_blank() {
    let raw = frame(DC);
    let regions = sealed(&raw, vec![]);
    let unpaired = RawJpeg::read(&flat(DC), 1 << 20).unwrap();
    let mut failed = RawJpeg::read(&flat(DC), 1 << 20).unwrap();
    assert!(failed.pair(&raw));
    let blank = Regions::blank(raw.id(), Reason::Detector);
    for (out, reason) in [
        (
            redact_jpeg(unpaired, &regions, Fill::Surround),
            Reason::WrongFrame,
        ),
        (redact_jpeg(failed, &blank, Fill::Solid), Reason::Detector),
    ] {
        assert_eq!(out.blanked(), Some(reason));
        assert_eq!(levels(&out), [-1024; 12]);
    }
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
        let raw = frame(dc);
        let mut jpeg = RawJpeg::read(&flat(dc), 1 << 20).unwrap();
        assert!(jpeg.pair(&raw));
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

#[test]
fn a_picture_that_differs_in_one_block_is_not_its_pair() {
    let mut other = DC;
    other[7] = 800;
    let mut jpeg = RawJpeg::read(&flat(DC), 1 << 20).unwrap();
    assert!(!jpeg.pair(&frame(other)));
    let out = redact_jpeg(jpeg, &sealed(&frame(other), vec![]), Fill::Solid);
    assert_eq!(out.blanked(), Some(Reason::WrongFrame));
}

/// The grey picture in colour.
fn in_colour(dc: [i32; 12]) -> RawFrame {
    let grey = frame(dc);
    let layout = Layout::packed(Family::Rgb, false, 8);
    let info = FrameInfo::picture(grey.info().size, layout);
    let pixels = grey.raw_planes()[0].iter().flat_map(|v| [*v; 3]);
    RawFrame::new(0, info, vec![pixels.collect()]).unwrap()
}

#[test]
fn a_picture_in_colour_is_compared_as_well() {
    let mut jpeg = RawJpeg::read(&flat(DC), 1 << 20).unwrap();
    assert!(jpeg.pair(&in_colour(DC)));
    let mut other = DC;
    other[7] = 800;
    assert!(!jpeg.pair(&in_colour(other)));
}

#[test]
fn pixels_in_a_form_that_is_not_compared_are_no_pair() {
    let grey = frame(DC);
    let layout = Layout::packed(Family::Grey, true, 8);
    let info = FrameInfo::picture(grey.info().size, layout);
    let pixels = grey.raw_planes()[0].iter().flat_map(|v| [*v, 255]);
    let with_alpha = RawFrame::new(0, info, vec![pixels.collect()]).unwrap();
    let mut jpeg = RawJpeg::read(&flat(DC), 1 << 20).unwrap();
    assert!(!jpeg.pair(&with_alpha));
}
