"""A variant made anew, seed after seed: `python -m training.reproduce city --data DIR --out OUT --yunet YUNET.pt`.

Keeps a part of DIR apart, trains both stages from YuNet-n, fits what their words count on the kept part, exports, and
with `--measure EVAL` measures. Each step is a command of `training/README.md`; a run that was stopped goes on when the
same command is given again. OUT/seed-N then holds what ships: NAME and NAME-second. At the end stands what the seeds
measured, each number that differs as its lowest and highest.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.checkpoint import load
from training.start import NOTICE

WEIGHTS = Path("crates/detect/weights")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Recipe:
    """How a variant is trained; the rest is the same for all."""

    sets: tuple[str, ...]
    """As `--sets` of `training.train` takes them; empty: all."""
    first: tuple[int, int]
    """Steps of the first stage, and how many of its finest stages stay as they began."""
    second: tuple[int, int]
    """The same of the second stage."""


# Only pictures whose licence is stated and fits.
OPEN = ("openimages-plates", "dashcam-dusk", "bikes-helmets:40", "plates-indonesia-us", "none-signs:14")
RECIPES = {
    "city": Recipe((), first=(16_000, 0), second=(6_500, 2)),
    "clear": Recipe(OPEN, first=(4_500, 2), second=(4_000, 2)),
}
FIRST_RATE, SECOND_RATE = "1.5e-3", "1e-3"

Run = Callable[[Sequence[str | Path], Path | None], None]
"""Runs a module of this folder with these words; its standard output goes to the file, if one is named."""


class Failed(Exception):
    """A step did not end well; its own message is on stderr."""

    def __init__(self, words: Sequence[str | Path], code: int) -> None:
        super().__init__(f"{' '.join(map(str, words))}: exit code {code}")
        self.code = code


def run_module(words: Sequence[str | Path], out: Path | None) -> None:
    """See `Run`. What has its file is not done again: the file comes whole or not at all."""
    if out and out.exists():
        return
    command = [sys.executable, "-m", *map(str, words)]
    print("$ python", *command[1:], flush=True)
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE if out else None)
    if done.returncode:
        raise Failed(words, done.returncode)
    if out:
        part = out.with_suffix(".part")
        part.write_bytes(done.stdout)
        os.replace(part, out)


def last_words(path: Path) -> list[str]:
    """Of the last line: what `align` and `fuse` have for `export`."""
    return path.read_text(encoding="utf-8").splitlines()[-1].split()


def training_words(recipe: Recipe, args: argparse.Namespace, seed: int, second: bool) -> list[str | Path]:
    """What both stages' runs are told alike."""
    steps, frozen = recipe.second if second else recipe.first
    rate = SECOND_RATE if second else FIRST_RATE
    words: list[str | Path] = ["--data", args.out / "learn", "--seed", str(seed), "--batch", "16", "--crop-side", "256"]
    words += ["--learning-rate", rate, "--frozen", str(frozen), "--threads", str(args.threads)]
    words += ["--steps", str(max(1, round(steps * args.share)))]
    return [*words, "--sets", *recipe.sets] if recipe.sets else words


def make(name: str, args: argparse.Namespace, seed: int, run: Run) -> Path:
    """One seed's weights and what was measured of them; the folder they are in."""
    recipe, folder = RECIPES[name], args.out / f"seed-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    learn, tune, shipped = args.out / "learn", args.out / "tune", args.out / "shipped.onnx"
    checkpoint, second, record = folder / "first/checkpoint.pt", folder / "second/checkpoint.pt", folder / "record.json"
    to_start = ("--start", args.yunet, "--teacher", args.yunet)
    run(["training.train", *training_words(recipe, args, seed, False), "--out", checkpoint.parent, *to_start], None)
    to_first = ["training.export", checkpoint, folder, "--name", name, "--data", learn]
    plain = ["training.export", checkpoint, folder, "--name", "unscaled", "--data", learn]
    run(plain, None)
    run(["training.align", folder / "unscaled.onnx", shipped, "--data", tune], folder / "align.txt")
    run([*to_first, *last_words(folder / "align.txt")], None)
    from_first = ("--init", checkpoint, "--first", checkpoint)
    run(["training.second_stage", *training_words(recipe, args, seed, True), "--out", second.parent, *from_first], None)
    config = load(checkpoint).config
    said = {"start": NOTICE, "config": config.to_dict(), "data": [each for each, _ in config.sets]}
    record.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    to_second = ["training.export", second, folder, "--data", learn, "--record", record, "--name"]
    run([*to_second, "second-unscaled"], None)
    stages = (folder / f"{name}.onnx", folder / "second-unscaled.onnx")
    run(["training.fuse", *stages, "--data", tune], folder / "fuse.txt")
    run([*to_second, f"{name}-second", *last_words(folder / "fuse.txt")], None)
    if args.measure:
        run(["training.evaluate", folder / f"{name}.onnx", "--data", args.measure], folder / "measured.txt")
    return folder


def prepare(name: str, args: argparse.Namespace, run: Run) -> None:
    """Both sides of the data, and the shipped weights, whose scale of scores the new ones take."""
    args.out.mkdir(parents=True, exist_ok=True)
    if not (args.out / "split.txt").exists():
        run(["training.split", args.data, args.out / "learn", args.out / "tune"], args.out / "split.txt")
    record, unfolded = args.out / "shipped-record.json", args.out / "shipped.pt"
    record.write_text(json.dumps({"start": NOTICE, "config": {}, "data": []}), encoding="utf-8")
    run(["training.unfold", WEIGHTS / f"{name}.safetensors", args.out / "learn", unfolded], None)
    to_onnx = ["training.export", unfolded, args.out, "--name", "shipped", "--data", args.out / "learn"]
    run([*to_onnx, "--record", record], None)


def spread(texts: Sequence[str]) -> str:
    """The same words once, each number that differs as its lowest and highest; ValueError where words differ."""
    words = {NUMBER.sub("#", text) for text in texts}
    if len(words) != 1:
        raise ValueError("the seeds did not measure the same things")
    columns = list(zip(*(NUMBER.findall(text) for text in texts)))
    ranges = [min(c, key=float) if len(set(c)) == 1 else f"{min(c, key=float)}..{max(c, key=float)}" for c in columns]
    rest = iter(ranges)
    return NUMBER.sub(lambda _: next(rest), texts[0])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("variant", choices=sorted(RECIPES))
    parser.add_argument("--data", type=Path, required=True, help="folder of labelled sets")
    parser.add_argument("--out", type=Path, required=True, help="folder to work in; what is there is gone on with")
    parser.add_argument("--yunet", type=Path, required=True, help="YuNet-n weights: start and teacher")
    parser.add_argument("--measure", type=Path, help="folder of sets to measure on, never trained on")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--share", type=float, default=1.0, help="of the recipe's steps; for a trial")
    args = parser.parse_args()
    try:
        prepare(args.variant, args, run_module)
        folders = [make(args.variant, args, seed, run_module) for seed in args.seeds]
    except Failed as failed:
        print(failed, file=sys.stderr)
        return failed.code
    for name in ("fuse.txt", "measured.txt") if args.measure else ("fuse.txt",):
        print(spread([(folder / name).read_text(encoding="utf-8") for folder in folders]), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
