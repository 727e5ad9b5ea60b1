//! Which input becomes which output, decided before anything is written.

use scrim_sink::Container;
use scrim_source::{FileKind, PhotoFormat, SourceError};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

/// Endings of what scrim itself leaves in folders: reports, pictures of zones, unfinished files.
const OWN_ENDINGS: [&str; 3] = [".scrim.json", ".zones.png", ".part"];

/// What was asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Files and folders.
    pub inputs: Vec<PathBuf>,
    /// Where to; `None`: beside each input as `NAME_redacted.EXT`.
    pub output: Option<PathBuf>,
    /// Replace outputs that exist.
    pub overwrite: bool,
    /// Leave out inputs whose output and report exist.
    pub skip_done: bool,
    /// No reports are written, so an output alone counts as done.
    pub without_reports: bool,
}

/// One input and its output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// What is read.
    pub source: PathBuf,
    /// What is written.
    pub target: PathBuf,
    /// What it is, by its bytes.
    pub kind: Kind,
    /// Found in a folder and of no kind that is known: perhaps neither picture nor video.
    pub doubtful: bool,
}

/// What an input is, by its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A picture.
    Photo(PhotoFormat),
    /// Perhaps a video, written as this container.
    Video(Container),
}

/// An input that is not worked on, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Which.
    pub source: PathBuf,
    /// Why, and what to do.
    pub why: String,
    /// It was done before, or is no picture and no video in a folder: no fault of the job.
    pub harmless: bool,
}

/// All of a job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// In the order given; folders in the order of names.
    pub files: Vec<Planned>,
    /// What is left out.
    pub refused: Vec<Refused>,
}

/// Why no plan can be made at all (wrong use).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Nothing to do.
    #[error("no input given")]
    NoInput,
}

/// Makes the plan. Nothing is written.
///
/// # Errors
/// [`PlanError`] for wrong use; problems with single inputs are in [`Plan::refused`].
pub fn plan(request: &Request) -> Result<Plan, PlanError> {
    if request.inputs.is_empty() {
        return Err(PlanError::NoInput);
    }
    let mut planner = Planner {
        request,
        plan: Plan::default(),
        taken: BTreeMap::new(),
    };
    for input in &request.inputs {
        if input.is_dir() {
            planner.folder(input);
        } else {
            planner.file(input, planner.target_of_file(input), false);
        }
    }
    Ok(planner.plan)
}

struct Planner<'a> {
    request: &'a Request,
    plan: Plan,
    taken: BTreeMap<PathBuf, PathBuf>,
}

/// Where an output goes, and whether that name was given by the user as it is.
enum Target {
    Named(PathBuf),
    Into(PathBuf),
}

impl Planner<'_> {
    fn output_is_folder(&self) -> bool {
        let request = self.request;
        let Some(out) = &request.output else {
            return false;
        };
        let ends_in_slash = out.as_os_str().as_encoded_bytes().ends_with(b"/");
        request.inputs.len() > 1
            || ends_in_slash
            || out.is_dir()
            || request.inputs.iter().any(|i| i.is_dir())
    }

    fn target_of_file(&self, input: &Path) -> Target {
        match &self.request.output {
            Some(out) if self.output_is_folder() => Target::Into(out.join(name_of(input))),
            Some(out) => Target::Named(out.clone()),
            None => Target::Into(beside(input)),
        }
    }

    fn folder(&mut self, folder: &Path) {
        let out = match &self.request.output {
            Some(out) if self.request.inputs.len() > 1 => out.join(name_of(folder)),
            Some(out) => out.clone(),
            None => beside(folder),
        };
        let mut files = BTreeSet::new();
        self.walk(folder, &out, &mut files);
        for file in files {
            if let Ok(inner) = file.strip_prefix(folder) {
                let target = Target::Into(out.join(inner));
                self.file(&file, target, true);
            }
        }
    }

    /// All files below a folder, without the output folder, links to folders, reports and
    /// leftovers.
    fn walk(&mut self, folder: &Path, out: &Path, files: &mut BTreeSet<PathBuf>) {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(e) => return self.refuse(folder, format!("cannot be read: {e}"), false),
        };
        for entry in entries.flatten() {
            let path = entry.path();
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() {
                if !same(&path, out) {
                    self.walk(&path, out, files);
                }
            } else if kind.is_symlink() && path.is_dir() {
                self.refuse(
                    &path,
                    "is a link to a folder, which is not followed".into(),
                    true,
                );
            } else if !OWN_ENDINGS.iter().any(|e| ends_with(&path, e)) {
                files.insert(path);
            }
        }
    }

    fn file(&mut self, source: &Path, target: Target, walked: bool) {
        if let Some(report) = report_beside(source) {
            let why = format!(
                "was made by scrim (its report is {}), so it is left as it is",
                report.display()
            );
            return self.refuse(source, why, walked);
        }
        let kind = match FileKind::of(source) {
            Ok(kind) => kind,
            Err(e) => {
                let strange = walked && matches!(e, SourceError::UnknownKind);
                return self.refuse(source, e.to_string(), strange);
            }
        };
        match choose(source, target, kind) {
            Ok((target, chosen)) => {
                let doubtful = walked && kind == FileKind::PerhapsVideo;
                self.claim(source, target, chosen, doubtful);
            }
            Err(why) => self.refuse(source, why, false),
        }
    }

    fn claim(&mut self, source: &Path, target: PathBuf, kind: Kind, doubtful: bool) {
        if same(source, &target) {
            let why = "is its own output; give another name with -o".into();
            return self.refuse(source, why, false);
        }
        if let Some(other) = self.taken.get(&normal(&target)) {
            let why = format!(
                "would be written to {}, where {} goes; rename one or give another folder with -o",
                target.display(),
                other.display()
            );
            return self.refuse(source, why, false);
        }
        if target.exists() {
            let report = crate::report::report_path(&target);
            let done = report.exists() || self.request.without_reports;
            if self.request.skip_done && done {
                return self.refuse(source, format!("is done: {}", target.display()), true);
            }
            if !self.request.overwrite {
                let why = format!(
                    "the output {} exists; use --overwrite to replace it or --skip-done to go on",
                    target.display()
                );
                return self.refuse(source, why, false);
            }
        }
        self.taken.insert(normal(&target), source.to_owned());
        self.plan.files.push(Planned {
            source: source.to_owned(),
            target,
            kind,
            doubtful,
        });
    }

    fn refuse(&mut self, source: &Path, why: String, harmless: bool) {
        self.plan.refused.push(Refused {
            source: source.to_owned(),
            why,
            harmless,
        });
    }
}

/// The final name and what is written there, or why the name does not do.
fn choose(source: &Path, target: Target, kind: FileKind) -> Result<(PathBuf, Kind), String> {
    match (kind, target) {
        (FileKind::Photo(format), Target::Into(path)) => Ok((path, Kind::Photo(format))),
        (FileKind::Photo(format), Target::Named(path)) => {
            if suits(&path, format) {
                Ok((path, Kind::Photo(format)))
            } else {
                Err(format!(
                    "is a {0} picture and stays one; give an output name that ends in .{1}",
                    format.name(),
                    format.suffix()
                ))
            }
        }
        (FileKind::Video | FileKind::PerhapsVideo, Target::Named(path)) => {
            match Container::of_name(&path) {
                Some(container) => Ok((path, Kind::Video(container))),
                None => Err(format!(
                    "cannot be written as {}; give an output name that ends in .mkv or .mp4",
                    path.display()
                )),
            }
        }
        (FileKind::Video | FileKind::PerhapsVideo, Target::Into(path)) => {
            // A name whose container is written keeps it, except AVI, which loses time stamps.
            let container = Container::of_name(source)
                .filter(|c| !matches!(c, Container::Avi | Container::Ps))
                .unwrap_or(Container::Mkv);
            let keeps = Container::of_name(source) == Some(container);
            let path = if keeps {
                path
            } else {
                path.with_extension(container.suffix())
            };
            Ok((path, Kind::Video(container)))
        }
    }
}

/// Whether a name's suffix goes with a picture format. A name without a known suffix does.
fn suits(path: &Path, format: PhotoFormat) -> bool {
    let suffix = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    let wanted: &[&str] = match format {
        PhotoFormat::Jpeg => &["jpg", "jpeg", "jpe", "jfif"],
        PhotoFormat::Tiff => &["tif", "tiff"],
        PhotoFormat::Png => &["png", "apng"],
        PhotoFormat::WebP => &["webp"],
        PhotoFormat::Bmp => &["bmp", "dib"],
        PhotoFormat::Gif => &["gif"],
    };
    wanted.iter().any(|w| suffix.eq_ignore_ascii_case(w))
}

fn name_of(path: &Path) -> PathBuf {
    match path.file_name() {
        Some(name) => PathBuf::from(name),
        // `..` and `/` have no name of their own.
        None => std::fs::canonicalize(path)
            .ok()
            .and_then(|p| p.file_name().map(PathBuf::from))
            .unwrap_or_else(|| PathBuf::from("folder")),
    }
}

/// `NAME_redacted.EXT` beside the input.
fn beside(input: &Path) -> PathBuf {
    let mut name = input.file_stem().unwrap_or(OsStr::new("scrim")).to_owned();
    name.push("_redacted");
    if let Some(suffix) = input.extension().filter(|_| !input.is_dir()) {
        name.push(".");
        name.push(suffix);
    }
    input.with_file_name(name)
}

fn ends_with(path: &Path, ending: &str) -> bool {
    path.as_os_str()
        .as_encoded_bytes()
        .ends_with(ending.as_bytes())
}

fn report_beside(source: &Path) -> Option<PathBuf> {
    let report = crate::report::report_path(source);
    report.is_file().then_some(report)
}

/// Whether two names lead to the same file or folder.
fn same(a: &Path, b: &Path) -> bool {
    match (std::fs::canonicalize(a), std::fs::canonicalize(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

/// A name without `.` and, where its folder exists, with links followed, so that two names of
/// one output are seen to be one.
fn normal(path: &Path) -> PathBuf {
    let name = path.file_name().map(PathBuf::from).unwrap_or_default();
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    match std::fs::canonicalize(folder) {
        Ok(folder) => folder.join(name),
        Err(_) => path
            .components()
            .filter(|c| *c != Component::CurDir)
            .collect(),
    }
}
