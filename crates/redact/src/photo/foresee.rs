//! What would be filled on the first page of a photo, without writing it.

use super::{Looked, cover, look_at_all};
use crate::error::JobError;
use crate::job::{Control, Engine};
use scrim_detect::{Light, Sharpness, light, sharpness};
use scrim_raw::{Examination, Fill, ModelId, RawFrame, RedactedFrame, Regions, redact};
use scrim_source::{PhotoFormat, SourceError};
use scrim_units::{PxBox, PxRect, Sighting, Size};
use std::sync::Arc;

/// A page that was looked at and covered, and what `redact` would fill of it.
pub(crate) struct Foreseen {
    frame: Option<RawFrame>,
    page: Looked,
    regions: Regions,
    model: ModelId,
    /// Scores from which a face and a plate are covered for certain.
    thresholds: [f32; 2],
}

impl Foreseen {
    /// Decodes and looks, as `redact` does.
    pub(crate) fn of(
        data: &Arc<Vec<u8>>,
        format: PhotoFormat,
        engine: &Engine,
    ) -> Result<Self, JobError> {
        let mut seen = look_at_all(data, format, engine, &Control::silent())?;
        let covered = cover(&seen, engine)?;
        let frame = seen.kept.take().map(|(page, _)| page.frame);
        let page = seen.pages.into_iter().next();
        let regions = covered.regions.into_iter().next();
        let (Some(page), Some(regions)) = (page, regions) else {
            return Err(SourceError::NoFrames.into());
        };
        Ok(Self {
            frame,
            page,
            regions,
            model: seen.model,
            thresholds: covered.thresholds,
        })
    }

    pub(crate) fn size(&self) -> Size {
        self.page.size
    }

    /// The rectangles, or the whole page where it would be blanked.
    pub(crate) fn filled(&self) -> Vec<PxRect> {
        match self.regions.blanked() {
            Some(_) => vec![self.page.size.rect()],
            None => self.regions.rects().to_vec(),
        }
    }

    /// Light of the page; `None` where it is not kept.
    pub(crate) fn light(&self) -> Option<Light> {
        self.frame.as_ref().map(light)
    }

    /// Sharpness of a part of it, where it can be told.
    pub(crate) fn sharpness(&self, at: PxBox) -> Option<Sharpness> {
        sharpness(self.frame.as_ref()?, at.pixels(self.page.size))
    }

    /// The page with these rectangles filled besides; `None` for a file of several pages, whose
    /// first is not kept, and where nobody looked or the regions cannot be sealed.
    pub(crate) fn redacted_with(self, mut rects: Vec<PxRect>) -> Option<RedactedFrame> {
        rects.extend(self.filled());
        let (id, seconds, size) = (self.page.id, self.page.seconds, self.page.size);
        let certain = |s: &&Sighting| s.score >= self.thresholds[s.class.index()];
        let found = self.page.found.as_ref().ok()?;
        let look = Examination {
            frame: id,
            seconds,
            area: size.rect(),
            model: self.model,
            found: found.iter().filter(certain).copied().collect(),
        };
        let regions = Regions::seal(id, seconds, size, &[&look], 0.0, rects).ok()?;
        Some(redact(self.frame?, &regions, Fill::Solid))
    }
}
