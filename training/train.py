"""Train the detector on labelled sets: `python -m training.train --data DIR --out DIR --steps N`.

A CPU is enough. The run can be stopped at any time (SIGTERM, Ctrl-C: it finishes the step, saves and ends with code
75) and goes on when the same command is given again. Progress goes to `OUT/train.log` and to stderr.
"""

from __future__ import annotations

import argparse
import copy
import logging
import math
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch import nn

from training.checkpoint import Checkpoint, file_sha256, load, load_weights, save
from training.config import RunConfig
from training.feed import Batch, Feed, FeedDied
from training.grow import grow
from training.loss import Losses, loss
from training.net import YUNET, Detector
from training.sets import FACE, PLATE, Picture, list_sets, manifest_sha256, read_set
from training.start import start_from_yunet

WARM_UP = 100  # steps
FINAL_SHARE = 0.02  # of the peak learning rate, at the last step
GRADIENT_LIMIT = 5.0
EMA_DECAY, EMA_RISE = 0.997, 20  # the mean forgets the random start: decay rises as step / (step + EMA_RISE)
LOG_EVERY, SAVE_EVERY = 50, 150  # steps
STOPPED = os.EX_TEMPFAIL

log = logging.getLogger("training")


class Stop:
    """Set by SIGTERM and SIGINT, read between two steps."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


def parser_of(description: str | None) -> argparse.ArgumentParser:
    """The options of a run."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of labelled sets")
    parser.add_argument("--sets", nargs="+", metavar="NAME[:WEIGHT]", help="default: all; weight: root of the size")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run; resumed if it has a checkpoint")
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--crop-side", type=int, default=352)
    parser.add_argument("--synthesis", type=float, default=1.0, help="strength of drawn plates and decoys; 0: none")
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--weight-decay", type=float, default=1e-4)
    parser.add_argument("--frozen", type=int, default=0, help="first stages that, with the stem, stay as they began")
    parser.add_argument("--threads", type=int, default=2)
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument("--start", type=Path, help="YuNet-n weights to begin with")
    begin.add_argument("--init", type=Path, help="checkpoint or weights to begin with; may be narrower")
    parser.add_argument("--teacher", type=Path, help="YuNet-n weights that guide the face score")
    return parser


def choose_sets(data: Path, wanted: list[str] | None) -> list[tuple[str, list[Picture], float]]:
    """Name, pictures and drawing weight of each set; logs what is in it."""
    chosen = []
    for text in wanted or list_sets(data):
        name, _, weight = text.partition(":")
        pictures = read_set(data / name)
        share = float(weight) if weight else math.sqrt(len(pictures))
        faces, plates = (sum(picture.count(kind) for picture in pictures) for kind in (FACE, PLATE))
        log.info("%s: %d pictures, %d faces, %d plates, weight %.1f", name, len(pictures), faces, plates, share)
        chosen.append((name, pictures, share))
    if not chosen:
        raise ValueError(f"{data}: no set in it (a set is a folder with labels.csv)")
    return chosen


def describe(args: argparse.Namespace, sets: list[tuple[str, list[Picture], float]]) -> RunConfig:
    """The record of the run that these arguments ask for."""
    source = args.start or args.init
    return RunConfig(
        seed=args.seed,
        data_manifest_sha256=manifest_sha256(args.data / name for name, _, _ in sets),
        sets=tuple((name, weight) for name, _, weight in sets),
        steps=args.steps,
        batch=args.batch,
        crop_side=args.crop_side,
        synthesis=args.synthesis,
        learning_rate=args.learning_rate,
        weight_decay=args.weight_decay,
        start="yunet-n" if args.start else "checkpoint" if args.init else "random",
        start_sha256=file_sha256(source) if source else "",
        teacher_sha256=file_sha256(args.teacher) if args.teacher else "",
        frozen=args.frozen,
    )


class Trainer:
    """Network, running mean, optimiser and step: all that a checkpoint holds, and how one step changes it."""

    net: nn.Module
    decay, rise = EMA_DECAY, EMA_RISE

    def __init__(self, config: RunConfig, args: argparse.Namespace) -> None:
        torch.manual_seed(config.seed)
        self.config, self.step = config, 0
        self.net = self.begin(config, args)
        self.ema = copy.deepcopy(self.net).eval()
        self.net.to(memory_format=torch.channels_last)
        self.teacher = make_teacher(args.teacher) if args.teacher else None
        self.optimiser = torch.optim.AdamW(self.groups(), lr=config.learning_rate, weight_decay=config.weight_decay)

    def begin(self, config: RunConfig, args: argparse.Namespace) -> nn.Module:
        """The network with the weights that the run begins with, ready to learn."""
        net = Detector()
        if args.start:
            narrow = Detector(YUNET)
            start_from_yunet(narrow, args.start)
            grow(net, narrow.state_dict())
        if args.init:
            grow(net, load_weights(args.init)[0])
        net.train()
        freeze(net, config.frozen)
        return net

    def groups(self) -> list[dict[str, Any]]:
        """What learns. A group with a `share` learns at this share of the learning rate."""
        return [{"params": list(self.net.parameters())}]

    def resume(self, path: Path) -> None:
        """Take over a checkpoint; ValueError if it is of another run."""
        moment = load(path)
        if moment.config != self.config:
            ours, theirs = self.config.to_dict(), moment.config.to_dict()
            changed = {key: (theirs[key], ours[key]) for key in ours if ours[key] != theirs[key]}
            raise ValueError(f"{path}: of another run, (its value, asked value): {changed}; use another --out")
        self.net.load_state_dict(moment.net)
        self.ema.load_state_dict(moment.ema)
        self.optimiser.load_state_dict(moment.optimiser)
        self.step = moment.step

    def save(self, path: Path) -> None:
        state = self.net.state_dict(), self.ema.state_dict(), self.optimiser.state_dict()
        save(path, Checkpoint(self.config, self.step, *state))

    def learn(self, batch: Batch) -> Losses:
        """One optimiser step; RuntimeError instead of a step that would ruin the weights."""
        images = torch.from_numpy(batch.images).float().to(memory_format=torch.channels_last)
        targets = [torch.from_numpy(boxes) for boxes in batch.boxes]
        known, taught = torch.from_numpy(batch.known), torch.from_numpy(batch.taught)
        return self.descend(loss(self.net, images, targets, known, self.teacher, taught))

    def descend(self, lost: Losses) -> Losses:
        """The step down the gradient of `lost`; RuntimeError if there is none."""
        if not torch.isfinite(lost.total):
            raise RuntimeError(f"step {self.step}: the loss is {float(lost.total)}")
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.config, self.step) * group.get("share", 1.0)
        self.optimiser.zero_grad(set_to_none=True)
        lost.total.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), GRADIENT_LIMIT)
        self.optimiser.step()
        self.step += 1
        follow_mean(self.ema, self.net, min(self.decay, self.step / (self.step + self.rise)))
        return lost


def freeze(net: Detector, stages: int) -> None:
    """Keep the stem and the first `stages` stages as they are, their norms' statistics too; 0: keep nothing.

    They work at the finest strides: gradients for them are the larger part of a step.
    """
    if stages > len(net.stages):
        raise ValueError(f"frozen {stages}: the network has {len(net.stages)} stages")
    for module in [net.stem, *net.stages[:stages]] if stages else []:
        module.eval().requires_grad_(False)


def make_teacher(path: Path) -> Detector:
    """YuNet-n in our network, frozen: its objectness is the face score."""
    teacher = Detector(YUNET)
    start_from_yunet(teacher, path)
    return teacher.eval().to(memory_format=torch.channels_last)


def learning_rate(config: RunConfig, step: int) -> float:
    """Linear warm-up, then half a cosine down to FINAL_SHARE of the peak."""
    fall = 0.5 * (1 + math.cos(math.pi * step / config.steps))
    return config.learning_rate * min(1, (step + 1) / WARM_UP) * (FINAL_SHARE + (1 - FINAL_SHARE) * fall)


@torch.no_grad()
def follow_mean(ema: nn.Module, net: nn.Module, decay: float) -> None:
    """Move the running mean towards the network; counters are copied."""
    for mean, value in zip(ema.state_dict().values(), net.state_dict().values()):
        if mean.dtype.is_floating_point:
            mean.mul_(decay).add_(value, alpha=1 - decay)
        else:
            mean.copy_(value)


def run(trainer: Trainer, feed: Feed, path: Path, stop: Stop) -> bool:
    """Steps until the run is done (True) or a stop is asked for (False); the last checkpoint is of the last step."""
    recent: list[tuple[float, float]] = []
    tick, steps = time.monotonic(), trainer.config.steps
    while trainer.step < steps and not stop.asked:
        try:
            batch = feed.next()
        except FeedDied:
            if stop.asked:  # a signal to the whole group ends the worker first
                break
            raise
        lost = trainer.learn(batch)
        recent = [*recent[1 - 2 * LOG_EVERY :], (lost.score, lost.box)]
        if trainer.step % LOG_EVERY == 0:
            speed = LOG_EVERY * trainer.config.batch / (time.monotonic() - tick)
            score, box = np.mean(recent, 0)
            log.info("step %d of %d: score %.3f, box %.3f, %.1f crops/s", trainer.step, steps, score, box, speed)
            tick = time.monotonic()
        if trainer.step % SAVE_EVERY == 0:
            trainer.save(path)
    trainer.save(path)
    return trainer.step >= steps


def start_log(out: Path) -> None:
    handlers: list[logging.Handler] = [logging.StreamHandler(), logging.FileHandler(out / "train.log")]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", handlers=handlers)


def train(args: argparse.Namespace, make: Callable[[RunConfig, argparse.Namespace], Trainer]) -> int:
    """A run, or the rest of one, and its exit code."""
    stop = Stop()
    args.out.mkdir(parents=True, exist_ok=True)
    start_log(args.out)
    torch.set_num_threads(args.threads)
    sets = choose_sets(args.data, args.sets)
    config = describe(args, sets)
    trainer, path = make(config, args), args.out / "checkpoint.pt"
    if path.exists():
        trainer.resume(path)
        log.info("resumed at step %d", trainer.step)
    # Another seed after each resume: the crops already seen are not drawn again.
    seed = 1000 * config.seed + trainer.step
    pictures, weights = [pictures for _, pictures, _ in sets], [weight for _, _, weight in sets]
    feed = Feed(pictures, weights, config.crop_side, config.batch, seed, config.synthesis)
    try:
        done = run(trainer, feed, path, stop)
    finally:
        feed.close()
    if not done:
        log.info("stopped after step %d; the same command goes on", trainer.step)
        return STOPPED
    log.info("done")
    return 0


def main() -> int:
    return train(parser_of(__doc__).parse_args(), Trainer)


if __name__ == "__main__":
    sys.exit(main())
