//! The second stage: what the first one suspects, looked at again by itself.
//!
//! The first stage looks at whole pictures, so it must be small. The second is a network of the
//! same form over a square patch around a box, always at one size (`training/second_stage.py`);
//! it says of a place how sure it is of a face and of a plate, and nothing else. Knows boxes,
//! scores and the upright picture; what a look consists of it does not know.

use crate::anchors::{Candidate, logit, sigmoid};
use crate::look::DetectError;
use crate::network::{NetInput, Network, NetworkError, Workspace};
use crate::preprocess::{Prepared, Scaled};
use crate::weights::{SecondWeights, Weights};
use scrim_pixels::level::Level;
use scrim_pixels::scale::Grid;

/// Pixels of a patch, both ways.
const SIDE: usize = 96;

/// Side of what a patch shows, in sides of the square with the box's area.
const CONTEXT: f32 = 3.5;

/// Around a smaller square there is nothing to see, pixels.
const LEAST_SQUARE: f32 = 12.0;

/// Around a larger one there is no picture, pixels.
const LARGEST_SQUARE: f32 = 65_536.0;

/// Scores of the first stage from which a place is looked at again: (face, plate).
pub(crate) const SUSPECTED: [f32; 2] = [0.03, 0.05];

/// Scores between which one verdict is not enough.
const DOUBTED: std::ops::Range<f32> = 0.1..0.9;

/// What all verdicts of a look may cost, as a share of what its passes read, times their number: a
/// photo's look has many passes and judges whatever is suspected, a frame's has one or two. Cutting
/// the patches comes on top.
const SHARE: f64 = 0.15;

/// How much sooner a place of a class (face, plate) has its turn than its score says: what might
/// be a plate is more often nothing.
const URGENCY: [f32; 2] = [1.0, 0.5];

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
    /// mean of two verdicts is wrong less often than either.
    ///
    /// `pixels` bounds the cost: so many are read by all verdicts at most, times [`SHARE`]. The
    /// surest places have their turn first; those that have none keep their scores. `others` are
    /// for as many more threads at most; the scores are the same for any number.
    pub(crate) fn judge(
        &self,
        picture: &Prepared,
        places: &mut [Candidate],
        pixels: f64,
        (own, others): (&mut Workspace, &mut [Workspace]),
    ) -> Result<(), DetectError> {
        let most = (SHARE * pixels / (SIDE * SIDE) as f64).ceil() as usize;
        let urgency = |place: &Candidate| URGENCY[place.class.index()] * place.score;
        places.sort_by(|a, b| urgency(b).total_cmp(&urgency(a)));
        let judged = most.min(places.len());
        let pyramid = Pyramid::for_places(picture, &places[..judged]);
        let straight = self.verdicts(&pyramid, &places[..judged], false, (own, others))?;
        let mut doubted = Vec::new();
        for (place, verdict) in places.iter_mut().zip(straight) {
            let first = self.first_counts[place.class.index()] * logit(place.score);
            place.score = sigmoid(first + verdict);
            if DOUBTED.contains(&place.score) {
                doubted.push((place, first, verdict));
            }
        }
        doubted.truncate(most - judged);
        let boxes: Vec<_> = doubted.iter().map(|(place, ..)| **place).collect();
        let mirrored = self.verdicts(&pyramid, &boxes, true, (own, others))?;
        for ((place, first, straight), mirrored) in doubted.into_iter().zip(mirrored) {
            place.score = sigmoid(first + (straight + mirrored) / 2.0);
        }
        Ok(())
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

/// A picture at its size and halved again and again: a patch of a large place is cut from a reduced
/// copy, which costs no more than that of a small one.
struct Pyramid<'a> {
    picture: &'a Prepared,
    halved: Vec<Scaled>,
}

impl<'a> Pyramid<'a> {
    /// As deep as the patches of these places need it.
    fn for_places(picture: &'a Prepared, places: &[Candidate]) -> Self {
        let depth = places.iter().map(halvings).max().unwrap_or(0);
        let mut halved: Vec<Scaled> = Vec::with_capacity(depth);
        for _ in 0..depth {
            let last = halved.last().map_or(picture.planes(), |scaled| &scaled.0);
            let half = Scaled::half_of(last);
            halved.push(half);
        }
        Self { picture, halved }
    }

    fn level(&self, halvings: usize) -> &[Grid; 3] {
        match halvings.checked_sub(1) {
            Some(at) => &self.halved[at].0,
            None => self.picture.planes(),
        }
    }

    /// The square around a place, 0 where the picture has ended. The place is one of those that
    /// the pyramid was made for.
    fn patch(&self, place: &Candidate) -> Scaled {
        let halvings = halvings(place);
        let planes = self.level(halvings);
        let scale = 0.5_f32.powi(halvings as i32);
        let square = (square(place) * scale).round();
        let start = |low: f32, high: f32| (((low + high) * scale - square) / 2.0 + 0.5).floor();
        let from = (start(place.x0, place.x1), start(place.y0, place.y1));
        let from = (from.0 as i64, from.1 as i64);
        Scaled::square_of(planes, from, square as i64, SIDE, Level::best())
    }
}

/// Side of what the patch of a place shows, pixels.
fn square(place: &Candidate) -> f32 {
    let area = (place.x1 - place.x0) * (place.y1 - place.y0);
    let square = (CONTEXT * area.max(0.0).sqrt()).round();
    square.clamp(LEAST_SQUARE, LARGEST_SQUARE)
}

/// How often the picture is halved before the patch of a place is cut from it.
fn halvings(place: &Candidate) -> usize {
    (square(place) / SIDE as f32).log2().max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anchors::Class;
    use crate::weights::Variant;
    use scrim_raw::{Family, FrameInfo, Layout, RawFrame};
    use scrim_units::Size;

    fn picture(width: u32, height: u32) -> Prepared {
        let info = FrameInfo::picture(
            Size { width, height },
            Layout::packed(Family::Rgb, false, 8),
        );
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let pixels = places.flat_map(|(x, y)| [x as u8, y as u8, 7]).collect();
        let frame = RawFrame::new(0, info, vec![pixels]).unwrap_or_else(|e| panic!("{e}"));
        Prepared::of(&frame, Level::best())
    }

    /// The patch of a place.
    fn cut(picture: &Prepared, place: &Candidate) -> Scaled {
        Pyramid::for_places(picture, std::slice::from_ref(place)).patch(place)
    }

    fn place(x0: f32, y0: f32, x1: f32, y1: f32) -> Candidate {
        Candidate {
            class: Class::Face,
            score: 0.3,
            x0,
            y0,
            x1,
            y1,
        }
    }

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
        assert_eq!(halvings(&place), 1);
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
    fn what_may_be_spent_goes_to_the_surest_places_and_others_keep_their_scores() {
        let (stage, picture) = (stage(), picture(200, 200));
        let at = |score: f32, class: Class| Candidate {
            score,
            class,
            ..place(80.0, 80.0, 120.0, 120.0)
        };
        let before = [
            at(0.2, Class::Face),
            at(0.3, Class::Plate),
            at(0.05, Class::Face),
        ];
        let judged = |verdicts: f64| {
            let mut places = before;
            let pixels = verdicts * (SIDE * SIDE) as f64 / SHARE - 1.0;
            stage
                .judge(
                    &picture,
                    &mut places,
                    pixels,
                    (&mut Workspace::new(), &mut []),
                )
                .unwrap_or_else(|e| panic!("{e}"));
            let same = |c: &Candidate| before.contains(c);
            places.map(|c| same(&c))
        };
        assert_eq!(judged(0.0), [true; 3]);
        // A plate's turn comes as if its score were half as high.
        assert_eq!(judged(1.0), [false, true, true]);
        assert_eq!(judged(2.0), [false, false, true]);
        assert_eq!(judged(3.0), [false; 3]);
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
