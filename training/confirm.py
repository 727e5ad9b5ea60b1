"""Labels by people, looked at by detectors: `python -m training.confirm SET OUT --teachers A.onnx B.onnx ...`.

People also draw backs of heads, and leave faces out in the background. A `face` that no teacher half sees becomes
`ignore`. A face that a teacher sees in a `head` takes the head's place; other heads stay. What people left out is added
as in `training/pseudo.py`: `face` where the teachers agree, `ignore` where one of them suspects. OUT is a new set with
links to the pictures.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from training.derive import derive
from training.detectors import FindsBoxes, open_detector
from training.feed import read_picture
from training.pseudo import SUSPECTED, absent_classes, agreed, as_row, face_row, iou, left_out, look
from training.sets import COLUMNS, FACE, read_row, read_set

DOUBT, WHERE = 0.12, 0.3  # least score and IoU of what a teacher sees where a person drew a face
FAINT = 0.2  # least score of a face in a head, and of what is ignored outside all heads where people boxed heads
IN_HEAD = 0.6  # least share of a face that lies in its head
OF_HEAD = 0.15  # least area of a face, as a share of its head's


def confirmed(
    rows: Sequence[list[str]], found: Sequence[np.ndarray], absent: frozenset[int] = frozenset()
) -> list[list[str]]:
    """The rows of one picture after a look by the teachers, of which each found one array (n, 6).

    There is nothing of the classes `absent` in it, whatever they found.
    """
    name = rows[0][0]
    drawn = [(row, said) for row in rows if (said := read_row(row, name)[1]) is not None]
    boxes = as_boxes([said for _, said in drawn])
    heads = as_boxes([said for row, said in drawn if row[1] == "head"])
    out = [row for row in rows if row[1] == "headpoint"]
    for (row, _), box in zip(drawn, boxes, strict=True):
        if row[1] == "face" and not seen(box, found):
            out.append([name, "ignore", *row[2:]])
        elif row[1] != "head":
            out.append(row)
    out += in_heads(name, heads, found)
    out += left_out(name, boxes, found, absent, len(found), FAINT if len(heads) else SUSPECTED)
    return out or [[name, "none", "", "", "", ""]]


def as_boxes(boxes: Sequence[tuple[float, ...]]) -> np.ndarray:
    return np.array(boxes, np.float32).reshape(-1, 5)


def faces_of(boxes: np.ndarray, least: float) -> np.ndarray:
    return boxes[(boxes[:, 5] == FACE) & (boxes[:, 4] >= least)]


def seen(box: np.ndarray, found: Sequence[np.ndarray]) -> bool:
    """Whether any teacher half sees a face in this place."""
    faces = np.concatenate([faces_of(boxes, DOUBT) for boxes in found])
    return bool(len(faces)) and float(iou(box[:4], faces).max()) >= WHERE


def in_heads(name: str, heads: np.ndarray, found: Sequence[np.ndarray]) -> list[list[str]]:
    """A row a head: the surest face in it, or the head."""
    area = (heads[:, 2:4] - heads[:, :2]).prod(1)
    faces: list[np.ndarray | None] = [None] * len(heads)
    for box, _ in agreed([faces_of(boxes, FAINT) for boxes in found], len(found)):
        low, high = np.maximum(box[:2], heads[:, :2]), np.minimum(box[2:], heads[:, 2:4])
        shared, size = (high - low).clip(0).prod(1), float((box[2:] - box[:2]).prod())
        free = np.array([face is None for face in faces], bool)
        fits = free & (shared >= IN_HEAD * size) & (size >= OF_HEAD * area)
        if fits.any():
            faces[int(np.where(fits, shared, 0).argmax())] = box
    pairs = zip(heads, faces, strict=True)
    return [as_row(name, "head", head) if face is None else face_row(name, face) for head, face in pairs]


def confirm(teachers: Sequence[FindsBoxes], source: Path, out: Path) -> tuple[int, int]:
    """Write the set `out`; the number of its pictures and of their `face` rows."""
    with open(source / "labels.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    new, pictures, absent = [], read_set(source), absent_classes(source)
    for picture in pictures:
        drawn = [row for row in rows if row[0] == picture.path.name]
        new += confirmed(drawn, look(teachers, read_picture(picture), DOUBT), absent)
    derive(source, out, (picture.path.name for picture in pictures), (), {"faces": "pseudo"})
    with open(out / "labels.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *new])
    return len(pictures), sum(row[1] == "face" for row in new)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path)
    parser.add_argument("out", type=Path, help="folder to make")
    parser.add_argument("--teachers", type=Path, nargs="+", required=True, help="ONNX detectors, e.g. YuNet-n")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    pictures, faces = confirm([open_detector(path) for path in args.teachers], args.set, args.out)
    print(f"{args.out}: {pictures} pictures, {faces} faces")


if __name__ == "__main__":
    main()
