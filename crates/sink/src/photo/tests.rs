use super::palette::Palette;
use super::*;
use scrim_frame::{FrameInfo, Layout, Reason};
use scrim_units::ColourTags;
use std::path::PathBuf;

/// A blank page: the only redacted frame that can be made without a raw one.
fn blank(family: Family, alpha: bool, depth: u8, turn: Orientation) -> RedactedFrame {
    let info = FrameInfo {
        orientation: turn,
        ..FrameInfo::picture(
            Size {
                width: 7,
                height: 5,
            },
            Layout::packed(family, alpha, depth),
        )
    };
    RedactedFrame::blank(info, Reason::Detector)
}

fn album(format: PhotoFormat, animated: bool) -> AlbumFacts {
    AlbumFacts {
        format,
        animated,
        loops: animated.then_some(2),
        first_apart: false,
        colour: ColourTags::default(),
    }
}

struct Target(PathBuf);

impl Target {
    fn new(name: &str) -> Self {
        let name = format!("scrim-photo-{}-{name}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn write(&self, album: &AlbumFacts, frames: &[RedactedFrame], facts: PageFacts) -> Vec<u8> {
        let count = frames.len() as u64;
        let mut writer = PhotoWriter::create(&self.0, album, None, count).unwrap();
        for frame in frames {
            writer.write(frame, &facts).unwrap();
        }
        writer.finish().unwrap();
        std::fs::read(&self.0).unwrap()
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

const FORMATS: [PhotoFormat; 5] = [
    PhotoFormat::Png,
    PhotoFormat::WebP,
    PhotoFormat::Tiff,
    PhotoFormat::Bmp,
    PhotoFormat::Gif,
];

#[test]
fn every_writer_makes_a_file_of_its_format() {
    let target = Target::new("formats");
    for format in FORMATS {
        let page = blank(Family::Rgb, true, 8, Orientation::Upright);
        let file = target.write(&album(format, false), &[page], PageFacts::still(8));
        let start: &[u8] = match format {
            PhotoFormat::Png => b"\x89PNG",
            PhotoFormat::WebP => b"RIFF",
            PhotoFormat::Bmp => b"BM",
            PhotoFormat::Gif => b"GIF89a",
            _ => b"II*\0",
        };
        assert!(file.starts_with(start), "{format:?}");
    }
}

#[test]
fn a_turned_picture_keeps_its_tag_and_an_upright_one_gets_none() {
    let target = Target::new("turned");
    let block = exif::block(Orientation::Turn90).unwrap();
    for (format, mark) in [
        (PhotoFormat::Png, &block[..]),
        (PhotoFormat::WebP, &block[..]),
    ] {
        let write = |turn| {
            let page = blank(Family::Rgb, false, 8, turn);
            target.write(&album(format, false), &[page], PageFacts::still(8))
        };
        let holds = |file: Vec<u8>| file.windows(mark.len()).any(|w| w == mark);
        assert!(holds(write(Orientation::Turn90)), "{format:?}");
        assert!(!holds(write(Orientation::Upright)), "{format:?}");
    }
}

#[test]
fn lossy_webp_is_coded_lossy_and_its_alpha_is_kept_apart() {
    let target = Target::new("lossy");
    let facts = PageFacts {
        lossy: true,
        ..PageFacts::still(8)
    };
    let page = blank(Family::Rgb, false, 8, Orientation::Upright);
    let file = target.write(&album(PhotoFormat::WebP, false), &[page], facts);
    assert_eq!(&file[12..16], b"VP8 ");
    let length = u32::from_le_bytes([file[4], file[5], file[6], file[7]]) as usize;
    assert_eq!(length + 8, file.len());
    let pages = [0, 1, 2].map(|_| blank(Family::Rgb, true, 8, Orientation::Upright));
    let file = target.write(&album(PhotoFormat::WebP, true), &pages, facts);
    let count = |kind: &[u8]| file.windows(4).filter(|w| *w == kind).count();
    assert_eq!((count(b"ANMF"), count(b"VP8 "), count(b"ANIM")), (3, 3, 1));
}

#[test]
fn one_bit_stays_one_bit_in_png_and_tiff() {
    let target = Target::new("bits");
    for format in [PhotoFormat::Png, PhotoFormat::Tiff] {
        let page = blank(Family::Grey, false, 8, Orientation::Upright);
        let file = target.write(&album(format, false), &[page], PageFacts::still(1));
        let bits = match format {
            PhotoFormat::Png => file[24].into(),
            _ => tag(&file, 258).unwrap(),
        };
        assert_eq!(bits, 1, "{format:?}");
    }
}

#[test]
fn a_tiff_of_inks_says_so_and_its_blank_page_is_black_ink() {
    let target = Target::new("inks");
    let page = blank(Family::Ink, false, 8, Orientation::Upright);
    let plain = PageFacts {
        compressed: false,
        ..PageFacts::still(8)
    };
    let file = target.write(&album(PhotoFormat::Tiff, false), &[page], plain);
    assert_eq!((tag(&file, 262), tag(&file, 277)), (Some(5), Some(4)));
    let black = [0, 0, 0, 255].repeat(7 * 5);
    assert!(file.windows(black.len()).any(|part| part == black));
}

/// Value of a short tag in the first directory of a little-endian TIFF.
fn tag(file: &[u8], wanted: u16) -> Option<u32> {
    let long = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let at = long(4) as usize;
    let count = usize::from(u16::from_le_bytes([file[at], file[at + 1]]));
    (0..count).map(|n| at + 2 + 12 * n).find_map(|e| {
        let id = u16::from_le_bytes([file[e], file[e + 1]]);
        (id == wanted).then(|| long(e + 8) & 0xFFFF)
    })
}

#[test]
fn a_second_picture_is_refused_where_a_file_holds_one() {
    let target = Target::new("second");
    let page = || blank(Family::Rgb, false, 8, Orientation::Upright);
    let mut writer =
        PhotoWriter::create(&target.0, &album(PhotoFormat::Bmp, false), None, 1).unwrap();
    writer.write(&page(), &PageFacts::still(8)).unwrap();
    assert!(writer.write(&page(), &PageFacts::still(8)).is_err());
}

#[test]
fn a_palette_holds_256_colours_and_the_257th_is_told() {
    let pixels = |n: u32| {
        (0..n)
            .flat_map(|i| [i as u8, (i >> 8) as u8, 3])
            .collect::<Vec<_>>()
    };
    let (palette, indices) = Palette::of(&pixels(256), 3).unwrap();
    assert_eq!((palette.colours.len(), indices[255]), (256, 255));
    assert!(Palette::of(&pixels(257), 3).is_none());
}

#[test]
fn the_rarest_colours_of_a_full_palette_find_their_nearest() {
    let counts = [
        ([10, 0, 0, 255], 5),
        ([200, 0, 0, 255], 9),
        ([14, 0, 0, 255], 1),
    ];
    let palette = Palette::frequent(&counts.into_iter().collect(), 2);
    assert_eq!(palette.colours, [[200, 0, 0, 255], [10, 0, 0, 255]]);
    assert_eq!(palette.nearest([14, 0, 0, 255]), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_even_where_an_encoder_writes_in_its_destructor() {
    // Every write to it fails with "no space left on device".
    let full = Path::new("/dev/full");
    for format in FORMATS {
        let page = blank(Family::Rgb, true, 8, Orientation::Upright);
        let mut writer = PhotoWriter::create(full, &album(format, false), None, 1).unwrap();
        let written = writer.write(&page, &PageFacts::still(8));
        assert!(written.is_err() || writer.finish().is_err(), "{format:?}");
    }
}
