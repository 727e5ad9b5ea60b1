#!/usr/bin/env bash
# Makes the sample video, at the path given. Keeps its Python environment under target/.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$1
venv=${CARGO_TARGET_DIR:-target}/sample-python
if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -c 'import skimage, PIL, numpy' 2>/dev/null; then
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install -q --disable-pip-version-check \
        'scikit-image==0.25.2' 'pillow==11.3.0' 'numpy==2.2.6'
fi
"$venv/bin/python" scripts/sample.py "$out" "${2:-6}"
