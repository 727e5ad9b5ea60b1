"""A set made from another: links to its pictures, its rows, and rows that a machine adds. Opens no picture."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path

from training.sets import COLUMNS, read_states


def derive(
    source: Path, out: Path, names: Iterable[str], more: Iterable[list[str]] = (), states: dict[str, str] | None = None
) -> None:
    """The pictures `names` of the set `source` and their rows, then the rows `more`, as the set `out`.

    `out` must not exist: nothing is lost. `states` replace what the source says of each class.
    """
    wanted = set(names)
    out.mkdir(parents=True)
    for name in sorted(wanted):
        (out / name).symlink_to((source / name).resolve())
    with open(source / "labels.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in list(csv.reader(file))[1:] if row[0] in wanted]
    with open(out / "labels.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows, *more])
    (out / "set.json").write_text(json.dumps({**read_states(source), **(states or {})}) + "\n", encoding="utf-8")
