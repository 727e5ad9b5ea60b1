//! `RedactedFrame` to file: encode, mux, photos, the `.part` file.
//!
//! This crate depends on the facade `frame` and cannot name a raw frame or a source packet.
//! FFmpeg is called in `encode.rs`, `encode/webp.rs` and `mux.rs` only.
#![deny(unsafe_code)]

mod choice;
mod container;
mod encode;
mod error;
mod mux;
mod part;
mod photo;
mod quiet;
mod video;

pub use choice::{Choice, Codec};
pub use container::Container;
pub use error::SinkError;
pub use part::{PartFile, remove_leftover};
pub use photo::{PhotoWriter, write_jpeg};
pub use video::{VideoSettings, VideoWriter};
