//! The two things that are looked for, and all that is ever known of one.

use crate::PxBox;

/// What is looked for. There is no third class and no name within a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// A human face.
    Face,
    /// A vehicle's licence plate.
    Plate,
}

impl Class {
    /// Both classes, in the order of the detector's scores.
    pub const ALL: [Class; 2] = [Class::Face, Class::Plate];

    /// Position in [`Class::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Class::Face => 0,
            Class::Plate => 1,
        }
    }

    /// The word used in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Class::Face => "face",
            Class::Plate => "plate",
        }
    }
}

/// A box and a score: all that is ever known of a face or plate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sighting {
    /// Face or plate.
    pub class: Class,
    /// The detector's score, 0..=1. A score, not a probability.
    pub score: f32,
    /// Where, in luma pixels of the stored frame.
    pub at: PxBox,
}

/// One run of the detector over an upright picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pass {
    /// Detector pixels a picture pixel, above 0; may be above 1.
    pub scale: f32,
    /// The part of the upright picture to look at; `None` is all of it.
    pub area: Option<crate::PxRect>,
}

impl Pass {
    /// What the network reads of an upright picture of this size, in its own pixels, without what
    /// tiles share.
    #[must_use]
    pub fn pixels(&self, size: crate::Size) -> f64 {
        let area = self.area.unwrap_or(size.rect());
        let scale = f64::from(self.scale);
        f64::from(area.width()) * f64::from(area.height()) * scale * scale
    }
}
