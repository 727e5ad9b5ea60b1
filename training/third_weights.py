"""The third stage's weights as shipped: float16 tensors under fixed names in one safetensors file.

Halves, since they are nine times as many as those of either other stage. The program rounds those of dense layers, and
what these read, to bfloat16; all else is float32.

Names and shapes, row-major:

    stem.weight               [32, 27]      second index (ky * 3 + kx) * 3 + c, c over B, G, R
    blocks.N.expand.weight    [mid, cin]    N in 0..16; absent for 0
    blocks.N.depth.weight     [mid, 9]      second index ky * 3 + kx
    blocks.N.project.weight   [cout, mid]
    top.weight                [24, 320]
    lateral.N.weight          [24, C]       C is 96, 32, 24 for N = 0, 1, 2: coarse to fine
    up.N.weight               [96, 24]      first index (dy * 2 + dx) * 24 + channel: each of the four pixels of one
    mix.weight                [24, 216]     second index (ky * 3 + kx) * 24 + channel
    score.weight              [1, 24]
    X.bias                    [rows]        for each of these X, of `up` [24]

A 3x3 convolution is over its input padded with zeros; one of stride 2 gives the even positions. There is a ReLU behind
every layer but `project` and `score`; `up` and `lateral` have theirs before they are added.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from torch import Tensor

from training.third_net import STEM_WIDTH, WIDTH, Third

KERNELS = {"stem.weight": (STEM_WIDTH, 3, 3, 3), "mix.weight": (WIDTH, 3, 3, WIDTH)}  # rows, ky, kx, channels


def to_tensors(net: Third) -> dict[str, np.ndarray]:
    """The file's tensors."""
    tensors = {}
    for name, value in net.state_dict().items():
        array = value.detach().contiguous().numpy()
        if name in KERNELS:
            array = array.transpose(0, 2, 3, 1)  # channels last, as the pixels lie
            array = array[..., ::-1] if name == "stem.weight" else array  # the network turns BGR to RGB, the file not
        elif name.startswith("up.") and array.ndim == 4:
            array = array.transpose(2, 3, 1, 0).reshape(-1, len(array))
        if array.ndim > 1:
            array = array.reshape(len(array), -1)
        tensors[name] = np.ascontiguousarray(array, np.float16)
    return tensors


def from_tensors(tensors: dict[str, np.ndarray]) -> Third:
    """The network; a missing, unknown or misshapen tensor is refused, by torch or as a ValueError of numpy."""
    net = Third().eval()
    state: dict[str, Tensor] = {}
    for name, value in tensors.items():
        if name in KERNELS:
            value = value.reshape(KERNELS[name])
            value = (value[..., ::-1] if name == "stem.weight" else value).transpose(0, 3, 1, 2)
        elif name.startswith("up.") and value.ndim == 2:
            value = value.reshape(2, 2, WIDTH, WIDTH).transpose(3, 2, 0, 1)
        elif name.endswith(".depth.weight"):
            value = value.reshape(-1, 1, 3, 3)
        elif value.ndim == 2:
            value = value[:, :, None, None]
        state[name] = torch.from_numpy(np.array(value, np.float32))
    net.load_state_dict(state)
    return net


def read(path: Path) -> Third:
    """The network of a weights file."""
    return from_tensors(load_file(path))
