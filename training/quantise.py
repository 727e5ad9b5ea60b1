"""What the program computes: the folded network with whole numbers where the 1x1 convolutions read.

Every map between two blocks is rounded to 128 steps, 0..127, of its range; the weights of a 1x1 convolution and of
the stem to whole numbers -127..127, each output channel by its own step (symmetric, as in Jacob et al.: "Quantization
and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", 2018). Seven bits and not eight: two
products of 127 x 127 fit into the 16-bit sums of processors without newer instructions, and by a step that is a little
coarser, eight products of usual weights do. The depthwise 3x3 convolutions stay as they are: they are an eighth of the
work.

The ranges are measured here, on pictures; rounding the weights is the program's, by the rules in `rounded_point` and
`rounded_stem`.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.feed import read_picture
from training.net import Detector, Separable
from training.sets import read_sets

STEPS = 127
STEM_STEPS = 63  # of the stem's weights: its inputs have eight bits
QUAD, GROUP = 4, 16  # inputs of a step of a sum, and those whose products a 16-bit sum takes: half of each quad
GROUP_STEPS = 254  # of the weights of one sign in such a sum: 258 x 127 fit, and rounding adds four at most
BINS = 2048
PICTURES, LONGEST = 150, 800  # that ranges are measured on; the longer side in px
# Ranges tried, as shares of the largest value seen: cutting a rare peak off makes every step finer.
SHARES = [2 ** (-i / 4) for i in range(20)]


class Grid(nn.Module):
    """Values to the nearest of 128 steps of 0..`limit`; ties to the even step."""

    def __init__(self, limit: float) -> None:
        super().__init__()
        self.limit = limit

    def forward(self, x: Tensor) -> Tensor:
        step = self.limit / STEPS
        return (x / step).round().clamp(0, STEPS) * step


class Histogram(nn.Module):
    """Hands its input on and counts its values above 0."""

    def __init__(self) -> None:
        super().__init__()
        self.top = 0.0
        self.counts = torch.zeros(BINS)

    def forward(self, x: Tensor) -> Tensor:
        top = float(x.max())
        if top > self.top:
            # Old counts move to where their values lie on the longer axis.
            kept = torch.zeros(BINS)
            if self.top > 0:
                moved = (torch.arange(BINS) + 0.5) * (self.top / top)
                kept.index_add_(0, moved.long().clamp(max=BINS - 1), self.counts)
            self.top, self.counts = top, kept
        if self.top > 0:
            self.counts += torch.histc(x[x > 0].float(), BINS, 0.0, self.top)
        return x

    def limit(self) -> float:
        """The range whose steps lose least: the smallest squared error over all counted values."""
        if self.top <= 0:
            return 1.0
        values = (torch.arange(BINS) + 0.5) * (self.top / BINS)
        errors = [float(((Grid(self.top * s)(values) - values) ** 2 * self.counts).sum()) for s in SHARES]
        return self.top * SHARES[errors.index(min(errors))]


def places(net: Detector) -> dict[str, tuple[nn.Module, str]]:
    """Name of each rounded map, and where in the network its rounding sits: a module and the attribute's name."""
    found: dict[str, tuple[nn.Module, str]] = {"stem": (net.stem, "bn")}
    for name, module in net.named_modules():
        if isinstance(module, Separable) and module.bn is not None:
            found[name] = module, "bn"
    for i in range(len(net.sums)):
        found[f"sums.{i}"] = net.sums, str(i)
    return found


@torch.no_grad()
def measure_ranges(folded: Detector, images: Iterable[Tensor]) -> dict[str, float]:
    """The range of every rounded map, from what the unrounded network computes for `images` (each (1, 3, H, W))."""
    net = copy.deepcopy(folded)
    seen = {name: Histogram() for name in places(net)}
    for name, (owner, attribute) in places(net).items():
        setattr(owner, attribute, seen[name])
    for image in images:
        net(image)
    return {name: histogram.limit() for name, histogram in seen.items()}


def sample_pictures(data: Path, seed: int = 1) -> Iterator[Tensor]:
    """PICTURES pictures from the sets in `data`, (1, 3, H, W) each, sides cut to multiples of 32."""
    pictures = read_sets(data)
    for picture in random.Random(seed).sample(pictures, min(PICTURES, len(pictures))):
        image = read_picture(picture)
        shrink = min(1.0, LONGEST / max(image.shape[:2]))
        height, width = (max(32, int(side * shrink) // 32 * 32) for side in image.shape[:2])
        resized = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        yield torch.from_numpy(resized).permute(2, 0, 1)[None].float()


def rounded_stem(weight: Tensor) -> Tensor:
    """Each output channel (first axis) to whole multiples of its largest magnitude / STEM_STEPS."""
    return rounded(weight, largest(weight) / STEM_STEPS)


def rounded_point(weight: Tensor) -> Tensor:
    """The same with STEPS for a (cout, cin, 1, 1) weight, the multiples of one sign in a 16-bit sum GROUP_STEPS at
    most."""
    rows = weight.flatten(1).double()
    rows = F.pad(rows, (0, -rows.shape[1] % GROUP))
    groups = rows.reshape(len(rows), -1, GROUP // QUAD, 2, QUAD // 2)  # group, quad, its half
    sums = torch.maximum(groups.clamp(min=0).sum((2, 4)), (-groups).clamp(min=0).sum((2, 4)))
    return rounded(weight, torch.maximum(largest(weight) / STEPS, (sums.amax((1, 2)) / GROUP_STEPS).float()))


def largest(weight: Tensor) -> Tensor:
    """The largest magnitude of each output channel, above 0."""
    return weight.abs().flatten(1).amax(1).clamp(min=1e-12)


def rounded(weight: Tensor, step: Tensor) -> Tensor:
    """Each output channel to whole multiples of its step."""
    step = step.reshape(-1, *[1] * (weight.dim() - 1))
    return (weight / step).round() * step


@torch.no_grad()
def quantised(folded: Detector, ranges: dict[str, float]) -> Detector:
    """A copy of the folded network that computes with rounded weights and maps."""
    net = copy.deepcopy(folded)
    net.stem.conv.weight.copy_(rounded_stem(net.stem.conv.weight))
    for module in net.modules():
        if isinstance(module, Separable):
            module.point.weight.copy_(rounded_point(module.point.weight))
    for name, (owner, attribute) in places(net).items():
        setattr(owner, attribute, Grid(ranges[name]))
    return net
