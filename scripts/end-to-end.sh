#!/usr/bin/env bash
# The README's first command in an empty folder, and what must hold of its output.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo build --release --locked -p scrim
scrim=${CARGO_TARGET_DIR:-target}/release/scrim
bash scripts/sample.sh "$work/sample.mp4" 3
"$scrim" redact "$work/sample.mp4" -o "$work/out/" --quiet

frames() { ffprobe -v error -select_streams v:0 -show_entries frame=pts_time -of csv=p=0 "$1"; }
diff <(frames "$work/sample.mp4") <(frames "$work/out/sample.mp4")
grep -q '"class":"face"' "$work/out/sample.mp4.scrim.json"
grep -q '"class":"plate"' "$work/out/sample.mp4.scrim.json"
if ffprobe -v error -show_entries format_tags "$work/out/sample.mp4" | grep -Eq 'title|location'; then
    echo "tags of the source are in the output" >&2
    exit 1
fi
size=$(stat -c %s "$scrim")
[ "$size" -lt 15000000 ] || { echo "the program has $size bytes, over 15 MB" >&2; exit 1; }
echo "end to end: times kept, face and plate covered, tags gone, program of $size bytes"
