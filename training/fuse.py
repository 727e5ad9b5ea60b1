"""What the words of both stages count together: `python -m training.fuse FIRST.onnx SECOND.onnx --data TUNE`.

On kept pictures a logistic regression says how the first stage's logit and the second one's verdict add up to that of
a face, and of a plate. Then, as in `training/align.py`, a line puts the sum on the scale of the first stage's scores:
where as many false regions reach a score. A lift comes on top: what both stages say deserves more trust. The last line
goes to `training.export --first-counts ... --scores ...`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from torch import tensor

from training.align import RATES, line_between
from training.detectors import FindsBoxes, open_detector
from training.evaluate import NAMES, at_scales
from training.feed import read_picture
from training.second_stage import PERHAPS, patch, told, verdicts
from training.sets import FACE, LURE, PLATE, Picture, read_sets

SCALES = [1.0, 1.5]  # of the stored size: those that the program sees most
TRUST = 0.75  # of a score at an enlarged scale, as the program counts it
SURELY = 12.0  # a logit beyond says no more
# Added to the logit of both, a choice and no fit: at equal rates of false regions the program would have fewer of them
# than before, and some of that is spent on missing less.
LIFT = 0.25
ROUNDS = 30  # of Newton's method; it is done after ten


@dataclass
class Sights:
    """Of one class, what both stages said of the places that the labels tell of."""

    first: list[float] = field(default_factory=list)
    verdict: list[float] = field(default_factory=list)
    true: list[bool] = field(default_factory=list)


class Trusted:
    """A detector whose scores in an enlarged picture count for less."""

    def __init__(self, detector: FindsBoxes, shape: tuple[int, ...]) -> None:
        self.detector, self.height = detector, shape[0]

    def __call__(self, image: np.ndarray, least: float) -> np.ndarray:
        found = self.detector(image, least)
        if image.shape[0] > self.height:
            found[:, 4] *= TRUST
        return found


def logit(score: np.ndarray) -> np.ndarray:
    """Within SURELY of 0."""
    score = score.astype(np.float64)
    with np.errstate(divide="ignore"):
        found: np.ndarray = np.log(score / (1 - score)).clip(-SURELY, SURELY)
    return found


def verdict_of(session: onnxruntime.InferenceSession, cut: np.ndarray) -> np.ndarray:
    """(2,): the second stage's logits for a patch, straight and as in a mirror, averaged."""
    both = [verdicts(tensor(logit(run(session, way))))[0].numpy() for way in (cut, cut[:, ::-1])]
    found: np.ndarray = np.mean(both, 0)
    return found


def run(session: onnxruntime.InferenceSession, cut: np.ndarray) -> np.ndarray:
    """(1, N, 2): the scores of the cells of a patch."""
    scores: np.ndarray = session.run(["scores"], {"image": cut.transpose(2, 0, 1)[None].astype(np.float32)})[0]
    return scores


def sights_of(first: FindsBoxes, second: onnxruntime.InferenceSession, pictures: list[Picture]) -> list[Sights]:
    """For each class, in all of `pictures`."""
    sights = [Sights(), Sights()]
    for picture in pictures:
        image = read_picture(picture)
        targets = picture.boxes[picture.boxes[:, 4] != LURE]
        for box in at_scales(Trusted(first, image.shape), image, PERHAPS, SCALES):
            kind = int(box[5])
            place = told(box[:4], kind, targets, np.array(picture.known))
            if place is None:
                continue
            sights[kind].first.append(float(logit(box[4:5])[0]))
            sights[kind].verdict.append(float(verdict_of(second, patch(image, box))[kind]))
            sights[kind].true.append(place.want[kind] > 0)
    return sights


def regression(inputs: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Weights of the columns of `inputs` (n, m) in the logit of `true` (n,): logistic regression by Newton's method."""
    weights = np.zeros(inputs.shape[1])
    for _ in range(ROUNDS):
        p = 1 / (1 + np.exp(-inputs @ weights))
        bend = inputs.T @ (inputs * (p * (1 - p))[:, None]) + 1e-6 * np.eye(inputs.shape[1])
        weights = weights + np.linalg.solve(bend, inputs.T @ (true - p))
    return weights


def falling(logits: np.ndarray) -> np.ndarray:
    """Their scores, the surest first."""
    scores: np.ndarray = np.sort(1 / (1 + np.exp(-logits)))[::-1]
    return scores


def recall_at(scores: np.ndarray, true: np.ndarray, pictures: int) -> list[float]:
    """Share of the true ones above the score that so many false ones a picture reach, for each of RATES."""
    false = np.sort(scores[~true])[::-1]
    ranks = [round(rate * pictures) - 1 for rate in RATES]
    return [float((scores[true] > false[rank]).mean()) if 0 <= rank < len(false) else 1.0 for rank in ranks]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=Path, help="ONNX file of the first stage")
    parser.add_argument("second", type=Path, help="the same of the second")
    parser.add_argument("--data", type=Path, required=True, help="kept pictures; neither trained on nor measured on")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    pictures = read_sets(args.data)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    second = onnxruntime.InferenceSession(str(args.second), options, providers=["CPUExecutionProvider"])
    counts: list[float] = []
    lines: list[float] = []
    for kind, sights in zip((FACE, PLATE), sights_of(open_detector(args.first), second, pictures)):
        first, verdict, true = np.array(sights.first), np.array(sights.verdict), np.array(sights.true)
        weights = regression(np.stack([first, verdict, np.ones_like(first)], 1), true)
        fused = weights[0] * first + weights[1] * verdict + weights[2]
        known = sum(picture.known[kind] for picture in pictures)
        slope, shift, _ = line_between(falling(fused[~true]), falling(first[~true]), known)
        print(f"{NAMES[kind]}s: {true.sum()} true and {(~true).sum()} false places in {known} pictures")
        print("  false a picture    ", *(f"{rate:6}" for rate in RATES))
        for name, each in (("first", first), ("second", verdict), ("both", fused)):
            print(f"  found by {name:11}", *(f"{share:6.3f}" for share in recall_at(each, true, known)))
        counts.append(slope * weights[0])
        lines += [slope * weights[1], slope * weights[2] + shift + LIFT]
    print("--first-counts", *(f"{count:.3f}" for count in counts), "--scores", *(f"{number:.3f}" for number in lines))


if __name__ == "__main__":
    main()
