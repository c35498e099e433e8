"""The designer of schedules trains for real: yours and the constant rate, from the same start."""

import numpy as np
import pytest

from course_utils.losses import MeanSquaredError
from course_utils.network import mlp
from course_utils.optimizers import Adam
from course_utils.schedules import cosine
from course_utils.training import fit
from course_utils.widgets import ScheduleDesigner
from course_utils.widgets import schedule as module
from course_utils.widgets.schedule import EPOCHS, KEPT, KINDS, SIZES, design


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3))
    y = np.sin(2 * x[:, :1]) + x[:, 1:2] * x[:, 2:] + 0.2 * rng.normal(size=(300, 1))
    return (x[:200], y[:200]), (x[200:], y[200:])


@pytest.fixture(scope="module")
def one_designer(data):
    return ScheduleDesigner(*data)


@pytest.fixture
def designer(one_designer):
    one_designer.reset()
    return one_designer


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("warmup", [0, 20])
def test_a_schedule_starts_at_its_rate_and_never_exceeds_it(kind, warmup):
    schedule = design(kind, 0.1, steps=100, warmup=warmup, restarts=2)
    rates = [schedule(step) for step in range(100)]
    assert rates[warmup] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(0.1)
    assert rates[0] == pytest.approx(0.1 if warmup == 0 else 0.001)


@pytest.mark.parametrize("warmup", [0, 30])
def test_the_ends_of_the_schedules_fall_together_with_the_run(warmup):
    ends = {kind: design(kind, 0.1, 100, warmup)(99) for kind in KINDS}
    assert ends["constant"] == ends["plateau"] == 0.1
    assert ends["step"] == pytest.approx(0.1 * 0.3**3)
    assert ends["exponential"] == pytest.approx(0.001, rel=0.1)
    assert ends["cosine"] < 1e-3


@pytest.mark.parametrize("restarts", [0, 1, 2, 3])
def test_as_many_restarts_as_asked_for(restarts):
    schedule = design("warm restarts", 0.1, steps=600, restarts=restarts)
    rates = np.array([schedule(step) for step in range(600)])
    assert (np.diff(rates) > 0.05).sum() == restarts


def test_a_schedule_of_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="kind is 'cosin', expected one of"):
        design("cosin", 0.1, 10)


def test_the_runs_are_those_of_the_package(data, designer):
    rates, losses = designer.run("cosine", 0.01, seed=2)
    steps = 3 * EPOCHS  # 200 rows in batches of 64, 64 and 72
    schedule = cosine(0.01, steps)
    assert rates == [schedule(step) for step in range(steps)]
    history = fit(
        mlp([3, *SIZES, 1], rng=np.random.default_rng(2)),
        *(MeanSquaredError(), Adam(0.01), *data),
        epochs=EPOCHS,
        batch_size=64,
        rng=np.random.default_rng(3),
        schedule=schedule,
        progress=False,
    )
    assert losses == history.val_loss


def test_both_curves_and_the_readout_show_the_runs(designer):
    designer.set(kind="cosine", lr=0.01, seed=1)
    plain, yours = designer.run("constant", 0.01, seed=1), designer.run("cosine", 0.01, seed=1)
    for line, (_, losses) in zip(designer._loss_lines, (plain, yours), strict=True):
        np.testing.assert_allclose(line.get_ydata(), np.clip(losses, 0.28, 0.8))
    assert designer._rate_lines[0].get_ydata() == pytest.approx(0.01)
    assert designer._rate_lines[1].get_ydata()[-1] < 1e-3
    assert f"{yours[1][-1]:.3f}" in designer._readout.value
    assert f"{yours[1][-1] - plain[1][-1]:+.3f}" in designer._readout.value


def test_without_a_schedule_there_is_no_difference(designer):
    assert "+0.000" in designer._readout.value


def test_no_run_that_was_just_seen_is_trained_again(data, monkeypatch):
    trained = []
    monkeypatch.setattr(module, "fit", lambda *a, **k: trained.append(a) or fit(*a, **k))
    designer = ScheduleDesigner(*data)
    assert len(trained) == 1  # both are the same run
    for change, runs in (
        ({"kind": "step"}, 1),
        ({"warmup": 2}, 1),
        ({"seed": 3}, 2),
        ({"lr": 0.1}, 2),
        ({"lr": 0.01}, 0),
        ({"kind": "cosine", "seed": 0}, 1),
    ):
        trained.clear()
        designer.set(**change)
        assert len(trained) == runs, change


def test_only_so_many_runs_are_kept(data):
    designer = ScheduleDesigner(*((x[:64], y[:64]) for x, y in data))
    for kind in KINDS:
        for seed in range(10):
            designer.set(kind=kind, seed=seed)
    assert designer._kept_run.cache_info().currsize == KEPT


def test_a_warm_up_is_counted_in_epochs(designer):
    rates, _ = designer.run("constant", 0.1, warmup=3)
    assert rates[8] < 0.1 == rates[9]  # 200 rows are three batches


def test_a_run_that_diverges_is_said(data):
    (x, y), val = data
    designer = ScheduleDesigner((x, 1e160 * y), val)
    with np.errstate(all="ignore"):
        text = designer.update("constant", 0.1, 0, 1, 0)
    assert "diverged" in text
    assert designer.png().startswith(b"\x89PNG")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_shown(designer, kind):
    designer.set(kind=kind, lr=0.1, warmup=2, restarts=3)
    assert "validation loss at the end" in designer._readout.value
