//! Border: container to coded packets, a type that outputs cannot name.
//!
//! Opens files only by their bytes: the container is probed by content, other files and
//! network addresses named inside a file are not followed, playlists are not opened.
#![expect(unsafe_code, reason = "border to libavformat")]

mod packet;
mod stream;

use crate::error::SourceError;
use crate::facts::{OWN_TAGS, StreamFacts, VideoFacts, orientation_of};
pub(crate) use packet::CodedPacket;
use scrim_ff::sys::{self, AVMediaType, AVPacketSideDataType};
use scrim_ff::{AudioPacket, AudioStream, AvError, Dict, Light, check, time_base};
use scrim_units::{Orientation, Size};
use std::ffi::{CString, OsStr};
use std::path::Path;
use std::ptr::{self, NonNull};
use stream::{codec_name, matrix_of, seconds, side_data, stream_facts, tag_names, text};

/// Containers that may be opened. Playlists (hls, dash, concat) and name patterns (image2) are
/// absent: they make a file open other files.
const CONTAINERS: &str = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,mpegvideo,avi,flv,\
    live_flv,ogg,asf,wtv,mxf,gxf,nut,ivf,h264,hevc,m4v,obu,av1,dv,rm,nsv,dhav,yuv4mpegpipe,vc1,\
    vc1test,mjpeg,mjpeg_2000,cavsvideo,y4m,fits,film_cpk,smk,bink,swf,dirac,dnxhd,h263,h261,ivr,\
    apng,mpjpeg,kux,lvf,rawvideo,xmv,xwma";

/// What was read next.
pub(crate) enum Read {
    /// A packet of the chosen video stream.
    Video(CodedPacket),
    /// A packet of an audio stream that is kept.
    Audio(AudioPacket),
    /// The file ended.
    End,
}

/// An open container.
pub(crate) struct Demuxer {
    context: NonNull<sys::AVFormatContext>,
    facts: VideoFacts,
    audio: Vec<AudioStream>,
    video_packets: u64,
    cut_packets: u64,
}

// SAFETY: the context is used through `&mut self` by one thread at a time.
unsafe impl Send for Demuxer {}

impl Demuxer {
    /// Open the file and choose its best video stream.
    pub(crate) fn open(path: &Path, keep_audio: bool) -> Result<Self, SourceError> {
        let context = open_context(path)?;
        let mut demuxer = Self {
            context,
            facts: VideoFacts::unknown(),
            audio: Vec::new(),
            video_packets: 0,
            cut_packets: 0,
        };
        // SAFETY: the context is open.
        let code =
            unsafe { sys::avformat_find_stream_info(demuxer.context.as_ptr(), ptr::null_mut()) };
        check("avformat_find_stream_info", code).map_err(SourceError::Open)?;
        demuxer.facts = demuxer.choose_video()?;
        if keep_audio {
            let mut kept = Vec::new();
            for stream in demuxer.streams() {
                // SAFETY: pointers of an open context.
                kept.extend(unsafe { AudioStream::of(*stream) }.map_err(SourceError::Open)?);
            }
            demuxer.audio = kept;
        }
        Ok(demuxer)
    }

    /// What the container says of the video stream.
    pub(crate) fn facts(&self) -> &VideoFacts {
        &self.facts
    }

    /// HDR metadata that the container holds.
    pub(crate) fn light(&self) -> Light {
        use AVPacketSideDataType::{
            AV_PKT_DATA_CONTENT_LIGHT_LEVEL, AV_PKT_DATA_MASTERING_DISPLAY_METADATA,
        };
        let stream = self.streams()[self.facts.index];
        // SAFETY: the index came from this open context.
        let [mastering, content] = [
            AV_PKT_DATA_MASTERING_DISPLAY_METADATA,
            AV_PKT_DATA_CONTENT_LIGHT_LEVEL,
        ]
        .map(|kind| unsafe { side_data(stream, kind) });
        Light::new(mastering.as_deref(), content.as_deref())
    }

    /// Gives away what a muxer needs to know of the kept audio streams.
    pub(crate) fn audio_streams(&self) -> Result<Vec<AudioStream>, SourceError> {
        let mut out = Vec::new();
        for kept in &self.audio {
            // SAFETY: the index came from this open context.
            let again = unsafe { AudioStream::of(self.streams()[kept.index()]) };
            out.extend(again.map_err(SourceError::Open)?);
        }
        Ok(out)
    }

    /// Codec parameters of the video stream, for the decoder.
    pub(crate) fn parameters(&self) -> *const sys::AVCodecParameters {
        // SAFETY: the index came from this open context; parameters are never null.
        unsafe { (*self.streams()[self.facts.index]).codecpar }
    }

    /// All streams.
    pub(crate) fn all_streams(&self) -> Vec<StreamFacts> {
        self.streams()
            .iter()
            .enumerate()
            // SAFETY: pointers of an open context.
            .map(|(index, s)| unsafe { stream_facts(index, *s) })
            .collect()
    }

    /// Names of tags of the file and its streams that no container writes by itself.
    pub(crate) fn foreign_tags(&self) -> Vec<String> {
        let mut names = Vec::new();
        // SAFETY: dictionaries of an open context; they may be null.
        unsafe {
            names.extend(tag_names((*self.context.as_ptr()).metadata));
            for stream in self.streams() {
                names.extend(tag_names((**stream).metadata));
            }
        }
        names.retain(|n| !OWN_TAGS.contains(&n.to_ascii_lowercase().as_str()));
        names
    }

    /// The next packet that is wanted. Other streams are passed over.
    pub(crate) fn read(&mut self) -> Result<Read, AvError> {
        loop {
            let mut packet = CodedPacket::new()?;
            // SAFETY: context and packet are ours.
            let code = unsafe { sys::av_read_frame(self.context.as_ptr(), packet.as_mut_ptr()) };
            match check("av_read_frame", code) {
                Err(e) if e.is_end() => return Ok(Read::End),
                other => other?,
            };
            // SAFETY: av_read_frame filled the packet.
            let index = unsafe { (*packet.as_mut_ptr()).stream_index as usize };
            if index == self.facts.index {
                self.video_packets += 1;
                self.cut_packets += u64::from(packet.is_incomplete());
                return Ok(Read::Video(packet));
            }
            if let Some(kept) = self.audio.iter().find(|a| a.index() == index) {
                // SAFETY: the packet was read from that stream and may be emptied.
                if let Some(audio) = unsafe { AudioPacket::take(packet.as_mut_ptr(), kept) }? {
                    return Ok(Read::Audio(audio));
                }
            }
        }
    }

    /// Whether this packet's content is encrypted (ISO/IEC 23001-7).
    pub(crate) fn is_encrypted(packet: &CodedPacket) -> bool {
        packet.has_side_data(sys::AVPacketSideDataType::AV_PKT_DATA_ENCRYPTION_INFO)
    }

    /// At the end of the file: what shows that a part of it is missing.
    pub(crate) fn missing(&self) -> Option<String> {
        if self.cut_packets > 0 {
            return Some(format!("{} packets are incomplete", self.cut_packets));
        }
        if !self.facts.container.starts_with("mov") {
            return None;
        }
        // SAFETY: the index came from this open context.
        let listed =
            unsafe { sys::avformat_index_get_entries_count(self.streams()[self.facts.index]) };
        let listed = u64::try_from(listed).unwrap_or(0);
        (self.video_packets < listed).then(|| {
            format!(
                "{listed} frames are listed, {} are there; the file was cut",
                self.video_packets
            )
        })
    }

    fn streams(&self) -> &[*mut sys::AVStream] {
        // SAFETY: an open context holds `nb_streams` valid pointers; none is null.
        unsafe {
            let c = self.context.as_ptr();
            if (*c).nb_streams == 0 {
                return &[];
            }
            std::slice::from_raw_parts((*c).streams, (*c).nb_streams as usize)
        }
    }

    fn choose_video(&self) -> Result<VideoFacts, SourceError> {
        let c = self.context.as_ptr();
        // SAFETY: the context is open; -1 and null leave the choice to FFmpeg.
        let best = unsafe {
            sys::av_find_best_stream(
                c,
                AVMediaType::AVMEDIA_TYPE_VIDEO,
                -1,
                -1,
                ptr::null_mut(),
                0,
            )
        };
        let index = usize::try_from(best).map_err(|_| SourceError::NoVideo)?;
        let stream = *self.streams().get(index).ok_or(SourceError::NoVideo)?;
        // SAFETY: pointers of an open context.
        unsafe {
            if (*stream).disposition & sys::AV_DISPOSITION_ATTACHED_PIC != 0 {
                return Err(SourceError::NoVideo);
            }
            self.video_facts(index, stream)
        }
    }

    /// # Safety
    /// `stream` is a stream of this open context.
    unsafe fn video_facts(
        &self,
        index: usize,
        stream: *mut sys::AVStream,
    ) -> Result<VideoFacts, SourceError> {
        let c = self.context.as_ptr();
        // SAFETY: the caller vouches for the stream.
        unsafe {
            let p = &*(*stream).codecpar;
            let positive = |r: sys::AVRational| (r.num > 0 && r.den > 0).then_some((r.num, r.den));
            let average_rate = positive((*stream).avg_frame_rate);
            if let Some((n, d)) = average_rate
                && f64::from(n) / f64::from(d) > HIGHEST_RATE
            {
                return Err(SourceError::Absurd(format!("{n}/{d} frames a second")));
            }
            let aspect = sys::av_guess_sample_aspect_ratio(c, stream, ptr::null_mut());
            let matrix = side_data(stream, AVPacketSideDataType::AV_PKT_DATA_DISPLAYMATRIX)
                .and_then(|bytes| matrix_of(&bytes));
            Ok(VideoFacts {
                index,
                codec: codec_name(p.codec_id),
                container: text((*(*c).iformat).name),
                time_base: time_base((*stream).time_base)?,
                average_rate,
                base_rate: positive((*stream).r_frame_rate),
                size: Size {
                    width: u32::try_from(p.width).unwrap_or(0),
                    height: u32::try_from(p.height).unwrap_or(0),
                },
                seconds: seconds((*c).duration),
                frames: u64::try_from((*stream).nb_frames).ok().filter(|n| *n > 0),
                sample_aspect: positive(aspect).unwrap_or((0, 1)),
                matrix,
                orientation: matrix.map_or(Orientation::Upright, |m| orientation_of(&m)),
                tags: !(*c).metadata.is_null() || !(*stream).metadata.is_null(),
                chapters: (*c).nb_chapters as usize,
            })
        }
    }
}

impl Drop for Demuxer {
    fn drop(&mut self) {
        let mut c = self.context.as_ptr();
        // SAFETY: context and its reader were opened in `open_context` and are closed only here.
        unsafe {
            let mut io = (*c).pb;
            sys::avformat_close_input(&mut c);
            sys::avio_closep(&mut io);
        }
    }
}

/// More frames a second than any camera gives; headers that state more are broken.
const HIGHEST_RATE: f64 = 100_000.0;

/// The reader is opened apart from the container, so that the container is told by content
/// (a name like `a%03d.jpg` would otherwise be taken for a pattern).
fn open_context(path: &Path) -> Result<NonNull<sys::AVFormatContext>, SourceError> {
    scrim_ff::load().map_err(SourceError::Ffmpeg)?;
    let url = CString::new([b"file:", bytes_of(path.as_os_str()).as_slice()].concat())
        .map_err(|_| std::io::Error::from(std::io::ErrorKind::InvalidInput))?;
    let mut options = Dict::new(&[
        ("format_whitelist", CONTAINERS),
        ("protocol_whitelist", "none"),
    ])
    .map_err(SourceError::Open)?;
    // SAFETY: on failure avformat_open_input frees the context and sets it to null; the reader
    // stays ours and is closed here.
    unsafe {
        let mut io = ptr::null_mut();
        let code = sys::avio_open(&mut io, url.as_ptr(), sys::AVIO_FLAG_READ);
        check("avio_open", code).map_err(SourceError::Open)?;
        let mut context = sys::avformat_alloc_context();
        if context.is_null() {
            sys::avio_closep(&mut io);
            return Err(SourceError::Open(AvError::no_memory(
                "avformat_alloc_context",
            )));
        }
        (*context).pb = io;
        let code = sys::avformat_open_input(
            &mut context,
            c"".as_ptr(),
            ptr::null(),
            options.as_mut_ptr(),
        );
        if let Err(e) = check("avformat_open_input", code) {
            sys::avio_closep(&mut io);
            return Err(SourceError::Open(e));
        }
        NonNull::new(context)
            .ok_or_else(|| SourceError::Open(AvError::no_memory("avformat_open_input")))
    }
}

#[cfg(unix)]
fn bytes_of(name: &OsStr) -> Vec<u8> {
    std::os::unix::ffi::OsStrExt::as_bytes(name).to_vec()
}

#[cfg(not(unix))]
fn bytes_of(name: &OsStr) -> Vec<u8> {
    name.to_string_lossy().into_owned().into_bytes()
}
