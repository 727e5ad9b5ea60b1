"""What is run to make a variant anew, and what is printed of several seeds."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from training import reproduce
from training.config import RunConfig
from training.reproduce import RECIPES, Failed, make, prepare, run_module, spread
from training.tests.test_run import make_data, read
from training.third_net import FINE
from training.train import STOPPED

CONFIG = RunConfig(1, "ab", (("masks", 2.0), ("cars", 1.5)), 10, 4, 256, 1.0, 1.5e-3, 1e-4, "yunet-n", "", "", 0)


class Recorder:
    """Stands for the modules: remembers what they were told, and writes what `align` and `fuse` would."""

    def __init__(self) -> None:
        self.told: list[list[str]] = []

    def __call__(self, words: Sequence[str | Path], out: Path | None) -> None:
        if words[0] == "training.split":
            for side in words[2:]:
                Path(side).mkdir(parents=True)
        self.told.append([str(word) for word in words])
        if out:
            said = {"align": "--scores 1 0 1 0", "fuse": "--first-counts 4 5 --scores 2 0 1 0"}
            said["third_fuse"] = "--counts 3 2 1 0"
            out.write_text(f"faces\n{said.get(str(words[0]).removeprefix('training.'))}\n")


def arguments(out: Path, share: float = 1.0) -> argparse.Namespace:
    paths = {"data": Path("D"), "yunet": Path("Y"), "centerface": Path("C"), "measure": Path("E")}
    return argparse.Namespace(**paths, out=out, threads=1, share=share)


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    monkeypatch.setattr(reproduce, "load", lambda path: SimpleNamespace(config=CONFIG))
    run = Recorder()
    prepare("clear", arguments(tmp_path), run)
    assert make("clear", arguments(tmp_path, 0.01), 7, run) == tmp_path / "seed-7"
    return run.told


def test_every_step_is_run_and_in_the_order_in_which_one_needs_the_other(told: list[list[str]]) -> None:
    assert [words[0].removeprefix("training.") for words in told] == [
        *("split", "unfold", "export"),
        *("train", "export", "align", "export"),
        *("second_stage", "export", "fuse", "export"),
        "evaluate",
    ]


def test_the_third_stage_of_city_looks_where_its_own_first_two_are_in_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reproduce, "load", lambda path: SimpleNamespace(config=CONFIG))
    run = Recorder()
    make("city", arguments(tmp_path, 0.01), 7, run)
    *_, learn, mean, fuse, export, measure = run.told
    folder = tmp_path / "seed-7"
    said = dict(zip(learn[1::2], learn[2::2]))
    assert learn[0] == "training.third_stage" and said["--first"] == str(folder / "first/checkpoint.pt")
    assert (said["--seed"], said["--steps"], said["--frozen"]) == (
        "7",
        str(round((RECIPES["city"].third or 0) / 100)),
        str(FINE),
    )
    assert (said["--centerface"], said["--data"]) == ("C", str(tmp_path / "data/learn"))
    checkpoint, weights = str(folder / "third/checkpoint.pt"), str(folder / "third.pt")
    assert mean == ["training.third_mean", weights, "C", checkpoint]
    stages = [str(folder / "city.onnx"), str(folder / "second-unscaled.onnx")]
    assert fuse[:4] == ["training.third_fuse", *stages, weights]
    assert fuse[4:] == ["--data", str(tmp_path / "data/tune"), "--first-counts", "4", "--scores", "2", "0"]
    words = [weights, str(folder), "--name", "city-third", "--record", str(folder / "third-record.json")]
    words += ["--counts", "3", "2", "1", "0"]
    assert export == ["training.third_export", *words] and measure[0] == "training.evaluate"


def test_both_stages_learn_the_sets_of_the_recipe_by_its_steps_from_this_seed(told: list[list[str]]) -> None:
    runs = [words for words in told if words[0] in ("training.train", "training.second_stage")]
    for words, (steps, frozen) in zip(runs, (RECIPES["clear"].first, RECIPES["clear"].second), strict=True):
        said = dict(zip(words[1::2], words[2::2]))
        assert (said["--seed"], said["--steps"], said["--frozen"]) == ("7", str(round(steps / 100)), str(frozen))
        sets = words.index("--sets") + 1
        assert words[sets : sets + 5] == list(RECIPES["clear"].sets)


def test_nothing_is_learnt_or_measured_on_pictures_that_a_variant_must_not_know(
    told: list[list[str]], tmp_path: Path
) -> None:
    own = tmp_path / "data" / "own"
    assert {path.name for path in own.iterdir()} == {each.partition(":")[0] for each in RECIPES["clear"].sets}
    made = ("training.unfold", "training.train", "training.second_stage", "training.export")
    assert all(str(own) in words for words in told if words[0] in made)


def test_a_folder_that_was_begun_with_other_data_or_for_another_variant_is_refused(tmp_path: Path) -> None:
    prepare("clear", arguments(tmp_path), Recorder())
    prepare("clear", arguments(tmp_path), Recorder())
    for name, share in (("city", 1.0), ("clear", 0.5)):
        with pytest.raises(ValueError, match="use another --out"):
            prepare(name, arguments(tmp_path, share), Recorder())


def test_a_split_that_was_stopped_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "data.part" / "learn" / "half").mkdir(parents=True)
    prepare("city", arguments(tmp_path), Recorder())
    assert not (tmp_path / "data.part").exists()
    assert not (tmp_path / "data" / "learn" / "half").exists()


def test_a_signal_is_handed_on_to_a_run_which_saves_before_it_ends(tmp_path: Path) -> None:
    make_data(tmp_path / "data")
    root, out = Path(__file__).parents[2], tmp_path / "out"
    words = ["training.train", "--data", tmp_path / "data", "--out", out, "--steps", 100_000]
    words += ["--batch", 2, "--crop-side", 64, "--threads", 1]
    lines = [
        "import sys",
        "from training.reproduce import Failed, run_module",
        f"try: run_module({list(map(str, words))!r}, None)",
        "except Failed as failed: sys.exit(failed.code)",
    ]
    run = subprocess.Popen([sys.executable, "-c", "\n".join(lines)], cwd=root)
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline and "step 50" not in read(out / "train.log"):
        time.sleep(0.1)
    run.send_signal(signal.SIGTERM)
    assert run.wait(timeout=20) == STOPPED == os.EX_TEMPFAIL
    assert (out / "checkpoint.pt").exists()


def test_what_ships_carries_the_numbers_that_were_fitted(told: list[list[str]]) -> None:
    exports = {words[words.index("--name") + 1]: words for words in told if words[0] == "training.export"}
    assert exports["clear"][-5:] == ["--scores", "1", "0", "1", "0"]
    assert exports["clear-second"][-8:] == ["--first-counts", "4", "5", "--scores", "2", "0", "1", "0"]
    assert "--scores" not in exports["unscaled"] + exports["second-unscaled"]


def test_numbers_that_differ_between_seeds_are_told_as_a_range() -> None:
    texts = [
        "masks: 9 faces, found 0.91 [0.3]\n",
        "masks: 9 faces, found 0.89 [0.3]\n",
        "masks: 9 faces, found 0.9 [1.2]\n",
    ]
    assert spread(texts) == "masks: 9 faces, found 0.89..0.91 [0.3..1.2]\n"
    assert spread(texts[:1]) == texts[0]
    assert spread(["found nan -0.5", "found nan 0.25"]) == "found nan -0.5..0.25"


def test_seeds_that_measured_other_things_are_not_put_together() -> None:
    with pytest.raises(ValueError, match="not measure the same"):
        spread(["masks 0.9", "cars 0.9"])


def test_a_step_that_has_its_file_is_not_run_again_and_one_that_fails_leaves_none(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    with pytest.raises(Failed, match="exit code 2") as failed:
        run_module(["training.split"], out)
    assert failed.value.code == 2 and not list(tmp_path.iterdir())
    out.write_text("done")
    run_module(["training.split"], out)
    assert out.read_text() == "done"
