//! What is counted: recall by size, light and sharpness, false regions, waste. The definitions are those of
//! docs/eval.md. Knows labels and rectangles, no pictures.

use super::labels::Label;
use crate::coverage::{COVERED, connected, covered_share, shared_area, union_area};
use scrim_detect::{Light, Sharpness};
use scrim_units::{Class, PxBox, PxRect, Size};

/// Lower bounds of the bands: the smaller side of a face, the height of a plate, in pixels.
/// A bound belongs to its band.
pub const BANDS: [[f32; 5]; 2] = [[0.0, 10.0, 16.0, 32.0, 64.0], [0.0, 8.0, 12.0, 24.0, 48.0]];

/// Regions smaller than this share of the picture are not counted as false.
const LEAST_FALSE: f64 = 0.0002;

/// A region is false when less than this share of it lies near labels.
const NEAR_SHARE: f64 = 0.1;

/// Place of what is not known behind the three words of light or sharpness.
const UNKNOWN: usize = 3;

/// What is near a label: its box grown by this share of its sides, on each side.
const NEAR: f32 = 0.3;

/// Covered and labelled boxes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// Those that are covered ...
    pub covered: u64,
    /// ... of so many.
    pub boxes: u64,
}

impl Share {
    fn count(&mut self, covered: bool) {
        self.boxes += 1;
        self.covered += u64::from(covered);
    }

    fn join(&mut self, other: Self) {
        self.boxes += other.boxes;
        self.covered += other.covered;
    }
}

/// How well a labelled box can be seen, as far as that is known.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct View {
    pub(crate) light: Option<Light>,
    pub(crate) sharpness: Option<Sharpness>,
}

/// Counts over pictures.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// Pictures counted.
    pub pictures: u64,
    /// Labelled boxes by class and band ([`BANDS`]).
    pub boxes: [[u64; 5]; 2],
    /// Those of them that are covered.
    pub covered: [[u64; 5]; 2],
    /// The same of the sizes that are in the headline, by class and light of the picture
    /// ([`Light`] in its order; unknown last).
    pub by_light: [[Share; 4]; 2],
    /// By class and sharpness of the box ([`Sharpness`] in its order; unknown last).
    pub by_sharpness: [[Share; 4]; 2],
    /// Pictures whose labels are complete, in which false regions are counted.
    pub judged: u64,
    /// Regions away from every label in those pictures.
    pub false_regions: u64,
    /// Sum over those pictures of the share of the picture filled away from labels.
    pub waste: f64,
}

impl Tally {
    /// Counts one picture; returns the labelled boxes that are not covered.
    pub(crate) fn add(
        &mut self,
        size: Size,
        labels: &[Label],
        complete: bool,
        filled: &[PxRect],
        view: impl Fn(PxBox) -> View,
    ) -> Vec<(Class, PxBox)> {
        self.pictures += 1;
        let mut missed = Vec::new();
        for label in labels {
            if let Label::Must(class, at) = label {
                let (class_index, band) = (class.index(), band(*class, *at));
                let covered = covered_share(*at, filled, size) >= COVERED;
                self.boxes[class_index][band] += 1;
                self.covered[class_index][band] += u64::from(covered);
                if band > 0 {
                    let View { light, sharpness } = view(*at);
                    let (light, sharp) = (light.map(|l| l as usize), sharpness.map(|s| s as usize));
                    self.by_light[class_index][light.unwrap_or(UNKNOWN)].count(covered);
                    self.by_sharpness[class_index][sharp.unwrap_or(UNKNOWN)].count(covered);
                }
                if !covered {
                    missed.push((*class, *at));
                }
            }
        }
        if complete {
            self.judged += 1;
            self.judge(size, labels, filled);
        }
        missed
    }

    fn judge(&mut self, size: Size, labels: &[Label], filled: &[PxRect]) {
        let near: Vec<PxRect> = labels
            .iter()
            .map(|l| {
                let at = l.at();
                at.grow(at.width() * NEAR, at.height() * NEAR).pixels(size)
            })
            .collect();
        let picture = size.area() as f64;
        for group in connected(filled) {
            let area = union_area(&group) as f64;
            let inside = shared_area(&group, &near) as f64;
            if area > picture * LEAST_FALSE && inside < area * NEAR_SHARE {
                self.false_regions += 1;
            }
        }
        self.waste += (union_area(filled) - shared_area(filled, &near)) as f64 / picture;
    }

    /// Adds the counts of other pictures.
    pub fn join(&mut self, other: &Self) {
        self.pictures += other.pictures;
        self.judged += other.judged;
        self.false_regions += other.false_regions;
        self.waste += other.waste;
        let add = |to: &mut [[u64; 5]; 2], from: &[[u64; 5]; 2]| {
            let pairs = to.iter_mut().flatten().zip(from.iter().flatten());
            pairs.for_each(|(to, from)| *to += from);
        };
        add(&mut self.boxes, &other.boxes);
        add(&mut self.covered, &other.covered);
        for (to, from) in [
            (&mut self.by_light, &other.by_light),
            (&mut self.by_sharpness, &other.by_sharpness),
        ] {
            let pairs = to.iter_mut().flatten().zip(from.iter().flatten());
            pairs.for_each(|(to, from)| to.join(*from));
        }
    }

    /// Covered and labelled boxes of a class, without those under the first counted size.
    #[must_use]
    pub fn recall(&self, class: Class) -> (u64, u64) {
        let counted = |bands: &[u64; 5]| bands[1..].iter().sum();
        let i = class.index();
        (counted(&self.covered[i]), counted(&self.boxes[i]))
    }

    /// False regions a judged picture.
    #[must_use]
    pub fn false_rate(&self) -> Option<f64> {
        (self.judged > 0).then(|| self.false_regions as f64 / self.judged as f64)
    }

    /// Mean share of a judged picture that is filled away from labels, 0 to 1.
    #[must_use]
    pub fn waste_rate(&self) -> Option<f64> {
        (self.judged > 0).then(|| self.waste / self.judged as f64)
    }
}

fn band(class: Class, at: PxBox) -> usize {
    let side = match class {
        Class::Face => at.width().min(at.height()),
        Class::Plate => at.height(),
    };
    let bounds = &BANDS[class.index()];
    bounds.iter().rposition(|b| *b <= side).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        width: 200,
        height: 100,
    };

    fn at(x: f32, y: f32, side: f32) -> PxBox {
        PxBox {
            x0: x,
            y0: y,
            x1: x + side,
            y1: y + side,
        }
    }

    fn face(x: f32, y: f32, side: f32) -> Label {
        Label::Must(Class::Face, at(x, y, side))
    }

    fn nothing(_: PxBox) -> View {
        View::default()
    }

    #[test]
    fn light_and_sharpness_are_counted_for_the_sizes_in_the_headline() {
        let view = |at: PxBox| View {
            light: Some(Light::Dark),
            sharpness: (at.x0 < 60.0).then_some(Sharpness::Soft),
        };
        let labels = [
            face(0.0, 0.0, 9.0),
            face(30.0, 0.0, 20.0),
            face(90.0, 0.0, 20.0),
        ];
        let region = PxRect {
            x0: 30,
            y0: 0,
            x1: 50,
            y1: 20,
        };
        let mut tally = Tally::default();
        tally.add(SIZE, &labels, true, &[region], view);
        let mut both = tally.clone();
        both.join(&tally);
        let share = |covered, boxes| Share { covered, boxes };
        let none = share(0, 0);
        assert_eq!(both.by_light[0], [none, none, share(2, 4), none]);
        assert_eq!(both.by_sharpness[0], [none, share(2, 2), none, share(0, 2)]);
    }

    #[test]
    fn three_quarters_of_a_box_inside_regions_is_covered_and_less_is_missed() {
        let region = |x1| PxRect {
            x0: 0,
            y0: 0,
            x1,
            y1: 40,
        };
        for (x1, missed) in [(30, 0), (28, 1)] {
            let mut tally = Tally::default();
            let left = tally.add(SIZE, &[face(0.0, 0.0, 40.0)], true, &[region(x1)], nothing);
            assert_eq!((left.len(), tally.boxes[0][3]), (missed, 1));
        }
    }

    #[test]
    fn a_lower_bound_belongs_to_its_band_and_the_smallest_are_not_in_the_headline() {
        let mut tally = Tally::default();
        tally.add(
            SIZE,
            &[face(0.0, 0.0, 9.9), face(50.0, 0.0, 10.0)],
            true,
            &[],
            nothing,
        );
        assert_eq!(tally.boxes[0], [1, 1, 0, 0, 0]);
        assert_eq!(tally.recall(Class::Face), (0, 1));
    }

    #[test]
    fn a_region_away_from_labels_is_false_only_where_labels_are_complete() {
        let away = [PxRect {
            x0: 100,
            y0: 50,
            x1: 120,
            y1: 70,
        }];
        let near_ignored = [Label::May(at(98.0, 48.0, 30.0))];
        let mut tally = Tally::default();
        tally.add(SIZE, &[face(0.0, 0.0, 20.0)], true, &away, nothing);
        tally.add(SIZE, &near_ignored, true, &away, nothing);
        tally.add(SIZE, &[face(0.0, 0.0, 20.0)], false, &away, nothing);
        assert_eq!((tally.false_regions, tally.judged), (1, 2));
        assert!((tally.waste - 400.0 / 20_000.0).abs() < 1e-9);
    }
}
