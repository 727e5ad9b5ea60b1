"""The third stage between what it began as and what it learned: `python -m training.third_mean OUT.pt CENTERFACE RUN`.

What was learned on few sources is partly about those sources. On the straight line from the weights that a run began
with to those that it ended with lie some that keep most of what was learned and more of what was known before, and
that do better on pictures from elsewhere (Wortsman et al.: "Robust fine-tuning of zero-shot models", 2022). OUT.pt is a
bare state dict for `training.third_fuse` and `training.third_export --record`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from training.third_net import Third, start_from_centerface
from training.third_stage import weights_of

SHARE = 0.7  # of what was learned; at half, on kept pictures, little of it is left


def between(began: dict[str, Tensor], learned: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    """The weights at `share` of the way, 0..=1, from `began` to `learned`."""
    return {name: began[name] + share * (value - began[name]) for name, value in learned.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("centerface", type=Path, help="CenterFace's ONNX file: what the first run began with")
    parser.add_argument("run", type=Path, help="checkpoint or weights of the last run")
    parser.add_argument("--share", type=float, default=SHARE, help="of what was learned")
    args = parser.parse_args()
    if not 0 <= args.share <= 1:
        parser.error(f"--share {args.share}: must lie between 0 (CenterFace) and 1 (the run)")
    began = Third()
    start_from_centerface(began, args.centerface)
    torch.save(between(began.state_dict(), weights_of(args.run).state_dict(), args.share), args.out)


if __name__ == "__main__":
    main()
