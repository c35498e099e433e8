"""The figures of notebook 03 draw what they are given, on named axes."""

import numpy as np
import pytest

from course_utils import plots

pytestmark = pytest.mark.usefixtures("figures_of_the_course")


def legend_texts(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_the_histogram_counts_every_price_once_and_marks_the_cap():
    price = np.array([0.5, 1.5, 1.55, 5.0, 5.00001, 5.00001])
    (axes,) = plots.price_histogram(price, price.max(), "t").axes
    assert sum(bar.get_height() for bar in axes.patches) == len(price)
    assert "at the cap: 2" in legend_texts(axes)


def test_correlations_are_sorted_and_negative_ones_hatched():
    (axes,) = plots.correlations_with("price", {"a": 0.1, "b": -0.5, "c": 0.3}, "t").axes
    assert [bar.get_width() for bar in axes.patches] == [0.1, 0.3, -0.5]
    assert [bool(bar.get_hatch()) for bar in axes.patches] == [False, False, True]


def test_map_and_scatter_name_their_units(rng):
    numbers = rng.uniform(1, 5, 20)
    (scatter,) = plots.income_against_price(numbers, numbers, "t").axes
    assert "dollars" in scatter.get_xlabel() and "dollars" in scatter.get_ylabel()
    axes = plots.california_map(-120 + numbers, 35 + numbers, numbers, "t").axes[0]
    assert "degrees" in axes.get_xlabel()


def test_the_journey_draws_recorded_points_only():
    grid = np.linspace(-1, 1, 5)
    surface = grid[:, None] ** 2 + grid**2
    path = np.array([[1.0, 1.0], [0.5, 0.5], [0.25, 0.25]])
    figure = plots.journey(
        (grid, grid, surface), path, np.array([2, 0.5, 0.1]), 0.0, path[:, 0], "t"
    )
    drawn = figure.axes[0].lines[0]
    assert np.allclose(np.transpose(drawn.get_data()), path)
    assert np.allclose(figure.axes[1].lines[0].get_ydata(), [2, 0.5, 0.1])


def test_the_surface_marks_the_minimum():
    grid = np.linspace(-1, 1, 5)
    figure = plots.loss_surface(grid, grid, grid[:, None] ** 2 + grid**2, (0.2, 0.1), "t")
    star = figure.axes[1].lines[0]
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (0.2, 0.1)


def test_each_rate_has_its_panel():
    runs = {0.1: np.array([0.0, 0.6]), 1.1: np.array([0.0, 6.6])}
    figure = plots.rates_side_by_side(
        lambda x: (x - 3) ** 2, runs, (-1, 8), {0.1: "walks", 1.1: "flies"}
    )
    assert ["walks" in axes.get_title(loc="left") for axes in figure.axes] == [True, False]


def test_the_edge_is_drawn_where_it_is():
    (axes,) = plots.loss_by_rate(np.array([0.1, 0.5]), np.array([1.0, 0.1]), 5, 1.25, "t").axes
    assert axes.lines[1].get_xdata()[0] == 1.25
    assert "1.25" in legend_texts(axes)[0]


def test_two_fits_are_straight_lines():
    x = np.array([0.0, 2.0])
    (axes,) = plots.two_fits(x, x, {"one": (1.0, 0.5), "two": (0.0, 1.0)}, "t").axes
    assert [list(line.get_ydata()) for line in axes.lines[1:]] == [[0.5, 2.5], [1.0, 1.0]]
