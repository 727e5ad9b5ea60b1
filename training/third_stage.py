"""Train the third stage: `python -m training.third_stage --data DIR --out DIR --steps N --centerface C --first CITY`.

Where faces remain in doubt after two stages, a third and much larger network (`training/third_net.py`) looks at the
place: it has the time, since few are left. It begins with CenterFace's weights, which know faces from far more pictures
than these, and learns from what our first stage takes for a face or plate: that is where it will be asked. So that it
keeps what it knew, what it says is held near to what CenterFace says. Its finest blocks stay as they are. A run is one
of `training.train`: it stops and goes on like that; with `--init` a new one goes on from an earlier one's weights, or
from shipped ones.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from training import third_weights
from training.checkpoint import file_sha256, load_weights
from training.config import RunConfig
from training.feed import Batch
from training.loss import HAS_BFLOAT16, Losses
from training.second_stage import SecondStage
from training.sets import FACE
from training.third_export import uncounted
from training.third_net import FINE, SIDE, Third, start_from_centerface
from training.train import parser_of, train

HEAD_SHARE = 2.0  # of the learning rate: what reads the blocks may change faster than they do
MOST_PLACES = 6  # of a crop: those of one crowd resemble each other, so a step learns more from more crops
PART = 16  # patches at a time: maps of more than the cache holds cost up to three times as much
ANCHOR = 0.03  # what a squared logit away from the beginning costs
ANCHOR_LIMIT = 8.0  # logits; further away costs no more, or the few places where CenterFace errs most would rule


def anchored(said: Tensor, began: Tensor) -> Tensor:
    """What it costs to say (n,) where CenterFace says the other."""
    return ANCHOR * (said - began).clamp(-ANCHOR_LIMIT, ANCHOR_LIMIT).square().mean()


def in_parts(judge: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """What `judge` makes of (n, ...), computed for PART of them at a time."""
    return torch.cat([judge(part) for part in x.split(PART)])


def weights_of(path: Path) -> Third:
    """The network of a checkpoint, or of shipped weights: what its word counts is not in it."""
    if path.suffix == ".safetensors":
        scores = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["training"].get("scores")
        net = third_weights.read(path)
        return uncounted(net, scores["judge"], scores["shift"]) if scores else net
    net = Third()
    net.load_state_dict(load_weights(path)[0])
    return net


class ThirdStage(SecondStage):
    """The third stage and its run; it is shown what the second one is, larger."""

    net: Third
    decay, rise = 0.998, 100

    def __init__(self, config: RunConfig, args: argparse.Namespace) -> None:
        if not args.init:
            config = replace(config, start="centerface", start_sha256=file_sha256(args.centerface))
        self.began = Third().eval().requires_grad_(False)
        start_from_centerface(self.began, args.centerface)
        super().__init__(config, args)

    def begin(self, config: RunConfig, args: argparse.Namespace) -> Third:
        if config.frozen != FINE:
            raise ValueError(f"frozen {config.frozen}: of this network {FINE} blocks stay as they began")
        net = weights_of(args.init) if args.init else copy.deepcopy(self.began).requires_grad_(True)
        net.train()
        for module in (net.stem, *net.blocks[:FINE]):
            module.eval().requires_grad_(False)
        return net

    def groups(self) -> list[dict[str, Any]]:
        net = self.net
        head = [value for part in (net.top, net.lateral, net.up, net.mix, net.score) for value in part.parameters()]
        return [{"params": list(net.blocks[FINE:].parameters())}, {"params": head, "share": HEAD_SHARE}]

    def learn(self, batch: Batch) -> Losses:
        chosen, images = self.drawn(batch, SIDE, (FACE,), MOST_PLACES)
        want = torch.tensor([place.want[FACE] for place in chosen])
        with torch.autocast("cpu", torch.bfloat16, enabled=HAS_BFLOAT16):
            with torch.no_grad():
                fine = in_parts(self.net.fine, images)
                began = in_parts(self.began.judge, fine)
            said = in_parts(self.net.judge, fine)
        lost, pull = F.binary_cross_entropy_with_logits(said, want), anchored(said, began)
        # The log of a run has two figures; here they are what the labels and what the beginning cost.
        return self.descend(Losses(lost + pull, float(lost.detach()), float(pull.detach())))


def main() -> int:
    parser = parser_of(__doc__)
    parser.add_argument(
        "--centerface", type=Path, required=True, help="CenterFace's ONNX file: what it begins with, and is held to"
    )
    parser.add_argument("--first", type=Path, required=True, help="checkpoint or weights of the first stage")
    parser.set_defaults(crop_side=256, learning_rate=1e-4, weight_decay=0.0, frozen=FINE)
    args = parser.parse_args()
    if args.start or args.teacher:
        parser.error("--start, --teacher: it begins with CenterFace's weights, or --init, and is held by nothing else")
    return train(args, ThirdStage)


if __name__ == "__main__":
    sys.exit(main())
