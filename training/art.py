"""A flat drawing that can be put into a picture, and a pool that makes few of them serve for many pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import cv2
import numpy as np

Colour = Sequence[float]
"""B, G, R, 0 to 255."""
KEPT = 400  # drawings a pool holds
RENEWED = 0.01  # chance that a draw from a full pool replaces one of its drawings


@dataclass(frozen=True, eq=False)
class Art:
    """A drawing, and the part of it that counts as the thing: a plate without its holder and shadow."""

    image: np.ndarray
    """uint8 (h, w, 4): B, G, R times alpha, and alpha."""
    inner: tuple[float, float, float, float]
    """x0, y0, x1, y1 of the thing in pixels of `image`."""
    least_height: float = 0.0
    """Height in picture px under which nobody could say what it is."""

    @property
    def aspect(self) -> float:
        """Width by height of the thing."""
        x0, y0, x1, y1 = self.inner
        return (x1 - x0) / (y1 - y0)


class Pool:
    """Drawings made when first needed and then replaced slowly: drawing one takes longer than placing it."""

    def __init__(self, render: Callable[[Random], Art], size: int = KEPT) -> None:
        self._render, self._size = render, size
        self._kept: list[Art] = []

    def draw(self, rng: Random) -> Art:
        """One drawing; which one follows from `rng` and the draws before."""
        if len(self._kept) < self._size:
            self._kept.append(self._render(rng))
            return self._kept[-1]
        which = rng.randrange(self._size)
        if rng.random() < RENEWED:
            self._kept[which] = self._render(rng)
        return self._kept[which]


def vary(colour: Colour, by: float, rng: Random) -> Colour:
    """The colour, up to `by` off: all channels together, and each a little on its own."""
    shift = rng.uniform(-by, by)
    return [min(max(value + shift + rng.uniform(-by, by) / 2, 0.0), 255.0) for value in colour]


def to_art(colours: np.ndarray, alpha: np.ndarray, inner: tuple[float, float, float, float]) -> Art:
    """Art of float (h, w, 3) colours, 0 to 255, and float (h, w) alpha, 0 to 1."""
    layers = np.dstack([colours.clip(0, 255) * alpha[:, :, None], 255 * alpha])
    return Art(np.rint(layers).clip(0, 255).astype(np.uint8), inner)


def rounded(height: int, width: int, radius: float) -> np.ndarray:
    """float32 (height, width): 1 within a rectangle with round corners, 0 in the corners."""
    mask = np.zeros((height, width), np.float32)
    r = int(min(radius, height / 2 - 1, width / 2 - 1))
    if r < 1:
        mask[:] = 1
        return mask
    cv2.rectangle(mask, (r, 0), (width - 1 - r, height - 1), 1.0, -1)
    cv2.rectangle(mask, (0, r), (width - 1, height - 1 - r), 1.0, -1)
    for x in (r, width - 1 - r):
        for y in (r, height - 1 - r):
            cv2.circle(mask, (x, y), r, 1.0, -1, cv2.LINE_AA)
    return mask


def clouds(height: int, width: int, grain: int, rng: Random) -> np.ndarray:
    """float32 (height, width), about 0 to 1: smooth noise, `grain` cells along the height."""
    cells = np.random.default_rng(rng.getrandbits(32)).random((grain, max(2, grain * width // height)), np.float32)
    return cv2.resize(cells, (width, height), interpolation=cv2.INTER_CUBIC)
