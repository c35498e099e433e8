"""The pictures of notebook 02 show the numbers they are given."""

import numpy as np
import pytest

from course_utils import plots
from course_utils.graph import squared_neuron
from course_utils.style import BACKWARD, FORWARD

pytestmark = pytest.mark.usefixtures("figures_of_the_course")


def texts(figure, color=None):
    found = [text for axes in figure.axes for text in axes.texts]
    return [t.get_text() for t in found if color is None or t.get_color() == color]


def test_computational_graph_shows_values_and_gradients():
    graph = squared_neuron(0.5, 2.0, -1.0, 1.5, 2.0)
    graph.backward()
    figure = plots.computational_graph(graph)
    assert {"1.5", "2.25", "-0.5"} <= set(texts(figure, FORWARD))
    assert {"6", "4.5", "-3"} <= set(texts(figure, BACKWARD))
    only_values = plots.computational_graph(graph, gradients=False)
    assert not any(texts(only_values, BACKWARD))


def test_network_pass_writes_rounding_as_zero():
    figure = plots.network_pass(
        {"x": np.array([0.5, -0.2]), "Z": np.array([0.19])},
        {"Z": np.array([-1.9e-17])},
        {("x", "Z"): np.array([[0.1], [0.3]])},
        title="A pass",
    )
    assert {"0.5", "-0.2", "0.19"} <= set(texts(figure, FORWARD))
    assert texts(figure, BACKWARD) == ["0"]
    assert {"0.1", "0.3"} <= set(texts(figure))
    assert figure.axes[0].get_title(loc="left") == "A pass"


def test_gradient_flow_makes_a_larger_gradient_a_wider_edge():
    figure = plots.gradient_flow([np.array([[3.0, -1.0, 0.0]])], [np.array([3.0, -1.0, 0.0])])
    large, small, none = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 2][:3]
    assert large.get_linewidth() > small.get_linewidth() > none.get_linewidth()
    assert len({large.get_linestyle(), small.get_linestyle(), none.get_linestyle()}) == 3


def test_gradient_flow_of_nothing_is_drawn_too():
    figure = plots.gradient_flow([np.zeros((2, 2))], [np.zeros(2)])
    assert texts(figure).count("0.00") == 2


def test_chain_rule_names_the_three_slopes():
    titles = [axes.get_title(loc="left") for axes in plots.chain_rule(1.0).axes]
    assert titles == ["du/dx = 3", "dL/du = 4", "dL/dx = 12"]


def test_finite_difference_error_marks_the_lowest_point_of_each_curve():
    eps = np.array([1e-8, 1e-5, 1e-2])
    figure = plots.finite_difference_error(eps, {"float64": np.array([1e-7, 1e-10, 1e-4])})
    assert texts(figure) == ["1e-10 at 1e-05"]
    axes = figure.axes[0]
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert axes.get_xlabel() and axes.get_ylabel()
