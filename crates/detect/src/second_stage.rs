//! The second stage: what the first one suspects, looked at again by itself.
//!
//! The first stage looks at whole pictures, so it must be small. The second is a network of the
//! same form over a square patch around a box, always at one size (`training/second_stage.py`);
//! it says of a place how sure it is of a face and of a plate, and nothing else. Knows boxes,
//! scores and the upright picture; what a look consists of it does not know.

mod memory;
mod patch;

use crate::anchors::{Candidate, logit, sigmoid};
use crate::look::DetectError;
use crate::network::{NetInput, Network, NetworkError, Workspace};
use crate::preprocess::{Prepared, Scaled};
use crate::weights::{SecondWeights, Weights};
pub(crate) use memory::Memory;
use memory::Turn;
use patch::{Pyramid, SIDE};

/// Scores of the first stage from which a place is looked at again: (face, plate).
pub(crate) const SUSPECTED: [f32; 2] = [0.03, 0.05];

/// Scores between which one verdict is not enough.
const DOUBTED: std::ops::Range<f32> = 0.1..0.9;

/// What all verdicts of a look may cost, as a share of what its passes read, times their number: a
/// photo's look has many passes and judges whatever is suspected, a frame's has one or two. Cutting
/// the patches comes on top.
const SHARE: f64 = 0.15;

/// Verdicts that a look of any size may cost: those of a small picture cost next to nothing.
const LEAST: usize = 8;

/// Verdicts that are worth a thread.
const GRAIN: usize = 4;

/// Both networks of a set of weights.
pub struct Cascade {
    first: Network,
    second: Option<SecondStage>,
}

impl Cascade {
    /// Of weights for each stage; without a second one the first one's scores stand.
    ///
    /// # Errors
    /// [`NetworkError`] when the kernels do not take them.
    pub fn new(first: Weights, second: Option<SecondWeights>) -> Result<Self, NetworkError> {
        Ok(Self {
            first: Network::new(first)?,
            second: second.map(SecondStage::new).transpose()?,
        })
    }

    /// The network that looks at whole pictures.
    #[must_use]
    pub const fn first(&self) -> &Network {
        &self.first
    }

    /// The network that looks again, where there is one.
    #[must_use]
    pub fn second(&self) -> Option<&Network> {
        self.second.as_ref().map(|stage| &stage.network)
    }

    pub(crate) const fn stage(&self) -> Option<&SecondStage> {
        self.second.as_ref()
    }
}

/// The second network, and what its word counts beside the first one's.
pub(crate) struct SecondStage {
    network: Network,
    first_counts: [f32; 2],
}

impl SecondStage {
    fn new(second: SecondWeights) -> Result<Self, NetworkError> {
        Ok(Self {
            network: Network::new(second.weights)?,
            first_counts: second.first_counts,
        })
    }

    /// Gives places the scores of both stages together: the logits added, the first one's by what
    /// it counts (`training/fuse.py`). What stays in doubt is looked at as in a mirror too: the
    /// mean of two verdicts is wrong less often than either. What `memory` has of the looks before
    /// may add to a verdict.
    ///
    /// `pixels` bounds the cost: so many are read by all verdicts at most, times [`SHARE`], or by
    /// [`LEAST`]. The
    /// places take turns ([`memory`]); those of which nothing was said lately keep their scores.
    /// Afterwards they stand in the order of their turns. `others` are for as many more threads at
    /// most; the scores are the same for any number.
    pub(crate) fn judge(
        &self,
        picture: &Prepared,
        places: &mut [Candidate],
        pixels: f64,
        memory: &mut Memory,
        (own, others): (&mut Workspace, &mut [Workspace]),
    ) -> Result<(), DetectError> {
        let most = LEAST.max((SHARE * pixels / (SIDE * SIDE) as f64).ceil() as usize);
        let turns = memory.turns(places);
        for (place, turn) in places.iter_mut().zip(&turns) {
            *place = turn.place;
        }
        let judged = &places[..most.min(places.len())];
        let pyramid = Pyramid::for_places(picture, judged);
        let mut verdicts = self.verdicts(&pyramid, judged, false, (own, others))?;
        let mut doubted: Vec<_> = (0..judged.len())
            .filter(|&at| DOUBTED.contains(&self.score(&turns[at], Some(verdicts[at]))))
            .collect();
        doubted.truncate(most - judged.len());
        let boxes: Vec<_> = doubted.iter().map(|&at| judged[at]).collect();
        let mirrored = self.verdicts(&pyramid, &boxes, true, (own, others))?;
        for (at, mirrored) in doubted.into_iter().zip(mirrored) {
            verdicts[at] = (verdicts[at] + mirrored) / 2.0;
        }
        for (at, place) in places.iter_mut().enumerate() {
            place.score = self.score(&turns[at], verdicts.get(at).copied());
        }
        memory.keep(&turns, &verdicts);
        Ok(())
    }

    /// The score of a place, with a new verdict or without.
    fn score(&self, turn: &Turn, verdict: Option<f32>) -> f32 {
        let first = turn.place;
        turn.said(verdict).map_or(first.score, |said| {
            sigmoid(self.first_counts[first.class.index()] * logit(first.score) + said)
        })
    }

    /// The verdict on each place, as in a mirror if asked, in their order.
    fn verdicts(
        &self,
        pyramid: &Pyramid<'_>,
        places: &[Candidate],
        mirrored: bool,
        (own, others): (&mut Workspace, &mut [Workspace]),
    ) -> Result<Vec<f32>, DetectError> {
        let one = |place: &Candidate, workspace: &mut Workspace| {
            let mut patch = pyramid.patch(place);
            if mirrored {
                patch.mirror();
            }
            Ok::<_, DetectError>(self.verdict(&patch, workspace)?[place.class.index()])
        };
        let all = |part: &[Candidate], workspace: &mut Workspace| {
            let verdicts = part.iter().map(|place| one(place, workspace));
            verdicts.collect::<Result<Vec<_>, _>>()
        };
        let threads = (1 + others.len()).min(places.len() / GRAIN).max(1);
        let (mine, rest) = places.split_at(places.len().div_ceil(threads));
        std::thread::scope(|scope| {
            let parts = rest.chunks(mine.len().max(1)).zip(others);
            let parts = parts.map(|(part, workspace)| scope.spawn(move || all(part, workspace)));
            let parts: Vec<_> = parts.collect();
            let mut verdicts = all(mine, own)?;
            for part in parts {
                let part = part.join().unwrap_or_else(|e| std::panic::resume_unwind(e));
                verdicts.extend(part?);
            }
            Ok(verdicts)
        })
    }

    fn verdict(&self, patch: &Scaled, workspace: &mut Workspace) -> Result<[f32; 2], DetectError> {
        let bgr = patch.0.each_ref().map(|plane| &plane.data[..]);
        let input = NetInput::planar(bgr, SIDE, SIDE, SIDE)?;
        Ok(self.network.middle(&input, workspace)?)
    }
}

#[cfg(test)]
mod tests {
    use super::patch::tests::{picture, place};
    use super::*;
    use crate::anchors::Class;
    use crate::weights::Variant;
    use scrim_pixels::level::Level;
    use scrim_raw::{Family, FrameInfo, Layout, RawFrame};
    use scrim_units::Size;

    fn stage() -> SecondStage {
        let weights = SecondWeights::embedded(Variant::City).unwrap_or_else(|e| panic!("{e}"));
        SecondStage::new(weights).unwrap_or_else(|e| panic!("{e}"))
    }

    /// Stripes of many widths in three colours; seen in a mirror if asked.
    fn stripes(mirrored: bool) -> Prepared {
        let size = Size {
            width: 200,
            height: 200,
        };
        let info = FrameInfo::picture(size, Layout::packed(Family::Rgb, false, 8));
        let places = (0..200_u32).flat_map(|y| (0..200_u32).map(move |x| (x, y)));
        let level = |x: u32, y: u32, by: u32| (x * x / by + 3 * y) as u8;
        let pixels = places.flat_map(|(x, y)| {
            let x = if mirrored { 199 - x } else { x };
            [level(x, y, 40), level(x, y, 70), level(x, y, 100)]
        });
        let frame =
            RawFrame::new(0, info, vec![pixels.collect()]).unwrap_or_else(|e| panic!("{e}"));
        Prepared::of(&frame, Level::best())
    }

    #[test]
    fn a_place_in_doubt_and_its_mirror_image_get_the_same_score() {
        let stage = stage();
        let score = |mirrored: bool, first: f32| {
            // A square of 96 px, which is not scaled, in the middle.
            let mut places = [Candidate {
                score: first,
                ..place(86.3, 86.3, 113.7, 113.7)
            }];
            stage
                .judge(
                    &stripes(mirrored),
                    &mut places,
                    1e9,
                    &mut Memory::default(),
                    (&mut Workspace::new(), &mut []),
                )
                .unwrap_or_else(|e| panic!("{e}"));
            places[0].score
        };
        // From hardly to almost certainly, so that some end in doubt, much as the weights may say of
        // stripes.
        let firsts = (-50..=50).map(|i| sigmoid(i as f32 * 0.3));
        let scores = firsts.map(|first| (score(false, first), score(true, first)));
        let doubted: Vec<_> = scores.filter(|(s, _)| (0.2..0.8).contains(s)).collect();
        assert!(!doubted.is_empty(), "nothing was in doubt");
        assert!(doubted.iter().all(|(a, b)| a == b), "{doubted:?}");
    }

    #[test]
    fn scores_are_the_same_for_any_number_of_threads() {
        let (stage, picture) = (stage(), stripes(false));
        let judged = |threads: usize| {
            let mut places: Vec<_> = (0..23)
                .map(|i| {
                    let at = 4.0 * i as f32;
                    Candidate {
                        score: (i + 1) as f32 / 25.0,
                        ..place(at, at / 2.0, at + 20.0 + at, at / 2.0 + 25.0 + at)
                    }
                })
                .collect();
            let mut others: Vec<_> = (1..threads).map(|_| Workspace::new()).collect();
            stage
                .judge(
                    &picture,
                    &mut places,
                    1e9,
                    &mut Memory::default(),
                    (&mut Workspace::new(), &mut others),
                )
                .unwrap_or_else(|e| panic!("{e}"));
            // What has judged nothing holds nothing.
            let idle = others.iter().filter(|other| other.footprint() == 0);
            (places, others.len() - idle.count())
        };
        let (alone, _) = judged(1);
        assert_eq!(judged(2), (alone.clone(), 1));
        // Of 23 places four and more a thread.
        assert_eq!(judged(5), (alone.clone(), 4));
        assert_eq!(judged(7), (alone, 4));
    }

    #[test]
    fn what_may_be_spent_goes_to_the_most_undecided_places_and_others_keep_their_scores() {
        let (stage, picture) = (stage(), picture(200, 200));
        let at = |score: f32, class: Class| Candidate {
            score,
            class,
            ..place(80.0, 80.0, 120.0, 120.0)
        };
        let rest = [
            at(0.25, Class::Face),
            at(0.4, Class::Plate),
            at(0.05, Class::Face),
        ];
        let mut before = vec![at(0.3, Class::Face); LEAST];
        before.extend(rest);
        let kept = |verdicts: usize| {
            let mut places = before.clone();
            let pixels = (verdicts * SIDE * SIDE) as f64 / SHARE - 1.0;
            stage
                .judge(
                    &picture,
                    &mut places,
                    pixels,
                    &mut Memory::default(),
                    (&mut Workspace::new(), &mut []),
                )
                .unwrap_or_else(|e| panic!("{e}"));
            rest.map(|c| places.contains(&c))
        };
        // So many at least, however small the picture is.
        assert_eq!(kept(0), [true; 3]);
        assert_eq!(kept(LEAST + 1), [false, true, true]);
        assert_eq!(kept(LEAST + 2), [false, false, true]);
        assert_eq!(kept(LEAST + 3), [false; 3]);
    }
}
