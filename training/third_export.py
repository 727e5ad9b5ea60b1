"""The third stage from a checkpoint to what ships: `python -m training.third_export CHECKPOINT OUT_DIR --name NAME`.

Writes NAME.safetensors and the card NAME.json, or nothing: what was written is first read again in a scratch folder and
compared with the network on fixed inputs. With `--counts`, as `training/third_fuse.py` prints them, what its word
counts is put into its last layer, and what the second stage's word counts beside it into the card.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training import third_weights
from training.checkpoint import file_sha256, load_weights
from training.export import Refused, origin
from training.third_net import SIDE, Third
from training.third_vectors import compute
from training.weights import count, write

FORMAT = 1
TOLERANCE = 0.05  # logit: the largest difference that leaves the export standing; halves move one by some hundredths
LICENCE = "MIT AND Apache-2.0"


@dataclass(frozen=True)
class Counts:
    """What the words of the three stages count together, and what is added."""

    first: float = 0.0
    second: float = 1.0
    judge: float = 1.0
    shift: float = 0.0


@torch.no_grad()
def counted(net: Third, counts: Counts) -> Third:
    """A copy whose logit is `judge` times that of `net`, plus `shift`. Raises Refused unless it rises with it."""
    if not counts.judge > 0:
        raise Refused(f"JUDGE {counts.judge}: must be above 0, for the highest cell has to stay the highest")
    found = copy.deepcopy(net).eval()
    if found.score.bias is None:
        raise TypeError("a score without bias cannot take up the shift")
    found.score.weight *= counts.judge
    found.score.bias.copy_(found.score.bias * counts.judge + counts.shift)
    return found


@torch.no_grad()
def uncounted(net: Third, judge: float, shift: float) -> Third:
    """A copy of what `counted` gave, with the logit that it had before."""
    found = copy.deepcopy(net)
    bias = found.score.get_parameter("bias")
    found.score.weight /= judge
    bias.copy_((bias - shift) / judge)
    return found


def export(net: Third, counts: Counts, training: dict[str, Any], out: Path, name: str) -> float:
    """Write both files of `net` to `out`; the largest difference of a logit. Raises Refused, with nothing written, if
    the weights compute something else."""
    tensors = third_weights.to_tensors(counted(net, counts))
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".export-") as scratch:
        made = {kind: Path(scratch) / f"{name}.{kind}" for kind in ("safetensors", "json")}
        write(made["safetensors"], tensors)
        off = difference(net, counts, made["safetensors"])
        # Written so that NaN, which is neither above nor below, is refused.
        if not off <= TOLERANCE:
            raise Refused(f"differs from PyTorch by {off}, allowed is {TOLERANCE}")
        card = make_card(name, made["safetensors"], counts, count(tensors), training)
        made["json"].write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
        for path in made.values():
            os.replace(path, out / path.name)
    return off


def difference(net: Third, counts: Counts, file: Path) -> float:
    """The largest of a logit between a file's network and `net`, of which the counts are told here once more."""
    expected = counts.judge * np.array(compute(net)) + counts.shift
    return float(np.abs(np.array(compute(third_weights.read(file))) - expected).max())


def make_card(name: str, file: Path, counts: Counts, parameters: int, training: dict[str, Any]) -> dict[str, Any]:
    """What a loader checks before it trusts the weights, and what a reader should know."""
    return {
        "format": FORMAT,
        "name": name,
        "input": {"order": "BGR", "range": [0, 255], "side": SIDE},
        "outputs": ["face"],
        "counts": [counts.first, counts.second],
        "weights_file": file.name,
        "sha256": file_sha256(file),
        "parameters": parameters,
        "training": training,
        "licence": LICENCE,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out_dir", type=Path)
    parser.add_argument("--name", required=True, help="of the weights, e.g. city-third")
    parser.add_argument("--record", type=Path, help="JSON with start, config and data of bare weights")
    named = ("FIRST", "SECOND", "JUDGE", "SHIFT")
    parser.add_argument("--counts", type=float, nargs=4, metavar=named, help="as third_fuse.py prints them")
    args = parser.parse_args()
    torch.set_num_threads(1)  # with more, sums come in another order
    state, config = load_weights(args.checkpoint)
    net = Third()
    net.load_state_dict(state)
    counts = Counts(*args.counts) if args.counts else Counts()
    try:
        training = origin(config, args.record)
        if args.counts:
            training["scores"] = {"judge": counts.judge, "shift": counts.shift}
        off = export(net, counts, training, args.out_dir, args.name)
    except Refused as refusal:
        print(f"export refused: {refusal}", file=sys.stderr)
        return 1
    print(f"{args.name}: largest difference from torch: {off:.2g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
