//! What the second stage sees of a place: a square patch around its box, always of one size.
//!
//! As `training/second_stage.py` cuts it. Knows boxes and the upright picture; what is said of a
//! patch it does not know.

use crate::anchors::Candidate;
use crate::preprocess::{Prepared, Scaled};
use scrim_pixels::level::Level;
use scrim_pixels::scale::Grid;

/// Pixels of a patch, both ways.
pub(super) const SIDE: usize = 96;

/// Side of what a patch shows, in sides of the square with the box's area.
const CONTEXT: f32 = 3.5;

/// Around a smaller square there is nothing to see, pixels.
const LEAST_SQUARE: f32 = 12.0;

/// Around a larger one there is no picture, pixels.
const LARGEST_SQUARE: f32 = 65_536.0;

/// A picture at its size and halved again and again: a patch of a large place is cut from a reduced
/// copy, which costs no more than that of a small one.
pub(super) struct Pyramid<'a> {
    /// At its size, and at half of it where that is needed.
    picture: Vec<&'a [Grid; 3]>,
    /// Halved twice and more.
    smaller: Vec<Scaled>,
}

impl<'a> Pyramid<'a> {
    /// As deep as the patches of these places need it, of [`SIDE`] or more.
    pub(super) fn for_places(picture: &'a Prepared, places: &[Candidate], threads: usize) -> Self {
        let depth = places.iter().map(|place| halvings(place, SIDE));
        let depth = depth.max().unwrap_or(0);
        let mut whole = vec![picture.planes()];
        if depth > 0 {
            whole.push(picture.half(Level::best(), threads));
        }
        let mut smaller: Vec<Scaled> = Vec::new();
        for _ in 1..depth {
            let last = smaller.last().map_or(whole[1], |scaled| &scaled.0);
            let half = Scaled::half_of(last, Level::best(), threads);
            smaller.push(half);
        }
        Self {
            picture: whole,
            smaller,
        }
    }

    fn level(&self, halvings: usize) -> &[Grid; 3] {
        match halvings.checked_sub(self.picture.len()) {
            Some(at) => &self.smaller[at].0,
            None => self.picture[halvings],
        }
    }

    /// The square around a place, 0 where the picture has ended. The place is one of those that
    /// the pyramid was made for.
    pub(super) fn patch(&self, place: &Candidate) -> Scaled {
        self.patch_of(place, SIDE)
    }

    /// The same at `side` pixels both ways, no fewer than [`SIDE`].
    pub(super) fn patch_of(&self, place: &Candidate, side: usize) -> Scaled {
        let halvings = halvings(place, side);
        let planes = self.level(halvings);
        let scale = 0.5_f32.powi(halvings as i32);
        let square = (square(place) * scale).round();
        let start = |low: f32, high: f32| (((low + high) * scale - square) / 2.0 + 0.5).floor();
        let from = (start(place.x0, place.x1), start(place.y0, place.y1));
        let from = (from.0 as i64, from.1 as i64);
        Scaled::square_of(planes, from, square as i64, side, Level::best())
    }
}

/// Side of what the patch of a place shows, pixels.
fn square(place: &Candidate) -> f32 {
    let area = (place.x1 - place.x0) * (place.y1 - place.y0);
    let square = (CONTEXT * area.max(0.0).sqrt()).round();
    square.clamp(LEAST_SQUARE, LARGEST_SQUARE)
}

/// How often the picture is halved before the patch of a place, `side` pixels both ways, is cut from
/// it.
fn halvings(place: &Candidate, side: usize) -> usize {
    (square(place) / side as f32).log2().max(0.0) as usize
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::anchors::Class;
    use scrim_raw::{Family, FrameInfo, Layout, RawFrame};
    use scrim_units::Size;

    pub(in crate::second_stage) fn picture(width: u32, height: u32) -> Prepared {
        let info = FrameInfo::picture(
            Size { width, height },
            Layout::packed(Family::Rgb, false, 8),
        );
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let pixels = places.flat_map(|(x, y)| [x as u8, y as u8, 7]).collect();
        let frame = RawFrame::new(0, info, vec![pixels]).unwrap_or_else(|e| panic!("{e}"));
        Prepared::of(&frame, Level::best(), 1)
    }

    /// The patch of a place.
    fn cut(picture: &Prepared, place: &Candidate) -> Scaled {
        Pyramid::for_places(picture, std::slice::from_ref(place), 1).patch(place)
    }

    pub(in crate::second_stage) fn place(x0: f32, y0: f32, x1: f32, y1: f32) -> Candidate {
        Candidate {
            class: Class::Face,
            score: 0.3,
            x0,
            y0,
            x1,
            y1,
        }
    }

    #[test]
    fn a_patch_shows_the_place_in_its_middle() {
        // 28 px in a square of 98, from 101 on.
        let picture = picture(250, 250);
        let patch = cut(&picture, &place(136.0, 116.0, 164.0, 144.0));
        let [blue, green, red] = &patch.0;
        assert!(blue.data.iter().all(|v| *v == 7));
        let middle = SIDE / 2;
        assert!(red.row(middle)[middle].abs_diff(150) <= 1);
        assert!(green.row(middle)[middle].abs_diff(130) <= 1);
        assert!(red.row(0)[0].abs_diff(101) <= 1 && green.row(0)[0].abs_diff(81) <= 1);
    }

    #[test]
    fn a_large_place_is_cut_from_a_reduced_copy_and_shows_the_same() {
        // A square of 245 px from 5 on, at half the size from 2 or 3 on.
        let picture = picture(256, 256);
        let place = place(92.0, 92.0, 162.0, 162.0);
        assert_eq!(halvings(&place, SIDE), 1);
        let patch = cut(&picture, &place);
        let [_, green, red] = &patch.0;
        for at in [0, SIDE / 3, SIDE - 1] {
            let shown = 4.5 + 245.0 * (at as f32 + 0.5) / SIDE as f32;
            assert!((f32::from(red.row(at)[at]) - shown).abs() <= 2.0, "{shown}");
            assert!(
                (f32::from(green.row(at)[at]) - shown).abs() <= 2.0,
                "{shown}"
            );
        }
    }

    #[test]
    fn a_finer_patch_of_the_same_place_is_cut_from_a_finer_copy() {
        // Columns grey and white in turn, which half the size mixes. A square of 245 pixels,
        // cut for 96 of them and for 200.
        let size = Size {
            width: 256,
            height: 256,
        };
        let info = FrameInfo::picture(size, Layout::packed(Family::Rgb, false, 8));
        let columns = (0..256 * 256).flat_map(|at| [if at % 2 == 0 { 110 } else { 250 }; 3]);
        let frame = RawFrame::new(0, info, vec![columns.collect()]);
        let picture = Prepared::of(&frame.unwrap_or_else(|e| panic!("{e}")), Level::best(), 1);
        let place = place(90.0, 90.0, 160.0, 160.0);
        assert_eq!((halvings(&place, SIDE), halvings(&place, 200)), (1, 0));
        let pyramid = Pyramid::for_places(&picture, std::slice::from_ref(&place), 1);
        let contrast = |patch: &Scaled| {
            let row = patch.0[0].row(SIDE / 2);
            row.iter().max().copied().unwrap_or(0) - row.iter().min().copied().unwrap_or(0)
        };
        let (coarse, fine) = (pyramid.patch(&place), pyramid.patch_of(&place, 200));
        assert_eq!((fine.0[0].width, fine.0[0].height), (200, 200));
        assert!(contrast(&fine) > contrast(&coarse).saturating_add(40));
    }

    #[test]
    fn beyond_the_picture_a_patch_is_black() {
        let picture = picture(250, 250);
        let patch = cut(&picture, &place(-14.0, -14.0, 14.0, 14.0));
        let [blue, ..] = &patch.0;
        let middle = SIDE / 2;
        assert!(blue.row(middle + 1)[middle + 1..].iter().all(|v| *v == 7));
        assert!(blue.row(middle - 1).iter().all(|v| *v == 0));
        assert!(blue.row(SIDE - 1)[..middle].iter().all(|v| *v == 0));
    }

    #[test]
    fn a_place_of_no_size_of_any_size_or_outside_gives_a_patch() {
        let picture = picture(64, 48);
        for place in [
            place(10.0, 10.0, 10.0, 10.0),
            place(-1e6, -1e6, 1e6, 1e6),
            place(1e9, 1e9, 1e9 + 5.0, 1e9 + 5.0),
            place(-500.0, 3.0, -490.0, 9.0),
        ] {
            let patch = cut(&picture, &place);
            assert_eq!(patch.0[0].data.len(), SIDE * SIDE);
        }
    }
}
