"""The figure of notebook 08 that shows what filters find."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils import plots

pytestmark = pytest.mark.usefixtures("figures_of_the_course")


def test_each_photo_has_a_row_with_its_maps_on_one_scale():
    rng = np.random.default_rng(0)
    photos = rng.integers(0, 256, (2, 32, 32, 3)).astype(np.uint8)
    maps = {"edges": rng.normal(size=(2, 30, 30)), "loud": 5 * rng.normal(size=(2, 30, 30))}
    figure = plots.feature_maps(photos, maps, ["one", "two"], title="What they find")
    assert not plt.get_fignums()
    assert len(figure.axes) == 2 * 3
    assert np.array_equal(figure.axes[0].images[0].get_array(), photos[0])
    assert np.array_equal(figure.axes[4].images[0].get_array(), maps["edges"][1])
    answers = [axes.images[0] for axes in figure.axes if axes.images[0].get_array().ndim == 2]
    assert len(answers) == 4 and len({answer.get_clim() for answer in answers}) == 1
    low, high = figure.axes[1].images[0].get_clim()
    assert low == -high
    assert [axes.get_title(loc="center") for axes in figure.axes[:3]] == ["photo", "edges", "loud"]
