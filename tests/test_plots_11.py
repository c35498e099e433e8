"""Figures and demo of notebook 11: they show the runs they are given."""

import numpy as np
import pandas as pd
import pytest

from course_utils import plots
from course_utils.widgets import ComparisonExplorer

pytestmark = pytest.mark.usefixtures("figures_of_the_course")


@pytest.fixture
def runs():
    rows = [
        {"task": "t", "optimizer": name, "lr": lr, "seed": seed, "val_loss": loss + seed / 100}
        for name, losses in (("SGD", (0.9, 0.5, 0.4)), ("Adam", (0.3, 0.6, 0.8)))
        for lr, loss in zip((0.01, 0.1, 1.0), losses, strict=True)
        for seed in range(3)
    ]
    table = pd.DataFrame(rows).assign(status="ok")
    table.loc[table.eval("optimizer == 'SGD' and lr == 1 and seed == 2"), "status"] = "diverged"
    table.loc[table["status"] == "diverged", "val_loss"] = np.nan
    return table


def test_a_rate_with_a_lost_run_is_crossed_and_not_ringed(runs):
    sgd = plots.rate_panels(runs, "val_loss", "loss", "title", top=2).axes[0]
    cross = next(line for line in sgd.lines if line.get_marker() == "x")
    assert list(cross.get_xdata()) == [1.0]
    ring = next(line for line in sgd.lines if line.get_markersize() == 14)
    assert np.allclose([*ring.get_xdata(), *ring.get_ydata()], [0.1, 0.51])


def test_ranks_stand_at_their_place():
    ranks = pd.DataFrame({"a": [1, 2], "b": [2, 1]}, index=["SGD", "Adam"])
    axes = plots.rank_lines(ranks, "rate", "title").axes[0]
    assert [list(line.get_ydata()) for line in axes.lines] == [[1, 2], [2, 1]]
    assert axes.yaxis_inverted()


def test_intervals_reach_from_low_to_high():
    table = pd.DataFrame({"mean": [0.5], "low": [0.1], "high": [0.7]}, index=["SGD"])
    axes = plots.intervals({"t": table}, "difference", "title", zero=True).axes[0]
    assert list(axes.lines[0].get_xdata()) == [0.1, 0.7]
    assert list(axes.lines[2].get_xdata()) == [0, 0]


def test_runs_that_never_arrive_are_counted_as_longest():
    figure = plots.runs_by_method(
        {"t": {"SGD": [1, 2, np.nan], "Adam": [1, np.nan, np.nan]}}, "", ""
    )
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == [
        "SGD\n(1 never)",
        "Adam\n(2 never)",
    ]
    assert list(axes.lines[1].get_xdata()) == [2, 2]
    assert len(axes.lines) == 3  # the median of Adam is "never": no bar


def test_the_demo_ranks_under_the_rules_chosen(runs):
    demo = ComparisonExplorer(runs)
    assert demo.best["t", "SGD"] == 0.1 and demo.best["t", "Adam"] == 0.01
    assert "Adam &lt; SGD" in demo.update("t", "its own best", 0, 3)
    assert "SGD &lt; Adam" in demo.update("t", "0.1", 0, 1)
    demo.update("t", "1", 0, 3)
    assert demo._ranks["SGD"].get_text() == "rank 2, diverged"
    assert np.isinf(demo.losses("t", "1", 2, 1)["SGD"]).all()


def test_the_demo_names_a_missing_column(runs):
    with pytest.raises(ValueError, match="status"):
        ComparisonExplorer(runs.drop(columns="status"))
