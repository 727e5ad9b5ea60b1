"""A contact sheet of what the feed makes: `python -m training.synthesis_sheet OUT.png --data DIR`.

Rows of places cut from pictures at their stored size and enlarged threefold, so that a person can judge whether a
plate looks photographed. Not for a repository: it shows the sets' pictures.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import cv2
import numpy as np

from training.compose import Drawer, decoy, mount, replate
from training.feed import read_picture
from training.sets import PLATE, Picture, list_sets, read_set

SHOWN, ENLARGED = 96, 3  # px of the picture in a tile; sheet px per picture px
KINDS = ("real", "replate", "mount", "decoy")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder of labelled sets")
    parser.add_argument("--sets", nargs="+", help="default: all")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--columns", type=int, default=6)
    return parser.parse_args()


def tiles(kind: str, pictures: list[Picture], rng: Random, drawer: Drawer) -> Iterator[tuple[np.ndarray, float]]:
    """Endless (tile, seconds that the composing took)."""
    with_plates = [picture for picture in pictures if picture.count(PLATE)]
    while True:
        picture = rng.choice(with_plates if kind in ("real", "replate") else pictures)
        image = read_picture(picture)
        begin = time.perf_counter()
        box: np.ndarray | None
        if kind in ("real", "replate"):
            box = rng.choice(list(picture.boxes[picture.boxes[:, 4] == PLATE]))[:4]
            if kind == "replate":
                replate(image, box, rng, drawer)
        else:
            make = mount if kind == "mount" else decoy
            box = make(image, rng, picture.boxes, drawer)
        took = time.perf_counter() - begin
        if box is not None:
            yield cut_tile(image, box), took


def cut_tile(image: np.ndarray, box: np.ndarray) -> np.ndarray:
    """uint8 square around the box, enlarged; more of the picture where the box is large, then enlarged less."""
    side = max(SHOWN, round(1.3 * float(max(box[2] - box[0], box[3] - box[1]))))
    middle = (float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2)
    tile = cv2.getRectSubPix(image, (side, side), middle)
    return cv2.resize(tile, (SHOWN * ENLARGED,) * 2, interpolation=cv2.INTER_CUBIC if side == SHOWN else cv2.INTER_AREA)


def main() -> None:
    args = arguments()
    cv2.setNumThreads(1)
    pictures = [picture for name in args.sets or list_sets(args.data) for picture in read_set(args.data / name)]
    rng, drawer = Random(args.seed), Drawer()
    sheet = []
    for kind in args.kinds:
        source, took = tiles(kind, pictures, rng, drawer), []
        for _ in range(args.rows):
            row = []
            for _ in range(args.columns):
                tile, seconds = next(source)
                cv2.putText(tile, kind, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 255, 0), 1)
                row.append(tile)
                took.append(seconds)
            sheet.append(np.hstack(row))
        print(f"{kind}: {1000 * np.mean(took):.1f} ms a call, drawing included")
    cv2.imwrite(str(args.out), np.vstack(sheet))


if __name__ == "__main__":
    main()
