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
    /// It is one of the files to be checked.
    Checked(PathBuf),
    /// It is a folder.
    Folder(PathBuf),
}

impl fmt::Display for NoPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken(sheet) => write!(
                f,
                "the contact sheet {} exists; use --overwrite to replace it, or give another name",
                shown(sheet)
            ),
            Self::Checked(sheet) => write!(
                f,
                "the contact sheet {} is a file to be checked itself; give another name",
                shown(sheet)
            ),
            Self::Folder(sheet) => write!(
                f,
                "the contact sheet {} is a folder; name a file in it",
                shown(sheet)
            ),
        }
    }
}

impl std::error::Error for NoPlace {}

/// Refuses a place where no sheet may go, where one is asked for. A file that exists is replaced only
/// if asked, one of the `checked` never. A folder that is missing is made when the sheet is written.
pub fn place(sheet: Option<&Path>, overwrite: bool, checked: &[PathBuf]) -> Result<(), NoPlace> {
    let Some(sheet) = sheet else { return Ok(()) };
    // What does not exist has no such name, and is no file that could be lost.
    let Ok(name) = sheet.canonicalize() else {
        return Ok(());
    };
    let is_sheet = |file: &PathBuf| file.canonicalize().is_ok_and(|file| file == name);
    if name.is_dir() {
        Err(NoPlace::Folder(sheet.to_owned()))
    } else if checked.iter().any(is_sheet) {
        Err(NoPlace::Checked(sheet.to_owned()))
    } else if !overwrite {
        Err(NoPlace::Taken(sheet.to_owned()))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_replaces_a_file_only_if_asked_and_one_that_is_checked_or_a_folder_never() {
        let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let (taken, free) = (here.join("Cargo.toml"), here.join("sheet.png"));
        let checked = [here.join("src").join("..").join("Cargo.toml")];
        let at = |sheet: &Path, overwrite, files: &[PathBuf]| place(Some(sheet), overwrite, files);
        assert!(place(None, false, &checked).is_ok());
        assert!(at(&free, false, &checked).is_ok());
        assert!(at(&here.join("new").join("sheet.png"), false, &checked).is_ok());
        assert!(matches!(at(&taken, false, &[]), Err(NoPlace::Taken(_))));
        assert!(at(&taken, true, &[]).is_ok());
        let itself = at(&taken, true, &checked);
        assert!(matches!(itself, Err(NoPlace::Checked(_))));
        assert!(matches!(at(&here, true, &[]), Err(NoPlace::Folder(_))));
    }
}
