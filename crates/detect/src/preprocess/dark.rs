//! Dark pictures, made smoother and brighter before they are looked at.
//!
//! What a camera records in the dark is as much noise as picture. The network has learned mostly
//! from daylight, and whole numbers of few steps are all that it sees of the rest.

use scrim_pixels::scale::Grid;
use scrim_pixels::smooth::{Gain, smoothed};
use zeroize::Zeroize;

/// A picture is dark whose pixels' 99th percentile lies under this.
const DARK: u8 = 96;

/// What the percentile becomes.
const WANTED: f32 = 170.0;

/// A picture is not made brighter than so many times: more would be noise alone.
const MOST: f32 = 4.0;

/// About so many pixels say how bright a picture is.
const SAMPLES: usize = 16_384;

/// Makes planes (blue, green, red) smoother and brighter where they are dark.
pub(super) fn lighten(planes: &mut [Grid; 3]) {
    let bright = percentile_99(planes);
    if bright >= DARK {
        return;
    }
    let gain = Gain::of((WANTED / f32::from(bright.max(1))).min(MOST));
    for plane in planes {
        let lighter = smoothed(plane, gain);
        plane.data.zeroize();
        *plane = lighter;
    }
}

/// The least value that no more than a hundredth of the pixels exceed in any plane, told by every
/// few of them in a large picture.
fn percentile_99(planes: &[Grid; 3]) -> u8 {
    let [blue, green, red] = planes;
    let step = ((blue.data.len() / SAMPLES) as f32).sqrt().floor().max(1.0) as usize;
    let (mut counts, mut all) = ([0_usize; 256], 0);
    for y in (0..blue.height).step_by(step) {
        let pixels = blue.row(y).iter().zip(green.row(y)).zip(red.row(y));
        for ((b, g), r) in pixels.step_by(step) {
            counts[usize::from(*b.max(g).max(r))] += 1;
            all += 1;
        }
    }
    let mut above = 0;
    let exceeds = |(_, count): &(usize, &usize)| {
        above += **count;
        above > all / 100
    };
    let found = counts.iter().enumerate().rev().find(exceeds);
    found.map_or(0, |(value, _)| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planes(of: impl Fn(usize, usize) -> u8) -> [Grid; 3] {
        let mut plane = Grid::new(300, 200);
        for y in 0..200 {
            for x in 0..300 {
                plane.row_mut(y)[x] = of(x, y);
            }
        }
        [plane.clone(), plane.clone(), plane]
    }

    #[test]
    fn a_picture_in_daylight_is_left_as_it_is() {
        for of in [
            |x: usize, _: usize| x as u8,
            |_: usize, y: usize| 3 * u8::from(y > 4) * 80,
        ] {
            let before = planes(of);
            let mut after = before.clone();
            lighten(&mut after);
            assert_eq!(before, after);
        }
    }

    #[test]
    fn one_bright_colour_or_a_bright_fiftieth_of_a_picture_is_daylight_and_96_are() {
        for colour in 0..3 {
            let mut before = planes(|_, _| 20);
            before[colour].data.fill(120);
            let mut after = before.clone();
            lighten(&mut after);
            assert_eq!(before, after);
        }
        // The level of the picture, and how many of its 300 columns are bright.
        for (level, bright, dark) in [(20, 6, false), (20, 2, true), (96, 0, false), (95, 0, true)]
        {
            let before = planes(|x, _| if x < bright { 200 } else { level });
            let mut after = before.clone();
            lighten(&mut after);
            assert_eq!(before != after, dark);
        }
    }

    #[test]
    fn of_a_large_picture_the_whole_is_asked_by_few_of_its_pixels() {
        let of = |height: usize, bright: fn(usize) -> bool| {
            let mut plane = Grid::new(1200, height);
            for (i, v) in plane.data.iter_mut().enumerate() {
                *v = if bright(i) { 200 } else { 20 };
            }
            percentile_99(&[plane.clone(), plane.clone(), plane])
        };
        // 1,080,000 pixels: every eighth row and column.
        assert_eq!(of(900, |i| i >= 1_060_000), 200);
        assert_eq!(of(900, |i| i % 1200 >= 1170), 200);
        assert_eq!(of(900, |i| i >= 1_075_000), 20);
    }

    #[test]
    fn a_dark_picture_comes_out_bright_whatever_a_lamp_in_it_shows() {
        let mut night = planes(|x, y| if x < 15 && y < 15 { 255 } else { 50 });
        lighten(&mut night);
        assert_eq!(night[0].row(100)[150], 170);
        assert_eq!(night[1].row(5)[5], 255);
    }

    #[test]
    fn black_stays_black_and_no_picture_is_made_brighter_than_so() {
        let mut black = planes(|_, _| 0);
        lighten(&mut black);
        assert!(black[2].data.iter().all(|v| *v == 0));
        let mut dim = planes(|_, _| 9);
        lighten(&mut dim);
        assert!(dim[2].data.iter().all(|v| *v == 36));
    }

    #[test]
    fn noise_in_the_dark_becomes_less() {
        let mut noisy = planes(|x, y| 20 + ((x * 7919 + y * 104_729) % 13) as u8);
        let spread = |plane: &Grid| {
            let row = plane.row(100);
            let (least, most) = (row.iter().min(), row.iter().max());
            f32::from(*most.unwrap_or(&0)) / f32::from(*least.unwrap_or(&1))
        };
        let before = spread(&noisy[0]);
        lighten(&mut noisy);
        assert!(spread(&noisy[0]) < (1.0 + before) / 2.0, "{before}");
    }
}
