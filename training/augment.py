"""Crops as cameras would see them: a view of a picture at a drawn size, then light, blur, noise and compression.

Every draw comes from the one `random.Random` that is handed in, so a seed gives the same crops again. Boxes are
float32 (n, 5): x0, y0, x1, y1, class, as in `sets`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import cv2
import numpy as np

from training.sets import IGNORE, LURE, PLATE

TARGET_SHARE = 0.88  # crops around a face or plate; the rest looks anywhere
SMALL_SHARE, SMALL_SIDES = 0.35, (9, 24)  # targets drawn small on purpose: street cameras see these most
ALL_SIDES = (10, 230)  # side in pixels of the square with the target's area, drawn evenly in its logarithm
MOST_ENLARGED = 2.0  # beyond it a crop shows the scaler's blur, not a face
MOST_OFF_CENTRE = 0.45  # of the crop's side
SEEN_ENOUGH = 0.45  # of a box's area in the crop; less is ignored: nobody can say whether it should be found
LEAST_AREA = 4  # px², below it a box has left the crop
AREA_FILTER_BELOW = 0.7  # scale under which linear sampling alone would skip pixels
# Smallest targets in the crop, in px; under them a box is ignored. Stride 8 cannot tell them from texture.
LEAST_PLATE_HEIGHT, LEAST_PLATE_WIDTH, LEAST_FACE = 4.5, 9, 6


@dataclass(frozen=True)
class View:
    """A square window of a picture: centre and half a side in its pixels, and crop pixels per picture pixel."""

    cx: float
    cy: float
    half: float
    scale: float


def crops(
    image: np.ndarray, boxes: np.ndarray, count: int, side: int, rng: Random
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """At most `count` crops, uint8 (side, side, 3) BGR, with their boxes in crop pixels.

    Fewer come out when a drawn window misses the picture.
    """
    height, width = image.shape[:2]
    for _ in range(count):
        view = draw_view(width, height, boxes, side, rng)
        warp = draw_warp(view, rng)
        crop = cut(image, view, warp, side, rng)
        if crop is None:
            continue
        moved = move_boxes(boxes, warp, side)
        if rng.random() < 0.5:
            crop = crop[:, ::-1]
            moved[:, [0, 2]] = side - moved[:, [2, 0]]
        yield np.ascontiguousarray(jitter(crop, rng)), moved.astype(np.float32)


def draw_view(width: int, height: int, boxes: np.ndarray, side: int, rng: Random) -> View:
    """Mostly a window around one target that shows it at a drawn size; kept inside the picture where it fits."""
    targets = boxes[boxes[:, 4] != IGNORE]
    if len(targets) and rng.random() < TARGET_SHARE:
        x0, y0, x1, y1, _ = targets[rng.randrange(len(targets))]
        low, high = SMALL_SIDES if rng.random() < SMALL_SHARE else ALL_SIDES
        want = math.exp(rng.uniform(math.log(low), math.log(high)))
        scale = min(want / math.sqrt((x1 - x0) * (y1 - y0)), MOST_ENLARGED)
        cx = (x0 + x1) / 2 + rng.uniform(-MOST_OFF_CENTRE, MOST_OFF_CENTRE) * side / scale
        cy = (y0 + y1) / 2 + rng.uniform(-MOST_OFF_CENTRE, MOST_OFF_CENTRE) * side / scale
    else:
        scale = math.exp(rng.uniform(math.log(side / max(height, width)), math.log(1.5)))
        cx, cy = rng.uniform(0, width), rng.uniform(0, height)
    half = side / scale / 2
    if width > 2 * half:
        cx = min(max(cx, half), width - half)
    if height > 2 * half:
        cy = min(max(cy, half), height - half)
    return View(cx, cy, half, scale)


def draw_warp(view: View, rng: Random) -> np.ndarray:
    """(2, 3) map from picture to crop pixels, with up to 13 % more width for less height or the other way."""
    squeeze = math.exp(rng.uniform(-0.12, 0.12))
    sx, sy = view.scale * squeeze, view.scale / squeeze
    left, top = view.cx - view.half, view.cy - view.half
    return np.array([[sx, 0, -left * sx], [0, sy, -top * sy]], np.float32)


def cut(image: np.ndarray, view: View, warp: np.ndarray, side: int, rng: Random) -> np.ndarray | None:
    """The crop, black or grey where the picture ends; None if hardly a pixel of the picture lies in it."""
    height, width = image.shape[:2]
    left, top = view.cx - view.half, view.cy - view.half
    x0, y0 = int(max(0, left - 2)), int(max(0, top - 2))
    x1 = int(min(width, left + 2.4 * view.half + 2))
    y1 = int(min(height, top + 2.4 * view.half + 2))
    if x1 - x0 < 4 or y1 - y0 < 4:
        return None
    window, local = image[y0:y1, x0:x1], warp.copy()
    local[0, 2] += warp[0, 0] * x0
    local[1, 2] += warp[1, 1] * y0
    if view.scale < AREA_FILTER_BELOW:  # area filter first, so that small things look as a good scaler makes them
        small = cv2.resize(window, None, fx=view.scale, fy=view.scale, interpolation=cv2.INTER_AREA)
        local[0, 0] /= small.shape[1] / window.shape[1]
        local[1, 1] /= small.shape[0] / window.shape[0]
        window = small
    fill = rng.choice((0, 0, 128))
    return cv2.warpAffine(window, local, (side, side), flags=cv2.INTER_LINEAR, borderValue=(fill,) * 3)


def move_boxes(boxes: np.ndarray, warp: np.ndarray, side: int) -> np.ndarray:
    """Boxes in crop pixels, clipped; those cut off or too small become IGNORE, lures and those outside are gone."""
    moved = boxes[boxes[:, 4] != LURE]
    moved[:, [0, 2]] = moved[:, [0, 2]] * warp[0, 0] + warp[0, 2]
    moved[:, [1, 3]] = moved[:, [1, 3]] * warp[1, 1] + warp[1, 2]
    whole = (moved[:, 2] - moved[:, 0]) * (moved[:, 3] - moved[:, 1])
    moved[:, :4] = moved[:, :4].clip(0, side)
    left = (moved[:, 2] - moved[:, 0]) * (moved[:, 3] - moved[:, 1])
    moved[left / np.maximum(whole, 1e-6) < SEEN_ENOUGH, 4] = IGNORE
    moved = moved[left > LEAST_AREA]
    w, h = moved[:, 2] - moved[:, 0], moved[:, 3] - moved[:, 1]
    tiny_plate = (h < LEAST_PLATE_HEIGHT) | (w < LEAST_PLATE_WIDTH)
    moved[np.where(moved[:, 4] == PLATE, tiny_plate, np.minimum(w, h) < LEAST_FACE), 4] = IGNORE
    return moved


def jitter(image: np.ndarray, rng: Random) -> np.ndarray:
    """The same crop, uint8, through another camera and codec."""
    x = change_light(image.astype(np.float32), rng)
    x = change_sharpness(x, rng)
    if rng.random() < 0.3:  # sensor noise
        x += np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(2, 14), x.shape)
    out = np.clip(x, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        _, coded = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(25, 90)])
        out = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    return out


def change_light(x: np.ndarray, rng: Random) -> np.ndarray:
    """Exposure, contrast, gamma, colour cast, black and white, and now and then near darkness."""
    if rng.random() < 0.8:
        x *= rng.uniform(0.6, 1.4)
        x += rng.uniform(-25, 25)
        mean = x.mean((0, 1), keepdims=True)
        x = (x - mean) * rng.uniform(0.6, 1.4) + mean
    if rng.random() < 0.3:
        x = 255 * np.clip(x / 255, 0, 1) ** rng.uniform(0.5, 2.0)
    if rng.random() < 0.12:
        x[:] = x.mean(2, keepdims=True)
    elif rng.random() < 0.4:
        x *= np.array([rng.uniform(0.85, 1.15) for _ in range(3)], np.float32)
    if rng.random() < 0.08:
        x *= rng.uniform(0.15, 0.4)
    return x


def change_sharpness(x: np.ndarray, rng: Random) -> np.ndarray:
    """Out of focus, or moved by up to 7 px during the exposure."""
    if rng.random() < 0.2:
        size = rng.choice((3, 3, 5))
        return cv2.GaussianBlur(x, (size, size), 0)
    if rng.random() < 0.15:
        size = rng.choice((3, 5, 7))
        return cv2.filter2D(x, -1, motion_kernel(size, rng.uniform(0, math.pi)))
    return x


def motion_kernel(size: int, angle: float) -> np.ndarray:
    """(size, size) line through the middle at `angle` radians; sums to 1."""
    kernel = np.zeros((size, size), np.float32)
    centre = (size - 1) / 2
    for t in np.linspace(-centre, centre, 2 * size):
        kernel[round(centre + t * math.sin(angle)), round(centre + t * math.cos(angle))] = 1
    return kernel / kernel.sum()
