//! What is remembered of a clip's frames between its two passes: a few dozen bytes a frame and
//! some for each box, in a file without a name once they are many. Written in the order of frames,
//! and read in it as often as needed.
//!
//! Knows nothing of pictures: numbers, boxes and scores alone.

mod boxes;
mod tape;

pub(crate) use boxes::Boxes;
pub use tape::KeepError;

use scrim_engine::{Fault, Stage};
use scrim_units::{Class, FrameId, PxBox, Sighting};
use std::path::{Path, PathBuf};
use tape::{Reader, Tape};

/// What the first pass knows of one frame.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Examined {
    pub(crate) id: FrameId,
    pub(crate) seconds: f64,
    pub(crate) look: Looked,
}

/// What became of the look at one frame.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Looked {
    /// It was none of the frames that are looked at.
    Not,
    /// The frame has no picture, or the detector failed.
    Failed(Fault),
    /// What was found for certain, and must be covered in this very frame.
    Found(Vec<Sighting>),
}

/// Of a frame that is not looked at, on the tape.
const NOT: i64 = 0;
/// Of one whose look failed; why stands in a list beside the tape.
const FAILED: i64 = 1;
/// Of one in which nothing was found, and more for each thing that was.
const FOUND: i64 = 2;

/// The folder for what is kept of a file that is written to `target`: the nearest one to it that is
/// there, since that disk must hold more.
pub(crate) fn folder_beside(target: &Path) -> PathBuf {
    let folders = target.ancestors().skip(1);
    let mut folders = folders.filter(|f| !f.as_os_str().is_empty());
    let there = folders.find(|f| f.is_dir());
    there.unwrap_or(Path::new(".")).to_owned()
}

/// The frames of a clip.
pub(crate) struct Frames {
    tape: Tape,
    len: usize,
    looked: usize,
    faults: Vec<Fault>,
    /// Number and presentation time of the last one.
    last: (u64, i64),
    /// Times of the first and the last one, in seconds.
    span: Option<(f64, f64)>,
}

impl Frames {
    /// None; if they are many, they are kept in a file of `folder`.
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            tape: Tape::new(folder),
            len: 0,
            looked: 0,
            faults: Vec::new(),
            last: (0, 0),
            span: None,
        }
    }

    /// The next frame.
    pub(crate) fn push(&mut self, frame: Examined) -> Result<(), KeepError> {
        let Examined { id, seconds, look } = frame;
        self.tape
            .number(id.index.wrapping_sub(self.last.0) as i64)?;
        self.tape.number(id.pts.wrapping_sub(self.last.1))?;
        self.tape.bytes(&id.checksum.to_le_bytes())?;
        self.tape.bytes(&seconds.to_le_bytes())?;
        match look {
            Looked::Not => self.tape.number(NOT)?,
            Looked::Failed(fault) => {
                self.tape.number(FAILED)?;
                self.faults.push(fault);
            }
            Looked::Found(found) => {
                self.tape.number(FOUND + found.len() as i64)?;
                found.iter().try_for_each(|s| self.sighting(s))?;
                self.looked += 1;
            }
        }
        self.last = (id.index, id.pts);
        self.span = Some((self.span.map_or(seconds, |s| s.0), seconds));
        self.len += 1;
        Ok(())
    }

    fn sighting(&mut self, sighting: &Sighting) -> Result<(), KeepError> {
        self.tape.number(sighting.class.index() as i64)?;
        let PxBox { x0, y0, x1, y1 } = sighting.at;
        let mut values = [sighting.score, x0, y0, x1, y1].into_iter();
        values.try_for_each(|v| self.tape.bytes(&v.to_le_bytes()))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// In how many of them a look succeeded.
    pub(crate) fn looked(&self) -> usize {
        self.looked
    }

    /// How many have no picture.
    pub(crate) fn lost(&self) -> usize {
        let lost = |f: &&Fault| f.stage == Stage::Decode;
        self.faults.iter().filter(lost).count()
    }

    /// Why the first look failed that did, where there was a picture.
    pub(crate) fn failed_look(&self) -> Option<&Fault> {
        self.faults.iter().find(|f| f.stage != Stage::Decode)
    }

    /// Seconds from the first to the last one.
    pub(crate) fn seconds(&self) -> f64 {
        self.span.map_or(0.0, |(first, last)| last - first)
    }

    /// The same frames, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Result<Examined, KeepError>> + '_ {
        let mut reader = self.tape.reader();
        let mut faults = self.faults.iter();
        let mut last = (0, 0);
        (0..self.len).map(move |_| {
            let frame = read(&mut reader, last, &mut faults)?;
            last = (frame.id.index, frame.id.pts);
            Ok(frame)
        })
    }
}

fn read<'a>(
    reader: &mut Reader<'_>,
    last: (u64, i64),
    faults: &mut impl Iterator<Item = &'a Fault>,
) -> Result<Examined, KeepError> {
    let id = FrameId {
        index: last.0.wrapping_add(reader.number()? as u64),
        pts: last.1.wrapping_add(reader.number()?),
        checksum: u64::from_le_bytes(reader.bytes()?),
    };
    let seconds = f64::from_le_bytes(reader.bytes()?);
    let look = match reader.number()? {
        NOT => Looked::Not,
        FAILED => Looked::Failed(faults.next().cloned().unwrap_or_else(|| unknown(id))),
        count => {
            let found = (FOUND..count).map(|_| sighting(reader));
            Looked::Found(found.collect::<Result<_, _>>()?)
        }
    };
    Ok(Examined { id, seconds, look })
}

/// Of a failed look whose reason is not on the list, which cannot be: still a failed one.
fn unknown(id: FrameId) -> Fault {
    Fault {
        stage: Stage::Detect,
        frame: Some(id.index),
        cause: "why it failed is not known".into(),
    }
}

fn sighting(reader: &mut Reader<'_>) -> Result<Sighting, KeepError> {
    let class = if reader.number()? == Class::Face.index() as i64 {
        Class::Face
    } else {
        Class::Plate
    };
    let mut values = [0.0; 5];
    for value in &mut values {
        *value = f32::from_le_bytes(reader.bytes()?);
    }
    let [score, x0, y0, x1, y1] = values;
    Ok(Sighting {
        class,
        score,
        at: PxBox { x0, y0, x1, y1 },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sightings() -> impl Strategy<Value = Vec<Sighting>> {
        let one = (any::<bool>(), prop::array::uniform5(-1e9_f32..1e9)).prop_map(|(face, v)| {
            let [score, x0, y0, x1, y1] = v;
            Sighting {
                class: if face { Class::Face } else { Class::Plate },
                score,
                at: PxBox { x0, y0, x1, y1 },
            }
        });
        prop::collection::vec(one, 0..4)
    }

    fn frames() -> impl Strategy<Value = Vec<Examined>> {
        let fault = |cause: String| {
            Looked::Failed(Fault {
                stage: Stage::Detect,
                frame: None,
                cause,
            })
        };
        let look = prop_oneof![
            Just(Looked::Not),
            ".{0,9}".prop_map(fault),
            sightings().prop_map(Looked::Found),
        ];
        let frame = (any::<[u64; 2]>(), any::<i64>(), -1e12..1e12, look);
        let frame = frame.prop_map(|([index, checksum], pts, seconds, look)| Examined {
            id: FrameId {
                index,
                pts,
                checksum,
            },
            seconds,
            look,
        });
        prop::collection::vec(frame, 0..20)
    }

    proptest! {
        #[test]
        fn frames_come_back_to_the_bit(all in frames()) {
            let mut kept = Frames::new(&std::env::temp_dir());
            all.iter().for_each(|f| kept.push(f.clone()).unwrap());
            let looked = all.iter().filter(|f| matches!(f.look, Looked::Found(_)));
            prop_assert_eq!((kept.len(), kept.looked()), (all.len(), looked.count()));
            prop_assert_eq!(kept.iter().collect::<Result<Vec<_>, _>>().unwrap(), all);
        }
    }

    #[test]
    fn what_is_kept_goes_to_the_nearest_folder_that_is_there() {
        let there = std::env::temp_dir();
        assert_eq!(folder_beside(&there.join("a.mp4")), there);
        assert_eq!(folder_beside(&there.join("not/yet there/a.mp4")), there);
        for name in ["a.mp4", "not yet there/a.mp4"] {
            assert_eq!(folder_beside(Path::new(name)), Path::new("."));
        }
        assert_eq!(folder_beside(Path::new("/nowhere/a.mp4")), Path::new("/"));
    }

    #[test]
    fn a_frame_with_three_faces_takes_less_than_a_hundred_bytes() {
        let mut kept = Frames::new(&std::env::temp_dir());
        for k in 0..1000_u32 {
            let found = Sighting {
                class: Class::Face,
                score: 0.8,
                at: PxBox::around(k as f32, 50.5, 20.0, 20.0),
            };
            let frame = Examined {
                id: FrameId {
                    index: k.into(),
                    pts: i64::from(k) * 512,
                    checksum: u64::MAX / 3,
                },
                seconds: f64::from(k) / 30.0,
                look: Looked::Found(vec![found; 3]),
            };
            kept.push(frame).unwrap();
        }
        assert!(kept.tape.len() < 100_000, "{}", kept.tape.len());
    }
}
