"""scrim beside its peers on one video, as ratios: CPU seconds, wall time, peak memory, and the
share of the known faces and plates that came out changed, so that a faster wrong answer shows.

All of it in one run and in turns, because machines are noisy; the figures are medians.

    peers.py SCRIM [--runs 3] [--seconds 8] [--height 1080] [--peer 'deface {in} -o {out}']
             [--photos 10] [--hour [FOOTAGE]]

Needs what scripts/sample.sh installs (numpy, Pillow, scikit-image) and the ffmpeg programs.
"""
import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
CHANGED = 24  # levels of luma from which a pixel counts as painted over
COVERED = 0.75  # share of a box from which it counts as covered


def resident(pid: int) -> int:
    """Resident bytes of a process and its children now."""
    total = 0
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                total += int(line.split()[1]) * 1024
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                total += resident(int(child))
    except OSError:
        pass
    return total


def measure(command: list[str]) -> tuple[float, float, int]:
    """Wall seconds, CPU seconds and peak resident bytes of a command."""
    before, start = os.times(), time.monotonic()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE)
    peak, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            peak[0] = max(peak[0], resident(child.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    _, errors = child.communicate()
    wall = time.monotonic() - start
    done.set()
    watcher.join()
    if child.returncode not in (0, 1):
        sys.exit(f"{shlex.join(command)}: exit {child.returncode}: {errors.decode()[-300:]}")
    after = os.times()
    cpu = (after.children_user + after.children_system
           - before.children_user - before.children_system)
    return wall, cpu, peak[0]


def luma(path: Path, width: int, height: int, every: int):
    """Luma of each n-th frame, scaled to this size."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-vf",
               f"select=not(mod(n\\,{every})),scale={width}:{height}", "-fps_mode", "passthrough",
               "-pix_fmt", "gray", "-f", "rawvideo", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        while len(data := child.stdout.read(width * height)) == width * height:
            yield np.frombuffer(data, np.uint8).reshape(height, width).astype(np.int16)


def covered(source: Path, target: Path, truth: dict) -> str:
    """`covered / all` of the faces and plates in every tenth frame."""
    width, height = truth["size"]
    good, boxes = {"face": 0, "plate": 0}, {"face": 0, "plate": 0}
    pairs = zip(luma(source, width, height, 10), luma(target, width, height, 10))
    for n, (a, b) in enumerate(pairs):
        for kind, x, y, w, h in truth["frames"][n * 10]:
            part = np.s_[max(0, y):y + h, max(0, x):x + w]
            share = np.mean(np.abs(a[part] - b[part]) > CHANGED)
            boxes[kind] += 1
            good[kind] += int(share >= COVERED)
    return ", ".join(f"{k}s {good[k]}/{boxes[k]}" for k in boxes)


def contestants(scrim: str, peer: str | None) -> list[tuple[str, list[str]]]:
    """Name and command with {in} and {out} of everybody."""
    ffmpeg = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", "{in}"]
    found = [
        ("decode", [*ffmpeg, "-map", "0:v:0", "-f", "null", "-"]),
        ("x264 veryfast", [*ffmpeg, "-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", "20",
                           "{out}"]),
        ("scrim", [scrim, "redact", "{in}", "-o", "{out}", "--quiet", "--overwrite"]),
        ("scrim, scalar", ["env", "SCRIM_LEVEL=scalar", scrim, "redact", "{in}", "-o", "{out}",
                           "--quiet", "--overwrite"]),
    ]
    if peer:
        found.append((peer.split()[0], shlex.split(peer)))
    return found


def race(args: argparse.Namespace, source: Path, truth: dict, work: Path) -> None:
    """Runs everybody in turns and prints the table."""
    results: dict[str, list[tuple[float, float, int]]] = {}
    seen: dict[str, str] = {}
    for number in range(args.runs):
        for name, command in contestants(args.scrim, args.peer):
            if name == "scrim, scalar" and number > 0:
                continue  # many times slower, and a check of the level more than a contestant
            target = work / f"{len(name)}.mp4"
            filled = [c.replace("{in}", str(source)).replace("{out}", str(target)) for c in command]
            results.setdefault(name, []).append(measure(filled))
            if target.exists() and name not in seen:
                seen[name] = covered(source, target, truth)
            if name == "scrim":
                report = json.loads(Path(f"{target}.scrim.json").read_text())
    base = [statistics.median(r[i] for r in results["x264 veryfast"]) for i in range(2)]
    print(f"{'':16}{'cpu s':>8}{'x x264':>8}{'wall s':>8}{'x x264':>8}{'MB':>7}  covered")
    for name, runs in results.items():
        wall, cpu, peak = (statistics.median(r[i] for r in runs) for i in range(3))
        print(f"{name:16}{cpu:8.2f}{cpu / base[1]:8.2f}{wall:8.2f}{wall / base[0]:8.2f}"
              f"{peak / 1e6:7.0f}  {seen.get(name, '')}")
    coverage = report["coverage"]
    print(f"scrim ran at level {report['model']['level']}, looked at "
          f"{coverage['frames_examined']} of {report['output']['frames']} frames, for faces from "
          f"{coverage['smallest_face_px']:.0f} px and plates from "
          f"{coverage['smallest_plate_px']:.0f} px")


def photos(args: argparse.Namespace, source: Path, work: Path) -> None:
    """Photos of 12 megapixels, all in one run of the program and one run each."""
    folder = work / "photos"
    folder.mkdir()
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(source), "-vf", "scale=4000:3000",
                    "-frames:v", str(args.photos), "-q:v", "3", str(folder / "%03d.jpg")], check=True)
    wall, cpu, peak = measure([args.scrim, "redact", str(folder), "-o", str(work / "redacted"),
                               "--quiet"])
    print(f"{args.photos} JPEG photos of 12 megapixels: {wall / args.photos:.2f} s wall and "
          f"{cpu / args.photos:.2f} s CPU each, {peak / 1e6:.0f} MB at most")
    (work / "alone").mkdir()
    alone = [measure([args.scrim, "redact", str(path), "-o", str(work / "alone" / path.name),
                      "--quiet"]) for path in sorted(folder.iterdir())]
    wall, cpu, peak = (statistics.mean(run[i] for run in alone) for i in range(3))
    print(f"each by itself: {wall:.2f} s wall and {cpu:.2f} s CPU, {peak / 1e6:.0f} MB")


def hour(args: argparse.Namespace, footage: Path, work: Path) -> None:
    """Peak memory over a minute and over an hour of the same footage at a small size."""
    peaks = []
    for minutes in (1, 60):
        path = work / f"{minutes}.mp4"
        subprocess.run(["ffmpeg", "-v", "error", "-stream_loop", "-1", "-i", str(footage), "-t",
                        str(60 * minutes), "-vf", "scale=320:180", "-c:v", "libx264", "-preset",
                        "ultrafast", str(path)], check=True)
        peaks.append(measure([args.scrim, "redact", str(path), "-o", str(work / "long.mp4"),
                              "--quiet", "--overwrite"])[2])
    print(f"peak memory at 320 x 180: {peaks[0] / 1e6:.0f} MB over a minute, "
          f"{peaks[1] / 1e6:.0f} MB over an hour")


def main() -> None:
    """Parses the arguments and runs what they ask for."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scrim", help="the program")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--height", type=int, default=1080)
    parser.add_argument("--peer", help="another redactor, with {in} and {out}")
    parser.add_argument("--photos", type=int, default=0)
    parser.add_argument("--hour", nargs="?", const="",
                        help="of this footage, repeated; without it, of the sample")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        source, truth = work / "sample.mp4", work / "truth.json"
        subprocess.run([sys.executable, str(ROOT / "scripts/sample.py"), str(source),
                        str(args.seconds), "--height", str(args.height), "--truth", str(truth),
                        "--grain"], check=True)
        race(args, source, json.loads(truth.read_text()), work)
        if args.photos:
            photos(args, source, work)
        if args.hour is not None:
            hour(args, Path(args.hour) if args.hour else source, work)


if __name__ == "__main__":
    main()
