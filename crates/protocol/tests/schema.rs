//! The published schema and the documented example say what the code does.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use scrim_protocol::{REPORT_VERSION, Report};
use std::path::PathBuf;

fn docs(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(name)
}

fn example() -> serde_json::Value {
    let page = std::fs::read_to_string(docs("report.md")).unwrap();
    let json = page.split("```json\n").nth(1).unwrap();
    serde_json::from_str(json.split("```").next().unwrap()).unwrap()
}

/// `UPDATE_GOLDEN=1` rewrites the file; the difference is reviewed.
#[test]
fn the_published_schema_is_the_one_of_the_code() {
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(Report)).unwrap() + "\n";
    let path = docs("report.schema.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &schema).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap();
    assert!(
        published == schema,
        "docs/report.schema.json is not the schema of the code; UPDATE_GOLDEN=1 rewrites it"
    );
}

#[test]
fn the_documented_example_is_a_report_of_this_version() {
    let report: Report = serde_json::from_value(example()).unwrap();
    assert_eq!(report.report, REPORT_VERSION);
    let again = serde_json::to_string(&report).unwrap();
    assert_eq!(report, serde_json::from_str(&again).unwrap());
}

/// Every object of the example, at any depth, with a field too many or too few.
#[test]
fn unknown_and_missing_fields_are_refused() {
    let parses = |v: serde_json::Value| serde_json::from_value::<Report>(v).is_ok();
    let mut places = Vec::new();
    walk(&example(), String::new(), &mut places);
    assert!(places.len() > 8, "{places:?}");
    for place in places {
        let mut extra = example();
        let object = extra.pointer_mut(&place).unwrap().as_object_mut().unwrap();
        object.insert("name_of_person".into(), "nobody".into());
        assert!(!parses(extra), "an unknown field in {place} passed");
        let fields: Vec<String> = example()
            .pointer(&place)
            .unwrap()
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        for field in fields {
            let mut less = example();
            let object = less.pointer_mut(&place).unwrap().as_object_mut().unwrap();
            object.remove(&field);
            let optional = matches!(
                (place.as_str(), field.as_str()),
                ("/source", "sha256")
                    | ("/model", "second_sha256" | "third_sha256")
                    | ("/faults/0", "frame")
            );
            assert_eq!(parses(less), optional, "{place} without {field}");
        }
    }
}

fn walk(value: &serde_json::Value, at: String, places: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            places.push(at.clone());
            for (name, field) in fields {
                walk(field, format!("{at}/{name}"), places);
            }
        }
        serde_json::Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                walk(item, format!("{at}/{i}"), places);
            }
        }
        _ => {}
    }
}
