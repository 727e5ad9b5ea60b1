//! Filling the frames of the second pass, and what happens where that fails.

use crate::error::JobError;
use crate::examine::lost;
use crate::fault::blank_reason;
use scrim_engine::{Fault, Stage};
use scrim_raw::{
    Fill, FrameInfo, RawFrame, RawJpeg, RedactedFrame, RedactedJpeg, Regions, redact, redact_jpeg,
};
use scrim_source::Loss;
use scrim_units::FrameId;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What fills frames, and JPEG files by their coefficients. There is one of each; tests of faults put
/// one that fails in its place, and even that has no other way to a redacted picture.
#[derive(Clone, Copy)]
pub(crate) struct Fills {
    pub(crate) frame: fn(RawFrame, &Regions, Fill) -> RedactedFrame,
    pub(crate) jpeg: fn(RawJpeg, &Regions, Fill) -> RedactedJpeg,
}

/// Those that fill.
pub(crate) const FILLS: Fills = Fills {
    frame: redact,
    jpeg: redact_jpeg,
};

/// Fills frames, and keeps what failed.
pub(crate) struct Painter {
    fills: Fills,
    how: Fill,
    pub(crate) faults: Vec<Fault>,
}

impl Painter {
    pub(crate) fn new(fills: Fills, how: Fill) -> Self {
        Self {
            fills,
            how,
            faults: Vec::new(),
        }
    }

    /// One frame with the regions that were sealed for it.
    pub(crate) fn fill(
        &mut self,
        frame: RawFrame,
        regions: &Regions,
    ) -> Result<RedactedFrame, JobError> {
        let (id, info) = (frame.id(), frame.info().clone());
        if regions.frame() != id && regions.blanked().is_none() {
            let cause = "it decodes differently the second time".into();
            return self.blank(info, Stage::Decode, id.index, cause);
        }
        if let Some(reason) = regions.blanked() {
            return Ok(RedactedFrame::blank(info, reason));
        }
        let (fill, how) = (self.fills.frame, self.how);
        match catch_unwind(AssertUnwindSafe(|| fill(frame, regions, how))) {
            Ok(filled) => Ok(filled),
            Err(_) => self.blank(info, Stage::Redact, id.index, "filling it failed".into()),
        }
    }

    /// A frame without a picture. That the first pass saw none either stands in its regions.
    pub(crate) fn lost(
        &mut self,
        id: FrameId,
        info: FrameInfo,
        regions: &Regions,
        why: Loss,
    ) -> Result<RedactedFrame, JobError> {
        match regions.blanked() {
            Some(reason) if regions.frame() == id => Ok(RedactedFrame::blank(info, reason)),
            _ => self.blank(info, Stage::Decode, id.index, lost(why).into()),
        }
    }

    /// A JPEG by its coefficients; nothing where that failed.
    pub(crate) fn fill_jpeg(&mut self, jpeg: RawJpeg, regions: &Regions) -> Option<RedactedJpeg> {
        let (fill, how) = (self.fills.jpeg, self.how);
        catch_unwind(AssertUnwindSafe(|| fill(jpeg, regions, how))).ok()
    }

    /// A blank frame for a fault, or the end of the file where the table says so.
    pub(crate) fn blank(
        &mut self,
        info: FrameInfo,
        stage: Stage,
        frame: u64,
        cause: String,
    ) -> Result<RedactedFrame, JobError> {
        let fault = Fault {
            stage,
            frame: Some(frame),
            cause,
        };
        let reason = blank_reason(&fault)?;
        self.faults.push(fault);
        Ok(RedactedFrame::blank(info, reason))
    }
}
