"""Sets from public repositories: `python -m training.found CLONES OUT --apart DIR ...`.

CLONES holds a clone of each repository in SOURCES as `OWNER+NAME`; one that is not there is passed over. Pictures are
shrunk to LONGEST px. The same photos go around the web: one that resembles a picture under an `--apart` folder (all
that measures, and all that is trained on already) or one taken before, mirrored or not, is left out. Faces are not
labelled there: `training/pseudo.py` is the next step. Licences and sources: docs/cards/city.md.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np

from training.sets import COLUMNS

LONGEST, LEAST_SIDE = 1280, 96  # px; larger pictures are shrunk, smaller ones are left out
QUALITY = 95  # of the JPEG files
HASH_SIDE = 16
SAME_BITS = 24  # of 256: what a new size and another compression change at most
SUFFIXES = {".jpg", ".jpeg", ".png"}

Box = tuple[float, float, float, float]  # x, y, width, height in pixels of the stored picture
Found = tuple[Path, list[Box]]
"""A picture and its plates."""


def fingerprint(image: np.ndarray) -> np.ndarray:
    """uint8 (32,): for each of 16 x 16 places, whether it is brighter than the one left of it."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (HASH_SIDE + 1, HASH_SIDE), interpolation=cv2.INTER_AREA)
    return np.packbits(small[:, 1:] > small[:, :-1])


@dataclass
class Seen:
    """Pictures that must not come (again)."""

    prints: list[np.ndarray] = field(default_factory=list)

    def add(self, image: np.ndarray) -> None:
        self.prints += [fingerprint(image), fingerprint(image[:, ::-1])]

    def resembles(self, image: np.ndarray) -> bool:
        if not self.prints:
            return False
        different = np.stack(self.prints) ^ fingerprint(image)
        return int(np.unpackbits(different, axis=1).sum(1).min()) <= SAME_BITS

    def add_folder(self, folder: Path) -> None:
        for path in sorted(folder.rglob("*")):
            image = read(path) if path.suffix.lower() in SUFFIXES else None
            if image is not None:
                self.add(image)


def read(path: Path) -> np.ndarray | None:
    """uint8 (H, W, 3) as stored; None if it is no picture."""
    return cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)


def pictures(pattern: str, key: Callable[[str], str] = str) -> Callable[[Path], Iterator[Found]]:
    """All pictures of a pattern; of those whose names have one `key` the last."""

    def find(clone: Path) -> Iterator[Found]:
        for path in {key(path.name): path for path in sorted(clone.glob(pattern))}.values():
            yield path, []

    return find


def from_coco(clone: Path) -> Iterator[Found]:
    """Roboflow's export with COCO annotations: of the variants of a picture the first; `Plat` is a plate."""
    taken = set()
    for part in ("train", "valid", "test"):
        labels = json.loads((clone / part / "_annotations.coco.json").read_text(encoding="utf-8"))
        plates = {kind["id"] for kind in labels["categories"] if kind["name"] == "Plat"}
        boxes: dict[int, list[Box]] = {}
        for row in labels["annotations"]:
            if row["category_id"] in plates:
                x, y, w, h = map(float, row["bbox"])
                boxes.setdefault(row["image_id"], []).append((x, y, w, h))
        for image in labels["images"]:
            stem = image["file_name"].split(".rf.")[0]
            if stem not in taken and image["id"] in boxes:
                taken.add(stem)
                yield clone / part / image["file_name"], boxes[image["id"]]


def from_voc(clone: Path) -> Iterator[Found]:
    """Pascal VOC files in `Dataset/annotations`; every object is a plate. Pictures of the set `cars` are left out."""
    folder = clone / "Dataset"
    for path in sorted((folder / "annotations").glob("v*.xml")):
        images = (folder / "images" / f"{path.stem}{suffix}" for suffix in (".jpeg", ".jpg", ".png"))
        image = next((image for image in images if image.exists()), None)
        boxes = list(voc_boxes(path))
        if image and boxes and "Cars" not in path.name:
            yield image, boxes


def voc_boxes(path: Path) -> Iterator[Box]:
    for box in ElementTree.parse(path).getroot().iter("bndbox"):
        x0, y0, x1, y1 = (float(box.findtext(name) or 0) for name in ("xmin", "ymin", "xmax", "ymax"))
        yield x0, y0, x1 - x0, y1 - y0


@dataclass(frozen=True)
class Source:
    """One set: where it comes from, which of its pictures, and at most how many of them."""

    name: str
    repository: str
    find: Callable[[Path], Iterable[Found]]
    most: int
    states: dict[str, str]


UNKNOWN = {"faces": "unlabelled", "plates": "unlabelled"}
PLATES = {"faces": "unlabelled", "plates": "labelled"}
NOTHING = {"faces": "none", "plates": "none"}
MASKS, HATS = "KaranFriends/Mask-Dataset", "Panly23/Labeling-data-for-safety-helmets-and-work-uniforms"
PEDESTRIANS = "LS-chen/Pedestrian-behavior-detection-and-prediction"
INDONESIA = "devmasyadi/Data-Model-Scan-Plat-Nomor-Kendaraan-Tensor-Flow"
SOURCES = (
    Source("street-people", PEDESTRIANS, pictures("JPEGImages/*.jpg"), 620, UNKNOWN),
    Source("people-web", MASKS, pictures("trainingimages/*.jpg"), 600, UNKNOWN),
    Source("masks-small", MASKS, pictures("mergedfolder/*.jpg"), 700, UNKNOWN),
    Source("hard-hats", HATS, pictures("dataset/train/images/*.jpg", lambda n: n.split("_jpg")[0]), 650, UNKNOWN),
    Source("bikes-helmets", "mukammilbasha/Dataset", pictures("images/train/BikesHelmets*.png"), 600, UNKNOWN),
    Source("coco-mixed", "lightly-ai/coco128_yolo", pictures("images/**/*.jpg"), 300, UNKNOWN),
    Source("plates-indonesia-us", INDONESIA, from_coco, 400, PLATES),
    Source("plates-india", "GeorgeVasile04/Car-plate-detection", from_voc, 400, PLATES),
    Source("none-facades", "a-hwang/building-facade-segmentation", pictures("*/**/*.jpg"), 420, NOTHING),
)


def collect(source: Source, clone: Path, out: Path, seen: Seen) -> tuple[int, int]:
    """Write a set; the numbers of pictures that came in and that were left out as seen."""
    found = list(source.find(clone))
    random.Random(7).shuffle(found)  # so that the first ones are not all of one place
    folder, rows, doubles = out / source.name, [COLUMNS], 0
    folder.mkdir(parents=True)
    count = 0
    for path, boxes in found:
        if count == source.most:
            break
        image = read(path)
        if image is None or min(image.shape[:2]) < LEAST_SIDE:
            continue
        if seen.resembles(image):
            doubles += 1
            continue
        seen.add(image)
        scale = min(1.0, LONGEST / max(image.shape[:2]))
        if scale < 1:
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        name = f"{count:04d}.jpg"
        cv2.imwrite(str(folder / name), image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        sized = [box for box in boxes if min(box[2:]) * scale > 1]
        rows += [[name, "plate", *(f"{value * scale:.1f}" for value in box)] for box in sized]
        if not sized:
            rows.append([name, "none", "", "", "", ""])
        count += 1
    with open(folder / "labels.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    (folder / "set.json").write_text(json.dumps(source.states) + "\n", encoding="utf-8")
    return count, doubles


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clones", type=Path, help="folder of clones, OWNER+NAME each")
    parser.add_argument("out", type=Path, help="folder of sets to make")
    parser.add_argument("--apart", type=Path, nargs="+", required=True, help="folders whose pictures must not come")
    args = parser.parse_args()
    seen = Seen()
    for folder in args.apart:
        seen.add_folder(folder)
    for source in SOURCES:
        clone = args.clones / source.repository.replace("/", "+")
        if not clone.is_dir():
            print(f"{source.name}: {clone} is not there")
            continue
        count, doubles = collect(source, clone, args.out, seen)
        print(f"{source.name}: {count} pictures, {doubles} left out as seen before")


if __name__ == "__main__":
    main()
