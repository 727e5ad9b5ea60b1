//! Which crate may depend on which: the order of the design, as a test.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::process::Command;

/// Every crate and all it may depend on within the workspace.
const EDGES: &[(&str, &[&str])] = &[
    (
        "scrim",
        &[
            "scrim-ff",
            "scrim-raw",
            "scrim-redact",
            "scrim-sink",
            "scrim-source",
            "scrim-track",
            "scrim-units",
        ],
    ),
    (
        "scrim-detect",
        &["scrim-pixels", "scrim-raw", "scrim-units"],
    ),
    ("scrim-engine", &[]),
    ("scrim-ff", &["scrim-pixels", "scrim-units"]),
    ("scrim-frame", &["scrim-raw"]),
    ("scrim-jpeg", &[]),
    ("scrim-pixels", &["scrim-units"]),
    ("scrim-protocol", &[]),
    ("scrim-raw", &["scrim-jpeg", "scrim-pixels", "scrim-units"]),
    (
        "scrim-redact",
        &[
            "scrim-detect",
            "scrim-engine",
            "scrim-ff",
            "scrim-protocol",
            "scrim-raw",
            "scrim-sink",
            "scrim-source",
            "scrim-track",
            "scrim-units",
        ],
    ),
    ("scrim-sink", &["scrim-ff", "scrim-frame", "scrim-units"]),
    (
        "scrim-source",
        &[
            "scrim-ff",
            "scrim-jpeg",
            "scrim-pixels",
            "scrim-raw",
            "scrim-units",
        ],
    ),
    ("scrim-track", &["scrim-units"]),
    ("scrim-units", &[]),
];

/// Normal dependencies between crates of the workspace, by `cargo metadata`.
fn edges() -> BTreeMap<String, Vec<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let out = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let meta: serde_json::Value = serde_json::from_slice(&out.stdout).expect("cargo prints JSON");
    let text = |v: &serde_json::Value| v.as_str().unwrap_or_default().to_owned();
    let mut found = BTreeMap::new();
    for package in meta["packages"].as_array().expect("packages") {
        let mut to: Vec<String> = package["dependencies"]
            .as_array()
            .expect("dependencies")
            .iter()
            .filter(|d| d["kind"].is_null() && d["path"].is_string())
            .map(|d| text(&d["name"]))
            .collect();
        to.sort();
        found.insert(text(&package["name"]), to);
    }
    found
}

#[test]
fn crates_depend_only_on_what_the_design_allows() {
    let found = edges();
    let allowed: BTreeMap<&str, &[&str]> = EDGES.iter().copied().collect();
    assert_eq!(
        found.keys().map(String::as_str).collect::<Vec<_>>(),
        allowed.keys().copied().collect::<Vec<_>>(),
        "a crate came or went"
    );
    for (name, to) in &found {
        let extra: Vec<_> = to
            .iter()
            .filter(|t| !allowed[name.as_str()].contains(&t.as_str()))
            .collect();
        assert!(extra.is_empty(), "{name} may not depend on {extra:?}");
    }
}

#[test]
fn outputs_reach_raw_frames_through_the_facade_only() {
    let found = edges();
    assert!(!found["scrim-sink"].contains(&"scrim-raw".to_owned()));
    assert!(!found["scrim-sink"].contains(&"scrim-source".to_owned()));
    assert_eq!(
        found["scrim-track"],
        ["scrim-units"],
        "the tracker has no pixels"
    );
}
