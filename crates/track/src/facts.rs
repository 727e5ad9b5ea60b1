//! What pass 1 knows of a frame. Facts only: nothing here decides anything.

use scrim_units::{Class, PxBox, Sighting};

use crate::MotionGrid;

/// A look is trusted to find a thing only when it is this much larger than the smallest it
/// finds at all: at the lower limit a detector misses about every second one.
const TRUST_ABOVE_SMALLEST: f32 = 1.5;

/// What pass 1 knows of one frame, in display order.
#[derive(Debug, Clone)]
pub struct FrameFacts {
    /// Presentation time in seconds. Not a number, or not after the frame before: taken as
    /// 1/240 s after it.
    pub time_s: f64,
    /// Whether a hard cut lies between the previous frame and this one.
    pub cut: bool,
    /// What was found, if this frame was looked at.
    pub look: Option<Look>,
    /// How the picture moved from the previous frame to this one, if known.
    pub motion: Option<MotionGrid>,
}

/// What one look at a frame found.
#[derive(Debug, Clone)]
pub struct Look {
    /// Sightings after suppression of doubles, down to a floor score well under the strong one
    /// (0.1 or so): the tracker needs the weak ones. Those with a senseless box or a score that
    /// is not finite are passed over here; the detector's guard blanks such a frame.
    pub sightings: Vec<Sighting>,
    /// The smallest face and plate, by [`Class::index`], that this look finds anywhere in the
    /// picture, in luma pixels as in `Schedule::smallest`; infinite for one that finds none.
    /// A thing that a look could not have found is not held to be absent.
    pub smallest: [f32; 2],
}

impl Look {
    /// Whether a thing of this box, had it been there, would have been found.
    pub(crate) fn would_find(&self, class: Class, at: PxBox) -> bool {
        at.width().min(at.height()) >= self.smallest[class.index()] * TRUST_ABOVE_SMALLEST
    }
}
