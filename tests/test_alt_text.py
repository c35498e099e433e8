"""The text of a figure says its title and its main numbers, and goes with it into a notebook."""

import matplotlib as mpl
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.figure import Figure

from course_utils import alt_text
from course_utils.alt_text import describe


@pytest.fixture
def axes():
    return Figure().add_subplot()


def test_curves_are_said_with_begin_end_and_turning_point(axes):
    axes.set(title="It falls, then rises", xlabel="step", ylabel="loss", yscale="log")
    axes.plot([0, 5, 10], [2.5, 0.1, 0.75], label="SGD")
    axes.plot([0, 10], [1, 1], label="_helper")
    text = describe(axes.figure)
    assert text.startswith("It falls, then rises. step from ")
    assert "logarithmic" in text
    assert "SGD from 2.5 at 0 to 0.75 at 10, lowest 0.1 at 5" in text
    assert "_helper" not in text
    assert text.endswith(".")


def test_bars_are_said_by_name(axes):
    axes.bar(["cat", "dog"], [3, 4.5])
    text = describe(axes.figure)
    assert "x: cat, dog" in text
    assert "bars: cat 3, dog 4.5" in text


def test_horizontal_bars_too(axes):
    axes.barh(["cat", "dog"], [3, 4.5])
    assert "bars: cat 3, dog 4.5" in describe(axes.figure)


def test_many_bars_are_said_as_a_range(axes):
    axes.hist(np.repeat(np.arange(20), np.arange(1, 21)), bins=20)
    assert "20 bars from 1 to 20" in describe(axes.figure)


def test_points_and_words_of_a_figure_are_said(axes):
    axes.scatter([1, 2, 3], [1, 2, 3])
    axes.text(1, 1, r"$\eta = 0.1$")
    text = describe(axes.figure)
    assert "3 points" in text
    assert "marked: eta = 0.1" in text


def test_a_grid_of_pictures_is_counted():
    figure = Figure()
    for place, title in enumerate(("cat", "dog", "ship"), start=1):
        figure.add_subplot(1, 3, place, title=title).imshow(np.zeros((2, 2)))
    figure.suptitle("Three photos")
    assert describe(figure) == "Three photos. 3 pictures: cat, dog, ship."


def test_a_long_text_is_cut_between_words(axes):
    for n in range(8):
        axes.plot([0, 1], [n, 2 * n], label=f"a curve with a rather long name, number {n} " * 4)
    assert len(describe(axes.figure)) <= alt_text.LONGEST + 5
    assert describe(axes.figure).endswith(" ...")


def test_not_a_number_is_left_out(axes):
    axes.plot([0, 1, 2], [1, np.nan, 3], label="gap")
    axes.plot([0], [np.nan], label="nothing")
    text = describe(axes.figure)
    assert "gap from 1 at 0 to 3 at 2" in text
    assert "nan" not in text


def test_an_empty_figure_says_so():
    assert describe(Figure()) == "A figure without title and data."


def test_a_figure_that_a_notebook_shows_has_its_text(axes):
    axes.set(title="One message")
    shell = InteractiveShell.instance()
    try:
        alt_text.attach()
        mpl.use("agg")
        _, metadata = shell.display_formatter.format(axes.figure)
        assert metadata["image/png"]["alt"] == "One message."
    finally:
        InteractiveShell.clear_instance()


def test_outside_of_a_notebook_nothing_happens():
    alt_text.attach()
