//! Where a contact sheet goes. Looked at before the work, which can take an hour, and which must
//! not end by writing over a film.

use crate::show::shown;
use std::fmt;
use std::path::{Path, PathBuf};

/// Why no sheet can go there.
#[derive(Debug)]
pub enum NoPlace {
    /// Something stands there already.
    Taken(PathBuf),
    /// It is a file that the run reads.
    Read(PathBuf),
    /// There is no such folder.
    NoFolder(PathBuf),
}

impl fmt::Display for NoPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken(sheet) => write!(
                f,
                "the contact sheet {} exists; use --overwrite to replace it, or give another name",
                shown(sheet)
            ),
            Self::Read(sheet) => write!(
                f,
                "the contact sheet {} is a file to be checked itself; give another name",
                shown(sheet)
            ),
            Self::NoFolder(sheet) => write!(
                f,
                "the contact sheet {} cannot be written: there is no such folder; make it first",
                shown(sheet)
            ),
        }
    }
}

impl std::error::Error for NoPlace {}

/// Whether a sheet can go to `sheet`, where one is asked for. What exists is replaced only if asked,
/// and what is read in the same run never.
pub fn place(sheet: Option<&Path>, overwrite: bool, read: &[PathBuf]) -> Result<(), NoPlace> {
    let Some(sheet) = sheet else { return Ok(()) };
    let is_read = |file: &PathBuf| {
        let same = file.canonicalize().ok().zip(sheet.canonicalize().ok());
        same.is_some_and(|(file, sheet)| file == sheet)
    };
    if read.iter().any(is_read) {
        return Err(NoPlace::Read(sheet.to_owned()));
    }
    if sheet.exists() && !overwrite {
        return Err(NoPlace::Taken(sheet.to_owned()));
    }
    match sheet.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            Err(NoPlace::NoFolder(sheet.to_owned()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_replaces_what_exists_only_if_asked_and_what_is_read_never() {
        let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let (taken, free) = (here.join("Cargo.toml"), here.join("sheet.png"));
        let read = [here.join("src").join("..").join("Cargo.toml")];
        let no = |sheet: &Path, overwrite, read: &[PathBuf]| place(Some(sheet), overwrite, read);
        assert!(place(None, false, &[]).is_ok());
        assert!(no(&free, false, &read).is_ok());
        assert!(no(Path::new("sheet.png"), false, &[]).is_ok());
        assert!(matches!(no(&taken, false, &[]), Err(NoPlace::Taken(_))));
        assert!(no(&taken, true, &[]).is_ok());
        assert!(matches!(no(&taken, true, &read), Err(NoPlace::Read(_))));
        let nowhere = here.join("nowhere").join("sheet.png");
        assert!(matches!(no(&nowhere, true, &[]), Err(NoPlace::NoFolder(_))));
    }
}
