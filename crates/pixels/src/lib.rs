//! Planes of samples and the arithmetic on them: fills, scaling, convolution rows.
//!
//! SIMD by run-time level; the scalar code is the definition. This crate knows nothing of
//! frames, files, faces or plates.
pub mod colour;
pub mod conv;
pub mod dct;
pub mod fill;
pub mod layout;
pub mod level;
pub mod plane;
pub mod rows;
pub mod scale;
pub mod search;
pub mod smooth;
