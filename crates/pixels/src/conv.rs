//! Convolution by rows: the few layers of a small separable network.
//!
//! A row is `pixels x channels` floats, the channels of a pixel together (NHWC). Every kernel
//! takes the [`Level`] as an argument and gives the scalar code's result up to rounding; a
//! level above the hardware runs as the hardware's. The kernels know rows and weights. They
//! know no picture, no network and no thread.
//!
//! Panics: rows whose lengths do not fit each other are an error of the caller and panic.
mod lines;
mod rolling;
mod scalar;
mod weights;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;

pub use lines::Lines;
pub use rolling::{Rolling, Span};
pub use weights::{
    COLOURS, Depthwise, Pointwise, SHAPES, STEM_CHANNELS, Separable, ShapeError, Stem, TAPS,
};

use crate::level::Level;

/// Runs a kernel at a level, lowered to what the hardware has.
macro_rules! dispatch {
    ($level:expr, $kernel:ident $(::<$c:literal>)?, $($argument:expr),+) => {
        match $level.min(Level::hardware()) {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => avx512::$kernel$(::<$c>)?($($argument),+),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => avx2::$kernel$(::<$c>)?($($argument),+),
            _ => scalar::$kernel$(::<$c>)?($($argument),+),
        }
    };
}

/// 1x1 convolution with bias of a row of any number of pixels.
pub fn pointwise(level: Level, w: &Pointwise, input: &[f32], output: &mut [f32]) {
    let pixels = output.len() / w.cout;
    assert_eq!(output.len(), pixels * w.cout, "whole pixels out");
    assert_eq!(input.len(), pixels * w.cin, "as many pixels in as out");
    dispatch!(level, pointwise, w, input, output);
}

/// 3x3 convolution of each channel, with bias and the block's ReLU. Each of the three `rows`
/// has one pixel more at either end than `output`.
pub fn depthwise(level: Level, w: &Depthwise, rows: [&[f32]; 3], output: &mut [f32]) {
    let pixels = output.len() / w.channels;
    assert_eq!(output.len(), pixels * w.channels, "whole pixels out");
    for row in rows {
        assert_eq!(
            row.len(),
            (pixels + 2) * w.channels,
            "a pixel more at either end"
        );
    }
    dispatch!(level, depthwise, w, rows, output);
}

/// The stem over one output row. `rows[ky * 3 + colour]` are plane rows of samples 0..=255
/// that begin one sample left of the first output's centre: `2 * pixels + 1` samples at least.
pub fn stem(level: Level, w: &Stem, rows: [&[f32]; 9], output: &mut [f32]) {
    let pixels = output.len() / STEM_CHANNELS;
    assert_eq!(output.len(), pixels * STEM_CHANNELS, "whole pixels out");
    for row in rows {
        assert!(row.len() > 2 * pixels, "two samples a pixel, and one");
    }
    dispatch!(level, stem, w, rows, output);
}

/// First half of a 2x2 max pool: the larger of each two neighbours of an even row of an even
/// number of pixels. `channels` is 16 or 64.
pub fn pool_begin(level: Level, channels: usize, row: &[f32], output: &mut [f32]) {
    assert_eq!(row.len(), 2 * output.len(), "two pixels in, one out");
    match channels {
        16 => dispatch!(level, pool_begin::<16>, row, output),
        64 => dispatch!(level, pool_begin::<64>, row, output),
        _ => panic!("no pool for {channels} channels"),
    }
}

/// Second half of a 2x2 max pool: takes the odd row into what [`pool_begin`] left.
pub fn pool_end(level: Level, channels: usize, row: &[f32], output: &mut [f32]) {
    assert_eq!(row.len(), 2 * output.len(), "two pixels in, one out");
    match channels {
        16 => dispatch!(level, pool_end::<16>, row, output),
        64 => dispatch!(level, pool_end::<64>, row, output),
        _ => panic!("no pool for {channels} channels"),
    }
}

/// `row` plus the coarser row `half`, each of whose pixels stands over two of `row` (nearest
/// upsampling); both of 64 channels.
pub fn add_doubled(level: Level, row: &[f32], half: &[f32], output: &mut [f32]) {
    assert_eq!(row.len(), output.len(), "as many pixels in as out");
    assert_eq!(row.len(), 2 * half.len(), "a coarse pixel for every two");
    dispatch!(level, add_doubled::<64>, row, half, output);
}

/// Bytes to floats of the same value.
pub fn widen(level: Level, bytes: &[u8], output: &mut [f32]) {
    assert_eq!(bytes.len(), output.len(), "as many out as in");
    dispatch!(level, widen, bytes, output);
}
