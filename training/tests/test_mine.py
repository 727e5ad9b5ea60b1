"""Hard negatives are mined only where a class is known to be absent, and never on a labelled box."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from training.mine import mine
from training.sets import LURE, PLATE, read_set


def detector(image: np.ndarray, least: float) -> np.ndarray:
    """A face and a plate at fixed shares of the picture, whatever it shows."""
    height, width = image.shape[:2]
    face = [0.1 * width, 0.1 * height, 0.3 * width, 0.3 * height, 0.9, 0]
    plate = [0.6 * width, 0.6 * height, 0.9 * width, 0.7 * height, 0.5, 1]
    return np.array([face, plate], np.float32)


def make_set(folder: Path, rows: str, states: str) -> Path:
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), np.full((100, 100, 3), 128, np.uint8))
    (folder / "labels.csv").write_text("file,class,x,y,w,h\n" + rows)
    (folder / "set.json").write_text(states)
    return folder


def lures(folder: Path) -> list[np.ndarray]:
    (picture,) = read_set(folder)
    return [box for box in picture.boxes if box[4] == LURE]


def test_every_detection_in_a_set_without_faces_and_plates_is_a_lure(tmp_path: Path) -> None:
    source = make_set(tmp_path / "s", "a.png,none,,,,\n", '{"faces": "none", "plates": "labelled"}')
    assert mine(detector, source, tmp_path / "out") == (1, 2)
    assert len(lures(tmp_path / "out")) == 2


def test_a_class_with_boxes_in_the_set_is_not_mined_and_their_rows_stay(tmp_path: Path) -> None:
    source = make_set(tmp_path / "s", "a.png,plate,5,80,20,8\n", '{"faces": "none", "plates": "labelled"}')
    mine(detector, source, tmp_path / "out")
    (lure,) = lures(tmp_path / "out")
    assert lure[0] == 10
    assert read_set(tmp_path / "out")[0].count(PLATE) == 1


def test_unlabelled_and_machine_labelled_classes_are_not_mined(tmp_path: Path) -> None:
    source = make_set(tmp_path / "s", "a.png,none,,,,\n", '{"faces": "pseudo", "plates": "unlabelled"}')
    assert mine(detector, source, tmp_path / "out") == (1, 0)


def test_a_detection_on_an_ignored_box_is_no_lure(tmp_path: Path) -> None:
    source = make_set(tmp_path / "s", "a.png,ignore,5,5,30,30\n", '{"faces": "none", "plates": "unlabelled"}')
    assert mine(detector, source, tmp_path / "out") == (1, 0)
