//! Convolution by rows: the few layers of a small separable network.
//!
//! A row is `pixels x channels` numbers, the channels of a pixel together (NHWC): whole numbers
//! 0..=127 between two blocks (see [`Grid`]), floats within one. Every kernel takes the
//! [`Level`] as an argument and gives the scalar code's bits; a level above the hardware runs
//! as the hardware's. The kernels know rows and weights. They know no picture, no network and
//! no thread.
//!
//! Panics: rows whose lengths do not fit each other are an error of the caller and panic.
mod bfloat;
mod lines;
mod rolling;
mod scalar;
mod weights;

#[macro_use]
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod columns;
#[macro_use]
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod tiles;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod avx512bf16;
#[cfg(target_arch = "x86_64")]
mod avxvnni;
#[cfg(target_arch = "aarch64")]
mod neon;

pub use bfloat::to_bfloats;
pub use lines::{Lines, Number};
pub use rolling::{Rolling, Span};
pub use weights::{
    COLOURS, DENSE_GROUP, Dense, Depthwise, Grid, Pointwise, QUAD, SHAPES, STEM_CHANNELS,
    Separable, ShapeError, Stem, TAPS, TOP,
};

use crate::level::Level;

/// Runs a kernel at a level, lowered to what the hardware has.
macro_rules! dispatch {
    ($level:expr, $kernel:ident $(::<$c:literal>)?, $($argument:expr),+) => {
        match $level.here() {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => avx512::$kernel$(::<$c>)?($($argument),+),
            #[cfg(target_arch = "x86_64")]
            Level::AvxVnni => avxvnni::$kernel$(::<$c>)?($($argument),+),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => avx2::$kernel$(::<$c>)?($($argument),+),
            #[cfg(target_arch = "aarch64")]
            Level::Neon => neon::$kernel$(::<$c>)?($($argument),+),
            _ => scalar::$kernel$(::<$c>)?($($argument),+),
        }
    };
}

/// 1x1 convolution with bias of a row of any number of pixels: whole numbers in, floats out.
pub fn pointwise(level: Level, w: &Pointwise, input: &[u8], output: &mut [f32]) {
    let pixels = output.len() / w.cout;
    assert_eq!(output.len(), pixels * w.cout, "whole pixels out");
    assert_eq!(input.len(), pixels * w.cin, "as many pixels in as out");
    dispatch!(level, pointwise, w, input, output);
}

/// 1x1 convolution with bias, and ReLU if the layer has it, of any number of pixels: bfloat16 in (see
/// [`to_bfloats`]), floats out. Products are exact; sums run over the inputs in pairs, of each pair the
/// second one first. A NaN in a pixel is one in its outputs.
pub fn dense(level: Level, w: &Dense, input: &[u16], output: &mut [f32]) {
    let pixels = output.len() / w.cout;
    assert_eq!(output.len(), pixels * w.cout, "whole pixels out");
    assert_eq!(input.len(), pixels * w.cin, "as many pixels in as out");
    dispatch!(level, dense, w, input, output);
}

/// 3x3 convolution of each channel with bias, ReLU and rounding. Each of the three `rows` has
/// one pixel more at either end than `output`.
pub fn depthwise_steps(level: Level, w: &Depthwise, rows: [&[f32]; 3], output: &mut [u8]) {
    check_depthwise(w, rows, output.len());
    dispatch!(level, depthwise_steps, w, rows, output);
}

/// As [`depthwise_steps`], without ReLU and rounding.
pub fn depthwise_floats(level: Level, w: &Depthwise, rows: [&[f32]; 3], output: &mut [f32]) {
    check_depthwise(w, rows, output.len());
    dispatch!(level, depthwise_floats, w, rows, output);
}

fn check_depthwise(w: &Depthwise, rows: [&[f32]; 3], len: usize) {
    let pixels = len / w.channels;
    assert_eq!(len, pixels * w.channels, "whole pixels out");
    for row in rows {
        let expected = (pixels + 2) * w.channels;
        assert_eq!(row.len(), expected, "a pixel more at either end");
    }
}

/// The stem over one output row. `rows` are picture rows of B, G, R, 0 that begin one pixel
/// left of the first output's centre: `2 * pixels + 1` pixels at least.
pub fn stem(level: Level, w: &Stem, rows: [&[u8]; 3], output: &mut [u8]) {
    let pixels = output.len() / STEM_CHANNELS;
    assert_eq!(output.len(), pixels * STEM_CHANNELS, "whole pixels out");
    for row in rows {
        let least = (2 * pixels + 1) * QUAD;
        assert!(row.len() >= least, "two pixels for each, and one");
    }
    dispatch!(level, stem, w, rows, output);
}

/// Runs a kernel that knows its channels when it is compiled.
macro_rules! by_channels {
    ($channels:expr, $level:expr, $kernel:ident, $($argument:expr),+) => {
        match $channels {
            16 => dispatch!($level, $kernel::<16>, $($argument),+),
            64 => dispatch!($level, $kernel::<64>, $($argument),+),
            96 => dispatch!($level, $kernel::<96>, $($argument),+),
            128 => dispatch!($level, $kernel::<128>, $($argument),+),
            _ => panic!("no kernel for {} channels", $channels),
        }
    };
}

/// First half of a 2x2 max pool: the larger of each two neighbours of an even row of an even
/// number of pixels. `channels` is a width that [`SHAPES`] names, other than 8.
pub fn pool_begin(level: Level, channels: usize, row: &[u8], output: &mut [u8]) {
    assert_eq!(row.len(), 2 * output.len(), "two pixels in, one out");
    by_channels!(channels, level, pool_begin, row, output);
}

/// Second half of a 2x2 max pool: takes the odd row into what [`pool_begin`] left.
pub fn pool_end(level: Level, channels: usize, row: &[u8], output: &mut [u8]) {
    assert_eq!(row.len(), 2 * output.len(), "two pixels in, one out");
    by_channels!(channels, level, pool_end, row, output);
}

/// `row` plus the coarser row `half`, each of whose pixels stands over two of `row` (nearest
/// upsampling), each times its factor, rounded. `channels` as for [`pool_begin`].
pub fn add_doubled(
    level: Level,
    channels: usize,
    [row, half]: [&[u8]; 2],
    factors: [f32; 2],
    output: &mut [u8],
) {
    assert_eq!(row.len(), output.len(), "as many pixels in as out");
    assert_eq!(row.len(), 2 * half.len(), "a coarse pixel for every two");
    by_channels!(channels, level, add_doubled, row, half, factors, output);
}

/// Three planes' rows to one of B, G, R, 0.
pub fn gather(level: Level, planes: [&[u8]; COLOURS], output: &mut [u8]) {
    for plane in planes {
        assert_eq!(QUAD * plane.len(), output.len(), "four bytes a pixel");
    }
    dispatch!(level, gather, planes, output);
}
