"""The figures of notebook 13: what they draw is what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils import plots
from course_utils.plots.convolution import as_text

pytestmark = pytest.mark.usefixtures("figures_of_the_course")
RNG = np.random.default_rng(0)
PHOTO = RNG.integers(0, 256, (32, 32, 3)).astype(np.uint8)


def words(axes):
    return [text.get_text() for text in axes.texts]


def test_each_filter_stands_above_its_map_with_its_numbers():
    filters = {"edge": np.array([[-1, 0, 1]] * 3), "blur": np.full((3, 3), 1 / 9)}
    maps = {name: RNG.normal(size=(30, 30)) for name in filters}
    figure = plots.filters_on_photo(PHOTO.mean(axis=2) / 255, filters, maps, title="Two filters")
    assert not plt.get_fignums()
    above, below = figure.axes[:3], figure.axes[3:]
    assert words(above[1]) == ["-1", "0", "1"] * 3
    assert words(above[2]) == ["0.11"] * 9
    assert [axes.get_title(loc="center") for axes in above[1:]] == ["edge", "blur"]
    for axes, name in zip(below[1:], filters, strict=True):
        assert np.array_equal(axes.images[0].get_array(), maps[name])
    low, high = below[1].images[0].get_clim()
    assert low == -high, "what an edge filter answers has 0 in the middle of its colors"
    assert below[2].images[0].get_clim() == (0, 1), "a blurred photo is a photo"


def test_grids_show_their_numbers_with_signs_between_and_squares_of_one_size():
    grids = {"X": np.arange(9).reshape(3, 3), "F": np.array([[1, -1], [0.5, 2]])}
    marked = {"X": np.eye(3, dtype=bool)}
    figure = plots.number_grids(grids, ["*"], title="By hand", marked=marked, gradients=["F"])
    x, sign, f = figure.axes
    assert words(x) == list("012345678") and words(sign) == ["*"]
    assert words(f) == ["1", "-1", "0.5", "2"]
    assert {text.get_color() for text in x.texts} != {text.get_color() for text in f.texts}
    assert x.get_ylim()[0] - x.get_ylim()[1] == f.get_ylim()[0] - f.get_ylim()[1]
    thick = [patch.get_linewidth() > 2 for patch in x.patches]
    assert thick == list(np.eye(3, dtype=bool).ravel())


@pytest.mark.parametrize(
    ("number", "text"), [(2.0, "2"), (-0.0, "0"), (-1, "-1"), (1 / 9, "0.11"), (0.5, "0.5")]
)
def test_a_number_takes_little_room(number, text):
    assert as_text(number) == text


def test_the_ladder_says_how_many_times_faster_each_step_is():
    figure = plots.time_ladder({"loops": 1800.0, "einsum": 20.0, "columns": 3.6}, title="Faster")
    (axes,) = figure.axes
    assert words(axes) == ["1,800 ms", "20 ms, 90 times faster", "3.6 ms, 500 times faster"]
    assert axes.get_xscale() == "log"
    assert [bar.get_width() for bar in axes.patches] == [1800.0, 20.0, 3.6]


def test_the_frame_is_the_part_that_matters():
    strength = np.zeros((32, 32))
    strength[10:13, 14:18] = RNG.uniform(0.1, 1, (3, 4))
    figure = plots.receptive_fields(
        PHOTO, {"layer 1": strength, "all": np.ones((32, 32))}, title="x"
    )
    above = figure.axes[0]
    assert above.get_title(loc="center") == "layer 1\n3 × 4"
    (frame,) = above.patches
    assert (frame.get_xy(), frame.get_width(), frame.get_height()) == ((13.5, 9.5), 4, 3)
    shown = above.images[0].get_array()
    assert np.array_equal(shown[10:13, 14:18], PHOTO[10:13, 14:18])
    assert shown[0, 0].min() >= 190, "what is outside is pale"


def test_maps_have_one_row_a_layer():
    layers = {"first": RNG.uniform(size=(16, 16, 12)), "second": RNG.uniform(size=(4, 4, 3))}
    figure = plots.maps_of_layers(PHOTO, layers, title="Maps", columns=5)
    grid = np.reshape(figure.axes, (2, 6))
    assert np.array_equal(grid[0, 0].images[0].get_array(), PHOTO)
    assert np.array_equal(grid[0, 3].images[0].get_array(), layers["first"][..., 2])
    assert [len(axes.images) for axes in grid[1]] == [0, 1, 1, 1, 0, 0]


def test_two_recalls_are_sorted_by_the_second_and_joined():
    recalls = {"dense": np.array([0.4, 0.6, 0.2]), "convolutional": np.array([0.7, 0.9, 0.8])}
    figure = plots.recall_change(recalls, ["cat", "car", "ship"], title="Every class gains")
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["car", "ship", "cat"]
    dense, convolutional = axes.lines
    assert list(dense.get_ydata()) == [0.6, 0.2, 0.4]
    assert list(convolutional.get_ydata()) == [0.9, 0.8, 0.7]
