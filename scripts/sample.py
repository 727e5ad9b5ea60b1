"""Makes the sample video: a public-domain portrait that moves over a plain scene, and a drawn
licence plate. Nothing of it is stored in the repository.

The portrait is NASA's picture of the astronaut Eileen Collins, which the Python package
scikit-image ships (`skimage.data.astronaut`, public domain).

    sample.py OUT.mp4 [SECONDS] [--height 720] [--grain] [--truth BOXES.json]
"""
import argparse
import json
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


# Hairline to chin and ear to ear in the portrait, as shares of its side: x, y, w, h.
FACE = (0.345, 0.13, 0.19, 0.25)


def places(n: int) -> list[tuple[str, int, int, int, int]]:
    """Where the faces and the plate are in frame n: class, x, y, w, h."""
    found = []
    for side, (x, y) in ((400, large_at(n)), (170, small_at(n))):
        fx, fy, fw, fh = (round(v * side) for v in FACE)
        found.append(("face", x + fx, y + fy, fw, fh))
    x, y = car_at(n)
    found.append(("plate", x + (460 - PLATE[0]) // 2, y + 122, *PLATE))
    return found


def large_at(n: int) -> tuple[int, int]:
    """Corner of the large portrait in frame n."""
    return 60 + 3 * n % 700, 40 + round(30 * np.sin(n / 12))


def small_at(n: int) -> tuple[int, int]:
    """Corner of the small portrait."""
    return WIDTH - 200 - 2 * n % 500, 60 + n % 40


def car_at(n: int) -> tuple[int, int]:
    """Corner of the car."""
    return 120 + 2 * n % 600, 455 + round(8 * np.sin(n / 7))


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("seconds", type=float, nargs="?", default=6)
    parser.add_argument("--height", type=int, default=HEIGHT, help="of the video, 16:9")
    parser.add_argument("--grain", action="store_true", help="noise as of a camera")
    parser.add_argument("--truth", help="write where the faces and the plate are")
    return parser.parse_args()


def main() -> None:
    """Writes the video."""
    args = arguments()
    scene = background(np.random.default_rng(7))
    portrait = Image.fromarray(data.astronaut())
    small = portrait.resize((170, 170), Image.Resampling.LANCZOS)
    large = portrait.resize((400, 400), Image.Resampling.LANCZOS)
    back = car(plate())
    frames = round(args.seconds * RATE)
    size = (args.height * WIDTH // HEIGHT // 2 * 2, args.height)
    filters = f"scale={size[0]}:{size[1]}" + (",noise=alls=4:allf=t" if args.grain else "")
    command = ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24",
               "-s", f"{WIDTH}x{HEIGHT}", "-r", str(RATE), "-i", "-", "-vf", filters,
               "-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p",
               "-metadata", "title=sample", "-metadata", "location=+00.0000+000.0000/", args.out]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as encoder:
        assert encoder.stdin is not None
        for n in range(frames):
            frame = scene.copy()
            frame.paste(large, large_at(n))
            frame.paste(small, small_at(n))
            frame.paste(back, car_at(n))
            encoder.stdin.write(frame.tobytes())
    if encoder.returncode != 0:
        sys.exit("ffmpeg could not write the sample")
    if args.truth:
        truth = {"size": [WIDTH, HEIGHT], "frames": [places(n) for n in range(frames)]}
        with open(args.truth, "w", encoding="utf-8") as out:
            json.dump(truth, out)


if __name__ == "__main__":
    main()
