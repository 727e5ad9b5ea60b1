"""What a person refuted is no face on either side of a split, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

from training.refute import TABLE, box_of, refute, refuted
from training.sets import BOX_CLASSES, FACE, IGNORE, LURE, read_set
from training.split import split

SAID = [["a.png", "lure", "10", "10", "20", "20"], ["b.png", "ignore", "10", "10", "20", "20"]]


def test_a_face_where_a_person_saw_none_becomes_what_the_person_said() -> None:
    near = ["11", "11", "20", "20"]
    rows = [["a.png", "face", *near], ["b.png", "face", *near], ["c.png", "face", *near]]
    assert [row[1] for row in refuted(rows, SAID)] == ["lure", "ignore", "face"]
    assert [row[2:] for row in refuted(rows, SAID)] == [near] * 3


def test_a_face_beside_it_and_a_box_of_another_class_stay() -> None:
    rows = [
        ["a.png", "face", "22", "10", "20", "20"],
        ["a.png", "plate", "10", "10", "20", "20"],
        ["a.png", "headpoint", "10", "10", "", ""],
    ]
    assert refuted(rows, SAID) == rows


def test_the_nearest_of_several_counts() -> None:
    said = [["a.png", "lure", "10", "10", "20", "20"], ["a.png", "ignore", "12", "12", "20", "20"]]
    assert refuted([["a.png", "face", "12", "12", "20", "20"]], said)[0][1] == "ignore"


def test_both_sides_of_a_split_are_told(tmp_path: Path) -> None:
    # Pictures 0 to 111 are learnt from, 112 to 127 are kept.
    source, table, head = tmp_path / "bus", tmp_path / "refuted.csv", "file,class,x,y,w,h\n"
    source.mkdir()
    names = [f"{n:03}.png" for n in range(128)]
    for name in names:
        (source / name).touch()
    (source / "labels.csv").write_text(head + "".join(f"{name},face,10,10,20,20\n" for name in names))
    told = ["bus,000.png,lure", "bus,120.png,ignore", "car,001.png,lure"]
    table.write_text(f"set,{head}" + "".join(f"{row},10,10,20,20\n" for row in told))
    learn, tune = tmp_path / "learn" / "bus", tmp_path / "tune" / "bus"
    assert split(source, learn, tune, table) == (112, 16)
    kinds = {p.path.name: int(p.boxes[0, 4]) for folder in (learn, tune) for p in read_set(folder)}
    assert {name: kind for name, kind in kinds.items() if kind != FACE} == {"000.png": LURE, "120.png": IGNORE}
    assert len(kinds) == 128
    assert refute(learn, table) == 0


def test_every_row_of_the_table_has_a_box_and_says_what_it_is() -> None:
    rows = [line.split(",") for line in TABLE.read_text(encoding="utf-8").splitlines()[1:]]
    assert rows
    for row in rows:
        assert BOX_CLASSES[row[2]] in (LURE, IGNORE)
        assert (box_of(row[1:])[2:] > box_of(row[1:])[:2]).all()
