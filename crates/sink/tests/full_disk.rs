//! A disk that fills up is told by the write that fails, not only at the end.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use scrim_frame::{Family, FrameInfo, Layout, Reason, RedactedFrame};
use scrim_sink::{Codec, Container, SinkError, VideoSettings, VideoWriter};
use scrim_units::{Pts, Size, TimeBase};
use std::path::Path;

fn info(ticks: i64) -> FrameInfo {
    let size = Size {
        width: 320,
        height: 240,
    };
    FrameInfo {
        pts: Pts {
            ticks,
            base: TimeBase::new(1, 25).unwrap(),
        },
        duration: 1,
        ..FrameInfo::picture(size, Layout::packed(Family::Grey, false, 8))
    }
}

fn settings(container: Container, codec: Codec) -> VideoSettings {
    VideoSettings {
        codec: Some(codec),
        source_codec: "h264".into(),
        container,
        crf: None,
        preset: None,
        threads: 1,
        time_base: TimeBase::new(1, 25).unwrap(),
        average_rate: Some((25, 1)),
        constant_rate: true,
        sample_aspect: (0, 1),
        matrix: None,
        light: Default::default(),
    }
}

fn write_to(path: &Path, container: Container, codec: Codec) -> Result<(), SinkError> {
    let mut writer = VideoWriter::create(path, &settings(container, codec), &info(0), &[])?;
    for n in 0..200 {
        writer.write(&RedactedFrame::blank(info(n), Reason::Decoder))?;
    }
    writer.finish()
}

#[test]
fn a_full_disk_is_an_error_that_names_the_file() {
    let full = Path::new("/dev/full");
    assert!(full.exists(), "this test needs /dev/full");
    for (container, codec) in [
        (Container::Mkv, Codec::Ffv1),
        (Container::Mkv, Codec::H264),
        (Container::Mp4, Codec::H264),
        (Container::Ts, Codec::H264),
    ] {
        let error = write_to(full, container, codec).unwrap_err();
        assert!(
            matches!(error, SinkError::Mux { .. }),
            "{container:?}: {error:?}"
        );
        assert!(error.to_string().contains("/dev/full"), "{error}");
    }
}

#[test]
fn a_folder_that_does_not_exist_is_an_error_that_names_the_file() {
    let error = write_to(
        Path::new("/nowhere/at/all.mkv"),
        Container::Mkv,
        Codec::H264,
    )
    .unwrap_err();
    assert!(error.to_string().contains("/nowhere/at/all.mkv"), "{error}");
}

#[test]
fn frames_of_another_shape_are_refused() {
    let path = std::env::temp_dir().join(format!("scrim-shape-{}.mkv", std::process::id()));
    let settings = settings(Container::Mkv, Codec::Ffv1);
    let mut writer = VideoWriter::create(&path, &settings, &info(0), &[]).unwrap();
    let mut other = info(1);
    other.size.width = 322;
    let refused = writer.write(&RedactedFrame::blank(other, Reason::Decoder));
    assert!(matches!(refused, Err(SinkError::WrongShape)));
    drop(writer);
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_crf_that_the_codec_does_not_know_is_refused_before_a_file_is_made() {
    let path = std::env::temp_dir().join(format!("scrim-crf-{}.mkv", std::process::id()));
    for (codec, crf) in [(Codec::H264, 52), (Codec::Hevc, 52), (Codec::Vp9, 64)] {
        let mut settings = settings(Container::Mkv, codec);
        settings.crf = Some(crf);
        let refused = VideoWriter::create(&path, &settings, &info(0), &[]).err();
        assert!(
            matches!(refused, Some(SinkError::Crf { .. })),
            "{codec:?}: {refused:?}"
        );
        assert!(!path.exists());
    }
}
