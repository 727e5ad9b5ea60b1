"""Labelled sets on disk: reads them, refuses what is broken, and gives the whole a fingerprint.

A set is a folder with pictures, `labels.csv` and, if the defaults do not fit, `set.json`; README.md describes both.
This module opens no picture.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FACE, PLATE, IGNORE, LURE = 0, 1, 2, 3
COLUMNS = ["file", "class", "x", "y", "w", "h"]
# A head may show a face or not: neither right nor wrong. A head point has no size, so it makes no box. A lure is
# background that a detector took for a face or plate: a place to look at, not a box to find or to spare.
BOX_CLASSES = {"face": FACE, "plate": PLATE, "ignore": IGNORE, "head": IGNORE, "lure": LURE}
BOXLESS_CLASSES = ("none", "headpoint")
STATES = ("labelled", "pseudo", "none", "unlabelled")
DEFAULT_STATES = {"faces": "labelled", "plates": "none"}


class BrokenSet(ValueError):
    """A set that cannot be used as it is. The message names the file and, for a row, the line."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture and what is known about it."""

    path: Path
    boxes: np.ndarray
    """float32 (n, 5): x0, y0, x1, y1 in pixels of the stored picture, then FACE, PLATE, IGNORE or LURE."""
    known: tuple[bool, bool]
    """For faces and plates: does the lack of a box mean that there is none? False for an `unlabelled` class."""

    def count(self, kind: int) -> int:
        """Number of boxes of FACE, PLATE, IGNORE or LURE."""
        return int((self.boxes[:, 4] == kind).sum())


def list_sets(data: Path) -> list[str]:
    """Names of the sets right under `data`, sorted."""
    return sorted(labels.parent.name for labels in data.glob("*/labels.csv"))


def read_sets(data: Path) -> list[Picture]:
    """The pictures of all sets right under `data`, set after set. Raises BrokenSet."""
    return [picture for name in list_sets(data) for picture in read_set(data / name)]


def read_set(folder: Path) -> list[Picture]:
    """The pictures of a set in the order of their first row. Raises BrokenSet."""
    states = read_states(folder)
    known = (states["faces"] != "unlabelled", states["plates"] != "unlabelled")
    boxes: dict[str, list[tuple[float, ...]]] = {}
    labels = folder / "labels.csv"
    with open(labels, newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        if next(reader, None) != COLUMNS:
            raise BrokenSet(f"{labels}:1: the first line must be {','.join(COLUMNS)}")
        for row in reader:
            where = f"{labels}:{reader.line_num}"
            name, box = read_row(row, where)
            if name not in boxes and not (folder / name).is_file():
                raise BrokenSet(f"{where}: there is no picture {name!r} in the set")
            found = boxes.setdefault(name, [])
            if box is not None:
                found.append(box)
    return [Picture(folder / name, np.array(found, np.float32).reshape(-1, 5), known) for name, found in boxes.items()]


def read_row(row: list[str], where: str) -> tuple[str, tuple[float, ...] | None]:
    """File name and box (x0, y0, x1, y1, class), or no box for a class without one. `where` opens the message."""
    if len(row) != len(COLUMNS):
        raise BrokenSet(f"{where}: {len(row)} fields, not {len(COLUMNS)}")
    name, kind, *numbers = row
    if not name or name != Path(name).name:
        raise BrokenSet(f"{where}: {name!r} is not the plain name of a file")
    if kind in BOXLESS_CLASSES:
        return name, None
    if kind not in BOX_CLASSES:
        raise BrokenSet(f"{where}: unknown class {kind!r}; known are {', '.join([*BOX_CLASSES, *BOXLESS_CLASSES])}")
    try:
        x, y, w, h = (float(number) for number in numbers)
    except ValueError:
        raise BrokenSet(f"{where}: x, y, w, h must be numbers, not {numbers}") from None
    if not all(map(math.isfinite, (x, y, w, h))) or w <= 0 or h <= 0:
        raise BrokenSet(f"{where}: the box must be finite with w and h above 0, not {numbers}")
    return name, (x, y, x + w, y + h, BOX_CLASSES[kind])


def read_states(folder: Path) -> dict[str, str]:
    """`set.json` over the defaults; unknown keys and states are refused."""
    path = folder / "set.json"
    if not path.exists():
        return dict(DEFAULT_STATES)
    said = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(said, dict):
        raise BrokenSet(f"{path}: must be an object")
    for key, state in said.items():
        if key not in DEFAULT_STATES or state not in STATES:
            raise BrokenSet(f"{path}: {key!r}: {state!r}; keys are faces and plates, states {', '.join(STATES)}")
    return {**DEFAULT_STATES, **said}


def manifest_sha256(folders: Iterable[Path]) -> str:
    """One hash over the sets' names, labels, states and pictures, independent of where they lie.

    Each file enters as `set/file`, a tab, its own SHA-256 and a newline, sorted; so a moved picture, an edited row
    and a missing file all show.
    """
    lines = []
    for folder in folders:
        names = {picture.path.name for picture in read_set(folder)} | {"labels.csv"}
        if (folder / "set.json").exists():
            names.add("set.json")
        for name in names:
            digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
            lines.append(f"{folder.name}/{name}\t{digest}\n")
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()
