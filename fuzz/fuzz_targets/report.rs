//! Any bytes as a report: refused, or equal after writing and reading again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scrim_protocol::Report;

fuzz_target!(|data: &[u8]| {
    let Ok(report) = serde_json::from_slice::<Report>(data) else {
        return;
    };
    let written = serde_json::to_vec(&report).expect("a report can be written");
    let again: Report = serde_json::from_slice(&written).expect("and read");
    assert_eq!(report, again);
});
