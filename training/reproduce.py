"""A variant made anew, seed after seed: `python -m training.reproduce clear --data DIR --out OUT --yunet YUNET.pt`.

Keeps a part of DIR apart, trains both stages from YuNet-n and a third of `city` from CenterFace (`--centerface`), fits
what their words count on the kept part, and exports. Each step is a command of `training/README.md`; a run that was
stopped goes on when the same command is given again. OUT/seed-N then holds what could ship: NAME, NAME-second and of
`city` NAME-third. At the end stands what was found in the kept part by each stage and by all, and with `--measure EVAL`
in EVAL by the first stage, over all seeds: each number that differs as its lowest and highest.

The weights of `city` came from a longer chain of runs, the first of which cannot be repeated (docs/cards/city.md); this
is the one run of that chain that made the network what it is, its second stage, and a third in one run.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from training.checkpoint import load
from training.start import NOTICE
from training.third_mean import SHARE
from training.third_net import FINE
from training.third_net import NOTICE as CENTERFACE

WEIGHTS = Path("crates/detect/weights")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?|\bnan\b")


@dataclass(frozen=True)
class Recipe:
    """How a variant is trained; the rest is the same for all."""

    sets: tuple[str, ...]
    """As `--sets` of `training.train` takes them; empty: all. Of no other is anything measured for the weights."""
    first: tuple[int, int]
    """Steps of the first stage, and how many of its finest stages stay as they began."""
    second: tuple[int, int]
    """The same of the second stage."""
    third: int | None = None
    """Steps of the third stage; None: there is none."""


# Only pictures whose licence is stated and fits.
OPEN = ("openimages-plates", "dashcam-dusk", "bikes-helmets:40", "plates-indonesia-us", "none-signs:14")
RECIPES = {
    "city": Recipe((), first=(16_000, 0), second=(6_500, 2), third=8_000),
    "clear": Recipe(OPEN, first=(4_500, 2), second=(4_000, 2)),
}
RATES = {"first": "1.5e-3", "second": "1e-3", "third": "1e-4"}  # of learning

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
    step = subprocess.Popen(command, stdout=subprocess.PIPE if out else None)

    def hand_on(number: int, frame: FrameType | None) -> None:
        """The step decides when it ends: a run of training saves first."""
        step.send_signal(number)

    before = {number: signal.signal(number, hand_on) for number in (signal.SIGTERM, signal.SIGINT)}
    said, _ = step.communicate()
    for number, handler in before.items():
        signal.signal(number, handler)
    if step.returncode:
        # As a shell tells it where a signal ended the step.
        raise Failed(words, step.returncode if step.returncode > 0 else 128 - step.returncode)
    if out:
        part = out.with_suffix(".part")
        part.write_bytes(said)
        os.replace(part, out)


def last_words(path: Path) -> list[str]:
    """Of the last line: what `align` and `fuse` have for `export`."""
    return path.read_text(encoding="utf-8").splitlines()[-1].split()


def learnt(recipe: Recipe, out: Path) -> Path:
    """The folder of what a variant learns from, and nothing else."""
    return out / "data" / ("own" if recipe.sets else "learn")


def training_words(
    recipe: Recipe, args: argparse.Namespace, seed: int, stage: str, plan: tuple[int, int]
) -> list[str | Path]:
    """What the stages' runs are told alike; `plan` is steps and frozen ones."""
    steps, frozen = plan
    words: list[str | Path] = [
        "--data",
        learnt(recipe, args.out),
        "--seed",
        str(seed),
        "--batch",
        "16",
        "--crop-side",
        "256",
    ]
    words += ["--learning-rate", RATES[stage], "--frozen", str(frozen), "--threads", str(args.threads)]
    words += ["--steps", str(max(1, round(steps * args.share)))]
    return [*words, "--sets", *recipe.sets] if recipe.sets else words


def make(name: str, args: argparse.Namespace, seed: int, run: Run) -> Path:
    """One seed's weights and what was measured of them; the folder they are in."""
    recipe, folder = RECIPES[name], args.out / f"seed-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    learn, tune, shipped = learnt(recipe, args.out), args.out / "data/tune", args.out / "shipped.onnx"
    checkpoint, second, record = folder / "first/checkpoint.pt", folder / "second/checkpoint.pt", folder / "record.json"
    to_start = ("--start", args.yunet, "--teacher", args.yunet)
    words = training_words(recipe, args, seed, "first", recipe.first)
    run(["training.train", *words, "--out", checkpoint.parent, *to_start], None)
    to_first = ["training.export", checkpoint, folder, "--data", learn, "--name"]
    run([*to_first, "unscaled"], None)
    run(["training.align", folder / "unscaled.onnx", shipped, "--data", tune], folder / "align.txt")
    run([*to_first, name, *last_words(folder / "align.txt")], None)
    from_first = ("--init", checkpoint, "--first", checkpoint)
    words = training_words(recipe, args, seed, "second", recipe.second)
    run(["training.second_stage", *words, "--out", second.parent, *from_first], None)
    config = load(checkpoint).config
    said = {"start": NOTICE, "config": config.to_dict(), "data": [each for each, _ in config.sets]}
    record.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    to_second = ["training.export", second, folder, "--data", learn, "--record", record, "--name"]
    run([*to_second, "second-unscaled"], None)
    stages = (folder / f"{name}.onnx", folder / "second-unscaled.onnx")
    run(["training.fuse", *stages, "--data", tune], folder / "fuse.txt")
    run([*to_second, f"{name}-second", *last_words(folder / "fuse.txt")], None)
    if recipe.third:
        make_third(name, args, seed, recipe.third, run)
    if args.measure:
        # Which folder it was is not in the name, so it is measured again each time.
        (folder / "measured.txt").unlink(missing_ok=True)
        run(["training.evaluate", folder / f"{name}.onnx", "--data", args.measure], folder / "measured.txt")
    return folder


def make_third(name: str, args: argparse.Namespace, seed: int, steps: int, run: Run) -> None:
    """The third stage of one seed, which looks where its first two stages stay in doubt."""
    recipe, folder = RECIPES[name], args.out / f"seed-{seed}"
    checkpoint, mean, record = folder / "third/checkpoint.pt", folder / "third.pt", folder / "third-record.json"
    words = training_words(recipe, args, seed, "third", (steps, FINE))
    words += ["--centerface", args.centerface, "--first", folder / "first/checkpoint.pt"]
    run(["training.third_stage", *words, "--out", checkpoint.parent], None)
    run(["training.third_mean", mean, args.centerface, checkpoint], None)
    _, face, _, _, slope, shift, *_ = last_words(folder / "fuse.txt")
    fuse: list[str | Path] = ["training.third_fuse", folder / f"{name}.onnx", folder / "second-unscaled.onnx"]
    fuse += [mean, "--data", args.out / "data/tune", "--first-counts", face, "--scores", slope, shift]
    run(fuse, folder / "third-fuse.txt")
    counts = last_words(folder / "third-fuse.txt")
    config = load(checkpoint).config
    said = {
        "start": CENTERFACE,
        "config": {**config.to_dict(), "share": SHARE},
        "data": [each for each, _ in config.sets],
    }
    record.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    run(["training.third_export", mean, folder, "--name", f"{name}-third", "--record", record, *counts], None)


def prepare(name: str, args: argparse.Namespace, run: Run) -> None:
    """Both sides of the data, and the shipped weights, whose scale of scores the new ones take.

    ValueError where OUT was begun with something else.
    """
    recipe, data, part = RECIPES[name], args.out / "data", args.out / "data.part"
    args.out.mkdir(parents=True, exist_ok=True)
    asked, begun = {"variant": name, "data": str(args.data.resolve()), "share": args.share}, args.out / "begun.json"
    if begun.exists() and (was := json.loads(begun.read_text(encoding="utf-8"))) != asked:
        raise ValueError(f"{args.out}: begun with {was}, now asked {asked}; use another --out")
    begun.write_text(json.dumps(asked) + "\n", encoding="utf-8")
    if not data.exists():
        shutil.rmtree(part, ignore_errors=True)
        run(["training.split", args.data, part / "learn", part / "tune"], None)
        (part / "own").mkdir(parents=True)
        for each in recipe.sets:
            folder = each.partition(":")[0]
            (part / "own" / folder).symlink_to(Path("../learn") / folder)
        os.replace(part, data)
    record, unfolded = args.out / "shipped-record.json", args.out / "shipped.pt"
    record.write_text(json.dumps({"start": NOTICE, "config": {}, "data": []}), encoding="utf-8")
    run(["training.unfold", WEIGHTS / f"{name}.safetensors", learnt(recipe, args.out), unfolded], None)
    to_onnx = ["training.export", unfolded, args.out, "--name", "shipped", "--data", learnt(recipe, args.out)]
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
    parser.add_argument("--centerface", type=Path, help="CenterFace's ONNX file: start of a variant's third stage")
    parser.add_argument("--measure", type=Path, help="folder of sets to measure on, never trained on")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--share", type=float, default=1.0, help="of the recipe's steps; for a trial")
    args = parser.parse_args()
    if RECIPES[args.variant].third and not args.centerface:
        parser.error(f"--centerface: {args.variant} has a third stage, which begins with CenterFace's weights")
    try:
        prepare(args.variant, args, run_module)
        folders = [make(args.variant, args, seed, run_module) for seed in args.seeds]
    except Failed as failed:
        print(failed, file=sys.stderr)
        return failed.code
    except ValueError as error:
        parser.error(str(error))
    said = {"fuse.txt": True, "third-fuse.txt": RECIPES[args.variant].third, "measured.txt": args.measure}
    for name in (name for name, is_there in said.items() if is_there):
        print(spread([(folder / name).read_text(encoding="utf-8") for folder in folders]), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
