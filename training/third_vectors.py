"""Reference vectors of the third stage: what PyTorch says of patches that any program can make, as JSON.

`python -m training.third_vectors WEIGHTS.safetensors OUT.json`
"""

from __future__ import annotations

import argparse
import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from training import third_weights
from training.checkpoint import file_sha256
from training.third_net import SIDE, Third
from training.vectors import DIGITS, PATTERN, pattern, to_json


@dataclass(frozen=True)
class Input:
    """A patch: `training.vectors.pattern` from x = `start` on, 0 outside of `shown`."""

    start: int
    shown: tuple[int, int, int, int] = (0, 0, SIDE, SIDE)
    """Left, top, right, bottom; the last two are the first that are no longer shown."""

    def image(self) -> torch.Tensor:
        """(1, 3, SIDE, SIDE) float32."""
        left, top, right, bottom = self.shown
        image = torch.zeros(1, 3, SIDE, SIDE)
        image[..., top:bottom, left:right] = pattern(SIDE, SIDE, self.start)[..., top:bottom, left:right]
        return image


# Whole ones, and such as lie at each border of a picture.
INPUTS = (
    Input(0),
    Input(17),
    Input(300),
    Input(1000),
    Input(0, (40, 0, SIDE, SIDE)),
    Input(5, (0, 51, SIDE, SIDE)),
    Input(64, (0, 0, 70, 90)),
    Input(9, (30, 33, 99, 101)),
)


@torch.no_grad()
def compute(net: Third) -> list[float]:
    """The logit of each of INPUTS, in float64."""
    exact = copy.deepcopy(net).eval().double()
    return [float(exact(each.image().double())[0]) for each in INPUTS]


def cases(net: Third) -> list[dict[str, Any]]:
    """One entry an input."""
    logits = [float(f"{logit:.{DIGITS}g}") for logit in compute(net)]
    return [{"start": each.start, "shown": list(each.shown), "logit": logit} for each, logit in zip(INPUTS, logits)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)  # with more, sums come in another order, and the same weights give other bytes
    document = {
        "weights_sha256": file_sha256(args.weights),
        "input": f"{PATTERN}; x from start on; {SIDE}x{SIDE}; 0 outside of shown: left, top, right, bottom",
        "outputs": "logit: of a face in the middle of the patch, the highest of the middle cells",
        "cases": cases(third_weights.read(args.weights)),
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(to_json(document), encoding="utf-8")


if __name__ == "__main__":
    main()
