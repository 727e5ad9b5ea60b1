//! Options and clocks of the encoders: values only, no FFmpeg calls.

use crate::choice::{Choice, Codec};
use crate::video::VideoSettings;
use scrim_ff::{AvError, Dict};

/// Times for codecs that know frame numbers only (MPEG-2): the n-th frame, and back to ticks.
pub(super) struct Count {
    origin: Option<i64>,
    /// Ticks a frame; not whole at 24000/1001 in 1/90000.
    interval: f64,
}

impl Count {
    pub(super) fn of(choice: &Choice, settings: &VideoSettings) -> Option<Self> {
        let interval = settings.exact_interval()?;
        (choice.codec == Codec::Mpeg2).then_some(Self {
            origin: None,
            interval,
        })
    }

    pub(super) fn number(&mut self, ticks: i64) -> i64 {
        let origin = *self.origin.get_or_insert(ticks);
        ((ticks - origin) as f64 / self.interval).round() as i64
    }

    pub(super) fn ticks(&self, number: i64) -> i64 {
        self.origin.unwrap_or(0) + (number as f64 * self.interval).round() as i64
    }
}

/// Options of each encoder. The defaults look like the source; the user guide states by how much.
pub(super) fn options(codec: Codec, name: &str, settings: &VideoSettings) -> Result<Dict, AvError> {
    let crf = |default: u8| settings.crf.unwrap_or(default).to_string();
    let preset = |default: &str| settings.preset.clone().unwrap_or_else(|| default.into());
    match (codec, name) {
        (Codec::H264, _) => Dict::new(&[("preset", &preset("veryfast")), ("crf", &crf(20))]),
        (Codec::Hevc, _) => Dict::new(&[
            ("preset", &preset("veryfast")),
            ("crf", &crf(21)),
            ("x265-params", "log-level=none:info=0"),
        ]),
        (Codec::Av1, "libsvtav1") => Dict::new(&[("preset", &preset("8")), ("crf", &crf(26))]),
        (Codec::Av1, _) => Dict::new(&[
            ("cpu-used", &preset("6")),
            ("crf", &crf(24)),
            ("b", "0"),
            ("row-mt", "1"),
        ]),
        (Codec::Vp9, _) => Dict::new(&[
            ("deadline", "good"),
            ("cpu-used", &preset("5")),
            ("crf", &crf(24)),
            ("b", "0"),
            ("row-mt", "1"),
        ]),
        (Codec::Ffv1, _) => Dict::new(&[("level", "3"), ("slicecrc", "1")]),
        (Codec::Mpeg2, _) => Dict::new(&[("b", "40M"), ("qmin", "1"), ("qmax", "4")]),
    }
}
