//! TIFF pages of inks and of palettes, which no other test's tools write.

use super::{HEIGHT, WIDTH, noise};
use std::io::Cursor;
use tiff::encoder::colortype::{CMYK8, ColorType};
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

/// One page of noise a seed, all with the palette of [`colour`], or with only so many of its
/// levels.
pub fn indexed(seeds: &[u64], levels: usize) -> Vec<u8> {
    let map: Vec<u16> = (0..3)
        .flat_map(|c| (0..=255).map(move |n| u16::from(colour(n)[c]) * 257))
        .collect();
    let mut out = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut out).unwrap();
    for &seed in seeds {
        let mut image = encoder.new_image::<Indexed>(WIDTH, HEIGHT).unwrap();
        image
            .encoder()
            .write_tag(Tag::ColorMap, &map[..levels.min(map.len())])
            .unwrap();
        image.write_data(&noise(WIDTH * HEIGHT, seed)).unwrap();
    }
    out.into_inner()
}

/// A page of noise in four inks.
pub fn inks(seed: u64) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut out)
        .unwrap()
        .with_compression(Compression::Lzw);
    encoder
        .write_image::<CMYK8>(WIDTH, HEIGHT, &noise(WIDTH * HEIGHT * 4, seed))
        .unwrap();
    out.into_inner()
}
