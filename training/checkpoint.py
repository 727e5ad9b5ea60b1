"""A run on disk: weights, their running mean, optimiser, step and config in one file that is whole or absent."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from training.config import RunConfig

FORMAT = 1
KEYS = {"format", "config", "step", "net", "ema", "optimiser"}


@dataclass(frozen=True)
class Checkpoint:
    """A moment of a run, after `step` optimiser steps."""

    config: RunConfig
    step: int
    net: dict[str, Tensor]
    ema: dict[str, Tensor]
    """Exponential moving average of `net`: what is exported."""
    optimiser: dict[str, Any]


def save(path: Path, moment: Checkpoint) -> None:
    """Write beside `path`, sync, then rename over it: a run that is killed keeps its last checkpoint."""
    part = path.with_name(path.name + ".part")
    plain = {
        "format": FORMAT,
        "config": moment.config.to_dict(),
        "step": moment.step,
        "net": moment.net,
        "ema": moment.ema,
        "optimiser": moment.optimiser,
    }
    with open(part, "wb") as file:
        torch.save(plain, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def load(path: Path) -> Checkpoint:
    """The checkpoint at `path`; ValueError on another format, unknown or missing keys."""
    plain = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(plain, dict) or set(plain) != KEYS:
        raise ValueError(f"{path}: not a checkpoint of this package")
    if plain["format"] != FORMAT:
        raise ValueError(f"{path}: format {plain['format']!r}, this code reads {FORMAT}")
    config = RunConfig.from_dict(plain["config"])
    return Checkpoint(config, plain["step"], plain["net"], plain["ema"], plain["optimiser"])


def load_weights(path: Path) -> tuple[dict[str, Tensor], RunConfig | None]:
    """Weights to export or to go on from: the mean of a checkpoint with its config, or a bare state dict without."""
    plain = torch.load(path, map_location="cpu", weights_only=True)
    if isinstance(plain, dict) and plain and all(isinstance(value, Tensor) for value in plain.values()):
        return plain, None
    moment = load(path)
    return moment.ema, moment.config


def file_sha256(path: Path) -> str:
    """Hex digest of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
