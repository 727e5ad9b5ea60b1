"""Folded weights become a network that can be trained and computes the same."""

from __future__ import annotations

import torch
from torch import nn

from training.net import CITY, Detector
from training.tests.alive import alive
from training.unfold import unfold
from training.vectors import pattern
from training.weights import fold


def test_evaluated_it_computes_what_the_folded_network_does() -> None:
    folded = fold(alive(CITY, 5))
    net = unfold(folded, [torch.rand(1, 3, 96, 64) * 255])
    with torch.no_grad():
        for expected, found in zip(folded(pattern(160, 96)), net(pattern(160, 96))):
            torch.testing.assert_close(found, expected, rtol=0, atol=1e-3)


def test_trained_on_the_pictures_that_it_was_measured_on_it_computes_nearly_the_same() -> None:
    folded = fold(alive(CITY, 5))
    pictures = torch.rand(4, 3, 96, 64) * 255
    net = unfold(folded, pictures.split(1)).train()
    with torch.no_grad():
        torch.testing.assert_close(net(pictures)[1], folded(pictures)[1], rtol=0, atol=0.01)


def test_every_norm_is_there_again_and_learns() -> None:
    net = unfold(fold(alive(CITY, 5)), [torch.rand(1, 3, 96, 64) * 255]).train()
    net(torch.rand(2, 3, 64, 96) * 255)[1].sum().backward()
    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    assert len(norms) == sum(isinstance(module, nn.BatchNorm2d) for module in Detector().modules())
    assert any(norm.weight.grad is not None and norm.weight.grad.abs().sum() > 0 for norm in norms)
