"""Train the second stage: `python -m training.second_stage --data DIR --out DIR --steps N --init CITY --first CITY`.

The first stage looks at whole pictures, so it must be small; where it says "perhaps", the second one looks again, at
that place alone, at one size (a cascade: Viola and Jones, 2001; in two stages as Ren et al.: "Faster R-CNN", 2015). It
is a network of the same form (`training/net.py`) over a square patch around the box, and gives one verdict a class:
the mean logit of the cells in the patch's middle. What it learns on is what the first stage takes for a face or plate,
in the crops of `training/feed.py`. A run is one of `training.train`: it stops and goes on like that.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from training.checkpoint import file_sha256, load_weights
from training.config import RunConfig
from training.detectors import suppressed
from training.evaluate import FALSE_GROWN, FALSE_INSIDE, grow, inside
from training.feed import Batch
from training.loss import HAS_BFLOAT16, Losses
from training.net import STRIDES, Detector, decode
from training.pseudo import iou
from training.sets import FACE, IGNORE, PLATE
from training.train import Trainer, parser_of, train

SIDE = 96  # px of a patch, both ways
CONTEXT = 3.5  # side of what a patch shows, in sides of the square with the box's area
LEAST_SQUARE = 12  # px; around a smaller box there is nothing to see
PERHAPS = 0.03  # score from which the first stage's box is looked at
SAME = 0.4  # overlap (IoU) from which a box is the labelled thing
MOST_BOXES = 16  # of a crop: the surest, and all that it missed
SHIFT, STRETCH = 0.06, 0.12  # boxes move by this share of their size, and grow by this in the logarithm, when drawn


def patch(image: np.ndarray, box: np.ndarray, side: int = SIDE) -> np.ndarray:
    """uint8 (side, side, 3): the square around `box`, 0 where the picture has ended.

    As `crates/detect` cuts it, which takes a large square from a copy that was halved before.
    """
    width, height = float(box[2] - box[0]), float(box[3] - box[1])
    square = max(LEAST_SQUARE, round(CONTEXT * math.sqrt(max(0.0, width * height))))
    left, top = (math.floor((box[low] + box[low + 2] - square) / 2 + 0.5) for low in (0, 1))
    scale = side / square
    out = np.zeros((side, side, 3), np.uint8)
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + square, image.shape[1]), min(top + square, image.shape[0])
    tx0, ty0, tx1, ty1 = (math.floor(v * scale + 0.5) for v in (x0 - left, y0 - top, x1 - left, y1 - top))
    if x1 > x0 and y1 > y0 and tx1 > tx0 and ty1 > ty0:
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        out[ty0:ty1, tx0:tx1] = cv2.resize(image[y0:y1, x0:x1], (tx1 - tx0, ty1 - ty0), interpolation=way)
    return out


def middle(cells: int) -> tuple[int, int]:
    """First and last of the one or two cells in the middle of so many."""
    return (cells - 1) // 2, cells // 2


def middle_cells() -> list[list[int]]:
    """For each stride, where its middle cells stand in the order of the network's outputs for a patch."""
    found, start = [], 0
    for stride in STRIDES:
        side = SIDE // stride
        low, high = middle(side)
        found.append([start + row * side + column for row in range(low, high + 1) for column in range(low, high + 1)])
        start += side * side
    return found


def verdicts(logits: Tensor) -> Tensor:
    """(B, 2): of the network's logits (B, N, 2) over patches, the mean a stride of the middle cells, averaged."""
    return torch.stack([logits[:, cells].mean(1) for cells in middle_cells()]).mean(0)


@dataclass(frozen=True)
class Place:
    """A box to be looked at again."""

    box: np.ndarray
    """float32 (4,), crop pixels."""
    want: tuple[float, float]
    """For each class: 1 where the box holds one, else 0."""
    weight: tuple[float, float]
    """For each class: 0 where nobody knows."""


def told(box: np.ndarray, kind: int, targets: np.ndarray, known: np.ndarray) -> Place | None:
    """What the labels say of a box that the first stage gave as `kind`; None where they say nothing."""
    mine = targets[targets[:, 4] == kind]
    if len(mine) and iou(box, mine).max() >= SAME:
        return Place(box, (float(kind == 0), float(kind == 1)), (1.0, 1.0))
    if not known[kind] or inside(box, grow(targets, FALSE_GROWN)) >= FALSE_INSIDE:
        return None
    return Place(box, (0.0, 0.0), (float(known[0]), float(known[1])))


def places(found: np.ndarray, targets: np.ndarray, known: np.ndarray) -> list[Place]:
    """The boxes of one crop: of those `found` (n, 6), rising in doubt, and the `targets` (m, 5) that are not among."""
    chosen, missed = [], targets[targets[:, 4] != IGNORE]
    for box in found[found[:, 4].argsort()[::-1]]:
        kind = int(box[5])
        place = told(box[:4], kind, targets, known)
        if place:
            chosen.append(place)
            missed = missed[(missed[:, 4] != kind) | (iou(box, missed) < SAME)]
    for target in missed:
        place = told(target[:4], int(target[4]), targets, known)
        if place:
            chosen.insert(0, place)
    return chosen[:MOST_BOXES]


def shaken(box: np.ndarray, rng: Random) -> np.ndarray:
    """The box a little elsewhere, and of another size."""
    centre, half = (box[:2] + box[2:4]) / 2, (box[2:4] - box[:2]) / 2
    centre = centre + 2 * half * np.array([rng.uniform(-SHIFT, SHIFT) for _ in range(2)])
    half = half * np.exp([rng.uniform(-STRETCH, STRETCH) for _ in range(2)])
    return np.concatenate([centre - half, centre + half])


class SecondStage(Trainer):
    """The second stage and its run; the first one only says where to look."""

    def __init__(self, config: RunConfig, args: argparse.Namespace) -> None:
        super().__init__(replace(config, teacher_sha256=file_sha256(args.first)), args)
        self.first = Detector()
        self.first.load_state_dict(load_weights(args.first)[0])
        self.first.eval().to(memory_format=torch.channels_last)

    def learn(self, batch: Batch) -> Losses:
        chosen, images = self.drawn(batch, SIDE, (FACE, PLATE))
        want, weight = (torch.tensor([getattr(place, name) for place in chosen]) for name in ("want", "weight"))
        with torch.autocast("cpu", torch.bfloat16, enabled=HAS_BFLOAT16):
            logits = self.net(images)[0]
        lost = F.binary_cross_entropy_with_logits(verdicts(logits.float()), want, reduction="none") * weight
        total = lost.sum() / weight.sum().clamp(min=1)
        # The log of a run has two figures; here they are the loss a class.
        face, plate = (lost.detach().sum(0) / weight.sum(0).clamp(min=1)).tolist()
        return self.descend(Losses(total, face, plate))

    def drawn(
        self, batch: Batch, side: int, kinds: tuple[int, ...], most: int = MOST_BOXES
    ) -> tuple[list[Place], Tensor]:
        """What a step learns on: the places of which it is known whether they are one of `kinds`, and their patches
        (n, 3, side, side), half of them as in a mirror. Of a crop that has more than `most` it takes any so many."""
        rng = Random(1000 * self.config.seed + self.step)
        chosen, patches = [], []
        for image, found, targets, known in zip(
            batch.images.transpose(0, 2, 3, 1), self.proposals(batch.images), batch.boxes, batch.known
        ):
            some = [each for each in places(found, targets, known) if any(each.weight[kind] for kind in kinds)]
            for place in rng.sample(some, most) if len(some) > most else some:
                cut = patch(image, shaken(place.box, rng), side)
                patches.append(cut[:, ::-1] if rng.random() < 0.5 else cut)
                chosen.append(place)
        if not patches:
            raise RuntimeError(f"step {self.step}: the first stage found nothing in {len(batch.images)} crops")
        images = torch.from_numpy(np.stack(patches)).permute(0, 3, 1, 2).float()
        return chosen, images.contiguous(memory_format=torch.channels_last)

    @torch.no_grad()
    def proposals(self, images: np.ndarray) -> list[np.ndarray]:
        """For each crop, float32 (n, 6): boxes, score and class of what the first stage suspects."""
        stacked = torch.from_numpy(images).float().to(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=HAS_BFLOAT16):
            logits, offsets, cells = self.first(stacked)
        boxes, scores = decode(offsets.float(), cells.float()).numpy(), logits.float().sigmoid().numpy()
        return [suppressed(some, score, PERHAPS) for some, score in zip(boxes, scores)]


def main() -> int:
    parser = parser_of(__doc__)
    parser.add_argument("--first", type=Path, required=True, help="checkpoint or weights of the first stage")
    args = parser.parse_args()
    if args.teacher:
        parser.error("--teacher: no teacher speaks here; the labels say what a place is")
    return train(args, SecondStage)


if __name__ == "__main__":
    sys.exit(main())
