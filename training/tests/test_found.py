"""Found sets hold no picture twice, none that measures, and boxes in the pixels of what was written."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from training.exports import pictures, voc
from training.found import PLATES, Seen, Source, collect
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
        corners = ((200, 100, 400, 150), (2400, -20, 2600, 60))  # the second reaches beyond the picture
        names = ("xmin", "ymin", "xmax", "ymax")
        boxes = ["".join(f"<{a}>{v}</{a}>" for a, v in zip(names, box, strict=True)) for box in corners]
        text = "".join(f"<object><bndbox>{box}</bndbox></object>" for box in boxes)
        (clone / f"annotations/v1_{n}.xml").write_text(f"<annotation>{text}</annotation>")
    find = voc("Dataset/annotations/*.xml", "Dataset/images", "plate", without="Cars")
    collect(Source("s", "o/n", find, 1, PLATES), tmp_path / "clone", tmp_path / "out", Seen())
    (picture,) = read_set(tmp_path / "out/s")
    np.testing.assert_allclose(picture.boxes, [[100, 50, 200, 75, PLATE], [1200, 0, 1280, 30, PLATE]])
