"""Sets from public repositories: `python -m training.found CLONES OUT --apart DIR ...`.

CLONES holds a clone of each repository in SOURCES as `OWNER+NAME`; one that is not there is passed over. Pictures are
shrunk to LONGEST px. The same photos go around the web: one that resembles a picture under an `--apart` folder (all
that measures, and all that is trained on already) or one taken before, mirrored or not, is left out. The next step is
`training/pseudo.py` where faces are not labelled, `training/confirm.py` where people drew faces or heads. Licences:
docs/cards/city.md.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from training.exports import Box, Reader, coco, csv_corners, open_lpr, pictures, read, via, voc, yolo
from training.sets import COLUMNS

LONGEST, LEAST_SIDE = 1280, 96  # px; larger pictures are shrunk, smaller ones are left out
QUALITY = 95  # of the JPEG files
HASH_SIDE = 16
SAME_BITS = 24  # of 256: what a new size and another compression change at most
SUFFIXES = {".jpg", ".jpeg", ".png"}


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


@dataclass(frozen=True)
class Source:
    """One set: where it comes from, which of its pictures, and at most how many of them."""

    name: str
    repository: str
    find: Reader
    most: int
    states: dict[str, str]


UNKNOWN = {"faces": "unlabelled", "plates": "unlabelled"}
FACES = {"faces": "labelled", "plates": "unlabelled"}
PLATES = {"faces": "unlabelled", "plates": "labelled"}
NOTHING = {"faces": "none", "plates": "none"}
MASKS, HATS = "KaranFriends/Mask-Dataset", "Panly23/Labeling-data-for-safety-helmets-and-work-uniforms"
PEDESTRIANS = "LS-chen/Pedestrian-behavior-detection-and-prediction"
INDONESIA = "devmasyadi/Data-Model-Scan-Plat-Nomor-Kendaraan-Tensor-Flow"
RIDERS = "NagaBalaji005/Real-time-helmet-and-Traffic-violation-Detection-system-using-YOLO-and-DEEPSORT"
# Pictures of the set `cars` are left out.
INDIA = voc("Dataset/annotations/v*.xml", "Dataset/images", "plate", without="Cars")
MASKED = yolo("data/images/*.*g", {0: "face", 1: "face", 2: "face"})
# People boxed nearly every head, backs of heads as well. With more boxes than this they are a few pixels each.
HEADS = yolo("dataset/*/images/*.jpg", {0: "head"}, most_boxes=250, variants=False)
# Not the screenshots of a phone.
PUNJAB = yolo("data/*/images/*.jpg", {0: "plate"}, begins="IMG2")
# Raccoons deceive face detectors. People in these, seen by eye.
PEOPLE = (136, 172, 104, 174, 160, 180, 181, 19, 175, 25, 100, 195, 105, 193, 163, 182, 26, 196, 183)
RACCOONS = pictures("images/*.jpg", without=frozenset(f"raccoon-{n}" for n in PEOPLE))
SOURCES = (
    Source("street-people", PEDESTRIANS, pictures("JPEGImages/*.jpg"), 620, UNKNOWN),
    Source("people-web", MASKS, pictures("trainingimages/*.jpg"), 600, UNKNOWN),
    Source("masks-small", MASKS, pictures("mergedfolder/*.jpg"), 700, UNKNOWN),
    Source("hard-hats", HATS, pictures("dataset/train/images/*.jpg", lambda n: n.split("_jpg")[0]), 650, UNKNOWN),
    Source("bikes-helmets", "mukammilbasha/Dataset", pictures("images/train/BikesHelmets*.png"), 600, UNKNOWN),
    Source("coco-mixed", "lightly-ai/coco128_yolo", pictures("images/**/*.jpg"), 300, UNKNOWN),
    Source("plates-indonesia-us", INDONESIA, coco({"Plat": "plate"}), 400, PLATES),
    Source("plates-india", "GeorgeVasile04/Car-plate-detection", INDIA, 400, PLATES),
    Source("none-facades", "a-hwang/building-facade-segmentation", pictures("*/**/*.jpg"), 420, NOTHING),
    Source("faces-stock", "Icyfire18/Face_Counting", csv_corners("bbox_train.csv", "dataset", "face", 3), 1500, FACES),
    Source("faces-masks-web", "MacwinWin/face_mask_dataset", MASKED, 500, FACES),
    Source("crowds-heads", "Az1zT/Smart-Attendance-System", HEADS, 1000, UNKNOWN),
    Source("plates-openlpr", "faisalthaheem/open-lpr-dataset-plate-detection", open_lpr, 2600, PLATES),
    Source("plates-riders", RIDERS, yolo("dataset/*/images/*.*g", {4: "plate"}), 200, PLATES),
    Source(
        "plates-bikes",
        "kernelops/helmet-mirror-licence-plate-detection-yolov8-ocr",
        yolo("dataset/*/images/*.jpg", {4: "plate"}),
        500,
        PLATES,
    ),
    Source("plates-punjab", "Jayatiaggarwal12/license_plate_ai", PUNJAB, 100, PLATES),
    Source("plates-rickshaw", "pradeepelavarasan/Auto-Rickshaw-Number-Plate-Dataset", via("plate", "AUTO"), 50, PLATES),
    Source("none-animals", "datitran/raccoon_dataset", RACCOONS, 200, NOTHING),
)


def collect(source: Source, clone: Path, out: Path, seen: Seen) -> tuple[int, int]:
    """Write a set; the numbers of pictures that came in and that were left out as seen."""
    found = list(source.find(clone))
    random.Random(7).shuffle(found)  # so that the first ones are not all of one place
    folder, rows, doubles = out / source.name, [COLUMNS], 0
    folder.mkdir(parents=True)
    count = 0
    for path, drawn in found:
        if count == source.most:
            break
        image = read(path)
        if image is None or min(image.shape[:2]) < LEAST_SIDE:
            continue
        if seen.resembles(image):
            doubles += 1
            continue
        seen.add(image)
        height, width = image.shape[:2]
        scale = min(1.0, LONGEST / max(height, width))
        if scale < 1:
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        name = f"{count:04d}.jpg"
        cv2.imwrite(str(folder / name), image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        boxes = [(kind, shrunk(box, width, height, scale)) for kind, box in drawn]
        sized = [(kind, box) for kind, box in boxes if min(box[2:]) > 1]
        rows += [[name, kind, *(f"{value:.1f}" for value in box)] for kind, box in sized]
        if not sized:
            rows.append([name, "none", "", "", "", ""])
        count += 1
    with open(folder / "labels.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    (folder / "set.json").write_text(json.dumps(source.states) + "\n", encoding="utf-8")
    return count, doubles


def shrunk(box: Box, width: int, height: int, scale: float) -> Box:
    """The part of a box that lies in the picture, in the pixels of a smaller one."""
    x, y, w, h = box
    x0, y0, x1, y1 = max(0.0, x), max(0.0, y), min(float(width), x + w), min(float(height), y + h)
    return x0 * scale, y0 * scale, (x1 - x0) * scale, (y1 - y0) * scale


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
