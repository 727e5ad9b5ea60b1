//! TIFF pages of inks and of palettes, which no other test's tools write.

use super::{HEIGHT, WIDTH, inside, noise};
use std::io::Cursor;
use tiff::encoder::colortype::{CMYK8, ColorType, Gray8};
use tiff::encoder::{Compression, TiffEncoder};
use tiff::tags::{PhotometricInterpretation, SampleFormat, Tag};

/// Numbers of colours: the encoder knows no such page.
struct Indexed;

impl ColorType for Indexed {
    type Inner = u8;
    const TIFF_VALUE: PhotometricInterpretation = PhotometricInterpretation::RGBPalette;
    const BITS_PER_SAMPLE: &'static [u16] = &[8];
    const SAMPLE_FORMAT: &'static [SampleFormat] = &[SampleFormat::Uint];

    fn horizontal_predict(_: &[u8], _: &mut Vec<u8>) {}
}

/// The colour that a number stands for.
pub fn colour(n: u8) -> [u8; 3] {
    [n, 255 - n, n / 2]
}

/// The levels of [`colour`] as TIFF stores them: all red, all green, all blue.
pub fn map() -> Vec<u16> {
    (0..3)
        .flat_map(|c| (0..=255).map(move |n| u16::from(colour(n)[c]) * 257))
        .collect()
}

/// Noise with so many samples a pixel, all of them `hidden` in the box only.
fn noise_but(samples: u32, seed: u64, hidden: u8) -> Vec<u8> {
    let mut all = noise(WIDTH * HEIGHT * samples, seed);
    for (n, pixel) in all.chunks_mut(samples as usize).enumerate() {
        if inside(n as u32 % WIDTH, n as u32 / WIDTH) {
            pixel.fill(hidden);
        }
    }
    all
}

/// Pages of noise, one a seed, with this colour map.
fn mapped<C: ColorType<Inner = u8>>(seeds: &[u64], map: &[u16], hidden: u8) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut out).unwrap();
    for &seed in seeds {
        let mut image = encoder.new_image::<C>(WIDTH, HEIGHT).unwrap();
        if !map.is_empty() {
            image.encoder().write_tag(Tag::ColorMap, map).unwrap();
        }
        image.write_data(&noise_but(1, seed, hidden)).unwrap();
    }
    out.into_inner()
}

/// Pages whose samples are numbers of colours.
pub fn indexed(seeds: &[u64], map: &[u16], hidden: u8) -> Vec<u8> {
    mapped::<Indexed>(seeds, map, hidden)
}

/// A grey page with a colour map, which means nothing there.
pub fn grey_with_map(seed: u64) -> Vec<u8> {
    mapped::<Gray8>(&[seed], &map(), 0)
}

/// A page of noise in four inks.
pub fn inks(seed: u64, hidden: u8) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut out)
        .unwrap()
        .with_compression(Compression::Lzw);
    encoder
        .write_image::<CMYK8>(WIDTH, HEIGHT, &noise_but(4, seed, hidden))
        .unwrap();
    out.into_inner()
}
