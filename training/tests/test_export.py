"""What ships computes what was trained, and comes with its origin or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from training import export as exporting
from training import weights
from training.checkpoint import file_sha256
from training.export import Refused, export, origin, run_onnx
from training.net import Contract, Detector
from training.vectors import DIGITS, compute, pattern, to_json

TRAINING = {"start": "random", "config": {}, "data": ["made-up"]}


@pytest.fixture
def net() -> Detector:
    """A network whose batch norms have something to fold."""
    torch.manual_seed(5)
    net = Detector()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.3, 0.3)
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
    return net.eval()


def test_both_files_equal_torch(net: Detector, tmp_path: Path) -> None:
    export(net, TRAINING, tmp_path, "t")
    image = pattern(192, 128)  # a size that export itself does not check
    with torch.no_grad():
        truth = [output.numpy() for output in Contract(net)(image)]
        again = [output.numpy() for output in Contract(weights.read(tmp_path / "t.safetensors"))(image)]
    for expected, reread, onnx in zip(truth, again, run_onnx(tmp_path / "t.onnx", image)):
        np.testing.assert_allclose(reread, expected, rtol=0, atol=1e-4)
        np.testing.assert_allclose(onnx, expected, rtol=0, atol=1e-4)


def test_tensors_have_the_documented_names_and_shapes(net: Detector) -> None:
    tensors = weights.to_tensors(weights.fold(net))
    assert tensors["stem.conv.weight"].shape == (16, 27)
    assert tensors["stages.0.1.point.weight"].shape == (64, 16)
    assert tensors["score.2.depth.weight"].shape == (2, 9)
    assert len(tensors) == 2 + 4 * len(list(weights.block_names()))
    # Second index of the stem: (ky * 3 + kx) * 3 + c.
    stem = weights.fold(net).stem.conv.weight
    assert tensors["stem.conv.weight"][4, (2 * 3 + 1) * 3 + 0] == stem[4, 0, 2, 1].item()


def test_the_card_names_the_file_it_belongs_to(net: Detector, tmp_path: Path) -> None:
    export(net, TRAINING, tmp_path, "t")
    card = json.loads((tmp_path / "t.json").read_text())
    assert card["sha256"] == file_sha256(tmp_path / card["weights_file"])
    assert card["outputs"] == ["boxes", "scores"]
    assert card["parameters"] == 71590
    assert card["training"] == TRAINING


@pytest.mark.parametrize("wrong", [1e-3, float("nan")])
def test_an_export_that_differs_is_refused_and_writes_nothing(
    net: Detector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: float
) -> None:
    def off(path: Path, image: torch.Tensor) -> list[np.ndarray]:
        return [output + np.float32(wrong) for output in run_onnx(path, image)]

    monkeypatch.setattr(exporting, "run_onnx", off)
    with pytest.raises(Refused, match="differs from PyTorch"):
        export(net, TRAINING, tmp_path, "t")
    assert list(tmp_path.iterdir()) == []


def test_weights_of_unknown_origin_are_refused() -> None:
    with pytest.raises(Refused, match="--record"):
        origin(None, None)


def test_vectors_survive_their_json(net: Detector) -> None:
    cases = compute(Contract(net))
    text = to_json({"cases": cases})
    assert json.loads(text) == {"cases": cases}
    with torch.no_grad():
        boxes = Contract(net)(pattern(96, 64))[0][0].numpy()
    np.testing.assert_allclose(cases[0]["boxes"], boxes, rtol=10.0**-DIGITS * 5, atol=0)


def test_the_pattern_is_the_documented_one() -> None:
    image = pattern(96, 64)
    assert image.shape == (1, 3, 64, 96)
    for x, y, c in ((0, 0, 0), (5, 9, 1), (95, 63, 2)):
        assert image[0, c, y, x] == (x * 7 + y * 13 + c * 29 + ((x * y) % 31) * 5) % 256
