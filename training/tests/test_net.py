"""Cells and boxes: their order and their geometry are a contract with every other implementation."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from training.net import Contract, Detector, decode


def test_a_box_decodes_around_its_cell() -> None:
    cells = torch.tensor([[16.0, 24.0, 8.0], [64.0, 32.0, 32.0]])
    offsets = torch.tensor([[[0.5, -0.25, 0.0, 0.0], [0.0, 1.0, 0.6931472, -0.6931472]]])
    expected = torch.tensor([[[16.0, 18.0, 24.0, 26.0], [32.0, 56.0, 96.0, 72.0]]])
    torch.testing.assert_close(decode(offsets, cells), expected)


def test_a_wild_offset_stays_finite() -> None:
    box = decode(torch.tensor([[[0.0, 0.0, 500.0, -500.0]]]), torch.tensor([[0.0, 0.0, 32.0]]))
    assert torch.isfinite(box).all()


@pytest.mark.parametrize(("width", "height"), [(32, 32), (96, 64), (160, 96)])
def test_cells_run_row_by_row_through_strides_8_16_32(width: int, height: int) -> None:
    with torch.no_grad():
        logits, offsets, cells = Detector().eval()(torch.zeros(1, 3, height, width))
    expected = [[x * s, y * s, s] for s in (8, 16, 32) for y in range(height // s) for x in range(width // s)]
    assert cells.tolist() == expected
    assert logits.shape == (1, len(expected), 2)
    assert offsets.shape == (1, len(expected), 4)


def test_nothing_but_boxes_and_scores_leaves_the_contract() -> None:
    with torch.no_grad():
        outputs = Contract(Detector().eval())(torch.zeros(2, 3, 64, 64))
    assert [tuple(output.shape) for output in outputs] == [(2, 84, 4), (2, 84, 2)]
    assert ((outputs[1] >= 0) & (outputs[1] <= 1)).all()


def test_the_card_counts_the_work_and_what_of_it_is_in_whole_numbers() -> None:
    """docs/cards/city.md: about 500 million multiply-adds at 640x384, seven eighths in stem and 1x1 convolutions."""
    work = {"whole": 0, "depthwise": 0}

    def count(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if isinstance(module, nn.Conv2d):
            kind = "depthwise" if module.groups > 1 else "whole"
            work[kind] += module.weight.numel() * output.shape[-2] * output.shape[-1]

    net = Detector().eval()
    for module in net.modules():
        module.register_forward_hook(count)
    with torch.no_grad():
        net(torch.zeros(1, 3, 384, 640))
    total = sum(work.values())
    assert round(total / 1e8) == 5
    assert round(8 * work["whole"] / total) == 7
