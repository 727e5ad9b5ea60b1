"""The network: small, depthwise-separable, without anchors; one box and two independent scores a cell.

In: (B, 3, H, W) float32, BGR, 0..255, H and W multiples of 32. Out: see `Contract`.

The topology is that of YuNet-n (Wu, Peng, Yu: "YuNet: A Tiny Millisecond-level Face Detector", 2023; released by
Shiqi Yu and OpenMMLab under Apache-2.0 in ShiqiYu/libfacedetection.train), so that its weights can serve as a start.
Its objectness and class branches became one score a class; its landmarks were dropped, since nothing here needs to
know where the eyes are.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CLASSES = ("face", "plate")
STRIDES = (8, 16, 32)
STEM_WIDTH = 16
FIRST_TAP = 2  # stages 2, 3 and 4 end at strides 8, 16 and 32
POOLED_STAGES = (1, 2, 3)
# exp(6) * 32 px is 12,900 px, beyond any input: the limit keeps a wild cell from becoming infinite.
SIZE_LIMIT = 6.0


@dataclass(frozen=True)
class Shape:
    """How wide and deep a network of this topology is."""

    stages: tuple[tuple[int, ...], ...]
    """Of each of the five stages, the channels that each of its blocks gives."""
    head: int
    """Channels that the score and box branches read."""

    @property
    def taps(self) -> tuple[int, ...]:
        """Channels of the backbone at strides 8, 16 and 32."""
        return tuple(widths[-1] for widths in self.stages[FIRST_TAP:])


YUNET = Shape(stages=((16, 64), (64, 64), (64, 64), (64, 64), (64, 64)), head=64)
# Wide where it is cheap: behind stride 4 a pixel costs a quarter, and what is missed (half hidden, seen from the
# side, low in contrast) needs the surroundings, which only the coarse strides see.
CITY = Shape(stages=((16, 64), (64, 64), (96, 96, 96), (128, 128, 128), (128, 128)), head=96)


class Separable(nn.Module):
    """1x1 convolution, then depthwise 3x3 over its padded output; batch norm and ReLU unless `bare`."""

    def __init__(self, cin: int, cout: int, bare: bool = False) -> None:
        super().__init__()
        self.point = nn.Conv2d(cin, cout, 1)
        self.depth = nn.Conv2d(cout, cout, 3, padding=1, groups=cout)
        self.bn: nn.Module | None = None if bare else nn.BatchNorm2d(cout)

    def forward(self, x: Tensor) -> Tensor:
        x = self.depth(self.point(x))
        return x if self.bn is None else F.relu(self.bn(x))


class Stem(nn.Module):
    """Pixels to 16 channels at half the size."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, STEM_WIDTH, 3, stride=2, padding=1)
        self.bn: nn.Module = nn.BatchNorm2d(STEM_WIDTH)
        self.sep = Separable(STEM_WIDTH, STEM_WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        return self.sep(F.relu(self.bn(self.conv(x))))


class Detector(nn.Module):
    """Stem, five stages, a top-down path over strides 8, 16 and 32, and a score and a box branch at each."""

    def __init__(self, shape: Shape = CITY) -> None:
        super().__init__()
        self.stem = Stem()
        self.stages = nn.ModuleList()
        width = STEM_WIDTH
        for widths in shape.stages:
            self.stages.append(nn.Sequential(*(Separable(a, b) for a, b in pairwise((width, *widths)))))
            width = widths[-1]
        # A coarser map is added to the next finer one, so it leaves its lateral block as wide as that.
        down = (shape.taps[0], *shape.taps[:-1])
        self.lateral = nn.ModuleList(Separable(a, b) for a, b in zip(shape.taps, down))
        self.sums: nn.ModuleList = nn.ModuleList(nn.Identity() for _ in down[:-1])  # where rounding takes place
        self.shared = nn.ModuleList(Separable(a, shape.head) for a in down)
        self.score = nn.ModuleList(Separable(shape.head, len(CLASSES), bare=True) for _ in STRIDES)
        self.box = nn.ModuleList(Separable(shape.head, 4, bare=True) for _ in STRIDES)

    def features(self, x: Tensor) -> list[Tensor]:
        """Maps (B, `Shape.head`, H / s, W / s) for each stride s."""
        x = F.max_pool2d(self.stem(x), 2)
        taps = []
        for i, stage in enumerate(self.stages):
            x = stage(x)
            if i >= FIRST_TAP:
                taps.append(x)
            if i in POOLED_STAGES:
                x = F.max_pool2d(x, 2)
        for i in (2, 1):
            taps[i] = self.lateral[i](taps[i])
            taps[i - 1] = self.sums[i - 1](taps[i - 1] + F.interpolate(taps[i], scale_factor=2.0, mode="nearest"))
        taps[0] = self.lateral[0](taps[0])
        return [shared(tap) for shared, tap in zip(self.shared, taps)]

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits (B, N, 2), offsets (B, N, 4) and the cells (N, 3): x, y, stride, in input pixels.

        N counts the cells of strides 8, 16 and 32 in this order, each row by row.
        """
        logits, offsets, cells = [], [], []
        for feature, score, box, stride in zip(self.features(image), self.score, self.box, STRIDES):
            scores = score(feature)
            logits.append(scores.flatten(2).transpose(1, 2))
            offsets.append(box(feature).flatten(2).transpose(1, 2))
            height, width = scores.shape[-2:]
            cells.append(grid(height, width, stride, scores))
        return torch.cat(logits, 1), torch.cat(offsets, 1), torch.cat(cells, 0)


def grid(height: int, width: int, stride: int, like: Tensor) -> Tensor:
    """(height * width, 3): the top-left corner x, y of each cell and the stride, in pixels, row by row."""
    y, x = torch.meshgrid(
        torch.arange(height, device=like.device), torch.arange(width, device=like.device), indexing="ij"
    )
    return (torch.stack((x, y, torch.ones_like(y)), -1).reshape(-1, 3) * stride).to(like.dtype)


def decode(offsets: Tensor, cells: Tensor) -> Tensor:
    """Offsets (..., N, 4) as dx, dy, log w, log h in strides to boxes x0, y0, x1, y1 in input pixels."""
    stride = cells[:, 2:3]
    centre = cells[:, :2] + offsets[..., :2] * stride
    size = offsets[..., 2:].clamp(-SIZE_LIMIT, SIZE_LIMIT).exp() * stride
    return torch.cat((centre - size / 2, centre + size / 2), -1)


class Contract(nn.Module):
    """The network as callers see it: `boxes` (B, N, 4) in input pixels and `scores` (B, N, 2), each 0..1.

    Nothing else leaves it; suppression of overlapping boxes is the caller's.
    """

    def __init__(self, net: Detector) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        logits, offsets, cells = self.net(image)
        return decode(offsets, cells), logits.sigmoid()
