//! How much of what lies inside regions: pure sums over boxes, for checks and measures. Knows no
//! picture.

use scrim_units::{PxBox, PxRect, Size};

/// Share of a box inside regions from which it is covered, as in the project's measures.
pub(crate) const COVERED: f32 = 0.75;

/// Share of the visible part of a box that lies in the union of the rectangles, by a grid of
/// 16 x 16 points.
pub(crate) fn covered_share(at: PxBox, rects: &[PxRect], size: Size) -> f32 {
    const POINTS: usize = 16;
    let (x0, y0) = (at.x0.max(0.0), at.y0.max(0.0));
    let (x1, y1) = (at.x1.min(size.width as f32), at.y1.min(size.height as f32));
    let step = |lo: f32, hi: f32, i: usize| lo + (hi - lo) * (i as f32 + 0.5) / POINTS as f32;
    let mut inside = 0;
    for i in 0..POINTS * POINTS {
        let (x, y) = (step(x0, x1, i % POINTS), step(y0, y1, i / POINTS));
        let hit = |r: &PxRect| {
            (r.x0 as f32..r.x1 as f32).contains(&x) && (r.y0 as f32..r.y1 as f32).contains(&y)
        };
        inside += usize::from(rects.iter().any(hit));
    }
    inside as f32 / (POINTS * POINTS) as f32
}

/// Pixels in the union of rectangles.
pub(crate) fn union_area(rects: &[PxRect]) -> u64 {
    let mut ys: Vec<u32> = rects.iter().flat_map(|r| [r.y0, r.y1]).collect();
    ys.sort_unstable();
    ys.dedup();
    let mut area = 0;
    for band in ys.windows(2) {
        // No rectangle begins or ends inside the band, so one line of it stands for all.
        let mut spans: Vec<(u32, u32)> = rects
            .iter()
            .filter(|r| !r.is_empty() && r.y0 <= band[0] && r.y1 >= band[1])
            .map(|r| (r.x0, r.x1))
            .collect();
        spans.sort_unstable();
        let (mut end, mut width) = (0, 0);
        for (x0, x1) in spans {
            width += u64::from(x1.saturating_sub(x0.max(end)));
            end = end.max(x1);
        }
        area += width * u64::from(band[1] - band[0]);
    }
    area
}

/// Pixels that lie in the union of `rects` and in the union of `others`.
pub(crate) fn shared_area(rects: &[PxRect], others: &[PxRect]) -> u64 {
    let pairs = rects
        .iter()
        .flat_map(|a| others.iter().map(|b| a.intersect(*b)));
    let both: Vec<PxRect> = pairs.filter(|r| !r.is_empty()).collect();
    union_area(&both)
}

/// The rectangles in groups that hang together, by an edge or more.
pub(crate) fn connected(rects: &[PxRect]) -> Vec<Vec<PxRect>> {
    let touch =
        |a: &PxRect, b: &PxRect| a.x0 <= b.x1 && b.x0 <= a.x1 && a.y0 <= b.y1 && b.y0 <= a.y1;
    let mut groups: Vec<Vec<PxRect>> = Vec::new();
    for rect in rects.iter().filter(|r| !r.is_empty()) {
        let (near, mut apart): (Vec<_>, Vec<_>) = groups
            .into_iter()
            .partition(|group| group.iter().any(|other| touch(rect, other)));
        let mut joined: Vec<PxRect> = near.into_iter().flatten().collect();
        joined.push(*rect);
        apart.push(joined);
        groups = apart;
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x0: u32, y0: u32, x1: u32, y1: u32) -> PxRect {
        PxRect { x0, y0, x1, y1 }
    }

    /// Rectangles of a small picture, drawn by a fixed sequence.
    fn drawn(seed: u32, count: usize) -> Vec<PxRect> {
        let mut state = seed;
        let mut next = |most: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % most
        };
        (0..count)
            .map(|_| {
                let (x, y) = (next(24), next(24));
                rect(x, y, x + next(9), y + next(9))
            })
            .collect()
    }

    fn pixels(rects: &[PxRect]) -> Vec<(u32, u32)> {
        let inside = |x: u32, y: u32| {
            let hit = |r: &PxRect| (r.x0..r.x1).contains(&x) && (r.y0..r.y1).contains(&y);
            rects.iter().any(hit)
        };
        (0..34 * 34)
            .map(|i| (i % 34, i / 34))
            .filter(|(x, y)| inside(*x, *y))
            .collect()
    }

    #[test]
    fn areas_of_unions_equal_counting_pixels_one_by_one() {
        for seed in 0..200 {
            let (a, b) = (drawn(seed, 6), drawn(seed + 1000, 4));
            assert_eq!(union_area(&a), pixels(&a).len() as u64);
            let of_b = pixels(&b);
            let both = pixels(&a).iter().filter(|p| of_b.contains(p)).count();
            assert_eq!(shared_area(&a, &b), both as u64);
        }
    }

    #[test]
    fn rectangles_that_meet_are_one_region_and_a_gap_parts_them() {
        let chain = [rect(0, 0, 4, 4), rect(8, 0, 12, 4), rect(4, 2, 8, 3)];
        assert_eq!(connected(&chain).len(), 1);
        assert_eq!(connected(&chain[..2]).len(), 2);
    }

    #[test]
    fn a_box_beyond_the_edge_counts_by_its_visible_part() {
        let size = Size {
            width: 10,
            height: 10,
        };
        let at = PxBox {
            x0: -10.0,
            y0: 0.0,
            x1: 10.0,
            y1: 10.0,
        };
        assert_eq!(covered_share(at, &[rect(0, 0, 10, 10)], size), 1.0);
        assert_eq!(covered_share(at, &[rect(0, 0, 5, 10)], size), 0.5);
        assert_eq!(covered_share(at, &[], size), 0.0);
    }
}
