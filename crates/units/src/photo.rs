//! What is known of a picture file besides its pixels, so that it can be written alike.
//!
//! Numbers only: no text of a file ever passes through these types.

/// Formats of still pictures (and of animations that are written as pictures).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PhotoFormat {
    /// ISO/IEC 10918-1.
    Jpeg,
    /// W3C PNG, also animated.
    Png,
    /// RIFF WebP, also animated.
    WebP,
    /// TIFF 6.0, also several pages.
    Tiff,
    /// Windows bitmap.
    Bmp,
    /// GIF89a, also animated.
    Gif,
}

impl PhotoFormat {
    /// Its name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::Tiff => "TIFF",
            Self::Bmp => "BMP",
            Self::Gif => "GIF",
        }
    }

    /// Its usual suffix.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::WebP => "webp",
            Self::Tiff => "tiff",
            Self::Bmp => "bmp",
            Self::Gif => "gif",
        }
    }
}

/// A whole picture file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlbumFacts {
    /// Its format.
    pub format: PhotoFormat,
    /// Whether its pages are frames of an animation.
    pub animated: bool,
    /// How often an animation is shown, as the format counts it; 0 is for ever. `None` where the
    /// file does not say.
    pub loops: Option<u32>,
    /// PNG: the first page is shown where animations are not, and is no frame of it.
    pub first_apart: bool,
    /// PNG: how its samples are to be understood.
    pub colour: ColourTags,
}

/// Colour chunks of PNG (W3C PNG, third edition, 11.3.2), as numbers within their sensible range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ColourTags {
    /// gAMA, in 1/100000.
    pub gamma: Option<u32>,
    /// cHRM: white, red, green, blue, x and y each, in 1/100000.
    pub chromaticities: Option<[u32; 8]>,
    /// sRGB: rendering intent, 0..=3.
    pub srgb: Option<u8>,
    /// cICP: code points of ITU-T H.273 and the range flag.
    pub code_points: Option<[u8; 4]>,
}

/// One page or frame of a picture file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageFacts {
    /// Bits of a sample in the file; of an index where there is a palette.
    pub bits: u8,
    /// Whether the samples were indices into a palette.
    pub indexed: bool,
    /// Whether the file's coding was lossy.
    pub lossy: bool,
    /// Whether the file's coding was smaller than the samples.
    pub compressed: bool,
    /// GIF: the frame names a transparent colour, even if no pixel has it.
    pub keyed: bool,
    /// TIFF: colours are multiplied by alpha.
    pub premultiplied: bool,
    /// How long a frame is shown: a fraction of a second as the file states it.
    pub delay: (u32, u32),
}

impl PageFacts {
    /// A still page of this many bits a sample.
    #[must_use]
    pub const fn still(bits: u8) -> Self {
        Self {
            bits,
            indexed: false,
            lossy: false,
            compressed: true,
            keyed: false,
            premultiplied: false,
            delay: (0, 1),
        }
    }
}
