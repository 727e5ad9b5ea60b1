"""Pictures of nothing: sky, fog, snow, a wall out of focus. Stored pictures hardly show them, and a network that has
never seen one takes a soft dark spot for a face as large as the picture."""

from __future__ import annotations

from random import Random

import cv2
import numpy as np

from training.art import clouds

SIDES = (160, 640)  # px
GRAINS = (2, 14)  # soft spots along the height
COLOURLESS, TINTED = 0.5, 0.35  # share of pictures; the rest is of unlike colours


def draw_soft(rng: Random) -> np.ndarray:
    """uint8 (H, W, 3): light that changes smoothly, in one direction and in spots."""
    height, width = rng.randint(*SIDES), rng.randint(*SIDES)
    way = rng.random()
    spots = [draw_spots(height, width, rng) for _ in range(1 if way < COLOURLESS + TINTED else 3)]
    light = np.dstack(spots * (3 // len(spots)))
    light += rng.uniform(-0.8, 0.8) * np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None, None]
    light += rng.uniform(-0.8, 0.8) * np.linspace(-0.5, 0.5, width, dtype=np.float32)[None, :, None]
    out = rng.uniform(50, 210) + rng.uniform(20, 160) * light
    if way >= COLOURLESS:
        out *= np.array([rng.uniform(0.7, 1.2) for _ in range(3)], np.float32)
    return np.clip(out, 0, 255).astype(np.uint8)


def draw_spots(height: int, width: int, rng: Random) -> np.ndarray:
    """float32 (height, width), about -1 to 1 around 0: coarse spots, and half as often finer ones within them."""
    out = clouds(height, width, rng.randint(*GRAINS), rng) - 0.5
    if rng.random() < 0.5:
        out += rng.uniform(0.1, 0.5) * (clouds(height, width, 3 * GRAINS[1], rng) - 0.5)
    return cv2.GaussianBlur(out, (0, 0), rng.uniform(1, 6))
