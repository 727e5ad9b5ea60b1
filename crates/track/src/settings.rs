//! Every number of the tracker that trades privacy against needless cover, by sensitivity.
//!
//! Scores are the detector's and no probabilities: another network needs other numbers here.
//! The example `cover_score` of the redact crate measures them on clips with known boxes.

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

impl Sensitivity {
    /// What every score is higher by than at `publish`.
    const fn stricter(self) -> f32 {
        match self {
            Self::Publish => 0.0,
            Self::Normal => 0.05,
            Self::Quick => 0.1,
        }
    }
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
    /// A sighting of this score is linked first, over a distance and over long gaps: which of
    /// two boxes is the same thing is another question than whether it is covered.
    pub clear: f32,
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
    /// The usual settings for video.
    ///
    /// Margins and times were chosen on made-up clips of the training pictures with the network v0,
    /// scores later and on such clips of kept pictures; another network needs other numbers.
    #[must_use]
    pub fn for_sensitivity(sensitivity: Sensitivity) -> Self {
        let settings = Self {
            face: ClassSettings::face(),
            plate: ClassSettings::plate(),
        }
        .with(|c| c.stricter(sensitivity.stricter()));
        match sensitivity {
            Sensitivity::Publish => settings,
            Sensitivity::Normal => settings.with(|c| ClassSettings {
                steady_sights: 10,
                gap_s: 1.2,
                weak_run_s: 2.0,
                margin: 0.15,
                ..c
            }),
            Sensitivity::Quick => settings.with(|c| ClassSettings {
                steady_sights: 12,
                gap_s: 0.8,
                weak_run_s: 1.0,
                carry_after_s: 0.1,
                carry_before_s: 0.1,
                margin: 0.12,
                speed_growth: 0.25,
                ..c
            }),
        }
    }

    /// The usual settings for single pictures, where nothing before or after can help: scores of
    /// their own. On pictures kept for it this covers no less in any band of size than one pass of
    /// the network at 0.3, with fewer regions that cover nothing.
    #[must_use]
    pub fn for_photos(sensitivity: Sensitivity) -> Self {
        let mut photo = Self::for_sensitivity(sensitivity);
        for (class, strong) in [
            (&mut photo.face, PHOTO_FACE),
            (&mut photo.plate, PHOTO_PLATE),
        ] {
            let strong = strong + sensitivity.stricter();
            class.steady_score += strong - class.strong;
            class.strong = strong;
        }
        photo
    }

    /// The settings of one class.
    #[must_use]
    pub fn of(&self, class: Class) -> &ClassSettings {
        match class {
            Class::Face => &self.face,
            Class::Plate => &self.plate,
        }
    }

    fn with(self, change: impl Fn(ClassSettings) -> ClassSettings) -> Self {
        Self {
            face: change(self.face),
            plate: change(self.plate),
        }
    }
}

impl ClassSettings {
    /// Below this score a sighting is nothing to the tracker.
    pub(crate) fn floor(&self) -> f32 {
        self.weak.min(self.strong)
    }

    /// The same, with every score higher by so much.
    fn stricter(self, by: f32) -> Self {
        Self {
            strong: self.strong + by,
            clear: self.clear + by,
            weak: self.weak + by,
            sure: self.sure + by,
            steady_score: self.steady_score + by,
            ..self
        }
    }
}

/// A face's strong score in photos.
const PHOTO_FACE: f32 = 0.42;

/// The same for plates: in video, lettering and lamps that stay in view for seconds are found again
/// and again, and the best of many scores is high.
const PHOTO_PLATE: f32 = 0.47;

impl ClassSettings {
    /// For faces, at the highest sensitivity.
    fn face() -> Self {
        Self {
            // The lowest scores, these and higher ones of plates, at which clips that were kept for it
            // had no more false regions than one look at each frame at 0.4 leaves. That was before
            // there was a second stage; in clips of people who are near they are more now, mostly
            // hands and backs of heads, so faces were left here.
            strong: 0.47,
            clear: 0.35,
            // The detector's floor: more of a face's way is found from there, and nothing false.
            weak: 0.12,
            sure: 0.67,
            // Two seconds of looks.
            steady_sights: 8,
            steady_score: 0.37,
            // A head turned away and back, a plate behind a post.
            gap_s: 1.5,
            // A round of all scales at the usual rate: what is seen less often is mostly noise.
            weak_gap_s: 0.4,
            weak_run_s: 4.0,
            // The frames in which a face turns away, or comes in at the picture's edge: half of
            // what was gained by longer ones was false.
            carry_after_s: 0.2,
            carry_before_s: 0.15,
            // At 0.15 one plate in a hundred was left with a corner out, and faces' false
            // regions were no fewer.
            margin: 0.2,
            // Half the blur of a shutter open for half the frame, and a late box.
            speed_growth: 0.25,
            doubt_growth: 0.5,
        }
    }

    /// For plates. Letters, lamps and grilles have high scores, and true plates higher ones.
    fn plate() -> Self {
        Self {
            // The lowest scores, to two hundredths, at which kept clips of plates have no more false
            // regions than one look at each frame at 0.4 leaves.
            strong: 0.58,
            clear: 0.41,
            // In kept clips as many plates are covered from here as from 0.19, at any sensitivity,
            // with fewer false regions; up to 0.31 it is the same.
            weak: 0.27,
            sure: 0.68,
            steady_score: 0.48,
            // For their height plates pass faster than faces, and blur more.
            speed_growth: 0.4,
            ..Self::face()
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
                assert!(m.clear <= l.clear);
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
    fn the_guide_names_the_scores_and_margins_that_are_used() {
        use Sensitivity::{Normal, Publish, Quick};
        const GUIDE: &str = include_str!("../../../docs/guide.md");
        for (name, level) in [("publish", Publish), ("normal", Normal), ("quick", Quick)] {
            let TrackSettings { face, plate, .. } = TrackSettings::for_sensitivity(level);
            let margin = (100.0 * face.margin).round();
            let told = format!("{:.2}, {:.2} | {margin} % |", face.strong, plate.strong);
            let row = GUIDE
                .lines()
                .find(|line| line.starts_with(&format!("| `{name}`")));
            assert!(
                row.is_some_and(|row| row.ends_with(&told)),
                "{row:?}, {told}"
            );
        }
        let [publish, normal, quick] = [Publish, Normal, Quick].map(TrackSettings::for_photos);
        let higher = |than: &TrackSettings| {
            let by = Class::ALL.map(|c| than.of(c).strong - publish.of(c).strong);
            by.map(|by| format!("{}", (100.0 * by).round() / 100.0))
        };
        let ([normal, plates], [quick, quick_plates]) = (higher(&normal), higher(&quick));
        assert_eq!((&normal, &quick), (&plates, &quick_plates));
        let photos = format!(
            "{} for faces and {} for plates at `publish`, higher by {normal} at `normal` and by {quick} at `quick`",
            publish.face.strong, publish.plate.strong
        );
        let guide = GUIDE.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(guide.contains(&photos), "{photos}");
    }

    #[test]
    fn the_thresholds_of_a_class_are_in_order() {
        use Sensitivity::{Normal, Publish, Quick};
        let all = [Publish, Normal, Quick];
        let video = all.map(TrackSettings::for_sensitivity);
        for settings in video.into_iter().chain(all.map(TrackSettings::for_photos)) {
            for c in Class::ALL.map(|c| settings.of(c)) {
                assert!(c.weak < c.steady_score && c.steady_score < c.strong);
                assert!(c.weak <= c.clear && c.clear <= c.strong && c.strong < c.sure);
                assert!(c.weak_gap_s <= c.gap_s);
            }
        }
    }
}
