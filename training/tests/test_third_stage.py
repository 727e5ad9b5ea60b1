"""The third stage: what it begins with, where it reads, what holds it, what ships of it and what its word counts."""

from __future__ import annotations

import argparse
import dataclasses
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import NodeProto, TensorProto, helper, numpy_helper
from torch.nn import functional as F

from training import third_export, third_mean, third_weights
from training.align import line_between
from training.checkpoint import file_sha256, load_weights
from training.config import RunConfig
from training.export import Refused, origin
from training.feed import Batch
from training.fuse import falling
from training.net import Detector
from training.second_stage import patch
from training.sets import FACE, PLATE
from training.third_export import Counts, counted, export
from training.third_fuse import Sights, counts_of
from training.third_mean import between
from training.third_net import BLOCKS, CENTRE, FINE, NOTICE, SIDE, WIDTH, Third, start_from_centerface
from training.third_stage import ANCHOR, ANCHOR_LIMIT, HEAD_SHARE, MOST_PLACES, PART, ThirdStage, anchored, in_parts
from training.third_vectors import INPUTS, cases, compute
from training.train import Trainer
from training.weights import write

CONFIG = RunConfig(1, "ab", (("a", 1.0),), 10, 2, 64, 1.0, 1e-4, 0.0, "random", "", "", FINE)
TRAINING = {"start": "random", "config": {}, "data": ["made-up"]}
EPSILON = 1e-3


@pytest.fixture
def net() -> Third:
    torch.set_num_threads(1)
    return made(5)


def made(seed: int) -> Third:
    """A network whose maps are alive to the last: what it says differs from patch to patch."""
    torch.manual_seed(seed)
    net = Third().eval()
    for layer in (*net.convolutions(), *net.up):
        torch.nn.init.kaiming_uniform_(layer.get_parameter("weight"), nonlinearity="relu")
    with torch.no_grad():
        net.stem.weight /= 255
        net.score.weight *= 3
        for value in net.parameters():
            value.copy_(value.half())  # the file holds halves: what it loses is no matter of these tests
    return net


def centerface(path: Path, net: Third) -> dict[str, np.ndarray]:
    """A file laid out as the published one, with the convolutions of `net`; gives the weights of what doubles sizes."""
    weights: dict[str, np.ndarray] = {}
    nodes: list[NodeProto] = []

    def add(kind: str, *values: np.ndarray, epsilon: float | None = None) -> None:
        names = [f"{len(nodes)}.{number}" for number in range(len(values))]
        weights.update(zip(names, values))
        nodes.append(helper.make_node(kind, ["x", *names], [f"y{len(nodes)}"], epsilon=epsilon))

    rng = np.random.default_rng(3)
    *convolutions, score = net.convolutions()
    for conv in (*convolutions, score):
        assert conv.bias is not None
        add("Conv", conv.weight.detach().numpy(), conv.bias.detach().numpy())
        if conv.weight.shape[:2] == (WIDTH, BLOCKS[-1][1]):
            for _ in net.up:
                add("ConvTranspose", rng.normal(0, 0.1, (WIDTH, WIDTH, 2, 2)).astype(np.float32))
                add("BatchNormalization", *rng.uniform(0.5, 2, (4, WIDTH)).astype(np.float32), epsilon=EPSILON)
    for outputs in (2, 2, 10):
        add("Conv", np.zeros((outputs, WIDTH, 1, 1), np.float32), np.zeros(outputs, np.float32))
    tensors = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, None)]
    onnx.save(helper.make_model(helper.make_graph(nodes, "c", inputs, [], tensors)), str(path))
    folded = [node for node in nodes if node.op_type in ("ConvTranspose", "BatchNormalization")]
    return {f"{node.op_type}.{i}": weights[i] for node in folded for i in node.input[1:]}


def test_it_begins_with_what_centerface_says_and_its_norms_are_folded(net: Third, tmp_path: Path) -> None:
    rest = [torch.from_numpy(value) for value in centerface(tmp_path / "c.onnx", net).values()]
    found = Third().eval()
    start_from_centerface(found, tmp_path / "c.onnx")
    for ours, theirs in zip(found.convolutions(), net.convolutions()):
        assert torch.equal(ours.weight, theirs.weight)
    x = torch.randn(1, WIDTH, 4, 4)
    for up, (weight, slope, shift, mean, variance) in zip(found.up, (rest[i : i + 5] for i in (0, 5, 10))):
        doubled = F.conv_transpose2d(x, weight, stride=2)
        expected = F.batch_norm(doubled, mean, variance, slope, shift, eps=EPSILON)
        torch.testing.assert_close(up(x), expected, atol=1e-4, rtol=1e-4)


def test_another_network_is_not_taken_for_centerface(net: Third, tmp_path: Path) -> None:
    onnx.save(helper.make_model(helper.make_graph([], "c", [], [])), str(tmp_path / "empty.onnx"))
    with pytest.raises(ValueError, match="not the layers"):
        start_from_centerface(Third(), tmp_path / "empty.onnx")
    net.blocks[0].project = torch.nn.Conv2d(32, 17, 1)
    centerface(tmp_path / "wide.onnx", net)
    with pytest.raises(ValueError, match="where CenterFace has"):
        start_from_centerface(Third(), tmp_path / "wide.onnx")


@torch.no_grad()
def test_only_the_middle_of_the_map_is_read_and_of_it_the_highest() -> None:
    net = Third().eval()
    for layer in (net.mix, net.score):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.get_parameter("bias"))
    net.mix.weight[0, 0, 1, 1] = net.score.weight[0, 0] = 1
    side = SIDE // 4
    low, high = side // 2 - CENTRE // 2, side // 2 + CENTRE // 2
    for at, read in ((low - 1, False), (low, True), (high - 1, True), (high, False)):
        for row, column in ((at, low), (low, at)):
            y = torch.zeros(1, WIDTH, side, side)
            y[0, 0, row, column] = 5
            assert net.heat(y).shape == (1, CENTRE, CENTRE)
            assert net.heat(y).amax() == (5 if read else 0)


@torch.no_grad()
def test_the_middle_is_that_of_the_whole_map(net: Third) -> None:
    image = INPUTS[-1].image()
    whole = net.score(F.relu(net.mix(net.path(net.fine(image)))))[0, 0]
    low = SIDE // 8 - CENTRE // 2
    torch.testing.assert_close(net(image)[0], whole[low : low + CENTRE, low : low + CENTRE].max())


def test_what_is_faster_to_learn_computes_the_same(net: Third) -> None:
    image = INPUTS[-1].image()
    with torch.no_grad():
        expected = net(image)
        torch.testing.assert_close(net.train()(image), expected)


def test_in_parts_it_says_the_same(net: Third) -> None:
    images = torch.randn(2 * PART + 1, 3, SIDE, SIDE)
    with torch.no_grad():
        torch.testing.assert_close(in_parts(net, images), net(images))


def test_the_anchor_pulls_back_up_to_its_limit() -> None:
    began = torch.tensor([1.0, -2.0])
    said = torch.tensor([3.0, -2.0], requires_grad=True)
    lost = anchored(said, began)
    assert lost.item() == pytest.approx(ANCHOR * 4 / 2)
    lost.backward()
    assert said.grad is not None and said.grad[0] > 0 and said.grad[1] == 0
    far = torch.tensor([1.0 + 2 * ANCHOR_LIMIT])
    assert anchored(far, began[:1]).item() == pytest.approx(ANCHOR * ANCHOR_LIMIT**2)


@pytest.fixture
def stage(net: Third, tmp_path: Path) -> ThirdStage:
    centerface(tmp_path / "c.onnx", net)
    torch.manual_seed(2)
    torch.save(Detector().state_dict(), tmp_path / "first.pt")
    first = tmp_path / "first.pt"
    args = argparse.Namespace(start=None, init=None, teacher=None, first=first, centerface=tmp_path / "c.onnx")
    return ThirdStage(CONFIG, args)


def batch(*known: float) -> Batch:
    """Two crops of noise, each with a face."""
    images = np.random.default_rng(1).integers(0, 255, (2, 3, 64, 64), np.uint8)
    face = np.array([[4, 4, 20, 20, FACE]], np.float32)
    return Batch(images, [face, face], np.array([known, known], np.float32), np.ones(2, np.float32))


def test_a_step_leaves_the_finest_blocks_and_the_beginning_as_they_are(stage: ThirdStage, tmp_path: Path) -> None:
    said = dataclasses.replace(CONFIG, start="centerface", start_sha256=file_sha256(tmp_path / "c.onnx"))
    assert stage.config == dataclasses.replace(said, teacher_sha256=file_sha256(tmp_path / "first.pt"))
    nets = (stage.first, stage.began, stage.net)
    states = [{name: value.clone() for name, value in each.state_dict().items()} for each in nets]
    lost = stage.learn(batch(1, 1))
    assert lost.score > 0 and lost.box == pytest.approx(0, abs=1e-3) and stage.step == 1, "nothing pulls at the start"
    first, began, changed = (
        {name for name, value in each.state_dict().items() if not torch.equal(value, state[name])}
        for each, state in zip(nets, states)
    )
    assert not first and not began
    assert {"blocks.3.depth.weight", "top.weight", "up.2.weight", "score.bias"} <= changed
    assert not any(name.startswith(("stem.", "blocks.0.", "blocks.1.", "blocks.2.")) for name in changed)
    rates = [group["lr"] for group in stage.optimiser.param_groups]
    assert rates[1] == pytest.approx(HEAD_SHARE * rates[0])
    with torch.no_grad():
        stage.net.score.get_parameter("bias").add_(10_000)
    lost = stage.learn(batch(1, 1))
    assert lost.box == pytest.approx(ANCHOR * ANCHOR_LIMIT**2), "far away it is pulled back"
    assert lost.total.item() == pytest.approx(lost.score + lost.box)


def test_it_goes_on_where_it_stopped_and_with_other_blocks_frozen_not_at_all(stage: ThirdStage, tmp_path: Path) -> None:
    stage.learn(batch(1, 1))
    stage.save(tmp_path / "checkpoint.pt")
    first = tmp_path / "first.pt"
    args = argparse.Namespace(start=None, init=None, teacher=None, first=first, centerface=tmp_path / "c.onnx")
    again: Trainer = ThirdStage(CONFIG, args)
    again.resume(tmp_path / "checkpoint.pt")
    assert again.step == 1
    assert [group.get("share") for group in again.optimiser.param_groups] == [None, HEAD_SHARE]
    for ours, theirs in zip(again.ema.state_dict().values(), stage.ema.state_dict().values()):
        assert torch.equal(ours, theirs)
    with pytest.raises(ValueError, match="frozen 2"):
        ThirdStage(dataclasses.replace(CONFIG, frozen=2), args)


def test_a_new_run_goes_on_from_earlier_weights_and_is_held_to_centerface_still(
    stage: ThirdStage, tmp_path: Path
) -> None:
    went = made(8)
    torch.save(went.state_dict(), tmp_path / "went.pt")
    export(
        went, Counts(0.3, 0.7, 0.5, -1.25), {**TRAINING, "scores": {"judge": 0.5, "shift": -1.25}}, tmp_path, "shipped"
    )
    first, face = tmp_path / "first.pt", tmp_path / "c.onnx"
    for name, near in (("went.pt", 0.0), ("shipped.safetensors", 2e-3)):
        args = argparse.Namespace(start=None, init=tmp_path / name, teacher=None, first=first, centerface=face)
        config = dataclasses.replace(CONFIG, start="checkpoint", start_sha256="ab")
        again = ThirdStage(config, args)
        assert (again.config.start, again.config.start_sha256) == ("checkpoint", "ab")
        for key, value in again.net.state_dict().items():
            torch.testing.assert_close(value, went.state_dict()[key], atol=near, rtol=near, msg=f"{name}: {key}")
        for key, value in again.began.state_dict().items():
            assert torch.equal(value, stage.began.state_dict()[key]), key


def test_the_mean_lies_at_its_share_of_the_way(net: Third) -> None:
    began, learned = net.state_dict(), made(8).state_dict()
    for share, near in ((0.0, began), (1.0, learned)):
        for name, value in between(began, learned, share).items():
            torch.testing.assert_close(value, near[name])
    name = "mix.weight"
    torch.testing.assert_close(between(began, learned, 0.7)[name], 0.3 * began[name] + 0.7 * learned[name])


def test_what_ships_lies_between_centerface_and_the_run_and_not_beyond_either(
    net: Third, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    centerface(tmp_path / "c.onnx", net)
    torch.save(made(8).state_dict(), tmp_path / "run.pt")
    words = ["third_mean", *(str(tmp_path / name) for name in ("out.pt", "c.onnx", "run.pt"))]
    monkeypatch.setattr("sys.argv", [*words, "--share", "1.1"])
    with pytest.raises(SystemExit):
        third_mean.main()
    assert not (tmp_path / "out.pt").exists()
    monkeypatch.setattr("sys.argv", words)
    third_mean.main()
    found, name = load_weights(tmp_path / "out.pt")[0], "blocks.9.depth.weight"
    run = made(8).state_dict()[name]
    torch.testing.assert_close(found[name], net.state_dict()[name].lerp(run, third_mean.SHARE))


def test_a_place_teaches_only_where_it_is_known_whether_it_is_a_face(
    stage: ThirdStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    off = np.array([[48, 48, 60, 60, 0.5, PLATE]], np.float32)
    monkeypatch.setattr(stage, "proposals", lambda images: [off, off])
    known, images = stage.drawn(batch(1, 1), SIDE, (FACE,))
    assert [place.want[FACE] for place in known] == [1.0, 0.0, 1.0, 0.0] and images.shape == (4, 3, SIDE, SIDE)
    unknown, _ = stage.drawn(batch(0, 1), SIDE, (FACE,))
    assert [place.want[FACE] for place in unknown] == [1.0, 1.0], "what has no box may be a face there"


def test_of_a_crowded_crop_any_few_places_teach(stage: ThirdStage, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = np.array([[x, 48, x + 3, 60, 0.5, FACE] for x in range(0, 60, 4)], np.float32)
    monkeypatch.setattr(stage, "proposals", lambda images: [crowd, crowd])
    asked = []
    for stage.step in range(6):
        chosen, images = stage.drawn(batch(1, 1), SIDE, (FACE,), 4)
        assert len(chosen) == len(images) == 8
        asked.append([float(place.box[0]) for place in chosen])
    assert len({x for some in asked for x in some}) > len(crowd) / 2, "not always the surest"
    everything, _ = stage.drawn(batch(1, 1), SIDE, (FACE,))
    assert len(everything) == 2 * len(crowd) + 2
    judge, learned = stage.net.judge, []

    def counting(fine: torch.Tensor) -> torch.Tensor:
        learned.append(len(fine))
        return judge(fine)

    monkeypatch.setattr(stage.net, "judge", counting)
    stage.learn(batch(1, 1))
    assert sum(learned) == 2 * MOST_PLACES


def test_a_larger_patch_shows_the_same_place() -> None:
    image = np.random.default_rng(2).integers(0, 255, (40, 40, 3), np.uint8)
    image = image.repeat(8, 0).repeat(8, 1)
    box = np.array([130.0, 120.0, 190.0, 180.0])
    small, large = patch(image, box), patch(image, box, SIDE)
    assert large.shape == (SIDE, SIDE, 3)
    shrunk = large.reshape(32, 4, 32, 4, 3).mean((1, 3)), small.reshape(32, 3, 32, 3, 3).mean((1, 3))
    assert np.abs(shrunk[0] - shrunk[1]).mean() < 4


def test_the_weights_file_has_the_documented_tensors_and_gives_the_network_again(net: Third, tmp_path: Path) -> None:
    tensors = third_weights.to_tensors(net)
    shapes = {name: value.shape for name, value in tensors.items()}
    assert len(shapes) == 2 * (1 + 3 * len(BLOCKS) - 1 + 1 + 3 + 3 + 1 + 1)
    assert "blocks.0.expand.weight" not in shapes
    cins = [32, *(cout for _, cout, _ in BLOCKS)]
    for number, ((cin, cout), (middle, _, _)) in enumerate(zip(pairwise(cins), BLOCKS)):
        assert shapes.get(f"blocks.{number}.expand.weight", (middle, cin)) == (middle, cin)
        assert shapes[f"blocks.{number}.depth.weight"] == (middle, 9)
        assert shapes[f"blocks.{number}.project.weight"] == (cout, middle)
    assert [shapes[f"{name}.weight"] for name in ("top", "mix", "score")] == [(24, 320), (24, 216), (1, 24)]
    assert [shapes[f"lateral.{number}.weight"] for number in range(3)] == [(24, 96), (24, 32), (24, 24)]
    assert shapes["up.1.weight"] == (96, 24) and shapes["up.1.bias"] == (24,)
    assert all(value.dtype == np.float16 for value in tensors.values())
    # Second index of the stem (ky * 3 + kx) * 3 + c with B first, of `mix` (ky * 3 + kx) * 24 + channel.
    assert tensors["stem.weight"][4, (2 * 3 + 1) * 3 + 0] == net.stem.weight[4, 2, 2, 1]
    assert tensors["mix.weight"][4, (2 * 3 + 1) * 24 + 7] == net.mix.weight[4, 7, 2, 1]
    assert tensors["up.1.weight"][(1 * 2 + 0) * 24 + 5, 7] == net.up[1].get_parameter("weight")[7, 5, 1, 0]
    write(tmp_path / "t.safetensors", tensors)
    again = third_weights.read(tmp_path / "t.safetensors")
    for (name, ours), theirs in zip(again.state_dict().items(), net.state_dict().values()):
        assert torch.equal(ours, theirs), name


@torch.no_grad()
def test_the_file_computes_what_the_network_does(net: Third) -> None:
    """By its documentation alone: BGR into the stem, and the first of what doubles sizes."""
    tensors = third_weights.to_tensors(net)
    image = INPUTS[0].image()
    columns = F.unfold(image, 3, padding=1, stride=2).reshape(3, 9, -1).transpose(0, 1).reshape(27, -1).numpy()
    stem = tensors["stem.weight"] @ columns + tensors["stem.bias"][:, None]
    np.testing.assert_allclose(stem.reshape(32, 64, 64), net.stem(image.flip(1))[0], atol=1e-4)
    pixel = torch.randn(WIDTH)
    four = (tensors["up.0.weight"] @ pixel.numpy()).reshape(2, 2, WIDTH) + tensors["up.0.bias"]
    np.testing.assert_allclose(four.transpose(2, 0, 1), net.up[0](pixel[None, :, None, None])[0], atol=1e-5)


def test_a_tensor_too_many_too_few_or_of_another_shape_is_refused(net: Third) -> None:
    tensors = third_weights.to_tensors(net)
    for change in ({"extra": np.zeros(1, np.float32)}, {"top.weight": np.zeros((24, 319), np.float32)}):
        with pytest.raises(RuntimeError):
            third_weights.from_tensors({**tensors, **change})
    del tensors["blocks.4.expand.bias"]
    with pytest.raises(RuntimeError, match=r"blocks\.4\.expand\.bias"):
        third_weights.from_tensors(tensors)


def test_the_card_belongs_to_its_file_and_the_counts_are_in_both(net: Third, tmp_path: Path) -> None:
    export(net, Counts(0.3, 0.7, 0.5, -1.25), TRAINING, tmp_path, "t")
    card = json.loads((tmp_path / "t.json").read_text())
    assert card == {
        "format": 1,
        "name": "t",
        "input": {"order": "BGR", "range": [0, 255], "side": 128},
        "outputs": ["face"],
        "counts": [0.3, 0.7],
        "weights_file": "t.safetensors",
        "sha256": file_sha256(tmp_path / "t.safetensors"),
        "parameters": 1_819_577,
        "training": TRAINING,
        "licence": "MIT AND Apache-2.0",
    }
    logits = np.array(compute(third_weights.read(tmp_path / "t.safetensors")))
    np.testing.assert_allclose(logits, 0.5 * np.array(compute(net)) - 1.25, atol=0.02)


@pytest.mark.parametrize("judge", [0.0, -0.5, float("nan")])
def test_counts_under_which_the_highest_cell_is_not_the_highest_are_refused(net: Third, judge: float) -> None:
    with pytest.raises(Refused, match="JUDGE"):
        counted(net, Counts(judge=judge))


@pytest.mark.parametrize("wrong", [1.0, float("nan")])
def test_a_damaged_file_is_refused_and_nothing_stays(
    net: Third, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: float
) -> None:
    def damaged(path: Path, tensors: dict[str, np.ndarray]) -> None:
        write(path, {**tensors, "mix.bias": tensors["mix.bias"] + np.float16(wrong)})

    monkeypatch.setattr(third_export, "write", damaged)
    with pytest.raises(Refused, match="differs from PyTorch"):
        export(net, Counts(), TRAINING, tmp_path, "t")
    assert list(tmp_path.iterdir()) == []


def test_the_card_says_that_the_run_began_with_centerface() -> None:
    card = origin(dataclasses.replace(CONFIG, start="centerface", start_sha256="cd"), None)
    assert card["start"] == NOTICE and card["data"] == ["a"]


def test_vectors_are_exact_and_leave_the_network_as_it_is(net: Third) -> None:
    found = cases(net)
    assert next(net.parameters()).dtype == torch.float32
    assert len({case["logit"] for case in found}) == len(INPUTS), "each says something else"
    with torch.no_grad():
        for case, each in zip(found, INPUTS):
            image = each.image()
            left, top, right, bottom = case["shown"]
            assert not image[..., :top, :].any() and not image[..., bottom:, :].any()
            assert not image[..., :left].any() and not image[..., right:].any()
            assert case["logit"] == pytest.approx(net(image).item(), abs=1e-3)
    assert json.loads(json.dumps(found)) == found


def test_counts_are_those_that_made_the_labels_on_the_scale_of_two_stages() -> None:
    rng = np.random.default_rng(4)
    first, second, third = rng.normal(0, 1.5, (3, 40_000))
    true = rng.random(40_000) < 1 / (1 + np.exp(-(0.8 * first + 0.5 * second + 1.5 * third - 1)))
    both = 0.4 * first + second - 2
    sights = Sights(list(first), list(second), list(third), list(true))
    counts, fused = counts_of(sights, both, 40_000)
    shares = counts.first / counts.judge, counts.second / counts.judge
    assert shares == pytest.approx((0.8 / 1.5, 0.5 / 1.5), abs=0.03)
    words = counts.first * first + counts.second * second + counts.judge * third
    np.testing.assert_allclose(fused, words + counts.shift)
    slope, shift, _ = line_between(falling(fused[~true]), falling(both[~true]), 40_000)
    assert (slope, shift) == pytest.approx((1, 0), abs=1e-6)
    with pytest.raises(ValueError, match="does not rise"):
        counts_of(Sights(list(first), list(second), list(-third), list(true)), both, 40_000)
