//! Border: packets of our own encoder, and sound, to a container. It takes no others.
#![expect(unsafe_code, reason = "border to libavformat")]

use crate::container::Container;
use crate::encode::{EncodedPacket, Encoder};
use crate::error::SinkError;
use crate::video::VideoSettings;
use scrim_ff::sys::{self, AVPacketSideDataType};
use scrim_ff::{AudioPacket, AudioStream, AvError, Dict, check, rational};
use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::ptr::{self, NonNull};

/// A container that is being written.
pub(crate) struct Muxer {
    context: NonNull<sys::AVFormatContext>,
    path: PathBuf,
    container: Container,
    /// Time base of the encoder's packets.
    from: sys::AVRational,
    /// Source stream, its time base and our stream of each kept sound.
    audio: Vec<(usize, sys::AVRational, i32)>,
}

// SAFETY: the context is used through `&mut self` by one thread at a time.
unsafe impl Send for Muxer {}

impl Muxer {
    /// Opens the file at `path`, whatever its suffix, for this container.
    pub(crate) fn create(path: &Path, container: Container) -> Result<Self, SinkError> {
        let fail = |source| SinkError::Mux {
            path: path.to_owned(),
            source,
        };
        let invalid = || AvError::new("avio_open", sys::AVERROR(sys::EINVAL));
        let url = CString::new([b"file:", bytes_of(path).as_slice()].concat())
            .map_err(|_| fail(invalid()))?;
        let mut context = ptr::null_mut();
        // SAFETY: names end with 0; on failure the context stays null.
        let code = unsafe {
            sys::avformat_alloc_output_context2(
                &mut context,
                ptr::null_mut(),
                container.muxer().as_ptr(),
                url.as_ptr(),
            )
        };
        check("avformat_alloc_output_context2", code).map_err(fail)?;
        let context = NonNull::new(context).ok_or_else(|| fail(invalid()))?;
        let muxer = Self {
            context,
            path: path.to_owned(),
            container,
            from: sys::AVRational { num: 1, den: 1 },
            audio: Vec::new(),
        };
        // SAFETY: the context is ours; it is closed in Drop.
        let code = unsafe {
            let c = context.as_ptr();
            (*c).flags |= sys::AVFMT_FLAG_BITEXACT;
            sys::avio_open(&mut (*c).pb, url.as_ptr(), sys::AVIO_FLAG_WRITE)
        };
        check("avio_open", code).map_err(fail)?;
        Ok(muxer)
    }

    /// Which container it is.
    pub(crate) fn container(&self) -> Container {
        self.container
    }

    /// Whether codec headers belong into the container's header.
    pub(crate) fn wants_global_header(&self) -> bool {
        // SAFETY: an output context has an output format.
        unsafe { (*(*self.context.as_ptr()).oformat).flags & sys::AVFMT_GLOBALHEADER != 0 }
    }

    /// Writes the header.
    pub(crate) fn begin(
        &mut self,
        encoder: &Encoder,
        settings: &VideoSettings,
        audio: &[AudioStream],
    ) -> Result<(), SinkError> {
        self.add_video(encoder, settings).map_err(self.fail())?;
        for stream in audio {
            self.add_audio(stream).map_err(self.fail())?;
        }
        let mut options = self.options().map_err(self.fail())?;
        // SAFETY: the context has its streams and an open file.
        let code =
            unsafe { sys::avformat_write_header(self.context.as_ptr(), options.as_mut_ptr()) };
        check("avformat_write_header", code).map_err(self.fail())?;
        match options.left_over().pop() {
            Some(option) => Err(SinkError::UnknownOption {
                name: format!("{:?}", self.container),
                option,
            }),
            None => Ok(()),
        }
    }

    fn add_video(&mut self, encoder: &Encoder, settings: &VideoSettings) -> Result<(), AvError> {
        self.from = rational(settings.time_base);
        // SAFETY: the context is ours; the encoder is open.
        unsafe {
            let stream = self.new_stream()?;
            (*stream).time_base = self.from;
            let (num, den) = settings.sample_aspect;
            (*stream).sample_aspect_ratio = sys::AVRational { num, den };
            if settings.constant_rate
                && let Some((num, den)) = settings.average_rate
            {
                (*stream).avg_frame_rate = sys::AVRational { num, den };
                (*stream).r_frame_rate = (*stream).avg_frame_rate;
            }
            let code = sys::avcodec_parameters_from_context((*stream).codecpar, encoder.context());
            check("avcodec_parameters_from_context", code)?;
            if let Some(matrix) = settings.matrix {
                let kind = AVPacketSideDataType::AV_PKT_DATA_DISPLAYMATRIX;
                add_side_data(stream, kind, &matrix.map(i32::to_ne_bytes).concat())?;
            }
            for (kind, bytes) in settings.light.side_data() {
                add_side_data(stream, kind, bytes)?;
            }
        }
        Ok(())
    }

    fn add_audio(&mut self, from: &AudioStream) -> Result<(), AvError> {
        // SAFETY: the context is ours; the parameters belong to `from`.
        unsafe {
            let stream = self.new_stream()?;
            (*stream).time_base = from.time_base();
            let code = sys::avcodec_parameters_copy((*stream).codecpar, from.parameters());
            check("avcodec_parameters_copy", code)?;
            self.audio
                .push((from.index(), from.time_base(), (*stream).index));
        }
        Ok(())
    }

    fn new_stream(&mut self) -> Result<*mut sys::AVStream, AvError> {
        // SAFETY: the context is ours.
        let stream = unsafe { sys::avformat_new_stream(self.context.as_ptr(), ptr::null()) };
        if stream.is_null() {
            return Err(AvError::no_memory("avformat_new_stream"));
        }
        Ok(stream)
    }

    /// Times are written as they are: no shift to zero where negative ones can be held, no
    /// delay, and nothing that a muxer adds by itself.
    fn options(&self) -> Result<Dict, AvError> {
        match self.container {
            Container::Mp4 | Container::Mov => Dict::new(&[
                ("avoid_negative_ts", "disabled"),
                ("movflags", "+negative_cts_offsets"),
            ]),
            Container::Mkv | Container::WebM => Dict::new(&[("avoid_negative_ts", "disabled")]),
            Container::Ts => Dict::new(&[("mpegts_copyts", "1")]),
            Container::Ps | Container::Avi => Dict::new(&[]),
        }
    }

    /// Writes a packet of our encoder.
    pub(crate) fn write(&mut self, mut packet: EncodedPacket) -> Result<(), SinkError> {
        // SAFETY: the packet is ours; its stream is the first.
        unsafe {
            let p = packet.as_mut_ptr();
            (*p).stream_index = 0;
            self.interleave(p, self.from)
        }
    }

    /// Writes a packet of sound. One of a stream that is not kept is passed over.
    pub(crate) fn write_audio(&mut self, mut packet: AudioPacket) -> Result<(), SinkError> {
        let Some(&(_, from, index)) = self.audio.iter().find(|a| a.0 == packet.stream()) else {
            return Ok(());
        };
        // SAFETY: the packet is ours; the stream was added in `begin`.
        unsafe {
            let p = packet.as_mut_ptr();
            (*p).stream_index = index;
            (*p).pos = -1;
            self.interleave(p, from)
        }
    }

    /// # Safety
    /// `packet` is valid and names a stream of this container.
    unsafe fn interleave(
        &mut self,
        packet: *mut sys::AVPacket,
        from: sys::AVRational,
    ) -> Result<(), SinkError> {
        // SAFETY: the caller vouches for the packet; the header is written.
        let code = unsafe {
            let c = self.context.as_ptr();
            let stream = *(*c).streams.add((*packet).stream_index as usize);
            sys::av_packet_rescale_ts(packet, from, (*stream).time_base);
            sys::av_interleaved_write_frame(c, packet)
        };
        check("av_interleaved_write_frame", code)
            .map(drop)
            .map_err(self.fail())?;
        self.check_file()
    }

    /// Writes the end and closes the file.
    pub(crate) fn finish(mut self) -> Result<(), SinkError> {
        // SAFETY: the header is written; the file is closed once, the pointer becomes null.
        let (trailer, close) = unsafe {
            let c = self.context.as_ptr();
            let trailer = sys::av_write_trailer(c);
            let error = (*(*c).pb).error;
            let close = sys::avio_closep(&mut (*c).pb);
            (if trailer < 0 { trailer } else { error }, close)
        };
        check("av_write_trailer", trailer).map_err(self.fail())?;
        check("avio_close", close).map(drop).map_err(self.fail())?;
        self.audio.clear();
        Ok(())
    }

    /// libavformat keeps a failed write in its file; it is looked at at once, so that a full
    /// disk ends the work and not only the trailer.
    fn check_file(&self) -> Result<(), SinkError> {
        // SAFETY: the file is open.
        let error = unsafe { (*(*self.context.as_ptr()).pb).error };
        check("avio_write", error).map(drop).map_err(self.fail())
    }

    fn fail(&self) -> impl FnOnce(AvError) -> SinkError + use<> {
        let path = self.path.clone();
        move |source| SinkError::Mux { path, source }
    }
}

impl Drop for Muxer {
    fn drop(&mut self) {
        // SAFETY: opened in `create`; closing a null file does nothing.
        unsafe {
            let c = self.context.as_ptr();
            sys::avio_closep(&mut (*c).pb);
            sys::avformat_free_context(c);
        }
    }
}

/// # Safety
/// `stream` is a stream of an output whose header is not written yet.
unsafe fn add_side_data(
    stream: *mut sys::AVStream,
    kind: AVPacketSideDataType,
    bytes: &[u8],
) -> Result<(), AvError> {
    // SAFETY: the caller vouches for the stream; the memory has the length that was asked for.
    unsafe {
        let data = sys::av_stream_new_side_data(stream, kind, bytes.len());
        if data.is_null() {
            return Err(AvError::no_memory("av_stream_new_side_data"));
        }
        data.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
    }
    Ok(())
}

#[cfg(unix)]
fn bytes_of(path: &Path) -> Vec<u8> {
    std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec()
}

#[cfg(not(unix))]
fn bytes_of(path: &Path) -> Vec<u8> {
    path.to_string_lossy().into_owned().into_bytes()
}
