"""Scores on another scale: the fit, and what it does to a network."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from training.align import at_rates, false_scores, line_between, line_through, put_in
from training.net import Contract, Detector
from training.sets import FACE, LURE, PLATE, Picture


def test_a_line_between_two_scales_is_found_again() -> None:
    new = np.array([2.0, 1.0, 0.0, -1.0, np.nan])
    assert line_through(new, 0.8 * new - 0.3) == pytest.approx((0.8, -0.3))


def test_a_line_that_too_few_false_regions_tell_is_refused() -> None:
    new = np.array([1.0, 0.0, np.nan, np.nan])
    with pytest.raises(ValueError, match="too few"):
        line_through(new, new)
    with pytest.raises(ValueError, match="rise together"):
        line_through(np.array([2.0, 1.0, 0.0]), np.array([0.0, 1.0, 2.0]))


def test_the_logit_at_a_rate_is_that_of_the_region_of_this_rank() -> None:
    # Of 100 pictures, 0.02 false regions a picture are the two best; nothing is told beyond the last one.
    logits = at_rates(np.array([0.9, 0.8, 0.7]), 100)
    assert logits[:2] == pytest.approx(np.log([0.8 / 0.2, 0.7 / 0.3]))
    assert np.isnan(logits[2:]).all()


def test_the_line_takes_the_rates_of_one_scale_to_those_of_another() -> None:
    old = np.linspace(2, -3, 200)
    new = (old + 0.4) / 0.7
    new_scores, old_scores = (1 / (1 + np.exp(-logits)) for logits in (new, old))
    assert line_between(new_scores, old_scores, 200) == pytest.approx((0.7, -0.4, 0.0), abs=1e-6)


def test_scores_move_along_the_line_of_their_class_and_boxes_stay() -> None:
    torch.manual_seed(3)
    net = Detector().eval()
    image = torch.rand(1, 3, 64, 96) * 255
    boxes, scores = Contract(net).eval()(image)
    put_in(net, [(1.5, 0.25), (0.5, -2.0)])
    moved_boxes, moved_scores = Contract(net).eval()(image)
    expected = scores.logit() * torch.tensor([1.5, 0.5]) + torch.tensor([0.25, -2.0])
    torch.testing.assert_close(moved_scores.logit(), expected, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(moved_boxes, boxes)


def test_only_what_lies_off_all_boxes_and_where_its_class_is_labelled_is_false(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((100, 100, 3), np.uint8))
    boxes = np.array([[10, 10, 30, 30, FACE], [60, 60, 90, 90, LURE]], np.float32)

    def detector(image: np.ndarray, least: float) -> np.ndarray:
        scale = len(image) / 100
        at = np.array([[12, 12, 28, 28], [65, 65, 85, 85], [65, 10, 90, 20]]) * scale
        return np.c_[at, [0.9, 0.7, 0.8], [FACE, FACE, PLATE]].astype(np.float32)

    def found(known: tuple[bool, bool]) -> list[list[float]]:
        both = false_scores(detector, [Picture(tmp_path / "a.png", boxes, known)])
        return [scores.tolist() for scores in both]

    # The face that is labelled is none, one in a lure is.
    assert found((True, True)) == [pytest.approx([0.7]), pytest.approx([0.8])]
    assert found((True, False)) == [pytest.approx([0.7]), []]
