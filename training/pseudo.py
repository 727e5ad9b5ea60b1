"""Labels by machine where people wrote none: `python -m training.pseudo SET OUT --teachers A.onnx B.onnx ...`.

Every teacher looks at each picture as stored and enlarged to twice its size. A face that as many teachers as `--agree`
says are fairly sure of becomes `face`; what one of them half suspects, of either class, becomes `ignore`: an unlabelled
face or far plate would be trained as background. The rows people wrote stay as they are, and nothing is added on top
of them. OUT is a new set with links to the pictures.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from training.derive import derive
from training.detectors import FindsBoxes, open_detector
from training.evaluate import at_scales, inside
from training.feed import read_picture
from training.sets import FACE, PLATE, Picture, read_set, read_states

SURE, SUSPECTED = 0.5, 0.3
LEAST_FACE = 6.0  # px, smaller side: the box of a smaller face is a guess, so it is ignored
SAME_IOU = 0.4  # two boxes of one face
NEW = 0.3  # largest share of a machine's box inside a box that a person drew
LONGEST_SIDE = 1800  # px; larger pictures get no machine labels
ENLARGED_FROM = 900  # px; pictures up to this long side are enlarged too


def iou(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Of one box with each of (n, 4 or more)."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:4], boxes[:, 2:4])
    shared = (high - low).clip(0).prod(1)
    area = (boxes[:, 2:4] - boxes[:, :2]).prod(1)
    return np.asarray(shared / ((box[2:4] - box[:2]).prod() + area - shared + 1e-6))


def agreed(found: Sequence[np.ndarray], least: int) -> Iterator[tuple[np.ndarray, bool]]:
    """Each thing that the teachers found (one array (n, 6) a teacher, of one class): its box (4,), and whether at least
    `least` of them are sure of it. The box is the mean of theirs, each as heavy as its score."""
    everything = np.concatenate(found)
    teacher = np.repeat(np.arange(len(found)), [len(boxes) for boxes in found])
    order = everything[:, 4].argsort()[::-1]
    everything, teacher = everything[order], teacher[order]
    while len(everything):
        same = iou(everything[0], everything) >= SAME_IOU
        same[0] = True
        box = np.average(everything[same, :4], axis=0, weights=everything[same, 4])
        yield box, len(set(teacher[same & (everything[:, 4] >= SURE)])) >= least
        everything, teacher = everything[~same], teacher[~same]


def look(teachers: Sequence[FindsBoxes], image: np.ndarray, least: float) -> list[np.ndarray]:
    """What each teacher finds in a picture, as stored and, if it is small, enlarged to twice its size."""
    scales = [1.0, 2.0] if max(image.shape) <= ENLARGED_FROM else [1.0]
    return [at_scales(teacher, image, least, scales) for teacher in teachers]


def absent_classes(folder: Path) -> frozenset[int]:
    """The classes of which there are none in a set, whatever is found."""
    states = read_states(folder)
    return frozenset(kind for kind, name in ((FACE, "faces"), (PLATE, "plates")) if states[name] == "none")


def as_row(name: str, kind: str, box: np.ndarray) -> list[str]:
    """A row of labels.csv for the box (x0, y0, x1, y1, ...)."""
    return [name, kind, *(f"{value:.1f}" for value in (box[0], box[1], box[2] - box[0], box[3] - box[1]))]


def face_row(name: str, box: np.ndarray) -> list[str]:
    """A face, or where it is so small that its box is a guess, a place to ignore."""
    return as_row(name, "face" if min(box[2:] - box[:2]) >= LEAST_FACE else "ignore", box)


def left_out(
    name: str, drawn: np.ndarray, found: Sequence[np.ndarray], absent: frozenset[int], least: int, suspected: float
) -> Iterator[list[str]]:
    """Rows for what people left out of `drawn` (n, 5): `face` where `least` teachers are sure of one, `ignore` where
    one suspects it: a face from the score `suspected` on, a plate from SUSPECTED."""
    for kind in sorted({FACE, PLATE} - absent):
        floor = suspected if kind == FACE else SUSPECTED
        some = [boxes[(boxes[:, 5] == kind) & (boxes[:, 4] >= floor)] for boxes in found]
        for box, sure in agreed(some, least):
            if inside(box, drawn) <= NEW:
                yield face_row(name, box) if kind == FACE and sure else as_row(name, "ignore", box)


def label_picture(
    teachers: Sequence[FindsBoxes], picture: Picture, least: int, absent: frozenset[int]
) -> list[list[str]]:
    """New rows of labels.csv for one picture. There is nothing of the classes `absent` in it, whatever is found."""
    image = read_picture(picture)
    if max(image.shape) > LONGEST_SIDE:
        return []
    found = look(teachers, image, SUSPECTED)
    return list(left_out(picture.path.name, picture.boxes, found, absent, least, SUSPECTED))


def label(teachers: Sequence[FindsBoxes], source: Path, out: Path, least: int) -> tuple[int, int]:
    """Write the set `out`; the number of its pictures and of new `face` rows."""
    pictures, absent = read_set(source), absent_classes(source)
    new = [row for picture in pictures for row in label_picture(teachers, picture, least, absent)]
    said = {"faces": "pseudo"} if read_states(source)["faces"] == "unlabelled" else {}
    derive(source, out, (picture.path.name for picture in pictures), new, said)
    return len(pictures), sum(row[1] == "face" for row in new)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path)
    parser.add_argument("out", type=Path, help="folder to make")
    parser.add_argument("--teachers", type=Path, nargs="+", required=True, help="ONNX detectors, e.g. YuNet-n")
    parser.add_argument("--agree", type=int, default=2, help="teachers that must be sure of a face")
    args = parser.parse_args()
    if not 1 <= args.agree <= len(args.teachers):
        parser.error(f"--agree {args.agree}: must be 1 to {len(args.teachers)}, the number of teachers")
    cv2.setNumThreads(1)
    teachers = [open_detector(path) for path in args.teachers]
    pictures, faces = label(teachers, args.set, args.out, args.agree)
    print(f"{args.out}: {pictures} pictures, {faces} faces labelled by machine")


if __name__ == "__main__":
    main()
