"""Reads off a photograph how it would show a plate: brightest and darkest paint, colour cast, sharpness, noise."""

from __future__ import annotations

from random import Random

import cv2
import numpy as np

from training.paste import Look

LOOKED_AT = 160  # px, side of the windows that are measured; more says no more and takes longer
SAMPLED = 50  # rows and columns whose colours are looked at; at most about twice as many
ROWS_MEASURED = 40  # of such a window, at most about twice as many
LEAST_WHITE = 45.0  # a label on what nobody can see would teach the detector to invent
NIGHT = 75  # mean level under which lamps shine back from plates


def window(image: np.ndarray, box: np.ndarray, grow: float) -> np.ndarray:
    """The part of the picture around a box, `grow` times its size at each side, at most LOOKED_AT px wide and high."""
    height, width = image.shape[:2]
    cx, cy = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    half_x = min(LOOKED_AT / 2, (0.5 + grow) * (box[2] - box[0]))
    half_y = min(LOOKED_AT / 2, (0.5 + grow) * (box[3] - box[1]))
    x0, y0 = int(min(max(cx - half_x, 0), width - 2)), int(min(max(cy - half_y, 0), height - 2))
    return image[y0 : max(y0 + 2, round(cy + half_y)), x0 : max(x0 + 2, round(cx + half_x))]


def sharpness_and_noise(part: np.ndarray) -> tuple[float, float]:
    """Blur in px and noise in levels, both as standard deviations, of what part (h, w, 3) shows; rough."""
    grey = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)
    if min(grey.shape) < 5:
        return 0.6, 1.0
    grey = grey[:: 1 + len(grey) // ROWS_MEASURED].astype(np.float32)
    step = np.abs(np.diff(grey, axis=1))
    contrast = float(np.subtract(*np.percentile(grey, (99, 1))))
    steepest = float(np.percentile(step, 99.5))
    # The steepest step of a blurred edge is its contrast over the root of two pi times the deviation.
    blur = contrast / (2.5 * max(steepest, 1.0))
    bend = np.abs(grey[:, 1:-1] - (grey[:, :-2] + grey[:, 2:]) / 2)
    # Texture is no noise: the smoother part of the place tells. 0.47: that percentile of a normal one's second step.
    noise = float(np.percentile(bend, 30)) / 0.47
    return min(max(blur, 0.3), 2.2), min(noise, 7.0)


def sample_pixels(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """float32 (n, 3) colours and (n,) light of at most some 10,000 pixels, evenly spread."""
    down, across = (max(1, side // SAMPLED) for side in image.shape[:2])
    pixels = image[::down, ::across].reshape(-1, 3).astype(np.float32)
    return pixels, pixels @ np.full(3, 1 / 3, np.float32)


def mean_of(pixels: np.ndarray, light: np.ndarray, low: float, high: float) -> np.ndarray:
    """Mean colour of the pixels (n, 3) whose light (n,) lies between two percentiles."""
    bounds = np.percentile(light, (low, high))
    chosen = pixels[(light >= bounds[0]) & (light <= bounds[1])]
    return chosen.mean(0) if len(chosen) else pixels.mean(0)


def neutral(pixels: np.ndarray, light: np.ndarray) -> np.ndarray:
    """Mean colour of the least coloured quarter of the brighter half: white things show the cast, red cars do not."""
    bright = pixels[light >= np.median(light)]
    blue, green, red = bright.T
    most, least = np.maximum(np.maximum(blue, green), red), np.minimum(np.minimum(blue, green), red)
    spread = (most - least) / (most + 8)
    return bright[spread <= np.percentile(spread, 25)].mean(0)


def washed(colour: np.ndarray, share: float) -> np.ndarray:
    """The colour with a share of its saturation gone; its mean stays."""
    return colour + (colour.mean() - colour) * share


def camera(part: np.ndarray, rng: Random) -> tuple[float, float, int, tuple[float, float]]:
    """Blur, noise, JPEG quality and smear for a place whose surroundings are `part`."""
    blur, noise = sharpness_and_noise(part)
    # The estimate counts the pixel's own width, which sampling brings along: about 0.3 px.
    blur = max(0.0, blur - 0.3) * rng.uniform(0.7, 1.2) + rng.uniform(0.05, 0.25)
    smear = (rng.uniform(-5, 5), rng.uniform(-1.5, 1.5)) if rng.random() < 0.06 else (0.0, 0.0)
    return blur, noise * rng.uniform(0.5, 1.1), rng.choice((0, rng.randint(45, 95), rng.randint(70, 95))), smear


def look_of_plate(image: np.ndarray, box: np.ndarray, rng: Random) -> Look:
    """The look of the plate that is in the box, so that another one can take its place."""
    part = window(image, box, 0.0)
    pixels, light = sample_pixels(part)
    white = washed(mean_of(pixels, light, 75, 97), rng.uniform(0.3, 0.9)) * rng.uniform(0.92, 1.1)
    black = washed(mean_of(pixels, light, 1, 12), 0.6)
    if white.mean() - black.mean() < 30:
        white = black + 30
    blur, noise, quality, smear = camera(part, rng)
    return Look(white.astype(np.float32), black.astype(np.float32), blur, noise, quality, smear)


def look_around(image: np.ndarray, box: np.ndarray, rng: Random) -> Look:
    """A look for a new thing in the box: as bright as the scene allows there, with the scene's cast and black."""
    near = window(image, box, 1.5)
    pixels, light = sample_pixels(image)
    here = float(np.percentile(cv2.cvtColor(near, cv2.COLOR_BGR2GRAY)[::2, ::2], 75))
    top = float(np.percentile(light, 96))
    cast = washed(neutral(pixels, light), rng.uniform(0.2, 0.8))
    level = here + (top - here) * rng.uniform(0.3, 1.0)
    level = min(max(level, 0.45 * top, 50.0), 250.0) * rng.uniform(0.85, 1.1)
    if rng.random() < 0.1:  # in the shade, or underexposed
        level *= rng.uniform(0.45, 0.75)
    if light.mean() < NIGHT and rng.random() < 0.6:
        level = rng.uniform(200, 420)
    level = max(level, LEAST_WHITE)
    white = cast * (level / max(float(cast.mean()), 1.0))
    black = mean_of(pixels, light, 0, 4) * rng.uniform(0.6, 1.2) + rng.uniform(0, 0.12) * min(level, 255.0)
    black = np.minimum(black, rng.uniform(0.2, 0.55) * white)
    blur, noise, quality, smear = camera(near, rng)
    # A smooth place looks blurred where nothing is: only a few things there are truly out of focus.
    blur = min(blur, rng.uniform(0.3, 1.0) if rng.random() < 0.85 else 1.6)
    return Look(white.astype(np.float32), black.astype(np.float32), blur, noise, quality, smear)
