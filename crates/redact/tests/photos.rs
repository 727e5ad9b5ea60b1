//! Photos from file to file, with a scripted detector: what is covered is gone from every byte,
//! what is not is untouched, and nothing else of the source file comes along.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod album;

use album::{BOX, HEIGHT, Scratch, WIDTH, inside, noise, sheets, with};
use image::{DynamicImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, Rgba};
use scrim_redact::JobError;

/// Pictures of every kind that stays lossless: depth, channels, file format.
fn lossless(seed: u64) -> Vec<(&'static str, ImageFormat, DynamicImage)> {
    use ImageFormat::{Bmp, Png, Tiff, WebP};
    let kinds = [
        ("grey.png", Png, 1, 8),
        ("grey-alpha.png", Png, 2, 8),
        ("rgb.png", Png, 3, 8),
        ("rgba.png", Png, 4, 8),
        ("grey16.png", Png, 1, 16),
        ("rgba16.png", Png, 4, 16),
        ("grey.tif", Tiff, 1, 8),
        ("rgb.tif", Tiff, 3, 8),
        ("rgba.tif", Tiff, 4, 8),
        ("rgb16.tif", Tiff, 3, 16),
        ("rgb.bmp", Bmp, 3, 8),
        ("rgba.bmp", Bmp, 4, 8),
        ("rgb.webp", WebP, 3, 8),
        ("rgba.webp", WebP, 4, 8),
    ];
    kinds
        .into_iter()
        .map(|(name, format, channels, depth)| (name, format, picture(channels, depth, seed)))
        .collect()
}

fn picture(channels: usize, depth: u8, seed: u64) -> DynamicImage {
    let (w, h) = (WIDTH, HEIGHT);
    let bytes = noise(w * h * channels as u32, 1);
    let other = noise(w * h * channels as u32, seed);
    let mut samples: Vec<u16> = bytes.into_iter().map(u16::from).collect();
    for y in 0..h {
        for x in 0..w {
            for c in 0..channels {
                let at = ((y * w + x) as usize) * channels + c;
                if inside(x, y) {
                    samples[at] = other[at].into();
                }
            }
        }
    }
    let wide: Vec<u16> = samples.iter().map(|v| v * 251 + 7).collect();
    let narrow: Vec<u8> = samples.iter().map(|v| *v as u8).collect();
    match (channels, depth) {
        (1, 8) => ImageBuffer::<Luma<u8>, _>::from_raw(w, h, narrow).map(Into::into),
        (2, 8) => ImageBuffer::<LumaA<u8>, _>::from_raw(w, h, narrow).map(Into::into),
        (3, 8) => ImageBuffer::<Rgb<u8>, _>::from_raw(w, h, narrow).map(Into::into),
        (4, 8) => ImageBuffer::<Rgba<u8>, _>::from_raw(w, h, narrow).map(Into::into),
        (1, 16) => ImageBuffer::<Luma<u16>, _>::from_raw(w, h, wide).map(Into::into),
        (3, 16) => ImageBuffer::<Rgb<u16>, _>::from_raw(w, h, wide).map(Into::into),
        _ => ImageBuffer::<Rgba<u16>, _>::from_raw(w, h, wide).map(Into::into),
    }
    .unwrap()
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut out, format).unwrap();
    out.into_inner()
}

/// A JPEG at 4:4:4 whose blocks outside the box are the same for every seed.
fn jpeg(seed: u64) -> Vec<u8> {
    encoded(&picture(3, 8, seed), ImageFormat::Jpeg)
}

/// JPEG with arithmetic coding, which no encoder here writes.
const ARITHMETIC: [&[u8]; 2] = [
    include_bytes!("../../jpeg/tests/data/arithmetic.jpg"),
    include_bytes!("../../jpeg/tests/data/arithmetic_progressive.jpg"),
];

#[test]
fn lossless_pictures_keep_every_sample_outside_and_are_opaque_black_inside() {
    let scratch = Scratch::new("outside");
    for (name, format, picture) in lossless(2) {
        let out = scratch.redacted(name, &encoded(&picture, format));
        let seen = image::load_from_memory_with_format(&out, format).unwrap();
        assert_eq!(seen.color(), picture.color(), "{name}");
        let (a, b) = (picture.to_rgba16(), seen.to_rgba16());
        for (x, y, p) in b.enumerate_pixels() {
            if inside(x, y) {
                assert_eq!(p.0, [0, 0, 0, 65_535], "{name} {x},{y}");
            } else if !album::near(x, y) {
                assert_eq!(p, a.get_pixel(x, y), "{name} {x},{y}");
            }
        }
    }
}

#[test]
fn two_files_that_differ_only_inside_give_equal_bytes() {
    let scratch = Scratch::new("interference");
    for fill in [scrim_raw::Fill::Solid, scrim_raw::Fill::Surround] {
        for ((name, format, a), (_, _, b)) in lossless(2).into_iter().zip(lossless(3)) {
            let (a, b) = (encoded(&a, format), encoded(&b, format));
            assert_ne!(a, b);
            let name = format!("{fill:?}-{name}");
            let filled = scratch.redacted_with(&name, &a, fill);
            assert_eq!(filled, scratch.redacted_with(&name, &b, fill), "{name}");
        }
        let filled = scratch.redacted_with("a.jpg", &jpeg(2), fill);
        assert_eq!(filled, scratch.redacted_with("a.jpg", &jpeg(3), fill));
    }
}

#[test]
fn a_jpeg_keeps_every_block_that_no_region_touches() {
    let scratch = Scratch::new("jpeg");
    let source = jpeg(2);
    let out = scratch.redacted("a.jpg", &source);
    let read = |data: &[u8]| scrim_jpeg::Coefficients::read(data, 1 << 20).unwrap();
    let (a, b) = (read(&source), read(&out));
    let (mut kept, mut flat) = (0, 0);
    for c in 0..a.components().len() {
        let component = &a.components()[c];
        assert_eq!(component.quant(), b.components()[c].quant());
        for (x, y) in
            (0..component.down()).flat_map(|y| (0..component.across()).map(move |x| (x, y)))
        {
            let (was, is) = (a.block(c, x, y).unwrap(), b.block(c, x, y).unwrap());
            let touched = album::block_touches(x as u32, y as u32);
            if is == was {
                kept += 1;
            } else {
                assert!(touched && is[1..].iter().all(|v| *v == 0), "{x},{y}");
                flat += 1;
            }
        }
    }
    assert!(kept > 0 && flat > 0 && kept > flat);
}

#[test]
fn a_jpeg_with_arithmetic_coding_keeps_its_coefficients_and_gets_huffman_codes() {
    let scratch = Scratch::new("arithmetic");
    for source in ARITHMETIC {
        let out = scratch.redacted("a.jpg", source);
        assert_eq!(
            scrim_jpeg::header(&out).unwrap().coding,
            scrim_jpeg::Coding::Huffman
        );
        let read = |data: &[u8]| scrim_jpeg::Coefficients::read(data, 1 << 20).unwrap();
        let (was, is) = (read(source), read(&out));
        assert_eq!(was.progressive(), is.progressive());
        // 43 x 29 pixels at 4:2:0: the box and its margin leave the left column of units.
        for (x, y) in (0..6).flat_map(|x| (0..4).map(move |y| (x, y))) {
            let flat = is.block(0, x, y).unwrap()[1..].iter().all(|v| *v == 0);
            assert_eq!(was.block(0, x, y) == is.block(0, x, y), x < 2, "{x},{y}");
            assert_eq!(flat, x >= 2, "{x},{y}");
        }
        let notes = scratch.report("a.jpg").notes;
        assert!(
            notes.iter().any(|n| n.starts_with("arithmetic")),
            "{notes:?}"
        );
    }
}

#[test]
fn a_damaged_jpeg_with_arithmetic_coding_is_refused_by_name() {
    let scratch = Scratch::new("arithmetic-cut");
    let error = scratch.refused("a.jpg", &ARITHMETIC[0][..400]);
    assert!(error.to_string().contains("arithmetic"), "{error}");
    assert_eq!(scratch.names(), ["in"]);
}

#[test]
fn a_look_that_fails_blanks_the_whole_picture_and_says_so() {
    let scratch = Scratch::new("blank");
    for (name, format, picture) in lossless(2) {
        let (done, out) = scratch.failed(name, &encoded(&picture, format));
        assert_eq!((done.frames, done.blanked), (1, 1), "{name}");
        let seen = image::load_from_memory_with_format(&out, format).unwrap();
        assert!(
            seen.to_rgba8().pixels().all(|p| p.0 == [0, 0, 0, 255]),
            "{name}"
        );
    }
    let (done, out) = scratch.failed("a.jpg", &jpeg(2));
    assert_eq!(done.blanked, 1);
    let seen = image::load_from_memory(&out).unwrap().to_rgb8();
    assert!(seen.pixels().all(|p| p.0 == [0, 0, 0]));
}

#[test]
fn nothing_but_samples_comes_along() {
    let scratch = Scratch::new("canaries");
    let png = encoded(&picture(3, 8, 2), ImageFormat::Png);
    let gif = album::gif(&[album::frame(1, 0, 0, WIDTH, HEIGHT)]);
    let webp = encoded(&picture(3, 8, 2), ImageFormat::WebP);
    let bmp = encoded(&picture(3, 8, 2), ImageFormat::Bmp);
    let tiff = encoded(&picture(3, 8, 2), ImageFormat::Tiff);
    for (name, data) in [
        ("a.png", with::png_chunks(&png)),
        ("a.jpg", with::jpeg_segments(&jpeg(2))),
        ("b.jpg", with::jpeg_segments(ARITHMETIC[0])),
        ("a.gif", with::gif_extensions(&gif)),
        ("a.webp", with::webp_chunks(&webp, WIDTH, HEIGHT)),
        ("a.bmp", [&bmp[..], with::CANARY].concat()),
        ("a.tif", [&tiff[..], with::CANARY].concat()),
    ] {
        assert!(with::holds_canary(&data), "{name}");
        let out = scratch.redacted(name, &data);
        assert!(!with::holds_canary(&out), "{name}");
        let report = scratch.report(name);
        assert!(name == "a.tif" || !report.dropped.is_empty(), "{name}");
        assert!(!with::holds_canary(&serde_json::to_vec(&report).unwrap()));
    }
    // However a JPEG is coded, the same is named.
    let dropped = |name: &str| {
        let mut dropped = scratch.report(name).dropped;
        dropped.sort();
        dropped
    };
    assert_eq!(dropped("a.jpg"), dropped("b.jpg"));
}

#[test]
fn a_region_on_the_last_column_of_a_gif_is_filled_to_the_edge() {
    let scratch = Scratch::new("column");
    let at = scrim_units::PxBox {
        x0: WIDTH as f32 - 9.0,
        y0: 4.0,
        x1: WIDTH as f32,
        y1: 20.0,
    };
    let source = album::gif(&[album::frame(1, 0, 0, WIDTH, HEIGHT)]);
    let out = scratch.redacted_at("a.gif", &source, at);
    let seen = image::load_from_memory(&out).unwrap().to_rgba8();
    for (x, y) in (4..20).flat_map(|y| (WIDTH - 9..WIDTH).map(move |x| (x, y))) {
        assert_eq!(seen.get_pixel(x, y).0, [0, 0, 0, 255]);
    }
}

#[test]
fn every_frame_of_an_animation_is_covered_and_kept_with_its_time() {
    let scratch = Scratch::new("animation");
    let frames = [
        album::frame(1, 0, 0, WIDTH, HEIGHT),
        album::frame(2, 30, 20, 40, 30),
        album::frame(3, 0, 0, 20, HEIGHT),
        album::frame(4, 5, 5, WIDTH - 5, HEIGHT - 5),
        album::frame(5, 20, 10, 30, 30),
    ];
    for (name, source) in [
        ("a.gif", album::gif(&frames)),
        ("a.png", album::apng(&frames)),
    ] {
        let was = album::shown(&source);
        let (done, out) = scratch.done(name, &source);
        let is = album::shown(&out);
        assert_eq!((done.frames, is.len()), (5, 5), "{name}");
        for (n, ((a, delay), (b, kept))) in was.iter().zip(&is).enumerate() {
            assert_eq!(delay, kept, "{name} {n}");
            for (x, y, p) in b.enumerate_pixels() {
                if inside(x, y) {
                    assert_eq!(p.0, [0, 0, 0, 255], "{name} {n} {x},{y}");
                } else if !album::near(x, y) {
                    assert_eq!(p, a.get_pixel(x, y), "{name} {n} {x},{y}");
                }
            }
        }
    }
}

#[test]
fn a_palette_stays_a_palette_and_tells_nothing_of_what_was_covered() {
    let scratch = Scratch::new("palette");
    let out = [7, 9].map(|hidden| {
        let source = album::palette_png(hidden);
        let out = scratch.redacted("a.png", &source);
        let info = png::Decoder::new(std::io::Cursor::new(&out[..]))
            .read_info()
            .unwrap()
            .info()
            .clone();
        assert_eq!(info.color_type, png::ColorType::Indexed);
        assert_eq!(info.bit_depth, png::BitDepth::Four);
        out
    });
    assert_eq!(out[0], out[1]);
}

#[test]
fn a_tiff_of_inks_stays_one_and_only_its_box_is_black_ink() {
    let scratch = Scratch::new("inks");
    let source = sheets::inks(4, 9);
    let was = noise(WIDTH * HEIGHT * 4, 4);
    let out = scratch.redacted("a.tif", &source);
    assert_eq!(out, scratch.redacted("a.tif", &sheets::inks(4, 200)));
    let mut reader = tiff::decoder::Decoder::new(std::io::Cursor::new(out)).unwrap();
    assert_eq!(reader.colortype().unwrap(), tiff::ColorType::CMYK(8));
    let tiff::decoder::DecodingResult::U8(is) = reader.read_image().unwrap() else {
        panic!("not 8 bits")
    };
    for (n, (before, after)) in was.chunks(4).zip(is.chunks(4)).enumerate() {
        let (x, y) = (n as u32 % WIDTH, n as u32 / WIDTH);
        if inside(x, y) {
            assert_eq!(after, [0, 0, 0, 255], "{x},{y}");
        } else if !album::near(x, y) {
            assert_eq!(after, before, "{x},{y}");
        }
    }
}

#[test]
fn a_palette_of_a_tiff_becomes_its_colours_on_every_page_but_for_the_box() {
    let scratch = Scratch::new("tiff-palette");
    let [out, again] = [9, 200].map(|hidden| {
        let source = sheets::indexed(&[5, 6], &sheets::map(), hidden);
        scratch.redacted("a.tif", &source)
    });
    assert_eq!(out, again);
    let mut reader = tiff::decoder::Decoder::new(std::io::Cursor::new(out)).unwrap();
    for seed in [5, 6] {
        let tiff::decoder::DecodingResult::U8(is) = reader.read_image().unwrap() else {
            panic!("not 8 bits")
        };
        let was = noise(WIDTH * HEIGHT, seed);
        for (n, (number, after)) in was.iter().zip(is.chunks(3)).enumerate() {
            let (x, y) = (n as u32 % WIDTH, n as u32 / WIDTH);
            if inside(x, y) {
                assert_eq!(after, [0, 0, 0], "{x},{y}");
            } else if !album::near(x, y) {
                assert_eq!(after, sheets::colour(*number), "{x},{y}");
            }
        }
        assert_eq!(reader.more_images(), seed == 5);
        if seed == 5 {
            reader.next_image().unwrap();
        }
    }
    for short in [&sheets::map()[..30], &[]] {
        assert!(matches!(
            scratch.refused("b.tif", &sheets::indexed(&[5], short, 0)),
            JobError::Source(scrim_source::SourceError::Damaged(_))
        ));
    }
}

#[test]
fn a_colour_map_of_a_grey_tiff_means_nothing() {
    let scratch = Scratch::new("tiff-grey-map");
    let out = scratch.redacted("a.tif", &sheets::grey_with_map(5));
    let seen = image::load_from_memory(&out).unwrap();
    assert_eq!(seen.color(), image::ColorType::L8);
    let was = noise(WIDTH * HEIGHT, 5);
    assert_eq!(seen.to_luma8().as_raw()[0], was[0]);
}

#[test]
fn a_cut_file_is_refused_and_one_that_is_accepted_shows_no_box() {
    let scratch = Scratch::new("cut");
    let source = jpeg(2);
    let cut = &source[..source.len() * 3 / 4];
    assert!(matches!(
        scratch.refused("a.jpg", cut),
        JobError::Source(scrim_source::SourceError::Damaged(_))
    ));
    assert_eq!(scratch.names(), ["in"]);
    let (done, out) = scratch.accepted("a.jpg", cut);
    assert!(done.warnings.iter().any(|w| w.starts_with("damaged")));
    let seen = image::load_from_memory(&out).unwrap().to_rgb8();
    let (x, y) = ((BOX.x0 + BOX.x1) as u32 / 2, (BOX.y0 + BOX.y1) as u32 / 2);
    assert!(seen.get_pixel(x, y).0.iter().all(|v| *v < 8));
}
