//! Which chains are covered. What the detector found above `strong` is never dropped; weak
//! sightings count only as company of strong ones, or when there are many in a row.

use crate::ClassSettings;
use crate::chain::{Chain, Sight};
use crate::shot::Shot;

/// A chain of fewer strong sightings than this is no more than a moment: weak ones count only as
/// far from it as it is carried anyway. What is false has one strong sighting among many weak
/// ones more often than what is true.
const FIRM: usize = 2;

/// The chain as far as it is believed, or None when none of it is.
pub(crate) fn believed(shot: &Shot<'_>, mut chain: Chain, set: &ClassSettings) -> Option<Chain> {
    let strong = |s: &Sight| s.score >= set.strong;
    let Some(first) = chain.sights.iter().position(strong) else {
        return is_steady(&chain.sights, set).then_some(chain);
    };
    let last = chain.sights.iter().rposition(strong).unwrap_or(first);
    let firm = chain.sights.iter().filter(|s| strong(s)).count() >= FIRM;
    let run_s = if firm {
        set.weak_run_s
    } else {
        set.carry_after_s
    };
    let far = |a: usize, b: usize| {
        let times = [a, b].map(|i| shot.time(chain.sights[i].frame));
        (times[0] - times[1]).abs() > run_s
    };
    // Weak runs at either end, as far as they are too long and not steady in themselves.
    let mut range = 0..chain.sights.len();
    if !is_steady(&chain.sights[..first], set) {
        range.start = (0..first).find(|&i| !far(i, first)).unwrap_or(first);
    }
    if !is_steady(&chain.sights[last + 1..], set) {
        let end = (last + 1..range.end).find(|&i| far(i, last));
        range.end = end.unwrap_or(range.end);
    }
    chain.sights.truncate(range.end);
    chain.sights.drain(..range.start);
    Some(chain)
}

/// Whether a row of weak sightings is believed without a strong one.
fn is_steady(sights: &[Sight], set: &ClassSettings) -> bool {
    let sum: f32 = sights.iter().map(|s| s.score).sum();
    sights.len() >= set.steady_sights && sum >= set.steady_score * sights.len() as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shot::tests::{SIZE, clip};
    use crate::shot::{rising_times, shots};
    use crate::{Sensitivity, TrackSettings};
    use scrim_units::{Class, PxBox};

    /// How many sightings of a chain with these scores, one a frame, are believed.
    fn left(scores: &[f32]) -> usize {
        let frames = clip(scores.len(), |_| vec![]);
        let times = rising_times(&frames);
        let sights = scores.iter().enumerate().map(|(frame, &score)| Sight {
            frame,
            at: PxBox::around(50.0, 50.0, 20.0, 20.0),
            score,
        });
        let chain = Chain {
            class: Class::Face,
            sights: sights.collect(),
        };
        let mut settings = TrackSettings::for_sensitivity(Sensitivity::Publish);
        settings.face.weak_run_s = 0.4;
        settings.face.carry_after_s = 0.22;
        let shot = shots(SIZE, &frames, &times)[0];
        believed(&shot, chain, &settings.face).map_or(0, |c| c.sights.len())
    }

    #[test]
    fn a_few_weak_sightings_are_dropped_and_one_strong_one_is_kept() {
        assert_eq!(left(&[0.2; 4]), 0);
        assert_eq!(left(&[0.5]), 1);
    }

    #[test]
    fn a_long_steady_row_of_weak_sightings_is_believed() {
        assert_eq!(left(&[0.42; 8]), 8);
        assert_eq!(left(&[0.17; 8]), 0);
    }

    #[test]
    fn weak_sightings_around_a_single_strong_one_count_for_a_moment() {
        let mut scores = [0.17; 31];
        scores[15] = 0.9;
        assert_eq!(left(&scores), 5 + 1 + 5);
    }

    #[test]
    fn weak_sightings_far_from_any_strong_one_are_cut_off() {
        let mut scores = [0.17; 61];
        scores[25] = 0.9;
        scores[35] = 0.9;
        assert_eq!(left(&scores), 10 + 11 + 10);
    }
}
