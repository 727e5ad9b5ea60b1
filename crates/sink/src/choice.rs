//! Which encoder writes a picture of this shape into this container.

use crate::container::Container;
use crate::encode::{Format, accepts, nearest};
use crate::error::SinkError;
use scrim_frame::{Family, Layout};
use scrim_units::Size;
use std::ops::RangeInclusive;

/// Codecs that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// ITU-T H.264.
    H264,
    /// ITU-T H.265.
    Hevc,
    /// AOM AV1.
    Av1,
    /// VP9.
    Vp9,
    /// FFV1, lossless (RFC 9043).
    Ffv1,
    /// MPEG-2 (ITU-T H.262), for MPEG program streams only.
    Mpeg2,
}

impl Codec {
    const ALL: [Self; 6] = [
        Self::H264,
        Self::Hevc,
        Self::Av1,
        Self::Vp9,
        Self::Ffv1,
        Self::Mpeg2,
    ];

    /// Its name in options and reports, which is FFmpeg's.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::H264 => "h264",
            Self::Hevc => "hevc",
            Self::Av1 => "av1",
            Self::Vp9 => "vp9",
            Self::Ffv1 => "ffv1",
            Self::Mpeg2 => "mpeg2video",
        }
    }

    /// By that name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.name() == name)
    }

    /// Constant rate factors that its encoders know; none for a codec without such a setting.
    #[must_use]
    pub fn crf_range(self) -> Option<RangeInclusive<u8>> {
        match self {
            Self::H264 | Self::Hevc => Some(0..=51),
            Self::Av1 | Self::Vp9 => Some(0..=63),
            Self::Ffv1 | Self::Mpeg2 => None,
        }
    }

    /// FFmpeg's encoders for it, in order of preference.
    fn encoders(self) -> &'static [&'static str] {
        match self {
            Self::H264 => &["libx264", "libx264rgb"],
            Self::Hevc => &["libx265"],
            Self::Av1 => &["libsvtav1", "libaom-av1"],
            Self::Vp9 => &["libvpx-vp9"],
            Self::Ffv1 => &["ffv1"],
            Self::Mpeg2 => &["mpeg2video"],
        }
    }

    fn fits(self, container: Container) -> bool {
        match container {
            Container::Mkv => self != Self::Mpeg2,
            Container::Mp4 => !matches!(self, Self::Ffv1 | Self::Mpeg2),
            Container::Mov => matches!(self, Self::H264 | Self::Hevc),
            Container::WebM => matches!(self, Self::Vp9 | Self::Av1),
            Container::Ts => matches!(self, Self::H264 | Self::Hevc),
            // H.264 in a program stream is not read back whole by FFmpeg.
            Container::Ps => self == Self::Mpeg2,
            Container::Avi => matches!(self, Self::H264 | Self::Ffv1),
        }
    }

    /// H.264 and H.265 crop in whole chroma samples, so an odd side needs 4:4:4; SVT-AV1 wants
    /// even sides too.
    fn takes_size(self, size: Size, layout: &Layout) -> bool {
        let sub = layout.coarsest();
        let whole = |side: u32, shift: u8| side.is_multiple_of(1 << shift);
        matches!(self, Self::Vp9 | Self::Ffv1)
            || (whole(size.width, sub.shift_x) && whole(size.height, sub.shift_y))
    }
}

/// An encoder, and the pixel format that it is fed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The codec.
    pub codec: Codec,
    /// FFmpeg's name of the encoder.
    pub encoder: &'static str,
    /// What it is fed with.
    pub(crate) format: Format,
    /// Samples lose depth or subsampling on the way.
    pub lossy_format: bool,
}

/// Codecs that keep every sample; a source in one of them stays lossless.
const LOSSLESS: [&str; 9] = [
    "ffv1", "huffyuv", "ffvhuff", "utvideo", "rawvideo", "png", "qtrle", "magicyuv", "lagarith",
];

impl Choice {
    /// The best encoder. `asked`: only that codec; otherwise H.264 where it can hold the picture
    /// exactly, then the source's own codec, then others; a lossless source stays lossless.
    ///
    /// # Errors
    /// [`SinkError::NoEncoder`].
    pub fn make(
        asked: Option<Codec>,
        source_codec: &str,
        container: Container,
        size: Size,
        layout: &Layout,
    ) -> Result<Self, SinkError> {
        let order = order(asked, source_codec);
        for lossy in [false, true] {
            for codec in &order {
                if !codec.fits(container) || !codec.takes_size(size, layout) {
                    continue;
                }
                for encoder in codec.encoders() {
                    let format = if lossy {
                        nearest(encoder, layout)
                    } else {
                        accepts(encoder, |l| same_samples(l, layout))
                    };
                    if let Some(format) = format {
                        return Ok(Self {
                            codec: *codec,
                            encoder,
                            format,
                            lossy_format: lossy,
                        });
                    }
                }
            }
        }
        Err(SinkError::NoEncoder {
            codec: asked.map_or("the picture", Codec::name).into(),
            picture: format!("{} x {}", size.width, size.height),
            container,
        })
    }
}

fn order(asked: Option<Codec>, source_codec: &str) -> Vec<Codec> {
    if let Some(codec) = asked {
        return vec![codec];
    }
    let mut order = vec![Codec::H264];
    if LOSSLESS.contains(&source_codec) {
        order.insert(0, Codec::Ffv1);
    }
    order.extend(Codec::of_name(source_codec));
    order.extend([Codec::Vp9, Codec::Hevc, Codec::Ffv1, Codec::Mpeg2]);
    order
}

/// Whether two layouts hold the same samples, perhaps arranged differently.
fn same_samples(a: &Layout, b: &Layout) -> bool {
    let depths = |l: &Layout| l.components.iter().map(|c| c.depth).collect::<Vec<_>>();
    let subsampling = |l: &Layout| (l.family == Family::Yuv).then(|| l.coarsest());
    a.family == b.family
        && a.alpha == b.alpha
        && depths(a) == depths(b)
        && subsampling(a) == subsampling(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVEN: Size = Size {
        width: 640,
        height: 360,
    };

    fn grey() -> Layout {
        Layout::packed(Family::Grey, false, 8)
    }

    #[test]
    fn a_lossless_source_stays_lossless_and_others_become_h264() {
        let made = |source| {
            Choice::make(None, source, Container::Mkv, EVEN, &grey())
                .unwrap()
                .codec
        };
        assert_eq!(made("ffv1"), Codec::Ffv1);
        assert_eq!(made("mpeg4"), Codec::H264);
    }

    #[test]
    fn a_codec_that_the_container_cannot_hold_is_refused_by_name() {
        let refused = Choice::make(Some(Codec::Ffv1), "h264", Container::Mp4, EVEN, &grey());
        assert!(matches!(refused, Err(SinkError::NoEncoder { .. })));
    }

    #[test]
    fn packed_rgb_is_rearranged_for_the_encoder_without_loss() {
        let rgb = Layout::packed(Family::Rgb, false, 8);
        let made = Choice::make(None, "h264", Container::Mp4, EVEN, &rgb).unwrap();
        assert_eq!((made.encoder, made.lossy_format), ("libx264rgb", false));
    }
}
