//! File to `RawFrame`: demux, decode, photos, limits.
//!
//! A coded packet of a file is a type of this crate; outputs cannot name it. FFmpeg is called in
//! `demux` and `decode` only.
#![deny(unsafe_code)]

mod awaited;
mod clip;
mod decode;
mod demux;
mod error;
mod facts;
mod kind;
mod limits;
mod photo;
mod stamp;

pub use clip::{Clip, ClipItem, ClipOptions, Damage, Dropped, Loss};

pub use error::SourceError;
pub use facts::{StreamFacts, StreamKind, VideoFacts};
pub use kind::FileKind;
pub use limits::Limits;
pub use photo::{Page, Photo, PhotoOptions, read_file};
pub use scrim_units::PhotoFormat;
pub use stamp::FileStamp;
