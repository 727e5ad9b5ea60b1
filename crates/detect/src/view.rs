//! How well a place in a picture can be seen: the light of the picture, and how sharp the place is.
//! One of three words each, and nothing else about a face or plate. For measuring what is missed.

use crate::preprocess::luma_of;
use scrim_raw::RawFrame;
use scrim_units::PxRect;
use zeroize::Zeroize;

/// Light of a picture, by its mean brightness: what day, dusk and night mostly give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Light {
    /// 80 of 255 and more.
    Bright,
    /// 40 to 80.
    Dim,
    /// Less.
    Dark,
}

/// Sharpness of a part of a picture, by how much of the change over three pixels happens over
/// one: a third of its square at an edge, more in fine texture and noise, and a ninth in a ramp,
/// which every edge becomes when it is blurred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sharpness {
    /// 0.22 and more.
    Sharp,
    /// 0.15 to 0.22.
    Soft,
    /// Less: out of focus or moved by more than two pixels.
    Blurred,
}

/// Mean brightness from which a picture is bright, and from which it is dim.
const BRIGHT: f64 = 80.0;
const DIM: f64 = 40.0;

/// Share from which a part is sharp, and from which it is soft.
const SHARP: f64 = 0.22;
const SOFT: f64 = 0.15;

/// Pixels between the samples of the longer difference.
const REACH: usize = 3;

/// Shortest side at which sharpness is told, pixels.
const LEAST_SIDE: u32 = 8;

/// Light of a frame.
#[must_use]
pub fn light(frame: &RawFrame) -> Light {
    let mut luma = luma_of(frame, frame.info().size.rect());
    let sum: u64 = luma.iter().map(|v| u64::from(*v)).sum();
    let mean = sum as f64 / luma.len().max(1) as f64;
    luma.as_mut_slice().zeroize();
    match mean {
        m if m >= BRIGHT => Light::Bright,
        m if m >= DIM => Light::Dim,
        _ => Light::Dark,
    }
}

/// Sharpness of a part of a frame; None where it is too small or too flat to tell.
#[must_use]
pub fn sharpness(frame: &RawFrame, part: PxRect) -> Option<Sharpness> {
    let part = part.clip(frame.info().size);
    if part.is_empty() || part.width().min(part.height()) < LEAST_SIDE {
        return None;
    }
    let mut luma = luma_of(frame, part);
    let told = sharpness_of(&luma, part.width() as usize);
    luma.as_mut_slice().zeroize();
    told
}

/// The same of rows of this width.
fn sharpness_of(luma: &[u8], width: usize) -> Option<Sharpness> {
    let [near, far] = [1, REACH].map(|by| change(luma, width, by));
    (far > 0.0).then(|| match near / far {
        share if share >= SHARP => Sharpness::Sharp,
        share if share >= SOFT => Sharpness::Soft,
        _ => Sharpness::Blurred,
    })
}

/// Mean squares of the differences `by` pixels to the right and down, added.
fn change(luma: &[u8], width: usize, by: usize) -> f64 {
    let mean = |pairs: &mut dyn Iterator<Item = (&u8, &u8)>| {
        let (mut sum, mut count) = (0_u64, 0_u64);
        for (a, b) in pairs {
            sum += u64::from(a.abs_diff(*b)).pow(2);
            count += 1;
        }
        sum as f64 / count.max(1) as f64
    };
    let rows = luma.chunks_exact(width);
    let across = mean(&mut rows.flat_map(|row| row.iter().zip(row.get(by..).unwrap_or(&[]))));
    let below = luma.get(by * width..).unwrap_or(&[]);
    across + mean(&mut luma.iter().zip(below))
}

#[cfg(test)]
mod tests {
    use super::*;
    use scrim_raw::{Family, FrameInfo, Layout};
    use scrim_units::Size;

    fn grey_frame(width: u32, height: u32, level: impl Fn(u32, u32) -> u8) -> RawFrame {
        let layout = Layout::packed(Family::Grey, false, 8);
        let info = FrameInfo::picture(Size { width, height }, layout);
        let rows = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let plane = rows.map(|(x, y)| level(x, y)).collect();
        RawFrame::new(0, info, vec![plane]).unwrap()
    }

    /// Stripes with edges that are `blur` pixels wide.
    fn stripes(blur: i32) -> RawFrame {
        grey_frame(64, 64, |x, _| {
            let phase = (x as i32 + 8) % 32;
            let way = |from: i32| ((phase - from) * 200 / blur.max(1)).clamp(0, 200);
            (20 + way(0) - way(16)) as u8
        })
    }

    const PART: PxRect = PxRect {
        x0: 0,
        y0: 0,
        x1: 64,
        y1: 64,
    };

    #[test]
    fn edges_are_sharp_and_ramps_are_blurred() {
        assert_eq!(sharpness(&stripes(1), PART), Some(Sharpness::Sharp));
        assert_eq!(sharpness(&stripes(3), PART), Some(Sharpness::Soft));
        assert_eq!(sharpness(&stripes(9), PART), Some(Sharpness::Blurred));
    }

    #[test]
    fn what_is_flat_or_small_is_not_told() {
        let flat = grey_frame(64, 64, |_, _| 90);
        assert_eq!(sharpness(&flat, PART), None);
        let small = PxRect { x1: 7, ..PART };
        assert_eq!(sharpness(&stripes(1), small), None);
        let outside = PxRect {
            x0: 90,
            x1: 120,
            ..PART
        };
        assert_eq!(sharpness(&stripes(1), outside), None);
    }

    #[test]
    fn light_is_the_mean_of_the_whole_picture() {
        for (level, word) in [(80, Light::Bright), (79, Light::Dim), (39, Light::Dark)] {
            // Full range; half of it a little darker, half a little lighter.
            let frame = grey_frame(32, 32, |x, _| level + 10 * (x % 2) as u8 - 5);
            assert_eq!(light(&frame), word);
        }
    }
}
