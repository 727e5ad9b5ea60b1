//! A video file as a row of raw frames in display order with true times, and its sound on
//! request. Says what is dropped and what is damaged.

use crate::decode::{Decoder, ReceiveError, Received};
use crate::demux::{CodedPacket, Demuxer, Read};
use crate::error::SourceError;
use crate::facts::{StreamFacts, StreamKind, VideoFacts};
use crate::limits::Limits;
use crate::stamp::FileStamp;
use scrim_ff::{AudioPacket, AudioStream, AvError, Light};
use scrim_raw::{FrameInfo, RawFrame};
use scrim_units::FrameId;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// How to open a clip.
#[derive(Debug, Clone, Copy)]
pub struct ClipOptions {
    /// Bounds on its frames.
    pub limits: Limits,
    /// Threads of the decoder.
    pub threads: usize,
    /// Whether sound is handed out too.
    pub audio: bool,
}

/// Something of the file that is not in the output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dropped {
    /// A whole stream.
    Stream(StreamFacts),
    /// Titles, places, dates and other tags.
    Tags,
    /// Chapters, how many.
    Chapters(usize),
}

/// What was wrong with a clip, found while reading it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Damage {
    /// Packets that the decoder refused.
    pub packets: u64,
    /// Frames in which the decoder concealed errors.
    pub concealed: u64,
    /// Frames that should have come and did not; blank ones stand in their places, as for those
    /// with errors.
    pub missing: u64,
    /// Reading stopped early, or the container lists more frames than there are.
    pub cut: Option<String>,
    /// Frames without a usable time of their own.
    pub retimed: u64,
    /// Frames converted to the first frame's size and format.
    pub converted: u64,
}

impl Damage {
    /// In words, where anything is missing or broken. Converted and retimed frames are whole.
    #[must_use]
    pub fn describe(&self) -> Option<String> {
        if let Some(cut) = &self.cut {
            return Some(cut.clone());
        }
        let plural =
            |n: u64, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
        match (self.packets, self.concealed) {
            (0, 0) => None,
            (0, c) => Some(plural(
                c,
                "frame decodes with errors",
                "frames decode with errors",
            )),
            (p, 0) => Some(plural(
                p,
                "packet cannot be decoded",
                "packets cannot be decoded",
            )),
            (p, c) => Some(format!(
                "{}, {}",
                plural(p, "packet cannot be decoded", "packets cannot be decoded"),
                plural(c, "frame decodes with errors", "frames decode with errors")
            )),
        }
    }
}

/// Why there is no picture where one should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// It did not come out of the decoder.
    Missing,
    /// It decodes with errors, or a part of it is not in the file.
    Broken,
}

/// What comes next out of a clip.
pub enum ClipItem {
    /// A frame, in display order.
    Frame(RawFrame),
    /// A frame that is missing or broken: its place, what it would have been, and why.
    Lost(FrameId, FrameInfo, Loss),
    /// A coded audio packet, where sound was asked for.
    Audio(AudioPacket),
}

/// An open video file.
pub struct Clip {
    path: PathBuf,
    stamp: FileStamp,
    demuxer: Demuxer,
    decoder: Decoder,
    damage: Damage,
    pending: Option<CodedPacket>,
    audio: VecDeque<AudioPacket>,
    ended: bool,
    drained: bool,
    frames: u64,
}

impl Clip {
    /// Open the file at `path`.
    ///
    /// # Errors
    /// [`SourceError`] says why it is refused.
    pub fn open(path: &Path, options: ClipOptions) -> Result<Self, SourceError> {
        let stamp = FileStamp::of(path)?;
        // FFmpeg's words for a file without permission are poorer than the system's.
        std::fs::File::open(path)?;
        let demuxer = Demuxer::open(path, options.audio)?;
        let decoder = Decoder::new(&demuxer, options.threads, options.limits)?;
        Ok(Self {
            path: path.to_owned(),
            stamp,
            demuxer,
            decoder,
            damage: Damage::default(),
            pending: None,
            audio: VecDeque::new(),
            ended: false,
            drained: false,
            frames: 0,
        })
    }

    /// What the container says of the video stream.
    #[must_use]
    pub fn video(&self) -> &VideoFacts {
        self.demuxer.facts()
    }

    /// HDR metadata that the container holds, or the first frame, once that came out.
    #[must_use]
    pub fn light(&self) -> &Light {
        self.decoder.light()
    }

    /// What a muxer needs to know of the kept audio streams.
    ///
    /// # Errors
    /// [`SourceError::Open`] when memory is short.
    pub fn audio_streams(&self) -> Result<Vec<AudioStream>, SourceError> {
        self.demuxer.audio_streams()
    }

    /// Everything that frames (and sound, if kept) leave behind.
    #[must_use]
    pub fn dropped(&self, audio_kept: bool) -> Vec<Dropped> {
        let video = self.video();
        let mut out: Vec<Dropped> = self
            .demuxer
            .all_streams()
            .into_iter()
            .filter(|s| s.index != video.index && !(audio_kept && s.kind == StreamKind::Audio))
            .map(Dropped::Stream)
            .collect();
        if video.tags {
            out.push(Dropped::Tags);
        }
        if video.chapters > 0 {
            out.push(Dropped::Chapters(video.chapters));
        }
        out
    }

    /// Names of tags that no container writes by itself.
    #[must_use]
    pub fn foreign_tags(&self) -> Vec<String> {
        self.demuxer.foreign_tags()
    }

    /// What was wrong so far.
    #[must_use]
    pub fn damage(&self) -> &Damage {
        &self.damage
    }

    /// Length of the file in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.stamp.length()
    }

    /// The next frame or audio packet; `None` at the end.
    ///
    /// # Errors
    /// [`SourceError`] when nothing more can come: a picture over the limits, an encrypted
    /// stream, no frame at all, a file that changed meanwhile. Damage is no error; see
    /// [`Clip::damage`].
    pub fn advance(&mut self) -> Result<Option<ClipItem>, SourceError> {
        loop {
            if let Some(packet) = self.audio.pop_front() {
                return Ok(Some(ClipItem::Audio(packet)));
            }
            match self.decoder.receive() {
                Ok(Some(received)) => return Ok(Some(self.count(received))),
                Ok(None) if self.drained => match self.decoder.missing(None) {
                    Some(missing) => return Ok(Some(self.count(missing))),
                    None => return self.finish(),
                },
                Ok(None) => self.feed()?,
                Err(ReceiveError::Damaged) => self.damage.packets += 1,
                Err(ReceiveError::Refused(e)) => return Err(e),
            }
        }
    }

    fn count(&mut self, received: Received) -> ClipItem {
        let decoded = match received {
            Received::Frame(decoded) => decoded,
            Received::Missing(id, info) => {
                self.damage.missing += 1;
                return ClipItem::Lost(id, info, Loss::Missing);
            }
        };
        self.frames += 1;
        self.damage.concealed += u64::from(decoded.damaged);
        self.damage.converted += u64::from(decoded.converted);
        self.damage.retimed += u64::from(decoded.retimed);
        if decoded.damaged || decoded.incomplete {
            // Without the checksum: what is guessed can differ from time to time.
            let id = FrameId {
                checksum: 0,
                ..decoded.frame.id()
            };
            return ClipItem::Lost(id, decoded.frame.info().clone(), Loss::Broken);
        }
        ClipItem::Frame(decoded.frame)
    }

    /// Gives the decoder one packet, or the end.
    fn feed(&mut self) -> Result<(), SourceError> {
        if self.ended {
            match self.decoder.send(None) {
                Ok(sent) => self.drained = sent,
                Err(e) => {
                    // With several threads an error comes with a later call than its packet.
                    self.drained = true;
                    self.failed(&e)?;
                }
            }
            return Ok(());
        }
        let packet = match self.pending.take() {
            Some(packet) => packet,
            None => match self.demuxer.read() {
                Ok(Read::Video(packet)) => packet,
                Ok(Read::Audio(packet)) => {
                    self.audio.push_back(packet);
                    return Ok(());
                }
                Ok(Read::End) => {
                    self.ended = true;
                    return Ok(());
                }
                Err(e) if e.is_no_memory() => return Err(SourceError::NoMemory),
                Err(e) => {
                    self.ended = true;
                    self.damage.cut =
                        Some(format!("reading stopped after {} frames: {e}", self.frames));
                    return Ok(());
                }
            },
        };
        if Demuxer::is_encrypted(&packet) {
            return Err(SourceError::Encrypted);
        }
        match self.decoder.send(Some(&packet)) {
            Ok(true) => {}
            Ok(false) => self.pending = Some(packet),
            Err(e) => self.failed(&e)?,
        }
        Ok(())
    }

    /// An error of the decoder is damage, unless it is the machine's.
    fn failed(&mut self, error: &AvError) -> Result<(), SourceError> {
        if error.is_no_memory() {
            return Err(SourceError::NoMemory);
        }
        self.damage.packets += 1;
        Ok(())
    }

    fn finish(&mut self) -> Result<Option<ClipItem>, SourceError> {
        if self.damage.cut.is_none() {
            self.damage.cut = self.demuxer.missing();
        }
        if self.frames == 0 {
            return Err(match self.damage.describe() {
                Some(what) => SourceError::Damaged(what),
                None => SourceError::NoFrames,
            });
        }
        self.stamp.confirm(&self.path)?;
        Ok(None)
    }
}
