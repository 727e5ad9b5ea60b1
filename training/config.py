"""What a training run was, in one frozen record: written into every checkpoint and into the card of the weights."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides the outcome of a run, apart from rounding and the machine's speed.

    A run can be resumed only under an equal record; a changed plan is a new run, started with `--init`.
    """

    seed: int
    """Seed of torch and, times 1000, of the crops."""
    data_manifest_sha256: str
    """Hash of every label file, set file and picture used (`sets.manifest_sha256`)."""
    sets: tuple[tuple[str, float], ...]
    """Name and drawing weight of each set; the weights are relative to each other."""
    steps: int
    """Optimiser steps of the whole run; the learning rate falls along a cosine over them."""
    batch: int
    """Crops a step."""
    crop_side: int
    """Side of the square crops in pixels, a multiple of 32."""
    synthesis: float
    """Strength of `synthesis.synthesise` in the crops: 0 for none, 1 for its own chances."""
    learning_rate: float
    """Peak, reached after `train.WARM_UP` steps."""
    weight_decay: float
    start: str
    """What the weights began as: `random`, `yunet-n`, `centerface` or `checkpoint`."""
    start_sha256: str
    """Hash of the file the weights came from, empty for `random`."""
    teacher_sha256: str
    """Hash of the teacher's weights, or of the first stage's for a second or third stage; empty without either."""
    frozen: int
    """So many of the first stages (blocks of a third stage), and the stem, stay as they began; 0: everything learns."""

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch < 1:
            raise ValueError(f"steps {self.steps}, batch {self.batch}: both must be 1 or more")
        if self.crop_side < 32 or self.crop_side % 32:
            raise ValueError(f"crop_side {self.crop_side}: must be a multiple of 32, the largest stride")
        if self.frozen < 0:
            raise ValueError(f"frozen {self.frozen}: must be 0 or more")
        if not 0 <= self.synthesis <= 2:
            raise ValueError(f"synthesis {self.synthesis}: must lie between 0 and 2, where most pictures are changed")

    def to_dict(self) -> dict[str, Any]:
        """Plain values only, so that JSON and `torch.load(weights_only=True)` can carry it."""
        plain = dataclasses.asdict(self)
        plain["sets"] = [list(pair) for pair in self.sets]
        return plain

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> RunConfig:
        """The inverse of `to_dict`; unknown and missing keys are refused by name."""
        known = {field.name for field in dataclasses.fields(cls)}
        unknown, missing = sorted(set(plain) - known), sorted(known - set(plain))
        if unknown or missing:
            raise ValueError(f"run config: unknown keys {unknown}, missing keys {missing}")
        sets = tuple((str(name), float(weight)) for name, weight in plain["sets"])
        return cls(**{**plain, "sets": sets})
