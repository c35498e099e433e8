"""The trainings behind section 11 of notebook 13, on a few photos."""

from dataclasses import replace

import convolution_runs as runs
import numpy as np
import pandas as pd
import pytest

from course_utils.datasets import load_cifar10
from course_utils.losses import SoftmaxCrossEntropy
from course_utils.network import convnet
from course_utils.optimizers import AdamW
from course_utils.schedules import cosine, linear_warmup
from course_utils.training import fit


@pytest.fixture(scope="module")
def few():
    data = load_cifar10()
    parts = {
        f"{what}_{part}": getattr(data, f"{what}_{part}")[:150]
        for what in "xy"
        for part in ("train", "val", "test")
    }
    return replace(data, **parts)


@pytest.fixture(autouse=True)
def small(few, monkeypatch):
    monkeypatch.setattr(runs, "photos", lambda: few)
    monkeypatch.setattr(runs, "CHANNELS", [3, 4])


def test_it_is_the_training_of_the_notebook(few):
    """Step by step the same as `fit` with the settings that notebook 13 gives it."""
    measured = runs.train_once("flips and shifts", seed=3, epochs=2)
    network = convnet((32, 32, 3), [3, 4], 10, rng=np.random.default_rng(3))
    network.layers[-1].params["W"] *= 0.1
    history = fit(
        network,
        SoftmaxCrossEntropy(),
        AdamW(lr=0.003),
        (runs.images(few.x_train), few.y_train),
        (runs.images(few.x_val), few.y_val),
        epochs=2,
        batch_size=60,
        rng=np.random.default_rng(4),
        schedule=linear_warmup(1, then=cosine(0.003, 5)),
        augment=runs.AUGMENT["flips and shifts"],
        progress=False,
    )
    assert measured["val_accuracy"] == history.val_accuracy[-1]
    assert measured["train_accuracy"] == history.train_accuracy[-1]


def test_equal_seeds_make_pairs_and_the_way_makes_the_difference():
    results = {way: runs.train_once(way, seed=0, epochs=1)["test_loss"] for way in runs.AUGMENT}
    assert len(set(results.values())) == 3
    assert runs.train_once("none", seed=0, epochs=1)["test_loss"] == results["none"]


def test_a_small_trial_has_one_row_a_run_and_goes_on_where_it_was(tmp_path, monkeypatch, capsys):
    options = ["--seeds", "2", "--epochs", "1", "--out", str(tmp_path)]
    assert runs.main(options) == 0
    table = pd.read_csv(tmp_path / runs.RUN_FILE)
    places = set(table[["augment", "seed", "epochs"]].itertuples(index=False, name=None))
    assert places == {(way, seed, 1) for way in runs.AUGMENT for seed in (0, 1)}
    assert "flips and shifts" in capsys.readouterr().out

    before = (tmp_path / runs.RUN_FILE).read_bytes()
    monkeypatch.setattr(runs, "photos", lambda: pytest.fail("it trained again"))
    assert runs.main(options) == 0
    assert (tmp_path / runs.RUN_FILE).read_bytes() == before


def test_a_run_that_fails_is_named_and_no_table_is_written(tmp_path, monkeypatch, capsys):
    def broken():
        raise OSError("the photos are gone")

    monkeypatch.setattr(runs, "photos", broken)
    assert runs.main(["--seeds", "1", "--epochs", "1", "--out", str(tmp_path)]) == 1
    assert "the photos are gone" in capsys.readouterr().out
    assert not (tmp_path / runs.RUN_FILE).exists()


def test_the_shipped_table_is_the_whole_plan(root):
    shipped = pd.read_csv(root / "data" / "results" / runs.RUN_FILE)
    places = set(shipped[["augment", "seed", "epochs"]].itertuples(index=False, name=None))
    assert places == {(way, seed, runs.EPOCHS) for way in runs.AUGMENT for seed in runs.SEEDS}
    assert len(shipped) == len(places)
