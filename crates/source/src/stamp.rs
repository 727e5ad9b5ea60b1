//! Whether a file is still the one that was opened.

use crate::error::SourceError;
use std::fs::Metadata;
use std::path::Path;
use std::time::SystemTime;

/// Length and time of the last change; on Unix also device and inode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStamp {
    length: u64,
    modified: Option<SystemTime>,
    node: (u64, u64),
}

impl FileStamp {
    /// Of the file at `path`.
    ///
    /// # Errors
    /// [`SourceError::Io`], or [`SourceError::Empty`] for a file of no bytes.
    pub fn of(path: &Path) -> Result<Self, SourceError> {
        let meta = std::fs::metadata(path)?;
        if meta.is_file() && meta.len() == 0 {
            return Err(SourceError::Empty);
        }
        Ok(Self {
            length: meta.len(),
            modified: meta.modified().ok(),
            node: node(&meta),
        })
    }

    /// Bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// # Errors
    /// [`SourceError::Changed`] when the file at `path` is another one now.
    pub fn confirm(&self, path: &Path) -> Result<(), SourceError> {
        if Self::of(path)? == *self {
            Ok(())
        } else {
            Err(SourceError::Changed)
        }
    }

    /// Whether both are the same file on disk, whatever their names.
    #[must_use]
    pub fn is_same_file(&self, other: &Self) -> bool {
        self.node == other.node && self.node != (0, 0)
    }
}

#[cfg(unix)]
fn node(meta: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (meta.dev(), meta.ino())
}

#[cfg(not(unix))]
fn node(_: &Metadata) -> (u64, u64) {
    (0, 0)
}
