"""The figures of notebook 01 draw what they are given, on named axes."""

import numpy as np
import pytest

from course_utils import plots

pytestmark = pytest.mark.usefixtures("figures_of_the_course")


def curves(axes):
    return {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}


def test_values_stand_left_and_slopes_right():
    z = np.linspace(-2, 2, 5)
    figure = plots.functions_and_slopes(z, {"a": z**2, "b": z}, {"a": 2 * z, "b": np.ones(5)})
    left, right = figure.axes
    assert np.allclose(curves(left)["a"].get_ydata(), z**2)
    assert np.allclose(curves(right)["a"].get_ydata(), 2 * z)
    assert curves(left)["a"].get_linestyle() != curves(left)["b"].get_linestyle()
    assert (left.get_xlabel(), right.get_ylabel()) == ("z", "da/dz")


def test_each_panel_of_the_losses_names_its_variable():
    p = np.linspace(0.1, 0.9, 5)
    by_p = {"one": -1 / p}
    figure = plots.loss_and_gradients(p, {"one": -np.log(p)}, by_p, {"one": p - 1})
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss", "dL/dp", "dL/dz"]
    assert np.allclose(curves(figure.axes[1])["one"].get_ydata(), by_p["one"])


def test_predictions_are_drawn_against_steps():
    figure = plots.predictions_while_learning({"a": np.array([0.1, 0.4, 0.9])}, "A title")
    (axes,) = figure.axes
    assert list(curves(axes)["a"].get_xdata()) == [0, 1, 2]
    assert axes.get_title(loc="left") == "A title"
