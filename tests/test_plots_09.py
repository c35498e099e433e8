"""The figures of notebook 09 show what they are given: every seed, at its place."""

import numpy as np
import pytest

from course_utils import plots

pytestmark = pytest.mark.usefixtures("figures_of_the_course")


def title_of(figure):
    return figure.get_suptitle()


def test_schedule_curves_draw_each_rate_over_the_epochs():
    rates = {"falling": np.linspace(0.3, 0, 40), "flat": np.full(40, 0.1)}
    figure = plots.schedule_curves(rates, 10, "a title")
    assert title_of(figure) == "a title"
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title("left") or axes.get_title() for axes in shown] == list(rates)
    for axes, values in zip(shown, rates.values(), strict=True):
        reference, curve = axes.lines
        assert set(reference.get_ydata()) == {0.3}
        np.testing.assert_array_equal(curve.get_ydata(), values)
        np.testing.assert_allclose(curve.get_xdata(), np.arange(40) / 10)


def test_paired_differences_show_every_seed_and_the_mean():
    differences = {"helps": [-0.02, -0.01, -0.03], "hardly": [0.01, -0.01, 0.003]}
    (axes,) = plots.paired_differences(differences, "a title", "difference").axes
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    bars = [line for line in axes.lines if line.get_marker() == "None" and line.get_lw() == 4]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(differences)
    for values, place, row, bar in zip(
        differences.values(), axes.get_yticks(), dots, bars, strict=True
    ):
        np.testing.assert_array_equal(row.get_xdata(), values)
        assert set(row.get_ydata()) == {place}
        np.testing.assert_allclose(bar.get_xdata(), np.mean(values))
    low, high = axes.get_xlim()
    assert low < -0.03
    assert high > 0.01
    assert axes.get_yticks()[0] > axes.get_yticks()[1]  # the first row is on top


@pytest.mark.parametrize("values", [[-0.3, -0.2], [0.2, 0.3]])
def test_the_line_at_zero_is_always_in_the_picture(values):
    (axes,) = plots.paired_differences({"one": values}, "a title", "difference").axes
    low, high = axes.get_xlim()
    assert low < 0 < high


def test_curves_with_spread_draw_the_mean_and_a_band_of_all_seeds():
    curves = {"Adam": np.array([[3.0, 2.0, 1.0], [5.0, 2.0, 0.0]]), "other": np.ones((2, 3))}
    (axes,) = plots.curves_with_spread(curves, "a title", limits=(0, 6)).axes
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), [1, 2, 3])
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [4.0, 2.0, 0.5])
    band = axes.collections[0].get_paths()[0].vertices
    assert {tuple(v) for v in band} >= {(1.0, 3.0), (1.0, 5.0), (3.0, 0.0), (3.0, 1.0)}
    assert axes.get_ylim() == (0, 6)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(curves)


def test_losses_by_rate_leave_out_a_run_that_diverged():
    rates = [0.01, 0.1]
    losses = {"constant": np.array([[0.5, 0.3], [0.6, np.nan]]), "cosine": np.full((2, 2), 0.2)}
    (axes,) = plots.losses_by_rate(rates, losses, "a title").axes
    means = [line for line in axes.lines if list(line.get_xdata()) == rates]
    np.testing.assert_allclose(means[0].get_ydata(), [0.4, 0.6])
    np.testing.assert_allclose(means[1].get_ydata(), [0.2, 0.2])
    dots = [line for line in axes.lines if line.get_linestyle() == "None"]
    assert [list(line.get_xdata()) for line in dots] == [[0.01] * 2, [0.1] * 2] * 2
    np.testing.assert_array_equal(dots[0].get_ydata(), [0.5, 0.3])
    assert axes.get_xscale() == "log"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.01", "0.1"]


def test_shrinking_weights_have_a_panel_for_each_method():
    path = np.array([1.0, 0.9, 0.8])
    panels = {"L2": {"loud": path, "quiet": path**2}, "decoupled": {"loud": path, "quiet": path}}
    figure = plots.shrinking_weights(panels, "a title")
    assert len(figure.axes) == 2
    np.testing.assert_array_equal(figure.axes[0].lines[1].get_ydata(), path**2)
    assert figure.axes[0].get_ylim()[0] == 0


def test_gradient_norms_mark_where_a_run_broke_off():
    norms = {"without": np.array([1.0, 50.0, 1e9]), "clipped": np.ones(8)}
    (axes,) = plots.gradient_norms(norms, "a title", limit=1.0).axes
    curve, cross, clipped, limit = axes.lines
    np.testing.assert_array_equal(curve.get_xdata(), [1, 2, 3])
    assert (cross.get_marker(), cross.get_xdata()[0], cross.get_ydata()[0]) == ("X", 3, 1e9)
    assert len(clipped.get_xdata()) == 8
    assert set(limit.get_ydata()) == {1.0}
    assert axes.get_yscale() == "log"


def test_gradient_norms_cross_the_last_finite_number():
    (axes,) = plots.gradient_norms({"a": np.array([1.0, 9.0, np.inf])}, "a title").axes
    assert (axes.lines[1].get_xdata()[0], axes.lines[1].get_ydata()[0]) == (2, 9)


def test_split_histogram_counts_every_split_and_marks_ours():
    values = np.random.default_rng(0).normal(size=300)
    (axes,) = plots.split_histogram(values, 2.5, "a title", xlabel="x").axes
    assert sum(bar.get_height() for bar in axes.patches) == 300
    marked = [line.get_xdata()[0] for line in axes.lines]
    assert marked == [0, 2.5]
