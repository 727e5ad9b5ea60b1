"""Lines of text as masks, letter by letter, so that spacing and width are ours to draw."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from random import Random

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

# Debian's fonts-dejavu-core, nothing else: with other fonts a seed would give other pictures.
BOLD, MONO, PLAIN, SERIF = "DejaVuSans-Bold.ttf", "DejaVuSansMono-Bold.ttf", "DejaVuSans.ttf", "DejaVuSerif-Bold.ttf"
CAPITAL = 48  # px, height of a capital letter
RISE, DROP = 9, 13  # px kept above the capitals and below the baseline
ROWS = RISE + CAPITAL + DROP

LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
CYRILLIC = "АВЕКМНОРСТУХБГДЖИЛЯ"
ARABIC, ARABIC_DIGITS = "ابحدرسصطعفقلمنهوى", "٠١٢٣٤٥٦٧٨٩"
HAN_LIKE = "ЖФЩЮЊЂ"  # dense shapes: at plate size nobody reads more of a Han character
SMALL = "abcdefghijklmnopqrstuvwxyz"
ALPHABETS = {
    "L": LATIN,
    "D": DIGITS,
    "C": CYRILLIC,
    "A": ARABIC,
    "N": ARABIC_DIGITS,
    "Z": HAN_LIKE,
    "X": LATIN + DIGITS,
}


def draw_text(pattern: str, rng: Random) -> str:
    """Random characters for the pattern's letters (ALPHABETS); all other characters stay."""
    return "".join(rng.choice(ALPHABETS[sign]) if sign in ALPHABETS else sign for sign in pattern)


def draw_word(rng: Random) -> str:
    """2 to 9 random small letters, with a vowel after most consonants, so that it has a word's outline."""
    letters = []
    for place in range(rng.randint(2, 9)):
        letters.append(rng.choice("aeiou" if place % 2 and rng.random() < 0.8 else SMALL))
    return "".join(letters)


@lru_cache(maxsize=8)
def load_font(name: str) -> ImageFont.FreeTypeFont:
    """The font at the size that makes capitals CAPITAL px high. Raises OSError if it is not installed."""
    try:
        probe = ImageFont.truetype(name, 100)
        _, top, _, bottom = probe.getbbox("H", anchor="ls")
        return ImageFont.truetype(name, 100 * CAPITAL / (bottom - top))
    except OSError as cause:
        raise OSError(f"{name}: no such font here; Debian has it in fonts-dejavu-core") from cause


@lru_cache(maxsize=4096)
def glyph(name: str, char: str) -> np.ndarray:
    """uint8 (ROWS, w): one character, ink 255, cut close at both sides. Not to be changed: it is kept."""
    font = load_font(name)
    left, _, right, _ = font.getbbox(char, anchor="ls")
    width = max(1, int(right - left) + 2)
    canvas = Image.new("L", (width, ROWS))
    ImageDraw.Draw(canvas).text((1 - left, RISE + CAPITAL), char, fill=255, font=font, anchor="ls")
    return np.asarray(canvas)


def set_line(text: str, font: str, gap: float = 0.14, widths: Sequence[float] = ()) -> np.ndarray:
    """uint8 (ROWS, w): a line of text. `gap` between letters, in capital heights; a blank is 0.35 of one.

    `widths` replaces the blanks in order, in capital heights, to leave room for a mark.
    """
    space = np.zeros((ROWS, max(1, round(gap * CAPITAL))), np.uint8)
    blanks = iter(widths)
    parts = []
    for char in text:
        if char == " ":
            parts.append(np.zeros((ROWS, round(next(blanks, 0.35) * CAPITAL)), np.uint8))
        else:
            parts += [glyph(font, char), space]
    return np.hstack(parts) if parts else space


def ink(art: np.ndarray, mask: np.ndarray, box: tuple[float, float, float, float], colour: Sequence[float]) -> None:
    """Put a mask, scaled to the box (x0, y0, x1, y1, px of `art`), into art (h, w, 3) in a colour. Changes `art`."""
    x0, y0 = max(0, round(box[0])), max(0, round(box[1]))
    x1, y1 = min(art.shape[1], round(box[2])), min(art.shape[0], round(box[3]))
    if x1 - x0 < 1 or y1 - y0 < 1:
        return
    fitted = cv2.resize(mask, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)[:, :, None] / np.float32(255)
    part = art[y0:y1, x0:x1]
    part[:] = part + (np.array(colour, np.float32) - part) * fitted


def ink_line(
    art: np.ndarray,
    text: str,
    font: str,
    box: tuple[float, float, float, float],
    colour: Sequence[float],
    gap: float = 0.14,
) -> None:
    """A line of text in the box, capitals as high as it; narrowed if too long, else in its middle. Changes `art`."""
    mask = set_line(text, font, gap)
    tall = box[3] - box[1]
    scale = tall / CAPITAL
    wide = min(mask.shape[1] * scale, box[2] - box[0])
    middle = (box[0] + box[2]) / 2
    ink(art, mask, (middle - wide / 2, box[1] - RISE * scale, middle + wide / 2, box[3] + DROP * scale), colour)
