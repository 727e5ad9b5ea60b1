"""Networks for tests whose maps are alive: their norms know the mean and spread of noise."""

from __future__ import annotations

import torch
from torch import nn

from training.net import Detector, Shape


def alive(shape: Shape, seed: int) -> Detector:
    """A network of this shape, ready to be evaluated."""
    torch.manual_seed(seed)
    net = Detector(shape)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.3, 0.3)
    net.train()
    for _ in range(30):
        net(torch.rand(2, 3, 64, 96) * 255)
    return net.eval()
