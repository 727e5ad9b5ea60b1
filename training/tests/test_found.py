"""Found sets hold no picture twice, none that measures, and boxes in the pixels of what was written."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from training.found import PLATES, Seen, Source, collect, from_coco, from_voc, pictures
from training.sets import PLATE, read_set


def scene(seed: int, width: int = 320, height: int = 200) -> np.ndarray:
    """uint8 (height, width, 3): soft spots unlike those of another seed."""
    cells = np.random.default_rng(seed).integers(0, 255, (9, 13, 3), np.uint8)
    return cv2.resize(cells, (width, height), interpolation=cv2.INTER_CUBIC)


def save(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image)


def test_what_was_seen_before_in_another_size_or_mirrored_is_left_out(tmp_path: Path) -> None:
    measuring = scene(1)
    save(tmp_path / "eval/a.png", measuring)
    save(tmp_path / "clone/smaller.jpg", cv2.resize(measuring, (240, 150), interpolation=cv2.INTER_AREA))
    save(tmp_path / "clone/turned.jpg", measuring[:, ::-1])
    save(tmp_path / "clone/new.jpg", scene(2))
    save(tmp_path / "clone/new-again.png", scene(2))
    save(tmp_path / "clone/tiny.png", scene(3, 90, 90))
    seen = Seen()
    seen.add_folder(tmp_path / "eval")
    source = Source("s", "o/n", pictures("*.*"), 10, PLATES)
    assert collect(source, tmp_path / "clone", tmp_path / "out", seen) == (1, 3)
    assert len(read_set(tmp_path / "out/s")) == 1


def test_boxes_shrink_with_their_picture_and_no_more_come_than_asked(tmp_path: Path) -> None:
    clone = tmp_path / "clone/Dataset"
    for n in (1, 2):
        save(clone / f"images/v1_{n}.png", scene(n, 2560, 1440))
        (clone / "annotations").mkdir(exist_ok=True)
        box = "<bndbox><xmin>200</xmin><ymin>100</ymin><xmax>400</xmax><ymax>150</ymax></bndbox>"
        (clone / f"annotations/v1_{n}.xml").write_text(f"<annotation><object>{box}</object></annotation>")
    collect(Source("s", "o/n", from_voc, 1, PLATES), tmp_path / "clone", tmp_path / "out", Seen())
    (picture,) = read_set(tmp_path / "out/s")
    np.testing.assert_allclose(picture.boxes, [[100, 50, 200, 75, PLATE]])


def test_of_the_variants_of_an_export_one_comes_with_its_plates_only(tmp_path: Path) -> None:
    labels = {
        "categories": [{"id": 0, "name": "Plat"}, {"id": 1, "name": "A"}],
        "images": [{"id": n, "file_name": f"street_jpg.rf.{n}.jpg"} for n in (1, 2)],
        "annotations": [
            {"image_id": n, "category_id": kind, "bbox": [1, 2, 30, 10]} for n in (1, 2) for kind in (0, 1)
        ],
    }
    for part in ("train", "valid", "test"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "_annotations.coco.json").write_text(json.dumps(labels))
    assert list(from_coco(tmp_path)) == [(tmp_path / "train/street_jpg.rf.1.jpg", [(1.0, 2.0, 30.0, 10.0)])]
