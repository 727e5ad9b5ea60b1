"""Reference vectors: what PyTorch computes, rounded as in the program, for inputs that any program can make, as JSON.

`python -m training.vectors WEIGHTS.safetensors OUT.json`
"""

from __future__ import annotations

import argparse
import copy
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training import weights
from training.checkpoint import file_sha256
from training.net import Contract
from training.quantise import quantised

# Width, height: each stride has 2 cells and more a side, and width differs from height. Of such sizes these are two at
# which no value lies so near the middle between two steps that the program's float32 rounds it to the other one.
SIZES = ((64, 96), (64, 128))
DIGITS = 7  # significant; a float32 has between 6 and 9
PATTERN = "value(x, y, c) = (x*7 + y*13 + c*29 + ((x*y) % 31)*5) % 256; c = 0, 1, 2 for B, G, R"


def pattern(width: int, height: int, start: int = 0) -> torch.Tensor:
    """(1, 3, height, width) float32, whole numbers 0..255: the input that PATTERN describes, from x = `start` on."""
    c, y, x = np.mgrid[0:3, 0:height, start : start + width]
    value = (x * 7 + y * 13 + c * 29 + x * y % 31 * 5) % 256
    return torch.from_numpy(value.astype(np.float32))[None]


def compute(model: Contract) -> list[dict[str, Any]]:
    """One entry a size: width, height, cells, boxes (N rows of 4) and scores (N rows of 2).

    In float64: in float32 the order of a sum may decide whether a value lies above or below the middle between two
    steps, and one step more goes through to the boxes. The program sums whole numbers, which is exact.
    """
    model = copy.deepcopy(model).double()
    cases = []
    for width, height in SIZES:
        with torch.no_grad():
            boxes, scores = model(pattern(width, height).double())
        cases.append(
            {
                "width": width,
                "height": height,
                "cells": boxes.shape[1],
                "boxes": rounded(boxes[0]),
                "scores": rounded(scores[0]),
            }
        )
    return cases


def rounded(rows: torch.Tensor) -> list[list[float]]:
    return [[float(f"{value:.{DIGITS}g}") for value in row] for row in rows.tolist()]


def to_json(document: dict[str, Any]) -> str:
    """Indented, but each row of numbers on a line of its own, so that a change shows where it is."""
    number_rows = re.compile(r"\[([\s\d.,e+-]+)\]")
    text = json.dumps(document, indent=1)
    return number_rows.sub(lambda match: f"[{' '.join(match[1].split())}]", text) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)  # with more, sums come in another order, and the same weights give other bytes
    document = {
        "weights_sha256": file_sha256(args.weights),
        "input": PATTERN,
        "outputs": "boxes: x0, y0, x1, y1 in input pixels; scores: face, plate, 0..1; cells of strides 8, 16, 32",
        "cases": compute(Contract(quantised(*weights.read(args.weights))).eval()),
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(to_json(document), encoding="utf-8")


if __name__ == "__main__":
    main()
