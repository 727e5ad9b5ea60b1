"""Face labels by machine for sets where people labelled only plates: `python -m training.pseudo TEACHER.onnx SET OUT`.

Plate pictures show faces too, and an unlabelled face would be trained as background. The teacher looks at each picture
as stored and mirrored; what it is fairly sure of becomes `face`, what it half suspects `ignore`. The rows people wrote
stay as they are. OUT is a new set with links to the pictures.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from training.derive import derive
from training.detectors import FindsBoxes, nms, open_detector
from training.feed import read_picture
from training.sets import FACE, Picture, read_set

SURE, SUSPECTED = 0.55, 0.2
MERGE_IOU = 0.4
LONGEST_SIDE = 1800  # px; larger pictures get no machine labels


def look(teacher: FindsBoxes, picture: Picture) -> np.ndarray:
    """Faces (n, 6) of both passes, merged, in pixels of the picture."""
    image = read_picture(picture)
    if max(image.shape) > LONGEST_SIDE:
        return np.zeros((0, 6), np.float32)
    mirrored = teacher(np.ascontiguousarray(image[:, ::-1]), SUSPECTED)
    mirrored[:, [0, 2]] = image.shape[1] - mirrored[:, [2, 0]]
    found = np.concatenate([teacher(image, SUSPECTED), mirrored])
    found = found[found[:, 5] == FACE]
    return found[nms(found[:, :4], found[:, 4], MERGE_IOU)]


def to_row(name: str, face: np.ndarray) -> list[str]:
    """A row of labels.csv from one detection."""
    x0, y0, x1, y1, score, _ = face
    kind = "face" if score >= SURE else "ignore"
    return [name, kind, *(f"{value:.1f}" for value in (x0, y0, x1 - x0, y1 - y0))]


def label(teacher: FindsBoxes, source: Path, out: Path) -> tuple[int, int]:
    """Write the set `out`; the number of its pictures and of new `face` rows."""
    pictures = read_set(source)
    new = [to_row(picture.path.name, face) for picture in pictures for face in look(teacher, picture)]
    derive(source, out, (picture.path.name for picture in pictures), new, {"faces": "pseudo"})
    return len(pictures), sum(row[1] == "face" for row in new)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("teacher", type=Path, help="ONNX face detector, e.g. YuNet-n")
    parser.add_argument("set", type=Path)
    parser.add_argument("out", type=Path, help="folder to make")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    pictures, faces = label(open_detector(args.teacher), args.set, args.out)
    print(f"{args.out}: {pictures} pictures, {faces} faces labelled by machine")


if __name__ == "__main__":
    main()
