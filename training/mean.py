"""The mean of the weights of several runs: `python -m training.mean OUT.pt CHECKPOINT CHECKPOINT ...`.

Each must have gone on from the one before: only along such a line do channels mean the same in all of them, and does
their mean lie in the same valley of the loss (Wortsman et al.: "Model soups", 2022). OUT.pt is a bare state dict for
`training.export --record` or `train --init`.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

from training.checkpoint import file_sha256, load_weights


def mean_of(states: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of each tensor; what counts whole numbers is the first one's. ValueError if they differ in shape."""
    first = states[0]
    for other in states[1:]:
        if {key: value.shape for key, value in other.items()} != {key: value.shape for key, value in first.items()}:
            raise ValueError("these are weights of networks of other shapes")
    return {key: average([state[key] for state in states]) for key in first}


def average(values: list[Tensor]) -> Tensor:
    """The mean of tensors of one shape, of the first one's type; of whole numbers the first one."""
    first = values[0]
    if not first.dtype.is_floating_point:
        return first.clone()
    return torch.stack([value.double() for value in values]).mean(0).to(first.dtype)


def check_line(paths: list[Path]) -> None:
    """ValueError unless each run began with the checkpoint before it."""
    for before, after in pairwise(paths):
        config = load_weights(after)[1]
        if config is None or config.start_sha256 != file_sha256(before):
            raise ValueError(f"{after} did not go on from {before}: the mean of two lines is neither")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("checkpoints", type=Path, nargs="+", metavar="CHECKPOINT", help="in the order of their runs")
    args = parser.parse_args()
    if len(args.checkpoints) < 2:
        parser.error("a mean needs two checkpoints or more")
    check_line(args.checkpoints)
    torch.save(mean_of([load_weights(path)[0] for path in args.checkpoints]), args.out)


if __name__ == "__main__":
    main()
