//! The second stage: what the first one suspects, looked at again by itself.
//!
//! The first stage looks at whole pictures, so it must be small. The second is a network of the
//! same form over a square patch around a box, always at one size (`training/second_stage.py`);
//! it says of a place how sure it is of a face and of a plate, and nothing else. Knows boxes,
//! scores and the upright picture; what a look consists of it does not know.

mod memory;
mod patch;

use crate::anchors::{Candidate, Class, logit, sigmoid};
use crate::look::DetectError;
use crate::network::{NetInput, Network, NetworkError, Workspace};
use crate::preprocess::{Prepared, Scaled};
use crate::share::shared;
use crate::third_stage::{self, ThirdStage};
use crate::weights::{SecondWeights, Weights};
pub(crate) use memory::Memory;
use memory::{Turn, UNDECIDED};
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

/// Places that the look at a large photo judges at most: the surest ones by the first stage's scores.
/// Of kept pictures enlarged to 12 megapixels it suspects many hundreds, most of them in blur and
/// grain, and a second verdict on those in doubt finds more than a first one on the weakest.
const MOST: usize = 400;

/// Verdicts that are worth a thread.
const GRAIN: usize = 4;

/// Scores of a face by the first two stages between which the third one is asked.
const ASKED: std::ops::Range<f32> = 0.1..0.95;

/// What all words of the third stage in a look may cost, as [`SHARE`] says it of verdicts.
const ASKED_SHARE: f64 = 0.5;

/// Pixels that the first stage reads in the time of one word of the third, with AVX2; with AVX-512 a word
/// costs no more than that, and less where it comes with products of bfloat16.
const WORD: f64 = 150_000.0;

/// Words that a look of any size may cost.
const LEAST_WORDS: usize = 6;

/// The networks of a set of weights.
pub struct Cascade {
    first: Network,
    second: Option<SecondStage>,
}

impl Cascade {
    /// Of weights or a network for each stage; without a second one the first one's scores stand, and
    /// nothing is asked of a third.
    ///
    /// # Errors
    /// [`NetworkError`] when the kernels do not take them.
    pub fn new(
        first: Weights,
        second: Option<SecondWeights>,
        third: Option<ThirdStage>,
    ) -> Result<Self, NetworkError> {
        let second = second.map(|second| SecondStage::new(second, third));
        Ok(Self {
            first: Network::new(first)?,
            second: second.transpose()?,
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

    /// SHA-256 of the weights of the network that is asked last, where there is one.
    #[must_use]
    pub fn third_sha256(&self) -> Option<&str> {
        let third = self.second.as_ref()?.third.as_ref()?;
        Some(third.sha256())
    }

    pub(crate) const fn stage(&self) -> Option<&SecondStage> {
        self.second.as_ref()
    }
}

/// The second network, what its word counts beside the first one's, and whom it asks in turn.
pub(crate) struct SecondStage {
    network: Network,
    first_counts: [f32; 2],
    third: Option<ThirdStage>,
}

impl SecondStage {
    fn new(second: SecondWeights, third: Option<ThirdStage>) -> Result<Self, NetworkError> {
        Ok(Self {
            network: Network::new(second.weights)?,
            first_counts: second.first_counts,
            third,
        })
    }

    /// Gives places the scores of both stages together: the logits added, the first one's by what
    /// it counts (`training/fuse.py`). What stays in doubt is looked at as in a mirror too: the
    /// mean of two verdicts is wrong less often than either. Of the faces that are in doubt even so,
    /// the third stage is asked. What `memory` has of the looks before may add to a verdict.
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
        let mut turns = memory.turns(places);
        if most > MOST {
            weakest_last(&mut turns, MOST);
        }
        for (place, turn) in places.iter_mut().zip(&turns) {
            *place = turn.place;
        }
        let judged = &places[..most.min(MOST).min(places.len())];
        let pyramid = Pyramid::for_places(picture, judged, 1 + others.len());
        let (judged, more) = (&turns[..judged.len()], most - judged.len());
        let mut verdicts = self.verdicts(&pyramid, judged, more, (&mut *own, &mut *others))?;
        self.ask(&pyramid, &turns, &mut verdicts, pixels, (own, others))?;
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

    /// Asks the third stage, where there is one, of the faces among the judged places whose scores
    /// are in doubt, the most undecided first, as many as its share allows; its word goes into their
    /// verdicts.
    fn ask(
        &self,
        pyramid: &Pyramid<'_>,
        turns: &[Turn],
        verdicts: &mut [f32],
        pixels: f64,
        workspaces: (&mut Workspace, &mut [Workspace]),
    ) -> Result<(), DetectError> {
        let Some(third) = &self.third else {
            return Ok(());
        };
        let most = LEAST_WORDS.max((ASKED_SHARE * pixels / WORD).ceil() as usize);
        let scored = turns.iter().zip(&*verdicts).enumerate();
        let faces = scored.filter(|(_, (turn, _))| turn.place.class == Class::Face);
        let mut doubted: Vec<_> = faces
            .map(|(at, (turn, verdict))| (at, self.score(turn, Some(*verdict))))
            .filter(|(_, score)| ASKED.contains(score))
            .collect();
        let distance = |score: f32| (logit(score) - logit(UNDECIDED)).abs();
        doubted.sort_by(|a, b| distance(a.1).total_cmp(&distance(b.1)));
        doubted.truncate(most);
        let asked = shared(&doubted, 1, workspaces, |(at, _), workspace| {
            let (place, second) = (&turns[*at].place, verdicts[*at]);
            let patch = pyramid.patch_of(place, third_stage::SIDE);
            let first = logit(place.score);
            let all = third.logit([first, second], &patch, &mut workspace.third)?;
            // What the first one's word counts is added in `score`.
            Ok::<_, DetectError>(all - self.first_counts[place.class.index()] * first)
        })?;
        for ((at, _), word) in doubted.into_iter().zip(asked) {
            verdicts[at] = word;
        }
        Ok(())
    }

    /// The verdicts on places; of those in doubt, `more` of them at most, the mean with one as in a
    /// mirror.
    fn verdicts(
        &self,
        pyramid: &Pyramid<'_>,
        turns: &[Turn],
        more: usize,
        (own, others): (&mut Workspace, &mut [Workspace]),
    ) -> Result<Vec<f32>, DetectError> {
        let looked = shared(
            turns,
            GRAIN,
            (&mut *own, &mut *others),
            |turn, workspace| {
                let patch = pyramid.patch(&turn.place);
                let verdict = self.verdict(&patch, turn.place.class, workspace)?;
                Ok((verdict, patch))
            },
        )?;
        let (mut verdicts, patches): (Vec<_>, Vec<_>) = looked.into_iter().unzip();
        let mut doubted: Vec<_> = (0..turns.len())
            .filter(|&at| DOUBTED.contains(&self.score(&turns[at], Some(verdicts[at]))))
            .collect();
        doubted.truncate(more);
        let mirrored = shared(&doubted, GRAIN, (own, others), |&at, workspace| {
            self.verdict(&patches[at].mirrored(), turns[at].place.class, workspace)
        })?;
        for (at, mirrored) in doubted.into_iter().zip(mirrored) {
            verdicts[at] = (verdicts[at] + mirrored) / 2.0;
        }
        Ok(verdicts)
    }

    /// How sure a patch is to show a thing of this class in its middle.
    fn verdict(
        &self,
        patch: &Scaled,
        class: Class,
        workspace: &mut Workspace,
    ) -> Result<f32, DetectError> {
        let bgr = patch.0.each_ref().map(|plane| &plane.data[..]);
        let input = NetInput::planar(bgr, SIDE, SIDE, SIDE)?;
        Ok(self.network.middle(&input, workspace)?[class.index()])
    }
}

/// Puts those at the end that are not surely among the `most` with the highest scores of the first
/// stage; the others keep their order.
fn weakest_last(turns: &mut [Turn], most: usize) {
    let mut scores: Vec<_> = turns.iter().map(|turn| turn.place.score).collect();
    if scores.len() > most {
        let (_, least, _) = scores.select_nth_unstable_by(most, |a, b| b.total_cmp(a));
        turns.sort_by_key(|turn| turn.place.score <= *least);
    }
}

#[cfg(test)]
mod tests;
