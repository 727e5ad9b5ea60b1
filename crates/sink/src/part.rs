//! `NAME.part`, fsync, rename, fsync of the folder; leftovers of a killed run.

use crate::error::SinkError;
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file that is being written. Removed on drop unless [`PartFile::publish`] succeeded.
#[derive(Debug)]
pub struct PartFile {
    part: PathBuf,
    target: PathBuf,
    done: bool,
}

impl PartFile {
    /// Claims `NAME.part` beside the target; folders that are missing are made.
    ///
    /// # Errors
    /// [`SinkError::Io`] when it cannot be made.
    pub fn create(target: &Path) -> Result<Self, SinkError> {
        if let Some(folder) = folder_of(target) {
            std::fs::create_dir_all(folder).map_err(SinkError::io(folder, "make the folder"))?;
        }
        let part = part_name(target);
        File::create(&part).map_err(SinkError::io(&part, "create"))?;
        Ok(Self {
            part,
            target: target.to_owned(),
            done: false,
        })
    }

    /// Where to write.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.part
    }

    /// The final name.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Flushes the content to the disk, without giving it its final name yet.
    ///
    /// # Errors
    /// [`SinkError::Io`].
    pub fn sync(&self) -> Result<(), SinkError> {
        File::options()
            .write(true)
            .open(&self.part)
            .and_then(|f| f.sync_all())
            .map_err(SinkError::io(&self.part, "flush to disk"))
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// [`SinkError::Io`].
    pub fn write(&self, bytes: &[u8]) -> Result<(), SinkError> {
        self.write_with(|out| out.write_all(bytes))
    }

    /// Writes what `content` writes, piece by piece.
    ///
    /// # Errors
    /// [`SinkError::Io`].
    pub fn write_with(
        &self,
        content: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
    ) -> Result<(), SinkError> {
        let written = File::create(&self.part).and_then(|file| {
            let mut out = BufWriter::new(file);
            content(&mut out)?;
            out.flush()
        });
        written.map_err(SinkError::io(&self.part, "write"))
    }

    /// Flushes, renames to the final name and flushes the folder.
    ///
    /// # Errors
    /// [`SinkError::Io`]; nothing is left under either name then.
    pub fn publish(mut self) -> Result<(), SinkError> {
        self.sync()?;
        if let Err(e) = std::fs::rename(&self.part, &self.target) {
            // A rename can be done and told as failed, over a network for instance. Then the part
            // is gone, and what stands under the final name is ours. A part that merely cannot be
            // asked after says nothing of the kind.
            let part = self.part.symlink_metadata();
            if part.is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound) {
                self.take_back();
            }
            return Err(SinkError::io(&self.target, "rename into place")(e));
        }
        self.done = true;
        let folder = folder_of(&self.target).unwrap_or(Path::new("."));
        File::open(folder).and_then(|f| f.sync_all()).map_err(|e| {
            self.take_back();
            SinkError::io(folder, "flush to disk")(e)
        })
    }

    /// Removes what got its final name and cannot be vouched for.
    fn take_back(&self) {
        // Nothing more can be done about a failure here; the error that led here is told.
        let _ = std::fs::remove_file(&self.target);
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.done {
            // Nothing more can be done about a failure here; the next run removes it.
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

/// Removes what a killed run left of this target. True when there was something.
#[must_use]
pub fn remove_leftover(target: &Path) -> bool {
    std::fs::remove_file(part_name(target)).is_ok()
}

fn part_name(target: &Path) -> PathBuf {
    let mut name: OsString = target.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

fn folder_of(target: &Path) -> Option<&Path> {
    target.parent().filter(|p| !p.as_os_str().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("scrim-part-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn nothing_stands_under_the_final_name_until_it_is_published() {
        let folder = scratch("publish");
        let target = folder.join("deep/out.mp4");
        let part = PartFile::create(&target).unwrap();
        part.write(b"whole").unwrap();
        assert!(!target.exists());
        part.publish().unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"whole");
        assert_eq!(std::fs::read_dir(folder.join("deep")).unwrap().count(), 1);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_part_that_is_given_up_leaves_nothing() {
        let folder = scratch("drop");
        drop(PartFile::create(&folder.join("out.mp4")).unwrap());
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_leftover_of_a_killed_run_is_removed() {
        let folder = scratch("left");
        let target = folder.join("out.mp4");
        std::mem::forget(PartFile::create(&target).unwrap());
        assert!(remove_leftover(&target));
        assert!(!remove_leftover(&target));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
