"""Recall by size and false regions a picture: `python -m training.evaluate MODEL.onnx --data DIR --sets NAME ...`.

A box is found when detections of its class, grown by 10 %, cover 75 % of it. A false region is a detection of which
less than 10 % lies in any labelled or ignored box grown by 60 %; it counts only where its class is labelled.
Nothing is tuned on what this program prints for a measuring set.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from training.detectors import FindsBoxes, nms, open_detector
from training.feed import read_picture
from training.sets import FACE, IGNORE, LURE, PLATE, list_sets, manifest_sha256, read_set

NAMES = ("face", "plate")
# Lower bounds in px: the smaller side of a face, the height of a plate. The bound belongs to the band.
BANDS = {FACE: (0, 6, 10, 16, 32, 64), PLATE: (0, 6, 8, 12, 24, 48)}
COUNTED_FROM = {FACE: 10, PLATE: 8}  # smaller ones are listed, but not in the headline
GROWN, COVERED = 0.1, 0.75
FALSE_GROWN, FALSE_INSIDE = 0.6, 0.1
COVER_GRID = 24  # samples a side
MERGE_IOU = 0.5  # between passes at different scales
TILE, TILE_OVERLAP, TILED_FROM, WHOLE_SIDE = 960, 96, 1920, 1280  # px


@dataclass
class Tally:
    """Counts at one score threshold over one set."""

    boxes: Counter[tuple[int, int]] = field(default_factory=Counter)
    """By class and lower bound of the band."""
    found: Counter[tuple[int, int]] = field(default_factory=Counter)
    false: Counter[int] = field(default_factory=Counter)

    def add(self, truth: np.ndarray, known: tuple[bool, bool], detections: np.ndarray) -> None:
        """One picture: truth (n, 5), detections (m, 6)."""
        truth = truth[truth[:, 4] != LURE]
        grown = grow(detections, GROWN)
        for box in truth[truth[:, 4] != IGNORE]:
            kind = int(box[4])
            key = kind, band(box)
            self.boxes[key] += 1
            self.found[key] += covered(box, grown[grown[:, 5] == kind]) >= COVERED
        surroundings = grow(truth, FALSE_GROWN)
        for detection in detections:
            kind = int(detection[5])
            self.false[kind] += known[kind] and inside(detection, surroundings) < FALSE_INSIDE


def grow(boxes: np.ndarray, share: float) -> np.ndarray:
    """A copy, each side moved out by `share` of the box's own width or height."""
    out = boxes.copy()
    size = (boxes[:, 2:4] - boxes[:, :2]) * share
    out[:, :2] -= size
    out[:, 2:4] += size
    return out


def band(box: np.ndarray) -> int:
    """Lower bound of the size band of a face or plate."""
    kind, width, height = int(box[4]), box[2] - box[0], box[3] - box[1]
    size = min(width, height) if kind == FACE else height
    return max(bound for bound in BANDS[kind] if bound <= size)


def covered(box: np.ndarray, detections: np.ndarray) -> float:
    """Share 0..1 of `box` inside the union of `detections`, sampled at the centres of a grid."""
    centres = (np.arange(COVER_GRID) + 0.5) / COVER_GRID
    xs, ys = (box[low] + centres * (box[high] - box[low]) for low, high in ((0, 2), (1, 3)))
    hit = np.zeros((COVER_GRID, COVER_GRID), bool)
    for x0, y0, x1, y1 in detections[:, :4]:
        hit |= ((xs >= x0) & (xs <= x1))[None] & ((ys >= y0) & (ys <= y1))[:, None]
    return float(hit.mean())


def inside(detection: np.ndarray, boxes: np.ndarray) -> float:
    """Largest share 0..1 of `detection` inside one of `boxes`; 0 without boxes."""
    if not len(boxes):
        return 0.0
    lt, rb = np.maximum(detection[:2], boxes[:, :2]), np.minimum(detection[2:4], boxes[:, 2:4])
    area = (detection[2:4] - detection[:2]).prod()
    return float((rb - lt).clip(0).prod(1).max() / max(1e-6, area))


def at_scales(detector: FindsBoxes, image: np.ndarray, least: float, scales: list[float]) -> np.ndarray:
    """Union of passes at several scales of the stored size, then suppression a class."""
    passes = []
    for scale in scales:
        way = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
        resized = image if scale == 1 else cv2.resize(image, None, fx=scale, fy=scale, interpolation=way)
        found = detector(resized, least)
        found[:, :4] /= scale
        passes.append(found)
    together = np.concatenate(passes)
    if len(scales) == 1:
        return together
    kept = []
    for kind in (FACE, PLATE):
        some = together[together[:, 5] == kind]
        kept.append(some[nms(some[:, :4], some[:, 4], MERGE_IOU)])
    return np.concatenate(kept)


def in_tiles(detector: FindsBoxes, image: np.ndarray, least: float) -> np.ndarray:
    """Large pictures: overlapping tiles at full size and the whole picture reduced; small ones in one pass."""
    height, width = image.shape[:2]
    longest, step = max(height, width), TILE - TILE_OVERLAP
    if longest <= TILED_FROM:
        return detector(image, least)
    passes = []
    for y in range(0, max(1, height - TILE_OVERLAP), step):
        for x in range(0, max(1, width - TILE_OVERLAP), step):
            found = detector(image[y : y + TILE, x : x + TILE], least)
            found[:, [0, 2]] += x
            found[:, [1, 3]] += y
            passes.append(found)
    reduce = WHOLE_SIDE / longest
    whole = detector(cv2.resize(image, None, fx=reduce, fy=reduce, interpolation=cv2.INTER_AREA), least)
    whole[:, :4] /= reduce
    return np.concatenate([*passes, whole])


def line(name: str, pictures: int, threshold: float, tally: Tally) -> str:
    """One set at one threshold, for people."""
    parts = [f"{name}: {pictures} pictures, threshold {threshold}:"]
    for kind, label in enumerate(NAMES):
        bounds = [bound for bound in BANDS[kind] if tally.boxes[kind, bound]]
        if not bounds:
            continue
        counted = [bound for bound in bounds if bound >= COUNTED_FROM[kind]]
        found, boxes = (sum(count[kind, bound] for bound in counted) for count in (tally.found, tally.boxes))
        by_band = " ".join(f"{bound}+:{tally.found[kind, bound]}/{tally.boxes[kind, bound]}" for bound in bounds)
        parts.append(f"{label}s {found}/{boxes} = {found / max(1, boxes):.3f} ({by_band}),")
    false = " ".join(f"{label} {tally.false[kind] / pictures:.3f}" for kind, label in enumerate(NAMES))
    return " ".join([*parts, f"false regions a picture: {false}"])


def measure(detector: FindsBoxes, folder: Path, args: argparse.Namespace) -> None:
    """Print a line a threshold for one set."""
    pictures = read_set(folder)[: args.limit]
    tallies = {threshold: Tally() for threshold in args.threshold}
    for picture in pictures:
        image = read_picture(picture)
        least = min(tallies)
        found = in_tiles(detector, image, least) if args.tiled else at_scales(detector, image, least, args.scales)
        for threshold, tally in tallies.items():
            tally.add(picture.boxes, picture.known, found[found[:, 4] >= threshold])
    for threshold, tally in tallies.items():
        print(line(folder.name, len(pictures), threshold, tally), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="ONNX file")
    parser.add_argument("--data", type=Path, required=True, help="folder of labelled sets")
    parser.add_argument("--sets", nargs="+", metavar="NAME", help="default: all")
    parser.add_argument("--threshold", type=float, nargs="+", default=[0.4])
    parser.add_argument("--limit", type=int, help="first so many pictures of each set")
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--scales", type=float, nargs="+", default=[1.0], help="of the stored size")
    way.add_argument("--tiled", action="store_true", help="tiles for pictures above 1920 px")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    folders = [args.data / name for name in args.sets or list_sets(args.data)]
    print(f"manifest sha256 {manifest_sha256(folders)}")
    detector = open_detector(args.model)
    for folder in folders:
        measure(detector, folder, args)


if __name__ == "__main__":
    main()
