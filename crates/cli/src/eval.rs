//! `scrim eval`: recall, false regions and waste on labelled pictures of the user's own.

use crate::args::EvalArgs;
use crate::exit::Exit;
use crate::progress::Line;
use crate::sheet;
use crate::show::{say, shown, told};
use scrim_redact::{
    BANDS, Control, Engine, EvalError, Evaluated, JobSettings, Share, Tally, evaluate,
    labelled_files, write_sheet,
};
use scrim_units::Class;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs the command.
pub fn run(args: &EvalArgs) -> anyhow::Result<Exit> {
    if let Some(sheet) = &args.misses {
        let labelled = match labelled_files(&args.folder) {
            Ok(labelled) => labelled,
            Err(e) => return Ok(refused(e)),
        };
        sheet::place(Some(sheet), args.overwrite, &labelled)?;
    }
    let default = JobSettings::default();
    let engine = Engine::new(JobSettings {
        weights: args.looking.weights.clone(),
        sensitivity: args.sensitivity.into(),
        threshold: args.threshold,
        threads: args.telling.threads.map_or(default.threads, usize::from),
        ..default
    })?;
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))?;
    let line = Line::new(&args.folder, args.telling.quiet);
    let steps = line.clone();
    let control = Control::new(stop, Arc::new(move |s| steps.step(s)));
    let result = evaluate(&args.folder, &engine, &control, args.misses.is_some());
    line.end();
    let found = match result {
        Ok(found) => found,
        Err(e) => return Ok(refused(e)),
    };
    for (path, e) in &found.unread {
        say(format_args!("{}: {}", shown(path), told(e)));
    }
    if let Some(sheet) = &args.misses {
        write_sheet(&found.tiles, sheet)?;
    }
    let text = if args.telling.json {
        format!("{}\n", as_json(&found))
    } else {
        table(&found)
    };
    use std::io::Write;
    // A reader that went away is no fault.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(if found.unread.is_empty() {
        Exit::Done
    } else {
        Exit::SomeRefused
    })
}

/// Says why the folder is not measured.
fn refused(why: EvalError) -> Exit {
    if matches!(why, EvalError::Stopped) {
        return Exit::Stopped;
    }
    say(told(why));
    Exit::SomeRefused
}

/// All sets together.
fn whole(found: &Evaluated) -> Tally {
    let mut all = Tally::default();
    found.sets.iter().for_each(|s| all.join(&s.tally));
    all
}

fn table(found: &Evaluated) -> String {
    let mut text = String::new();
    for set in &found.sets {
        block(&mut text, &told(&set.name), &set.tally);
    }
    if found.sets.len() > 1 {
        block(&mut text, "all", &whole(found));
    }
    text
}

/// One set; a class without labels has no line.
fn block(text: &mut String, name: &str, tally: &Tally) {
    let _ = writeln!(text, "{name}: {} pictures", tally.pictures);
    for class in Class::ALL {
        let bounds = BANDS[class.index()];
        let (boxes, covered) = (tally.boxes[class.index()], tally.covered[class.index()]);
        if boxes.iter().all(|n| *n == 0) {
            continue;
        }
        let (hit, all) = tally.recall(class);
        let share = 100.0 * hit as f64 / all.max(1) as f64;
        let side = ["", " high"][class.index()];
        let _ = write!(
            text,
            "  {}s of {} px{side} and more: {hit} of {all} covered, {share:.1} %; by size",
            class.name(),
            bounds[1],
        );
        for (band, bound) in bounds.iter().enumerate().filter(|(b, _)| boxes[*b] > 0) {
            let _ = write!(text, "  {bound}+ {}/{}", covered[band], boxes[band]);
        }
        text.push('\n');
        let i = class.index();
        let (light, sharpness) = (&tally.by_light[i], &tally.by_sharpness[i]);
        shares(text, "by light", &LIGHT, light);
        shares(text, "by sharpness", &SHARPNESS, sharpness);
    }
    match (tally.false_rate(), tally.waste_rate()) {
        (Some(rate), Some(waste)) => {
            let waste = 100.0 * waste;
            let _ = writeln!(
                text,
                "  false regions a picture: {rate:.2}; filled away from labels: {waste:.2} % of a picture",
            );
        }
        _ => text.push_str("  false regions: not counted, a class is not labelled here\n"),
    }
}

/// Words for light and sharpness, in the order of the counts.
const LIGHT: [&str; 4] = ["bright", "dim", "dark", "unknown"];
const SHARPNESS: [&str; 4] = ["sharp", "soft", "blurred", "unknown"];

fn shares(text: &mut String, title: &str, words: &[&str; 4], shares: &[Share; 4]) {
    if shares.iter().all(|s| s.boxes == 0) {
        return;
    }
    let _ = write!(text, "    {title}");
    for (word, share) in words.iter().zip(shares).filter(|(_, s)| s.boxes > 0) {
        let _ = write!(text, "  {word} {}/{}", share.covered, share.boxes);
    }
    text.push('\n');
}

fn as_json(found: &Evaluated) -> Value {
    let sets: Vec<Value> = found
        .sets
        .iter()
        .map(|s| json!({ "name": s.name, "tally": of_tally(&s.tally) }))
        .collect();
    let misses: Vec<Value> = found
        .misses
        .iter()
        .map(|m| {
            let at = [m.at.x0, m.at.y0, m.at.x1, m.at.y1];
            json!({ "file": m.path.to_string_lossy(), "class": m.class.name(), "box": at })
        })
        .collect();
    json!({ "sets": sets, "all": of_tally(&whole(found)), "misses": misses })
}

fn of_tally(tally: &Tally) -> Value {
    let classes = Class::ALL.map(|class| {
        let i = class.index();
        let bands: Vec<Value> = (0..BANDS[i].len())
            .map(|b| json!({ "from": BANDS[i][b], "boxes": tally.boxes[i][b], "covered": tally.covered[i][b] }))
            .collect();
        (class.name().to_owned(), Value::from(bands))
    });
    let classes: serde_json::Map<String, Value> = classes.into_iter().collect();
    let by = |words: [&str; 4], counts: &[[Share; 4]; 2]| {
        let of = |class: Class| {
            let shares = words.iter().zip(&counts[class.index()]);
            let shares = shares.map(|(word, s)| {
                let share = json!({ "boxes": s.boxes, "covered": s.covered });
                ((*word).to_owned(), share)
            });
            (class.name().to_owned(), Value::Object(shares.collect()))
        };
        Value::Object(Class::ALL.map(of).into_iter().collect())
    };
    json!({
        "pictures": tally.pictures,
        "bands": classes,
        "light": by(LIGHT, &tally.by_light),
        "sharpness": by(SHARPNESS, &tally.by_sharpness),
        "judged": tally.judged,
        "false_regions_a_picture": tally.false_rate(),
        "waste": tally.waste_rate(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use scrim_redact::SetTally;

    fn counted() -> Evaluated {
        let share = |covered, boxes| Share { covered, boxes };
        let none = share(0, 0);
        let tally = Tally {
            pictures: 4,
            boxes: [[2, 8, 0, 0, 0], [0; 5]],
            covered: [[0, 6, 0, 0, 0], [0; 5]],
            by_light: [[share(6, 7), share(0, 1), none, none], [none; 4]],
            by_sharpness: [[none, share(6, 6), share(0, 1), share(0, 1)], [none; 4]],
            judged: 4,
            false_regions: 1,
            waste: 0.02,
        };
        Evaluated {
            sets: vec![SetTally {
                name: "street".into(),
                tally,
            }],
            ..Evaluated::default()
        }
    }

    #[test]
    fn the_table_gives_recall_by_size_light_and_sharpness_and_what_was_filled_in_vain() {
        let expected = "street: 4 pictures\n  \
            faces of 10 px and more: 6 of 8 covered, 75.0 %; by size  0+ 0/2  10+ 6/8\n    \
            by light  bright 6/7  dim 0/1\n    \
            by sharpness  soft 6/6  blurred 0/1  unknown 0/1\n  \
            false regions a picture: 0.25; filled away from labels: 0.50 % of a picture\n";
        assert_eq!(table(&counted()), expected);
    }

    #[test]
    fn without_complete_labels_false_regions_are_not_given_as_none() {
        let mut found = counted();
        found.sets[0].tally.judged = 0;
        assert!(table(&found).contains("not counted"));
        assert!(as_json(&found)["all"]["waste"].is_null());
    }
}
