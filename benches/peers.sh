#!/usr/bin/env bash
# scrim beside plain transcoding and other redactors, as ratios; see peers.py for the options.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked -p scrim
target=${CARGO_TARGET_DIR:-target}
bash scripts/sample.sh "$target/bench-warm-up.mp4" 1
"$target/sample-python/bin/python" benches/peers.py "$target/release/scrim" "$@"
