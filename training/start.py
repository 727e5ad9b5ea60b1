"""Weights to begin with: YuNet-n's, copied into our network.

YuNet-n is Apache-2.0, copyright Shiqi Yu and OpenMMLab (ShiqiYu/libfacedetection.train). What is made from it must
carry that notice; the export writes it into the card.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from training.net import CLASSES, STRIDES, Detector

NOTICE = "started from YuNet-n, Apache-2.0, copyright Shiqi Yu and OpenMMLab"
NORM_TENSORS = ("weight", "bias", "running_mean", "running_var")
# A plate resembles a face enough to borrow its objectness, but weaker and rarer: half the slope, two logits lower.
PLATE_SLOPE, PLATE_SHIFT = 0.5, 2.0


def start_from_yunet(net: Detector, path: Path) -> None:
    """Copy YuNet-n's backbone, neck, box branch, and its objectness as the face score, into `net`.

    `path`: the PyTorch checkpoint as released. A tensor that it lacks is a KeyError that names it.
    """
    old = torch.load(path, map_location="cpu", weights_only=True)
    old = old.get("state_dict", old)
    new = net.state_dict()
    copy_stem(new, old)
    for ours, theirs in block_names():
        copy_block(new, old, ours, theirs)
    for level in range(len(STRIDES)):
        copy_score(new, old, level)
    net.load_state_dict(new)


def block_names() -> Iterator[tuple[str, str]]:
    """Our name and YuNet's of each separable block that is taken over as it is."""
    yield "stem.sep", "backbone.model0.conv2"
    for stage in range(5):
        for block in (0, 1):
            yield f"stages.{stage}.{block}", f"backbone.model{stage + 1}.conv{block + 1}"
    for level in range(len(STRIDES)):
        yield f"lateral.{level}", f"neck.lateral_convs.{level}"
        yield f"shared.{level}", f"bbox_head.multi_level_share_convs.{level}.0"
        yield f"box.{level}", f"bbox_head.multi_level_bbox.{level}"


def copy_stem(new: dict[str, Tensor], old: dict[str, Tensor]) -> None:
    for part in ("weight", "bias"):
        new[f"stem.conv.{part}"] = old[f"backbone.model0.conv1.{part}"].clone()
    for part in NORM_TENSORS:
        new[f"stem.bn.{part}"] = old[f"backbone.model0.bn1.{part}"].clone()


def copy_block(new: dict[str, Tensor], old: dict[str, Tensor], ours: str, theirs: str) -> None:
    for conv, number in (("point", 1), ("depth", 2)):
        for part in ("weight", "bias"):
            new[f"{ours}.{conv}.{part}"] = old[f"{theirs}.conv{number}.{part}"].clone()
    if f"{theirs}.bn.weight" in old:
        for part in NORM_TENSORS:
            new[f"{ours}.bn.{part}"] = old[f"{theirs}.bn.{part}"].clone()


def copy_score(new: dict[str, Tensor], old: dict[str, Tensor], level: int) -> None:
    ours, theirs = f"score.{level}", f"bbox_head.multi_level_obj.{level}"
    for index, name in enumerate(CLASSES):
        slope, shift = (1.0, 0.0) if name == "face" else (PLATE_SLOPE, PLATE_SHIFT)
        new[f"{ours}.point.weight"][index] = old[f"{theirs}.conv1.weight"][0] * slope
        new[f"{ours}.point.bias"][index] = old[f"{theirs}.conv1.bias"][0] * slope
        new[f"{ours}.depth.weight"][index] = old[f"{theirs}.conv2.weight"][0] * slope
        new[f"{ours}.depth.bias"][index] = old[f"{theirs}.conv2.bias"][0] - shift
