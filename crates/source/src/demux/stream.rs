//! What an open container says of its streams and of itself, as plain values.

use crate::facts::{StreamFacts, StreamKind};
use scrim_ff::sys::{self, AVMediaType, AVPacketSideDataType};
use std::ffi::CStr;
use std::ptr;

/// What kind of stream it is, and its codec.
///
/// # Safety
/// `stream` is a stream of an open context.
pub(super) unsafe fn stream_facts(index: usize, stream: *mut sys::AVStream) -> StreamFacts {
    // SAFETY: the caller vouches for the stream.
    let (p, disposition) = unsafe { (&*(*stream).codecpar, (*stream).disposition) };
    let kind = match p.codec_type {
        AVMediaType::AVMEDIA_TYPE_VIDEO if disposition & sys::AV_DISPOSITION_ATTACHED_PIC != 0 => {
            StreamKind::CoverPicture
        }
        AVMediaType::AVMEDIA_TYPE_VIDEO => StreamKind::Video,
        AVMediaType::AVMEDIA_TYPE_AUDIO => StreamKind::Audio,
        AVMediaType::AVMEDIA_TYPE_SUBTITLE => StreamKind::Subtitle,
        AVMediaType::AVMEDIA_TYPE_DATA => StreamKind::Data,
        AVMediaType::AVMEDIA_TYPE_ATTACHMENT => StreamKind::Attachment,
        _ => StreamKind::Unknown,
    };
    StreamFacts {
        index,
        kind,
        codec: codec_name(p.codec_id),
    }
}

/// FFmpeg's name of a codec.
pub(super) fn codec_name(id: sys::AVCodecID) -> String {
    // SAFETY: always returns a constant string.
    unsafe { text(sys::avcodec_get_name(id)) }
}

/// A copy of a string of FFmpeg; empty for none.
///
/// # Safety
/// `s` is null or a string that ends with 0.
pub(super) unsafe fn text(s: *const std::ffi::c_char) -> String {
    if s.is_null() {
        return String::new();
    }
    // SAFETY: the caller vouches for the string.
    unsafe { CStr::from_ptr(s) }.to_string_lossy().into_owned()
}

/// A duration of a container, in seconds; none where it is unknown.
pub(super) fn seconds(duration: i64) -> Option<f64> {
    (duration > 0).then(|| duration as f64 / f64::from(sys::AV_TIME_BASE))
}

/// A copy of what a stream says of itself.
///
/// # Safety
/// `stream` is a stream of an open context.
pub(super) unsafe fn side_data(
    stream: *const sys::AVStream,
    kind: AVPacketSideDataType,
) -> Option<Vec<u8>> {
    let mut size = 0;
    // SAFETY: the caller vouches for the stream; `size` says how many bytes there are.
    unsafe {
        let data = sys::av_stream_get_side_data(stream, kind, &mut size);
        (!data.is_null()).then(|| std::slice::from_raw_parts(data, size).to_vec())
    }
}

/// A display matrix from its side data: nine numbers of the machine's byte order.
pub(super) fn matrix_of(bytes: &[u8]) -> Option<[i32; 9]> {
    let (numbers, _) = bytes.as_chunks::<4>();
    let first: &[[u8; 4]; 9] = numbers.first_chunk()?;
    Some(first.map(i32::from_ne_bytes))
}

/// The keys of a dictionary.
///
/// # Safety
/// `dict` is null or a valid dictionary.
pub(super) unsafe fn tag_names(dict: *const sys::AVDictionary) -> Vec<String> {
    let mut names = Vec::new();
    let mut entry = ptr::null_mut();
    loop {
        // SAFETY: the caller vouches for the dictionary; an empty key visits every entry.
        entry = unsafe { sys::av_dict_get(dict, c"".as_ptr(), entry, sys::AV_DICT_IGNORE_SUFFIX) };
        if entry.is_null() {
            return names;
        }
        // SAFETY: keys are strings that end with 0.
        names.push(unsafe { text((*entry).key) });
    }
}
