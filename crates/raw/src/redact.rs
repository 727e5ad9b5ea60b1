//! The painter: consumes a raw frame and fills sealed regions.

use crate::frame::RawFrame;
use crate::redacted::{Reason, RedactedFrame};
use crate::regions::Regions;
use scrim_pixels::fill::{Fill, fill};

/// Fill the regions of a frame. Regions of another frame, or regions that say so, blank it.
///
/// The planes are this process's own copy, so nothing is painted into a decoder's reference
/// picture.
#[must_use]
pub fn redact(mut frame: RawFrame, regions: &Regions, how: Fill) -> RedactedFrame {
    let reason = if regions.frame() == frame.id() {
        regions.blanked()
    } else {
        Some(Reason::WrongFrame)
    };
    if let Some(reason) = reason {
        return RedactedFrame::blank(frame.info().clone(), reason);
    }
    frame.paint(|info, planes| {
        let (layout, range) = (&info.layout, info.range());
        fill(planes, layout, info.size, range, regions.rects(), how);
    });
    let (info, planes) = frame.take();
    RedactedFrame::filled(info, planes)
}
