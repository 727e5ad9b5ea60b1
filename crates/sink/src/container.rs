//! Which container a name asks for.

use std::path::Path;

/// Containers that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Container {
    /// MP4 (ISO/IEC 14496-14).
    Mp4,
    /// QuickTime.
    Mov,
    /// Matroska.
    Mkv,
    /// WebM.
    WebM,
    /// MPEG transport stream.
    Ts,
    /// MPEG program stream.
    Ps,
    /// AVI; holds no time stamps, only a constant rate.
    Avi,
}

impl Container {
    /// By the suffix of a name; `None` where it asks for none that is written.
    #[must_use]
    pub fn of_name(name: &Path) -> Option<Self> {
        let suffix = name.extension()?.to_str()?.to_ascii_lowercase();
        Some(match suffix.as_str() {
            "mp4" | "m4v" | "3gp" => Self::Mp4,
            "mov" | "qt" => Self::Mov,
            "mkv" => Self::Mkv,
            "webm" => Self::WebM,
            "ts" | "mts" | "m2ts" => Self::Ts,
            "mpg" | "mpeg" | "vob" => Self::Ps,
            "avi" => Self::Avi,
            _ => return None,
        })
    }

    /// Whether players find a rotation in it (FFmpeg 5.1 writes none into Matroska).
    #[must_use]
    pub fn holds_matrix(self) -> bool {
        matches!(self, Self::Mp4 | Self::Mov)
    }

    /// Suffix of files of this container.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Mov => "mov",
            Self::Mkv => "mkv",
            Self::WebM => "webm",
            Self::Ts => "ts",
            Self::Ps => "mpg",
            Self::Avi => "avi",
        }
    }

    /// FFmpeg's name of the muxer.
    pub(crate) fn muxer(self) -> &'static std::ffi::CStr {
        match self {
            Self::Mp4 => c"mp4",
            Self::Mov => c"mov",
            Self::Mkv => c"matroska",
            Self::WebM => c"webm",
            Self::Ts => c"mpegts",
            Self::Ps => c"vob",
            Self::Avi => c"avi",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_container_is_told_by_the_suffix_in_any_case() {
        let of = |n| Container::of_name(Path::new(n));
        assert_eq!(of("a.MOV"), Some(Container::Mov));
        assert_eq!(of("a.b/c.webm"), Some(Container::WebM));
        assert_eq!((of("a.jpg"), of("mp4")), (None, None));
    }
}
