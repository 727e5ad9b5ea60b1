//! What the detector is told a look comes after: only there may an earlier look count.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod footage;

use footage::{Scratch, ffmpeg};
use scrim_detect::{After, DetectError, Detector, Prepared};
use scrim_raw::ModelId;
use scrim_redact::{Control, Engine, JobSettings, Pace, foresee};
use scrim_units::{Pass, Sighting};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The frame at which a look fails.
const FAILS: u64 = 5;
/// The frame before which there is a cut.
const CUT: u64 = 10;
/// The frame after which the picture stands still for a second.
const STANDS: u64 = 14;

/// Finds nothing, and notes what each look came after.
struct Notes(Arc<Mutex<Vec<(u64, After)>>>);

impl Detector for Notes {
    fn look(
        &mut self,
        picture: &Prepared,
        _: &[Pass],
        after: After,
    ) -> Result<Vec<Sighting>, DetectError> {
        let frame = picture.id().index;
        self.0.lock().unwrap().push((frame, after));
        if frame == FAILS {
            return Err(DetectError::Absurd("scripted".into()));
        }
        Ok(vec![])
    }

    fn model(&self) -> ModelId {
        ModelId([9; 32])
    }
}

/// A ramp at ten frames a second, upside down from the cut on, with a gap in its times.
fn clip(path: &Path) {
    let ramp = format!(
        "nullsrc=s=64x48:r=10,geq=if(lt(N\\,{CUT})\\,40+3*X\\,240-4*Y):128:128,\
         setpts=PTS+gt(N\\,{STANDS})/TB"
    );
    let input = ["-f", "lavfi", "-i", &ramp, "-frames:v", "20"];
    let codec = [
        "-pix_fmt",
        "yuv420p",
        "-c:v",
        "ffv1",
        "-fps_mode",
        "passthrough",
    ];
    ffmpeg(&[&input[..], &codec].concat(), path);
}

#[test]
fn a_look_goes_on_from_the_last_one_but_not_at_first_after_a_failed_one_a_cut_or_a_gap() {
    let scratch = Scratch::new("goes-on");
    let path = scratch.path("in.mkv");
    clip(&path);
    let notes = Arc::new(Mutex::new(Vec::new()));
    let factory = {
        let notes = notes.clone();
        move || Box::new(Notes(notes.clone())) as Box<dyn Detector>
    };
    let engine = Engine::with_detector(
        JobSettings::default(),
        Duration::from_secs(20),
        Arc::new(factory),
    );
    foresee(&path, Pace::File, &engine, &Control::silent()).unwrap();
    let noted = notes.lock().unwrap();
    let begins: Vec<_> = noted
        .iter()
        .filter(|(_, after)| *after == After::Nothing)
        .map(|(frame, _)| *frame)
        .collect();
    assert_eq!(begins, [0, FAILS + 1, CUT, STANDS + 1], "{noted:?}");
    assert_eq!(noted.len(), 20);
}
