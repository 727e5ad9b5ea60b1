//! Small pictures of noise, made here, and the runs over them.

pub mod sheets;
pub mod with;

use image::{AnimationDecoder, RgbaImage};
use scrim_detect::{After, DetectError, Detector, Prepared};
use scrim_protocol::Report;
use scrim_raw::{Fill, ModelId};
use scrim_redact::{Control, Done, Engine, JobError, JobSettings, Request, plan, redact_file};
use scrim_units::{Class, Pass, PxBox, Sighting};
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub const WIDTH: u32 = 72;
pub const HEIGHT: u32 = 56;

/// Where the scripted face is: whole blocks of a JPEG at 4:4:4.
pub const BOX: PxBox = PxBox {
    x0: 24.0,
    y0: 16.0,
    x1: 40.0,
    y1: 32.0,
};

/// The margin of a box of this size is less.
const MARGIN: f32 = 4.0;

pub fn inside(x: u32, y: u32) -> bool {
    let (x, y) = (x as f32, y as f32);
    (BOX.x0..BOX.x1).contains(&x) && (BOX.y0..BOX.y1).contains(&y)
}

/// Within the margin, which may be filled or not.
pub fn near(x: u32, y: u32) -> bool {
    let b = BOX.grow(MARGIN, MARGIN);
    let (x, y) = (x as f32, y as f32);
    (b.x0..b.x1).contains(&x) && (b.y0..b.y1).contains(&y)
}

/// Whether a block of 8 by 8 pixels may be touched.
pub fn block_touches(x: u32, y: u32) -> bool {
    let b = BOX.grow(MARGIN, MARGIN);
    let (x, y) = (x as f32 * 8.0, y as f32 * 8.0);
    x < b.x1 && x + 8.0 > b.x0 && y < b.y1 && y + 8.0 > b.y0
}

/// Bytes that look random (xorshift64, Marsaglia 2003), without black.
pub fn noise(count: u32, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8 | 16
        })
        .collect()
}

struct Scripted(Option<PxBox>);

impl Detector for Scripted {
    fn look(&mut self, _: &Prepared, _: &[Pass], _: After) -> Result<Vec<Sighting>, DetectError> {
        let found = |at| Sighting {
            class: Class::Face,
            score: 0.9,
            at,
        };
        let at = self.0.ok_or(DetectError::Absurd("scripted".into()))?;
        Ok(vec![found(at)])
    }

    fn model(&self) -> ModelId {
        ModelId([7; 32])
    }
}

/// A folder that goes away with the test.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("scrim-album-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("in")).unwrap();
        Self(folder)
    }

    fn run(
        &self,
        name: &str,
        data: &[u8],
        at: Option<PxBox>,
        told: JobSettings,
    ) -> Result<Done, JobError> {
        let source = self.0.join("in").join(name);
        std::fs::write(&source, data).unwrap();
        let factory = move || -> Box<dyn Detector> { Box::new(Scripted(at)) };
        let engine = Engine::with_detector(told, Duration::from_secs(60), Arc::new(factory));
        let request = Request {
            inputs: vec![source],
            output: Some(self.0.join(name)),
            overwrite: true,
            ..Request::default()
        };
        let plan = plan(&request).unwrap();
        assert!(plan.refused.is_empty(), "{:?}", plan.refused);
        redact_file(&plan.files[0], &engine, &Control::silent())
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.join(name)).unwrap()
    }

    pub fn done(&self, name: &str, data: &[u8]) -> (Done, Vec<u8>) {
        let done = self.run(name, data, Some(BOX), JobSettings::default());
        (done.unwrap(), self.read(name))
    }

    pub fn redacted(&self, name: &str, data: &[u8]) -> Vec<u8> {
        self.done(name, data).1
    }

    pub fn redacted_at(&self, name: &str, data: &[u8], at: PxBox) -> Vec<u8> {
        self.run(name, data, Some(at), JobSettings::default())
            .unwrap();
        self.read(name)
    }

    pub fn redacted_with(&self, name: &str, data: &[u8], fill: Fill) -> Vec<u8> {
        let told = JobSettings {
            fill,
            ..JobSettings::default()
        };
        self.run(name, data, Some(BOX), told).unwrap();
        self.read(name)
    }

    pub fn failed(&self, name: &str, data: &[u8]) -> (Done, Vec<u8>) {
        let done = self.run(name, data, None, JobSettings::default());
        (done.unwrap(), self.read(name))
    }

    pub fn refused(&self, name: &str, data: &[u8]) -> JobError {
        let refused = self.run(name, data, Some(BOX), JobSettings::default());
        refused.unwrap_err()
    }

    pub fn accepted(&self, name: &str, data: &[u8]) -> (Done, Vec<u8>) {
        let told = JobSettings {
            accept_damaged: true,
            ..JobSettings::default()
        };
        let done = self.run(name, data, Some(BOX), told);
        (done.unwrap(), self.read(name))
    }

    pub fn report(&self, name: &str) -> Report {
        serde_json::from_slice(&self.read(&format!("{name}.scrim.json"))).unwrap()
    }

    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let names = entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A part of an animation frame: noise of 31 colours and transparent spots.
pub struct Part {
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub height: u32,
    /// Delay in 1/100 s.
    pub delay: u16,
    /// Indices; 0 is transparent.
    indices: Vec<u8>,
}

pub fn frame(seed: u64, left: u32, top: u32, width: u32, height: u32) -> Part {
    // The first frame is opaque.
    let opaque = u8::from(seed == 1);
    let spots = noise(width * height, seed);
    Part {
        left,
        top,
        width,
        height,
        delay: 10 * seed as u16,
        indices: spots.into_iter().map(|v| (v % 32).max(opaque)).collect(),
    }
}

fn colour(index: u8) -> [u8; 3] {
    [index * 8, 255 - index * 7, 40 + index]
}

pub fn gif(frames: &[Part]) -> Vec<u8> {
    let palette: Vec<u8> = (0..32).flat_map(colour).collect();
    let mut out = Vec::new();
    let mut encoder = gif::Encoder::new(&mut out, WIDTH as u16, HEIGHT as u16, &palette).unwrap();
    encoder.set_repeat(gif::Repeat::Infinite).unwrap();
    for (n, part) in frames.iter().enumerate() {
        encoder
            .write_frame(&gif::Frame {
                left: part.left as u16,
                top: part.top as u16,
                width: part.width as u16,
                height: part.height as u16,
                delay: part.delay,
                transparent: (n > 0).then_some(0),
                dispose: [
                    gif::DisposalMethod::Keep,
                    gif::DisposalMethod::Background,
                    gif::DisposalMethod::Previous,
                ][n % 3],
                buffer: part.indices.clone().into(),
                ..gif::Frame::default()
            })
            .unwrap();
    }
    drop(encoder);
    out
}

pub fn apng(frames: &[Part]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, WIDTH, HEIGHT);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_animated(frames.len() as u32, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    for (n, part) in frames.iter().enumerate() {
        writer.reset_frame_position().unwrap();
        writer.set_frame_dimension(part.width, part.height).unwrap();
        writer.set_frame_position(part.left, part.top).unwrap();
        writer.set_frame_delay(part.delay, 100).unwrap();
        writer.set_blend_op(png::BlendOp::Over).unwrap();
        let dispose = [
            png::DisposeOp::None,
            png::DisposeOp::Background,
            png::DisposeOp::Previous,
        ][n % 3];
        writer.set_dispose_op(dispose).unwrap();
        let pixels = part.indices.iter().flat_map(|i| {
            let [r, g, b] = colour(*i);
            [r, g, b, if *i == 0 { 0 } else { 255 }]
        });
        let pixels: Vec<u8> = pixels.collect();
        writer.write_image_data(&pixels).unwrap();
    }
    writer.finish().unwrap();
    out
}

/// Frames as the `image` crate shows them, with their delays in milliseconds.
pub fn shown(data: &[u8]) -> Vec<(RgbaImage, (u32, u32))> {
    let frames = if data.starts_with(b"GIF") {
        let decoder = image::codecs::gif::GifDecoder::new(Cursor::new(data)).unwrap();
        decoder.into_frames().collect_frames()
    } else {
        let decoder = image::codecs::png::PngDecoder::new(Cursor::new(data)).unwrap();
        decoder.apng().unwrap().into_frames().collect_frames()
    };
    let all = frames.unwrap().into_iter();
    all.map(|f| {
        let delay = f.delay().numer_denom_ms();
        (f.into_buffer(), delay)
    })
    .collect()
}

/// A PNG with a palette of 16 colours; `hidden` is in the box only.
pub fn palette_png(hidden: u8) -> Vec<u8> {
    let mut palette: Vec<u8> = (0..16).flat_map(|i| [i * 16, 255 - i, 100]).collect();
    palette[3 * 15..].copy_from_slice(&[hidden, hidden, hidden]);
    let indices = noise(WIDTH * HEIGHT, 1)
        .into_iter()
        .enumerate()
        .map(|(i, v)| {
            let (x, y) = (i as u32 % WIDTH, i as u32 / WIDTH);
            if inside(x, y) { 15 } else { v % 10 }
        });
    let indices: Vec<u8> = indices.collect();
    let packed: Vec<u8> = indices.chunks(2).map(|p| p[0] << 4 | p[1]).collect();
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, WIDTH, HEIGHT);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Four);
    encoder.set_palette(palette);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&packed).unwrap();
    writer.finish().unwrap();
    out
}
