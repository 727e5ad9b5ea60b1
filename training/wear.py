"""What the street does to a plate: holder, screws, dirt, scratches, stickers, shadow, things in front of it."""

from __future__ import annotations

import math
from random import Random

import cv2
import numpy as np

from training import glyphs
from training.art import Art, clouds, rounded, to_art, vary


def worn(flat: np.ndarray, rng: Random) -> Art:
    """The plate float32 (h, w, 3), changed in place, in its holder, with everything that lies on it."""
    height, width = flat.shape[:2]
    if rng.random() < 0.3:
        fade(flat, rng)
    if rng.random() < 0.25:
        scratch(flat, rng)
    if rng.random() < 0.5:
        draw_screws(flat, rng)
    if rng.random() < 0.2:
        draw_sticker(flat, rng)
    if rng.random() < 0.4:
        soil(flat, rng)
    corner = rounded(height, width, rng.uniform(0.02, 0.09) * min(height, 80))
    colours, alpha, inner = hold(flat, corner, rng)
    if rng.random() < 0.2:
        cast_shadow(colours, rng)
    if rng.random() < 0.06:
        shine(colours, rng)
    if rng.random() < 0.09:
        cover(colours, inner, rng)
    return to_art(colours, alpha, inner)


def fade(flat: np.ndarray, rng: Random) -> None:
    """Old paint: less contrast around a grey, patchily."""
    share = rng.uniform(0.1, 0.45) * (0.5 + 0.5 * clouds(flat.shape[0], flat.shape[1], 2, rng)[:, :, None])
    grey = np.array(vary((150, 160, 165), 30, rng), np.float32)
    flat += (grey - flat) * share


def scratch(flat: np.ndarray, rng: Random) -> None:
    """A few thin lines, light or dark, and perhaps a dent."""
    height, width = flat.shape[:2]
    for _ in range(rng.randint(1, 5)):
        x, y, angle, length = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(-0.6, 0.6), rng.uniform(5, 60)
        end = round(x + length * math.cos(angle)), round(y + length * math.sin(angle))
        cv2.line(flat, (round(x), round(y)), end, [rng.choice((80, 120, 200))] * 3, 1, cv2.LINE_AA)
    if rng.random() < 0.4:
        bend = clouds(height, width, 2, rng)[:, :, None]
        flat *= 0.75 + 0.5 * bend.clip(0, 1)


def draw_screws(flat: np.ndarray, rng: Random) -> None:
    """Two or four screw heads."""
    height, width = flat.shape[:2]
    colour = vary(rng.choice(((190, 195, 195), (60, 60, 60), (235, 235, 235), (40, 60, 110))), 20, rng)
    across, down = rng.uniform(0.12, 0.28), rng.choice((0.5, 0.12, 0.12))
    for x in (across, 1 - across):
        for y in {down, 1 - down if rng.random() < 0.5 else down}:
            cv2.circle(flat, (round(x * width), round(y * height)), rng.randint(2, 4), colour, -1, cv2.LINE_AA)


def draw_sticker(flat: np.ndarray, rng: Random) -> None:
    """A small coloured label in a corner or the middle."""
    height, width = flat.shape[:2]
    h = rng.uniform(0.12, 0.26) * min(height, 80)
    w = h * rng.uniform(0.8, 1.8)
    x, y = rng.choice((0.06, 0.5, 0.94)) * width, rng.choice((0.14, 0.86)) * height
    colour = [rng.uniform(20, 240) for _ in range(3)]
    cv2.rectangle(flat, (round(x - w / 2), round(y - h / 2)), (round(x + w / 2), round(y + h / 2)), colour, -1)


def soil(flat: np.ndarray, rng: Random) -> None:
    """Dust all over or mud in patches, more of it below."""
    height, width = flat.shape[:2]
    mud = np.array(vary(rng.choice(((70, 90, 105), (60, 70, 80), (120, 135, 145))), 15, rng), np.float32)
    cover_by = (clouds(height, width, 5, rng) - rng.uniform(0.3, 0.75)) * rng.uniform(0.5, 2.0)
    if rng.random() < 0.5:
        cover_by = cover_by + np.linspace(-0.3, 0.35, height, dtype=np.float32)[:, None]
    flat += (mud - flat) * cover_by.clip(0, rng.uniform(0.3, 0.85))[:, :, None]


def hold(
    flat: np.ndarray, corner: np.ndarray, rng: Random
) -> tuple[np.ndarray, np.ndarray, tuple[float, float, float, float]]:
    """Colours (h, w, 3) and alpha (h, w) of the plate in a holder, and where in them the plate lies.

    The margin has room for the holder and for the shadow that the plate throws on what is behind it.
    """
    height, width = flat.shape[:2]
    unit = min(height, 80)
    sides, below = (rng.uniform(0.03, 0.1) * unit for _ in range(2))
    kind = rng.choices(("none", "black", "dealer", "chrome", "colour"), (48, 24, 16, 6, 6))[0]
    if kind == "dealer":
        below = rng.uniform(0.15, 0.26) * unit
    pad = math.ceil(max(sides, below)) + 4
    full = (height + 2 * pad, width + 2 * pad)
    ground = {"black": (30, 30, 30), "dealer": (34, 32, 32), "chrome": (190, 190, 190), "none": (25, 25, 25)}
    tint = vary(ground.get(kind, [rng.uniform(20, 200) for _ in range(3)]), 14, rng)
    colours, alpha = np.full((*full, 3), tint, np.float32), np.zeros(full, np.float32)
    if kind == "none":
        if rng.random() < 0.6:  # shadow on the body, below and to a side
            dx, strength = rng.randint(-2, 2), rng.uniform(0.2, 0.6)
            alpha[pad + 2 : pad + height + 2, pad + dx : pad + dx + width] = strength * corner
            alpha = cv2.GaussianBlur(alpha, (7, 7), 0)
    else:
        top, bottom = round(pad - sides), round(pad + height + below)
        left, right = round(pad - sides), round(pad + width + sides)
        alpha[top:bottom, left:right] = rounded(bottom - top, right - left, 0.08 * unit)
        if kind == "chrome":
            colours[:] += np.linspace(50, -90, full[0], dtype=np.float32)[:, None, None]
        if kind == "dealer":
            text = " ".join(glyphs.draw_word(rng) for _ in range(rng.randint(1, 4)))
            text = text.upper() if rng.random() < 0.4 else text
            low = pad + height + 0.78 * below
            box = (pad + width * rng.uniform(0.05, 0.3), low - 0.5 * below, pad + width * rng.uniform(0.7, 0.95), low)
            glyphs.ink_line(colours, text, glyphs.BOLD, box, vary((190, 190, 190), 50, rng))
    here = slice(pad, pad + height), slice(pad, pad + width)
    share = corner[:, :, None]
    colours[here] = flat * share + colours[here] * (1 - share)
    alpha[here] = np.maximum(alpha[here], corner)
    return colours, alpha, (pad, pad, pad + width, pad + height)


def cast_shadow(colours: np.ndarray, rng: Random) -> None:
    """The edge of a shadow across the plate: level under a bumper, slanted elsewhere."""
    height, width = colours.shape[:2]
    angle = rng.choice((math.pi / 2, -math.pi / 2, rng.uniform(-math.pi, math.pi))) + rng.uniform(-0.2, 0.2)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    off = (x - width * rng.uniform(0.2, 0.8)) * math.cos(angle) + (y - height * rng.uniform(0.2, 0.8)) * math.sin(angle)
    share = (off / rng.uniform(1, 8) + 0.5).clip(0, 1)
    colours *= (1 - share * rng.uniform(0.25, 0.6))[:, :, None]


def shine(colours: np.ndarray, rng: Random) -> None:
    """A spot where a lamp or the sun is mirrored."""
    height, width = colours.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    size = rng.uniform(0.2, 0.7) * height
    away = ((x - rng.uniform(0, width)) ** 2 + (y - rng.uniform(0, height)) ** 2) / size**2
    colours += (rng.uniform(60, 220) * np.exp(-away))[:, :, None]


def cover(colours: np.ndarray, inner: tuple[float, float, float, float], rng: Random) -> None:
    """Something in front: a tow bar, the edge of a bumper, grass, a rod. At most about a third is hidden.

    It ends with the holder: alpha stays as it is, so the plate gets no new outline.
    """
    x0, y0, x1, y1 = (round(v) for v in inner)
    width, height = x1 - x0, y1 - y0
    kind = rng.choice(("bar", "edge", "grass", "rod"))
    dark = vary((35, 35, 36), 20, rng)
    if kind == "bar":
        x, radius = x0 + rng.uniform(0.3, 0.7) * width, rng.uniform(0.14, 0.24) * min(height, 80)
        top = (round(x), round(y1 - rng.uniform(0.15, 0.6) * height))
        cv2.line(colours, top, (round(x), y1 + 40), dark, max(2, round(radius)))
        cv2.circle(colours, top, round(radius), vary((110, 110, 112), 60, rng), -1, cv2.LINE_AA)
    elif kind == "edge":
        deep = rng.uniform(0.08, 0.28) * height
        if rng.random() < 0.5:
            colours[: round(y0 + deep)] = dark
        else:
            colours[round(y1 - deep) :] = dark
    elif kind == "grass":
        for _ in range(rng.randint(4, 18)):
            x, tip = x0 + rng.uniform(0, width), y1 - rng.uniform(0.1, 0.6) * height
            colour = vary((50, 110, 90), 35, rng)
            end = (round(x + rng.uniform(-12, 12)), round(tip))
            cv2.line(colours, (round(x), y1 + 6), end, colour, rng.randint(1, 3), cv2.LINE_AA)
    else:
        x = x0 + rng.uniform(0.1, 0.9) * width
        end = (round(x + rng.uniform(-30, 30)), y1 + 4)
        cv2.line(colours, (round(x), y0 - 4), end, vary(dark, 30, rng), rng.randint(2, 6), cv2.LINE_AA)
