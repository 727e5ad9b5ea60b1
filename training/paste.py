"""Puts a flat drawing into a photograph as its camera would have shown it: light, colour, sharpness, noise, codec."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from random import Random

import cv2
import numpy as np

from training.art import Art

LEAST_SCALE = 1 / 1024  # a plate seen from its edge has no scale at all
MOST_FINE = 4  # samples per picture pixel and axis, at most
PAPER = 235.0  # the drawings' white, 0 to 255, which `Look.white` stands for
MARGIN = 4  # px around the drawing that are worked on, for blur
BANK = 256  # px, side of the stored noise
SHINES = 256.0  # level of white above which light spills over
BLOOM = 2.2  # px, standard deviation of the spilt light
SEEN = 0.02  # alpha under which a pixel of the picture stays as it is


@dataclass(frozen=True)
class Look:
    """How a picture shows a white and a black sheet at a place, and through what camera."""

    white: np.ndarray
    """float32 (3,), BGR level of white paper; above 255 where a lamp shines back."""
    black: np.ndarray
    """float32 (3,), BGR level of black paint."""
    blur: float
    """Standard deviation of the camera's blur in px."""
    noise: float
    """Standard deviation of the noise in levels."""
    quality: int
    """JPEG quality of the place, 0 for none."""
    smear: tuple[float, float] = (0.0, 0.0)
    """Movement during the exposure in px, x and y."""


def paste(image: np.ndarray, art: Art, quad: np.ndarray, look: Look, rng: Random) -> None:
    """Changes `image`, uint8 (H, W, 3): the art's inner corners come to lie on `quad`.

    `quad`: float32 (4, 2), picture px: top left, top right, bottom right, bottom left.
    """
    warp = warp_to(art, quad)
    x0, y0, x1, y1 = reach(image, art, warp, look)
    if x1 - x0 < 1 or y1 - y0 < 1:
        return
    colours, alpha = sample(art, warp, (x0, y0, x1, y1), look)
    part = image[y0:y1, x0:x1]
    ground = part.astype(np.float32)
    gain = (look.white - look.black) / PAPER
    lit = ground * (1 - alpha) + colours * gain + alpha * look.black
    spilt = bloom(colours, gain, look)
    lit += spilt
    if look.noise > 0:
        lit += (alpha * look.noise) * grain(lit.shape[0], lit.shape[1], rng)
    done = np.clip(lit + 0.5, 0, 255).astype(np.uint8)
    if look.quality:
        done = recode(done, look.quality)
    seen = (alpha > SEEN) | (spilt > 3)
    np.copyto(part, done, where=seen)


@lru_cache(maxsize=1)
def bank() -> np.ndarray:
    """float32 (BANK, BANK, 3) noise of deviation 1, most of it common to the channels, as a camera leaves it."""
    noise = np.random.default_rng(0).standard_normal((BANK, BANK, 3), np.float32)
    return 0.6 * noise + 0.8 * np.roll(noise[:, :, :1], 1, 0)


def grain(height: int, width: int, rng: Random) -> np.ndarray:
    """float32 (height, width, 3): a drawn piece of the bank, repeated where it ends; drawing noise anew is slow."""
    rows = (rng.randrange(BANK) + np.arange(height)) % BANK
    columns = (rng.randrange(BANK) + np.arange(width)) % BANK
    return bank()[rows[:, None], columns[None]]


def warp_to(art: Art, quad: np.ndarray) -> np.ndarray:
    """float64 (3, 3): from the art's pixels to the picture's; pixel centres lie at halves."""
    x0, y0, x1, y1 = art.inner
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float32)
    return cv2.getPerspectiveTransform(corners, quad.astype(np.float32))


def reach(image: np.ndarray, art: Art, warp: np.ndarray, look: Look) -> tuple[int, int, int, int]:
    """x0, y0, x1, y1: the whole pixels that the drawing with its holder and blur can touch, within the picture."""
    height, width = art.image.shape[:2]
    corners = np.array([[(0, 0), (width, 0), (width, height), (0, height)]], np.float32)
    moved = cv2.perspectiveTransform(corners, warp)[0]
    off = MARGIN + math.ceil(max(2 * look.blur, *map(abs, look.smear)))
    if look.white.max() > SHINES:
        off += math.ceil(2 * BLOOM)
    low, high = np.floor(moved.min(0)) - off, np.ceil(moved.max(0)) + off
    limit = image.shape[1], image.shape[0]
    (x0, y0), (x1, y1) = ((max(0, min(int(v), end)) for v, end in zip(side, limit)) for side in (low, high))
    return x0, y0, x1, y1


def sample(art: Art, warp: np.ndarray, area: tuple[int, int, int, int], look: Look) -> tuple[np.ndarray, np.ndarray]:
    """float32 (h, w, 3) colours times alpha, 0 to 255, and (h, w, 1) alpha, 0 to 1, of an area of the picture.

    Sampled finer than the picture and averaged, so that thin strokes fade as they do on a sensor.
    """
    x0, y0, x1, y1 = area
    source = art.image
    scale = max(LEAST_SCALE, math.sqrt(abs(np.linalg.det(warp[:2, :2]))))  # picture px per art px, about
    halvings = max(0, math.floor(math.log2(1 / (scale * MOST_FINE)))) if scale * MOST_FINE < 1 else 0
    fine = min(MOST_FINE, max(1, math.ceil(1 / scale)))
    shrink = 0.5**halvings
    if halvings:
        wide, tall = (max(1, round(side * shrink)) for side in source.shape[1::-1])  # a sliver keeps a pixel
        source = cv2.resize(source, (wide, tall), interpolation=cv2.INTER_AREA)
    to_source = np.diag([art.image.shape[1] / source.shape[1], art.image.shape[0] / source.shape[0], 1.0])
    # cv2 counts pixel centres as whole numbers; ours are at halves.
    half_in, half_out = np.eye(3), np.eye(3)
    half_in[:2, 2], half_out[:2, 2] = 0.5, -0.5
    to_area = np.array([[fine, 0, -x0 * fine], [0, fine, -y0 * fine], [0, 0, 1.0]])
    whole = half_out @ to_area @ warp @ to_source @ half_in
    size = ((x1 - x0) * fine, (y1 - y0) * fine)
    big = cv2.warpPerspective(source, whole, size, flags=cv2.INTER_LINEAR, borderValue=(0, 0, 0, 0))
    small: np.ndarray = cv2.resize(big, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA).astype(np.float32)
    if look.blur > 0.1:
        small = cv2.GaussianBlur(small, (0, 0), look.blur)
    if max(map(abs, look.smear)) > 0.5:
        small = cv2.filter2D(small, -1, line_kernel(look.smear))
    return small[:, :, :3], small[:, :, 3:] / 255


def line_kernel(smear: tuple[float, float]) -> np.ndarray:
    """A line through the middle, as long as the movement; sums to 1."""
    half = max(1, math.ceil(max(map(abs, smear)) / 2))
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    for t in np.linspace(-0.5, 0.5, 4 * half + 1):
        kernel[half + round(t * smear[1]), half + round(t * smear[0])] += 1
    return kernel / kernel.sum()


def bloom(colours: np.ndarray, gain: np.ndarray, look: Look) -> np.ndarray:
    """Light that spills around what is brighter than the sensor can hold, (h, w, 3) or, for none, (1, 1, 1)."""
    if look.white.max() <= SHINES:
        return np.zeros((1, 1, 1), np.float32)
    over = np.maximum(colours * gain - 180, 0)
    return 0.5 * cv2.GaussianBlur(over, (0, 0), BLOOM)


def recode(part: np.ndarray, quality: int) -> np.ndarray:
    """The same pixels through a JPEG coder."""
    _, coded = cv2.imencode(".jpg", part, [cv2.IMWRITE_JPEG_QUALITY, quality])
    again: np.ndarray | None = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    assert again is not None
    return again
