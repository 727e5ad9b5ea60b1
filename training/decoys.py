"""Flat things that resemble plates and are none: signs, posters, grilles, lamps, stickers, barcodes.

Each differs from a plate in a way that a person would see: its shape, many words, no text, or roundness. Those that
differ only by their lack of characters must not be drawn so small that a plate's characters would not show either;
`LEAST_HEIGHT` says how tall they have to be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import cv2
import numpy as np

from training import glyphs
from training.art import Art, Colour, clouds, rounded, to_art, vary

LEAST_HEIGHT = 15.0  # px in the picture
FONTS = (glyphs.BOLD, glyphs.PLAIN, glyphs.SERIF, glyphs.MONO)


def draw_colour(rng: Random) -> Colour:
    """Any colour, more often a dull one, as most of the world's."""
    level, share = rng.uniform(10, 245), rng.uniform(0.1, 0.8)
    return [level + (rng.uniform(10, 245) - level) * share for _ in range(3)]


def draw_contrast(rng: Random) -> tuple[Colour, Colour]:
    """A ground and an ink that can be told apart."""
    light, dark = vary((225, 225, 225), 30, rng), [rng.uniform(0, 130) for _ in range(3)]
    return (light, dark) if rng.random() < 0.55 else (dark, light)


def blank_sheet(height: float, aspect: float, colour: Colour) -> np.ndarray:
    """float32 (h, w, 3) in one colour."""
    return np.full((round(height), round(height * aspect), 3), colour, np.float32)


def finish(sheet: np.ndarray, rng: Random, radius: float = 0.06) -> Art:
    """The sheet with a little dirt and round corners as Art."""
    height, width = sheet.shape[:2]
    if rng.random() < 0.4:
        sheet *= 0.75 + 0.4 * clouds(height, width, 3, rng).clip(0, 1)[:, :, None]
    pad = 2
    colours = cv2.copyMakeBorder(sheet, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    alpha = cv2.copyMakeBorder(
        rounded(height, width, radius * height), pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0
    )
    return to_art(colours, alpha, (pad, pad, pad + width, pad + height))


def draw_sign(rng: Random) -> Art:
    """A board with two to five lines of several words."""
    ground, colour = draw_contrast(rng)
    sheet = blank_sheet(110, rng.uniform(0.8, 4.5), ground)
    height, width = sheet.shape[:2]
    # Two lines on a board of a two-line plate's shape would be too near to one.
    rows, font = rng.randint(3, 5) if width < 2.6 * height else rng.randint(2, 4), rng.choice(FONTS)
    for i in range(rows):
        words = " ".join(glyphs.draw_word(rng) for _ in range(rng.randint(2, 4)))
        words = words.upper() if rng.random() < 0.3 else words
        tall, middle, margin = rng.uniform(0.35, 0.5) * height / rows, height * (i + 0.5) / rows, 0.05 * width
        box = (margin, middle - tall / 2, width - margin * rng.uniform(1, 4), middle + tall / 2)
        glyphs.ink_line(sheet, words, font, box, colour)
    return finish(sheet, rng)


def draw_street_name(rng: Random) -> Art:
    """One long line of words on a board longer than plates are."""
    ground, colour = draw_contrast(rng)
    if rng.random() < 0.5:
        ground, colour = vary(rng.choice(((140, 60, 20), (60, 100, 20), (120, 50, 40))), 20, rng), [235, 235, 235]
    sheet = blank_sheet(64, rng.uniform(6.3, 9.5), ground)
    height, width = sheet.shape[:2]
    words = " ".join(glyphs.draw_word(rng).capitalize() for _ in range(rng.randint(2, 4)))
    font = rng.choice(FONTS)
    glyphs.ink_line(sheet, words, font, (0.04 * width, 0.27 * height, 0.96 * width, 0.68 * height), colour)
    return finish(sheet, rng)


def draw_house_number(rng: Random) -> Art:
    """One to three large digits on a small square or round shield."""
    ground, colour = draw_contrast(rng)
    sheet = blank_sheet(80, rng.uniform(0.85, 1.15), ground)
    height, width = sheet.shape[:2]
    number = glyphs.draw_text("D" * rng.randint(1, 2), rng)
    box = (0.15 * width, 0.25 * height, 0.85 * width, 0.75 * height)
    glyphs.ink_line(sheet, number, rng.choice(FONTS), box, colour)
    return finish(sheet, rng, rng.choice((0.1, 0.5, 0.5)))


def draw_round_sign(rng: Random) -> Art:
    """A traffic sign: a disc with a coloured ring and perhaps a number or a bar."""
    sheet = blank_sheet(80, 1.0, vary((230, 230, 230), 15, rng))
    ring = vary(rng.choice(((40, 30, 190), (40, 30, 190), (150, 60, 20))), 20, rng)
    if rng.random() < 0.3:
        sheet[:] = ring
    cv2.circle(sheet, (40, 40), 35, ring, 9, cv2.LINE_AA)
    if rng.random() < 0.6:
        glyphs.ink_line(sheet, glyphs.draw_text("DD", rng), glyphs.BOLD, (18, 26, 62, 54), (30, 30, 30))
    elif rng.random() < 0.5:
        cv2.rectangle(sheet, (14, 32), (66, 48), (235, 235, 235), -1)
    return finish(sheet, rng, 0.5)


def draw_poster(rng: Random) -> Art:
    """A sheet taller than wide, or nearly so, with a blurred picture and lines of words."""
    sheet = blank_sheet(130, rng.uniform(0.5, 0.82), draw_colour(rng))
    height, width = sheet.shape[:2]
    top, low = sorted((rng.uniform(0, 0.5), rng.uniform(0.5, 1)))
    picture = sheet[round(top * height) : round(low * height)]
    for _ in range(rng.randint(1, 3)):
        share = (3 * clouds(picture.shape[0], picture.shape[1], rng.randint(2, 4), rng) - 1).clip(0, 1)[:, :, None]
        picture[:] = picture * (1 - share) + np.array(draw_colour(rng), np.float32) * share
    font, colour = rng.choice(FONTS), draw_colour(rng)
    for _ in range(rng.randint(2, 6)):
        words = " ".join(glyphs.draw_word(rng) for _ in range(rng.randint(1, 5)))
        y, tall = rng.uniform(0.02, 0.85) * height, rng.uniform(0.04, 0.12) * height
        glyphs.ink_line(sheet, words, font, (0.06 * width, y, 0.94 * width, y + tall), colour)
    return finish(sheet, rng, 0.0)


def draw_empty(rng: Random) -> Art:
    """A bright or coloured rectangle without any text: a reflector, a blank board, a lit window."""
    sheet = blank_sheet(
        60, rng.uniform(0.7, 6.0), vary((225, 225, 225), 30, rng) if rng.random() < 0.6 else draw_colour(rng)
    )
    height, width = sheet.shape[:2]
    if rng.random() < 0.5:
        sheet += np.linspace(rng.uniform(-60, 0), rng.uniform(0, 40), height, dtype=np.float32)[:, None, None]
    if rng.random() < 0.4:
        cv2.rectangle(sheet, (3, 3), (width - 4, height - 4), draw_colour(rng), 2)
    return finish(sheet, rng, rng.uniform(0, 0.2))


def draw_grille(rng: Random) -> Art:
    """Parallel bars, dark and metal."""
    sheet = blank_sheet(72, rng.uniform(1.5, 5.5), vary((30, 30, 32), 15, rng))
    height, width = sheet.shape[:2]
    colour, upright = vary(rng.choice(((190, 190, 190), (90, 90, 92), (230, 230, 230))), 25, rng), rng.random() < 0.5
    count = rng.randint(3, 6) if not upright else rng.randint(6, 26)
    long, across = (width, height) if upright else (height, width)
    thick = max(1, round(long / count * rng.uniform(0.2, 0.5)))
    for i in range(count):
        at = round(long * (i + 0.5) / count)
        begin, end = ((at, 0), (at, across)) if upright else ((0, at), (across, at))
        cv2.line(sheet, begin, end, colour, thick)
    return finish(sheet, rng, rng.uniform(0, 0.3))


def draw_lamp(rng: Random) -> Art:
    """A lamp: red, orange or clear, in one to three chambers, with a bright heart when lit."""
    sheet = blank_sheet(
        64, rng.uniform(0.5, 3.5), vary(rng.choice(((30, 20, 150), (30, 20, 150), (200, 205, 205))), 30, rng)
    )
    height, width = sheet.shape[:2]
    for _ in range(rng.randint(0, 2)):
        x = rng.randrange(width)
        sheet[:, x : x + round(rng.uniform(0.1, 0.4) * width)] = vary(
            rng.choice(((40, 130, 230), (215, 215, 220))), 20, rng
        )
    sheet[::6] *= 0.8
    if rng.random() < 0.5:
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        away = ((x - rng.uniform(0.2, 0.8) * width) ** 2 + (y - 0.5 * height) ** 2) / (0.3 * height) ** 2
        sheet += (220 * np.exp(-away))[:, :, None]
    return finish(sheet.clip(0, 255), rng, rng.uniform(0.15, 0.5))


def draw_logo(rng: Random) -> Art:
    """A round or oval badge with a few simple shapes."""
    ground, colour = draw_contrast(rng)
    sheet = blank_sheet(70, rng.uniform(0.9, 1.9), ground)
    height, width = sheet.shape[:2]
    middle, axes = (width // 2, height // 2), (round(0.42 * width), round(0.42 * height))
    cv2.ellipse(sheet, middle, axes, 0, 0, 360, colour, rng.choice((3, 5)), cv2.LINE_AA)
    corners = [(rng.uniform(0.25, 0.75) * width, rng.uniform(0.2, 0.8) * height) for _ in range(rng.randint(3, 5))]
    cv2.fillPoly(sheet, [np.array(corners, np.int32)], draw_colour(rng), cv2.LINE_AA)
    return finish(sheet, rng, 0.5)


def draw_barcode(rng: Random) -> Art:
    """Upright bars of uneven width on white, with or without a tiny number below."""
    sheet = blank_sheet(72, rng.uniform(1.2, 2.6), vary((235, 235, 235), 15, rng))
    height, width = sheet.shape[:2]
    x, low = 0.06 * width, round(rng.choice((0.78, 0.92)) * height)
    while x < 0.93 * width:
        thick = rng.choice((1, 1, 2, 3, 4))
        sheet[round(0.08 * height) : low, round(x) : round(x) + thick] = 25
        x += thick + rng.choice((1, 2, 2, 3, 5))
    if low < 0.8 * height:
        number = glyphs.draw_text("D DDDDDD DDDDDD", rng)
        glyphs.ink_line(
            sheet, number, glyphs.MONO, (0.1 * width, 0.84 * height, 0.9 * width, 0.95 * height), (30, 30, 30)
        )
    return finish(sheet, rng, 0.02)


def draw_lettering(rng: Random) -> Art:
    """A word in loose letters without any board, as on the back of a van."""
    word = " ".join(glyphs.draw_word(rng) for _ in range(rng.randint(1, 3)))
    mask = glyphs.set_line(word if rng.random() < 0.5 else word.upper(), rng.choice(FONTS), rng.uniform(0.05, 0.4))
    alpha = mask.astype(np.float32) / 255
    height, width = alpha.shape
    colours = np.full(
        (height, width, 3), vary(rng.choice(((210, 210, 210), (40, 40, 40), (60, 40, 190))), 30, rng), np.float32
    )
    return to_art(colours, alpha, (0, 0, width, height))


KINDS: tuple[tuple[Callable[[Random], Art], float, bool], ...] = (
    (draw_sign, 5, True),
    (draw_street_name, 4, False),
    (draw_house_number, 2, False),
    (draw_round_sign, 1, False),
    (draw_poster, 2, False),
    (draw_empty, 3, True),
    (draw_grille, 3, True),
    (draw_lamp, 4, True),
    (draw_logo, 2, False),
    (draw_barcode, 2, True),
    (draw_lettering, 3, True),
)
"""How to draw it, how often, and whether it can be told from a plate only from LEAST_HEIGHT on."""


def render(rng: Random) -> Art:
    """One decoy of a drawn kind."""
    draw, _, needs_size = rng.choices(KINDS, [weight for _, weight, _ in KINDS])[0]
    return replace(draw(rng), least_height=LEAST_HEIGHT if needs_size else 0.0)
