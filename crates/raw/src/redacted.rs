//! `RedactedFrame`: the only picture that outputs know.

use crate::frame::FrameInfo;
use crate::pool::Planes;
use scrim_pixels::fill::{Fill, fill};
use scrim_pixels::plane::PlaneRef;

/// Why a whole frame was blanked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// Nobody looked at it within the schedule's interval.
    NotExamined,
    /// The detector failed, was late or answered senselessly.
    Detector,
    /// The tracker failed, or its cover left out a box found in the frame.
    Tracker,
    /// It is missing or broken in the source, or two passes over the file decoded it differently.
    Decoder,
    /// The regions belong to another frame.
    WrongFrame,
    /// Filling its regions failed.
    Painter,
}

impl Reason {
    /// The word used in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotExamined => "not-examined",
            Self::Detector => "detector",
            Self::Tracker => "tracker",
            Self::Decoder => "decoder",
            Self::WrongFrame => "wrong-frame",
            Self::Painter => "painter",
        }
    }
}

/// A frame whose regions are filled, or that is blank. Its planes may be read and written out.
pub struct RedactedFrame {
    info: FrameInfo,
    planes: Planes,
    blanked: Option<Reason>,
}

impl RedactedFrame {
    /// A black frame that never saw a raw one.
    #[must_use]
    pub fn blank(info: FrameInfo, reason: Reason) -> Self {
        let planes: Vec<_> = (0..info.layout.planes.len())
            .map(|i| {
                let (row, rows) = info.layout.plane_size(i, info.size);
                vec![0; row * rows]
            })
            .collect();
        let mut frame = Self {
            info,
            planes: planes.into(),
            blanked: Some(reason),
        };
        let (layout, size, range) = (
            frame.info.layout.clone(),
            frame.info.size,
            frame.info.range(),
        );
        fill(
            &mut frame.planes.data,
            &layout,
            size,
            range,
            &[size.rect()],
            Fill::Solid,
        );
        frame
    }

    /// From the painter; this crate only.
    pub(crate) fn filled(info: FrameInfo, planes: impl Into<Planes>) -> Self {
        Self {
            info,
            planes: planes.into(),
            blanked: None,
        }
    }

    /// What is known of it besides its pixels.
    #[must_use]
    pub fn info(&self) -> &FrameInfo {
        &self.info
    }

    /// Why it is blank, if it is.
    #[must_use]
    pub fn blanked(&self) -> Option<Reason> {
        self.blanked
    }

    /// Its planes, without padding.
    #[must_use]
    pub fn planes(&self) -> Vec<PlaneRef<'_>> {
        self.planes.refs(&self.info)
    }
}
