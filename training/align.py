"""Scores of new weights on the scale of older ones: `python -m training.align NEW.onnx OLD.onnx --data TUNE`.

The program's thresholds are scores, and a score is no probability: each run of training gives another scale. Two
scales agree where as many false regions reach a score; here the rates are compared on kept pictures, and a line
through the logits is fitted for each class. `training/export.py --scores` puts it into the last layer of the weights.
It changes neither boxes nor their order by score.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch

from training.detectors import FindsBoxes, open_detector
from training.evaluate import FALSE_GROWN, FALSE_INSIDE, NAMES, at_scales, grow, inside
from training.feed import read_picture
from training.net import Detector, Separable
from training.sets import FACE, LURE, PLATE, Picture, read_sets

LEAST = 0.03  # score; far under what the most frequent false regions compared have
RATES = (0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.3, 0.5, 0.8)  # false regions a picture
SCALES = [1.0, 1.5]  # of the stored size: those that the program sees most


def false_scores(detector: FindsBoxes, pictures: list[Picture]) -> list[np.ndarray]:
    """For each class, the scores of its false regions, falling, in those of `pictures` that tell where it is."""
    scores: list[list[float]] = [[], []]
    for picture in pictures:
        surroundings = grow(picture.boxes[picture.boxes[:, 4] != LURE], FALSE_GROWN)
        for box in at_scales(detector, read_picture(picture), LEAST, SCALES):
            kind = int(box[5])
            if picture.known[kind] and inside(box, surroundings) < FALSE_INSIDE:
                scores[kind].append(float(box[4]))
    return [np.sort(np.array(some))[::-1] for some in scores]


def at_rates(scores: np.ndarray, pictures: int) -> np.ndarray:
    """The logit that so many false regions a picture reach, for each of RATES; NaN where there are not as many."""
    ranks = [round(rate * pictures) - 1 for rate in RATES]
    picked = np.array([scores[rank] if 0 <= rank < len(scores) else np.nan for rank in ranks])
    logits: np.ndarray = np.log(picked / (1 - picked))
    return logits


def line_through(new: np.ndarray, old: np.ndarray) -> tuple[float, float]:
    """Slope and shift that take the logits `new` to `old`, by least squares; ValueError if a line is not told by them.

    Pairs with NaN are left out.
    """
    both = np.isfinite(new) & np.isfinite(old)
    if both.sum() < 3 or np.ptp(new[both]) < 0.5:
        raise ValueError(f"{both.sum()} rates can be compared: too few false regions in these pictures")
    slope, shift = np.polyfit(new[both], old[both], 1)
    if not slope > 0:
        raise ValueError(f"slope {slope}: these scores do not rise together")
    return float(slope), float(shift)


def line_between(new: np.ndarray, old: np.ndarray, pictures: int) -> tuple[float, float, float]:
    """Slope and shift that take the logits of the false scores `new` to those of `old`, both falling, by their rates,
    and how far the line is off at most."""
    new, old = at_rates(new, pictures), at_rates(old, pictures)
    slope, shift = line_through(new, old)
    return slope, shift, float(np.nanmax(np.abs(slope * new + shift - old)))


@torch.no_grad()
def put_in(net: Detector, lines: list[tuple[float, float]]) -> None:
    """Slope and shift for each class, in the order of the scores, into the last layer of each stride."""
    for block in net.score:
        if not isinstance(block, Separable) or block.depth.bias is None:
            raise TypeError(f"a score block without bias cannot take up the shift: {block}")
        for kind, (slope, shift) in enumerate(lines):
            block.depth.weight[kind] *= slope
            block.depth.bias[kind] = block.depth.bias[kind] * slope + shift


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("new", type=Path, help="ONNX file whose scores are to be changed")
    parser.add_argument("old", type=Path, help="ONNX file whose scores the thresholds were chosen for")
    parser.add_argument("--data", type=Path, required=True, help="kept pictures; neither trained on nor measured on")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    pictures = read_sets(args.data)
    new_scores, old_scores = (false_scores(open_detector(path), pictures) for path in (args.new, args.old))
    numbers: list[float] = []
    for kind in (FACE, PLATE):
        known = sum(picture.known[kind] for picture in pictures)
        slope, shift, off = line_between(new_scores[kind], old_scores[kind], known)
        print(f"{NAMES[kind]}: logit x {slope:.3f} + {shift:.3f}, off by {off:.2f} at most, {known} pictures")
        numbers += [slope, shift]
    print("--scores", *(f"{number:.3f}" for number in numbers))


if __name__ == "__main__":
    main()
