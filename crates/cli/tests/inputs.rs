//! Which input becomes which output, bad inputs, and exit codes, as a user meets them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod files;

use files::{Scratch, ffmpeg, redact, scrim, words};
use std::path::{Path, PathBuf};
use std::time::Duration;

const X264: [&str; 4] = ["-c:v", "libx264", "-pix_fmt", "yuv420p"];

#[test]
fn a_folder_is_walked_its_structure_kept_and_strange_files_named_and_not_copied() {
    let scratch = Scratch::new("folder");
    scratch.video("in/a.mp4", &X264);
    scratch.video("in/deep/er/b.mkv", &X264);
    std::fs::write(scratch.path("in/notes.txt"), "hello").unwrap();
    let run = redact(&scratch.path("in"), &scratch.path("out"), &[]);
    assert_eq!(run.status.code(), Some(0), "{}", words(&run));
    assert_eq!(scratch.names("out"), ["a.mp4", "a.mp4.scrim.json", "deep"]);
    assert_eq!(scratch.names("out/deep/er"), ["b.mkv", "b.mkv.scrim.json"]);
    assert!(
        words(&run).contains("notes.txt: neither picture nor video"),
        "{}",
        words(&run)
    );
    assert!(words(&run).contains("1 skipped"));
}

#[test]
fn photos_worked_on_side_by_side_are_told_in_order_and_come_out_as_one_after_the_other() {
    let scratch = Scratch::new("side");
    std::fs::create_dir(scratch.path("in")).unwrap();
    // The first one takes longest.
    for (name, size) in [
        ("a", "1600x1200"),
        ("c", "320x240"),
        ("d", "160x120"),
        ("f", "64x64"),
    ] {
        let source = format!("testsrc2=size={size}:rate=1:duration=1");
        let out = scratch.path(&format!("in/{name}.png"));
        ffmpeg(&["-f", "lavfi", "-i", &source, "-frames:v", "1"], &out);
    }
    std::fs::write(scratch.path("in/b.png"), b"\x89PNG\r\n\x1a\n and no more").unwrap();
    scratch.video("in/e.mp4", &X264);
    let told = |threads: &str| {
        let out = scratch.path(&format!("out{threads}"));
        let run = redact(
            &scratch.path("in"),
            &out,
            &["--threads", threads, "--no-report"],
        );
        assert_eq!(run.status.code(), Some(3), "{}", words(&run));
        let words = words(&run);
        let places = ["a.png", "b.png", "c.png", "d.png", "e.mp4", "f.png"].map(|n| words.find(n));
        assert!(places.iter().all(Option::is_some), "{words}");
        assert!(places.is_sorted(), "{words}");
        let written = |name: &str| {
            std::fs::metadata(out.join(name))
                .unwrap()
                .modified()
                .unwrap()
        };
        // The second one is done while the first is still looked at, if there is a thread for it.
        assert_eq!(written("c.png") < written("a.png"), threads == "2");
        ["a.png", "c.png", "d.png", "f.png"].map(|name| std::fs::read(out.join(name)).unwrap())
    };
    assert_eq!(told("1"), told("2"));
}

#[test]
fn nobody_who_reads_the_messages_is_no_reason_to_stop() {
    let scratch = Scratch::new("unread");
    std::fs::create_dir(scratch.path("in")).unwrap();
    for name in ["a.png", "b.png"] {
        grey(&scratch.path("in").join(name));
    }
    let mut run = scrim();
    run.arg("redact").arg(scratch.path("in"));
    run.arg("-o").arg(scratch.path("out"));
    let mut run = run.stderr(std::process::Stdio::piped()).spawn().unwrap();
    drop(run.stderr.take());
    assert_eq!(run.wait().unwrap().code(), Some(0));
    let [a, b] = ["a.png", "b.png"].map(|name| scratch.path("out").join(name));
    assert!(a.exists() && b.exists());
}

#[test]
fn an_output_folder_inside_the_input_folder_is_not_walked() {
    let scratch = Scratch::new("inside");
    scratch.video("in/a.mp4", &X264);
    for _ in 0..2 {
        let run = redact(
            &scratch.path("in"),
            &scratch.path("in/out"),
            &["--skip-done"],
        );
        assert_eq!(run.status.code(), Some(0), "{}", words(&run));
    }
    assert_eq!(scratch.names("in/out"), ["a.mp4", "a.mp4.scrim.json"]);
}

#[test]
fn without_a_name_the_output_lies_beside_the_input_and_is_noticed_the_second_time() {
    let scratch = Scratch::new("beside");
    let source = scratch.video("clip.mp4", &X264);
    let run = scrim().arg("redact").arg(&source).output().unwrap();
    assert!(run.status.success(), "{}", words(&run));
    let made = scratch.path("clip_redacted.mp4");
    assert!(made.exists());
    let again = scrim().arg("redact").arg(&made).output().unwrap();
    assert_eq!(again.status.code(), Some(3));
    assert!(
        words(&again).contains("was made by scrim"),
        "{}",
        words(&again)
    );
    assert!(!scratch.path("clip_redacted_redacted.mp4").exists());
}

#[test]
fn two_inputs_never_write_one_output() {
    let scratch = Scratch::new("twice");
    let one = scratch.video("one/clip.mp4", &X264);
    let two = scratch.video("two/clip.mp4", &X264);
    let run = scrim()
        .arg("redact")
        .args([&one, &two])
        .arg("-o")
        .arg(scratch.path("out"))
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(3));
    assert!(
        words(&run).contains("would be written to"),
        "{}",
        words(&run)
    );
    assert!(scratch.path("out/clip.mp4").exists());
}

#[test]
fn an_output_that_exists_is_not_replaced_unless_asked() {
    let scratch = Scratch::new("exists");
    let source = scratch.video("in.mp4", &X264);
    let target = scratch.path("out.mp4");
    std::fs::write(&target, "precious").unwrap();
    let run = redact(&source, &target, &[]);
    assert_eq!(run.status.code(), Some(3));
    assert_eq!(std::fs::read(&target).unwrap(), b"precious");
    assert!(words(&run).contains("--overwrite"));
    assert!(redact(&source, &target, &["--overwrite"]).status.success());
    assert!(std::fs::metadata(&target).unwrap().len() > 1000);
    let same = redact(&source, &source, &["--overwrite"]);
    assert_eq!(same.status.code(), Some(3));
    assert!(
        words(&same).contains("is its own output"),
        "{}",
        words(&same)
    );
}

/// Bad inputs: name, content, a word of the message.
fn bad(scratch: &Scratch) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let good = std::fs::read(scratch.video("good.mp4", &X264)).unwrap();
    let fast = [&X264[..], &["-movflags", "+faststart"]].concat();
    let fast = std::fs::read(scratch.video("fast.mp4", &fast)).unwrap();
    let sound = scratch.path("sound.mp4");
    files::ffmpeg(&["-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac"], &sound);
    let noise: Vec<u8> = (0..50_000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let half = |b: &[u8]| b[..b.len() / 2].to_vec();
    vec![
        ("empty.mp4", vec![], "empty"),
        (
            "text.mp4",
            b"This is not a video.\n".repeat(50),
            "cannot be opened",
        ),
        ("noise.mp4", noise, "cannot be opened"),
        ("no-index.mp4", half(&good), "cannot be opened"),
        ("cut.mp4", half(&fast), "--accept-damaged"),
        ("sound.mp4", std::fs::read(sound).unwrap(), "no video"),
        (
            "list.mp4",
            b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:1,\ngood.mp4\n".to_vec(),
            "cannot be opened",
        ),
        (
            "concat.mp4",
            b"ffconcat version 1.0\nfile good.mp4\n".to_vec(),
            "cannot be opened",
        ),
        (
            "photo.mp4",
            b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec(),
            "HEIC",
        ),
    ]
}

#[test]
fn bad_inputs_are_named_nothing_is_left_and_the_others_go_on() {
    let scratch = Scratch::new("bad");
    let cases = bad(&scratch);
    let mut inputs = vec![scratch.path("good.mp4")];
    for (name, content, _) in &cases {
        std::fs::write(scratch.path(name), content).unwrap();
        inputs.push(scratch.path(name));
    }
    inputs.push(scratch.path("missing.mp4"));
    let run = scrim()
        .arg("redact")
        .args(&inputs)
        .arg("-o")
        .arg(scratch.path("out/"))
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(3));
    let words = words(&run);
    for (name, _, word) in &cases {
        let line = words.lines().find(|l| l.contains(name));
        assert!(line.is_some_and(|l| l.contains(word)), "{name}: {line:?}");
    }
    assert!(words.contains("missing.mp4: cannot be read"), "{words}");
    assert!(!words.contains("panicked"), "{words}");
    assert_eq!(scratch.names("out"), ["good.mp4", "good.mp4.scrim.json"]);
}

/// A video whose last quarter is missing.
fn cut_video(scratch: &Scratch) -> PathBuf {
    let fast = [&X264[..], &["-movflags", "+faststart"]].concat();
    let whole = std::fs::read(scratch.video("fast.mp4", &fast)).unwrap();
    let cut = scratch.path("cut.mp4");
    std::fs::write(&cut, &whole[..whole.len() * 3 / 4]).unwrap();
    cut
}

#[test]
fn a_cut_file_is_redacted_as_far_as_it_goes_when_asked_and_the_exit_code_says_so() {
    let scratch = Scratch::new("cut");
    let cut = cut_video(&scratch);
    let target = scratch.path("out.mp4");
    let run = redact(&cut, &target, &["--accept-damaged"]);
    assert_eq!(run.status.code(), Some(1), "{}", words(&run));
    assert!(words(&run).contains("damaged"));
    assert!((1..25).contains(&files::probe(&target, "frame=pts").len()));
}

#[test]
fn boxes_of_a_cut_file_are_told_as_far_as_it_goes_when_asked_and_else_it_is_refused() {
    let scratch = Scratch::new("cut-boxes");
    let cut = cut_video(&scratch);
    let detect = |more: &[&str]| scrim().arg("detect").arg(&cut).args(more).output().unwrap();
    let refused = detect(&[]);
    assert_eq!(refused.status.code(), Some(3), "{}", words(&refused));
    assert!(
        words(&refused).contains("is damaged"),
        "{}",
        words(&refused)
    );
    assert!(words(&refused).contains("--accept-damaged"));
    assert!(refused.stdout.is_empty());
    let accepted = detect(&["--accept-damaged"]);
    assert_eq!(accepted.status.code(), Some(0), "{}", words(&accepted));
    let told = String::from_utf8(accepted.stdout).unwrap().lines().count();
    assert!((1..25).contains(&told), "{told}");
}

#[test]
fn wrong_arguments_are_exit_code_2_and_say_what_to_write() {
    let scratch = Scratch::new("usage");
    let code = |args: &[&str]| scrim().args(args).output().unwrap();
    assert_eq!(code(&[]).status.code(), Some(2));
    assert_eq!(code(&["redact"]).status.code(), Some(2));
    assert_eq!(
        code(&["redact", "a.mp4", "--thresh", "2"]).status.code(),
        Some(2)
    );
    for (crf, codec, range) in [("52", "h264", "0 to 51"), ("64", "vp9", "0..=63")] {
        let refused = code(&["redact", "a.mp4", "--crf", crf, "--codec", codec]);
        assert_eq!(refused.status.code(), Some(2), "{codec}");
        assert!(words(&refused).contains(range), "{}", words(&refused));
    }
    assert_eq!(code(&["--version"]).status.code(), Some(0));
    let zones = scratch.path("zones.json");
    std::fs::write(&zones, "{\"zones\": [{}]}").unwrap();
    let source = scratch.video("in.mp4", &X264);
    let bad = scrim()
        .arg("redact")
        .arg(source)
        .arg("--zones")
        .arg(zones)
        .output()
        .unwrap();
    assert_eq!(bad.status.code(), Some(2));
    assert!(
        words(&bad).contains("zones.json: zone 1"),
        "{}",
        words(&bad)
    );
}

#[test]
fn names_with_line_breaks_and_patterns_are_files_like_others_and_escaped_in_messages() {
    let scratch = Scratch::new("names");
    let good = std::fs::read(scratch.video("good.mp4", &X264)).unwrap();
    for name in [
        "two\nlines\u{1b}[2J.mp4",
        "a%03d.mp4",
        "file:x.mp4",
        "Straße 日本.mp4",
    ] {
        let source = scratch.path(name);
        std::fs::write(&source, &good).unwrap();
        let target = scratch.path("out").join(Path::new(name));
        let run = redact(&source, &target, &["--no-report"]);
        assert!(
            run.status.success() && target.exists(),
            "{name:?}: {}",
            words(&run)
        );
        assert!(
            !words(&run).contains('\u{1b}'),
            "an escape code reached the terminal"
        );
    }
}

#[test]
fn ctrl_c_ends_with_130_and_leaves_nothing() {
    let scratch = Scratch::new("stop");
    let source = scratch.path("long.mp4");
    let input = ["-f", "lavfi", "-i", "testsrc2=s=640x480:r=25:d=60"];
    files::ffmpeg(
        &[&input[..], &X264, &["-preset", "ultrafast"]].concat(),
        &source,
    );
    let child = scrim()
        .arg("redact")
        .arg(&source)
        .arg("-o")
        .arg(scratch.path("out/a.mp4"))
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(700));
    let id = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let run = child.wait_with_output().unwrap();
    assert_eq!(run.status.code(), Some(130), "{}", words(&run));
    assert!(words(&run).contains("stopped"));
    let out = scratch.path("out");
    assert!(
        !out.exists() || scratch.names("out").is_empty(),
        "something is left"
    );
}

/// A picture that shows nothing.
fn grey(path: &Path) {
    let grey = "-f lavfi -i color=gray:s=160x120 -frames:v 1";
    ffmpeg(&grey.split(' ').collect::<Vec<_>>(), path);
}

#[test]
fn eval_prints_a_table_of_good_labels_and_refuses_broken_ones_by_file_and_line() {
    let scratch = Scratch::new("eval");
    let set = scratch.path("set\u{1b}[1m");
    std::fs::create_dir_all(&set).unwrap();
    grey(&set.join("a.png"));
    let eval = |rows: &str| {
        let labels = format!("file,class,x,y,w,h\n{rows}");
        std::fs::write(set.join("labels.csv"), labels).unwrap();
        scrim().arg("eval").arg(&set).output().unwrap()
    };
    let good = eval("a.png,face,20,20,30,30\n");
    assert_eq!(good.status.code(), Some(0), "{}", words(&good));
    let table = String::from_utf8(good.stdout).unwrap();
    assert!(
        table.contains("0 of 1 covered") && !table.contains('\u{1b}'),
        "{table}"
    );
    let broken = eval("a.png,face,20,20,30,30\na.png,nose,1,1,9,9\n");
    assert_eq!(broken.status.code(), Some(3));
    let said = words(&broken);
    assert!(
        said.contains("labels.csv:3: unknown class") && !said.contains('\u{1b}'),
        "{said}"
    );
}

#[test]
fn a_contact_sheet_replaces_what_exists_only_if_asked() {
    let scratch = Scratch::new("sheet");
    let (set, sheet) = (scratch.path("set"), scratch.path("new/misses.png"));
    std::fs::create_dir_all(&set).unwrap();
    grey(&set.join("a.png"));
    let labels = "file,class,x,y,w,h\na.png,face,20,20,30,30\n";
    std::fs::write(set.join("labels.csv"), labels).unwrap();
    let eval = |more: &[&str]| {
        let mut run = scrim();
        run.arg("eval").arg(&set).arg("--misses").arg(&sheet);
        run.args(more).output().unwrap()
    };
    let is_png = || std::fs::read(&sheet).unwrap().starts_with(b"\x89PNG");
    let first = eval(&[]);
    assert_eq!(first.status.code(), Some(0), "{}", words(&first));
    assert!(is_png());
    std::fs::write(&sheet, "a film").unwrap();
    let second = eval(&[]);
    assert_eq!(second.status.code(), Some(2), "{}", words(&second));
    assert!(words(&second).contains("misses.png exists; use --overwrite"));
    assert_eq!(std::fs::read_to_string(&sheet).unwrap(), "a film");
    let third = eval(&["--overwrite"]);
    assert_eq!(third.status.code(), Some(0), "{}", words(&third));
    assert!(is_png());
}

#[test]
fn a_file_to_be_checked_is_no_place_for_the_contact_sheet() {
    let scratch = Scratch::new("itself");
    let film = scratch.path("film.mp4");
    std::fs::write(&film, "a film").unwrap();
    let mut run = scrim();
    run.arg("verify").arg(&film).arg("--sheet").arg(&film);
    let run = run.arg("--overwrite").output().unwrap();
    assert_eq!(run.status.code(), Some(2), "{}", words(&run));
    assert!(words(&run).contains("to be checked itself"));
    assert_eq!(std::fs::read_to_string(&film).unwrap(), "a film");
}

#[test]
fn a_labelled_picture_and_its_labels_are_no_place_for_the_contact_sheet_of_misses() {
    let scratch = Scratch::new("labelled");
    let (set, linked) = (scratch.path("all/set"), scratch.path("elsewhere.png"));
    std::fs::create_dir_all(&set).unwrap();
    grey(&linked);
    let picture = set.join("a.png");
    std::os::unix::fs::symlink(&linked, &picture).unwrap();
    let labels = set.join("labels.csv");
    std::fs::write(&labels, "file,class,x,y,w,h\na.png,face,20,20,30,30\n").unwrap();
    let states = set.join("set.json");
    std::fs::write(&states, "{}").unwrap();
    for sheet in [picture, linked, labels, states] {
        let before = std::fs::read(&sheet).unwrap();
        let mut run = scrim();
        run.arg("eval").arg(scratch.path("all")).arg("--misses");
        let run = run.arg(&sheet).arg("--overwrite").output().unwrap();
        assert_eq!(run.status.code(), Some(2), "{}", words(&run));
        assert!(
            words(&run).contains("to be checked itself"),
            "{}",
            words(&run)
        );
        assert_eq!(std::fs::read(&sheet).unwrap(), before);
    }
}

/// Model card and weights file that the program carries under this name.
fn carried(file: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../detect/weights/{file}"))
}

#[test]
fn the_report_names_the_weights_that_looked_and_the_terminal_warns_of_ones_own() {
    let scratch = Scratch::new("weights");
    let source = scratch.video("a.mp4", &X264);
    let own = carried("clear.json");
    for (weights, name) in [
        ("city", "city"),
        ("clear", "clear"),
        (own.to_str().unwrap(), "clear"),
    ] {
        let target = scratch.path("out.mp4");
        let run = redact(&source, &target, &["--weights", weights, "--overwrite"]);
        assert_eq!(run.status.code(), Some(0), "{}", words(&run));
        let own = Path::new(weights).is_absolute();
        assert_eq!(
            words(&run).contains("may not hold for it"),
            own,
            "{}",
            words(&run)
        );
        let report = std::fs::read(scratch.path("out.mp4.scrim.json")).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
        assert_eq!(report["model"]["name"], name);
        let card = std::fs::read(carried(&format!("{name}.json"))).unwrap();
        let card: serde_json::Value = serde_json::from_slice(&card).unwrap();
        assert_eq!(report["model"]["sha256"], card["sha256"]);
        let [second, third] = ["second_sha256", "third_sha256"].map(|key| &report["model"][key]);
        if own {
            assert!(second.is_null(), "{second}: nothing looks again for them");
        } else {
            let card = std::fs::read(carried(&format!("{name}-second.json"))).unwrap();
            let card: serde_json::Value = serde_json::from_slice(&card).unwrap();
            assert_eq!(*second, card["sha256"]);
        }
        if name == "city" && !own {
            let card = std::fs::read(carried("city-third.json")).unwrap();
            let card: serde_json::Value = serde_json::from_slice(&card).unwrap();
            assert_eq!(*third, card["sha256"]);
        } else {
            assert!(third.is_null(), "{third}: nobody is asked for them");
        }
    }
}

#[test]
fn weights_that_give_more_than_boxes_and_scores_are_refused_at_start_and_nothing_is_written() {
    let scratch = Scratch::new("own-weights");
    let source = scratch.video("a.mp4", &X264);
    let card = std::fs::read_to_string(carried("city.json")).unwrap();
    // The first: further down, the card tells of its training in words of its own.
    let more = card.replacen(r#""scores""#, r#""scores", "landmarks""#, 1);
    assert_ne!(card, more);
    std::fs::write(scratch.path("more.json"), more).unwrap();
    std::fs::write(scratch.path("text.json"), "no card").unwrap();
    // The card is right, the file beside it is cut.
    std::fs::write(scratch.path("cut.json"), &card).unwrap();
    let file = std::fs::read(carried("city.safetensors")).unwrap();
    std::fs::write(scratch.path("city.safetensors"), &file[..1000]).unwrap();
    for (name, told) in [
        ("more.json", r#"`outputs`: expected ["boxes", "scores"]"#),
        ("text.json", "model card: "),
        ("cut.json", "SHA-256 by the card"),
        ("absent.json", "No such file"),
        ("/dev/null", "not a file"),
    ] {
        let given = scratch.path(name);
        let target = scratch.path("out.mp4");
        let run = redact(&source, &target, &["--weights", given.to_str().unwrap()]);
        assert_eq!(run.status.code(), Some(2), "{}", words(&run));
        let said = words(&run);
        assert!(said.contains(name), "{said}");
        assert_eq!(said.matches(told).count(), 1, "told once: {said}");
        assert!(said.contains("city, clear or a model card"), "{said}");
        assert!(!target.exists());
    }
}

#[test]
fn each_command_takes_the_weights_that_it_is_given() {
    let scratch = Scratch::new("each-weights");
    let absent = scratch.path("absent.json");
    for command in ["redact", "verify", "detect", "eval"] {
        let given = [absent.as_path(), &scratch.path("input")];
        let run = scrim()
            .args([command, "--weights"])
            .args(given)
            .output()
            .unwrap();
        assert_eq!(run.status.code(), Some(2), "{command}: {}", words(&run));
        let said = words(&run);
        assert!(said.contains("absent.json"), "{command}: {said}");
    }
}
