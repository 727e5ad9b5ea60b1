//! Which bits of which coefficients a file has sent so far.
//!
//! Every bit must come exactly once (T.81 G.1.1.1). libjpeg lets deviations pass with a
//! warning; then what is shown depends on the decoder, so here they are damage.

use super::scan::Scan;
use crate::error::{Damage, JpegError, Unsupported};
use crate::frame::Process;
use crate::marker::Segment;

pub(crate) struct Progress {
    /// For each component and coefficient: the lowest bit sent, `None` before the first scan.
    low: Vec<[Option<u8>; 64]>,
    progressive: bool,
}

impl Progress {
    pub(crate) fn new(process: Process, components: usize) -> Self {
        Self {
            low: vec![[None; 64]; components],
            progressive: process == Process::Progressive,
        }
    }

    /// Notes what a scan is going to send.
    pub(crate) fn enter(&mut self, scan: &Scan, segment: &Segment<'_>) -> Result<(), JpegError> {
        let band = scan.band;
        let expected = (band.high > 0).then_some(band.high);
        for &n in scan.components() {
            let Some(low) = self.low.get_mut(n) else {
                continue;
            };
            let dc_missing = band.first > 0 && low[0].is_none();
            let Some(sent) = low.get_mut(band.first..=band.last) else {
                continue;
            };
            if dc_missing || sent.iter().any(|&bit| bit != expected) {
                return Err(segment.damaged(Damage::ScanOrder));
            }
            sent.fill(Some(band.low));
        }
        Ok(())
    }

    /// Whether everything was sent; `end` is where the file ended.
    pub(crate) fn check_complete(&self, end: usize) -> Result<(), JpegError> {
        if self.low.iter().any(|low| low[0].is_none()) {
            return Err(JpegError::damaged(Damage::ComponentWithoutScan, end));
        }
        if self.progressive && self.low.iter().flatten().any(|&bit| bit != Some(0)) {
            return Err(JpegError::Unsupported(Unsupported::IncompleteProgression));
        }
        Ok(())
    }
}
