"""What a person saw in boxes that machines had called faces: `refuted.csv`, applied to a set by `training/split.py`.

In pictures of cars and motorcycles, detectors that agree take wheels, lamps and mirrors for faces. A row of the table
names a set, a picture and a box, and says what the box is: a `lure`, where there is certainly no face, or `ignore`,
where a face may sit behind the glass. A `face` of the set that lies there becomes that.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from training.pseudo import iou
from training.sets import COLUMNS, read_row

TABLE = Path(__file__).with_name("refuted.csv")
SAME = 0.5
"""Overlap (IoU) from which a labelled box is the refuted one: a machine draws it a little elsewhere each time."""


def refuted(rows: list[list[str]], said: list[list[str]]) -> list[list[str]]:
    """The rows of one set, of which a person `said` some (as they stand in the table, from the file on)."""
    out = []
    for row in rows:
        here = [told for told in said if told[0] == row[0]]
        if row[1] == "face" and here:
            shares = iou(box_of(row), np.stack([box_of(told) for told in here]))
            if shares.max() >= SAME:
                row = [row[0], here[int(shares.argmax())][1], *row[2:]]
        out.append(row)
    return out


def box_of(row: list[str]) -> np.ndarray:
    """float32 (4,): x0, y0, x1, y1 of a row that has a box."""
    box = read_row(row, row[0])[1]
    if box is None:
        raise ValueError(f"{row[0]}: no box in {row}")
    return np.array(box[:4], np.float32)


def refute(folder: Path, table: Path = TABLE) -> int:
    """Rewrite the labels of the set in `folder`; the number of rows that are no face any more."""
    with open(table, newline="", encoding="utf-8") as file:
        said = [row[1:] for row in list(csv.reader(file))[1:] if row[0] == folder.name]
    labels = folder / "labels.csv"
    with open(labels, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    new = refuted(rows, said)
    with open(labels, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *new])
    return sum(before != after for before, after in zip(rows, new, strict=True))
