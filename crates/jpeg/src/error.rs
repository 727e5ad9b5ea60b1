//! Why a file was not read, and what the caller may do about it.
//!
//! Three answers are kept apart: the file is sound but of a kind not handled here (another
//! decoder may take it), the file needs more memory than allowed, or the file is damaged.

use std::fmt;

/// Why a JPEG was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JpegError {
    /// The data does not begin with a start-of-image marker: try another format.
    NotJpeg,
    /// A sound file of a kind that this crate does not handle: fall back to a pixel decoder.
    Unsupported(Unsupported),
    /// The coefficients would take more memory than the caller allows. Nothing was allocated.
    TooLarge {
        /// Bytes that the coefficients take, at 2 bytes each, padding blocks included.
        needed: u64,
        /// The caller's limit in bytes; strict.
        limit: usize,
    },
    /// The file breaks the format. Nothing is guessed or concealed.
    Damaged {
        /// What is wrong.
        what: Damage,
        /// Byte offset in the file at which it was noticed.
        offset: usize,
    },
}

/// A kind of JPEG that is recognised, named and left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unsupported {
    /// Lossless coding (SOF3, SOF11).
    Lossless,
    /// Hierarchical coding (SOF5-7, SOF13-15, DHP, EXP).
    Hierarchical,
    /// JPEG-LS (ITU-T T.87), which shares only the markers.
    JpegLs,
    /// Samples of this many bits instead of 8.
    Precision(u8),
    /// This many components instead of 1 to 4.
    Components(u8),
    /// The height is told after the first scan (DNL).
    HeightLater,
    /// A progressive file that ends before its coefficients are complete. Decoders smooth such
    /// pictures, so no rewritten file would show the same pixels.
    IncompleteProgression,
    /// More scans than any encoder makes; reading them all could take minutes.
    TooManyScans,
}

/// What is wrong with a damaged file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damage {
    /// The file ends inside a segment, a scan or before the end-of-image marker.
    CutShort,
    /// Something else stands where a marker must.
    MarkerExpected,
    /// A marker that has no place here, by its code.
    UnexpectedMarker(u8),
    /// A segment's length does not fit its content.
    SegmentLength,
    /// Width of 0, or no component.
    EmptyPicture,
    /// A sampling factor outside 1..=4.
    SamplingFactor,
    /// Two components with one id, in the frame or in a scan.
    RepeatedComponent,
    /// A second frame header.
    SecondFrame,
    /// A scan, or the end of the picture, before the frame header.
    NoFrame,
    /// A table number outside 0..=3, or a table of unknown class or precision.
    TableNumber,
    /// A quantisation step of 0.
    ZeroQuantiser,
    /// A scan names a quantisation table that was never sent.
    NoQuantTable,
    /// A scan names a Huffman table that was never sent.
    NoHuffmanTable,
    /// Settings of arithmetic coding that the format does not know.
    Conditioning,
    /// Code lengths that no prefix code has, or a symbol that its class does not know.
    HuffmanTable,
    /// A scan names a component that the frame does not have.
    UnknownComponent,
    /// An interleaved scan with more than 10 blocks in a unit.
    TooManyBlocksInUnit,
    /// Spectral selection or successive approximation that the process forbids.
    ScanParameters,
    /// A scan sends coefficients twice, refines what was not sent, or leaves out a bit.
    ScanOrder,
    /// Bits that are no code of the table.
    BadCode,
    /// A run that leaves the block, the band or the restart interval.
    BandOverrun,
    /// A coefficient that no 8-bit picture has.
    CoefficientRange,
    /// The coded data of a scan or restart interval ends too early.
    DataMissing,
    /// Whole bytes are left over at the end of a scan or restart interval.
    DataLeftOver,
    /// A restart marker is missing or has the wrong number.
    RestartMarker,
    /// A component has no scan.
    ComponentWithoutScan,
}

impl JpegError {
    pub(crate) fn damaged(what: Damage, offset: usize) -> Self {
        Self::Damaged { what, offset }
    }
}

impl fmt::Display for JpegError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJpeg => f.write_str("not a JPEG file"),
            Self::Unsupported(kind) => write!(f, "JPEG of a kind not handled: {kind}"),
            Self::TooLarge { needed, limit } => {
                write!(f, "coefficients take {needed} bytes, {limit} are allowed")
            }
            Self::Damaged { what, offset } => write!(f, "damaged JPEG: {what} (byte {offset})"),
        }
    }
}

impl std::error::Error for JpegError {}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lossless => f.write_str("lossless coding"),
            Self::Hierarchical => f.write_str("hierarchical coding"),
            Self::JpegLs => f.write_str("JPEG-LS"),
            Self::Precision(bits) => write!(f, "{bits}-bit samples, only 8 are handled"),
            Self::Components(n) => write!(f, "{n} components, 1 to 4 are handled"),
            Self::HeightLater => f.write_str("height told after the first scan (DNL)"),
            Self::IncompleteProgression => f.write_str("progressive file with scans missing"),
            Self::TooManyScans => f.write_str("hundreds of scans"),
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::UnexpectedMarker(code) => {
                return write!(f, "marker {code:#04x} has no place here");
            }
            Self::CutShort => "the file is cut short",
            Self::MarkerExpected => "no marker where one must stand",
            Self::SegmentLength => "segment length does not fit its content",
            Self::EmptyPicture => "picture without width or components",
            Self::SamplingFactor => "sampling factor outside 1 to 4",
            Self::RepeatedComponent => "component named twice",
            Self::SecondFrame => "second frame header",
            Self::NoFrame => "no frame header before the scan",
            Self::TableNumber => "table number, class or precision unknown",
            Self::ZeroQuantiser => "quantisation step of 0",
            Self::NoQuantTable => "quantisation table missing",
            Self::NoHuffmanTable => "Huffman table missing",
            Self::Conditioning => "impossible settings of arithmetic coding",
            Self::HuffmanTable => "impossible Huffman table",
            Self::UnknownComponent => "scan of an unknown component",
            Self::TooManyBlocksInUnit => "more than 10 blocks in a coded unit",
            Self::ScanParameters => "scan parameters that the process forbids",
            Self::ScanOrder => "scans repeat or skip coefficient bits",
            Self::BadCode => "bits that are no code",
            Self::BandOverrun => "run past the end of the block or interval",
            Self::CoefficientRange => "coefficient out of range",
            Self::DataMissing => "coded data ends too early",
            Self::DataLeftOver => "coded data left over",
            Self::RestartMarker => "restart marker missing or out of order",
            Self::ComponentWithoutScan => "component without a scan",
        };
        f.write_str(text)
    }
}
