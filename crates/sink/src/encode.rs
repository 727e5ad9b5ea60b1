//! Border: `RedactedFrame` to packets of our own making.
#![expect(unsafe_code, reason = "border to libavcodec")]

mod options;
mod webp;

pub(crate) use webp::still_webp;

use crate::choice::Choice;
use crate::container::Container;
use crate::error::SinkError;
use crate::quiet::quietly;
use crate::video::VideoSettings;
use options::Count;
use scrim_ff::sys::{self, AVPixelFormat};
use scrim_ff::{AvError, Scaler, check, format_of, layout_of, rational};
use scrim_frame::{Fields, FrameInfo, Layout, PlaneRef, Range, RedactedFrame};
use std::collections::BTreeMap;
use std::ffi::CString;
use std::ptr::{self, NonNull};

/// A pixel format that an encoder takes.
pub(crate) type Format = AVPixelFormat;

/// The first pixel format of an encoder whose layout passes `test`.
pub(crate) fn accepts(encoder: &str, test: impl Fn(&Layout) -> bool) -> Option<Format> {
    formats(encoder)
        .into_iter()
        .find(|f| layout_of(*f).is_some_and(|l| test(&l)))
}

/// The pixel format of an encoder that loses least of `layout`.
pub(crate) fn nearest(encoder: &str, layout: &Layout) -> Option<Format> {
    let from = format_of(layout)?;
    formats(encoder).into_iter().reduce(|a, b| {
        // SAFETY: looks up constant tables; the loss pointer may be null.
        unsafe {
            sys::av_find_best_pix_fmt_of_2(a, b, from, i32::from(layout.alpha), ptr::null_mut())
        }
    })
}

fn find(encoder: &str) -> Option<NonNull<sys::AVCodec>> {
    let name = CString::new(encoder).ok()?;
    // SAFETY: a string that ends with 0; the result is a constant or null.
    NonNull::new(unsafe { sys::avcodec_find_encoder_by_name(name.as_ptr()) }.cast_mut())
}

fn formats(encoder: &str) -> Vec<Format> {
    let mut out = Vec::new();
    let Some(codec) = find(encoder) else {
        return out;
    };
    // SAFETY: a codec's format list is constant, may be null and ends with NONE.
    unsafe {
        let mut at = codec.as_ref().pix_fmts;
        while !at.is_null() && *at != AVPixelFormat::AV_PIX_FMT_NONE {
            out.push(*at);
            at = at.add(1);
        }
    }
    out
}

/// A coded packet of our own making; made by an [`Encoder`] only.
pub(crate) struct EncodedPacket(NonNull<sys::AVPacket>);

impl EncodedPacket {
    /// For the muxer, which takes the content.
    pub(crate) fn as_mut_ptr(&mut self) -> *mut sys::AVPacket {
        self.0.as_ptr()
    }
}

impl Drop for EncodedPacket {
    fn drop(&mut self) {
        let mut p = self.0.as_ptr();
        // SAFETY: allocated in `receive`, freed only here.
        unsafe { sys::av_packet_free(&mut p) }
    }
}

/// An open video encoder.
pub(crate) struct Encoder {
    context: NonNull<sys::AVCodecContext>,
    frame: NonNull<sys::AVFrame>,
    /// For frames in another arrangement than the encoder takes.
    rearranged: Option<(Scaler, NonNull<sys::AVFrame>)>,
    name: &'static str,
    interlaced: bool,
    /// Durations of frames that are in the encoder, by their times. Encoders of this FFmpeg do
    /// not hand them through, and a last frame without one is cut off by an edit list.
    durations: BTreeMap<i64, i64>,
    /// What a frame without a duration of its own gets, ticks.
    interval: i64,
    count: Option<Count>,
}

// SAFETY: all contexts are used through `&mut self` by one thread at a time.
unsafe impl Send for Encoder {}

impl Encoder {
    /// Opens the chosen encoder for frames like `first`.
    pub(crate) fn open(
        choice: &Choice,
        settings: &VideoSettings,
        first: &FrameInfo,
        global_header: bool,
    ) -> Result<Self, SinkError> {
        let name = choice.encoder;
        let fail = move |source| SinkError::Encoder {
            name: name.into(),
            source,
        };
        let memory = || fail(AvError::no_memory("av_frame_alloc"));
        let codec = find(name).ok_or_else(memory)?;
        // SAFETY: the codec is a constant; what is allocated is freed in Drop.
        let (context, frame) = unsafe {
            (
                NonNull::new(sys::avcodec_alloc_context3(codec.as_ptr())).ok_or_else(memory)?,
                NonNull::new(sys::av_frame_alloc()).ok_or_else(memory)?,
            )
        };
        let mut encoder = Self {
            context,
            frame,
            rearranged: None,
            name,
            interlaced: first.fields != Fields::Progressive,
            durations: BTreeMap::new(),
            interval: settings.interval(),
            count: Count::of(choice, settings),
        };
        encoder.configure(choice, settings, first, global_header);
        encoder.set_colour(first).map_err(fail)?;
        encoder.prepare_frames(choice, first).map_err(fail)?;
        let mut options = options::options(choice.codec, name, settings).map_err(fail)?;
        let mut open = || {
            // SAFETY: the context is configured and not open yet.
            unsafe { sys::avcodec_open2(context.as_ptr(), codec.as_ptr(), options.as_mut_ptr()) }
        };
        let code = match name {
            "libsvtav1" => quietly(open),
            _ => open(),
        };
        check("avcodec_open2", code).map_err(fail)?;
        match options.left_over().pop() {
            Some(option) => Err(SinkError::UnknownOption {
                name: name.into(),
                option,
            }),
            None => Ok(encoder),
        }
    }

    fn configure(
        &mut self,
        choice: &Choice,
        settings: &VideoSettings,
        first: &FrameInfo,
        global_header: bool,
    ) {
        // SAFETY: the context is ours and not open yet.
        unsafe {
            let c = self.context.as_mut();
            c.width = first.size.width as i32;
            c.height = first.size.height as i32;
            c.pix_fmt = choice.format;
            c.time_base = rational(settings.time_base);
            if let Some((num, den)) = settings.average_rate {
                c.framerate = sys::AVRational { num, den };
                if self.count.is_some() {
                    c.time_base = sys::AVRational { num: den, den: num };
                }
            }
            let (num, den) = settings.sample_aspect;
            c.sample_aspect_ratio = sys::AVRational { num, den };
            c.color_range = match first.colour.range {
                Some(Range::Full) => sys::AVColorRange::AVCOL_RANGE_JPEG,
                Some(Range::Limited) => sys::AVColorRange::AVCOL_RANGE_MPEG,
                None => sys::AVColorRange::AVCOL_RANGE_UNSPECIFIED,
            };
            c.thread_count = i32::try_from(settings.threads).unwrap_or(1);
            let mut flags = sys::AV_CODEC_FLAG_BITEXACT;
            if global_header {
                flags |= sys::AV_CODEC_FLAG_GLOBAL_HEADER;
            }
            c.field_order = match first.fields {
                Fields::Progressive => sys::AVFieldOrder::AV_FIELD_PROGRESSIVE,
                Fields::TopFirst => sys::AVFieldOrder::AV_FIELD_TT,
                Fields::BottomFirst => sys::AVFieldOrder::AV_FIELD_BB,
            };
            if self.interlaced {
                flags |= sys::AV_CODEC_FLAG_INTERLACED_DCT | sys::AV_CODEC_FLAG_INTERLACED_ME;
            }
            c.flags |= flags as i32;
            if settings.container == Container::Avi {
                c.max_b_frames = 0; // AVI knows no presentation times
            }
        }
    }

    /// Colour tags, through FFmpeg's options: a code point that it does not know is an error
    /// there and not an enum without a variant here.
    fn set_colour(&mut self, first: &FrameInfo) -> Result<(), AvError> {
        let colour = first.colour;
        for (name, value) in [
            (c"color_primaries", colour.primaries),
            (c"color_trc", colour.transfer),
            (c"colorspace", colour.matrix),
            (c"chroma_sample_location", colour.chroma_location),
        ] {
            // SAFETY: the context begins with its class, as av_opt_set_int asks; names end with 0.
            let code = unsafe {
                let context = self.context.as_ptr().cast();
                sys::av_opt_set_int(context, name.as_ptr(), i64::from(value), 0)
            };
            check("av_opt_set_int", code)?;
        }
        Ok(())
    }

    /// Buffers for frames of `first`'s layout, and of the encoder's where that differs.
    fn prepare_frames(&mut self, choice: &Choice, first: &FrameInfo) -> Result<(), AvError> {
        let given = format_of(&first.layout)
            .ok_or_else(|| AvError::new("av_pix_fmt_desc_get", sys::AVERROR(sys::EINVAL)))?;
        let size = (first.size.width as i32, first.size.height as i32);
        // SAFETY: the frame is ours and empty.
        unsafe { give_buffers(self.frame, size, given)? };
        if layout_of(choice.format).as_ref() != Some(&*first.layout) {
            let scaler = Scaler::new((size.0, size.1, given), (size.0, size.1, choice.format))?;
            // SAFETY: no arguments.
            let other = NonNull::new(unsafe { sys::av_frame_alloc() })
                .ok_or_else(|| AvError::no_memory("av_frame_alloc"))?;
            self.rearranged = Some((scaler, other));
            // SAFETY: the frame is ours and empty.
            unsafe { give_buffers(other, size, choice.format)? };
        }
        Ok(())
    }

    /// Gives the encoder a frame, or the end.
    pub(crate) fn send(&mut self, frame: Option<&RedactedFrame>) -> Result<(), SinkError> {
        let ready = match frame {
            Some(frame) => self.load(frame),
            None => Ok(ptr::null()),
        };
        let name = self.name;
        ready
            .and_then(|f| {
                // SAFETY: the context is open; the frame is filled, or null to end.
                let code = unsafe { sys::avcodec_send_frame(self.context.as_ptr(), f) };
                check("avcodec_send_frame", code).map(drop)
            })
            .map_err(|source| SinkError::Encoder {
                name: name.into(),
                source,
            })
    }

    /// The next packet, if one is ready.
    pub(crate) fn receive(&mut self) -> Result<Option<EncodedPacket>, SinkError> {
        let name = self.name;
        let fail = |source| SinkError::Encoder {
            name: name.into(),
            source,
        };
        // SAFETY: no arguments.
        let packet = NonNull::new(unsafe { sys::av_packet_alloc() })
            .map(EncodedPacket)
            .ok_or_else(|| fail(AvError::no_memory("av_packet_alloc")))?;
        // SAFETY: the context is open and the packet is ours.
        let code = unsafe { sys::avcodec_receive_packet(self.context.as_ptr(), packet.0.as_ptr()) };
        match check("avcodec_receive_packet", code) {
            Ok(_) => {
                // SAFETY: the packet was just filled.
                unsafe {
                    let p = packet.0.as_ptr();
                    if let Some(count) = &self.count {
                        (*p).pts = count.ticks((*p).pts);
                        (*p).dts = count.ticks((*p).dts);
                    }
                    (*p).duration = self.durations.remove(&(*p).pts).unwrap_or(self.interval);
                }
                Ok(Some(packet))
            }
            Err(e) if e.is_again() || e.is_end() => Ok(None),
            Err(e) => Err(fail(e)),
        }
    }

    /// For the muxer: parameters of the open encoder.
    pub(crate) fn context(&self) -> *const sys::AVCodecContext {
        self.context.as_ptr()
    }

    /// Copies planes, time and flags into the frame that is handed to the encoder.
    fn load(&mut self, frame: &RedactedFrame) -> Result<*const sys::AVFrame, AvError> {
        let info = frame.info();
        // SAFETY: the frame has buffers of this size and layout (checked by the caller). The
        // encoder may still refer to them, hence make_writable.
        unsafe {
            check(
                "av_frame_make_writable",
                sys::av_frame_make_writable(self.frame.as_ptr()),
            )?;
            copy_planes(self.frame.as_ptr(), &frame.planes());
        }
        let ready = match &mut self.rearranged {
            None => self.frame,
            Some((scaler, other)) => {
                // SAFETY: both frames have the shapes that the scaler was made for.
                unsafe {
                    check(
                        "av_frame_make_writable",
                        sys::av_frame_make_writable(other.as_ptr()),
                    )?;
                    scaler.convert(self.frame.as_ptr(), other.as_ptr())?;
                }
                *other
            }
        };
        if info.duration > 0 {
            self.durations.insert(info.pts.ticks, info.duration);
        }
        // SAFETY: the frame is ours.
        unsafe {
            let f = ready.as_ptr();
            (*f).pts = match &mut self.count {
                Some(count) => count.number(info.pts.ticks),
                None => info.pts.ticks,
            };
            (*f).pkt_duration = info.duration;
            (*f).pict_type = sys::AVPictureType::AV_PICTURE_TYPE_NONE;
            (*f).interlaced_frame = i32::from(info.fields != Fields::Progressive);
            (*f).top_field_first = i32::from(info.fields == Fields::TopFirst);
            (*f).color_range = self.context.as_ref().color_range;
        }
        Ok(ready.as_ptr())
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        let (mut c, mut f) = (self.context.as_ptr(), self.frame.as_ptr());
        // SAFETY: allocated in `open` and `prepare_frames`, freed only here.
        unsafe {
            if let Some((_, other)) = &self.rearranged {
                let mut o = other.as_ptr();
                sys::av_frame_free(&mut o);
            }
            sys::av_frame_free(&mut f);
            sys::avcodec_free_context(&mut c);
        }
    }
}

/// # Safety
/// `frame` is an allocated frame without buffers.
unsafe fn give_buffers(
    frame: NonNull<sys::AVFrame>,
    size: (i32, i32),
    format: Format,
) -> Result<(), AvError> {
    // SAFETY: the caller vouches for the frame.
    let code = unsafe {
        let f = frame.as_ptr();
        (*f).width = size.0;
        (*f).height = size.1;
        (*f).format = format as i32;
        sys::av_frame_get_buffer(f, 0)
    };
    check("av_frame_get_buffer", code).map(drop)
}

/// # Safety
/// `frame` has writable buffers of the shape of `planes`; its strides are positive.
unsafe fn copy_planes(frame: *mut sys::AVFrame, planes: &[PlaneRef<'_>]) {
    for (i, plane) in planes.iter().enumerate() {
        // SAFETY: the caller vouches for buffers and shape.
        unsafe {
            let (start, stride) = ((*frame).data[i], (*frame).linesize[i] as isize);
            for y in 0..plane.rows() {
                let row = plane.row(y);
                ptr::copy_nonoverlapping(
                    row.as_ptr(),
                    start.offset(y as isize * stride),
                    row.len(),
                );
            }
        }
    }
}
