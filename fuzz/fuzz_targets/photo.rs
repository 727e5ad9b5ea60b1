//! Any bytes as a photo file. Read, blanked and written again, nothing of it is left: a marker
//! that the file held, in its metadata or its samples, is not in what was written.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use scrim_raw::{Fill, Reason, Regions, redact, redact_jpeg};
use scrim_sink::{PartFile, PhotoWriter, write_jpeg};
use scrim_source::{FileKind, Limits, Photo, PhotoOptions};
use scrim_units::PhotoFormat;
use std::path::PathBuf;
use std::sync::Arc;

/// The marker. Three zeros, so that it cannot stand in a table of quantisation steps, the one
/// part of a JPEG's header that is kept as it is; four letters in a row, so that it cannot stand
/// in the numbers of PNG's colour chunks.
const CANARY: &[u8] = b"CANARY\0\0\0PIXELS";

/// Small, so that a run tries many files.
const LIMITS: Limits = Limits {
    frame_bytes: 2 << 20,
    side: 4096,
};

/// Pages of one file that are read.
const PAGES: u64 = 4;

fuzz_target!(
    init: {
        // A decoder's panic is caught by the crate under test; only one that comes out counts.
        std::panic::set_hook(Box::new(|_| {}));
    },
    |data: &[u8]| -> Corpus {
        let Ok(FileKind::Photo(format)) = FileKind::of_bytes(data) else {
            return Corpus::Reject;
        };
        let data = Arc::new(data.to_vec());
        for accept_damaged in [false, true] {
            let target = scratch();
            if let Some(part) = rewrite(&data, format, accept_damaged, &target) {
                let written = std::fs::read(part.path()).expect("the output");
                let found = written.windows(CANARY.len()).any(|w| w == CANARY);
                assert!(!found, "the marker is in the output");
            }
        }
        Corpus::Keep
    }
);

/// Reads the file, blanks every page and writes it. `None`: refused.
fn rewrite(
    data: &Arc<Vec<u8>>,
    format: PhotoFormat,
    accept_damaged: bool,
    target: &std::path::Path,
) -> Option<PartFile> {
    let options = PhotoOptions {
        limits: LIMITS,
        accept_damaged,
        threads: 1,
    };
    let mut photo = Photo::open(data, format, options).ok()?;
    let album = *photo.album();
    let mut pages = Vec::new();
    let mut regions = None;
    while let Some(page) = photo.advance().ok()? {
        let info = page.frame.info();
        assert!(info.size.width <= LIMITS.side && info.size.height <= LIMITS.side);
        let blank = Regions::blank(page.frame.id(), Reason::Detector);
        pages.push((redact(page.frame, &blank, Fill::Solid), page.facts));
        regions = Some(blank);
        if pages.len() as u64 == PAGES {
            break;
        }
    }
    let part = PartFile::create(target).expect("a scratch file");
    if let (Some(jpeg), Some(regions)) = (photo.take_jpeg(), regions) {
        let blank = redact_jpeg(jpeg, &regions, Fill::Solid);
        write_jpeg(&part, &blank, photo.profile()).expect("written");
        return Some(part);
    }
    let count = pages.len() as u64;
    let mut writer = PhotoWriter::create(part.path(), &album, photo.profile(), count).ok()?;
    for (frame, facts) in &pages {
        writer.write(frame, facts).ok()?;
    }
    writer.finish().ok()?;
    Some(part)
}

/// A name of this process.
fn scratch() -> PathBuf {
    std::env::temp_dir().join(format!("scrim-fuzz-photo-{}", std::process::id()))
}
