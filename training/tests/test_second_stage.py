"""The second stage: what it is shown, what it is told, and what its word counts."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from training.checkpoint import file_sha256
from training.config import RunConfig
from training.feed import Batch
from training.fuse import Trusted, logit, recall_at, regression
from training.net import STRIDES, Detector
from training.second_stage import MOST_BOXES, SIDE, SecondStage, middle_cells, patch, places, told, verdicts
from training.sets import FACE, IGNORE, PLATE

BOTH = np.array([1.0, 1.0])
NOTHING = np.zeros((0, 5), np.float32)


def ramp(side: int) -> np.ndarray:
    """Red tells the column, green the row, blue is 7."""
    y, x = np.mgrid[0:side, 0:side]
    return np.stack([np.full_like(x, 7), y, x], -1).astype(np.uint8)


def box(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_a_patch_shows_the_box_in_its_middle() -> None:
    # 28 px in a square of 98, from column 101 and row 81 on.
    cut = patch(ramp(250), box(136, 116, 164, 144))
    assert abs(int(cut[48, 48, 2]) - 150) <= 1 and abs(int(cut[48, 48, 1]) - 130) <= 1
    assert abs(int(cut[0, 0, 2]) - 101) <= 1 and abs(int(cut[0, 0, 1]) - 81) <= 1
    assert (cut[..., 0] == 7).all()


def test_a_patch_is_black_where_the_picture_has_ended() -> None:
    cut = patch(ramp(250), box(-14, -14, 14, 14))
    assert (cut[48:, 48:, 0] == 7).all()
    assert not cut[:48].any() and not cut[:, :48].any()
    assert not patch(ramp(250), box(400, 400, 420, 420)).any()


def test_a_verdict_is_the_mean_of_the_middle_of_each_stride() -> None:
    sides = [SIDE // stride for stride in STRIDES]
    logits = torch.zeros(1, sum(side * side for side in sides), 2)
    at = 0
    for side, value in zip(sides, (3.0, 6.0, 9.0)):
        rows = logits[0, at : at + side * side].view(side, side, 2)
        rows[(side - 1) // 2 : side // 2 + 1, (side - 1) // 2 : side // 2 + 1] = value
        at += side * side
    assert verdicts(logits).tolist() == [[6.0, 6.0]]
    assert [len(cells) for cells in middle_cells()] == [4, 4, 1]


def test_a_box_is_told_by_the_label_it_lies_on() -> None:
    targets = np.array([[10, 10, 30, 30, FACE], [60, 60, 90, 80, PLATE]], np.float32)
    face = told(box(11, 11, 31, 31), FACE, targets, BOTH)
    assert face is not None and face.want == (1.0, 0.0) and face.weight == (1.0, 1.0)
    plate = told(box(60, 61, 90, 81), PLATE, targets, BOTH)
    assert plate is not None and plate.want == (0.0, 1.0)
    nothing = told(box(100, 100, 120, 120), FACE, targets, np.array([1.0, 0.0]))
    assert nothing is not None and nothing.want == (0.0, 0.0) and nothing.weight == (1.0, 0.0)


def test_of_a_box_that_no_label_settles_nothing_is_told() -> None:
    targets = np.array([[10, 10, 30, 30, FACE], [60, 60, 90, 80, IGNORE]], np.float32)
    assert told(box(25, 25, 45, 45), FACE, targets, BOTH) is None, "half on a face"
    assert told(box(65, 65, 80, 78), FACE, targets, BOTH) is None, "on what is ignored"
    assert told(box(100, 100, 120, 120), FACE, targets, np.array([0.0, 1.0])) is None, "faces are not labelled there"


def test_what_the_first_stage_missed_is_looked_at_too_and_before_all_else() -> None:
    targets = np.array([[10, 10, 30, 30, FACE], [200, 200, 220, 220, FACE]], np.float32)
    rows = [[100 + 3 * i, 300, 120 + 3 * i, 320, 0.5 - 0.01 * i, FACE] for i in range(MOST_BOXES)]
    found = np.array([*rows, [11, 11, 31, 31, 0.9, FACE]], np.float32)
    chosen = places(found, targets, BOTH)
    assert len(chosen) == MOST_BOXES
    assert chosen[0].box.tolist() == [200, 200, 220, 220]
    assert chosen[1].box.tolist() == [11, 11, 31, 31] and chosen[1].want == (1.0, 0.0)
    assert all(place.want == (0.0, 0.0) for place in chosen[2:])
    assert places(NOTHING.reshape(0, 5)[:, [0, 1, 2, 3, 4, 4]], NOTHING, BOTH) == []


def test_a_step_learns_from_places_and_leaves_the_first_stage_as_it_is(tmp_path: Path) -> None:
    torch.manual_seed(2)
    torch.save(Detector().state_dict(), tmp_path / "first.pt")
    args = argparse.Namespace(start=None, init=tmp_path / "first.pt", teacher=None, first=tmp_path / "first.pt")
    config = RunConfig(1, "ab", (("a", 1.0),), 10, 2, 64, 1.0, 2e-3, 1e-4, "checkpoint", "", "", 2)
    stage = SecondStage(config, args)
    assert stage.config == dataclasses.replace(config, teacher_sha256=file_sha256(tmp_path / "first.pt"))
    states = [{name: value.clone() for name, value in net.state_dict().items()} for net in (stage.first, stage.net)]
    images = np.random.default_rng(1).integers(0, 255, (2, 3, 64, 64), np.uint8)
    face = np.array([[8, 8, 40, 40, FACE]], np.float32)
    lost = stage.learn(Batch(images, [face, face], np.ones((2, 2), np.float32), np.ones(2, np.float32)))
    assert lost.score > 0 and lost.box > 0 and stage.step == 1
    first, second = (
        {name for name, value in net.state_dict().items() if not torch.equal(value, state[name])}
        for net, state in zip((stage.first, stage.net), states)
    )
    assert not first
    assert {"stages.2.0.point.weight", "score.0.point.weight"} <= second
    assert not any(name.startswith(("stem.", "box.")) for name in second), "boxes are the first stage's"


def test_the_regression_finds_the_weights_that_made_the_labels() -> None:
    rng = np.random.default_rng(4)
    inputs = np.c_[rng.normal(0, 2, (40_000, 2)), np.ones(40_000)]
    weights = np.array([0.5, 1.5, -1.0])
    true = rng.random(40_000) < 1 / (1 + np.exp(-inputs @ weights))
    assert regression(inputs, true) == pytest.approx(weights, abs=0.06)


def test_recall_is_told_at_the_score_that_so_many_false_ones_reach() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    true = np.array([True, False, True, False, True])
    # One false region in 10 pictures is the fifth rate's rank 1 of 10: above it lies one of three.
    assert recall_at(scores, true, 10)[4] == pytest.approx(1 / 3)


def test_scores_of_an_enlarged_picture_count_for_less() -> None:
    def detector(image: np.ndarray, least: float) -> np.ndarray:
        return np.array([[0, 0, 9, 9, 0.8, FACE]], np.float32)

    trusted = Trusted(detector, (50, 50, 3))
    assert trusted(np.zeros((50, 50, 3), np.uint8), 0.1)[0, 4] == pytest.approx(0.8)
    assert trusted(np.zeros((75, 75, 3), np.uint8), 0.1)[0, 4] == pytest.approx(0.6)


def test_a_logit_is_finite() -> None:
    assert np.isfinite(logit(np.array([0.0, 0.5, 1.0], np.float32))).all()
