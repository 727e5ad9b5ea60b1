//! Labelled pictures on disk: a set is a folder with pictures and `labels.csv`
//! (`file,class,x,y,w,h`; pixels of the stored picture, top-left origin). Opens no picture.

use super::EvalError;
use scrim_units::{Class, PxBox};
use serde::Deserialize;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

const LABELS: &str = "labels.csv";
const STATES: &str = "set.json";
const COLUMNS: [&str; 6] = ["file", "class", "x", "y", "w", "h"];

/// What a labelled box is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Label {
    /// A face or plate that must be covered.
    Must(Class, PxBox),
    /// Neither right nor wrong to cover.
    May(PxBox),
}

impl Label {
    pub(crate) fn at(&self) -> PxBox {
        match self {
            Self::Must(_, at) | Self::May(at) => *at,
        }
    }
}

/// One picture and its labels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Picture {
    pub(crate) path: PathBuf,
    pub(crate) labels: Vec<Label>,
}

/// One folder of labelled pictures.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Set {
    /// The folder below the one that was asked for.
    pub(crate) name: String,
    folder: PathBuf,
    /// In the order of their first row.
    pub(crate) pictures: Vec<Picture>,
    /// Whether a region without a label beside it is false: both classes are labelled whole.
    pub(crate) complete: bool,
}

impl Set {
    /// Its pictures, and the files that say what they show.
    pub(crate) fn files(&self) -> impl Iterator<Item = PathBuf> {
        let pictures = self.pictures.iter().map(|picture| picture.path.clone());
        let labels = [LABELS, STATES].map(|file| self.folder.join(file));
        pictures.chain(labels)
    }
}

/// How far a class is labelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Labelled,
    Pseudo,
    None,
    Unlabelled,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct States {
    faces: Option<State>,
    plates: Option<State>,
}

/// All sets at or below `folder`, by name.
///
/// # Errors
/// [`EvalError`] with file and line of the first thing that is broken, or when there is no set.
pub(crate) fn read_sets(folder: &Path) -> Result<Vec<Set>, EvalError> {
    let mut folders = Vec::new();
    find(folder, &mut folders)?;
    folders.sort();
    if folders.is_empty() {
        return Err(EvalError::NoSet(folder.to_owned()));
    }
    let named = |at: &PathBuf| {
        let below = at.strip_prefix(folder).unwrap_or(at);
        let name = if below.as_os_str().is_empty() {
            at.file_name().unwrap_or(at.as_os_str())
        } else {
            below.as_os_str()
        };
        read_set(at, name.to_string_lossy().into_owned())
    };
    folders.iter().map(named).collect()
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), EvalError> {
    let fail = |e: std::io::Error| EvalError::Unreadable(folder.to_owned(), e.to_string());
    if folder.join(LABELS).is_file() {
        found.push(folder.to_owned());
    }
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        if entry.file_type().map_err(fail)?.is_dir() {
            find(&entry.path(), found)?;
        }
    }
    Ok(())
}

fn read_set(folder: &Path, name: String) -> Result<Set, EvalError> {
    let path = folder.join(LABELS);
    let broken = |line: u64, what: String| EvalError::Labels {
        path: path.clone(),
        line,
        what,
    };
    let mut reader = csv::Reader::from_path(&path)
        .map_err(|e| EvalError::Unreadable(path.clone(), e.to_string()))?;
    let header = reader.headers().map_err(|e| broken(1, e.to_string()))?;
    if header != COLUMNS[..] {
        return Err(broken(
            1,
            format!("the first line must be {}", COLUMNS.join(",")),
        ));
    }
    let mut pictures: Vec<Picture> = Vec::new();
    let mut index: HashMap<String, usize> = HashMap::new();
    for row in reader.records() {
        let row = row.map_err(|e| {
            let line = e.position().map_or(0, csv::Position::line);
            broken(line, "not six fields of text".into())
        })?;
        let line = row.position().map_or(0, csv::Position::line);
        let (file, label) = read_row(&row).map_err(|what| broken(line, what))?;
        let at = match index.get(file) {
            Some(at) => *at,
            None => {
                let path = folder.join(file);
                if !path.is_file() {
                    return Err(broken(line, format!("there is no picture {file:?} here")));
                }
                index.insert(file.to_owned(), pictures.len());
                pictures.push(Picture {
                    path,
                    labels: Vec::new(),
                });
                pictures.len() - 1
            }
        };
        pictures[at].labels.extend(label);
    }
    let complete = complete(folder, &pictures)?;
    Ok(Set {
        name,
        folder: folder.to_owned(),
        pictures,
        complete,
    })
}

/// File and box of one row; no box for the classes without one.
fn read_row(row: &csv::StringRecord) -> Result<(&str, Option<Label>), String> {
    let field = |i: usize| row.get(i).unwrap_or_default();
    let (file, class) = (field(0), field(1));
    let plain = Path::new(file).file_name().is_some_and(|n| n == file);
    if !plain {
        return Err(format!("{file:?} is not the plain name of a file"));
    }
    let make: fn(PxBox) -> Label = match class {
        "face" => |at| Label::Must(Class::Face, at),
        "plate" => |at| Label::Must(Class::Plate, at),
        "ignore" | "head" => Label::May,
        "none" | "headpoint" | "lure" => return Ok((file, None)),
        _ => {
            return Err(format!(
                "unknown class {class:?}; known are face, plate, ignore, head, headpoint, lure, none"
            ));
        }
    };
    let mut numbers = [0.0_f32; 4];
    for (i, number) in numbers.iter_mut().enumerate() {
        let text = field(i + 2);
        *number = text
            .trim()
            .parse()
            .map_err(|_| format!("{} must be a number, not {text:?}", COLUMNS[i + 2]))?;
    }
    let [x, y, w, h] = numbers;
    if !numbers.iter().all(|n| n.is_finite()) || w <= 0.0 || h <= 0.0 {
        return Err("the box must be finite, with w and h above 0".into());
    }
    let at = PxBox {
        x0: x,
        y0: y,
        x1: x + w,
        y1: y + h,
    };
    Ok((file, Some(make(at))))
}

/// Whether both classes are labelled whole: as `set.json` says, or else every class of which
/// the set has a box, and both where it has none at all.
fn complete(folder: &Path, pictures: &[Picture]) -> Result<bool, EvalError> {
    let path = folder.join(STATES);
    let said = if path.is_file() {
        let text = std::fs::read_to_string(&path)
            .map_err(|e| EvalError::Unreadable(path.clone(), e.to_string()))?;
        serde_json::from_str(&text).map_err(|e| EvalError::Labels {
            path: path.clone(),
            line: e.line() as u64,
            what: e.to_string(),
        })?
    } else {
        States::default()
    };
    let has = |class: Class| {
        let mut all = pictures.iter().flat_map(|p| &p.labels);
        all.any(|l| matches!(l, Label::Must(c, _) if *c == class))
    };
    let nothing = !has(Class::Face) && !has(Class::Plate);
    let whole = |said: Option<State>, class| match said {
        Some(state) => state != State::Unlabelled,
        None => nothing || has(class),
    };
    Ok(whole(said.faces, Class::Face) && whole(said.plates, Class::Plate))
}
