"""The third stage's network, much larger than the others: is there a face in the middle of a patch?

In: (B, 3, 128, 128) float32, BGR, 0..255. Out: (B,) the logit of a face, the highest of the cells in the middle.

It is CenterFace's (Xu, Yan, Yang, Wang, Li: "CenterFace: Joint Face Detection and Alignment Using Face as Point", 2019;
Star-Clouds/CenterFace, MIT): its MobileNetV2 (Sandler et al., 2018), its top-down path to stride 4 and its heat map,
where a cell says whether the centre of a face is there. Its sizes, offsets and landmarks are neither built nor loaded:
where a face is has been said before, and nothing here needs to know where the eyes are.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import NodeProto, numpy_helper
from torch import Tensor, nn
from torch.nn import functional as F

NOTICE = "CenterFace (Star-Clouds/CenterFace, MIT)"
SIDE = 128  # px of a patch, both ways
CENTRE = 8  # cells of stride 4 in the middle of a patch, both ways: a quarter of it, nearly the box
STEM_WIDTH = 32
# Of each block: the channels in its middle, those it gives, and its stride.
BLOCKS = (
    (32, 16, 1),
    (96, 24, 2),
    (144, 24, 1),
    (144, 32, 2),
    (192, 32, 1),
    (192, 32, 1),
    (192, 64, 2),
    (384, 64, 1),
    (384, 64, 1),
    (384, 64, 1),
    (384, 96, 1),
    (576, 96, 1),
    (576, 96, 1),
    (576, 160, 2),
    (960, 160, 1),
    (960, 160, 1),
    (960, 320, 1),
)
FINE = 3  # blocks to the end of stride 4; with the stem a quarter of the sums, and most of what gradients would need
TAPS = (12, 5, 2)  # blocks that end at strides 16, 8 and 4
WIDTH = 24  # channels of the top-down path


class Inverted(nn.Module):
    """1x1 to more channels, depthwise 3x3, 1x1 to fewer; added to what came in where both have one shape.

    The published weights have their batch norms folded away, so there are none.
    """

    def __init__(self, cin: int, middle: int, cout: int, stride: int) -> None:
        super().__init__()
        self.expand = nn.Conv2d(cin, middle, 1) if middle != cin else None
        self.depth = nn.Conv2d(middle, middle, 3, stride, padding=1, groups=middle)
        self.project = nn.Conv2d(middle, cout, 1)
        self.stride, self.adds = stride, stride == 1 and cin == cout

    def forward(self, x: Tensor) -> Tensor:
        y = x if self.expand is None else F.relu(self.expand(x))
        y = self.project(F.relu(self.spread(y)))
        return x + y if self.adds else y

    def spread(self, y: Tensor) -> Tensor:
        """The depthwise convolution.

        To learn, one of stride 2 is computed at every position and every other one is taken: the same numbers, but
        torch computes the gradients of a strided one on a CPU many times slower.
        """
        if not self.training or self.stride == 1:
            return self.depth(y)
        whole = F.conv2d(y, self.depth.weight, self.depth.bias, padding=1, groups=self.depth.groups)
        return whole[:, :, ::2, ::2].contiguous(memory_format=torch.channels_last)


class Third(nn.Module):
    """Stem, blocks, a top-down path over strides 32, 16, 8 and 4, and one score a cell of stride 4."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, STEM_WIDTH, 3, stride=2, padding=1)
        self.blocks = nn.ModuleList()
        width = STEM_WIDTH
        for middle, cout, stride in BLOCKS:
            self.blocks.append(Inverted(width, middle, cout, stride))
            width = cout
        self.top = nn.Conv2d(width, WIDTH, 1)
        self.lateral = nn.ModuleList(nn.Conv2d(BLOCKS[tap][1], WIDTH, 1) for tap in TAPS)
        self.up = nn.ModuleList(nn.ConvTranspose2d(WIDTH, WIDTH, 2, stride=2) for _ in TAPS)
        self.mix = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
        self.score = nn.Conv2d(WIDTH, 1, 1)

    def fine(self, image: Tensor) -> Tensor:
        """(B, 24, H / 4, W / 4): stem and FINE blocks."""
        x = F.relu(self.stem(image.flip(1)))  # CenterFace takes RGB
        for block in self.blocks[:FINE]:
            x = block(x)
        return x

    def path(self, fine: Tensor) -> Tensor:
        """(B, WIDTH, H / 4, W / 4): the rest of the blocks and the way back up, from what `fine` gives."""
        x, taps = fine, {FINE - 1: fine}
        for number, block in enumerate(self.blocks[FINE:], FINE):
            x = taps[number] = block(x)
        y = F.relu(self.top(x))
        for up, lateral, tap in zip(self.up, self.lateral, TAPS):
            y = F.relu(up(y)) + F.relu(lateral(taps[tap]))
        return y

    def heat(self, y: Tensor) -> Tensor:
        """(B, CENTRE, CENTRE): the logits of the cells in the middle; what the others would say is not computed."""
        low = y.shape[-1] // 2 - CENTRE // 2 - 1  # a cell more on each side: the 3x3 convolution reads it
        high = low + CENTRE + 2
        mixed = F.relu(F.conv2d(y[..., low:high, low:high], self.mix.weight, self.mix.bias))
        return self.score(mixed)[:, 0]

    def judge(self, fine: Tensor) -> Tensor:
        """(B,) from what `fine` gives."""
        return self.heat(self.path(fine)).float().amax((1, 2))

    def forward(self, image: Tensor) -> Tensor:
        return self.judge(self.fine(image))

    def convolutions(self) -> Iterator[nn.Conv2d]:
        """All but those that double the size, in the order of CenterFace's graph."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                yield module


@torch.no_grad()
def start_from_centerface(net: Third, path: Path) -> None:
    """Copy CenterFace's weights from its ONNX file as published, all that `net` has a place for.

    Its convolutions are told by their order; the ones after the heat map's (sizes, offsets, landmarks) are not read.
    ValueError if the file holds another network.
    """
    graph = onnx.load(str(path)).graph
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes: dict[str, list[NodeProto]] = {"Conv": [], "ConvTranspose": [], "BatchNormalization": []}
    for node in graph.node:
        nodes.get(node.op_type, []).append(node)
    ours = list(net.convolutions())
    if len(nodes["Conv"]) < len(ours) or not len(nodes["ConvTranspose"]) == len(nodes["BatchNormalization"]) == len(
        TAPS
    ):
        counts = {kind: len(some) for kind, some in nodes.items()}
        raise ValueError(f"{path}: {counts} are not the layers of CenterFace")
    for conv, node in zip(ours, nodes["Conv"]):
        fill(conv, weights[node.input[1]], weights[node.input[2]], path)
    for up, node, norm in zip(net.up, nodes["ConvTranspose"], nodes["BatchNormalization"]):
        weight, (slope, shift, mean, variance) = weights[node.input[1]], (weights[name] for name in norm.input[1:])
        epsilon = next(attribute.f for attribute in norm.attribute if attribute.name == "epsilon")
        # In float64, so that only the last rounding counts.
        by = slope.astype(np.float64) / np.sqrt(variance.astype(np.float64) + epsilon)
        fill(up, weight * by[:, None, None], shift - mean * by, path)


def fill(layer: nn.Module, weight: np.ndarray, bias: np.ndarray, path: Path) -> None:
    """Weight and bias into a layer; ValueError if they have not its shape."""
    for name, value in (("weight", weight), ("bias", bias)):
        old = layer.get_parameter(name)
        if old.shape != value.shape:
            raise ValueError(f"{path}: {value.shape} where CenterFace has {tuple(old.shape)}")
        old.copy_(torch.from_numpy(value.astype(np.float32)))
