"""Hard negatives: `python -m training.mine MODEL.onnx SET OUT` makes a copy of a set that names what fooled a detector.

Where people labelled a class and a set holds not one box of it, every detection of it is false. Such places become
`lure` rows: the feed draws crops around them as often as around faces and plates, and the loss sees background there.
OUT links to the pictures; the rows of SET stay as they are.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from training.derive import derive
from training.detectors import FindsBoxes, open_detector
from training.evaluate import at_scales, inside
from training.feed import read_picture
from training.sets import FACE, PLATE, Picture, read_set, read_states

LEAST = 0.2
"""Score from which a false detection is worth a crop; well under any threshold in use."""
SCALES = [1.0, 2.0]
MOST = 6
"""Lures a picture, best scores first: one hedge must not outweigh a street."""
APART = 0.1
"""Largest share of a lure inside a labelled or ignored box."""


def lures(detector: FindsBoxes, picture: Picture, absent: tuple[bool, bool]) -> np.ndarray:
    """False detections (n, 6) of the classes that are `absent` (face, plate), best first, at most MOST."""
    if not any(absent):
        return np.zeros((0, 6), np.float32)
    found = at_scales(detector, read_picture(picture), LEAST, SCALES)
    found = found[found[:, 4].argsort()[::-1]]
    false = [d for d in found if absent[int(d[5])] and inside(d, picture.boxes) <= APART]
    return np.array(false[:MOST], np.float32).reshape(-1, 6)


def to_row(name: str, lure: np.ndarray) -> list[str]:
    """A row of labels.csv from one false detection."""
    x0, y0, x1, y1 = lure[:4]
    return [name, "lure", *(f"{value:.1f}" for value in (x0, y0, x1 - x0, y1 - y0))]


def mine(detector: FindsBoxes, source: Path, out: Path) -> tuple[int, int]:
    """Write the set `out`; the number of its pictures and of new rows."""
    pictures, states = read_set(source), read_states(source)
    looked = (states["faces"] in ("none", "labelled"), states["plates"] in ("none", "labelled"))
    face, plate = (looked[kind] and not any(p.count(kind) for p in pictures) for kind in (FACE, PLATE))
    new = [to_row(p.path.name, lure) for p in pictures for lure in lures(detector, p, (face, plate))]
    derive(source, out, (p.path.name for p in pictures), new)
    return len(pictures), len(new)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="ONNX detector of this project")
    parser.add_argument("set", type=Path)
    parser.add_argument("out", type=Path, help="folder to make")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    pictures, found = mine(open_detector(args.model), args.set, args.out)
    print(f"{args.out}: {pictures} pictures, {found} lures")


if __name__ == "__main__":
    main()
