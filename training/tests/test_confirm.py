"""What people drew stands where a detector sees a face, and never becomes one where none does."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.confirm import confirm, confirmed
from training.sets import FACE, PLATE, read_set, read_states
from training.tests.test_pseudo import boxes, finds, make_set

NONE = boxes()


def kinds(rows: list[list[str]]) -> list[str]:
    return [row[1] for row in rows]


def test_a_face_that_no_teacher_half_sees_is_ignored() -> None:
    drawn = [["a.png", "face", "10", "10", "20", "20"], ["a.png", "face", "60", "10", "20", "20"]]
    faint = boxes((12, 12, 32, 32, 0.13, FACE), (62, 12, 82, 32, 0.11, FACE))
    rows = confirmed(drawn, [faint, NONE])
    assert rows == [drawn[0], ["a.png", "ignore", "60", "10", "20", "20"]]


def test_a_face_takes_the_place_of_the_head_around_it_and_other_heads_stay() -> None:
    drawn = [["a.png", "head", "10", "10", "30", "30"], ["a.png", "head", "60", "10", "30", "30"]]
    face = boxes((15, 20, 35, 40, 0.25, FACE))
    rows = confirmed(drawn, [face, NONE])
    assert rows == [
        ["a.png", "face", "15.0", "20.0", "20.0", "20.0"],
        ["a.png", "head", "60.0", "10.0", "30.0", "30.0"],
    ]


def test_one_head_gives_one_face_and_none_that_is_far_smaller_or_fainter() -> None:
    head = [["a.png", "head", "10", "10", "30", "30"]]
    two = boxes((12, 12, 26, 36, 0.9, FACE), (27, 12, 39, 36, 0.6, FACE))
    assert kinds(confirmed(head, [two])) == ["face"]
    assert kinds(confirmed(head, [boxes((20, 20, 30, 30, 0.9, FACE))])) == ["head"]
    assert kinds(confirmed(head, [boxes((12, 12, 38, 38, 0.19, FACE))])) == ["head"]


def test_where_heads_are_boxed_a_faint_face_outside_them_is_ignored() -> None:
    faint = boxes((60, 60, 80, 80, 0.25, FACE))
    assert kinds(confirmed([["a.png", "head", "10", "10", "30", "30"]], [faint, NONE])) == ["head", "ignore"]
    assert kinds(confirmed([["a.png", "none", "", "", "", ""]], [faint, NONE])) == ["none"]


def test_a_point_makes_no_box_and_a_class_that_is_absent_is_not_added() -> None:
    point, plate = ["a.png", "headpoint", "10", "10", "", ""], boxes((10, 60, 40, 70, 0.9, PLATE))
    assert kinds(confirmed([point], [plate])) == ["headpoint", "ignore"]
    assert kinds(confirmed([point], [plate], frozenset({PLATE}))) == ["headpoint"]


def test_what_people_left_out_is_a_face_where_the_teachers_agree_and_else_ignored() -> None:
    agreed, doubt, plate = (10, 10, 30, 30, 0.8, FACE), (60, 10, 80, 30, 0.8, FACE), (10, 60, 40, 70, 0.9, PLATE)
    rows = confirmed([["a.png", "none", "", "", "", ""]], [boxes(agreed, doubt, plate), boxes(agreed)])
    assert kinds(rows) == ["face", "ignore", "ignore"]
    tiny = boxes((10, 10, 15, 15, 0.9, FACE))
    assert kinds(confirmed([["a.png", "none", "", "", "", ""]], [tiny, tiny])) == ["ignore"]
    assert kinds(confirmed([["a.png", "none", "", "", "", ""]], [NONE, NONE])) == ["none"]


def test_a_set_is_confirmed_picture_by_picture_and_its_faces_are_a_machines(tmp_path: Path) -> None:
    rows = "a.png,face,10,10,20,20\na.png,plate,50,60,30,10\n"
    source = make_set(tmp_path / "s", rows, '{"faces": "labelled", "plates": "labelled"}')
    face = finds((10, 10, 30, 30, 0.8, FACE))
    assert confirm([face, face], source, tmp_path / "out") == (1, 1)
    (picture,) = read_set(tmp_path / "out")
    np.testing.assert_allclose(picture.boxes, [[10, 10, 30, 30, FACE], [50, 60, 80, 70, PLATE]])
    assert read_states(tmp_path / "out") == {"faces": "pseudo", "plates": "labelled"}
