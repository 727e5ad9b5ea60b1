//! Of boxes that overlap much, the surest.
//!
//! Greedy non-maximum suppression: take the box with the highest score, drop those of its
//! class that overlap it by more than the limit, go on with the rest (Felzenszwalb, Girshick,
//! McAllester, Ramanan: "Object Detection with Discriminatively Trained Part-Based Models",
//! PAMI 2010, section 7.2, there by the covered share of the weaker box; here by intersection
//! over union, as the PASCAL VOC protocol measures it: Everingham et al., IJCV 2010).
//! This module knows boxes and scores, not where they come from.
use crate::anchors::Candidate;

/// Keeps the surest of each group of overlapping boxes of a class, highest score first.
///
/// `iou` is the overlap above which the weaker box is dropped, 0..=1. Of equal scores the
/// earlier one stays. Time grows with candidates times kept boxes; the floor that made the
/// candidates is what bounds it.
pub fn suppress(candidates: &mut Vec<Candidate>, iou: f32) {
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept = 0;
    for at in 0..candidates.len() {
        let candidate = candidates[at];
        let covered = candidates[..kept]
            .iter()
            .any(|other| other.class == candidate.class && overlap(other, &candidate) > iou);
        if !covered {
            candidates[kept] = candidate;
            kept += 1;
        }
    }
    candidates.truncate(kept);
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
    use crate::anchors::Class;

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
