//! What was said of places in the last looks at the same scene, and whose turn it is now.
//!
//! There is time for some dozens of verdicts a look, and in a crowd there are hundreds of places.
//! They take turns: a place that had its verdict a look ago waits, and what was said of it then
//! still counts. A place is the same when its box lies nearly where it lay; of what it shows
//! nothing is kept. Knows boxes, scores and looks; networks and pictures it does not know.

use crate::anchors::{Candidate, logit};
use crate::nms::{Cells, overlap};

/// Overlap (IoU) from which a box is that of a place in an earlier look.
const SAME: f32 = 0.5;

/// Looks for which a verdict counts.
const COUNTS: usize = 4;

/// Where a verdict decides most often: a score near which a place is covered or not, depending on
/// what else is seen of it.
pub(super) const UNDECIDED: f32 = 0.3;

/// By how many logits a place waits whose last verdict was given one, two, ... looks before.
const WAITS: [f32; 3] = [2.8, 1.4, 0.6];

/// A verdict given before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Said {
    pub(super) verdict: f32,
    /// How many looks ago, from 1.
    looks_ago: usize,
}

/// A place, and what was said of it before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Turn {
    pub(super) place: Candidate,
    pub(super) before: Option<Said>,
}

impl Turn {
    /// What counts of the place, if anything was said: a new verdict, or its mean with what counted
    /// before where that was surer, or that alone. Nothing takes from a new verdict: what stands there
    /// now may be something else.
    pub(super) fn said(&self, verdict: Option<f32>) -> Option<f32> {
        match (verdict, self.before) {
            (Some(new), Some(old)) => Some(new.max((new + old.verdict) / 2.0)),
            (new, old) => new.or(old.map(|said| said.verdict)),
        }
    }

    /// How far the place is from its turn, in logits: the nearest to undecided comes first, and what
    /// was judged lately waits.
    fn distance(&self) -> f32 {
        let waits = |said: Said| WAITS.get(said.looks_ago - 1).copied().unwrap_or(0.0);
        let undecided = (logit(self.place.score) - logit(UNDECIDED)).abs();
        undecided + self.before.map_or(0.0, waits)
    }
}

/// Verdicts of the last looks, each with the box that the place had when it was last seen.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    known: Vec<(Candidate, Said)>,
}

impl Memory {
    /// The places in the order of their turns. What was known of them is told, and forgotten here
    /// until [`Memory::keep`]; what is known of other places stays for its time.
    pub(super) fn turns(&mut self, places: &[Candidate]) -> Vec<Turn> {
        let boxes: Vec<_> = self.known.iter().map(|(at, _)| *at).collect();
        let mut cells = Cells::over(&boxes);
        for (number, at) in boxes.iter().enumerate() {
            cells.put(at, number);
        }
        let mut met = vec![false; boxes.len()];
        let turn = |place: &Candidate| {
            let same = |number: usize| {
                let share = overlap(&boxes[number], place);
                (boxes[number].class == place.class && share >= SAME).then_some((share, number))
            };
            let nearest = cells
                .near(place)
                .filter_map(same)
                .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
            Turn {
                place: *place,
                before: nearest.map(|(_, number)| {
                    met[number] = true;
                    self.known[number].1
                }),
            }
        };
        let mut turns: Vec<_> = places.iter().map(turn).collect();
        turns.sort_by(|a, b| a.distance().total_cmp(&b.distance()));
        let mut met = met.into_iter();
        self.known.retain(|_| met.next() == Some(false));
        turns
    }

    /// Keeps what counts of the places in this look, of which the first ones were judged; all that
    /// was known before becomes a look older.
    pub(super) fn keep(&mut self, turns: &[Turn], verdicts: &[f32]) {
        for (at, turn) in turns.iter().enumerate() {
            let new = verdicts.get(at).copied();
            if let Some(verdict) = turn.said(new) {
                let old = turn.before.filter(|_| new.is_none());
                let looks_ago = old.map_or(0, |said| said.looks_ago);
                self.known.push((turn.place, Said { verdict, looks_ago }));
            }
        }
        for (_, said) in &mut self.known {
            said.looks_ago += 1;
        }
        self.known.retain(|(_, said)| said.looks_ago <= COUNTS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anchors::Class;

    fn at(x0: f32, score: f32) -> Candidate {
        Candidate {
            class: Class::Face,
            score,
            x0,
            y0: 5.0,
            x1: x0 + 20.0,
            y1: 30.0,
        }
    }

    /// A look at `places`, of which the first in turn get this verdict: the turns.
    fn look(memory: &mut Memory, places: &[Candidate], judged: usize, verdict: f32) -> Vec<Turn> {
        let turns = memory.turns(places);
        memory.keep(&turns, &vec![verdict; judged]);
        turns
    }

    fn before(memory: &mut Memory, place: Candidate) -> Option<f32> {
        let turns = look(memory, &[place], 0, 0.0);
        turns[0].before.map(|said| said.verdict)
    }

    #[test]
    fn the_nearest_to_undecided_has_the_first_turn() {
        let scores = [0.99, 0.05, 0.35, 0.6, 0.2];
        let places: Vec<_> = (0..5).map(|i| at(100.0 * i as f32, scores[i])).collect();
        let turns = Memory::default().turns(&places);
        let order: Vec<_> = turns.iter().map(|turn| turn.place.score).collect();
        assert_eq!(order, [0.35, 0.2, 0.6, 0.05, 0.99]);
    }

    #[test]
    fn in_a_crowd_every_place_has_its_turn_before_its_last_verdict_is_forgotten() {
        let crowd: Vec<_> = (0..30).map(|i| at(100.0 * i as f32, 0.3)).collect();
        let mut memory = Memory::default();
        let mut forgotten = Vec::new();
        for round in 0..40 {
            let turns = look(&mut memory, &crowd, 10, 1.0);
            let unknown = turns[10..].iter().filter(|turn| turn.before.is_none());
            forgotten.push((round, unknown.count()));
        }
        // Two looks until all have had one.
        assert_eq!(forgotten[..2], [(0, 20), (1, 10)]);
        assert!(
            forgotten[2..].iter().all(|(_, unknown)| *unknown == 0),
            "{forgotten:?}"
        );
    }

    #[test]
    fn a_verdict_counts_for_so_many_looks_and_no_longer() {
        let mut memory = Memory::default();
        look(&mut memory, &[at(0.0, 0.3)], 1, 1.5);
        for _ in 0..COUNTS {
            assert_eq!(before(&mut memory, at(1.0, 0.4)), Some(1.5));
        }
        assert_eq!(before(&mut memory, at(1.0, 0.4)), None);
    }

    #[test]
    fn a_place_that_is_not_suspected_in_between_is_known_again() {
        let mut memory = Memory::default();
        look(&mut memory, &[at(0.0, 0.3)], 1, 1.5);
        look(&mut memory, &[], 0, 0.0);
        assert_eq!(before(&mut memory, at(0.0, 0.3)), Some(1.5));
    }

    #[test]
    fn a_verdict_counts_for_its_class_and_about_its_box_alone() {
        let said = |place: Candidate| {
            let mut memory = Memory::default();
            look(&mut memory, &[at(0.0, 0.3)], 1, 1.5);
            before(&mut memory, place)
        };
        assert_eq!(said(at(5.0, 0.9)), Some(1.5));
        assert_eq!(said(at(8.0, 0.3)), None);
        let plate = Candidate {
            class: Class::Plate,
            ..at(0.0, 0.3)
        };
        assert_eq!(said(plate), None);
    }

    #[test]
    fn a_verdict_follows_a_box_that_moves_from_look_to_look() {
        let mut memory = Memory::default();
        look(&mut memory, &[at(0.0, 0.3)], 1, 1.5);
        for x0 in [6.0, 12.0, 18.0] {
            assert_eq!(before(&mut memory, at(x0, 0.3)), Some(1.5));
        }
    }

    #[test]
    fn of_several_boxes_the_nearest_is_the_place() {
        let mut memory = Memory::default();
        let turns = memory.turns(&[at(0.0, 0.3), at(6.0, 0.31)]);
        memory.keep(&turns, &[1.0, 2.0]);
        assert_eq!(before(&mut memory, at(2.0, 0.3)), Some(1.0));
        let mut memory = Memory::default();
        memory.keep(&turns, &[1.0, 2.0]);
        assert_eq!(before(&mut memory, at(4.0, 0.3)), Some(2.0));
    }

    #[test]
    fn what_counted_before_adds_to_a_new_verdict_as_their_mean_and_takes_nothing_from_it() {
        let mut memory = Memory::default();
        look(&mut memory, &[at(0.0, 0.3)], 1, 2.0);
        let turns = look(&mut memory, &[at(0.0, 0.3)], 1, 1.0);
        assert_eq!(turns[0].said(Some(1.0)), Some(1.5));
        assert_eq!(turns[0].said(Some(3.0)), Some(3.0));
        assert_eq!(turns[0].said(None), Some(2.0));
        // And the mean is what counts in the next look, in which it is new again.
        let next = memory.turns(&[at(0.0, 0.3)]);
        assert_eq!(
            next[0].before,
            Some(Said {
                verdict: 1.5,
                looks_ago: 1
            })
        );
    }
}
