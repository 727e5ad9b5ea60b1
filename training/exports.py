"""Formats in which public repositories keep pictures and boxes that people drew.

Each reader takes a clone and gives its pictures with their rows: a class of labels.csv and a box in pixels of the
stored picture. Which classes a source has, and what is complete in it, is said in `training/found.py`.
"""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np

Box = tuple[float, float, float, float]  # x, y, width, height in pixels of the stored picture
Row = tuple[str, Box]
Found = tuple[Path, list[Row]]
"""A picture and what people drew in it."""
Reader = Callable[[Path], Iterator[Found]]

# Names of Open Images pictures. A measuring set is made of them, so none comes from collections of unknown origin.
OPEN_IMAGES = re.compile(r"^[0-9a-f]{16}([_.]|$)")
SAME_ASPECT = 0.03  # of a stored picture and of the one that boxes were drawn in: a turn in the metadata changes it


def read(path: Path) -> np.ndarray | None:
    """uint8 (H, W, 3) as stored; None if it is no picture."""
    return cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)


def pictures(pattern: str, key: Callable[[str], str] = str, without: frozenset[str] = frozenset()) -> Reader:
    """All pictures of a pattern but the stems `without`; of those whose names have one `key` the last."""

    def find(clone: Path) -> Iterator[Found]:
        for path in {key(path.name): path for path in sorted(clone.glob(pattern))}.values():
            if path.stem not in without:
                yield path, []

    return find


def stem_of(name: str) -> str:
    """What the variants that Roboflow makes of one picture have in common: `STEM.rf.HASH.jpg`."""
    return name.split(".rf.")[0]


def yolo(
    pattern: str, names: dict[int, str], begins: str = "", most_boxes: int = 10_000, variants: bool = True
) -> Reader:
    """Roboflow's YOLO export: pictures by `pattern`, labels in the folder beside theirs; of the `variants` of a picture
    the first (without, a stem may stand for several pictures), and none with more than `most_boxes`. Names begin with
    `begins`. Polygons become their hull."""

    def find(clone: Path) -> Iterator[Found]:
        taken = set()
        for path in sorted(clone.glob(pattern)):
            labels = path.parent.parent / "labels" / f"{path.stem}.txt"
            one = stem_of(path.name) if variants else path.name
            unwanted = OPEN_IMAGES.match(path.name) or not path.name.startswith(begins)
            if one in taken or unwanted or not labels.exists():
                continue
            lines = labels.read_text().splitlines()
            image = read(path) if len(lines) <= most_boxes else None
            if image is not None:
                taken.add(one)
                yield path, [row for line in lines for row in yolo_row(line, names, image)]

    return find


def yolo_row(line: str, names: dict[int, str], image: np.ndarray) -> Iterator[Row]:
    """`class x y w h` of the centre or `class x y x y ...` of a polygon, in shares of the picture."""
    kind, *numbers = map(float, line.split())
    if int(kind) not in names or len(numbers) < 4:
        return
    if len(numbers) == 4:
        x, y, w, h = numbers
        xs, ys = [x - w / 2, x + w / 2], [y - h / 2, y + h / 2]
    else:
        xs, ys = numbers[::2], numbers[1::2]
    height, width = image.shape[:2]
    size = ((max(xs) - min(xs)) * width, (max(ys) - min(ys)) * height)
    yield names[int(kind)], (min(xs) * width, min(ys) * height, *size)


def coco(names: dict[str, str]) -> Reader:
    """Roboflow's export with COCO annotations: of the variants of a picture the first with a box."""

    def find(clone: Path) -> Iterator[Found]:
        taken = set()
        for part in ("train", "valid", "test"):
            said = json.loads((clone / part / "_annotations.coco.json").read_text(encoding="utf-8"))
            kinds = {kind["id"]: names[kind["name"]] for kind in said["categories"] if kind["name"] in names}
            rows: dict[int, list[Row]] = {}
            for drawn in said["annotations"]:
                if drawn["category_id"] in kinds:
                    x, y, w, h = map(float, drawn["bbox"])
                    rows.setdefault(drawn["image_id"], []).append((kinds[drawn["category_id"]], (x, y, w, h)))
            for image in said["images"]:
                stem = stem_of(image["file_name"])
                if stem not in taken and image["id"] in rows:
                    taken.add(stem)
                    yield clone / part / image["file_name"], rows[image["id"]]

    return find


def voc(pattern: str, images: str, kind: str, without: str) -> Reader:
    """Pascal VOC files by `pattern`, whose every object is a `kind`; pictures of the same stem in the folder `images`.
    Files with `without` in their name are left out."""

    def find(clone: Path) -> Iterator[Found]:
        for path in sorted(clone.glob(pattern)):
            here = (clone / images / f"{path.stem}{suffix}" for suffix in (".jpeg", ".jpg", ".png"))
            image = next((image for image in here if image.exists()), None)
            rows = [(kind, box) for box in voc_boxes(path)]
            if image and rows and without not in path.name:
                yield image, rows

    return find


def voc_boxes(path: Path) -> Iterator[Box]:
    for box in ElementTree.parse(path).getroot().iter("bndbox"):
        x0, y0, x1, y1 = (float(box.findtext(name) or 0) for name in ("xmin", "ymin", "xmax", "ymax"))
        yield x0, y0, x1 - x0, y1 - y0


def open_lpr(clone: Path) -> Iterator[Found]:
    """The SQLite files of OpenLPR: a row a picture, boxes as JSON in pixels of the size that the row names."""
    asked = "select filename, imheight, imwidth, imgareas from annotations where isdeleted = 0 and isreviewed = 1"
    for part in ("train", "val"):
        for name, height, width, areas in sqlite3.connect(clone / f"{part}.db").execute(asked):
            path = clone / part / name
            image = read(path) if path.exists() and not OPEN_IMAGES.match(name) else None
            if image is None or not areas or not height or not width:
                continue
            sx, sy = image.shape[1] / width, image.shape[0] / height
            if abs(sx / sy - 1) > SAME_ASPECT:
                continue
            boxes = [area for area in json.loads(areas) if area.get("lbltxt") == "plate"]
            if boxes:
                yield path, [("plate", (a["x"] * sx, a["y"] * sy, a["width"] * sx, a["height"] * sy)) for a in boxes]


def csv_corners(labels: str, folder: str, kind: str, least: int) -> Reader:
    """A CSV with a line a box: Name, xmin, ymin, xmax, ymax. Pictures with `least` boxes and more."""

    def find(clone: Path) -> Iterator[Found]:
        rows: dict[str, list[Row]] = {}
        with open(clone / labels, newline="", encoding="utf-8") as file:
            for line in csv.DictReader(file):
                x0, y0, x1, y1 = (float(line[name]) for name in ("xmin", "ymin", "xmax", "ymax"))
                rows.setdefault(line["Name"], []).append((kind, (x0, y0, x1 - x0, y1 - y0)))
        for name in sorted(rows):
            if len(rows[name]) >= least and (clone / folder / name).exists():
                yield clone / folder / name, rows[name]

    return find


def via(kind: str, unless: str) -> Reader:
    """VGG Image Annotator: every rectangle is a `kind`, unless its class is `unless`."""

    def find(clone: Path) -> Iterator[Found]:
        for file in sorted(clone.glob("*.json")):
            for entry in json.loads(file.read_text(encoding="utf-8"))["_via_img_metadata"].values():
                rows: list[Row] = []
                for region in entry["regions"]:
                    shape, said = region["shape_attributes"], region["region_attributes"]
                    if shape.get("name") == "rect" and str(said.get("Class", "")).upper() != unless:
                        rows.append((kind, (shape["x"], shape["y"], shape["width"], shape["height"])))
                if rows:
                    yield clone / entry["filename"], rows

    return find
