#!/usr/bin/env bash
# Sets everything up, builds scrim and redacts a sample video made on the spot.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh
cargo build --release --locked -p scrim
mkdir -p sample
[ -f sample/sample.mp4 ] || bash scripts/sample.sh sample/sample.mp4
scrim=${CARGO_TARGET_DIR:-target}/release/scrim
"$scrim" redact sample/sample.mp4 -o sample/redacted.mp4 --overwrite
ffmpeg -v error -y -ss 2 -i sample/redacted.mp4 -frames:v 1 sample/redacted.png
echo "look at sample/redacted.mp4, sample/redacted.png and sample/redacted.mp4.scrim.json"
