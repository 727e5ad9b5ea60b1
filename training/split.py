"""Two halves of a data folder: `python -m training.split DATA LEARN TUNE`: one to learn from, one to set thresholds on.

Neighbours in the order of names are often the same scene, so whole runs of names go to one side. Both are folders of
links; a set that is too small for two sides is learnt from only.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

from training.sets import COLUMNS, list_sets, read_set, read_states

RUN = 16
"""Pictures in a row, by name, that stay together."""
EVERY = 8
"""One run in so many is for tuning."""


def side(index: int) -> bool:
    """Does the picture at this place in the order of names belong to the tuning side?"""
    return index // RUN % EVERY == EVERY - 1


def write(source: Path, out: Path, names: set[str]) -> None:
    """The pictures `names` of the set `source` and their rows, as the set `out`, which must not exist."""
    out.mkdir(parents=True)
    for name in sorted(names):
        (out / name).symlink_to((source / name).resolve())
    with open(source / "labels.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in list(csv.reader(file))[1:] if row[0] in names]
    with open(out / "labels.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
    (out / "set.json").write_text(json.dumps(read_states(source)) + "\n", encoding="utf-8")


def split(source: Path, learn: Path, tune: Path) -> tuple[int, int]:
    """Write both sides of one set; the number of pictures of each."""
    names = sorted(picture.path.name for picture in read_set(source))
    kept = {name for index, name in enumerate(names) if side(index)}
    write(source, learn, set(names) - kept)
    if kept:
        write(source, tune, kept)
    return len(names) - len(kept), len(kept)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of labelled sets")
    parser.add_argument("learn", type=Path, help="folder to make")
    parser.add_argument("tune", type=Path, help="folder to make")
    args = parser.parse_args()
    for name in list_sets(args.data):
        learnt, kept = split(args.data / name, args.learn / name, args.tune / name)
        print(f"{name}: {learnt} to learn from, {kept} to tune on")


if __name__ == "__main__":
    main()
