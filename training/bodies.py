"""What a plate or a decoy is fixed to: bumpers, the backs of cars, dark undersides, boards; flat and without detail."""

from __future__ import annotations

from random import Random

import cv2
import numpy as np

from training.art import Art, Colour, clouds, rounded, to_art, vary

UNIT = 16  # px in the drawing for the height of the thing that is fixed to it
PAINTS: tuple[Colour, ...] = ((30, 30, 32), (60, 60, 60), (120, 118, 115), (190, 190, 190), (225, 225, 225))
PAINTS += ((40, 35, 130), (110, 60, 30), (70, 90, 40), (130, 150, 165))


def render(aspect: float, near: Colour, rng: Random) -> Art:
    """A body around a thing UNIT high and `aspect` times as wide; `near` is the colour of the surroundings.

    `inner` of the Art is where the thing goes, so both can be placed by the same corners.
    """
    paint = vary(near if rng.random() < 0.35 else rng.choice(PAINTS), 25, rng)
    wide = UNIT * aspect
    side, above, below = rng.uniform(0.35, 1.4) * wide, rng.uniform(0.3, 2.0) * UNIT, rng.uniform(0.3, 1.4) * UNIT
    kind = rng.choices(("bumper", "back", "dark"), (5, 3, 2))[0]
    if kind == "back":
        side, above, below = rng.uniform(0.6, 1.3) * wide, rng.uniform(2.0, 6.0) * UNIT, rng.uniform(0.8, 2.5) * UNIT
    if kind == "dark":
        paint = vary((28, 28, 30), 20, rng)
    height, width = round(above + UNIT + below), round(wide + 2 * side)
    x, y = rng.uniform(0.8, 1.2) * side, above
    colours: np.ndarray = np.full((height, width, 3), paint, np.float32)
    shade(colours, rng)
    if kind == "back":
        draw_back(colours, above, rng)
    draw_recess(colours, (x, y, x + wide, y + UNIT), rng)
    alpha = rounded(height, width, rng.uniform(0.1, 0.45) * min(height, 4 * UNIT))
    pad = 3
    framed = cv2.copyMakeBorder(colours, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    alpha = cv2.copyMakeBorder(alpha, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0)
    return to_art(framed, alpha, (x + pad, y + pad, x + pad + wide, y + pad + UNIT))


def shade(colours: np.ndarray, rng: Random) -> None:
    """Rounded bodywork: lighter above, darker below, a crease, something mirrored. Changes `colours`."""
    height, width = colours.shape[:2]
    fall = np.linspace(rng.uniform(0.9, 1.35), rng.uniform(0.4, 0.95), height, dtype=np.float32)
    crease = round(rng.uniform(0.1, 0.9) * height)
    fall[crease:] *= rng.uniform(0.7, 1.05)
    colours *= fall[:, None, None]
    colours *= np.linspace(rng.uniform(0.8, 1.15), rng.uniform(0.8, 1.15), width, dtype=np.float32)[None, :, None]
    colours += rng.uniform(0, 45) * (clouds(height, width, 3, rng)[:, :, None] - 0.4)


def draw_back(colours: np.ndarray, above: float, rng: Random) -> None:
    """A rear window, two lamps and the dark below of a car. Changes `colours`."""
    height, width = colours.shape[:2]
    low = round(above * rng.uniform(0.35, 0.6))
    left, right = round(0.1 * width), round(0.9 * width)
    glass = vary((70, 62, 55), 40, rng)
    cv2.fillPoly(
        colours, [np.array([(left * 1.6, 4), (width - left * 1.6, 4), (right, low), (left, low)], np.int32)], glass
    )
    red, w, h = (
        vary((40, 35, 170), 35, rng),
        round(rng.uniform(0.06, 0.16) * width),
        round(rng.uniform(0.5, 1.5) * UNIT),
    )
    top = round(rng.uniform(low, max(low + 1.0, above)))
    for x in (2, width - 2 - w):
        cv2.rectangle(colours, (x, top), (x + w, top + h), red, -1)
    colours[round(height - rng.uniform(0.1, 0.7) * UNIT) :] *= 0.35


def draw_recess(colours: np.ndarray, box: tuple[float, float, float, float], rng: Random) -> None:
    """Now and then a darker hollow or a lighter field around the thing. Changes `colours`."""
    if rng.random() < 0.5:
        return
    grow_x, grow_y = rng.uniform(0.1, 0.6) * UNIT, rng.uniform(0.1, 0.6) * UNIT
    x0, y0 = max(0, round(box[0] - grow_x)), max(0, round(box[1] - grow_y))
    x1, y1 = round(box[2] + grow_x), round(box[3] + grow_y)
    colours[y0:y1, x0:x1] *= rng.uniform(0.3, 0.8) if rng.random() < 0.75 else rng.uniform(1.05, 1.3)
