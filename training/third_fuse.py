"""What the words of three stages count together: `python -m training.third_fuse FIRST.onnx SECOND.onnx CHECKPOINT ...`.

As `training/fuse.py`, for faces, of which alone the third stage speaks: a logistic regression says what the three words
count, and a line puts the sum on the scale of both stages' score, where as many false regions reach a score. That score
was lifted already, so nothing is added here. The last line goes to `training.third_export --counts ...`.

Many of the kept pictures were labelled with CenterFace's help, which may praise it; of those that people labelled alone
there are too few kinds: mostly faces with masks, in which the first stage's word says least.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import torch

from training.align import RATES, line_between
from training.checkpoint import load_weights
from training.detectors import FindsBoxes, open_detector
from training.evaluate import at_scales
from training.feed import read_picture
from training.fuse import SCALES, Trusted, falling, logit, recall_at, regression, verdict_of
from training.second_stage import PERHAPS, patch, told
from training.sets import FACE, LURE, Picture, read_sets
from training.third_export import Counts
from training.third_net import SIDE, Third


@dataclass
class Sights:
    """What the three stages said of the places that the labels tell of."""

    first: list[float] = field(default_factory=list)
    second: list[float] = field(default_factory=list)
    third: list[float] = field(default_factory=list)
    true: list[bool] = field(default_factory=list)


@torch.no_grad()
def word_of(net: Third, cut: np.ndarray) -> float:
    """The third stage's logit for a patch."""
    return float(net(torch.from_numpy(cut).permute(2, 0, 1)[None].float()))


def sights_of(first: FindsBoxes, second: onnxruntime.InferenceSession, third: Third, pictures: list[Picture]) -> Sights:
    """Of the faces that the first stage suspects in all of `pictures`."""
    sights = Sights()
    for picture in pictures:
        image = read_picture(picture)
        targets = picture.boxes[picture.boxes[:, 4] != LURE]
        for box in at_scales(Trusted(first, image.shape), image, PERHAPS, SCALES):
            place = told(box[:4], FACE, targets, np.array(picture.known)) if box[5] == FACE else None
            if place is None:
                continue
            sights.first.append(float(logit(box[4:5])[0]))
            sights.second.append(float(verdict_of(second, patch(image, box))[FACE]))
            sights.third.append(word_of(third, patch(image, box, SIDE)))
            sights.true.append(place.want[FACE] > 0)
    return sights


def counts_of(sights: Sights, both: np.ndarray, pictures: int) -> tuple[Counts, np.ndarray]:
    """What the three words count on the scale of the logits `both` (n,), and the logits that come of it. ValueError if
    a higher word of the third stage speaks against a face."""
    words = np.stack([np.array(word) for word in (sights.first, sights.second, sights.third)], 1)
    true = np.array(sights.true)
    weights = regression(np.concatenate([words, np.ones((len(words), 1))], 1), true)
    if not weights[2] > 0:
        raise ValueError(f"the third stage's word counts {weights[2]}: it does not rise with the faces")
    fused = words @ weights[:3] + weights[3]
    slope, shift, _ = line_between(falling(fused[~true]), falling(both[~true]), pictures)
    first, second, third = (float(slope * weight) for weight in weights[:3])
    return Counts(first, second, third, float(slope * weights[3] + shift)), slope * fused + shift


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=Path, help="ONNX file of the first stage")
    parser.add_argument("second", type=Path, help="the same of the second")
    parser.add_argument("checkpoint", type=Path, help="checkpoint or weights of the third")
    parser.add_argument("--data", type=Path, required=True, help="kept pictures; neither trained on nor measured on")
    parser.add_argument("--first-counts", type=float, required=True, metavar="FACE", help="of the second stage's card")
    named = ("FACE_SLOPE", "FACE_SHIFT")
    parser.add_argument(
        "--scores",
        type=float,
        nargs=2,
        default=[1.0, 0.0],
        metavar=named,
        help="as fuse.py printed them, for a SECOND that was exported without; default: they are in it",
    )
    args = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    pictures = read_sets(args.data)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    second = onnxruntime.InferenceSession(str(args.second), options, providers=["CPUExecutionProvider"])
    net = Third().eval()
    net.load_state_dict(load_weights(args.checkpoint)[0])
    sights = sights_of(open_detector(args.first), second, net, pictures)
    sights.second = [args.scores[0] * word + args.scores[1] for word in sights.second]
    first, true = np.array(sights.first), np.array(sights.true)
    both = args.first_counts * first + np.array(sights.second)
    known = sum(picture.known[FACE] for picture in pictures)
    counts, fused = counts_of(sights, both, known)
    print(f"faces: {true.sum()} true and {(~true).sum()} false places in {known} pictures")
    print("  false a picture    ", *(f"{rate:6}" for rate in RATES))
    for name, each in (("first", first), ("both", both), ("all three", fused)):
        print(f"  found by {name:11}", *(f"{share:6.3f}" for share in recall_at(each, true, known)))
    print("--counts", *(f"{number:.3f}" for number in (counts.first, counts.second, counts.judge, counts.shift)))


if __name__ == "__main__":
    main()
