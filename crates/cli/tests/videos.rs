//! Odd but valid videos: what came in goes out, but for what is to be dropped.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod files;

use files::{Scratch, ffmpeg, probe, redact, words};
use std::path::Path;

/// What must be the same before and after: size, pixel format, fields, colours, shape of pixels.
const SAME: &str = "stream=width,height,pix_fmt,sample_aspect_ratio,field_order,color_range,\
    color_space,color_transfer,color_primaries";

fn seconds(file: &Path) -> Vec<f64> {
    let times = probe(file, "frame=best_effort_timestamp_time");
    times.iter().map(|t| t.parse().unwrap()).collect()
}

/// Redacts, and holds the output against the input.
fn assert_kept(scratch: &Scratch, source: &Path) {
    let name = source.file_name().unwrap().to_string_lossy().into_owned();
    let target = scratch.path(&format!("out/{name}"));
    let run = redact(source, &target, &["--no-report"]);
    assert!(run.status.success(), "{name}: {}", words(&run));
    let (before, after) = (seconds(source), seconds(&target));
    assert_eq!(before.len(), after.len(), "{name}: frames");
    for (n, (a, b)) in before.iter().zip(&after).enumerate() {
        assert!(
            (a - b).abs() <= 0.001,
            "{name}: frame {n} at {a} came out at {b}"
        );
    }
    // The old names of full-range formats are the same formats.
    let plain = |file: &Path| {
        let mut lines = probe(file, SAME);
        lines.iter_mut().for_each(|l| *l = l.replace("yuvj", "yuv"));
        lines
    };
    assert_eq!(plain(source), plain(&target), "{name}");
}

#[test]
fn pixel_formats_sizes_and_colours_come_out_as_they_went_in() {
    let scratch = Scratch::new("formats");
    let x264 = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "16"];
    let case = |name: &str, more: &[&str]| {
        let source = scratch.video(name, &[&x264[..], more].concat());
        assert_kept(&scratch, &source);
    };
    case("plain.mp4", &["-pix_fmt", "yuv420p"]);
    case("422.mp4", &["-pix_fmt", "yuv422p"]);
    case(
        "444-odd.mp4",
        &["-vf", "scale=161:121", "-pix_fmt", "yuv444p"],
    );
    case("10bit.mkv", &["-pix_fmt", "yuv420p10le"]);
    case("grey.mp4", &["-pix_fmt", "gray"]);
    case("sar.mov", &["-vf", "setsar=4/3", "-pix_fmt", "yuv420p"]);
    case(
        "tags.mp4",
        &[
            "-pix_fmt",
            "yuv420p",
            "-color_primaries",
            "bt709",
            "-color_trc",
            "bt709",
            "-colorspace",
            "bt709",
        ],
    );
    case(
        "fields.mp4",
        &[
            "-pix_fmt",
            "yuv420p",
            "-vf",
            "setfield=tff",
            "-flags",
            "+ildct+ilme",
            "-x264-params",
            "tff=1",
        ],
    );
    case("stream.ts", &["-pix_fmt", "yuv420p"]);
    case("plain.avi", &["-pix_fmt", "yuv420p", "-bf", "0"]);
    let source = scratch.video(
        "odd.webm",
        &[
            "-c:v",
            "libvpx-vp9",
            "-deadline",
            "realtime",
            "-cpu-used",
            "8",
            "-vf",
            "scale=161:121",
        ],
    );
    assert_kept(&scratch, &source);
    let source = scratch.video("lossless.mkv", &["-c:v", "ffv1", "-pix_fmt", "bgr0"]);
    assert_kept(&scratch, &source);
    let source = scratch.video("old.mpg", &["-c:v", "mpeg2video", "-q:v", "2"]);
    assert_kept(&scratch, &source);
}

#[test]
fn variable_rates_gaps_offsets_and_edit_lists_keep_every_time() {
    let scratch = Scratch::new("times");
    let x264 = [
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-pix_fmt",
        "yuv420p",
    ];
    let vfr = ["-fps_mode", "passthrough", "-enc_time_base", "1:90000"];
    let jitter = ["-vf", "settb=1/1000,setpts='PTS+(0.004*sin(N*2.3))/TB'"];
    let gap = ["-vf", "settb=1/1000,setpts='PTS+gte(N,10)*10/TB'"];
    let thinned = ["-vf", "select='not(eq(mod(n,7),3))'"];
    for (name, more) in [
        ("jitter.mp4", [&jitter[..], &vfr].concat()),
        ("jitter.mkv", [&jitter[..], &vfr].concat()),
        ("gap.mp4", [&gap[..], &vfr].concat()),
        ("thinned.mp4", [&thinned[..], &vfr].concat()),
        ("start.mp4", vec!["-output_ts_offset", "10"]),
        ("start.mkv", vec!["-output_ts_offset", "100"]),
        (
            "pyramid.mp4",
            vec!["-bf", "4", "-x264-params", "b-pyramid=normal"],
        ),
        ("one.mp4", vec!["-frames:v", "1"]),
    ] {
        let source = scratch.video(name, &[&x264[..], &more].concat());
        assert_kept(&scratch, &source);
    }
    let whole = scratch.video("whole.mp4", &[&x264[..], &["-g", "10"]].concat());
    let edited = scratch.path("edited.mp4");
    ffmpeg(
        &["-ss", "0.5", "-i", &whole.to_string_lossy(), "-c", "copy"],
        &edited,
    );
    assert_kept(&scratch, &edited);
}

#[test]
fn a_rotated_video_is_stored_and_shown_as_before() {
    let scratch = Scratch::new("rotate");
    let plain = scratch.video("plain.mp4", &["-c:v", "libx264", "-pix_fmt", "yuv420p"]);
    for (turn, suffix) in [("90", "mp4"), ("180", "mp4"), ("270", "mov")] {
        let source = scratch.path(&format!("turned-{turn}.{suffix}"));
        let rotate = format!("rotate={turn}");
        let args = [
            "-i",
            &plain.to_string_lossy(),
            "-c",
            "copy",
            "-metadata:s:v",
            &rotate,
        ];
        ffmpeg(&args, &source);
        assert_kept(&scratch, &source);
        let target = scratch.path(&format!("out/turned-{turn}.{suffix}"));
        let matrix = "stream_side_data=rotation";
        assert_eq!(probe(&source, matrix), probe(&target, matrix));
    }
}

#[test]
fn hdr_light_is_told_as_before_whether_the_container_or_the_pictures_told_it() {
    let scratch = Scratch::new("hdr");
    let told = "hdr10=1:repeat-headers=1:master-display=G(13250,34500)B(7500,3000)R(34000,16000)\
                WP(15635,16450)L(10000000,50):max-cll=1000,400";
    let coded = scratch.video(
        "pictures.mkv",
        &[
            "-c:v",
            "libx265",
            "-pix_fmt",
            "yuv420p10le",
            "-x265-params",
            told,
            "-color_primaries",
            "bt2020",
            "-color_trc",
            "smpte2084",
            "-colorspace",
            "bt2020nc",
        ],
    );
    // The first output tells it in the container alone: its pictures are H.264 without it.
    let (first, again) = (scratch.path("first.mp4"), scratch.path("again.mkv"));
    for (source, target) in [(&coded, &first), (&first, &again)] {
        let run = redact(source, target, &["--no-report"]);
        assert!(run.status.success(), "{}", words(&run));
        let light = "stream_side_data=red_x,max_luminance,min_luminance,max_content,max_average";
        let mut told: Vec<f64> = probe(target, light)
            .iter()
            .flat_map(|line| line.split(','))
            .map(fraction)
            .collect();
        told.sort_by(f64::total_cmp);
        let name = target.display();
        assert_eq!(told, [0.005, 0.68, 400.0, 1000.0, 1000.0], "{name}");
    }
}

/// `7/25` or `7` as a number.
fn fraction(text: &str) -> f64 {
    let (over, under) = text.split_once('/').unwrap_or((text, "1"));
    over.parse::<f64>().unwrap() / under.parse::<f64>().unwrap()
}

#[test]
fn everything_but_the_picture_is_dropped_and_named_in_the_report() {
    const CANARY: &str = "QZCANARYQZ";
    let scratch = Scratch::new("dropped");
    let text = scratch.path("text.srt");
    std::fs::write(
        &text,
        format!("1\n00:00:00,100 --> 00:00:00,900\n{CANARY}\n"),
    )
    .unwrap();
    let note = scratch.path("note.txt");
    std::fs::write(&note, CANARY).unwrap();
    let chapters = scratch.path("chapters.txt");
    let chapter =
        format!(";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=900\ntitle={CANARY}\n");
    std::fs::write(&chapters, chapter).unwrap();
    let (text, note) = (text.to_string_lossy(), note.to_string_lossy());
    let (chapters, title) = (chapters.to_string_lossy(), format!("title={CANARY}"));
    let sei = format!("h264_metadata=sei_user_data=086f3693-b7b3-4f2c-9653-21492feee5b8+{CANARY}");
    let source = scratch.video(
        "full.mkv",
        &[
            "-f",
            "lavfi",
            "-i",
            "sine=d=1",
            "-i",
            &text,
            "-i",
            &chapters,
            "-map",
            "0:v",
            "-map",
            "1:a",
            "-map",
            "2:s",
            "-map_chapters",
            "3",
            "-c:v",
            "libx264",
            "-pix_fmt",
            "yuv420p",
            "-c:a",
            "aac",
            "-c:s",
            "srt",
            "-attach",
            &note,
            "-metadata:s:t",
            "mimetype=text/plain",
            "-metadata",
            &title,
            "-bsf:v",
            &sei,
        ],
    );
    assert!(
        std::fs::read(&source)
            .unwrap()
            .windows(10)
            .any(|w| w == CANARY.as_bytes())
    );
    let target = scratch.path("out.mkv");
    let run = redact(&source, &target, &[]);
    assert!(run.status.success(), "{}", words(&run));
    let bytes = std::fs::read(&target).unwrap();
    assert!(
        !bytes.windows(10).any(|w| w == CANARY.as_bytes()),
        "planted text came through"
    );
    let report = std::fs::read_to_string(scratch.path("out.mkv.scrim.json")).unwrap();
    for word in [
        "audio (aac)",
        "subtitles",
        "attachment",
        "tags",
        "1 chapters",
    ] {
        assert!(report.contains(word), "{word} is not in the report");
    }
    assert!(
        !report.contains(CANARY) && !report.contains("full.mkv"),
        "it names the source"
    );
}

#[test]
fn codecs_come_out_as_asked() {
    let scratch = Scratch::new("codecs");
    let source = scratch.video("in.mp4", &["-c:v", "libx264", "-pix_fmt", "yuv420p"]);
    for codec in ["h264", "hevc", "av1", "vp9", "ffv1"] {
        let target = scratch.path(&format!("{codec}.mkv"));
        let run = redact(&source, &target, &["--codec", codec, "--no-report"]);
        assert!(run.status.success(), "{codec}: {}", words(&run));
        // Encoder libraries print nothing by themselves.
        let foreign = words(&run)
            .lines()
            .filter(|l| !l.contains("in.mp4"))
            .count();
        assert_eq!(foreign, 2, "{codec}: {}", words(&run));
        assert_eq!(probe(&target, "stream=codec_name"), [codec]);
        assert_eq!(seconds(&target).len(), 25);
    }
    let refused = redact(&source, &scratch.path("a.mp4"), &["--codec", "ffv1"]);
    assert_eq!(refused.status.code(), Some(4));
    assert!(
        words(&refused).contains("in.mp4: no encoder for ffv1"),
        "{}",
        words(&refused)
    );
}
