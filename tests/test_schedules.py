"""Each schedule: the rates of PyTorch, both ends, and what happens past the end."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.schedules import (
    ReduceOnPlateau,
    constant,
    cosine,
    cosine_restarts,
    exponential_decay,
    linear_warmup,
    step_decay,
)

SAME_RATES = {
    "step_decay": step_decay(0.2, every=7, factor=0.5),
    "exponential_decay": exponential_decay(0.2, 0.9),
    "cosine": cosine(0.2, 39),
    "cosine, final": cosine(0.2, 24, final=0.02),
    "cosine_restarts": cosine_restarts(0.2, 10),
    "cosine_restarts, growth, final": cosine_restarts(0.2, 5, growth=2, final=0.02),
    "linear_warmup, constant": linear_warmup(10, constant(0.2)),
    "linear_warmup, step_decay": linear_warmup(8, step_decay(0.2, 6, 0.5), start=0.1),
}
PLATEAUS = {
    "patience 2": {"factor": 0.5, "patience": 2},
    "patience 0, lowest": {"factor": 0.3, "patience": 0, "lowest": 0.004},
    "threshold": {"factor": 0.5, "patience": 1, "threshold": 0.1},
}


def test_every_recorded_schedule_is_compared(recorded):
    assert recorded["schedules"].keys() == SAME_RATES.keys() | {"plateau"}
    assert recorded["schedules"]["plateau"].keys() == PLATEAUS.keys() | {"val_losses"}


@pytest.mark.parametrize("name", SAME_RATES)
def test_rates_match_pytorch(name, recorded):
    expected = recorded["schedules"][name]
    rates = [SAME_RATES[name](step) for step in range(len(expected))]
    # PyTorch multiplies on from step to step, which rounds a little more often
    np.testing.assert_allclose(rates, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", PLATEAUS)
def test_reduce_on_plateau_matches_pytorch(name, recorded):
    plateau = recorded["schedules"]["plateau"]
    schedule, rates = ReduceOnPlateau(0.2, **PLATEAUS[name]), []
    for value in plateau["val_losses"]:
        rates.append(schedule.update(value))
        assert schedule(3) == rates[-1]
    assert len(set(rates)) >= 3
    np.testing.assert_allclose(rates, plateau[name], rtol=1e-12)


def test_both_ends_are_exact():
    assert constant(0.3)(0) == constant(0.3)(10**9) == 0.3
    assert cosine(0.4, 10, final=0.1)(0) == 0.4
    assert cosine(0.4, 10, final=0.1)(5) == pytest.approx(0.25)
    assert step_decay(1.0, 10, 0.1)(9) == 1.0
    assert step_decay(1.0, 10, 0.1)(10) == 0.1
    warm = linear_warmup(5, cosine(0.4, 10), start=0.01)
    assert warm(0) == pytest.approx(0.004)
    assert warm(4) < warm(5) == 0.4
    assert warm(15) == 0.0


@pytest.mark.parametrize(
    ("schedule", "end", "last"),
    [
        (cosine(0.4, 10, final=0.1), 10, 0.1),
        (cosine(0.4, 7), 7, 0.0),
        (cosine_restarts(0.4, 4, restarts=2, final=0.1), 12, 0.1),
        (cosine_restarts(0.4, 4, growth=3, restarts=1), 16, 0.0),
        (cosine_restarts(0.4, 4, restarts=0), 4, 0.0),
        (linear_warmup(3, cosine(0.4, 10, final=0.1)), 13, 0.1),
    ],
)
def test_past_its_end_a_schedule_stays_at_its_last_value(schedule, end, last):
    assert schedule(end - 1) > last + 1e-3
    for step in (end, end + 1, 2 * end, 1000 * end):
        assert schedule(step) == pytest.approx(last, abs=1e-16)


def test_restarts_come_where_they_should():
    schedule = cosine_restarts(1.0, 4, growth=2, restarts=2)
    rates = [schedule(step) for step in range(40)]
    assert [step for step, rate in enumerate(rates) if rate == 1.0] == [0, 4, 12]
    falls = [b < a for a, b in itertools.pairwise(rates[:28])]
    assert [step + 1 for step, fall in enumerate(falls) if not fall] == [4, 12]


@given(st.integers(0, 500), st.sampled_from(sorted(SAME_RATES)))
def test_rates_lie_between_zero_and_the_top_and_depend_on_the_step_alone(step, name):
    schedule = SAME_RATES[name]
    first = schedule(step)
    schedule(step + 3)
    assert 0 <= first <= 0.2 * (1 + 1e-12)
    assert schedule(np.int64(step)) == first


def test_reduce_on_plateau_counts_epochs_without_progress():
    schedule = ReduceOnPlateau(1.0, factor=0.5, patience=2)
    rates = [schedule.update(value) for value in [3.0, 2.0, 2.0, 2.5, 2.0, 2.0, 1.0, 1.0]]
    assert rates == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5]
    for _ in range(3):
        schedule.update(1.0)
    assert schedule(0) == 0.25


def test_warmup_passes_the_validation_loss_on():
    inner = ReduceOnPlateau(1.0, factor=0.5, patience=0)
    schedule = linear_warmup(2, inner)
    for value in (1.0, 1.0):
        schedule.update(value)
    assert schedule(5) == 0.5
    assert not hasattr(linear_warmup(2, constant(1.0)), "update")
