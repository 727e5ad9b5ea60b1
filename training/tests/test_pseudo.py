"""A machine's label is what several detectors agree on, and never goes over a person's."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from training.detectors import FindsBoxes
from training.pseudo import agreed, label
from training.sets import FACE, IGNORE, PLATE, read_set, read_states

SIDE = 100


def boxes(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 6)


def finds(*rows: tuple[float, ...]) -> FindsBoxes:
    """A detector that finds these boxes, given in pixels of a picture of SIDE, at any size."""

    def detector(image: np.ndarray, least: float) -> np.ndarray:
        found = boxes(*rows)
        found[:, :4] *= image.shape[0] / SIDE
        return found[found[:, 4] >= least]

    return detector


def make_set(folder: Path, rows: str, states: str) -> Path:
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), np.full((SIDE, SIDE, 3), 128, np.uint8))
    (folder / "labels.csv").write_text("file,class,x,y,w,h\n" + rows)
    (folder / "set.json").write_text(states)
    return folder


def test_two_that_are_sure_make_a_face_between_their_boxes() -> None:
    one, two = boxes((10, 10, 30, 30, 0.6, FACE)), boxes((12, 10, 32, 30, 0.6, FACE))
    ((box, sure),) = agreed([one, two], 2)
    assert sure
    np.testing.assert_allclose(box, [11, 10, 31, 30], atol=1e-4)


def test_one_that_is_sure_twice_or_two_of_whom_one_only_suspects_make_none() -> None:
    sure, suspected = boxes((10, 10, 30, 30, 0.9, FACE)), boxes((10, 10, 30, 30, 0.4, FACE))
    assert [found for _, found in agreed([np.concatenate([sure, sure]), boxes()], 2)] == [False]
    assert [found for _, found in agreed([sure, suspected], 2)] == [False]


def test_what_is_not_agreed_on_and_every_unlabelled_plate_is_ignored(tmp_path: Path) -> None:
    source = make_set(tmp_path / "s", "a.png,none,,,,\n", '{"faces": "unlabelled", "plates": "unlabelled"}')
    face, doubt = (10, 10, 30, 30, 0.8, FACE), (60, 10, 80, 30, 0.8, FACE)
    plate, tiny = (10, 60, 40, 70, 0.9, PLATE), (60, 60, 65, 65, 0.9, FACE)
    teachers = [finds(face, doubt, plate, tiny), finds(face, plate, tiny)]
    assert label(teachers, source, tmp_path / "out", 2) == (1, 1)
    (picture,) = read_set(tmp_path / "out")
    assert picture.count(FACE) == 1
    assert picture.count(IGNORE) == 3
    assert read_states(tmp_path / "out") == {"faces": "pseudo", "plates": "unlabelled"}


def test_a_persons_rows_and_word_stay(tmp_path: Path) -> None:
    source = make_set(tmp_path / "s", "a.png,face,8,8,24,24\n", '{"faces": "labelled", "plates": "none"}')
    missed = (60, 60, 80, 80, 0.8, FACE)
    teacher = finds((10, 10, 30, 30, 0.9, FACE), missed, (10, 60, 40, 70, 0.9, PLATE))
    assert label([teacher], source, tmp_path / "out", 1) == (1, 1)
    (picture,) = read_set(tmp_path / "out")
    np.testing.assert_allclose(picture.boxes, [[8, 8, 32, 32, FACE], [60, 60, 80, 80, FACE]], atol=0.1)
    assert read_states(tmp_path / "out") == {"faces": "labelled", "plates": "none"}
