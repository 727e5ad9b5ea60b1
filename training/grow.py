"""A wider and deeper network that begins where a narrow one stands: what that computes, this one computes at first.

After Chen, Goodfellow, Shlens: "Net2Net", 2016, with other rules for what is new: a channel that the narrow network
lacks starts at random and is read by nobody yet (its readers' weights are 0), and a block that it lacks hands its
input on.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from training.net import Detector, Separable
from training.weights import block_names


@torch.no_grad()
def grow(net: Detector, old: dict[str, Tensor]) -> None:
    """Copy the narrow network's state `old` into `net`.

    Evaluated, `net` gives what the narrow one gave, up to the spread assumed in `pass_on`. Every tensor of `old` must
    have its place, and only blocks that a stage of the narrow network lacks may be missing in it: ValueError names a
    tensor that has no place, does not fit into it, or is not there.
    """
    state = net.state_dict()
    for name, value in old.items():
        if name not in state or any(a > b for a, b in zip(value.shape, state[name].shape)):
            raise ValueError(f"no place for {name} {tuple(value.shape)} in a network of this shape")
        put(name, value, state[name])
    new = [pair for pair in pairwise(block_names(net)) if is_new(*pair, old)]
    for before, name in new:
        pass_on(net.get_submodule(before), net.get_submodule(name))
    for name in state:
        if name not in old and not any(name.startswith(f"{block}.") for _, block in new):
            raise ValueError(f"{name} is missing in the weights to begin with")


def is_new(before: str, block: str, old: dict[str, Tensor]) -> bool:
    """Does `block` follow `before` in one stage, and has the narrow network nothing of it?"""
    same_stage = block.startswith("stages.") and before.rpartition(".")[0] == block.rpartition(".")[0]
    return same_stage and not any(name.startswith(f"{block}.") for name in old)


def put(name: str, value: Tensor, target: Tensor) -> None:
    """`value` into the first channels of `target`; the old outputs do not read the new inputs."""
    if name.endswith("point.weight"):
        target[: len(value)] = 0
    target[tuple(slice(0, size) for size in value.shape)] = value


def pass_on(before: nn.Module, block: nn.Module) -> None:
    """Make `block` hand on what `before` gives it.

    Its norm must restore the mean and spread that it takes away; they are those of a rectified normal variable, which
    the output of batch norm and ReLU is taken to be.
    """
    if not isinstance(before, Separable) or not isinstance(block, Separable):
        raise TypeError(f"expected two blocks, not {before} and {block}")
    given, norm = before.bn, block.bn
    if not isinstance(given, nn.BatchNorm2d) or not isinstance(norm, nn.BatchNorm2d):
        raise TypeError("a block without norm passes nothing on")
    slope, shift = given.weight.abs().clamp(min=1e-3), given.bias
    at = shift / slope
    below = 0.5 * (1 + torch.erf(at / math.sqrt(2)))
    density = torch.exp(-at * at / 2) / math.sqrt(2 * math.pi)
    mean = shift * below + slope * density
    square = (shift * shift + slope * slope) * below + shift * slope * density
    spread = (square - mean * mean).clamp(min=1e-6).sqrt()
    block.point.weight.copy_(torch.eye(len(mean))[:, :, None, None])
    block.depth.weight.zero_()
    block.depth.weight[:, 0, 1, 1] = 1
    for bias in (block.point.bias, block.depth.bias):
        if bias is not None:
            bias.zero_()
    values = {"weight": spread, "bias": mean, "running_mean": mean, "running_var": spread * spread - norm.eps}
    norm.load_state_dict({**norm.state_dict(), **values})
