"""The set reader takes good sets, refuses broken ones by file and line, and fingerprints what it read."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest

from training.augment import crops
from training.sets import FACE, IGNORE, LURE, PLATE, BrokenSet, list_sets, manifest_sha256, read_set
from training.split import EVERY, RUN, split

HEADER = "file,class,x,y,w,h\n"


def make_set(folder: Path, rows: str, states: str | None = None) -> Path:
    folder.mkdir()
    (folder / "a.jpg").write_bytes(b"not opened by the reader")
    (folder / "labels.csv").write_text(HEADER + rows)
    if states is not None:
        (folder / "set.json").write_text(states)
    return folder


def test_boxes_come_as_corners_with_their_class(tmp_path: Path) -> None:
    rows = "a.jpg,face,1,2,3,4\na.jpg,plate,10.5,20,30,8\na.jpg,head,0,0,5,5\na.jpg,headpoint,3,3,0,0\n"
    (picture,) = read_set(make_set(tmp_path / "s", rows))
    expected = [[1, 2, 4, 6, FACE], [10.5, 20, 40.5, 28, PLATE], [0, 0, 5, 5, IGNORE]]
    np.testing.assert_array_equal(picture.boxes, np.array(expected, np.float32))
    assert picture.known == (True, True)


def test_a_none_row_gives_a_picture_without_boxes(tmp_path: Path) -> None:
    (picture,) = read_set(make_set(tmp_path / "s", "a.jpg,none,,,,\n", '{"faces": "unlabelled"}'))
    assert picture.boxes.shape == (0, 5)
    assert picture.known == (False, True)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("a.jpg,face,1,2,3", "5 fields"),
        ("a.jpg,face,1,2,x,4", "must be numbers"),
        ("a.jpg,face,1,2,0,4", "above 0"),
        ("a.jpg,face,1,2,nan,4", "finite"),
        ("a.jpg,person,1,2,3,4", "unknown class 'person'"),
        ("b.jpg,face,1,2,3,4", "no picture 'b.jpg'"),
        ("../a.jpg,face,1,2,3,4", "plain name"),
    ],
)
def test_a_broken_row_is_refused_with_file_and_line(tmp_path: Path, row: str, why: str) -> None:
    folder = make_set(tmp_path / "s", f"a.jpg,face,1,2,3,4\n{row}\n")
    with pytest.raises(BrokenSet, match=why) as refusal:
        read_set(folder)
    assert str(refusal.value).startswith(f"{folder / 'labels.csv'}:3: ")


@pytest.mark.parametrize("states", ['{"faces": "maybe"}', '{"cars": "labelled"}', "[]"])
def test_an_unknown_state_is_refused(tmp_path: Path, states: str) -> None:
    with pytest.raises(BrokenSet, match=r"set\.json"):
        read_set(make_set(tmp_path / "s", "a.jpg,none,,,,\n", states))


def test_the_manifest_shows_any_change_but_not_the_place(tmp_path: Path) -> None:
    hashes = []
    for place, rows in (("x", "a.jpg,none,,,,\n"), ("y", "a.jpg,none,,,,\n"), ("z", "a.jpg,face,1,2,3,4\n")):
        (tmp_path / place).mkdir()
        make_set(tmp_path / place / "s", rows)
        assert list_sets(tmp_path / place) == ["s"]
        hashes.append(manifest_sha256([tmp_path / place / "s"]))
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_lure_is_a_place_to_look_at_and_no_box_of_a_crop(tmp_path: Path) -> None:
    (picture,) = read_set(make_set(tmp_path / "s", "a.jpg,lure,40,40,20,20\n"))
    assert picture.boxes[0, 4] == LURE
    (crop,) = crops(np.full((200, 200, 3), 90, np.uint8), picture.boxes, 1, 64, Random(1))
    assert len(crop[1]) == 0


def test_both_sides_of_a_split_hold_whole_runs_and_nothing_twice(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    folder.mkdir()
    names = [f"{i:03}.jpg" for i in range(RUN * EVERY)]
    for name in names:
        (folder / name).write_bytes(b"not opened")
    (folder / "labels.csv").write_text(HEADER + "".join(f"{name},none,,,,\n" for name in names))
    assert split(folder, tmp_path / "learn", tmp_path / "tune") == (len(names) - RUN, RUN)
    tuned = [picture.path.name for picture in read_set(tmp_path / "tune")]
    assert tuned == names[-RUN:]
    learnt = [picture.path.name for picture in read_set(tmp_path / "learn")]
    assert sorted(tuned + learnt) == names
