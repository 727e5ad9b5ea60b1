#!/usr/bin/env bash
# Runs all tests: formatting, lints, documentation, unit and property tests, the slow ones, and
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
stage "lints" cargo clippy --locked --workspace --all-targets -- -D warnings
stage "docs" env RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet
stage "tests" cargo test --locked --workspace
stage "tests, scalar level" env SCRIM_LEVEL=scalar cargo test --locked -p scrim-pixels -p scrim-detect
stage "program" bash scripts/end-to-end.sh
