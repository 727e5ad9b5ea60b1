//! The wall between decoded pictures and everything that leaves the process.
//!
//! [`RawFrame`] owns decoded pixels. There are two ways from it to a [`RedactedFrame`], and no
//! others: [`redact`], which consumes the frame and fills sealed [`Regions`], and
//! [`RedactedFrame::blank`], which never saw the frame. The coefficients of a JPEG are a raw
//! picture as well: [`RawJpeg`] has one way to a [`RedactedJpeg`], [`redact_jpeg`]. Outputs depend on the facade crate
//! `frame` and cannot name a raw frame at all.
//!
//! What this crate may not know: files, codecs, the network, tracks.
#![forbid(unsafe_code)]

mod examine;
mod frame;
mod jpeg;
mod pool;
mod redact;
mod redacted;
mod regions;
mod sheet;

pub use examine::{Examination, ModelId};
pub use frame::{Colour, Fields, FrameError, FrameInfo, RawFrame};
pub use jpeg::{RawJpeg, RedactedJpeg, redact_jpeg};
pub use pool::PlanePool;
pub use redact::redact;
pub use redacted::{Reason, RedactedFrame};
pub use regions::{Regions, SealError};
pub use scrim_pixels::fill::Fill;
pub use scrim_pixels::layout::{Component, Family, Layout, PlaneLayout, Range};
pub use scrim_pixels::plane::PlaneRef;
pub use sheet::Tile;
