"""Plates and things that resemble them, put into photographs: in the place of a plate, or where there was none.

All draws come from the `random.Random` that is handed in and, for the drawings, from the state of their pool. Boxes
are x0, y0, x1, y1 in pixels of the picture.
"""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random

import cv2
import numpy as np

from training import bodies, decoys, plates
from training.art import Art, Pool
from training.looks import look_around, look_of_plate
from training.paste import PAPER, Look, paste

HEIGHTS = (6.0, 60.0)  # px of mounted things, drawn evenly in the logarithm
TRIES = 12  # places drawn before giving up; drawings looked at for one that fits a box
MOST_TILT, MOST_FORESHORTENED = math.radians(25), 0.35
FITS = (0.72, 1.2)  # a box's aspect by that of the drawing's hull: what is seen from an angle looks narrower
ROOM = 2.0  # px that stay free around the boxes to avoid


class Drawer:
    """The pools of drawings that serve one stream of pictures."""

    def __init__(self, plates_kept: int = 400, decoys_kept: int = 200) -> None:
        self.plates = Pool(plates.render, plates_kept)
        self.decoys = Pool(decoys.render, decoys_kept)


def unit_quad(aspect: float, tilt: float, narrow: float, slope: float, taper: float) -> np.ndarray:
    """float32 (4, 2): corners of a plate of height 1 around the origin, as `paste` wants them.

    `tilt` in radians turns it; `narrow`, up to 1, is what a turn away from the camera leaves of its width, and with it
    come `slope`, how far its lines fall over its width, and `taper`, how much lower its far side is.
    """
    x = aspect * narrow / 2
    near, far = 0.5 * (1 + taper), 0.5 * (1 - taper)
    drop = slope * x
    quad = np.array([(-x, -near - drop), (x, -far + drop), (x, far + drop), (-x, near - drop)])
    turn = np.array([(math.cos(tilt), math.sin(tilt)), (-math.sin(tilt), math.cos(tilt))])
    return (quad @ turn).astype(np.float32)


def hull(quad: np.ndarray) -> np.ndarray:
    """float32 (4,): the box around the corners."""
    return np.concatenate([quad.min(0), quad.max(0)]).astype(np.float32)


def draw_quad(aspect: float, rng: Random) -> np.ndarray:
    """A plate's corners as `unit_quad`, from a drawn direction: mostly nearly straight, sometimes steeply aside."""
    tilt = rng.gauss(0, math.radians(4)) if rng.random() < 0.8 else rng.uniform(-MOST_TILT, MOST_TILT)
    narrow = rng.uniform(0.8, 1.0) if rng.random() < 0.6 else rng.uniform(MOST_FORESHORTENED, 1.0)
    aside = math.sqrt(1 - narrow**2) * rng.choice((-1, 1))
    return unit_quad(
        aspect, min(max(tilt, -MOST_TILT), MOST_TILT), narrow, aside * rng.uniform(-0.15, 0.15), 0.12 * aside
    )


def replate(image: np.ndarray, box: np.ndarray, rng: Random, drawer: Drawer) -> None:
    """Changes `image`: another plate, in the old one's light, whose hull is the box.

    What lay in the box is painted over first, in the colours around it.
    """
    wide, tall = float(box[2] - box[0]), float(box[3] - box[1])
    if wide < 3 or tall < 3:
        return
    art, quad = draw_fitting(wide / tall, rng, drawer)
    quad -= quad.min(0)
    quad = quad / quad.max(0) * (wide, tall) + box[:2]
    look = look_of_plate(image, box, rng)
    if rng.random() < 0.8:
        paint_over(image, box)
    paste(image, art, quad, look, rng)


def draw_fitting(aspect: float, rng: Random, drawer: Drawer) -> tuple[Art, np.ndarray]:
    """A plate and its corners whose hull has about that width by height; the nearest of TRIES if none fits well."""
    best: tuple[float, Art, np.ndarray] | None = None
    tilt_by = math.radians(2.5 if aspect > 2.5 else 6)
    for _ in range(TRIES):
        art = drawer.plates.draw(rng)
        quad = unit_quad(art.aspect, rng.gauss(0, tilt_by), 1.0, rng.gauss(0, 0.03), rng.gauss(0, 0.04))
        x0, y0, x1, y1 = hull(quad)
        fit = aspect * (y1 - y0) / (x1 - x0)
        if FITS[0] <= fit <= FITS[1]:
            return art, quad
        if best is None or abs(math.log(fit)) < best[0]:
            best = abs(math.log(fit)), art, quad
    assert best is not None
    return best[1], best[2]


def paint_over(image: np.ndarray, box: np.ndarray) -> None:
    """Changes `image`: the box becomes a blend of what is left, right, above and below of it."""
    height, width = image.shape[:2]
    x0, y0 = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    x1, y1 = min(width, math.ceil(box[2])), min(height, math.ceil(box[3]))
    h, w = y1 - y0, x1 - x0
    if h < 1 or w < 1:
        return
    top, low = (image[min(max(y, 0), height - 1), x0:x1].astype(np.float32) for y in (y0 - 2, y1 + 1))
    left, right = (image[y0:y1, min(max(x, 0), width - 1)].astype(np.float32) for x in (x0 - 2, x1 + 1))
    down = ((np.arange(h, dtype=np.float32) + 0.5) / h)[:, None, None]
    across = ((np.arange(w, dtype=np.float32) + 0.5) / w)[None, :, None]
    upright, level = top * (1 - down) + low * down, left[:, None] * (1 - across) + right[:, None] * across
    # The nearer pair of sides counts more.
    near_y, near_x = np.minimum(down, 1 - down) * h, np.minimum(across, 1 - across) * w
    share = near_x / (near_x + near_y)
    blend = upright * share + level * (1 - share)
    image[y0:y1, x0:x1] = cv2.blur(blend, (3, 3)).astype(np.uint8)


def mount(image: np.ndarray, rng: Random, avoid: np.ndarray, drawer: Drawer) -> np.ndarray | None:
    """Changes `image`: a plate at a drawn place and size, touching none of the boxes `avoid` (n, 4 or more).

    Its hull, float32 (4,); None, and the picture as it was, if no free place was drawn.
    """
    return place(image, drawer.plates.draw(rng), HEIGHTS, 0.7, rng, avoid)


def decoy(image: np.ndarray, rng: Random, avoid: np.ndarray, drawer: Drawer) -> np.ndarray | None:
    """Changes `image`: something like a plate that is none. Its hull, only so that nothing is put over it."""
    art = drawer.decoys.draw(rng)
    heights = (max(HEIGHTS[0], art.least_height), HEIGHTS[1] * 1.3)
    return place(image, art, heights, 0.5, rng, avoid)


def place(
    image: np.ndarray, art: Art, heights: tuple[float, float], on_body: float, rng: Random, avoid: np.ndarray
) -> np.ndarray | None:
    """Changes `image`: the art somewhere, with a chance of `on_body` on a body; its hull, or None without a place."""
    height, width = image.shape[:2]
    for _ in range(TRIES):
        tall = math.exp(rng.uniform(math.log(heights[0]), math.log(heights[1])))
        quad = draw_quad(art.aspect, rng) * tall
        x0, y0, x1, y1 = hull(quad)
        if x1 - x0 > 0.7 * width or y1 - y0 > 0.5 * height:
            continue
        cx, cy = draw_centre(width, height, avoid, rng)
        quad += (min(max(cx, 1 - x0), width - 1 - x1), min(max(cy, 1 - y0), height - 1 - y1))
        box = hull(quad)
        if touches(box, avoid, 0.3 * tall + ROOM):
            continue
        look = look_around(image, box, rng)
        if rng.random() < on_body:
            add_body(image, art.aspect, quad, look, avoid, rng)
        paste(image, art, quad, look, rng)
        return box
    return None


def draw_centre(width: int, height: int, avoid: np.ndarray, rng: Random) -> tuple[float, float]:
    """A place anywhere, more often below the middle, or near one of the boxes, which crops look at most."""
    if len(avoid) and rng.random() < 0.4:
        x0, y0, x1, y1 = (float(v) for v in avoid[rng.randrange(len(avoid))][:4])
        reach = 4 * max(x1 - x0, y1 - y0) + 20
        return (x0 + x1) / 2 + rng.uniform(-reach, reach), (y0 + y1) / 2 + rng.uniform(-reach, reach)
    return rng.uniform(0, width), height * (rng.uniform(0, 1) if rng.random() < 0.5 else rng.uniform(0.4, 1))


def touches(box: np.ndarray, avoid: np.ndarray, room: float) -> bool:
    """Does the box, grown by `room` px, share area with any of the boxes?"""
    if not len(avoid):
        return False
    across = np.minimum(box[2] + room, avoid[:, 2]) - np.maximum(box[0] - room, avoid[:, 0])
    down = np.minimum(box[3] + room, avoid[:, 3]) - np.maximum(box[1] - room, avoid[:, 1])
    return bool(((across > 0) & (down > 0)).any())


def add_body(image: np.ndarray, aspect: float, quad: np.ndarray, look: Look, avoid: np.ndarray, rng: Random) -> None:
    """Changes `image`: a bumper or the like behind the corners, unless it would cover a box to avoid."""
    x0, y0, x1, y1 = (round(float(v)) for v in hull(quad))
    near = image[max(0, y0) : y1 + 1, max(0, x0) : x1 + 1].reshape(-1, 3).mean(0)
    lit = np.minimum(look.white, 255) - look.black
    # As a colour of the drawing, so that the look turns it back into what the picture shows.
    body = bodies.render(aspect, tuple(float(v) for v in ((near - look.black) / lit * PAPER).clip(0, 255)), rng)
    edges = body.image.shape[1], body.image.shape[0]
    scale = (quad[1] - quad[0]) / (body.inner[2] - body.inner[0]), (quad[3] - quad[0]) / (body.inner[3] - body.inner[1])
    origin = quad[0] - body.inner[0] * scale[0] - body.inner[1] * scale[1]
    flat = np.array([origin + x * scale[0] + y * scale[1] for x in (0, edges[0]) for y in (0, edges[1])])
    if touches(hull(flat), avoid, 2 * ROOM):
        return
    # An affine quad: under a plate's perspective the far end of a large body could turn inside out.
    corners = quad.copy()
    corners[2] = corners[1] + corners[3] - corners[0]
    paste(image, body, corners, replace(look, white=np.minimum(look.white, 255)), rng)
