"""Makes the sample video: a public-domain portrait that moves over a plain scene, and a drawn
licence plate. Nothing of it is stored in the repository.

The portrait is NASA's picture of the astronaut Eileen Collins, which the Python package
scikit-image ships (`skimage.data.astronaut`, public domain).

    sample.py OUT.mp4 [SECONDS]
"""
import subprocess
import sys

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from skimage import data

WIDTH, HEIGHT, RATE = 1280, 720, 25
PLATE = (230, 52)  # pixels


def background(rng: np.random.Generator) -> Image.Image:
    """Soft coloured noise, so that neither flat areas nor texture hide a mistake."""
    coarse = rng.integers(60, 190, (9, 16, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    return image.filter(ImageFilter.GaussianBlur(12))


def plate() -> Image.Image:
    """A plate that belongs to no car."""
    image = Image.new("RGB", PLATE, (245, 245, 240))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, PLATE[0] - 1, PLATE[1] - 1), outline=(20, 20, 20), width=3)
    draw.rectangle((3, 3, 24, PLATE[1] - 4), fill=(20, 60, 160))
    draw.text((38, 8), "SC 000-RM", fill=(15, 15, 15), font=ImageFont.load_default(34))
    return image


def car(sign: Image.Image) -> Image.Image:
    """The back of a car, roughly, with the plate on it."""
    image = Image.new("RGB", (460, 240), (70, 74, 82))
    draw = ImageDraw.Draw(image)
    draw.rectangle((40, 15, 420, 90), fill=(25, 28, 34))
    for x in (15, 385):
        draw.rectangle((x, 105, x + 60, 150), fill=(150, 20, 25))
    draw.rectangle((0, 200, 460, 240), fill=(30, 30, 32))
    image.paste(sign, ((460 - PLATE[0]) // 2, 122))
    return image


def main() -> None:
    """Writes the video."""
    out = sys.argv[1]
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 6
    scene = background(np.random.default_rng(7))
    portrait = Image.fromarray(data.astronaut())
    small = portrait.resize((170, 170), Image.Resampling.LANCZOS)
    large = portrait.resize((400, 400), Image.Resampling.LANCZOS)
    back = car(plate())
    command = ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24",
               "-s", f"{WIDTH}x{HEIGHT}", "-r", str(RATE), "-i", "-",
               "-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p",
               "-metadata", "title=sample", "-metadata", "location=+00.0000+000.0000/", out]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as encoder:
        assert encoder.stdin is not None
        for n in range(round(seconds * RATE)):
            frame = scene.copy()
            frame.paste(large, (60 + 3 * n % 700, 40 + round(30 * np.sin(n / 12))))
            frame.paste(small, (WIDTH - 200 - 2 * n % 500, 60 + n % 40))
            frame.paste(back, (120 + 2 * n % 600, 455 + round(8 * np.sin(n / 7))))
            encoder.stdin.write(frame.tobytes())
    if encoder.returncode != 0:
        sys.exit("ffmpeg could not write the sample")


if __name__ == "__main__":
    main()
