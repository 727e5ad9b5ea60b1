"""Drawn plates and decoys: repeatable, where they say they are, and never over a box."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import cv2
import numpy as np
import pytest

from training import decoys, plates, wear
from training.art import Pool, to_art
from training.compose import Drawer, decoy, draw_quad, hull, mount, replate
from training.feed import Crop, stream
from training.paste import Look, paste
from training.sets import FACE, IGNORE, PLATE, Picture
from training.soft import draw_soft
from training.synthesis import synthesise

PLAIN = Look(np.full(3, 250, np.float32), np.full(3, 5, np.float32), blur=0.3, noise=0.0, quality=0)


@pytest.fixture
def drawer() -> Drawer:
    return Drawer(12, 12)


def make_street(seed: int = 3, side: int = 256) -> np.ndarray:
    """uint8 (side, side, 3): blurred noise around mid grey."""
    noise = np.random.default_rng(seed).normal(110, 60, (side, side, 3))
    return np.clip(cv2.GaussianBlur(noise, (9, 9), 0), 0, 255).astype(np.uint8)


def changed_box(before: np.ndarray, after: np.ndarray, least: int = 12) -> np.ndarray:
    """x0, y0, x1, y1 of the pixels that differ by `least` or more."""
    rows, columns = np.nonzero(np.abs(before.astype(int) - after).max(2) >= least)
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])


@pytest.mark.parametrize("style", plates.STYLES, ids=lambda style: style.name)
def test_every_style_is_drawn_in_its_shape_and_with_ink_on_it(style: plates.Style) -> None:
    for seed in range(4):
        rng = random.Random(seed)
        flat = plates.draw_flat(style, rng)
        assert style.aspect[0] - 0.1 <= flat.shape[1] / flat.shape[0] <= style.aspect[1] + 0.1
        assert flat.mean(2).std() > 15
        art = wear.worn(flat, rng)
        assert art.image.dtype == np.uint8
        assert (art.image[:, :, :3] <= art.image[:, :, 3:]).all()


@pytest.mark.parametrize("draw", [kind[0] for kind in decoys.KINDS], ids=lambda draw: draw.__name__)
def test_every_decoy_is_drawn(draw: object) -> None:
    for seed in range(6):
        art = draw(random.Random(seed))  # type: ignore[operator]
        assert art.image.shape[2] == 4
        assert art.image[:, :, 3].max() == 255


def test_a_seed_gives_the_same_picture_and_boxes_again() -> None:
    results = []
    for seed in (5, 5, 6):
        image, rng, drawer = make_street(), random.Random(seed), Drawer(12, 12)
        boxes = np.array([[20, 30, 90, 50, PLATE]], np.float32)
        for _ in range(10):
            boxes = synthesise(image, boxes, True, 1.0, rng, drawer)
        results.append((image, boxes))
    np.testing.assert_array_equal(results[0][0], results[1][0])
    np.testing.assert_array_equal(results[0][1], results[1][1])
    assert not np.array_equal(results[0][0], results[2][0])


def test_a_pool_draws_anew_until_full_and_then_mostly_repeats() -> None:
    rng = random.Random(1)
    pool = Pool(decoys.render, 5)
    first = [pool.draw(rng) for _ in range(5)]
    again = [pool.draw(rng) for _ in range(200)]
    assert len({id(art) for art in first}) == 5
    assert len({id(art) for art in again}) < 40


def test_the_hull_of_a_pasted_plate_is_where_pixels_changed() -> None:
    for seed in range(12):
        rng = random.Random(seed)
        art = to_art(np.full((60, 200, 3), 250, np.float32), np.ones((60, 200), np.float32), (0, 0, 200, 60))
        quad = draw_quad(art.aspect, rng) * rng.uniform(6, 50) + np.float32(140)
        before = np.full((280, 280, 3), 20, np.uint8)
        after = before.copy()
        paste(after, art, quad, PLAIN, rng)
        np.testing.assert_allclose(changed_box(before, after, 60), hull(quad), atol=1.5)


def test_a_mounted_plate_lies_in_the_picture_and_off_all_boxes(drawer: Drawer) -> None:
    avoid = np.array([[60, 60, 130, 150, FACE], [180, 20, 220, 40, IGNORE]], np.float32)
    found = 0
    for seed in range(40):
        image = make_street()
        before = image.copy()
        box = mount(image, random.Random(seed), avoid, drawer)
        for x0, y0, x1, y1 in avoid[:, :4].astype(int):
            np.testing.assert_array_equal(image[y0:y1, x0:x1], before[y0:y1, x0:x1])
        if box is None:
            np.testing.assert_array_equal(image, before)
            continue
        found += 1
        assert 0 <= box[0] < box[2] <= 256
        assert 0 <= box[1] < box[3] <= 256
        assert not np.array_equal(image, before)
    assert found > 25


def test_nothing_is_mounted_where_everything_is_taken(drawer: Drawer) -> None:
    image = make_street()
    everywhere = np.array([[0, 0, 256, 256, FACE]], np.float32)
    assert mount(image, random.Random(1), everywhere, drawer) is None
    np.testing.assert_array_equal(image, make_street())


def test_a_new_plate_leaves_the_rest_of_the_picture_as_it_was(drawer: Drawer) -> None:
    for seed in range(20):
        rng = random.Random(seed)
        image, before = make_street(), make_street()
        x, y, h = rng.uniform(60, 120), rng.uniform(60, 160), rng.uniform(6, 40)
        box = np.array([x, y, x + h * rng.uniform(1, 4), y + h], np.float32)
        replate(image, box, rng, drawer)
        inside = np.zeros(image.shape[:2], bool)
        grow = 0.4 * h + 4
        x0, y0, x1, y1 = (round(float(v)) for v in (box[0] - grow, box[1] - grow, box[2] + grow, box[3] + grow))
        inside[max(0, y0) : y1, max(0, x0) : x1] = True
        np.testing.assert_array_equal(image[~inside], before[~inside])
        assert not np.array_equal(image[inside], before[inside])


def test_a_decoy_adds_no_box(monkeypatch: pytest.MonkeyPatch, drawer: Drawer) -> None:
    monkeypatch.setattr("training.synthesis.MOUNTED", 0.0)
    monkeypatch.setattr("training.synthesis.DECOYED", 1.0)
    image, boxes = make_street(), np.array([[60, 60, 130, 150, FACE]], np.float32)
    after = synthesise(image, boxes, True, 1.0, random.Random(2), drawer)
    np.testing.assert_array_equal(after, boxes)
    assert not np.array_equal(image, make_street())


def test_decoys_without_text_are_never_as_small_as_unreadable_plates(drawer: Drawer) -> None:
    rng = random.Random(4)
    for _ in range(60):
        art = drawer.decoys.draw(rng)
        assert art.least_height in (0.0, decoys.LEAST_HEIGHT)
    assert decoy(np.zeros((8, 8, 3), np.uint8), rng, np.zeros((0, 4), np.float32), drawer) is None


def test_strength_zero_changes_nothing_and_more_adds_plates(drawer: Drawer) -> None:
    none = np.zeros((0, 5), np.float32)
    image = make_street()
    assert len(synthesise(image, none, True, 0.0, random.Random(1), drawer)) == 0
    np.testing.assert_array_equal(image, make_street())
    rng = random.Random(1)
    counts = [len(synthesise(make_street(), none, True, 5.0, rng, drawer)) for _ in range(60)]
    assert 5 <= sum(count > 0 for count in counts) <= 30
    assert max(counts) <= 3


def test_where_plates_are_not_labelled_none_is_added(drawer: Drawer) -> None:
    rng, none = random.Random(1), np.zeros((0, 5), np.float32)
    for _ in range(20):
        assert len(synthesise(make_street(), none, False, 2.0, rng, drawer)) == 0


@pytest.mark.parametrize("tall", [0.02, 0.2, 1.0])
def test_a_plate_seen_from_its_edge_is_a_sliver_and_no_fault(tall: float) -> None:
    art = to_art(np.full((60, 280, 3), 200.0), np.ones((60, 280)), (0, 0, 280, 60))
    quad = np.array([[60, 100], [60.05, 100], [60.05, 100 + tall], [60, 100 + tall]], np.float32)
    paste(make_street(), art, quad, PLAIN, random.Random(1))


def test_pictures_of_nothing_are_soft_and_half_of_them_colourless() -> None:
    rng, grey = random.Random(8), 0
    for _ in range(40):
        image = draw_soft(rng).astype(int)
        assert image.std() > 1
        assert np.abs(np.diff(image, axis=1)).max() <= 40
        grey += bool((np.ptp(image, axis=2) == 0).all())
    assert 10 < grey < 30


def test_pictures_of_nothing_come_into_the_feed_as_background_of_both_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.feed.SOFT", 0.5)
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), make_street())
    stored = Picture(path, np.array([[60, 60, 130, 150, FACE]], np.float32), known=(False, False))

    def some(synthesis: float) -> list[Crop]:
        return list(itertools.islice(stream([[stored]], [1.0], 64, 3, synthesis), 60))

    soft = [crop for crop in some(1.0) if crop.known == (True, True)]
    assert 10 < len(soft) < 50
    assert all(not len(crop.boxes) and not crop.taught for crop in soft)
    assert all(crop.known == (False, False) for crop in some(0.0))
