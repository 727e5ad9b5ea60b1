"""A run's record, its checkpoint, and a whole small run that is stopped and goes on."""

from __future__ import annotations

import argparse
import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from training.checkpoint import load
from training.config import RunConfig
from training.feed import Batch
from training.train import STOPPED, Trainer

CONFIG = RunConfig(1, "ab", (("masks", 2.0), ("cars", 1.5)), 10, 4, 352, 1.0, 2e-3, 1e-4, "random", "", "", 0)


def test_a_record_survives_the_way_through_plain_values() -> None:
    assert RunConfig.from_dict(CONFIG.to_dict()) == CONFIG


@pytest.mark.parametrize("change", [{"extra": 1}, {"steps": None}])
def test_unknown_and_missing_keys_are_refused_by_name(change: dict[str, int | None]) -> None:
    plain = {**CONFIG.to_dict(), **change}
    plain = {key: value for key, value in plain.items() if value is not None}
    with pytest.raises(ValueError, match=next(iter(change))):
        RunConfig.from_dict(plain)


def make_data(data: Path) -> None:
    """One set of noise with a bright square that stands for a face."""
    folder = data / "squares"
    folder.mkdir(parents=True)
    rows = ["file,class,x,y,w,h"]
    for i in range(4):
        image = np.random.default_rng(i).integers(0, 90, (96, 128, 3), np.uint8)
        image[20:50, 30 + i : 60 + i] = 220
        cv2.imwrite(str(folder / f"{i}.png"), image)
        rows.append(f"{i}.png,face,{30 + i},20,30,30")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")


def command(data: Path, out: Path, steps: int) -> list[str]:
    options = {"--data": data, "--out": out, "--steps": steps, "--batch": 2, "--crop-side": 64, "--threads": 1}
    return [sys.executable, "-m", "training.train", *(str(part) for pair in options.items() for part in pair)]


def test_a_stopped_run_saves_and_goes_on(tmp_path: Path) -> None:
    make_data(tmp_path / "data")
    root, out = Path(__file__).parents[2], tmp_path / "out"
    run = subprocess.Popen(command(tmp_path / "data", out, 100_000), cwd=root, start_new_session=True)
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline and "step 50" not in read(out / "train.log"):
        time.sleep(0.1)
    os.killpg(run.pid, signal.SIGTERM)  # worker and trainer, as a terminal or a job runner does
    assert run.wait(timeout=20) == STOPPED == os.EX_TEMPFAIL
    first = load(out / "checkpoint.pt")
    assert first.step >= 50
    again = subprocess.Popen(command(tmp_path / "data", out, 100_000), cwd=root)
    while time.monotonic() < deadline + 20 and "resumed" not in read(out / "train.log"):
        time.sleep(0.1)
    again.send_signal(signal.SIGTERM)
    assert again.wait(timeout=20) == STOPPED
    assert f"resumed at step {first.step}" in read(out / "train.log")
    other = subprocess.run(command(tmp_path / "data", out, 7), cwd=root, capture_output=True, text=True, check=False)
    assert other.returncode == 1
    assert "of another run" in other.stderr


def test_frozen_stages_keep_their_weights_and_statistics_and_the_rest_learns() -> None:
    args = argparse.Namespace(start=None, init=None, teacher=None)
    trainer = Trainer(dataclasses.replace(CONFIG, frozen=2), args)
    before = {name: value.clone() for name, value in trainer.net.state_dict().items()}
    rng = np.random.default_rng(1)
    face = np.array([[8, 8, 40, 40, 0]], np.float32)
    batch = Batch(
        rng.integers(0, 255, (2, 3, 64, 64), np.uint8),
        [face, face],
        np.ones((2, 2), np.float32),
        np.ones(2, np.float32),
    )
    trainer.learn(batch)
    changed = {name for name, value in trainer.net.state_dict().items() if not torch.equal(value, before[name])}
    assert not any(name.startswith(("stem.", "stages.0.", "stages.1.")) for name in changed)
    assert {"stages.2.0.point.weight", "stages.2.0.bn.running_mean", "score.0.point.weight"} <= changed


def test_more_frozen_stages_than_there_are_are_refused() -> None:
    with pytest.raises(ValueError, match="frozen 9"):
        Trainer(dataclasses.replace(CONFIG, frozen=9), argparse.Namespace(start=None, init=None, teacher=None))


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""
