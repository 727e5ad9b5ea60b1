//! FFmpeg as the rest of the workspace calls it: the bindings' types and constants, and of its
//! functions those that are used, looked up when the first video comes. So photos need no FFmpeg
//! and do not wait for the many libraries that it links, and where it is missing scrim says what to install,
//! not the system's loader.
//!
//! A function of the bindings that is not on the list here would link its library again; a test of
//! the built program sees that.
#![expect(
    non_snake_case,
    clippy::too_many_arguments,
    reason = "the functions are FFmpeg's"
)]

pub use ffmpeg_sys_next::*;

use crate::error::AvError;
use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_LAZY};
use std::ffi::{c_char, c_int, c_uint, c_void};
use std::sync::OnceLock;

/// Name and major version of what the bindings were made for.
const LIBRARIES: [(&str, i32); 4] = [
    ("avutil", LIBAVUTIL_VERSION_MAJOR),
    ("avcodec", LIBAVCODEC_VERSION_MAJOR),
    ("avformat", LIBAVFORMAT_VERSION_MAJOR),
    ("swscale", LIBSWSCALE_VERSION_MAJOR),
];

static LOADED: OnceLock<Result<Functions, AvError>> = OnceLock::new();

/// Loads FFmpeg, once a process, and turns its log off. To be called before anything else of it.
///
/// # Errors
/// [`AvError`] where a library is missing, with what to install.
pub fn load() -> Result<(), AvError> {
    loaded().as_ref().map(drop).map_err(Clone::clone)
}

/// Whether it was.
pub(crate) fn is_loaded() -> bool {
    matches!(LOADED.get(), Some(Ok(_)))
}

fn loaded() -> &'static Result<Functions, AvError> {
    LOADED.get_or_init(|| {
        LIBRARIES.into_iter().try_for_each(open)?;
        let functions = Functions::find()?;
        // SAFETY: sets one global integer. Faults reach the user through return codes.
        unsafe { (functions.av_log_set_level)(AV_LOG_QUIET) };
        Ok(functions)
    })
}

/// Opens a library for the rest of the process, its functions for all to find, as if it were linked.
/// The major version decides about every layout and signature, so no other one is taken.
fn open((name, major): (&str, i32)) -> Result<(), AvError> {
    let file = if cfg!(target_os = "macos") {
        format!("lib{name}.{major}.dylib")
    } else {
        format!("lib{name}.so.{major}")
    };
    // SAFETY: runs the initialisers of FFmpeg and of what it links, as linking it would.
    let opened = unsafe { Library::open(Some(&file), RTLD_LAZY | RTLD_GLOBAL) };
    let library = opened.map_err(|why| missing(&why))?;
    std::mem::forget(library);
    Ok(())
}

/// With all packages, so that nobody has to install one after the other.
fn missing(why: &libloading::Error) -> AvError {
    let packages = LIBRARIES.map(|(name, major)| format!("lib{name}{major}"));
    AvError {
        call: "dlopen",
        code: AVERROR_EXTERNAL,
        text: format!(
            "FFmpeg is missing, which videos and lossy WebP need: {why}; on Debian: sudo apt install \
             {}, and where there are no such packages build scrim anew",
            packages.join(" ")
        ),
    }
}

/// Loads it at the latest now. Whoever has not asked [`load`] before made a mistake; where FFmpeg is
/// missing that ends the program, and nothing is shown.
fn functions() -> &'static Functions {
    match loaded() {
        Ok(functions) => functions,
        Err(e) => panic!("{e}"),
    }
}

/// A struct of pointers to these functions, and a function of each name that calls through it. The
/// compiler holds every signature to that of the bindings.
macro_rules! functions {
    ($($name:ident($($argument:ident: $kind:ty),*) $(-> $result:ty)?;)+) => {
        struct Functions { $(
            $name: unsafe extern "C" fn($($kind),*) $(-> $result)?,
        )+ }

        impl Functions {
            fn find() -> Result<Self, AvError> {
                let all = Library::this();
                Ok(Self { $($name: {
                    let name = concat!(stringify!($name), "\0");
                    // SAFETY: the function has this type in the bindings of this major version.
                    let found = unsafe { all.get(name.as_bytes()) };
                    *found.map_err(|why| missing(&why))?
                },)+ })
            }
        }

        $(
            /// FFmpeg's function of this name.
            ///
            /// # Safety
            /// As FFmpeg's documentation of it says.
            pub unsafe fn $name($($argument: $kind),*) $(-> $result)? {
                // SAFETY: the caller's promise.
                unsafe { (functions().$name)($($argument),*) }
            }

            const _: unsafe extern "C" fn($($kind),*) $(-> $result)? = ffmpeg_sys_next::$name;
        )+
    };
}

functions! {
    av_dict_free(m: *mut *mut AVDictionary);
    av_dict_get(
        m: *const AVDictionary, key: *const c_char, prev: *const AVDictionaryEntry, flags: c_int
    ) -> *mut AVDictionaryEntry;
    av_dict_set(pm: *mut *mut AVDictionary, key: *const c_char, value: *const c_char, flags: c_int) -> c_int;
    av_find_best_pix_fmt_of_2(
        dst_pix_fmt1: AVPixelFormat, dst_pix_fmt2: AVPixelFormat, src_pix_fmt: AVPixelFormat,
        has_alpha: c_int, loss_ptr: *mut c_int
    ) -> AVPixelFormat;
    av_frame_alloc() -> *mut AVFrame;
    av_frame_free(frame: *mut *mut AVFrame);
    av_frame_get_buffer(frame: *mut AVFrame, align: c_int) -> c_int;
    av_frame_get_side_data(frame: *const AVFrame, type_: AVFrameSideDataType) -> *mut AVFrameSideData;
    av_frame_make_writable(frame: *mut AVFrame) -> c_int;
    av_frame_unref(frame: *mut AVFrame);
    av_get_pix_fmt_name(pix_fmt: AVPixelFormat) -> *const c_char;
    av_log_set_level(level: c_int);
    av_opt_set_int(obj: *mut c_void, name: *const c_char, val: i64, search_flags: c_int) -> c_int;
    av_pix_fmt_desc_get(pix_fmt: AVPixelFormat) -> *const AVPixFmtDescriptor;
    av_pix_fmt_desc_get_id(desc: *const AVPixFmtDescriptor) -> AVPixelFormat;
    av_pix_fmt_desc_next(prev: *const AVPixFmtDescriptor) -> *const AVPixFmtDescriptor;
    av_strerror(errnum: c_int, errbuf: *mut c_char, errbuf_size: usize) -> c_int;
    av_packet_alloc() -> *mut AVPacket;
    av_packet_free(pkt: *mut *mut AVPacket);
    av_packet_get_side_data(pkt: *const AVPacket, type_: AVPacketSideDataType, size: *mut usize) -> *mut u8;
    av_packet_move_ref(dst: *mut AVPacket, src: *mut AVPacket);
    av_packet_rescale_ts(pkt: *mut AVPacket, tb_src: AVRational, tb_dst: AVRational);
    avcodec_alloc_context3(codec: *const AVCodec) -> *mut AVCodecContext;
    avcodec_find_decoder(id: AVCodecID) -> *const AVCodec;
    avcodec_find_encoder_by_name(name: *const c_char) -> *const AVCodec;
    avcodec_free_context(avctx: *mut *mut AVCodecContext);
    avcodec_get_name(id: AVCodecID) -> *const c_char;
    avcodec_open2(
        avctx: *mut AVCodecContext, codec: *const AVCodec, options: *mut *mut AVDictionary
    ) -> c_int;
    avcodec_parameters_alloc() -> *mut AVCodecParameters;
    avcodec_parameters_copy(dst: *mut AVCodecParameters, src: *const AVCodecParameters) -> c_int;
    avcodec_parameters_free(par: *mut *mut AVCodecParameters);
    avcodec_parameters_from_context(par: *mut AVCodecParameters, codec: *const AVCodecContext) -> c_int;
    avcodec_parameters_to_context(codec: *mut AVCodecContext, par: *const AVCodecParameters) -> c_int;
    avcodec_receive_frame(avctx: *mut AVCodecContext, frame: *mut AVFrame) -> c_int;
    avcodec_receive_packet(avctx: *mut AVCodecContext, avpkt: *mut AVPacket) -> c_int;
    avcodec_send_frame(avctx: *mut AVCodecContext, frame: *const AVFrame) -> c_int;
    avcodec_send_packet(avctx: *mut AVCodecContext, avpkt: *const AVPacket) -> c_int;
    avcodec_version() -> c_uint;
    av_find_best_stream(
        ic: *mut AVFormatContext, type_: AVMediaType, wanted_stream_nb: c_int, related_stream: c_int,
        decoder_ret: *mut *const AVCodec, flags: c_int
    ) -> c_int;
    av_guess_sample_aspect_ratio(
        format: *mut AVFormatContext, stream: *mut AVStream, frame: *mut AVFrame
    ) -> AVRational;
    av_interleaved_write_frame(s: *mut AVFormatContext, pkt: *mut AVPacket) -> c_int;
    av_read_frame(s: *mut AVFormatContext, pkt: *mut AVPacket) -> c_int;
    av_stream_get_side_data(
        stream: *const AVStream, type_: AVPacketSideDataType, size: *mut usize
    ) -> *mut u8;
    av_stream_new_side_data(stream: *mut AVStream, type_: AVPacketSideDataType, size: usize) -> *mut u8;
    av_write_trailer(s: *mut AVFormatContext) -> c_int;
    avformat_alloc_context() -> *mut AVFormatContext;
    avformat_alloc_output_context2(
        ctx: *mut *mut AVFormatContext, oformat: *const AVOutputFormat, format_name: *const c_char,
        filename: *const c_char
    ) -> c_int;
    avformat_close_input(s: *mut *mut AVFormatContext);
    avformat_find_stream_info(ic: *mut AVFormatContext, options: *mut *mut AVDictionary) -> c_int;
    avformat_free_context(s: *mut AVFormatContext);
    avformat_index_get_entries_count(st: *const AVStream) -> c_int;
    avformat_new_stream(s: *mut AVFormatContext, c: *const AVCodec) -> *mut AVStream;
    avformat_open_input(
        ps: *mut *mut AVFormatContext, url: *const c_char, fmt: *const AVInputFormat,
        options: *mut *mut AVDictionary
    ) -> c_int;
    avformat_version() -> c_uint;
    avformat_write_header(s: *mut AVFormatContext, options: *mut *mut AVDictionary) -> c_int;
    avio_closep(s: *mut *mut AVIOContext) -> c_int;
    avio_open(s: *mut *mut AVIOContext, url: *const c_char, flags: c_int) -> c_int;
    sws_freeContext(context: *mut SwsContext);
    sws_getContext(
        width: c_int, height: c_int, format: AVPixelFormat, to_width: c_int, to_height: c_int,
        to_format: AVPixelFormat, flags: c_int, filter: *mut SwsFilter, to_filter: *mut SwsFilter,
        param: *const f64
    ) -> *mut SwsContext;
    sws_scale(
        c: *mut SwsContext, planes: *const *const u8, strides: *const c_int, first_row: c_int, rows: c_int,
        to_planes: *const *mut u8, to_strides: *const c_int
    ) -> c_int;
}
