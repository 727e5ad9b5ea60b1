"""Rounding is the documented one, and costs little."""

from __future__ import annotations

import pytest
import torch

from training import weights
from training.net import Detector
from training.quantise import STEPS, Grid, Histogram, measure_ranges, places, quantised, rounded_point
from training.vectors import pattern


def test_a_grid_has_128_steps_and_goes_to_the_even_one() -> None:
    grid = Grid(float(STEPS))
    values = torch.tensor([-3.0, 0.5, 1.5, 2.5, 126.4, 500.0])
    assert grid(values).tolist() == [0, 0, 2, 2, 126, 127]


def test_each_output_is_rounded_by_its_own_largest_weight() -> None:
    weight = torch.tensor([[1.0, -0.5], [0.001, 0.0004]])[:, :, None, None]
    steps = rounded_point(weight)[..., 0, 0] / torch.tensor([[1 / 127], [0.001 / 127]])
    torch.testing.assert_close(steps, torch.tensor([[127.0, -64.0], [127.0, 51.0]]))


def test_weights_of_one_sign_in_a_16_bit_sum_make_the_step_coarser() -> None:
    # All of a half of the quads; half of them; those of the other half do not count.
    weight = torch.tensor([[1.0, 1, 0, 0] * 4, [1.0, -1, 0, 0] * 4, [1.0, 0, -1, 0] * 4])[:, :, None, None]
    steps = rounded_point(weight).amax(1)[:, 0, 0]
    torch.testing.assert_close(1 / steps * torch.tensor([32.0, 64.0, 64.0]), torch.tensor([31.75, 63.5, 63.5]))


def test_a_range_cuts_a_rare_peak_off_and_keeps_a_common_one() -> None:
    rare, common = Histogram(), Histogram()
    body = torch.linspace(0.01, 1, 100_000)
    rare(torch.cat((body, torch.tensor([10.0]))))
    common(torch.cat((body, torch.full((50_000,), 10.0))))
    assert rare.limit() < 7 and common.limit() == pytest.approx(10)


def test_a_histogram_that_grows_forgets_nothing() -> None:
    histogram = Histogram()
    for top in (1.0, 3.0, 2.0):
        histogram(torch.linspace(0.01, top, 1000))
    assert histogram.counts.sum() == 3000 and histogram.top == 3.0


def test_every_map_between_blocks_is_rounded_and_scores_hardly_change() -> None:
    torch.manual_seed(4)
    net = Detector().train()
    for _ in range(10):
        net(torch.rand(1, 3, 64, 96) * 255)
    folded, image = weights.fold(net.eval()), pattern(160, 96)
    ranges = measure_ranges(folded, [image])
    assert set(ranges) == set(places(folded)) and min(ranges.values()) > 0
    with torch.no_grad():
        before, after = folded(image)[0].sigmoid(), quantised(folded, ranges)(image)[0].sigmoid()
    assert 0 < float((before - after).abs().mean()) < 0.01
