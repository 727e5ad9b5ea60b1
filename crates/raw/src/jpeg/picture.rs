//! The picture that coefficients hold: what is looked at is what is written, by one reading.
//!
//! Colour stays as the file has it, at its own resolution. Knows coefficients and planes; what is
//! looked for in them it does not know.

use crate::frame::FrameInfo;
use scrim_jpeg::{Coefficients, Colour, Component};
use scrim_pixels::colour::{Matrix, yuv_row};
use scrim_pixels::dct::{SIDE, Waves, inverse};
use scrim_pixels::layout::{Component as Place, Family, Layout, PlaneLayout};
use scrim_pixels::level::Level;
use scrim_units::{Size, Subsampling};
use zeroize::Zeroizing;

/// Code point of ITU-T H.273 for the matrix of ITU-R BT.601, which JFIF 1.02 (page 3) asks for.
const BT601: u8 = 6;

/// Planes of a picture and what they are, made by at most so many threads; `None` of two components,
/// whose meaning nothing tells.
pub(super) fn picture(c: &Coefficients, threads: usize) -> Option<(FrameInfo, Vec<Vec<u8>>)> {
    let family = match c.colour() {
        Colour::Grey => Family::Grey,
        Colour::YCbCr => Family::Yuv,
        Colour::Rgb => Family::Rgb,
        Colour::Cmyk | Colour::Ycck => Family::Ink,
        Colour::Unknown => return None,
    };
    let size = Size {
        width: c.width(),
        height: c.height(),
    };
    let finest = finest(c);
    let mut planes = Vec::new();
    let mut subsamplings = Vec::new();
    for component in c.components() {
        // Luma, inks and primaries have a sample a pixel, whatever the file has.
        let coarse = family == Family::Yuv && !planes.is_empty();
        let (plane, sub) = plane(component, size, finest, coarse, threads);
        planes.push(plane);
        subsamplings.push(sub);
    }
    if c.colour() == Colour::Ycck {
        to_three_inks(&mut planes, size);
    }
    if family == Family::Ink {
        // Stored as what they leave of the light, as Adobe does and viewers expect.
        let samples = planes.iter_mut().flatten();
        samples.for_each(|v| *v = 255 - *v);
    }
    let mut info = FrameInfo::picture(size, layout(family, &subsamplings));
    info.colour.matrix = BT601;
    info.smooth_chroma = true;
    Some((info, planes))
}

fn layout(family: Family, subsamplings: &[Subsampling]) -> Layout {
    let place = |plane| Place {
        plane,
        offset: 0,
        shift: 0,
        depth: 8,
    };
    let plane = |sub: &Subsampling| PlaneLayout { sub: *sub, step: 1 };
    Layout {
        planes: subsamplings.iter().map(plane).collect(),
        components: (0..subsamplings.len() as u8).map(place).collect(),
        ..Layout::packed(family, false, 8)
    }
}

/// Largest sampling factors (h, v): those of a sample a pixel.
fn finest(c: &Coefficients) -> (u8, u8) {
    let most = |f: fn(&Component) -> u8| c.components().iter().map(f).max().unwrap_or(1);
    (most(Component::h), most(Component::v))
}

/// A component's samples, without what completes its last blocks (T.81 A.1.1), and how many they are
/// against pixels: as many, unless it may be `coarse`.
fn plane(
    component: &Component,
    size: Size,
    finest: (u8, u8),
    coarse: bool,
    threads: usize,
) -> (Vec<u8>, Subsampling) {
    let (samples, width) = samples(component, size, finest, threads);
    let pixels = Subsampling::default();
    match reduced(finest, component) {
        Some(sub) if coarse || sub == pixels => (samples, sub),
        _ => {
            let samples = Zeroizing::new(samples);
            let samples = stretched(&samples, width, size, finest, component);
            (samples, pixels)
        }
    }
}

/// How many samples a component has against pixels, where that is a half, a fourth or all of them
/// each way.
fn reduced(finest: (u8, u8), component: &Component) -> Option<Subsampling> {
    let shift = |finest: u8, own: u8| {
        let whole = finest.is_multiple_of(own) && (finest / own).is_power_of_two();
        whole.then(|| (finest / own).trailing_zeros() as u8)
    };
    Some(Subsampling {
        shift_x: shift(finest.0, component.h())?,
        shift_y: shift(finest.1, component.v())?,
    })
}

/// Block rows that are worth a thread.
const GRAIN: usize = 64;

/// A component's samples row by row, and how many are in a row. Large ones are made in bands at once.
fn samples(
    component: &Component,
    size: Size,
    finest: (u8, u8),
    threads: usize,
) -> (Vec<u8>, usize) {
    let length = |side: u32, own: u8, finest: u8| {
        (side as usize * usize::from(own)).div_ceil(usize::from(finest))
    };
    let width = length(size.width, component.h(), finest.0);
    let height = length(size.height, component.v(), finest.1);
    let mut out = vec![0; width * height];
    let rows = height.div_ceil(SIDE);
    let band = rows.div_ceil(threads.min(rows / GRAIN).max(1));
    let level = Level::best();
    let make = |(at, samples): (usize, &mut [u8])| {
        for (by, samples) in (at * band..).zip(samples.chunks_mut(SIDE * width)) {
            block_row(level, component, by, samples, width);
        }
    };
    let mut bands = out.chunks_mut(band * SIDE * width).enumerate();
    std::thread::scope(|scope| {
        let own = bands.next();
        bands.for_each(|rest| drop(scope.spawn(move || make(rest))));
        own.into_iter().for_each(make);
    });
    (out, width)
}

/// Samples of a row of blocks: eight rows of `width`, or fewer at the foot.
fn block_row(level: Level, component: &Component, by: usize, samples: &mut [u8], width: usize) {
    let mut waves = Zeroizing::new(Waves::default());
    for (bx, x) in (0..width).step_by(SIDE).enumerate() {
        // Every block that shows is there: the frame's size says how many there are.
        waves.used = component
            .dequantised(bx, by, &mut waves.values)
            .unwrap_or((0, 0));
        let block = inverse(level, &waves);
        for (row, made) in samples.chunks_exact_mut(width).zip(block) {
            let row = &mut row[x..];
            match row.first_chunk_mut() {
                Some(eight) => *eight = made,
                None => row.copy_from_slice(&made[..row.len()]),
            }
        }
    }
}

/// Samples, so many in a row, repeated to one a pixel: each stands for the pixels over it.
fn stretched(
    samples: &[u8],
    width: usize,
    size: Size,
    finest: (u8, u8),
    component: &Component,
) -> Vec<u8> {
    let at =
        |pixel: u32, own: u8, finest: u8| pixel as usize * usize::from(own) / usize::from(finest);
    let column = |x: u32| at(x, component.h(), finest.0);
    let mut out = Vec::with_capacity(size.width as usize * size.height as usize);
    for y in 0..size.height {
        let row = &samples[at(y, component.v(), finest.1) * width..][..width];
        out.extend((0..size.width).map(|x| row[column(x)]));
    }
    out
}

/// Luma and two differences to what red, green and blue leave of the light: the first three of four
/// inks (Adobe Technical Note 5116, section 18, transform 2).
fn to_three_inks(planes: &mut [Vec<u8>], size: Size) {
    let [luma, u, v, ..] = planes else {
        return;
    };
    let width = size.width as usize;
    let (level, matrix) = (Level::best(), Matrix::bt601(true));
    let mut bgr = [(); 3].map(|()| Zeroizing::new(vec![0; width]));
    let rows = luma.chunks_mut(width).zip(u.chunks_mut(width));
    for ((luma, u), v) in rows.zip(v.chunks_mut(width)) {
        let [b, g, r] = &mut bgr;
        yuv_row(level, &matrix, [luma, u, v], [b, g, r]);
        luma.copy_from_slice(r);
        u.copy_from_slice(g);
        v.copy_from_slice(b);
    }
}

#[cfg(test)]
mod tests;
