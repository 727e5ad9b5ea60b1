//! What is large for a pass is smaller, and easier, for a coarser one. A large thing without a sharp
//! edge and without colour that the coarser one does not see at all is hardly a face: many soft
//! clouds look like one at one scale only. So such faces need a second opinion, and no others: a
//! few true ones, out of focus, are seen at one scale alone.
//!
//! Knows boxes and scores of one look, and which places have features.

use crate::anchors::{Candidate, Class};
use crate::nms::overlap;

/// Shorter side from which a face is large, in pixels of the network's input. At half the scale
/// it has 48 px, far from the smallest and the largest that the network finds.
const LARGE_PX: f32 = 96.0;

/// Under this score nothing is covered by itself, and no opinion is needed.
const DOUBTFUL: f32 = 0.3;

/// A pass is coarser when its scale is at most this share of the other's.
const COARSER: f32 = 0.7;

/// Scale of a pass that is made for its opinion alone, as a share of the other's.
const WITNESS: f32 = 0.5;

/// Overlap (IoU) from which a coarser pass sees the same thing.
const SAME: f32 = 0.4;

/// Scores of what only the finer pass sees count for so much: too little to be covered by itself,
/// and enough to extend a track of surer sightings.
const LONE_TRUST: f32 = 0.3;

/// What one pass over the whole picture, or a part of it, found.
pub(crate) struct Found {
    pub scale: f32,
    pub whole: bool,
    /// In pixels of the picture.
    pub candidates: Vec<Candidate>,
    /// Which of them need an opinion: large, sure enough to be covered, and featureless.
    pub doubtful: Vec<bool>,
}

impl Found {
    /// Of a pass at this scale; `featureless` tells of a box whether it holds neither sharp edges
    /// nor colour.
    pub(crate) fn new(
        scale: f32,
        whole: bool,
        candidates: Vec<Candidate>,
        featureless: impl Fn(&Candidate) -> bool,
    ) -> Self {
        let large = |c: &Candidate| (c.x1 - c.x0).min(c.y1 - c.y0) * scale >= LARGE_PX;
        let doubtful = candidates
            .iter()
            .map(|c| c.class == Class::Face && c.score >= DOUBTFUL && large(c) && featureless(c));
        Self {
            scale,
            whole,
            doubtful: doubtful.collect(),
            candidates,
        }
    }

    fn may_speak_of(&self, finer: &Self) -> bool {
        self.whole && self.scale <= COARSER * finer.scale
    }

    fn sees(&self, c: &Candidate) -> bool {
        let same = |other: &Candidate| other.class == c.class && overlap(other, c) >= SAME;
        self.candidates.iter().any(same)
    }
}

/// The scale of a pass over the whole picture that is wanted for its opinion: some pass found a
/// doubtful face, and no coarser one was made.
pub(crate) fn witness_scale(passes: &[Found]) -> Option<f32> {
    let wants = |pass: &&Found| {
        pass.doubtful.contains(&true) && !passes.iter().any(|other| other.may_speak_of(pass))
    };
    let wanting = passes.iter().filter(wants);
    wanting.map(|p| p.scale * WITNESS).min_by(f32::total_cmp)
}

/// Lowers the scores of doubtful faces that no coarser pass sees. `witness` is one that was made for
/// its opinion; what it finds besides is nobody's.
pub(crate) fn discount(passes: &mut [Found], witness: Option<&Found>) {
    let lone: Vec<Vec<bool>> = passes
        .iter()
        .map(|pass| {
            let coarser: Vec<&Found> = passes
                .iter()
                .chain(witness)
                .filter(|other| other.may_speak_of(pass))
                .collect();
            let alone = |(c, doubtful): (&Candidate, &bool)| {
                *doubtful && !coarser.is_empty() && !coarser.iter().any(|other| other.sees(c))
            };
            pass.candidates
                .iter()
                .zip(&pass.doubtful)
                .map(alone)
                .collect()
        })
        .collect();
    for (pass, lone) in passes.iter_mut().zip(lone) {
        for (candidate, lone) in pass.candidates.iter_mut().zip(lone) {
            if lone {
                candidate.score *= LONE_TRUST;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(x0: f32, side: f32) -> Candidate {
        Candidate {
            class: Class::Face,
            score: 0.8,
            x0,
            y0: 0.0,
            x1: x0 + side,
            y1: side,
        }
    }

    fn pass(scale: f32, candidates: &[Candidate]) -> Found {
        Found::new(scale, true, candidates.to_vec(), |_| true)
    }

    /// Scores that are left of the first pass.
    fn left(mut passes: Vec<Found>, witness: Option<Found>) -> Vec<f32> {
        discount(&mut passes, witness.as_ref());
        passes[0].candidates.iter().map(|c| c.score).collect()
    }

    #[test]
    fn a_large_featureless_face_that_the_coarser_pass_does_not_see_counts_for_less() {
        let fine = [face(0.0, 200.0), face(500.0, 200.0), face(900.0, 90.0)];
        let coarse = pass(0.5, &[face(510.0, 190.0)]);
        let scores = left(vec![pass(1.0, &fine), coarse], None);
        assert!(scores[0] < 0.3 && scores[1..] == [0.8, 0.8], "{scores:?}");
    }

    #[test]
    fn an_opinion_is_asked_for_where_no_coarser_pass_has_one() {
        let large = [face(0.0, 200.0)];
        let alone = vec![pass(1.0, &large), pass(2.0, &[])];
        assert_eq!(witness_scale(&alone), Some(0.5));
        assert!(left(alone, Some(pass(0.5, &[])))[0] < 0.3);
        assert_eq!(
            left(vec![pass(1.0, &large)], Some(pass(0.5, &large))),
            [0.8]
        );
        assert_eq!(witness_scale(&[pass(1.0, &large), pass(0.5, &[])]), None);
        assert_eq!(
            witness_scale(&[pass(0.25, &large), pass(1.0, &[face(0.0, 90.0)])]),
            None
        );
        let weak = Candidate {
            score: 0.29,
            ..large[0]
        };
        assert_eq!(witness_scale(&[pass(1.0, &[weak])]), None);
    }

    #[test]
    fn a_large_face_with_features_needs_no_opinion() {
        let plain = Found::new(1.0, true, vec![face(0.0, 200.0)], |_| false);
        assert_eq!(left(vec![plain, pass(0.5, &[])], None), [0.8]);
    }

    #[test]
    fn without_an_opinion_nothing_changes() {
        let fine = [face(0.0, 200.0)];
        assert_eq!(left(vec![pass(1.0, &fine)], None), [0.8]);
        let mut part = pass(0.5, &[]);
        part.whole = false;
        assert_eq!(left(vec![pass(1.0, &fine), part], None), [0.8]);
    }

    #[test]
    fn a_plate_is_no_face_and_one_pass_that_agrees_is_enough() {
        let mut plate = face(0.0, 200.0);
        plate.class = Class::Plate;
        let passes = vec![pass(1.0, &[plate]), pass(0.5, &[])];
        assert_eq!(left(passes, None), [0.8]);
        let fine = [face(0.0, 200.0)];
        let passes = vec![pass(1.0, &fine), pass(0.5, &[plate]), pass(0.125, &fine)];
        assert_eq!(left(passes, None), [0.8]);
    }
}
