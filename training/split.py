"""Two halves of a data folder: `python -m training.split DATA LEARN TUNE`: one to learn from, one to set thresholds on.

Neighbours in the order of names are often the same scene, so whole runs of names go to one side. Both are folders of
links; a set that is too small for two sides is learnt from only. What `training/refute.py` knows to be no face is none
in either.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from training.derive import derive
from training.refute import TABLE, refute
from training.sets import list_sets, read_set

RUN = 16
"""Pictures in a row, by name, that stay together."""
EVERY = 8
"""One run in so many is for tuning."""


def side(index: int) -> bool:
    """Does the picture at this place in the order of names belong to the tuning side?"""
    return index // RUN % EVERY == EVERY - 1


def split(source: Path, learn: Path, tune: Path, table: Path = TABLE) -> tuple[int, int]:
    """Write both sides of one set; the number of pictures of each."""
    names = sorted(picture.path.name for picture in read_set(source))
    kept = {name for index, name in enumerate(names) if side(index)}
    derive(source, learn, set(names) - kept)
    refute(learn, table)
    if kept:
        derive(source, tune, kept)
        refute(tune, table)
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
