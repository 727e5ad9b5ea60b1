//! Picture to boxes and scores, never more of a face or plate.
//!
//! What may not be added here: embeddings, landmarks, plate text, comparison of two boxes'
//! contents. A detector says where something is and how sure it is; nothing else is known.
#![forbid(unsafe_code)]
pub mod anchors;
pub mod card;
mod filled;
mod guard;
mod look;
mod motion;
pub mod network;
pub mod nms;
mod preprocess;
mod second_stage;
mod share;
pub mod third_stage;
mod view;
pub mod weights;

pub use filled::is_filled;
pub use guard::{Factory, Guard};
pub use look::{After, DetectError, Detector, FLOOR, NetworkDetector};
pub use motion::{MotionSearch, Movement};
pub use preprocess::Prepared;
pub use scrim_pixels::level::Level;
pub use second_stage::Cascade;
pub use view::{Light, Sharpness, light, sharpness};
