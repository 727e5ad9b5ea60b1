"""Every format gives boxes in pixels of the stored picture, and of each picture one variant."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import cv2
import numpy as np

from training.exports import coco, csv_corners, open_lpr, pictures, via, voc, yolo


def picture(path: Path, width: int = 200, height: int = 100) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((height, width, 3), 90, np.uint8))
    return path


def test_of_the_variants_of_a_coco_export_one_comes_with_its_plates_only(tmp_path: Path) -> None:
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
    found = list(coco({"Plat": "plate"})(tmp_path))
    assert found == [(tmp_path / "train/street_jpg.rf.1.jpg", [("plate", (1.0, 2.0, 30.0, 10.0))])]


def test_a_yolo_export_gives_wanted_classes_and_hulls_of_polygons(tmp_path: Path) -> None:
    for name in ("a_jpg.rf.1.jpg", "a_jpg.rf.2.jpg", "0123456789abcdef_jpg.rf.1.jpg", "other.jpg", "unlabelled.jpg"):
        picture(tmp_path / "train/images" / name)
    labels = tmp_path / "train/labels"
    labels.mkdir()
    for stem in ("a_jpg.rf.1", "a_jpg.rf.2", "0123456789abcdef_jpg.rf.1"):
        (labels / f"{stem}.txt").write_text("0 0.5 0.5 0.1 0.2\n3 0.5 0.5 0.1 0.2\n0 0.1 0.1 0.2 0.1 0.2 0.3\n")
    (labels / "other.txt").write_text("0 0.5 0.5 0.1 0.2\n" * 9)
    ((path, rows),) = yolo("*/images/*.jpg", {0: "head"}, most_boxes=8)(tmp_path)
    assert path.name == "a_jpg.rf.1.jpg" and [kind for kind, _ in rows] == ["head", "head"]
    np.testing.assert_allclose([box for _, box in rows], [[90, 40, 20, 20], [20, 10, 20, 20]], atol=1e-9)
    assert [found.name for found, _ in yolo("*/images/*.jpg", {0: "head"}, begins="o")(tmp_path)] == ["other.jpg"]
    every = yolo("*/images/*.jpg", {0: "head"}, begins="a", variants=False)
    assert [found.name for found, _ in every(tmp_path)] == ["a_jpg.rf.1.jpg", "a_jpg.rf.2.jpg"]


def test_a_voc_file_gives_corners_as_a_box_unless_its_name_is_unwanted(tmp_path: Path) -> None:
    box = "<bndbox><xmin>20</xmin><ymin>10</ymin><xmax>60</xmax><ymax>30</ymax></bndbox>"
    (tmp_path / "xml").mkdir()
    for stem in ("one", "two", "nothing"):
        picture(tmp_path / f"images/{stem}.png")
        text = "" if stem == "nothing" else f"<object>{box}</object>"
        (tmp_path / f"xml/{stem}.xml").write_text(f"<annotation>{text}</annotation>")
    found = list(voc("xml/*.xml", "images", "plate", without="two")(tmp_path))
    assert found == [(tmp_path / "images/one.png", [("plate", (20.0, 10.0, 40.0, 20.0))])]


def test_boxes_of_open_lpr_go_from_the_drawn_size_to_the_stored_one(tmp_path: Path) -> None:
    made = "create table annotations (filename, imheight, imwidth, imgareas, isdeleted, isreviewed)"
    area = json.dumps([{"lbltxt": kind, "x": 10, "y": 5, "width": 20, "height": 10} for kind in ("plate", "car")])
    for part in ("train", "val"):
        with sqlite3.connect(tmp_path / f"{part}.db") as base:
            base.execute(made)
            rows = [
                ("half.jpg", 50, 100, area, 0, 1),
                ("turned.jpg", 100, 50, area, 0, 1),
                ("gone.jpg", 50, 100, area, 0, 1),
            ]
            rows += [("deleted.jpg", 50, 100, area, 1, 1), ("0123456789abcdef.jpg", 50, 100, area, 0, 1)]
            base.executemany("insert into annotations values (?, ?, ?, ?, ?, ?)", rows)
    for name in ("half.jpg", "turned.jpg", "deleted.jpg", "0123456789abcdef.jpg"):
        picture(tmp_path / "train" / name)
    assert list(open_lpr(tmp_path)) == [(tmp_path / "train/half.jpg", [("plate", (20.0, 10.0, 40.0, 20.0))])]


def test_a_csv_of_corners_gives_pictures_with_enough_boxes(tmp_path: Path) -> None:
    lines = ["Name,width,height,xmin,ymin,xmax,ymax", "a.png,9,9,1,2,4,6", "a.png,9,9,5,2,8,6", "b.png,9,9,1,2,4,6"]
    (tmp_path / "boxes.csv").write_text("\n".join(lines) + "\n")
    for name in ("a.png", "b.png"):
        picture(tmp_path / "shots" / name)
    found = list(csv_corners("boxes.csv", "shots", "face", 2)(tmp_path))
    assert found == [(tmp_path / "shots/a.png", [("face", (1.0, 2.0, 3.0, 4.0)), ("face", (5.0, 2.0, 3.0, 4.0))])]


def test_a_rectangle_of_the_image_annotator_is_a_plate_unless_it_is_the_vehicle(tmp_path: Path) -> None:
    shape = {"name": "rect", "x": 1, "y": 2, "width": 30, "height": 10}
    regions = [
        {"shape_attributes": shape, "region_attributes": {"Class": "Auto"}},
        {"shape_attributes": shape, "region_attributes": {"Class": "KA 01"}},
        {"shape_attributes": {"name": "circle"}, "region_attributes": {}},
    ]
    (tmp_path / "via.json").write_text(
        json.dumps({"_via_img_metadata": {"x": {"filename": "a.jpg", "regions": regions}}})
    )
    assert list(via("plate", "AUTO")(tmp_path)) == [(tmp_path / "a.jpg", [("plate", (1, 2, 30, 10))])]


def test_pictures_come_without_the_stems_that_are_struck_out(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        picture(tmp_path / name)
    assert [path.name for path, _ in pictures("*.jpg", without=frozenset({"b"}))(tmp_path)] == ["a.jpg"]
