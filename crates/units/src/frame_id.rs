//! Which decoded picture this is, so that two passes over a file can be told to agree.

/// Index, time and checksum of one decoded picture. Number and time do not identify a picture
/// in a damaged file; the checksum of its planes does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FrameId {
    /// Position in display order, from 0.
    pub index: u64,
    /// Presentation time in ticks of the stream's time base.
    pub pts: i64,
    /// 64-bit checksum of the decoded planes without row padding; another one in every process.
    pub checksum: u64,
}
