"""What ships computes what was trained, and comes with its origin or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from training import export as exporting
from training import weights
from training.checkpoint import file_sha256
from training.config import RunConfig
from training.export import ASKED, ROUNDED_TOLERANCE, Refused, Steady, export, origin, run_onnx, steady_inputs
from training.net import Contract, Detector
from training.quantise import STEPS, measure_ranges, quantised
from training.vectors import DIGITS, SIZES, compute, pattern, to_json

ONE_STEP = 0.5  # what one step more in a map changes at most in a box or score, here
TRAINING = {"start": "random", "config": {}, "data": ["made-up"]}


@pytest.fixture
def net() -> Detector:
    """A network whose batch norms have something to fold; on one thread, on which sums have one order."""
    torch.set_num_threads(1)
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


@pytest.fixture
def ranges(net: Detector) -> dict[str, float]:
    return measure_ranges(weights.fold(net), [pattern(96, 64)])


def test_both_files_compute_what_torch_does(net: Detector, ranges: dict[str, float], tmp_path: Path) -> None:
    export(net, ranges, TRAINING, tmp_path, "t")
    image = pattern(192, 128)  # a size that export itself does not check
    folded, read = weights.read(tmp_path / "t.safetensors")
    assert read == pytest.approx(ranges)
    with torch.no_grad():
        for expected, reread in zip(Contract(net)(image), Contract(folded)(image)):
            np.testing.assert_allclose(reread, expected, rtol=0, atol=1e-4)
        exact = [output.numpy() for output in Contract(folded)(image)]
        rounded = [output.numpy() for output in Contract(quantised(folded, read))(image)]
    for unrounded, expected, onnx in zip(exact, rounded, run_onnx(tmp_path / "t.onnx", image)):
        # A sum in another order may round to another step, so a few cells differ; without rounding all would.
        assert np.median(np.abs(onnx - expected)) < np.median(np.abs(unrounded - expected)) / 10
        assert np.abs(onnx - expected).max() <= ONE_STEP


@torch.no_grad()
def test_an_input_is_not_steady_where_a_value_lies_between_two_steps(net: Detector, ranges: dict[str, float]) -> None:
    folded = weights.fold(net)
    image = steady_inputs(folded, ranges, SIZES[0])[0]
    # The largest value of the first map, at 100.5 of its 127 steps.
    top = float(quantised(folded, ranges).double().stem.conv(image.double()).max())
    assert Steady(folded, ranges)(image)
    assert not Steady(folded, ranges | {"stem": top * STEPS / 100.5})(image)


@torch.no_grad()
def test_steady_inputs_are_looked_for_and_their_lack_told(
    net: Detector, ranges: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    folded = weights.fold(net)
    odd = [pattern(*SIZES[0], start) for start in range(1, 2 * ASKED, 2)]

    def is_odd(image: torch.Tensor) -> bool:
        return any(bool((image == other).all()) for other in odd)

    monkeypatch.setattr(exporting, "Steady", lambda _folded, _ranges: is_odd)
    found = steady_inputs(folded, ranges, SIZES[0])
    assert len(found) == ASKED and all(bool((a == b).all()) for a, b in zip(found, odd))
    monkeypatch.setattr(exporting, "TRIED", 2 * ASKED - 1)
    with pytest.raises(Refused, match=f"agree at {ASKED - 1} of {2 * ASKED - 1}"):
        steady_inputs(folded, ranges, SIZES[0])


@pytest.mark.parametrize(("differ", "stands"), [(ASKED // 2, True), (ASKED // 2 + 1, False)])
def test_an_export_stands_if_it_agrees_at_most_of_the_steady_inputs(
    net: Detector, ranges: dict[str, float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, differ: int, stands: bool
) -> None:
    rounded = 0

    def off(path: Path, image: torch.Tensor) -> list[np.ndarray]:
        nonlocal rounded
        rounded += "unrounded" not in path.name
        wrong = 2.0 if "unrounded" not in path.name and rounded <= differ else 0.0
        return [output + np.float32(wrong) for output in run_onnx(path, image)]

    monkeypatch.setattr(exporting, "run_onnx", off)
    if stands:
        assert export(net, ranges, TRAINING, tmp_path, "t").onnx <= ROUNDED_TOLERANCE
    else:
        with pytest.raises(Refused, match="differs from PyTorch"):
            export(net, ranges, TRAINING, tmp_path, "t")


def test_tensors_have_the_documented_names_and_shapes(net: Detector, ranges: dict[str, float]) -> None:
    tensors = weights.to_tensors(weights.fold(net), ranges)
    assert tensors["stem.conv.weight"].shape == (16, 27)
    assert tensors["stages.0.1.point.weight"].shape == (64, 16)
    assert tensors["score.2.depth.weight"].shape == (2, 9)
    assert tensors["sums.1.range"].shape == (1,)
    assert len(tensors) == 2 + 4 * len(list(weights.block_names(net))) + len(ranges)
    # Second index of the stem: (ky * 3 + kx) * 3 + c.
    stem = weights.fold(net).stem.conv.weight
    assert tensors["stem.conv.weight"][4, (2 * 3 + 1) * 3 + 0] == stem[4, 0, 2, 1].item()


def test_the_card_names_the_file_it_belongs_to(net: Detector, ranges: dict[str, float], tmp_path: Path) -> None:
    export(net, ranges, TRAINING, tmp_path, "t")
    card = json.loads((tmp_path / "t.json").read_text())
    assert card["sha256"] == file_sha256(tmp_path / card["weights_file"])
    assert card["outputs"] == ["boxes", "scores"]
    assert card["parameters"] == 202_492
    assert card["training"] == TRAINING
    assert "first_counts" not in card, "it would be taken for one of a second stage"


def test_the_card_of_a_second_stage_says_what_the_first_one_counts(
    net: Detector, ranges: dict[str, float], tmp_path: Path
) -> None:
    export(net, ranges, TRAINING, tmp_path, "t", [0.4, 0.2])
    assert json.loads((tmp_path / "t.json").read_text())["first_counts"] == [0.4, 0.2]


@pytest.mark.parametrize("wrong", [1e-3, float("nan")])
def test_an_export_that_differs_is_refused_and_writes_nothing(
    net: Detector, ranges: dict[str, float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: float
) -> None:
    def off(path: Path, image: torch.Tensor) -> list[np.ndarray]:
        return [output + np.float32(wrong) for output in run_onnx(path, image)]

    monkeypatch.setattr(exporting, "run_onnx", off)
    with pytest.raises(Refused, match="differs from PyTorch"):
        export(net, ranges, TRAINING, tmp_path, "t")
    assert list(tmp_path.iterdir()) == []


def test_weights_of_unknown_origin_are_refused() -> None:
    with pytest.raises(Refused, match="--record"):
        origin(None, None)


def test_a_run_that_went_on_from_weights_keeps_what_they_came_from(tmp_path: Path) -> None:
    config = RunConfig(1, "ab", (("cars", 1.5),), 10, 4, 352, 1.0, 2e-3, 1e-4, "checkpoint", "cd", "", 0)
    with pytest.raises(Refused, match="--record"):
        origin(config, None)
    record = tmp_path / "before.json"
    record.write_text(json.dumps({"start": "a notice", "config": {"runs": 3}, "data": ["masks"]}))
    card = origin(config, record)
    assert card["start"] == "a notice" and card["before"] == {"runs": 3} and card["data"] == ["cars", "masks"]
    with pytest.raises(Refused, match="for others"):
        origin(replace(config, start="random"), record)


def test_vectors_survive_their_json(net: Detector) -> None:
    cases = compute(Contract(net))
    text = to_json({"cases": cases})
    assert json.loads(text) == {"cases": cases}
    assert next(net.parameters()).dtype == torch.float32  # the model that was given stays as it is
    with torch.no_grad():
        boxes = Contract(net.double())(pattern(*SIZES[0]).double())[0][0].numpy()
    np.testing.assert_allclose(cases[0]["boxes"], boxes, rtol=10.0**-DIGITS * 5, atol=0)


def test_the_pattern_is_the_documented_one() -> None:
    image = pattern(96, 64)
    assert image.shape == (1, 3, 64, 96)
    for x, y, c in ((0, 0, 0), (5, 9, 1), (95, 63, 2)):
        assert image[0, c, y, x] == (x * 7 + y * 13 + c * 29 + ((x * y) % 31) * 5) % 256
