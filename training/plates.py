"""Flat licence plates of many kinds, drawn with random characters; never a real plate's text.

They teach the detector that there is a plate, so they have the outline, colours and rhythm of plates; nobody is to
read them. Every draw comes from the one `random.Random` that is handed in. Colours are BGR, 0 to 255.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import cv2
import numpy as np

from training import glyphs, wear
from training.art import Art, Colour, vary

WHITE, DIM, YELLOW, BLACK = (238, 238, 238), (205, 208, 206), (40, 190, 240), (28, 26, 26)
BLUE, RED, GREEN = (150, 60, 20), (40, 30, 190), (70, 120, 30)
LINE = 72  # px, height of a plate with one line of text
BAND = (150, 65, 15)


@dataclass(frozen=True)
class Style:
    """A kind of plate."""

    name: str
    weight: float
    """How often it is drawn, relative to the others."""
    aspect: tuple[float, float]
    """Least and most width by height."""
    patterns: tuple[str, ...]
    """As `glyphs.draw_text`; `/` ends a line, `*` leaves room for a coat of arms, `o` for two seals, `|` is a rule."""
    colours: tuple[tuple[Colour, Colour], ...] = ((WHITE, BLACK), (WHITE, BLACK), (WHITE, BLACK), (DIM, BLACK))
    """Pairs of ground and ink."""
    band: str = ""
    """Where a blue band lies: any of `l`, `r`, `t`; `*` with a ring of stars, `?` only now and then."""
    small: str = ""
    """Small words: any of `t` above the text, `b` below it."""
    picture: float = 0.0
    """Chance of a coloured ground instead of a plain one."""


EU: tuple[str, ...] = (
    "LL DDD LL",
    "LL-DDD-LL",
    "LLoLL DDDD",
    "LoLL DDD",
    "LLLoL DDD",
    "LLL DDDD",
    "LL DD LLL",
    "L DDD LLL",
    "LLL-DDD",
)
EU += ("LL*DDD-LL", "LL*DDDD-L", "LL DDDLL", "DLL DDDD", "DDD LL DD", "C DDDD CC", "CC DDDD CC", "LL DDDDD", "LDDDDD")
TWO = ("LL/DDDD", "LLL/DDD", "LLoL/DDD", "LLo/L DDDD", "LL D/DDLL", "LL*/DDD-LL", "DDD/LLL", "LL DD/LLL", "L DDD/LL")
DIPLOMATIC = ((BLUE, WHITE), (GREEN, WHITE), (RED, WHITE), (BLACK, YELLOW), (BLUE, YELLOW), (BLUE, WHITE))
US = ("LLL DDDD", "DLLLDDD", "DDD LLL", "LLL-DDD", "XXXXXX", "XXX XXXX", "LL DDDDD")
US_COLOURS: tuple[tuple[Colour, Colour], ...] = (
    (WHITE, (110, 40, 30)),
    (WHITE, (40, 90, 30)),
    ((220, 230, 235), (40, 30, 140)),
    (WHITE, BLACK),
)
US_COLOURS += ((YELLOW, (90, 30, 20)), ((150, 80, 30), YELLOW), ((225, 215, 180), (90, 40, 20)), (BLACK, YELLOW))

STYLES = (
    Style("serbian", 14, (4.5, 4.7), ("LL*DDD-LL", "LL*DDDD-LL", "LL*DDD-LL"), band="l"),
    Style("serbian-taxi", 1, (4.5, 4.7), ("LL*DDD-TX", "LL*DDDD-TX"), band="l"),
    Style("european", 16, (4.3, 4.8), EU, band="l*"),
    Style("french-italian", 5, (4.4, 4.8), ("LL-DDD-LL", "LL DDDLL"), band="lr"),
    Style("no-band", 6, (4.0, 4.8), EU),
    Style("dutch", 3, (4.5, 4.7), ("LL-DDD-L", "D-LLL-DD", "DD-LL-LL", "LLL-DD-D"), ((YELLOW, BLACK),), "l*"),
    Style("british", 4, (4.5, 4.8), ("LLDD LLL", "LDDD LLL"), ((YELLOW, BLACK), (WHITE, BLACK)), "l?"),
    Style("russian", 3, (4.5, 4.7), ("C DDD CC|DD", "C DDD CC|DDD")),
    Style("turkish", 1, (4.5, 4.7), ("DD LL DDD", "DD LLL DD"), band="l"),
    Style("two-line", 10, (1.25, 2.0), TWO, band="l?"),
    Style("two-line-yellow", 1, (1.25, 1.8), TWO, ((YELLOW, BLACK),), "l?"),
    Style("motorcycle", 6, (0.95, 1.35), TWO, band="l?"),
    Style("american", 8, (1.9, 2.1), US, US_COLOURS, small="tb", picture=0.45),
    Style("american-motorcycle", 1, (1.6, 1.8), ("DLDDDD", "LLDDD", "DDDD/LL"), US_COLOURS, small="t", picture=0.3),
    Style("mercosur", 4, (2.9, 3.2), ("LLLDLDD", "LL DDD LL"), band="t"),
    Style("brazilian-grey", 2, (2.8, 3.1), ("LLL DDDD",), (((175, 175, 172), BLACK),), small="t"),
    Style("egyptian", 4, (1.9, 2.2), ("NNN|A A A", "NNNN|A A", "NNNN|A A A"), band="t"),
    Style("egyptian-motorcycle", 3, (0.95, 1.25), ("A A/NNN", "NNNN/A A", "A A A/NNN"), band="t"),
    Style("arabic-long", 2, (4.2, 4.8), ("NNNN|A A A", "DDDDD|A", "L DDDDD", "A|NNNNN"), band="r?"),
    Style("chinese", 2, (3.0, 3.3), ("ZL DDDDD", "ZL XXXXX"), ((BLUE, WHITE), (BLUE, WHITE), ((150, 205, 130), BLACK))),
    Style("indian", 2, (4.0, 4.7), ("LL DD LL DDDD", "LL DD L DDDD"), ((WHITE, BLACK), (YELLOW, BLACK)), "l?"),
    Style("indian-two-line", 1, (1.5, 2.0), ("LL DD/DDDD", "LL DD L/DDDD"), ((WHITE, BLACK), (YELLOW, BLACK))),
    Style("trailer", 2, (4.4, 4.8), ("LL DDD LL", "LLL DDD", "LL*DDDDD"), ((WHITE, RED), (YELLOW, RED)), "l?"),
    Style("taxi-green", 1, (4.4, 4.8), ("LLL DDD", "LL DDDLL"), ((WHITE, GREEN), ((110, 200, 170), BLACK))),
    Style("diplomatic", 2, (4.3, 4.8), ("DD-L-DDD", "LL DDD", "DDD L DDD"), DIPLOMATIC, "l?"),
    Style("diplomatic-two-line", 1, (1.3, 2.0), ("LL/DDDD", "DD L/DDD"), DIPLOMATIC),
    Style("old-black", 2, (3.8, 5.0), ("LLL DDD", "LL DDDD", "LLL DDDL"), ((BLACK, DIM), (BLACK, WHITE))),
    Style("old-black-two-line", 1, (1.2, 1.7), ("LL/DDDD", "DDD/DDL"), ((BLACK, DIM), (BLACK, WHITE))),
)
WEIGHTS = tuple(style.weight for style in STYLES)
FONTS = (glyphs.BOLD, glyphs.BOLD, glyphs.MONO, glyphs.MONO, glyphs.PLAIN)


def render(rng: Random) -> Art:
    """One worn plate of a drawn style, with its holder."""
    style = rng.choices(STYLES, WEIGHTS)[0]
    return wear.worn(draw_flat(style, rng), rng)


def draw_flat(style: Style, rng: Random) -> np.ndarray:
    """float32 (h, w, 3) BGR: a new plate of the style, seen straight on."""
    text = glyphs.draw_text(rng.choice(style.patterns), rng)
    rows = text.split("/")
    height = LINE * (1 if len(rows) == 1 and style.aspect[0] > 2.5 else 1.7)
    width = height * rng.uniform(*style.aspect)
    ground, colour = rng.choice(style.colours)
    ground, colour = vary(ground, 12, rng), vary(colour, 14, rng)
    art = np.full((round(height), round(width), 3), ground, np.float32)
    if rng.random() < style.picture:
        paint_ground(art, rng)
    field = draw_bands(art, style, rng)
    if rng.random() < 0.7:
        inset = rng.uniform(0.015, 0.045) * height
        corners = (round(inset), round(inset)), (round(width - inset), round(height - inset))
        cv2.rectangle(art, *corners, colour, max(1, round(height * rng.uniform(0.012, 0.03))), cv2.LINE_AA)
    field = draw_small(art, style, field, colour, rng)
    draw_rows(art, rows, field, colour, rng)
    return art


def paint_ground(art: np.ndarray, rng: Random) -> None:
    """A vertical fade to another light colour, and sometimes hills in the middle. Changes `art`."""
    height, width = art.shape[:2]
    other = np.array([rng.uniform(120, 250) for _ in range(3)], np.float32)
    share = np.linspace(rng.uniform(-0.5, 0.3), rng.uniform(0.5, 1.2), height, dtype=np.float32).clip(0, 1)
    share = share[:: rng.choice((1, -1)), None, None]
    art[:] = art * (1 - share) + other * share
    if rng.random() < 0.4:
        hills = art.copy()
        peaks = [(width * i / 6, height * rng.uniform(0.35, 0.75)) for i in range(7)]
        outline = np.array([*peaks, (width, height), (0, height)], np.int32)
        cv2.fillPoly(hills, [outline], [rng.uniform(90, 220) for _ in range(3)])
        art[:] = 0.6 * art + 0.4 * hills


Box = tuple[float, float, float, float]


def draw_bands(art: np.ndarray, style: Style, rng: Random) -> Box:
    """Draws the style's bands into `art`; what is left for the text as x0, y0, x1, y1."""
    height, width = art.shape[:2]
    x0, y0, x1, y1 = 0.02 * width, 0.0, 0.98 * width, float(height)
    if "?" in style.band and rng.random() < 0.5:
        return x0, y0, x1, y1
    blue = vary(BAND if rng.random() < 0.85 else (60, 100, 30), 20, rng)
    side = min(rng.uniform(0.36, 0.44) * height, 0.11 * width)
    for edge in "lr":
        if edge not in style.band:
            continue
        start = 0.0 if edge == "l" else width - side
        art[:, round(start) : round(start + side)] = blue
        if rng.random() < 0.85:
            word = glyphs.draw_text("L" * rng.randint(1, 3), rng)
            tall = rng.uniform(0.16, 0.24) * min(height, LINE)
            low = height * rng.uniform(0.80, 0.90)
            glyphs.ink_line(art, word, glyphs.BOLD, (start + 2, low - tall, start + side - 2, low), WHITE)
        if "*" in style.band or (edge == "l" and rng.random() < 0.3):
            draw_stars(art, start + side / 2, height * 0.32, side * 0.33, rng)
        x0, x1 = (side + 0.01 * width, x1) if edge == "l" else (x0, start - 0.01 * width)
    if "t" in style.band:
        y0 = rng.uniform(0.18, 0.3) * height
        colour = (
            blue if rng.random() < 0.7 else vary(rng.choice((RED, GREEN, (40, 120, 230), (160, 160, 150))), 20, rng)
        )
        art[: round(y0)] = colour
        word = glyphs.draw_text(rng.choice(("LLLLLL", "AAA", "LLLLL A AAA", "LLLL LLL")), rng)
        tall, off = 0.55 * y0, rng.uniform(0.05, 0.3) * width
        glyphs.ink_line(art, word, glyphs.BOLD, (off, 0.22 * y0, width - off, 0.22 * y0 + tall), WHITE, gap=0.2)
    return x0, y0, x1, y1


def draw_stars(art: np.ndarray, cx: float, cy: float, radius: float, rng: Random) -> None:
    """A ring of twelve dots, or now and then a flag. Changes `art`."""
    if rng.random() < 0.12:
        colours = [[rng.uniform(0, 255) for _ in range(3)] for _ in range(3)]
        for i, colour in enumerate(colours):
            top = cy - radius + 2 * radius * i / 3
            corners = (round(cx - radius), round(top)), (round(cx + radius), round(top + 2 * radius / 3))
            cv2.rectangle(art, *corners, colour, -1)
        return
    for angle in np.arange(12) * np.pi / 6:
        middle = round(cx + radius * np.cos(angle)), round(cy + radius * np.sin(angle))
        cv2.circle(art, middle, max(1, round(radius * 0.12)), (40, 210, 245), -1, cv2.LINE_AA)


def draw_small(art: np.ndarray, style: Style, field: Box, colour: Colour, rng: Random) -> Box:
    """Draws the style's small words into `art`; what is left of the field."""
    x0, y0, x1, y1 = field
    height, width = art.shape[:2]
    colour = colour if rng.random() < 0.6 else vary(rng.choice((RED, BLUE, GREEN)), 30, rng)
    tall = rng.uniform(0.09, 0.15) * height
    if "t" in style.small:
        if rng.random() < 0.92:
            word = glyphs.draw_word(rng).upper() if rng.random() < 0.6 else glyphs.draw_word(rng).capitalize()
            top, margin = 0.06 * height, width * rng.uniform(0.15, 0.35)
            glyphs.ink_line(
                art, word, rng.choice((glyphs.BOLD, glyphs.SERIF)), (margin, top, width - margin, top + tall), colour
            )
        y0 += tall + 0.02 * height
    if "b" in style.small and rng.random() < 0.75:
        words = " ".join(glyphs.draw_word(rng) for _ in range(rng.randint(1, 3)))
        low, margin = 0.94 * height, width * rng.uniform(0.15, 0.3)
        glyphs.ink_line(art, words, glyphs.PLAIN, (margin, low - 0.75 * tall, width - margin, low), colour)
        y1 -= 0.6 * tall + 0.02 * height
    return x0, y0, x1, y1


def draw_rows(art: np.ndarray, rows: list[str], field: Box, colour: Colour, rng: Random) -> None:
    """The plate's main text, one line or two, in the field. Changes `art`."""
    font = rng.choice(FONTS)
    x0, y0, x1, y1 = field
    room = (y1 - y0) / len(rows)
    share = rng.uniform(0.62, 0.74) if len(rows) == 1 else rng.uniform(0.66, 0.76)
    gap = rng.uniform(0.08, 0.2)
    margin = rng.uniform(0.01, 0.05) * (x1 - x0)
    for i, row in enumerate(rows):
        middle = y0 + room * (i + 0.5)
        box = (x0 + margin, middle - share * room / 2, x1 - margin, middle + share * room / 2)
        draw_row(art, row, font, gap, box, colour, rng)


def draw_row(art: np.ndarray, row: str, font: str, gap: float, box: Box, colour: Colour, rng: Random) -> None:
    """One line of main text, its marks and rules. Changes `art`."""
    marks: dict[str, Callable[[np.ndarray, float, float, float, float, Random], None]]
    marks = {"*": draw_crest, "o": draw_seals}
    widths = [{"*": 0.75, "o": 0.55, "|": 0.5, " ": rng.uniform(0.25, 0.45)}[sign] for sign in row if sign in "*o| "]
    plain = "".join(" " if sign in "*o|" else sign for sign in row)
    mask = glyphs.set_line(plain, font, gap, widths)
    tall, long = box[3] - box[1], box[2] - box[0]
    scale = tall / glyphs.CAPITAL
    # Plates have narrow letters that fill the line: take the room, within what a plate's type allows.
    wide = min(long, mask.shape[1] * scale * rng.uniform(0.85, 1.05))
    left = (box[0] + box[2] - wide) / 2
    glyphs.ink(art, mask, (left, box[1] - glyphs.RISE * scale, left + wide, box[3] + glyphs.DROP * scale), colour)
    at, stretch, blanks = 0.0, wide / mask.shape[1], iter(widths)
    for sign in row:
        if sign not in "*o| ":
            at += glyphs.glyph(font, sign).shape[1] + max(1, round(gap * glyphs.CAPITAL))
            continue
        room = next(blanks) * glyphs.CAPITAL
        middle = left + (at + room / 2) * stretch
        if sign in marks:
            marks[sign](art, middle, (box[1] + box[3]) / 2, room * stretch * 0.8, tall, rng)
        elif sign == "|":
            top, low = box[1] - 0.15 * tall, box[3] + 0.15 * tall
            cv2.line(art, (round(middle), round(top)), (round(middle), round(low)), colour, 2, cv2.LINE_AA)
        at += room


def draw_crest(art: np.ndarray, x: float, y: float, wide: float, tall: float, rng: Random) -> None:
    """A dark or coloured shield with something light in it. Changes `art`."""
    w, h = wide / 2, min(tall * 0.45, wide * 0.75)
    outline = [(x - w, y - h), (x + w, y - h), (x + w, y + 0.2 * h), (x, y + h), (x - w, y + 0.2 * h)]
    colour = vary(rng.choice(((50, 40, 170), (60, 50, 90), BLUE, (70, 60, 60), BLACK)), 25, rng)
    cv2.fillPoly(art, [np.array(outline, np.int32)], colour, cv2.LINE_AA)
    cv2.circle(art, (round(x), round(y - 0.15 * h)), max(1, round(0.3 * w)), (200, 200, 210), -1, cv2.LINE_AA)


def draw_seals(art: np.ndarray, x: float, y: float, wide: float, tall: float, rng: Random) -> None:
    """Two round seals, one over the other. Changes `art`."""
    radius = max(1, round(min(wide / 2, tall * 0.22)))
    colours = (
        vary(rng.choice(((50, 160, 60), (40, 140, 230), (160, 90, 40))), 30, rng),
        vary((150, 160, 165), 30, rng),
    )
    for side, colour in zip((-1, 1), colours):
        middle = round(x), round(y + side * tall * 0.25)
        cv2.circle(art, middle, radius, colour, -1, cv2.LINE_AA)
        cv2.circle(art, middle, max(1, radius // 2), (90, 90, 90), 1, cv2.LINE_AA)
