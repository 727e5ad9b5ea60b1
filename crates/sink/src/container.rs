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

    /// The container that a source's container (FFmpeg's demuxer name) is written as when no
    /// name says otherwise.
    #[must_use]
    pub fn like(demuxer: &str, source: &Path) -> Self {
        let named = Self::of_name(source);
        match demuxer.split(',').next().unwrap_or_default() {
            "mov" => named.filter(|c| *c == Self::Mov).unwrap_or(Self::Mp4),
            "matroska" => named.filter(|c| *c == Self::WebM).unwrap_or(Self::Mkv),
            "mpegts" => Self::Ts,
            _ => Self::Mkv,
        }
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
    fn a_source_keeps_its_container_where_that_can_hold_the_result() {
        let like = |d, n| Container::like(d, Path::new(n));
        assert_eq!(like("mov,mp4,m4a,3gp,3g2,mj2", "a.mp4"), Container::Mp4);
        assert_eq!(like("mov,mp4,m4a,3gp,3g2,mj2", "a.MOV"), Container::Mov);
        assert_eq!(like("matroska,webm", "a.webm"), Container::WebM);
        assert_eq!(like("avi", "a.avi"), Container::Mkv);
        assert_eq!(like("mpegts", "a.bin"), Container::Ts);
    }
}
