"""The pictures of notebook 14 show the numbers they are given, and no others."""

import numpy as np
import pytest

from course_utils import plots

pytestmark = pytest.mark.usefixtures("figures_of_the_course")


def lines(axes, label):
    return [line for line in axes.lines if line.get_label() == label]


def test_levelled_values_draws_maps_and_spectra():
    values, spectrum = np.geomspace(0.01, 1, 5), np.array([3.0, 1.0, 0.1])
    figure = plots.levelled_values(values, {"5 steps": values**2}, {"before": spectrum}, "Levels")
    left, right = figure.axes
    (drawn,) = lines(left, "5 steps")
    np.testing.assert_array_equal(drawn.get_xydata(), np.c_[values, values**2])
    (dots,) = lines(right, "before")
    np.testing.assert_array_equal(dots.get_xydata(), np.c_[[1, 2, 3], spectrum])
    assert (left.get_xscale(), right.get_yscale()) == ("log", "log")
    assert figure.get_suptitle() == "Levels"


def test_losses_over_steps_counts_from_one_and_names_levels():
    losses = np.array([3.0, 1.0, 0.0, np.inf])
    panels = {"a": {"run": losses}, "b": {"run": losses[:2]}}
    figure = plots.losses_over_steps(panels, "Steps", levels={"floor": 0.5})
    first, second = figure.axes
    (drawn,) = lines(first, "run")
    np.testing.assert_array_equal(drawn.get_xdata(), [1, 2, 3, 4])
    np.testing.assert_array_equal(drawn.get_ydata(), [3.0, 1.0, 1e-16, np.nan])
    assert len(lines(second, "run")[0].get_xdata()) == 2
    assert [text.get_text() for text in first.texts] == ["floor"]
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["a", "b"]


def test_sharpness_over_steps_draws_each_limit_in_the_color_of_its_run():
    runs = {
        "GD": (np.array([0, 20]), np.array([0.5, 2.0]), 2.0),
        "momentum": (np.array([0, 20]), np.array([1.0, 3.0]), 3.0),
    }
    losses = {"GD": np.array([1.0, 0.5]), "momentum": np.array([1.0, 0.2])}
    left, right = plots.sharpness_over_steps(runs, losses, "Edge").axes
    for name, (_, product, limit) in runs.items():
        (curve,) = lines(left, name)
        np.testing.assert_array_equal(curve.get_ydata(), product)
        same = [line for line in left.lines if line.get_color() == curve.get_color()]
        assert any(np.allclose(line.get_ydata(), limit) for line in same if line is not curve)
    assert len(right.lines) == 2
    assert left.get_ylim()[1] > 3.0


def test_loss_by_width_rings_the_best_rate_of_each_width():
    rates = [0.001, 0.01, 0.1]
    panels = {"standard": {32: np.array([3.0, 1.0, 2.0]), 512: np.array([1.0, 2.0, np.nan])}}
    (axes,) = plots.loss_by_width(rates, panels, "Width").axes
    rings = [line.get_xydata()[0].tolist() for line in axes.lines if line.get_markersize() == 18]
    assert rings == [[0.01, 1.0], [0.001, 1.0]]
    assert axes.get_xscale() == "log"
