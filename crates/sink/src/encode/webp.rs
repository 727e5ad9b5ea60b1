//! One lossy WebP picture from packed samples, by FFmpeg's libwebp.

use super::{find, give_buffers};
use crate::error::SinkError;
use scrim_ff::sys::{self, AVPixelFormat};
use scrim_ff::{AvError, Dict, check};
use scrim_units::Size;
use std::ptr::{self, NonNull};

const NAME: &str = "libwebp";

/// libwebp's quality, 0..=100: well above its default of 75 and what is published.
const QUALITY: &str = "95";

/// The file made of one picture: red, green, blue and, where there is alpha, alpha; 8 bits each,
/// no padding. libwebp leaves out an alpha that is opaque everywhere.
pub(crate) fn still_webp(pixels: &[u8], size: Size, alpha: bool) -> Result<Vec<u8>, SinkError> {
    encode(pixels, size, alpha).map_err(|source| SinkError::Encoder {
        name: NAME.into(),
        source,
    })
}

/// An encoder and a frame, freed on drop.
struct Still {
    context: NonNull<sys::AVCodecContext>,
    frame: NonNull<sys::AVFrame>,
    packet: NonNull<sys::AVPacket>,
}

impl Drop for Still {
    fn drop(&mut self) {
        let (mut c, mut f, mut p) = (
            self.context.as_ptr(),
            self.frame.as_ptr(),
            self.packet.as_ptr(),
        );
        // SAFETY: allocated in `encode`, freed only here.
        unsafe {
            sys::av_packet_free(&mut p);
            sys::av_frame_free(&mut f);
            sys::avcodec_free_context(&mut c);
        }
    }
}

fn encode(pixels: &[u8], size: Size, alpha: bool) -> Result<Vec<u8>, AvError> {
    scrim_ff::load()?;
    let memory = || AvError::no_memory("avcodec_alloc_context3");
    let absent = || {
        AvError::new(
            "avcodec_find_encoder_by_name",
            sys::AVERROR_ENCODER_NOT_FOUND,
        )
    };
    let codec = find(NAME).ok_or_else(absent)?;
    // SAFETY: the codec is a constant; what is allocated is freed by `Still`, or leaked where the
    // next allocation fails, which ends the program's work anyway.
    let still = unsafe {
        Still {
            context: NonNull::new(sys::avcodec_alloc_context3(codec.as_ptr()))
                .ok_or_else(memory)?,
            frame: NonNull::new(sys::av_frame_alloc()).ok_or_else(memory)?,
            packet: NonNull::new(sys::av_packet_alloc()).ok_or_else(memory)?,
        }
    };
    let (width, height) = (size.width as i32, size.height as i32);
    let mut options = Dict::new(&[("quality", QUALITY)])?;
    // SAFETY: the context is ours and not open yet.
    let code = unsafe {
        let c = still.context.as_ptr();
        (*c).width = width;
        (*c).height = height;
        (*c).pix_fmt = AVPixelFormat::AV_PIX_FMT_BGRA;
        (*c).time_base = sys::AVRational { num: 1, den: 1 };
        (*c).flags |= sys::AV_CODEC_FLAG_BITEXACT as i32;
        sys::avcodec_open2(c, codec.as_ptr(), options.as_mut_ptr())
    };
    check("avcodec_open2", code)?;
    // SAFETY: the frame is ours and empty; after it has buffers its rows hold four bytes for
    // each of `width` pixels, `linesize` bytes apart, which is positive.
    unsafe {
        give_buffers(still.frame, (width, height), AVPixelFormat::AV_PIX_FMT_BGRA)?;
        let (start, stride) = {
            let f = still.frame.as_ptr();
            ((*f).data[0], (*f).linesize[0] as usize)
        };
        let (row, step) = (size.width as usize, if alpha { 4 } else { 3 });
        for (y, line) in pixels.chunks_exact(row * step).enumerate() {
            let out = std::slice::from_raw_parts_mut(start.add(y * stride), row * 4);
            for (from, to) in line.chunks_exact(step).zip(out.chunks_exact_mut(4)) {
                let opaque = from.get(3).copied().unwrap_or(255);
                to.copy_from_slice(&[from[2], from[1], from[0], opaque]);
            }
            if y + 1 == size.height as usize {
                break;
            }
        }
    }
    // SAFETY: the context is open, frame and packet are ours.
    unsafe {
        let c = still.context.as_ptr();
        check(
            "avcodec_send_frame",
            sys::avcodec_send_frame(c, still.frame.as_ptr()),
        )?;
        check(
            "avcodec_send_frame",
            sys::avcodec_send_frame(c, ptr::null()),
        )?;
        let code = sys::avcodec_receive_packet(c, still.packet.as_ptr());
        check("avcodec_receive_packet", code)?;
        let packet = still.packet.as_ref();
        let length = usize::try_from(packet.size).unwrap_or(0);
        Ok(std::slice::from_raw_parts(packet.data, length).to_vec())
    }
}
