//! Of boxes that overlap much, the surest.
//!
//! Greedy non-maximum suppression: take the box with the highest score, drop those of its
//! class that overlap it by more than the limit, go on with the rest (Felzenszwalb, Girshick,
//! McAllester, Ramanan: "Object Detection with Discriminatively Trained Part-Based Models",
//! PAMI 2010, section 7.2, there by the covered share of the weaker box; here by intersection
//! over union, as the PASCAL VOC protocol measures it: Everingham et al., IJCV 2010).
//! This module knows boxes and scores, not where they come from.
use crate::anchors::{Candidate, Class};

/// Keeps the surest of each group of overlapping boxes of a class, highest score first.
///
/// `iou` is the overlap above which the weaker box is dropped, 0..=1. Of equal scores the
/// earlier one stays. A box is compared with those that lie near it, so that the time grows
/// with the number of boxes and not with its square.
pub fn suppress(candidates: &mut Vec<Candidate>, iou: f32) {
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    let empty = Cells::over(candidates);
    let mut taken = Class::ALL.map(|_| empty.clone());
    let mut kept = 0;
    for at in 0..candidates.len() {
        let candidate = candidates[at];
        let taken = &mut taken[candidate.class.index()];
        let drops = |other| overlap(&candidates[other], &candidate) > iou;
        if !taken.near(&candidate).any(drops) {
            taken.put(&candidate, kept);
            candidates[kept] = candidate;
            kept += 1;
        }
    }
    candidates.truncate(kept);
}

/// Side of a cell in pixels: most boxes touch one to four. It is larger where that would be more
/// than [`MOST_CELLS`] a side.
const CELL_PX: f32 = 64.0;

/// Most cells a side: a box as large as the picture stands in each of them.
const MOST_CELLS: f32 = 64.0;

/// No box is behind this one in its cell.
const NONE: usize = usize::MAX;

/// Numbers of boxes by the cells of a square grid that they touch: two boxes that share a point
/// share a cell.
#[derive(Clone)]
pub(crate) struct Cells {
    left: f32,
    top: f32,
    side: f32,
    across: usize,
    /// By cell: where its last box stands in `links`.
    last: Vec<usize>,
    /// The number of a box, and where the one before it in its cell stands.
    links: Vec<(usize, usize)>,
}

impl Cells {
    /// Empty, over all of these boxes.
    pub(crate) fn over(boxes: &[Candidate]) -> Self {
        let least = |edge: fn(&Candidate) -> f32| boxes.iter().map(edge).fold(f32::MAX, f32::min);
        let most = |edge: fn(&Candidate) -> f32| boxes.iter().map(edge).fold(f32::MIN, f32::max);
        let (left, top) = (least(|c| c.x0), least(|c| c.y0));
        let (width, height) = (most(|c| c.x1) - left, most(|c| c.y1) - top);
        let side = CELL_PX.max(width.max(height) / MOST_CELLS);
        let count = |length: f32| (length / side) as usize + 1;
        let across = count(width.max(0.0));
        Self {
            left,
            top,
            side,
            across,
            last: vec![NONE; across * count(height.max(0.0))],
            links: Vec::new(),
        }
    }

    /// The cells that a box touches.
    fn of(&self, c: &Candidate) -> impl Iterator<Item = usize> + use<> {
        let (across, down) = (self.across, self.last.len() / self.across);
        let cell = |edge: f32, from: f32, most: usize| {
            // Below 0 becomes 0.
            (((edge - from) / self.side) as usize).min(most - 1)
        };
        let columns = cell(c.x0, self.left, across)..=cell(c.x1, self.left, across);
        let rows = cell(c.y0, self.top, down)..=cell(c.y1, self.top, down);
        rows.flat_map(move |row| columns.clone().map(move |column| row * across + column))
    }

    /// The numbers of the boxes that share a cell with `c`, once for each such cell.
    pub(crate) fn near(&self, c: &Candidate) -> impl Iterator<Item = usize> {
        self.of(c).flat_map(|cell| {
            let link = |at: usize| self.links.get(at);
            let first = link(self.last[cell]);
            std::iter::successors(first, move |(_, before)| link(*before))
                .map(|(number, _)| *number)
        })
    }

    /// Adds a box by its number.
    pub(crate) fn put(&mut self, c: &Candidate, number: usize) {
        for cell in self.of(c) {
            self.links.push((number, self.last[cell]));
            self.last[cell] = self.links.len() - 1;
        }
    }
}

/// Intersection over union, 0..=1; an empty box overlaps nothing.
pub fn overlap(a: &Candidate, b: &Candidate) -> f32 {
    let area = |w: f32, h: f32| w.max(0.0) * h.max(0.0);
    let shared = area(
        a.x1.min(b.x1) - a.x0.max(b.x0),
        a.y1.min(b.y1) - a.y0.max(b.y0),
    );
    let union = area(a.x1 - a.x0, a.y1 - a.y0) + area(b.x1 - b.x0, b.y1 - b.y0) - shared;
    if union > 0.0 { shared / union } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn boxed(class: Class, score: f32, x0: f32) -> Candidate {
        Candidate {
            class,
            score,
            x0,
            y0: 0.0,
            x1: x0 + 10.0,
            y1: 10.0,
        }
    }

    #[test]
    fn the_surest_of_overlapping_boxes_stays() {
        let mut found = vec![
            boxed(Class::Face, 0.5, 1.0),
            boxed(Class::Face, 0.9, 0.0),
            boxed(Class::Face, 0.4, 50.0),
        ];
        suppress(&mut found, 0.45);
        assert_eq!(
            found,
            [boxed(Class::Face, 0.9, 0.0), boxed(Class::Face, 0.4, 50.0)]
        );
    }

    #[test]
    fn a_plate_does_not_suppress_a_face() {
        let mut found = vec![boxed(Class::Plate, 0.9, 0.0), boxed(Class::Face, 0.5, 0.0)];
        suppress(&mut found, 0.45);
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn a_box_that_only_a_dropped_box_overlaps_stays() {
        // 0 covers 3, 3 covers 6, 0 and 6 hardly meet.
        let mut found = [(0.9, 0.0), (0.8, 3.0), (0.7, 6.0)]
            .map(|(score, x0)| boxed(Class::Face, score, x0))
            .to_vec();
        suppress(&mut found, 0.45);
        assert_eq!(found.iter().map(|c| c.x0).collect::<Vec<_>>(), [0.0, 6.0]);
    }

    /// The definition: each box against all that were kept.
    fn by_definition(candidates: &mut Vec<Candidate>, iou: f32) {
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
        let mut kept: Vec<Candidate> = Vec::new();
        for c in candidates.iter() {
            let drops = |other: &Candidate| other.class == c.class && overlap(other, c) > iou;
            if !kept.iter().any(drops) {
                kept.push(*c);
            }
        }
        *candidates = kept;
    }

    fn anywhere() -> impl Strategy<Value = Candidate> {
        let class = prop::sample::select(Class::ALL.to_vec());
        let place = (-50.0f32..700.0, -50.0f32..300.0);
        // From a pixel to half the picture, long and flat ones among them.
        let size = (0.0f32..8.5, 0.0f32..8.5).prop_map(|(w, h)| (w.exp2(), h.exp2()));
        (class, 0.0f32..1.0, place, size).prop_map(|(class, score, (x0, y0), (w, h))| Candidate {
            class,
            score,
            x0,
            y0,
            x1: x0 + w,
            y1: y0 + h,
        })
    }

    proptest! {
        #[test]
        fn a_box_that_is_compared_with_near_ones_alone_ends_as_if_with_all(
            boxes in prop::collection::vec(anywhere(), 0..120), iou in 0.0f32..0.9, spread in 1.0f32..200.0,
        ) {
            // Far apart the cells are larger than 64 pixels.
            let moved = |c: &Candidate| Candidate {
                x0: c.x0 * spread, x1: c.x1 * spread, y0: c.y0 * spread, y1: c.y1 * spread, ..*c
            };
            for boxes in [boxes.clone(), boxes.iter().map(moved).collect()] {
                let (mut found, mut expected) = (boxes.clone(), boxes);
                suppress(&mut found, iou);
                by_definition(&mut expected, iou);
                prop_assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn a_box_is_compared_with_few_of_many_that_lie_far_apart() {
        let rows = (0..40).flat_map(|y| (0..40).map(move |x| (x, y)));
        let far: Vec<_> = rows
            .map(|(x, y)| Candidate {
                y0: 100.0 * y as f32,
                y1: 100.0 * y as f32 + 10.0,
                ..boxed(Class::Face, 0.5, 100.0 * x as f32)
            })
            .collect();
        let mut cells = Cells::over(&far);
        let mut compared = 0;
        for (number, each) in far.iter().enumerate() {
            compared += cells.near(each).count();
            cells.put(each, number);
        }
        assert!(compared < far.len(), "{compared}");
        let itself = |(number, each)| cells.near(each).any(|near| near == number);
        assert!(far.iter().enumerate().all(itself));
    }

    #[test]
    fn no_boxes_stay_no_boxes() {
        let mut none = Vec::new();
        suppress(&mut none, 0.45);
        assert!(none.is_empty());
    }

    #[test]
    fn overlap_is_half_open_and_an_empty_box_overlaps_nothing() {
        let a = boxed(Class::Face, 0.5, 0.0);
        assert_eq!(overlap(&a, &a), 1.0);
        assert_eq!(overlap(&a, &boxed(Class::Face, 0.5, 10.0)), 0.0);
        assert!((overlap(&a, &boxed(Class::Face, 0.5, 5.0)) - 1.0 / 3.0).abs() < 1e-6);
        let empty = Candidate { x1: 0.0, ..a };
        assert_eq!(overlap(&empty, &empty), 0.0);
    }
}
