//! What `evaluate` counts on labelled folders, and how it refuses broken ones.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use image::RgbImage;
use scrim_detect::{After, DetectError, Detector, Prepared};
use scrim_raw::ModelId;
use scrim_redact::{
    Control, Engine, EvalError, Evaluated, JobSettings, Share, evaluate, write_sheet,
};
use scrim_units::{Class, Pass, PxBox, Sighting};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const HEADER: &str = "file,class,x,y,w,h\n";

/// Finds one face, always at the same place.
struct Sees;

impl Detector for Sees {
    fn look(&mut self, _: &Prepared, _: &[Pass], _: After) -> Result<Vec<Sighting>, DetectError> {
        Ok(vec![Sighting {
            class: Class::Face,
            score: 0.9,
            at: PxBox {
                x0: 20.0,
                y0: 20.0,
                x1: 52.0,
                y1: 52.0,
            },
        }])
    }

    fn model(&self) -> ModelId {
        ModelId([1; 32])
    }
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("scrim-eval-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        Self(folder)
    }

    /// A set of one white picture, `a.png`, with these rows.
    fn set(&self, name: &str, rows: &str, states: Option<&str>) {
        let folder = self.0.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let white = RgbImage::from_pixel(160, 120, image::Rgb([255; 3]));
        white.save(folder.join("a.png")).unwrap();
        std::fs::write(folder.join("labels.csv"), format!("{HEADER}{rows}")).unwrap();
        if let Some(states) = states {
            std::fs::write(folder.join("set.json"), states).unwrap();
        }
    }

    fn measured(&self) -> Result<Evaluated, EvalError> {
        let settings = JobSettings {
            threads: 1,
            ..JobSettings::default()
        };
        let factory = || -> Box<dyn Detector> { Box::new(Sees) };
        let engine = Engine::with_detector(settings, Duration::from_secs(60), Arc::new(factory));
        evaluate(&self.0, &engine, &Control::silent(), true)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_found_face_is_covered_another_is_missed_and_sets_are_found_at_any_depth() {
    let folder = Folder::new("counts");
    folder.set(
        "b/deep",
        "a.png,face,20,20,32,32\na.png,face,100,60,24,24\n",
        None,
    );
    folder.set("a", "a.png,none,,,,\n", None);
    let found = folder.measured().unwrap();
    let names: Vec<&str> = found.sets.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["a", "b/deep"]);
    assert_eq!(found.sets[1].tally.recall(Class::Face), (1, 2));
    assert_eq!((found.misses.len(), found.tiles.len()), (1, 1));
    assert_eq!(found.misses[0].at.x0, 100.0);
    // White is bright, and too flat to be sharp or blurred.
    let (one, none) = (
        Share {
            covered: 1,
            boxes: 2,
        },
        Share::default(),
    );
    assert_eq!(found.sets[1].tally.by_light[0], [one, none, none, none]);
    assert_eq!(found.sets[1].tally.by_sharpness[0], [none, none, none, one]);
    // In the empty picture the face is false; in the other one, plates are not labelled.
    assert_eq!(found.sets[0].tally.false_rate(), Some(1.0));
    assert_eq!(found.sets[1].tally.false_rate(), None);
}

#[test]
fn the_contact_sheet_shows_no_labelled_face() {
    let folder = Folder::new("sheet");
    folder.set("s", "a.png,face,100,60,24,24\n", None);
    let found = folder.measured().unwrap();
    let sheet = folder.0.join("misses.png");
    write_sheet(&found.tiles, &sheet).unwrap();
    let sheet = image::open(&sheet).unwrap().to_rgb8();
    let (w, h) = sheet.dimensions();
    // White around the face; the face, in the middle, is black and its outline is a line.
    assert_eq!(sheet.get_pixel(2, 2).0, [255; 3]);
    assert!(sheet.get_pixel(w / 2, h / 2).0.iter().all(|c| *c < 32));
}

#[test]
fn broken_labels_are_refused_by_file_and_line() {
    let cases = [
        ("a.png,face,1,2,3\n", 2, "six"),
        ("a.png,face,1,2,3,4\na.png,fase,1,2,3,4\n", 3, "fase"),
        ("a.png,face,1,2,x,4\n", 2, "w must be a number"),
        ("a.png,face,1,2,0,4\n", 2, "above 0"),
        ("a.png,face,1,2,NaN,4\n", 2, "finite"),
        ("b.png,face,1,2,3,4\n", 2, "b.png"),
        ("../s/a.png,face,1,2,3,4\n", 2, "plain name"),
    ];
    for (i, (rows, at, what)) in cases.into_iter().enumerate() {
        let folder = Folder::new(&format!("broken{i}"));
        folder.set("s", rows, None);
        let refused = folder.measured().map(|_| ()).unwrap_err();
        let EvalError::Labels { path, line, .. } = &refused else {
            panic!("{refused}");
        };
        assert_eq!(
            (path.ends_with(Path::new("s/labels.csv")), *line),
            (true, at),
            "{rows}"
        );
        assert!(refused.to_string().contains(what), "{refused}");
    }
}

#[test]
fn unknown_states_and_a_folder_without_labels_are_refused() {
    let folder = Folder::new("states");
    folder.set("s", "a.png,none,,,,\n", Some("{\n\"faces\": \"all\"}"));
    assert!(matches!(
        folder.measured().map(|_| ()).unwrap_err(),
        EvalError::Labels { line: 2, .. }
    ));
    std::fs::remove_file(folder.0.join("s/labels.csv")).unwrap();
    assert!(matches!(
        folder.measured().map(|_| ()).unwrap_err(),
        EvalError::NoSet(_)
    ));
}

#[test]
fn a_picture_that_cannot_be_read_is_named_and_in_no_count() {
    let folder = Folder::new("unread");
    folder.set("s", "a.png,face,20,20,32,32\nbad.jpg,none,,,,\n", None);
    std::fs::write(folder.0.join("s/bad.jpg"), "no picture").unwrap();
    let found = folder.measured().unwrap();
    assert_eq!((found.unread.len(), found.sets[0].tally.pictures), (1, 1));
}
