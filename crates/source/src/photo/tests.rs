use super::*;
use std::io::Cursor;

const WIDTH: u32 = 12;
const HEIGHT: u32 = 9;

const OPTIONS: PhotoOptions = PhotoOptions {
    limits: Limits {
        frame_bytes: 1 << 20,
        side: 1000,
    },
    accept_damaged: false,
    threads: 1,
};

fn samples(step: usize) -> Vec<u8> {
    (0..WIDTH as usize * HEIGHT as usize * step)
        .map(|i| (i * 37 % 251) as u8)
        .collect()
}

fn png() -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut out, WIDTH, HEIGHT);
    encoder.set_color(::png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&samples(3)).unwrap();
    writer.finish().unwrap();
    out
}

fn apng() -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut out, WIDTH, HEIGHT);
    encoder.set_color(::png::ColorType::Rgba);
    encoder.set_depth(::png::BitDepth::Sixteen);
    encoder.set_animated(2, 3).unwrap();
    encoder.set_sep_def_img(true).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&samples(8)).unwrap();
    writer.set_frame_delay(7, 0).unwrap();
    writer.write_image_data(&samples(8)).unwrap();
    writer.set_frame_dimension(2, 3).unwrap();
    writer.set_frame_position(10, 6).unwrap();
    writer.set_blend_op(::png::BlendOp::Over).unwrap();
    writer.write_image_data(&samples(8)[..2 * 3 * 8]).unwrap();
    writer.finish().unwrap();
    out
}

fn gif() -> Vec<u8> {
    let mut out = Vec::new();
    let palette: Vec<u8> = (0..=254).collect();
    let mut encoder = ::gif::Encoder::new(&mut out, WIDTH as u16, HEIGHT as u16, &palette).unwrap();
    for (left, transparent) in [(0, None), (6, Some(5))] {
        let frame = ::gif::Frame {
            left,
            width: WIDTH as u16 - left,
            height: HEIGHT as u16,
            delay: 4,
            transparent,
            buffer: samples(1).into_iter().map(|v| v % 80).collect(),
            ..::gif::Frame::default()
        };
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    out
}

fn webp() -> Vec<u8> {
    let mut out = Vec::new();
    image_webp::WebPEncoder::new(&mut out)
        .encode(&samples(4), WIDTH, HEIGHT, image_webp::ColorType::Rgba8)
        .unwrap();
    out
}

fn tiff() -> Vec<u8> {
    use ::tiff::encoder::{Compression, TiffEncoder, colortype::RGB8};
    let mut out = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut out)
        .unwrap()
        .with_compression(Compression::Lzw);
    for _ in 0..2 {
        encoder
            .write_image::<RGB8>(WIDTH, HEIGHT, &samples(3))
            .unwrap();
    }
    out.into_inner()
}

fn with_image(format: image::ImageFormat) -> Vec<u8> {
    let picture = image::RgbImage::from_raw(WIDTH, HEIGHT, samples(3)).unwrap();
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, format).unwrap();
    out.into_inner()
}

/// A small file of every format, and how many pages it has.
fn files() -> Vec<(PhotoFormat, Vec<u8>, u64)> {
    vec![
        (PhotoFormat::Png, png(), 1),
        (PhotoFormat::Png, apng(), 3),
        (PhotoFormat::Gif, gif(), 2),
        (PhotoFormat::WebP, webp(), 1),
        (PhotoFormat::Tiff, tiff(), 2),
        (PhotoFormat::Bmp, with_image(image::ImageFormat::Bmp), 1),
        (PhotoFormat::Jpeg, with_image(image::ImageFormat::Jpeg), 1),
    ]
}

fn pages(format: PhotoFormat, data: &[u8], options: PhotoOptions) -> Result<u64, SourceError> {
    let mut photo = Photo::open(&Arc::new(data.to_vec()), format, options)?;
    let mut count = 0;
    while let Some(page) = photo.advance()? {
        assert_eq!(page.frame.id().index, count);
        count += 1;
    }
    Ok(count)
}

#[test]
fn every_format_gives_out_all_its_pages() {
    for (format, data, count) in files() {
        assert_eq!(pages(format, &data, OPTIONS).unwrap(), count, "{format:?}");
    }
}

#[test]
fn every_cut_of_a_file_is_an_error_and_with_leave_no_panic() {
    let lenient = PhotoOptions {
        accept_damaged: true,
        ..OPTIONS
    };
    for (format, data, count) in files() {
        for length in 0..data.len() {
            let cut = &data[..length];
            assert!(
                pages(format, cut, OPTIONS).is_err(),
                "{format:?} {length} of {}",
                data.len()
            );
            if let Ok(some) = pages(format, cut, lenient) {
                assert!(some <= count);
            }
        }
    }
}

#[test]
fn flipped_bits_are_an_error_or_another_picture_and_never_a_panic() {
    for (format, data, _) in files() {
        for at in 0..data.len() {
            for bit in [0, 3, 7] {
                let mut broken = data.clone();
                broken[at] ^= 1 << bit;
                if let Err(SourceError::Photo { what, .. }) = pages(format, &broken, OPTIONS) {
                    assert_ne!(what, "its decoder failed", "{format:?} {at} {bit}");
                }
            }
        }
    }
}

#[test]
fn a_picture_over_the_limit_is_refused_before_it_is_decoded() {
    let tight = PhotoOptions {
        limits: Limits {
            frame_bytes: 100,
            side: 1000,
        },
        accept_damaged: true,
        threads: 1,
    };
    for (format, data, _) in files() {
        assert!(
            matches!(
                pages(format, &data, tight),
                Err(SourceError::TooLarge { .. })
            ),
            "{format:?}"
        );
    }
}

#[test]
fn a_tag_that_turns_the_picture_turns_the_look_and_not_the_samples() {
    let mut data = png();
    let body = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let mut chunk = (body.len() as u32).to_be_bytes().to_vec();
    chunk.extend(b"eXIf");
    chunk.extend(body);
    // Checksums of chunks that a decoder need not know are not looked at.
    chunk.extend([0; 4]);
    data.splice(33..33, chunk);
    let mut photo = Photo::open(&Arc::new(data), PhotoFormat::Png, OPTIONS).unwrap();
    let page = photo.advance().unwrap().unwrap();
    let info = page.frame.info();
    assert_eq!(info.orientation, Orientation::Turn90);
    assert_eq!((info.size.width, info.size.height), (WIDTH, HEIGHT));
    assert_eq!(photo.dropped(), ["EXIF"]);
}

#[test]
fn thumbnails_of_a_tiff_are_left_behind_and_named() {
    use ::tiff::encoder::{TiffEncoder, colortype::Gray8};
    use ::tiff::tags::Tag;
    let mut out = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut out).unwrap();
    for kind in [0u32, 1] {
        let mut image = encoder.new_image::<Gray8>(WIDTH, HEIGHT).unwrap();
        image
            .encoder()
            .write_tag(Tag::NewSubfileType, kind)
            .unwrap();
        image.encoder().write_tag(Tag::Artist, "somebody").unwrap();
        image.write_data(&samples(1)).unwrap();
    }
    let data = Arc::new(out.into_inner());
    let mut photo = Photo::open(&data, PhotoFormat::Tiff, OPTIONS).unwrap();
    assert!(photo.advance().unwrap().is_some());
    assert!(photo.advance().unwrap().is_none());
    assert!(photo.dropped().contains(&"thumbnail".to_owned()));
    assert!(photo.dropped().contains(&"text".to_owned()));
}

#[test]
fn a_jpeg_comes_with_its_coefficients_unless_it_was_cut() {
    let data = with_image(image::ImageFormat::Jpeg);
    let lenient = PhotoOptions {
        accept_damaged: true,
        ..OPTIONS
    };
    let mut photo = Photo::open(&Arc::new(data.clone()), PhotoFormat::Jpeg, lenient).unwrap();
    assert!(photo.advance().unwrap().is_some());
    assert!(photo.take_jpeg().is_some() && photo.damage().is_none());
    let cut = data[..data.len() - 2].to_vec();
    let mut photo = Photo::open(&Arc::new(cut), PhotoFormat::Jpeg, lenient).unwrap();
    assert!(photo.advance().unwrap().is_some());
    assert!(photo.take_jpeg().is_none() && photo.damage().is_some());
    assert!(photo.notes()[0].starts_with("re-encoded"));
}

/// What the detector sees of a page.
fn seen(page: &Page) -> image::RgbImage {
    let info = page.frame.info();
    let (width, height) = (info.size.width, info.size.height);
    #[expect(clippy::disallowed_methods, reason = "to compare them")]
    let planes = page.frame.planes();
    let rows =
        scrim_pixels::rows::BgrRows::new(&info.layout, info.matrix(), info.range(), width as usize);
    let mut rows = rows.smooth(info.smooth_chroma);
    let mut out = image::RgbImage::new(width, height);
    let [mut b, mut g, mut r] = [(); 3].map(|()| vec![0; width as usize]);
    for y in 0..height {
        let level = scrim_pixels::level::Level::best();
        rows.read(level, &planes, y as usize, [&mut b, &mut g, &mut r]);
        for x in 0..width {
            let at = x as usize;
            out.put_pixel(x, y, image::Rgb([r[at], g[at], b[at]]));
        }
    }
    out
}

#[test]
fn a_jpeg_is_looked_at_as_another_decoder_shows_it_however_it_is_sent() {
    // By libjpeg, at 4:2:0, all with the same coefficients.
    let baseline = include_bytes!("../../../jpeg/tests/data/baseline.jpg");
    let others: [&[u8]; 5] = [
        baseline,
        include_bytes!("../../../jpeg/tests/data/progressive.jpg"),
        include_bytes!("../../../jpeg/tests/data/arithmetic.jpg"),
        include_bytes!("../../../jpeg/tests/data/progressive_restarts.jpg"),
        include_bytes!("../../../jpeg/tests/data/scans.jpg"),
    ];
    let jpeg = image::ImageFormat::Jpeg;
    let shown = image::load_from_memory_with_format(baseline, jpeg);
    let shown = shown.unwrap().to_rgb8();
    for file in others {
        let mut photo = Photo::open(&Arc::new(file.to_vec()), PhotoFormat::Jpeg, OPTIONS).unwrap();
        let seen = seen(&photo.advance().unwrap().unwrap());
        assert_eq!(seen.dimensions(), shown.dimensions());
        let both = seen.iter().zip(shown.iter());
        let most = both.map(|(a, b)| a.abs_diff(*b)).max();
        assert!(most <= Some(5), "{most:?}");
    }
}

/// A profile of grey: its white, and a gamma of 2.
fn grey_profile() -> Vec<u8> {
    let mut out = vec![0; 128];
    for (at, word) in [(12, b"mntr"), (16, b"GRAY"), (20, b"XYZ "), (36, b"acsp")] {
        out[at..][..4].copy_from_slice(word);
    }
    let white = b"XYZ \0\0\0\0\0\0\xF6\xD6\0\x01\0\0\0\0\xD3\x2D";
    let curve = b"curv\0\0\0\0\0\0\0\x01\x02\0";
    let end = 128 + 4 + 2 * 12;
    out.extend(2_u32.to_be_bytes());
    for (name, at, data) in [(b"wtpt", end, &white[..]), (b"kTRC", end + 20, curve)] {
        out.extend(name);
        out.extend(
            [at as u32, data.len() as u32]
                .iter()
                .flat_map(|v| v.to_be_bytes()),
        );
    }
    [out, white.to_vec(), curve.to_vec()].concat()
}

#[test]
fn the_profile_of_a_jpeg_is_kept_for_its_colour_if_all_its_parts_are_there() {
    let grey = image::GrayImage::from_pixel(WIDTH, HEIGHT, image::Luma([90]));
    let mut plain = Cursor::new(Vec::new());
    grey.write_to(&mut plain, image::ImageFormat::Jpeg).unwrap();
    let profile = grey_profile();
    let (first, second) = profile.split_at(100);
    let part = |number: u8, bytes: &[u8]| {
        let body = [&b"ICC_PROFILE\0"[..], &[number, 2], bytes].concat();
        let length = (body.len() as u16 + 2).to_be_bytes();
        [&[0xFF, 0xE2][..], &length, &body].concat()
    };
    let opened = |parts: &[Vec<u8>]| {
        let mut data = plain.get_ref().clone();
        data.splice(2..2, parts.concat());
        let mut photo = Photo::open(&Arc::new(data), PhotoFormat::Jpeg, OPTIONS).unwrap();
        photo.advance().unwrap().unwrap();
        photo
    };
    let whole = opened(&[part(2, second), part(1, first)]);
    assert!(whole.profile().is_some_and(ColourProfile::is_grey));
    assert_eq!(whole.dropped(), ["texts of the ICC profile"]);
    let half = opened(&[part(1, first)]);
    assert_eq!(
        (half.profile(), half.dropped()),
        (None, &["ICC profile".to_owned()][..])
    );
}
