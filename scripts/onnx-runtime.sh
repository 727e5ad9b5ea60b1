#!/usr/bin/env bash
# Compares the network engine, with each set of weights at every level of this CPU, with ONNX Runtime
# on photographs that the Python package scikit-image ships. The third stage is another network, whose
# vectors from PyTorch hold it to what was trained.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
bash scripts/sample.sh "$target/onnx-warm-up.mp4" 1
python="$target/sample-python/bin/python"
"$python" -c 'import onnx, onnxruntime' 2>/dev/null ||
    "$python" -m pip install -q --disable-pip-version-check \
        'onnx==1.19.1' 'onnxruntime==1.23.2'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/graphs" "$work/pictures"
for weights in crates/detect/weights/*.safetensors; do
    name=$(basename "$weights" .safetensors)
    case $name in *-third) continue ;; esac
    "$python" crates/detect/tests/onnx_graph.py "$weights" "$work/graphs/$name.onnx"
done
"$python" - "$work/pictures" <<'PY'
import sys
from pathlib import Path

from PIL import Image
from skimage import data

for name in ("astronaut", "coffee", "chelsea", "rocket", "camera"):
    Image.fromarray(getattr(data, name)()).convert("RGB").save(Path(sys.argv[1]) / f"{name}.ppm")
PY
SCRIM_PYTHON=$python SCRIM_ONNX=$work/graphs SCRIM_PICTURES=$work/pictures \
    cargo test --locked -p scrim-detect --test onnx_runtime -- --ignored --nocapture
