"""From a checkpoint to what ships: `python -m training.export CHECKPOINT OUT_DIR --name NAME --data DIR`.

Measures on pictures of DIR how maps are to be rounded (`training/quantise.py`), then writes NAME.safetensors,
NAME.onnx and the card NAME.json, or nothing: all three are made and compared with PyTorch on fixed inputs in a scratch
folder first. NAME.onnx rounds as the program does.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import warnings
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch

from training import weights
from training.align import put_in
from training.checkpoint import file_sha256, load_weights
from training.config import RunConfig
from training.net import CLASSES, STRIDES, Contract, Detector
from training.quantise import measure_ranges, quantised, sample_pictures
from training.start import NOTICE
from training.third_net import NOTICE as CENTERFACE_NOTICE
from training.vectors import SIZES, pattern

FORMAT = 1
TOLERANCE = 1e-4  # pixels and score: the largest difference that leaves the export standing
ROUNDED_TOLERANCE = 1e-3  # the same where maps are rounded, for inputs at which no sum's order decides a rounding
NUDGE = 1e-6  # the share by which all ranges may be wrong without moving a value of such an input to another step
ASKED, TRIED = 7, 1000  # such inputs of a size, looked for among so many
OPSET = 17
NMS_IOU = 0.45  # two boxes of a class that overlap more are one
THRESHOLD = 0.4  # score at which the figures in docs/cards are measured; callers may go lower, never tune on them
LICENCE = "Apache-2.0"
NOTICES = {"yunet-n": NOTICE, "centerface": CENTERFACE_NOTICE}  # of whose weights a run may begin with
RECORD_KEYS = {"start", "config", "data"}


class Refused(Exception):
    """The export differs from the network it came from, or its origin is unknown."""


@dataclass(frozen=True)
class Differences:
    """Largest absolute difference over the fixed inputs, in pixels for boxes."""

    safetensors: float
    """Of the file's weights, not rounded, from the unfolded network."""
    unrounded: float
    """Of the ONNX graph without its rounding, from the unfolded network."""
    onnx: float
    """Of the ONNX graph from the rounded network, at most of the steady inputs of a size: the median."""


def origin(config: RunConfig | None, record: Path | None) -> dict[str, Any]:
    """The card's `training`: the checkpoint's config, and from a record written by hand what no config knows.

    That is everything for bare weights, and the first start and the runs before for a run that went on from weights:
    whose notice must be kept is said there.
    """
    said: dict[str, Any] = json.loads(record.read_text(encoding="utf-8")) if record else {}
    if record and set(said) != RECORD_KEYS:
        raise Refused(f"{record}: keys must be {sorted(RECORD_KEYS)}, not {sorted(said)}")
    if config is None:
        if not record:
            raise Refused("the weights carry no config; say where they come from with --record")
        return said
    data = [name for name, _ in config.sets]
    if config.start == "checkpoint":
        if not record:
            raise Refused("the run went on from other weights; say where those come from with --record")
        data = sorted({*data, *said["data"]})
        return {"start": said["start"], "before": said["config"], "config": config.to_dict(), "data": data}
    if record:
        raise Refused("the checkpoint has its own config and start; --record is for others")
    return {"start": NOTICES.get(config.start, config.start), "config": config.to_dict(), "data": data}


def export(
    net: Detector,
    ranges: dict[str, float],
    training: dict[str, Any],
    out: Path,
    name: str,
    first_counts: list[float] | None = None,
) -> Differences:
    """Write the three files of `net` to `out`. Raises Refused, with nothing written, if one computes something else."""
    net.eval()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".export-") as scratch:
        made = {kind: Path(scratch) / f"{name}.{kind}" for kind in ("safetensors", "onnx", "json")}
        unrounded = Path(scratch) / "unrounded.onnx"
        folded = weights.fold(net)
        tensors = weights.to_tensors(folded, ranges)
        weights.write(made["safetensors"], tensors)
        write_onnx(folded, unrounded)
        # By the ranges as the file holds them: one that was not a float32 lies between two, and moves every step.
        write_onnx(quantised(*weights.read(made["safetensors"])), made["onnx"])
        found = differences(net, made["safetensors"], unrounded, made["onnx"])
        # Written so that NaN, which is neither above nor below, is refused.
        exact = found.safetensors <= TOLERANCE and found.unrounded <= TOLERANCE
        if not (exact and found.onnx <= ROUNDED_TOLERANCE):
            raise Refused(f"differs from PyTorch by {found}, allowed are {TOLERANCE} and {ROUNDED_TOLERANCE}")
        card = make_card(name, made["safetensors"], weights.count(tensors), training)
        if first_counts:
            card["first_counts"] = first_counts
        made["json"].write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
        for path in made.values():
            os.replace(path, out / path.name)
    return found


def write_onnx(net: Detector, path: Path) -> None:
    """A folded network, rounded or not: `image` (1, 3, H, W) to `boxes` (1, N, 4), `scores` (1, N, 2); H, W free."""
    axes = {"image": {2: "height", 3: "width"}, "boxes": {1: "cells"}, "scores": {1: "cells"}}
    with warnings.catch_warnings():
        # The tracing exporter: it needs no further package, and this network has no control flow to lose.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Contract(net).eval(),
            (pattern(*SIZES[0]),),
            str(path),
            input_names=["image"],
            output_names=["boxes", "scores"],
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )


def run_onnx(path: Path, image: torch.Tensor) -> list[np.ndarray]:
    """`boxes` and `scores` as onnxruntime computes them."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    outputs: list[np.ndarray] = session.run(["boxes", "scores"], {"image": image.numpy()})
    return outputs


class Steady:
    """Whether what a rounded network says of an image hangs on no value that lies at the middle between two steps.

    There the order of a sum decides, which is no fault, and one step more goes through to the boxes. PyTorch tells it
    by itself: by float32 beside float64, and by ranges that are a little wrong.
    """

    def __init__(self, folded: Detector, ranges: dict[str, float]) -> None:
        def with_ranges(share: float) -> Contract:
            limits = {name: limit * (1 + share) for name, limit in ranges.items()}
            return Contract(quantised(folded, limits)).eval()

        self.truth = with_ranges(0.0).double()
        self.roughly = with_ranges(0.0)
        self.nudged = [with_ranges(share).double() for share in (-NUDGE, NUDGE)]

    def __call__(self, image: torch.Tensor) -> bool:
        exact = image.double()
        truth = arrays(self.truth(exact))
        others = ((self.roughly, image), *((net, exact) for net in self.nudged))
        return all(largest(truth, arrays(net(seen))) <= ROUNDED_TOLERANCE for net, seen in others)


@torch.no_grad()
def steady_inputs(folded: Detector, ranges: dict[str, float], size: tuple[int, int]) -> list[torch.Tensor]:
    """ASKED of a size. Raises Refused where there are fewer among the TRIED ones."""
    inputs = (pattern(*size, start) for start in range(TRIED))
    found = list(islice(filter(Steady(folded, ranges), inputs), ASKED))
    if len(found) < ASKED:
        raise Refused(f"float32 and float64 agree at {len(found)} of {TRIED} inputs; {ASKED} are needed to judge by")
    return found


def arrays(outputs: tuple[torch.Tensor, ...]) -> list[np.ndarray]:
    return [output.numpy() for output in outputs]


@torch.no_grad()
def differences(net: Detector, safetensors: Path, unrounded: Path, onnx: Path) -> Differences:
    """The files against PyTorch."""
    folded, ranges = weights.read(safetensors)
    reread, rounded = Contract(folded).eval(), Contract(quantised(folded, ranges)).eval()
    from_safetensors, from_unrounded = [], []
    for size in SIZES:
        image = pattern(*size)
        truth, again = arrays(Contract(net).eval()(image)), arrays(reread(image))
        from_safetensors.append(largest(truth, again))
        from_unrounded.append(largest(truth, run_onnx(unrounded, image)))
    from_onnx = []
    # In larger pictures than the first of SIZES more values may lie in the middle, and steady ones are rare.
    for size in (SIZES[0], SIZES[0][::-1]):
        images = steady_inputs(folded, ranges, size)
        # A sum that onnxruntime alone rounds to another step is rare even so; a graph that is wrong differs everywhere.
        from_onnx.append(np.median([largest(arrays(rounded(image)), run_onnx(onnx, image)) for image in images]))
    # Not Python's max, which may pass over NaN.
    return Differences(*(float(np.max(each)) for each in (from_safetensors, from_unrounded, from_onnx)))


def largest(a: list[np.ndarray], b: list[np.ndarray]) -> float:
    """Largest absolute difference; NaN if there is one; shapes must agree."""
    if [x.shape for x in a] != [y.shape for y in b]:
        raise Refused(f"shapes {[x.shape for x in a]} became {[y.shape for y in b]}")
    return float(np.max([np.abs(x - y).max() for x, y in zip(a, b)]))


def make_card(name: str, file: Path, parameters: int, training: dict[str, Any]) -> dict[str, Any]:
    """What a loader checks before it trusts the weights, and what a reader should know."""
    return {
        "format": FORMAT,
        "name": name,
        "classes": list(CLASSES),
        "strides": list(STRIDES),
        "input": {"order": "BGR", "range": [0, 255], "multiple_of": max(STRIDES)},
        "outputs": ["boxes", "scores"],
        "nms_iou": NMS_IOU,
        "threshold": THRESHOLD,
        "weights_file": file.name,
        "sha256": file_sha256(file),
        "parameters": parameters,
        "training": training,
        "licence": LICENCE,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out_dir", type=Path)
    parser.add_argument("--name", required=True, help="of the weights, e.g. city")
    parser.add_argument("--data", type=Path, required=True, help="folder of sets to measure ranges on; never to judge")
    parser.add_argument("--record", type=Path, help="JSON with start, config and data of what came before")
    named = ("FACE_SLOPE", "FACE_SHIFT", "PLATE_SLOPE", "PLATE_SHIFT")
    parser.add_argument("--scores", type=float, nargs=4, metavar=named, help="as align.py or fuse.py prints them")
    counts = ("FACE", "PLATE")
    parser.add_argument("--first-counts", type=float, nargs=2, metavar=counts, help="of a second stage: by fuse.py")
    args = parser.parse_args()
    torch.set_num_threads(1)  # with more, sums come in another order, and the same weights give other bytes
    state, config = load_weights(args.checkpoint)
    net = Detector()
    net.load_state_dict(state)
    lines = [(args.scores[0], args.scores[1]), (args.scores[2], args.scores[3])] if args.scores else []
    put_in(net, lines)
    try:
        ranges = measure_ranges(weights.fold(net), sample_pictures(args.data))
        training = origin(config, args.record)
        if lines:
            training["scores"] = dict(zip(CLASSES, lines))
        found = export(net, ranges, training, args.out_dir, args.name, args.first_counts)
    except Refused as refusal:
        print(f"export refused: {refusal}", file=sys.stderr)
        return 1
    unrounded = f"|safetensors| {found.safetensors:.2g}, |onnx| {found.unrounded:.2g}"
    print(f"{args.name}: largest difference from torch: {unrounded}, |onnx| with rounding {found.onnx:.2g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
