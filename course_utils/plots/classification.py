"""Pictures of a classifier's answers: how many, which mistakes, and how sure it was.

Rows of a confusion matrix are the true classes, columns what the network said.
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from course_utils.style import COLORS


def class_counts(counts: np.ndarray, class_names: Sequence[str], *, title: str) -> Figure:
    """How many examples each class has, with the mean as a dashed line.

    See whether one class is so common that guessing it would be a good score.
    """
    figure, axes = plt.subplots(figsize=(10.0, 3.8))
    bars = axes.bar(range(len(counts)), counts, color=COLORS["blue"])
    axes.bar_label(bars, fmt="{:,.0f}", fontsize=12, label_type="center", color="white")
    axes.axhline(np.mean(counts), color=COLORS["black"], ls="--", lw=1.5, label="mean")
    axes.set_xticks(range(len(counts)), class_names)
    axes.set(xlabel="class", ylabel="images", ylim=(0, 1.25 * np.max(counts)))
    axes.grid(axis="x", visible=False)
    axes.legend(loc="upper right")
    axes.set_title(title)
    plt.close(figure)
    return figure


def confusion_matrix(matrix: np.ndarray, class_names: Sequence[str], *, title: str) -> Figure:
    """Counts of every pair (true class, predicted class); the mistakes are colored.

    `matrix` is (K, K) with the true class as row. The diagonal is gray, so that the color scale
    is used for what is off it. See which cell off the diagonal is the darkest, and whether the
    one mirrored at the diagonal is dark, too.
    """
    classes = len(class_names)
    figure, axes = plt.subplots(figsize=(7.4, 5.0))
    wrong = np.ma.masked_array(matrix, np.eye(classes, dtype=bool))
    colors = plt.get_cmap("Oranges").with_extremes(bad="#E6E6E6")
    shown = axes.imshow(wrong, cmap=colors, vmin=0, vmax=max(1, wrong.max()), aspect="auto")
    for true, said in np.argwhere(np.asarray(matrix) > 0):
        loud = true != said and matrix[true, said] > 0.6 * wrong.max()
        color = "white" if loud else "black"
        number = f"{matrix[true, said]:,}"
        axes.text(said, true, number, ha="center", va="center", fontsize=12, color=color)
    axes.set_xticks(
        range(classes), class_names, rotation=0 if max(map(len, class_names)) < 4 else 45
    )
    axes.set_yticks(range(classes), class_names)
    axes.set(xlabel="the network says", ylabel="true class")
    axes.grid(False)
    bar = figure.colorbar(shown, ax=axes)
    bar.set_label("mistakes", fontsize=13)
    axes.set_title(title)
    plt.close(figure)
    return figure


def per_class_accuracy(accuracy: np.ndarray, class_names: Sequence[str], *, title: str) -> Figure:
    """The recall of each class as a dot on its own axis from just below the worst to 100%.

    Recall is the fraction of a class's examples that were recognized. See which class is hardest.
    """
    figure, axes = plt.subplots(figsize=(10.0, 3.8))
    places = np.arange(len(accuracy))
    axes.vlines(places, accuracy, 1.0, color=COLORS["gray"], lw=2, ls=":")
    axes.plot(places, accuracy, "o", ms=11, color=COLORS["blue"])
    for place, value in zip(places, accuracy, strict=True):
        below = (place, value), (0, -12)
        axes.annotate(
            f"{100 * value:.1f}",
            *below,
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=12,
        )
    axes.set_xticks(places, class_names)
    low = np.min(accuracy)
    axes.set(xlabel="class", ylabel="recall", ylim=(low - 0.25 * (1 - low) - 0.01, 1.0))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol="%"))
    axes.grid(axis="x", visible=False)
    axes.set_title(title)
    plt.close(figure)
    return figure


def reliability_diagram(
    confidence: np.ndarray,
    accuracy: np.ndarray,
    counts: np.ndarray,
    *,
    title: str,
    cured: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
) -> Figure:
    """Accuracy against confidence, one dot for each bin, and how many examples each bin has.

    `confidence` and `accuracy` are the means of the bins, `counts` their sizes. See whether the
    dots lie on the diagonal: below it, the classifier is surer than it is right. `cured` are the
    same three after a cure: squares.
    """
    figure, (axes, below) = plt.subplots(
        2, 1, figsize=(7.6, 5.0), sharex=True, height_ratios=(3.2, 1)
    )
    axes.plot([0, 1], [0, 1], "--", color=COLORS["black"], lw=1.5, label="perfect calibration")
    looks = [("o-", COLORS["orange"], "before" if cured else "measured", 0.0)]
    looks += [("s:", COLORS["blue"], "after", 0.012)] if cured else []
    left = 1.0
    for bins, (form, color, name, offset) in zip(
        ((confidence, accuracy, counts), cured), looks, strict=False
    ):
        full = np.asarray(bins[2]) > 0
        x, y, n = (np.asarray(values, float)[full] for values in bins)
        low, high = _wilson_interval(y, n)
        label = f"{name}, with 95% interval"
        errors = [y - low, high - y]
        axes.errorbar(x, y, errors, fmt=form, color=color, ms=8, capsize=4, label=label)
        below.bar(x + offset, n, width=0.012 if cured else 0.02, color=color)
        left = min(left, x.min())
    axes.set(ylabel="how often it is right", xlim=(max(0, left - 0.08), 1.02), ylim=(-0.03, 1.03))
    below.set(xlabel="how sure it says it is", ylabel="images", yscale="log")
    for one in (axes.xaxis, axes.yaxis):
        one.set_major_formatter(PercentFormatter(1.0, symbol="%"))
    axes.legend(loc="lower right")
    axes.set_title(title)
    plt.close(figure)
    return figure


def _wilson_interval(p: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The 95% interval of a fraction p of n, which is sound for few cases, too (Wilson 1927)."""
    z = 1.96
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    # at p = 0 or 1 rounding may leave p a hair outside
    return np.minimum(middle - half, p), np.maximum(middle + half, p)
