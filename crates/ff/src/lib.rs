//! What both sides of the wall need of FFmpeg: errors, dictionaries, rationals, pixel formats,
//! and the one packet that both sides know, made of audio only.
//!
//! No picture and no video packet may be named here. The bindings are re-exported so that the
//! border files of `source` and `sink` speak of the same library.

mod audio;
mod dict;
mod error;
mod light;
mod pixel;
mod rational;
mod scaler;
pub mod sys;
mod version;

pub use audio::{AudioPacket, AudioStream};
pub use dict::Dict;
pub use error::{AvError, check};
pub use light::Light;
pub use pixel::{format_of, layout_of, name_of, nearest_supported};
pub use rational::{rational, time_base};
pub use scaler::Scaler;
pub use sys::load;
pub use version::versions;
