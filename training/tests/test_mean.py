"""The mean of a line of runs."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from training.checkpoint import Checkpoint, file_sha256, save
from training.config import RunConfig
from training.mean import check_line, mean_of
from training.net import Detector

CONFIG = RunConfig(1, "ab", (("cars", 1.5),), 10, 4, 352, 1.0, 2e-3, 1e-4, "checkpoint", "", "", 0)


def test_each_weight_is_the_mean_and_counters_stay_whole() -> None:
    a, b = Detector().state_dict(), Detector().state_dict()
    counter = "stem.bn.num_batches_tracked"
    a[counter] += 3
    mean = mean_of([a, b])
    assert list(mean) == list(a)
    torch.testing.assert_close(mean["stem.conv.weight"], (a["stem.conv.weight"] + b["stem.conv.weight"]) / 2)
    assert mean[counter].dtype == torch.int64 and mean[counter] == 3
    Detector().load_state_dict(mean)


def test_networks_of_other_shapes_have_no_mean() -> None:
    a = Detector().state_dict()
    with pytest.raises(ValueError, match="other shapes"):
        mean_of([a, {**a, "stem.conv.weight": torch.zeros(1)}])


def run(path: Path, start_sha256: str) -> Path:
    config = dataclasses.replace(CONFIG, start_sha256=start_sha256)
    save(path, Checkpoint(config, 1, {}, {}, {}))
    return path


def test_a_run_that_did_not_go_on_from_the_one_before_is_refused(tmp_path: Path) -> None:
    first = run(tmp_path / "first.pt", "")
    check_line([first, run(tmp_path / "second.pt", file_sha256(first))])
    with pytest.raises(ValueError, match="did not go on"):
        check_line([first, run(tmp_path / "other.pt", "0" * 64)])
