//! What can go wrong while an output is written.

use crate::container::Container;
use scrim_ff::AvError;
use std::path::PathBuf;

/// Why an output could not be written. Its `.part` file is removed.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// A call on the file system failed.
    #[error("{path}: {what}: {source}", path = .path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// No encoder of the installed FFmpeg fits.
    #[error(
        "no encoder for {codec} with this picture ({picture}) in {container:?}; try --codec ffv1 and a name that ends in .mkv"
    )]
    NoEncoder {
        /// The codec asked for.
        codec: String,
        /// Size and pixel format.
        picture: String,
        /// The container.
        container: Container,
    },
    /// The encoder refused its settings or a frame.
    #[error("encoder {name}: {source}")]
    Encoder {
        /// FFmpeg's name of the encoder.
        name: String,
        /// What it said.
        #[source]
        source: AvError,
    },
    /// The encoder does not know an option that was given.
    #[error("encoder {name} does not know the option {option}")]
    UnknownOption {
        /// FFmpeg's name of the encoder.
        name: String,
        /// The option.
        option: String,
    },
    /// A constant rate factor that the codec does not know.
    #[error("{codec} knows --crf {low} to {high}, not {crf}")]
    Crf {
        /// FFmpeg's name of the codec.
        codec: &'static str,
        /// What was asked for.
        crf: u8,
        /// The best that it knows.
        low: u8,
        /// The worst that it knows.
        high: u8,
    },
    /// The container could not be written.
    #[error("cannot write {path}: {source}", path = .path.display())]
    Mux {
        /// Which file.
        path: PathBuf,
        /// What libavformat said.
        #[source]
        source: AvError,
    },
    /// A frame does not have the size or layout that the output was opened with.
    #[error("a frame has another shape than the output")]
    WrongShape,
    /// Times that the container cannot hold.
    #[error("{0:?} cannot hold these time stamps; give a name that ends in .mkv")]
    Times(Container),
    /// A still picture could not be written.
    #[error("cannot encode {format}: {what}")]
    Photo {
        /// Which format.
        format: &'static str,
        /// The encoder's words.
        what: String,
    },
}

impl SinkError {
    /// Context for a failed call on the file system.
    pub(crate) fn io(
        path: &std::path::Path,
        what: &'static str,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, what, source }
    }
}
