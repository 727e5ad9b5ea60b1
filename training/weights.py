"""The weights as shipped: batch norm folded away, plain float32 tensors under fixed names in one safetensors file.

Names and shapes, row-major:

    stem.conv.weight  [16, 27]     second index (ky * 3 + kx) * 3 + c, c over B, G, R
    stem.conv.bias    [16]
    X.point.weight    [cout, cin]  for every separable block X of `block_names`
    X.point.bias      [cout]
    X.depth.weight    [cout, 9]    second index ky * 3 + kx
    X.depth.bias      [cout]
    Y.range           [1]          of every map that is rounded (`quantise.places`): 127 stands for this

A block is the 1x1 convolution with its bias, then the depthwise 3x3 with stride 1 over that output padded with zeros
(so outside the picture stands 0, not the bias), then ReLU, except in `score` and `box`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save
from torch import Tensor, nn

from training.net import Detector, Separable


def fold(net: Detector) -> Detector:
    """A copy of `net` for inference, every batch norm merged into the convolution before it. `net` stays as it is."""
    folded = copy.deepcopy(net).eval()
    merge(folded.stem.conv, folded.stem.bn)
    folded.stem.bn = nn.Identity()
    for block in folded.modules():
        if isinstance(block, Separable) and block.bn is not None:
            merge(block.depth, block.bn)
            block.bn = nn.Identity()
    return folded


@torch.no_grad()
def merge(conv: nn.Conv2d, norm: nn.Module) -> None:
    """Scale and shift `conv` as `norm` would its output; in float64, so that only the last rounding counts."""
    if not isinstance(norm, nn.BatchNorm2d) or norm.running_var is None or norm.running_mean is None:
        raise TypeError(f"expected batch norm with running statistics, not {norm}")
    if conv.bias is None:
        raise TypeError("a convolution without bias cannot take up the shift")
    slope = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
    weight = conv.weight.double() * slope[:, None, None, None]
    bias = (conv.bias.double() - norm.running_mean.double()) * slope + norm.bias.double()
    conv.weight.copy_(weight.float())
    conv.bias.copy_(bias.float())


def block_names(net: Detector) -> Iterator[str]:
    """The separable blocks in the order of the forward pass, branches last."""
    for name, module in net.named_modules():
        if isinstance(module, Separable):
            yield name


def to_tensors(folded: Detector, ranges: dict[str, float]) -> dict[str, np.ndarray]:
    """The file's tensors from a folded network and the ranges of its maps."""
    state = {name: value.detach().contiguous().numpy() for name, value in folded.state_dict().items()}
    stem = state["stem.conv.weight"]
    tensors = {
        "stem.conv.weight": np.ascontiguousarray(stem.transpose(0, 2, 3, 1).reshape(len(stem), -1)),
        "stem.conv.bias": state["stem.conv.bias"],
    }
    for name in block_names(folded):
        for conv in ("point", "depth"):
            weight = state[f"{name}.{conv}.weight"]
            tensors[f"{name}.{conv}.weight"] = weight.reshape(len(weight), -1)
            tensors[f"{name}.{conv}.bias"] = state[f"{name}.{conv}.bias"]
    for name, limit in ranges.items():
        tensors[f"{name}.range"] = np.array([limit], np.float32)
    return tensors


def from_tensors(tensors: dict[str, np.ndarray]) -> tuple[Detector, dict[str, float]]:
    """The folded network and its ranges; a missing, unknown or misshapen tensor is refused by torch."""
    net = fold(Detector())
    state: dict[str, Tensor] = {}
    ranges: dict[str, float] = {}
    for name, value in tensors.items():
        if name.endswith(".range"):
            ranges[name.removesuffix(".range")] = float(value[0])
            continue
        if name == "stem.conv.weight":
            value = value.reshape(len(value), 3, 3, 3).transpose(0, 3, 1, 2)
        elif name.endswith(".point.weight"):
            value = value[:, :, None, None]
        elif name.endswith(".depth.weight"):
            value = value.reshape(len(value), 1, 3, 3)
        state[name] = torch.from_numpy(np.array(value, np.float32))
    net.load_state_dict(state)
    return net, ranges


def write(path: Path, tensors: dict[str, np.ndarray]) -> None:
    """The same tensors give the same bytes; no metadata."""
    path.write_bytes(save(tensors))


def read(path: Path) -> tuple[Detector, dict[str, float]]:
    """The folded network of a weights file and the ranges of its maps."""
    return from_tensors(load_file(path))


def count(tensors: dict[str, np.ndarray]) -> int:
    """Number of weights, biases and ranges."""
    return sum(value.size for value in tensors.values())
