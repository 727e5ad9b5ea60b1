"""Losses stay finite in the corners of the data, and fall when the network learns."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from training.loss import eiou, loss
from training.net import Detector
from training.sets import FACE, IGNORE, PLATE

EMPTY = torch.zeros(0, 5)
FACE_BOX = torch.tensor([[20.0, 20.0, 44.0, 44.0, FACE]])
TINY_PLATE = torch.tensor([[95.0, 95.0, 95.5, 95.5, PLATE]])
IGNORED = torch.tensor([[0.0, 0.0, 96.0, 96.0, IGNORE]])


@pytest.fixture
def net() -> Detector:
    torch.manual_seed(3)
    return Detector().train()


@pytest.mark.parametrize("target", [EMPTY, FACE_BOX, TINY_PLATE, IGNORED, torch.cat((FACE_BOX, IGNORED))])
@pytest.mark.parametrize("with_teacher", [False, True])
def test_the_loss_and_its_gradient_are_finite(net: Detector, target: Tensor, with_teacher: bool) -> None:
    teacher = Detector().eval() if with_teacher else None
    images = torch.rand(2, 3, 96, 96) * 255
    lost = loss(net, images, [target, EMPTY], torch.ones(2, 2), teacher, torch.tensor([1.0, 0.0]))
    lost.total.backward()
    assert torch.isfinite(lost.total)
    assert all(torch.isfinite(p.grad).all() for p in net.parameters() if p.grad is not None)


def test_an_unlabelled_class_is_not_trained_on_background(net: Detector) -> None:
    lost = loss(net, torch.rand(1, 3, 64, 64) * 255, [EMPTY], torch.zeros(1, 2))
    assert float(lost.total.detach()) == 0


def test_equal_boxes_lose_nothing() -> None:
    lost, iou = eiou(FACE_BOX[:, :4], FACE_BOX[:, :4])
    torch.testing.assert_close(lost, torch.zeros(1), atol=1e-6, rtol=0)
    torch.testing.assert_close(iou, torch.ones(1))


def test_a_few_steps_on_one_picture_lower_the_loss(net: Detector) -> None:
    images, optimiser = torch.rand(2, 3, 96, 96) * 255, torch.optim.AdamW(net.parameters(), lr=2e-3)
    losses = []
    for _ in range(15):
        lost = loss(net, images, [FACE_BOX, EMPTY], torch.ones(2, 2))
        optimiser.zero_grad()
        lost.total.backward()
        optimiser.step()
        losses.append(float(lost.total.detach()))
    assert losses[-1] < losses[0]
