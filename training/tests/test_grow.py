"""A wide network begins with what a narrow one knows."""

from __future__ import annotations

import pytest
import torch

from training.grow import grow
from training.net import YUNET, Detector
from training.tests.alive import alive
from training.vectors import pattern


@pytest.fixture
def narrow() -> Detector:
    return alive(YUNET, 3)


def test_a_grown_network_computes_at_first_what_the_narrow_one_did(narrow: Detector) -> None:
    wide = Detector()
    grow(wide, narrow.state_dict())
    image = pattern(160, 96)
    with torch.no_grad():
        for expected, found in zip(narrow(image), wide.eval()(image)):
            torch.testing.assert_close(found, expected, rtol=0, atol=1e-3)


def test_every_new_channel_can_learn(narrow: Detector) -> None:
    """A channel that nobody reads yet gets a gradient as soon as its reader's weight has moved."""
    wide = Detector()
    grow(wide, narrow.state_dict())
    wide.train()(torch.rand(2, 3, 64, 96) * 255)[0].square().sum().backward()
    readers = wide.get_parameter("stages.2.1.point.weight")
    assert readers.grad is not None
    assert (readers[:64, 64:] == 0).all() and (readers.grad[:64, 64:].abs().sum((1, 2, 3)) > 0).all()


def test_a_tensor_without_a_place_is_refused_by_name(narrow: Detector) -> None:
    state = {**narrow.state_dict(), "landmarks.weight": torch.zeros(3)}
    with pytest.raises(ValueError, match=r"landmarks\.weight"):
        grow(Detector(), state)
    with pytest.raises(ValueError, match="no place"):
        grow(narrow, Detector().state_dict())


def test_a_tensor_that_is_missing_is_refused_by_name(narrow: Detector) -> None:
    state = narrow.state_dict()
    del state["lateral.1.point.weight"]
    with pytest.raises(ValueError, match=r"lateral\.1\.point\.weight is missing"):
        grow(Detector(), state)
    part = {name: value for name, value in narrow.state_dict().items() if not name.startswith("box.")}
    with pytest.raises(ValueError, match="is missing"):
        grow(Detector(YUNET), part)
