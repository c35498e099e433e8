"""The pictures of notebook 04 show the runs they are given, and no others."""

import numpy as np
import pytest

from course_utils import plots

pytestmark = pytest.mark.usefixtures("figures_of_the_course")


def lines(axes, label):
    return [line for line in axes.lines if line.get_label() == label]


def test_gradient_clouds_draws_every_estimate_and_the_full_gradient():
    points = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]])
    figure = plots.gradient_clouds({"batch of 1": points}, np.array([1.5, 0.5]), "Clouds")
    dots, cross = figure.axes[0].lines
    assert np.array_equal(dots.get_xydata(), points)
    assert np.array_equal(cross.get_xydata(), [[1.5, 0.5]])
    assert figure.get_suptitle() == "Clouds"


def test_noise_by_batch_leaves_out_noise_of_zero():
    sizes, noise = [1, 10, 100], np.array([1.0, 0.3, 0.0])
    figure = plots.noise_by_batch(sizes, {"drawn": noise}, {"drawn": noise * 1.1}, "Noise")
    axes = figure.axes[0]
    (measured,) = lines(axes, "drawn")
    assert np.array_equal(np.isnan(measured.get_ydata()), [False, False, True])
    assert axes.get_xscale() == axes.get_yscale() == "log"
    predicted = next(line for line in axes.lines if line is not measured)
    assert predicted.get_color() == measured.get_color()


def test_batch_paths_draws_all_recorded_points():
    path = np.array([[0.0, 0.0], [1.0, 0.2], [0.7, 1.0]])
    w, b = np.linspace(-1, 2, 8), np.linspace(-1, 2, 7)
    losses = (w[None, :] - 1) ** 2 + (b[:, None] - 1) ** 2
    figure = plots.batch_paths({"a": path, "b": path[:2]}, (w, b, losses), (1.0, 1.0), "Paths")
    for axes, shown in zip(figure.axes, (path, path[:2]), strict=True):
        assert any(np.array_equal(line.get_xydata(), shown) for line in axes.lines)
        assert any(np.array_equal(line.get_xydata(), [[1.0, 1.0]]) for line in axes.lines)


def test_before_and_after_draws_each_pair_and_their_mean():
    kept, merged = np.array([[0.2, 0.4], [0.4, 0.2], [0.1, 0.8]]), np.array([[0.2, 0.2]])
    figure = plots.before_and_after({"kept": kept, "merged": merged}, ["before", "after"], "Ends")
    for axes, pairs in zip(figure.axes, (kept, merged), strict=True):
        *ends, mean = axes.lines
        assert [list(line.get_ydata()) for line in ends] == pairs.tolist()
        np.testing.assert_allclose(mean.get_ydata(), np.exp(np.log(pairs).mean(axis=0)))
    rising, falling, _ = figure.axes[0].lines[:3]
    assert rising.get_color() != falling.get_color()
    assert rising.get_linestyle() != falling.get_linestyle()
    assert [text.get_text() for text in figure.axes[0].texts] == ["x 2.00"]


def test_excess_curves_shows_recorded_points_only_and_both_ends():
    rng = np.random.default_rng(0)
    x, excess = np.arange(5000), rng.uniform(0.1, 1, 5000)
    figure = plots.excess_curves({"updates": {"run": (x, excess)}}, "One", lowest=1e-3)
    (line,) = lines(figure.axes[0], "run")
    drawn = line.get_xdata()
    assert len(drawn) < 400
    assert (drawn[0], drawn[-1]) == (0, 4999)
    assert np.array_equal(line.get_ydata(), excess[drawn])
    assert figure.axes[0].get_ylim()[0] == pytest.approx(1e-3)


def test_excess_curves_names_clocks_runs_and_winners():
    curve = (np.arange(4), np.array([1.0, 0.1, 0.0, 0.01]))
    figure = plots.excess_curves(
        {"updates": {"a": curve, "b": curve}, "epochs": {"b": curve}},
        "Two clocks",
        winners={"updates": "a", "epochs": "b"},
    )
    first, second = figure.axes
    assert (first.get_xlabel(), second.get_xlabel()) == ("updates", "epochs")
    assert first.get_title(loc="left") == "lowest: a"
    assert second.get_title(loc="left") == "lowest: b"
    # a run looks the same in every panel, and unlike any other run
    (a, b), (again,) = first.lines, second.lines
    assert (again.get_color(), again.get_linestyle()) == (b.get_color(), b.get_linestyle())
    assert a.get_linestyle() != b.get_linestyle()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]


def test_excess_curves_on_a_log_axis_begin_after_zero():
    curve = (np.arange(100), np.linspace(1, 0.5, 100))
    figure = plots.excess_curves({"examples": {"run": curve}}, "Log", log_x=True)
    assert figure.axes[0].lines[0].get_xdata()[0] == 1


def test_cost_by_batch_counts_the_short_last_batch_as_an_update():
    figure = plots.cost_by_batch([1, 64], [1e-6, 2e-6], 100, "Cost")
    update, epoch = (axes.lines[0].get_ydata() for axes in figure.axes)
    assert update == pytest.approx([1.0, 2.0])  # microseconds
    assert epoch == pytest.approx([0.1, 0.004])  # milliseconds: 100 updates, 2 updates


def test_tracking_shows_truth_and_every_estimate():
    truth = np.array([2.0, 2.0, -1.0])
    figure = plots.tracking(truth, {"constant": truth - 0.1, "decay": truth + 0.3}, "Tracking")
    axes = figure.axes[0]
    assert np.array_equal(lines(axes, "truth")[0].get_ydata(), truth)
    assert np.array_equal(lines(axes, "decay")[0].get_ydata(), truth + 0.3)
    assert axes.get_xlabel() and axes.get_ylabel()
