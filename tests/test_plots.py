"""Every figure is returned once, titled and labelled, and pyplot holds on to none of them."""

import inspect

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from course_utils import plots
from course_utils.training import History

pytestmark = pytest.mark.usefixtures("figures_of_the_course")

NAMES = list("abc")


def history(epochs=6, accuracy=True, val=True):
    falling = list(1 / np.arange(1, epochs + 1))
    rising = list(np.linspace(0.5, 1, epochs)) if accuracy else [np.nan] * epochs
    nothing = [np.nan] * epochs
    return History(
        train_loss=falling,
        train_accuracy=rising,
        val_loss=[0.5, 0.3, 0.2, 0.4, 0.5, 0.6][:epochs] if val else nothing,
        val_accuracy=rising if val else nothing,
        lr=[0.1] * epochs,
        gradient_norm=falling,
        seconds=[1.0] * epochs,
    )


def gray(n):
    return np.arange(n * 16, dtype=np.uint8).reshape(n, 4, 4)


def calls():
    """name -> a call of the function on small data."""
    rng = np.random.default_rng(0)
    W, mask = rng.normal(size=(16, 5)), np.eye(4, dtype=bool)
    matrix = np.array([[8, 0, 2], [1, 9, 0], [3, 0, 7]])
    bins = np.array([0.0, 0.55, 0.98]), np.array([0.0, 0.5, 0.9]), np.array([0, 20, 80])
    return {
        "training_curves": lambda: plots.training_curves({"Adam": history()}, "title"),
        "setting_curves": lambda: plots.setting_curves(
            {"SGD": ([0.1, 1.0], [0.5, np.nan]), "Adam": ([0.01, 0.1], [0.9, 0.8])},
            xlabel="rate",
            ylabel="accuracy",
            title="title",
            log=True,
            percent=True,
            ring_best=True,
        ),
        "image_grid": lambda: plots.image_grid(gray(7), list("abcdefg"), title="title", columns=4),
        "pixel_maps": lambda: plots.pixel_maps(
            {"a": W[:, 0].reshape(4, 4), "b": abs(W[:, 1].reshape(4, 4))},
            marked={"a": mask},
            logs=["b"],
            title="title",
        ),
        "weight_images": lambda: plots.weight_images(
            {"start": W, "now": 2 * W}, (4, 4), units=[3, 1], title="title"
        ),
        "class_counts": lambda: plots.class_counts(np.array([3, 4, 5]), NAMES, title="title"),
        "confusion_matrix": lambda: plots.confusion_matrix(matrix, NAMES, title="title"),
        "per_class_accuracy": lambda: plots.per_class_accuracy(
            np.array([0.8, 0.9, 1.0]), NAMES, title="title"
        ),
        "reliability_diagram": lambda: plots.reliability_diagram(*bins, title="title"),
    }


def title_of(figure):
    titles = [axes.get_title(loc=loc) for axes in figure.axes for loc in ("left", "center")]
    return " ".join([figure.get_suptitle(), *titles])


@pytest.fixture(params=calls(), ids=str)
def figure(request):
    plt.close("all")
    return calls()[request.param]()


def test_a_figure_is_returned_and_pyplot_has_none_left(figure):
    assert isinstance(figure, Figure)
    assert not plt.get_fignums()


def test_it_has_a_title_and_can_be_drawn(figure):
    assert "title" in title_of(figure)
    figure.canvas.draw()


def test_axes_with_numbers_on_them_say_what_they_are(figure):
    bars = {shown.colorbar.ax for axes in figure.axes for shown in axes.images if shown.colorbar}
    for axes in figure.axes:
        numbered = len(axes.get_xticks()) and axes not in bars
        shares_below = axes.get_shared_x_axes().get_siblings(axes)
        if numbered:
            assert any(sibling.get_xlabel() for sibling in shares_below)
            assert axes.get_ylabel()


def test_it_fits_a_slide(figure):
    width, height = figure.get_size_inches()
    assert width <= 11 and height <= 5


@pytest.mark.parametrize("name", plots.__all__)
def test_every_figure_says_in_words_what_it_shows(name):
    assert len(inspect.getdoc(getattr(plots, name)).split()) > 10


def test_the_epoch_with_the_lowest_validation_loss_is_ringed():
    loss, _ = plots.training_curves({"SGD": history()}, "title").axes
    rings = [line for line in loss.lines if line.get_markerfacecolor() == "none"]
    assert [tuple(ring.get_xydata()[0]) for ring in rings] == [(3.0, 0.2)]


def test_regression_and_runs_without_validation_draw_what_there_is():
    regression = plots.training_curves({"SGD": history(accuracy=False)}, "title")
    assert [axes.get_ylabel() for axes in regression.axes] == ["loss"]
    alone = plots.training_curves({"SGD": history(val=False)}, "title")
    assert len(alone.axes[0].lines) == 1


def test_a_mistake_is_marked_by_a_cross_as_well_as_by_color():
    figure = plots.image_grid(gray(2), ["a", "b"], title="t", columns=2, wrong=[False, True])
    right, wrong = figure.axes
    assert right.get_title() == "a" and wrong.get_title() == "× b"
    assert right.title.get_color() != wrong.title.get_color()


def test_color_images_are_shown_as_they_are():
    pixels = np.random.default_rng(0).integers(0, 256, (3, 4, 4, 3), dtype=np.uint8)
    figure = plots.image_grid(pixels, title="title", columns=3)
    assert np.array_equal(figure.axes[1].images[0].get_array(), pixels[1])


def test_a_diverged_run_is_no_best_setting():
    axes = calls()["setting_curves"]().axes[0]
    assert [text.get_text() for text in axes.texts] == ["diverged", "0.1", "0.01"]


def test_the_diagonal_of_a_confusion_matrix_does_not_use_the_colors():
    axes = calls()["confusion_matrix"]().axes[0]
    colored = axes.images[0].get_array()
    assert colored.mask.diagonal().all() and colored.max() == 3
    assert {text.get_text() for text in axes.texts} == {"8", "2", "1", "9", "3", "7"}


def test_all_weight_images_share_one_symmetric_scale():
    figure = calls()["weight_images"]()
    limits = {image.get_clim() for axes in figure.axes for image in axes.images}
    assert len(limits) == 1
    low, high = limits.pop()
    assert low == -high


def test_empty_bins_of_a_reliability_diagram_are_left_out():
    figure = calls()["reliability_diagram"]()
    measured = figure.axes[0].containers[0].lines[0].get_xydata()
    assert np.allclose(measured, [[0.55, 0.5], [0.98, 0.9]])
