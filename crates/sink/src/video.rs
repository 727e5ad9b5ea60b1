//! One video output: encoder and muxer joined.

use crate::choice::{Choice, Codec};
use crate::container::Container;
use crate::encode::Encoder;
use crate::error::SinkError;
use crate::mux::Muxer;
use scrim_ff::{AudioPacket, AudioStream, Light};
use scrim_frame::{FrameInfo, RedactedFrame};
use scrim_units::TimeBase;
use std::path::Path;

/// How a video is written.
#[derive(Debug, Clone)]
pub struct VideoSettings {
    /// The codec asked for; `None` lets [`Choice::make`] decide.
    pub codec: Option<Codec>,
    /// FFmpeg's name of the source's codec.
    pub source_codec: String,
    /// The container.
    pub container: Container,
    /// Constant rate factor of the encoder; `None` is the default of each codec.
    pub crf: Option<u8>,
    /// Preset of the encoder; `None` is the default of each codec.
    pub preset: Option<String>,
    /// Encoder threads.
    pub threads: usize,
    /// Unit of all frame times.
    pub time_base: TimeBase,
    /// Average frames a second, where known.
    pub average_rate: Option<(i32, i32)>,
    /// Whether that rate holds for every frame.
    pub constant_rate: bool,
    /// Width to height of a pixel; (0, 1) unspecified.
    pub sample_aspect: (i32, i32),
    /// Display matrix to carry over.
    pub matrix: Option<[i32; 9]>,
    /// HDR metadata to carry over, where the container can hold it.
    pub light: Light,
}

impl VideoSettings {
    /// Ticks from frame to frame at the average rate, where that is known.
    pub(crate) fn exact_interval(&self) -> Option<f64> {
        let (n, d) = self.average_rate?;
        let base = f64::from(self.time_base.num()) / f64::from(self.time_base.den());
        Some(f64::from(d) / f64::from(n) / base)
    }

    /// The same in whole ticks; one tick where it is unknown.
    pub(crate) fn interval(&self) -> i64 {
        self.exact_interval()
            .map_or(1, |t| (t.round() as i64).max(1))
    }
}

/// An open output.
pub struct VideoWriter {
    encoder: Encoder,
    muxer: Muxer,
    choice: Choice,
    first: FrameInfo,
}

impl VideoWriter {
    /// Opens the file at `path` (a `.part` file) for frames like `first`.
    ///
    /// # Errors
    /// [`SinkError`].
    pub fn create(
        path: &Path,
        settings: &VideoSettings,
        first: &FrameInfo,
        audio: &[AudioStream],
    ) -> Result<Self, SinkError> {
        let counts_only = matches!(settings.container, Container::Ps | Container::Avi);
        if counts_only && !settings.constant_rate {
            return Err(SinkError::Times(settings.container));
        }
        let choice = Choice::make(
            settings.codec,
            &settings.source_codec,
            settings.container,
            first.size,
            &first.layout,
        )?;
        // x264 and x265 would take more for the highest that they know, without a word.
        if let (Some(crf), Some(range)) = (settings.crf, choice.codec.crf_range())
            && !range.contains(&crf)
        {
            return Err(SinkError::Crf {
                codec: choice.codec.name(),
                crf,
                low: *range.start(),
                high: *range.end(),
            });
        }
        let mut muxer = Muxer::create(path, settings.container)?;
        let encoder = Encoder::open(&choice, settings, first, muxer.wants_global_header())?;
        muxer.begin(&encoder, settings, audio)?;
        Ok(Self {
            encoder,
            muxer,
            choice,
            first: first.clone(),
        })
    }

    /// Which container is written.
    #[must_use]
    pub fn container(&self) -> Container {
        self.muxer.container()
    }

    /// Which encoder was chosen.
    #[must_use]
    pub fn choice(&self) -> &Choice {
        &self.choice
    }

    /// Writes one frame. Times must rise.
    ///
    /// # Errors
    /// [`SinkError`].
    pub fn write(&mut self, frame: &RedactedFrame) -> Result<(), SinkError> {
        let info = frame.info();
        if info.size != self.first.size || info.layout != self.first.layout {
            return Err(SinkError::WrongShape);
        }
        self.encoder.send(Some(frame))?;
        self.drain()
    }

    /// Writes one packet of sound.
    ///
    /// # Errors
    /// [`SinkError`].
    pub fn write_audio(&mut self, packet: AudioPacket) -> Result<(), SinkError> {
        self.muxer.write_audio(packet)
    }

    /// Writes what the encoder still holds, and the container's end.
    ///
    /// # Errors
    /// [`SinkError`].
    pub fn finish(mut self) -> Result<(), SinkError> {
        self.encoder.send(None)?;
        self.drain()?;
        self.muxer.finish()
    }

    fn drain(&mut self) -> Result<(), SinkError> {
        while let Some(packet) = self.encoder.receive()? {
            self.muxer.write(packet)?;
        }
        Ok(())
    }
}
