#!/usr/bin/env bash
# Runs all tests: formatting, lints, documentation, dependencies, unit and property tests, fuzzing, and
# the program on real footage made on the spot. Prints the time of each stage.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh

stage() {
    local name=$1 start=$SECONDS
    shift
    echo "== $name"
    "$@"
    echo "== $name: $((SECONDS - start)) s"
}

stage "format" cargo fmt --all --check
stage "links" python3 scripts/links.py
stage "lints" cargo clippy --locked --workspace --all-targets -- -D warnings
stage "dependencies" bash scripts/dependencies.sh
stage "docs" env RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet
stage "tests" cargo test --locked --workspace
stage "tests, scalar level" env SCRIM_LEVEL=scalar cargo test --locked -p scrim-pixels -p scrim-detect
stage "tests, 64-bit ARM" bash scripts/arm.sh
stage "network against ONNX Runtime" bash scripts/onnx-runtime.sh
stage "100,000 frames with faults" cargo test --locked -p scrim-redact --test faults -- --ignored
stage "memory over a video's length" cargo test --locked -p scrim-redact --test long -- --ignored
stage "200 kills" cargo test --locked -p scrim --test kills -- --ignored
stage "program" bash scripts/end-to-end.sh
stage "fuzz smoke" bash scripts/fuzz.sh 10
