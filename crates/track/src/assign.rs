//! Which expected box goes with which found one, by overlap and distance alone.
//!
//! Greedy, best pair first. The Hungarian method finds the best sum over all pairs, which
//! matters where two tracks that change places are an error; here both places are covered
//! either way, a swap costs nothing, and greedy takes n log n of the few pairs that are near.

use scrim_units::PxBox;

/// Overlap (IoU) from which two boxes are the same whatever their distance.
const SAME_OVERLAP: f32 = 0.25;

/// Sizes may differ by this factor when only the distance speaks for a pair.
const SIZE_RATIO: f32 = 1.8;

/// An expected box, and how far from it a found one may lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    pub at: PxBox,
    /// Largest distance between centres, in pixels.
    pub reach: f32,
}

/// Geometric mean of the sides: a plate's width alone says little about how far it moves.
pub(crate) fn side(at: PxBox) -> f32 {
    at.area().sqrt()
}

/// How well a found box fits: overlap plus closeness, 0..=2; None where it does not.
pub(crate) fn affinity(expected: Expected, seen: PxBox) -> Option<f32> {
    let overlap = expected.at.iou(seen);
    let (ax, ay) = expected.at.centre();
    let (bx, by) = seen.centre();
    let distance = (ax - bx).hypot(ay - by);
    let (small, large) = {
        let (a, b) = (side(expected.at), side(seen));
        (a.min(b), a.max(b))
    };
    let near = distance <= expected.reach && large <= small * SIZE_RATIO;
    (overlap >= SAME_OVERLAP || near)
        .then(|| overlap + (1.0 - distance / expected.reach.max(f32::MIN_POSITIVE)).max(0.0))
}

/// Pairs (expected, seen) by index, each at most once. Ties go to the lower indices.
pub(crate) fn pairs(expected: &[Expected], seen: &[PxBox]) -> Vec<(usize, usize)> {
    let mut order: Vec<usize> = (0..seen.len()).collect();
    order.sort_by(|&a, &b| seen[a].centre().0.total_cmp(&seen[b].centre().0));
    let mut fits = Vec::new();
    for (i, &e) in expected.iter().enumerate() {
        // Two boxes of IoU 1/4 differ in width by 4 at most, so their centres lie within 2.5
        // widths of either: only that stretch of the sorted boxes need be tried.
        let span = e.reach.max(e.at.width() * (1.0 + 1.0 / SAME_OVERLAP) / 2.0);
        let x = e.at.centre().0;
        let from = order.partition_point(|&j| seen[j].centre().0 < x - span);
        for &j in &order[from..] {
            if seen[j].centre().0 > x + span {
                break;
            }
            if let Some(fit) = affinity(e, seen[j]) {
                fits.push((fit, i, j));
            }
        }
    }
    best_first(fits, expected.len(), seen.len())
}

/// Takes the best fit whose two ends are both free, again and again.
pub(crate) fn best_first(
    mut fits: Vec<(f32, usize, usize)>,
    lefts: usize,
    rights: usize,
) -> Vec<(usize, usize)> {
    fits.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let (mut left, mut right) = (vec![false; lefts], vec![false; rights]);
    let mut taken = Vec::new();
    for (_, i, j) in fits {
        if !left[i] && !right[j] {
            left[i] = true;
            right[j] = true;
            taken.push((i, j));
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f32) -> PxBox {
        PxBox::around(x, 50.0, 30.0, 10.0)
    }

    fn expect(x: f32, reach: f32) -> Expected {
        Expected { at: at(x), reach }
    }

    #[test]
    fn a_plate_that_moved_more_than_its_width_is_found_within_reach() {
        assert!(affinity(expect(0.0, 45.0), at(40.0)).is_some());
        assert!(affinity(expect(0.0, 35.0), at(40.0)).is_none());
    }

    #[test]
    fn a_box_of_another_size_at_a_distance_does_not_fit() {
        let large = PxBox::around(40.0, 50.0, 90.0, 30.0);
        assert!(affinity(expect(0.0, 45.0), large).is_none());
    }

    #[test]
    fn the_nearer_track_gets_the_box() {
        let tracks = [expect(0.0, 60.0), expect(30.0, 60.0)];
        assert_eq!(pairs(&tracks, &[at(35.0)]), [(1, 0)]);
        let mut both = pairs(&tracks, &[at(35.0), at(4.0)]);
        both.sort_unstable();
        assert_eq!(both, [(0, 1), (1, 0)]);
    }

    #[test]
    fn sorting_by_position_leaves_out_no_pair_that_fits() {
        let small = Expected {
            at: PxBox::around(100.0, 50.0, 10.0, 40.0),
            reach: 1.0,
        };
        let wide = PxBox::around(104.0, 50.0, 38.0, 40.0);
        assert!(affinity(small, wide).is_some());
        assert_eq!(pairs(&[small], &[at(500.0), wide, at(0.0)]), [(0, 1)]);
    }
}
