//! Border: coded packets to copied planes to `RawFrame`.
//!
//! The planes are copied row by row into memory of our own. After that no stride, lifetime or
//! pool of FFmpeg reaches safe code, and nothing that is painted can land in a picture that the
//! decoder still refers to.
#![expect(unsafe_code, reason = "border to libavcodec")]

mod picture;

use crate::awaited::Awaited;
use crate::demux::{CodedPacket, Demuxer};
use crate::error::SourceError;
use crate::limits::Limits;
use picture::{colour_of, copy_planes, fields_of, light_of};
use scrim_ff::sys::{self, AVPixelFormat};
use scrim_ff::{AvError, Light, Scaler, check, layout_of, name_of, nearest_supported};
use scrim_raw::{FrameInfo, Layout, PlanePool, RawFrame};
use scrim_units::{FrameId, Orientation, Pts, Size, TimeBase};
use std::ptr::{self, NonNull};
use std::sync::Arc;

/// Size and pixel format of a picture as libswscale wants it.
type Shape = (i32, i32, AVPixelFormat);

/// What comes out next, in display order.
pub(crate) enum Received {
    /// A frame.
    Frame(Decoded),
    /// A frame should be here and is not.
    Missing(FrameId, FrameInfo),
}

/// A frame and what was odd about it.
pub(crate) struct Decoded {
    pub(crate) frame: RawFrame,
    /// The decoder concealed an error in it.
    pub(crate) damaged: bool,
    /// The container says that a part of its packet is missing.
    pub(crate) incomplete: bool,
    /// It had another size or format than the first frame, or one without a layout.
    pub(crate) converted: bool,
    /// It had no time of its own, or one that was not after the last.
    pub(crate) retimed: bool,
}

/// A video decoder.
pub(crate) struct Decoder {
    context: NonNull<sys::AVCodecContext>,
    frame: NonNull<sys::AVFrame>,
    spare: NonNull<sys::AVFrame>,
    scaler: Option<Scaler>,
    limits: Limits,
    pool: PlanePool,
    time_base: TimeBase,
    orientation: Orientation,
    /// HDR metadata: what the container said, else what the first frame says.
    light: Light,
    interval: i64,
    /// Shape of every frame that leaves, set by the first.
    shape: Option<(Shape, Arc<Layout>)>,
    next_index: u64,
    last_pts: Option<i64>,
    awaited: Awaited,
    /// A frame came out, and what is missing before it is told first.
    held: bool,
    /// What a missing frame would have been but for its time.
    like: Option<FrameInfo>,
}

// SAFETY: all contexts are used through `&mut self` by one thread at a time.
unsafe impl Send for Decoder {}

impl Decoder {
    /// A decoder for the video stream of `demuxer`.
    pub(crate) fn new(
        demuxer: &Demuxer,
        threads: usize,
        limits: Limits,
    ) -> Result<Self, SourceError> {
        let facts = demuxer.facts();
        limits.check(facts.size, 1)?;
        let memory = || SourceError::Decoder(AvError::no_memory("av_frame_alloc"));
        // SAFETY: the parameters belong to the open demuxer; what is allocated is freed in Drop.
        unsafe {
            let codec = sys::avcodec_find_decoder((*demuxer.parameters()).codec_id);
            if codec.is_null() {
                return Err(SourceError::NoDecoder(facts.codec.clone()));
            }
            let decoder = Self {
                context: NonNull::new(sys::avcodec_alloc_context3(codec)).ok_or_else(memory)?,
                frame: NonNull::new(sys::av_frame_alloc()).ok_or_else(memory)?,
                spare: NonNull::new(sys::av_frame_alloc()).ok_or_else(memory)?,
                scaler: None,
                limits,
                pool: PlanePool::default(),
                time_base: facts.time_base,
                orientation: facts.orientation,
                light: demuxer.light(),
                interval: interval(facts.time_base, facts.average_rate),
                shape: None,
                next_index: 0,
                last_pts: None,
                awaited: Awaited::default(),
                held: false,
                like: None,
            };
            let c = decoder.context.as_ptr();
            let code = sys::avcodec_parameters_to_context(c, demuxer.parameters());
            check("avcodec_parameters_to_context", code).map_err(SourceError::Decoder)?;
            (*c).pkt_timebase = scrim_ff::rational(facts.time_base);
            (*c).thread_count = i32::try_from(threads).unwrap_or(1);
            (*c).thread_type = sys::FF_THREAD_FRAME | sys::FF_THREAD_SLICE;
            (*c).max_pixels = (limits.frame_bytes).min(i64::MAX as u64) as i64;
            let code = sys::avcodec_open2(c, codec, ptr::null_mut());
            check("avcodec_open2", code).map_err(SourceError::Decoder)?;
            Ok(decoder)
        }
    }

    /// Give it a packet, or `None` at the end. `false`: take frames first, then try again.
    pub(crate) fn send(&mut self, packet: Option<&CodedPacket>) -> Result<bool, AvError> {
        let p = packet.map_or(ptr::null(), CodedPacket::as_ptr);
        // SAFETY: the context is open; a null packet starts draining.
        let code = unsafe { sys::avcodec_send_packet(self.context.as_ptr(), p) };
        let sent = match check("avcodec_send_packet", code) {
            Err(e) if e.is_again() => return Ok(false),
            Err(e) if e.is_end() => Ok(true),
            sent => sent.map(|_| true),
        };
        if let Some(packet) = packet.filter(|p| !p.is_hidden()) {
            self.awaited.sent(packet.time(), !packet.is_incomplete());
        }
        if sent.is_err() {
            self.awaited.failed();
        }
        sent
    }

    /// The next frame in display order; `Ok(None)` when more packets are needed or it ended.
    pub(crate) fn receive(&mut self) -> Result<Option<Received>, ReceiveError> {
        if !self.held {
            // SAFETY: context and frame are ours.
            let code =
                unsafe { sys::avcodec_receive_frame(self.context.as_ptr(), self.frame.as_ptr()) };
            match check("avcodec_receive_frame", code) {
                Ok(_) => self.held = true,
                Err(e) if e.is_again() || e.is_end() => return Ok(None),
                Err(e) if e.is_no_memory() => {
                    return Err(ReceiveError::Refused(SourceError::NoMemory));
                }
                Err(_) => {
                    self.awaited.failed();
                    return Err(ReceiveError::Damaged);
                }
            }
        }
        if let Some(missing) = self.missing_before_held().map_err(ReceiveError::Refused)? {
            return Ok(Some(missing));
        }
        let made = self.make();
        self.held = false;
        // SAFETY: both frames are ours; unref of an empty frame does nothing.
        unsafe {
            sys::av_frame_unref(self.frame.as_ptr());
            sys::av_frame_unref(self.spare.as_ptr());
        }
        made.map(|d| Some(Received::Frame(d)))
            .map_err(ReceiveError::Refused)
    }

    fn missing_before_held(&mut self) -> Result<Option<Received>, SourceError> {
        let Some(time) = self.stated() else {
            return Ok(None);
        };
        if self.like.is_none() {
            let (target, layout) = self.target(self.held_shape())?;
            // SAFETY: the frame is filled.
            let info =
                unsafe { self.info(self.frame.as_ptr(), size_of_shape(target), layout, time) };
            self.like = Some(info);
        }
        Ok(self.missing(Some(time)))
    }

    /// The next missing frame before this time, or before the end once all frames came out.
    pub(crate) fn missing(&mut self, before: Option<i64>) -> Option<Received> {
        let mut info = self.like.clone()?;
        while let Some(ticks) = self.awaited.missing_before(before) {
            if self.last_pts.is_some_and(|last| ticks <= last) {
                continue; // its time has passed: frames before it were given later ones
            }
            self.last_pts = Some(ticks);
            let id = FrameId {
                index: self.next_index,
                pts: ticks,
                checksum: 0,
            };
            self.next_index += 1;
            info.pts.ticks = ticks;
            return Some(Received::Missing(id, info));
        }
        None
    }

    /// HDR metadata by the container or, once it came out, by the first frame.
    pub(crate) fn light(&self) -> &Light {
        &self.light
    }

    /// Shape of the frame that came out.
    fn held_shape(&self) -> Shape {
        let f = self.frame.as_ptr();
        // SAFETY: the frame is filled; its format field holds a pixel format.
        unsafe {
            (
                (*f).width,
                (*f).height,
                std::mem::transmute::<i32, AVPixelFormat>((*f).format),
            )
        }
    }

    /// Time that the frame that came out states for itself, where it does.
    fn stated(&self) -> Option<i64> {
        // SAFETY: the frame is filled.
        let time = unsafe { (*self.frame.as_ptr()).best_effort_timestamp };
        (time != sys::AV_NOPTS_VALUE).then_some(time)
    }

    fn make(&mut self) -> Result<Decoded, SourceError> {
        let f = self.frame.as_ptr();
        let shape = self.held_shape();
        // SAFETY: the frame was just filled.
        let damaged =
            unsafe { (*f).decode_error_flags != 0 || (*f).flags & sys::AV_FRAME_FLAG_CORRUPT != 0 };
        let incomplete = self.stated().is_some_and(|t| self.awaited.came(t));
        if self.next_index == 0 {
            // SAFETY: the frame was just filled.
            self.light = self.light.or(&unsafe { light_of(f) });
        }
        let (target, layout) = self.target(shape)?;
        let converted = target != shape;
        let from = if converted {
            self.convert(shape, target)?;
            self.spare
        } else {
            self.frame
        };
        let size = size_of_shape(target);
        let (pts, retimed) = self.time();
        // SAFETY: both frames are filled.
        let info = unsafe { self.info(f, size, layout.clone(), pts) };
        // SAFETY: the frame has the shape that `layout` and `size` describe.
        let planes = unsafe { copy_planes(from.as_ptr(), &layout, size, &self.pool) }?;
        let frame = RawFrame::new(self.next_index, info, planes)
            .map_err(|e| SourceError::PixelFormat(format!("{} ({e})", name_of(shape.2))))?
            .pooled(&self.pool);
        self.next_index += 1;
        Ok(Decoded {
            frame,
            damaged,
            incomplete,
            converted,
            retimed,
        })
    }

    /// The shape that frames leave with: that of the first frame, in a format with a layout.
    fn target(&mut self, shape: Shape) -> Result<(Shape, Arc<Layout>), SourceError> {
        if let Some((target, layout)) = &self.shape {
            return Ok((*target, layout.clone()));
        }
        let unknown = || SourceError::PixelFormat(name_of(shape.2));
        let format = match layout_of(shape.2) {
            Some(_) => shape.2,
            None => nearest_supported(shape.2).ok_or_else(unknown)?,
        };
        let layout = layout_of(format).ok_or_else(unknown)?;
        let size = size_of_shape(shape);
        self.limits.check(size, 1)?;
        let bytes = layout.bytes(size);
        self.limits.check(size, bytes.div_ceil(size.area()))?;
        let target = (shape.0, shape.1, format);
        let layout = Arc::new(layout);
        self.shape = Some((target, layout.clone()));
        Ok((target, layout))
    }

    fn convert(&mut self, from: Shape, to: Shape) -> Result<(), SourceError> {
        if !self.scaler.as_ref().is_some_and(|s| s.is_for(from, to)) {
            self.scaler = Some(Scaler::new(from, to).map_err(SourceError::Decoder)?);
        }
        let spare = self.spare.as_ptr();
        // SAFETY: the spare frame is ours and empty; it gets buffers for the target shape.
        let code = unsafe {
            (*spare).width = to.0;
            (*spare).height = to.1;
            (*spare).format = to.2 as i32;
            sys::av_frame_get_buffer(spare, 0)
        };
        check("av_frame_get_buffer", code).map_err(SourceError::Decoder)?;
        let Some(scaler) = &mut self.scaler else {
            return Ok(());
        };
        // SAFETY: both frames have the shapes that the scaler was made for.
        unsafe { scaler.convert(self.frame.as_ptr(), spare) }.map_err(SourceError::Decoder)
    }

    /// Presentation time in ticks. A missing time is the last one plus the usual interval; a time
    /// that does not come after the last is moved one tick behind it.
    fn time(&mut self) -> (i64, bool) {
        let (pts, retimed) = match (self.stated(), self.last_pts) {
            (None, None) => (0, true),
            (None, Some(last)) => (last.saturating_add(self.interval), true),
            (Some(t), Some(last)) if t <= last => (last.saturating_add(1), true),
            (Some(t), _) => (t, false),
        };
        self.last_pts = Some(pts);
        (pts, retimed)
    }

    /// # Safety
    /// `f` is a filled video frame.
    unsafe fn info(
        &self,
        f: *const sys::AVFrame,
        size: Size,
        layout: Arc<Layout>,
        ticks: i64,
    ) -> FrameInfo {
        // SAFETY: the caller vouches for the frame.
        let f = unsafe { &*f };
        let full = name_of(
            self.shape
                .as_ref()
                .map_or(AVPixelFormat::AV_PIX_FMT_NONE, |s| s.0.2),
        )
        .starts_with("yuvj");
        FrameInfo {
            size,
            layout,
            pts: Pts {
                ticks,
                base: self.time_base,
            },
            duration: f.pkt_duration.max(0),
            colour: colour_of(f, full),
            fields: fields_of(f),
            orientation: self.orientation,
            smooth_chroma: false,
        }
    }
}

/// Why no frame came.
pub(crate) enum ReceiveError {
    /// The coded data is damaged here; later frames may decode.
    Damaged,
    /// The picture is refused.
    Refused(SourceError),
}

impl Drop for Decoder {
    fn drop(&mut self) {
        let (mut c, mut f, mut s) = (
            self.context.as_ptr(),
            self.frame.as_ptr(),
            self.spare.as_ptr(),
        );
        // SAFETY: all three were allocated in `new` and are freed only here.
        unsafe {
            sys::av_frame_free(&mut f);
            sys::av_frame_free(&mut s);
            sys::avcodec_free_context(&mut c);
        }
    }
}

fn size_of_shape(shape: Shape) -> Size {
    Size {
        width: u32::try_from(shape.0).unwrap_or(0),
        height: u32::try_from(shape.1).unwrap_or(0),
    }
}

/// Ticks between frames at the average rate; one tick where it is unknown.
fn interval(base: TimeBase, rate: Option<(i32, i32)>) -> i64 {
    rate.map_or(1, |(n, d)| {
        let ticks = f64::from(base.den()) * f64::from(d) / (f64::from(base.num()) * f64::from(n));
        (ticks.round() as i64).max(1)
    })
}
