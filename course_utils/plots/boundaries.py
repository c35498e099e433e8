"""Pictures of networks that learn: boundaries in the plane, fitted curves, and runs side by side.

Everything is handed in as recorded numbers; nothing here evaluates or trains a network.
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from course_utils.style import COLORS, LINE_STYLES

CLASS_COLORS = (COLORS["orange"], COLORS["blue"])
CLASS_MARKERS = "so"
RUN_COLORS = tuple(COLORS[name] for name in ("blue", "orange", "green", "purple", "amber"))
MOST_PANELS = 8


def probability_colors() -> LinearSegmentedColormap:
    """From the color of class 0 over white (undecided) to the color of class 1, all pale."""
    pale = [np.array(plt.matplotlib.colors.to_rgb(c)) * 0.55 + 0.45 for c in CLASS_COLORS]
    return LinearSegmentedColormap.from_list("undecided", [pale[0], (1, 1, 1), pale[1]])


def plane(limit: float = 2.5, n: int = 60) -> np.ndarray:
    """The points (n * n, 2) of a square grid from -limit to limit, row by row from below."""
    side = np.linspace(-limit, limit, n)
    return np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)


def draw_points(axes: Axes, x: np.ndarray, y: np.ndarray, size: float = 14) -> None:
    """The examples x (N, 2): squares of class 0 and circles of class 1, by the labels y (N,)."""
    for label in (0, 1):
        at = x[np.ravel(y) == label]
        style = {"c": CLASS_COLORS[label], "marker": CLASS_MARKERS[label]}
        axes.scatter(*at.T, s=size, edgecolors="white", linewidths=0.4, zorder=3, **style)


def decision_boundaries(
    logits: Mapping[str, np.ndarray],
    x: np.ndarray,
    y: np.ndarray,
    title: str,
    limit: float = 2.5,
) -> Figure:
    """One panel a name: what a network says over `plane(limit, n)`, with the examples on it.

    `logits[name]` has shape (n * n,) or (n * n, 1). The fill is the probability of class 1 (white:
    undecided), the black line the boundary at one half. See how the line bends from panel to
    panel. At most 8 panels, in one row up to 4 and in two rows beyond.
    """
    if not 1 <= len(logits) <= MOST_PANELS:
        raise ValueError(f"logits holds {len(logits)} panels, expected 1 to {MOST_PANELS}")
    rows = 1 if len(logits) <= 4 else 2
    columns = -(-len(logits) // rows)
    size = (10.9, 3.7) if rows == 1 else (8.8, 4.4)
    figure, all_axes = plt.subplots(
        rows, columns, figsize=size, squeeze=False, sharex=True, sharey=True
    )
    dot = 60 if len(x) <= 10 else 14 if rows == 1 else 9
    for axes, (name, values) in zip(all_axes.flat, logits.items(), strict=False):
        _fill(axes, np.asarray(values, dtype=float).ravel(), limit)
        draw_points(axes, x, y, dot)
        axes.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
        axes.set(xticks=(-limit + 0.5, 0, limit - 0.5), yticks=(-limit + 0.5, 0, limit - 0.5))
        axes.set_title(name, fontsize=13)
    for axes in all_axes.flat[len(logits) :]:
        axes.set_axis_off()
    for axes in all_axes[-1]:
        axes.set_xlabel("$x_1$")
    for axes in all_axes[:, 0]:
        axes.set_ylabel("$x_2$")
    figure.suptitle(title, weight="bold")
    plt.close(figure)
    return figure


def _fill(axes: Axes, logits: np.ndarray, limit: float) -> None:
    """The probability as color, and the line where the logit is 0 if it changes its sign."""
    n = round(logits.size**0.5)
    if n * n != logits.size:
        raise ValueError(f"logits has {logits.size} values, expected those of a square plane(n)")
    values = logits.reshape(n, n)
    probability = np.exp(-np.logaddexp(0, -values))
    axes.imshow(
        probability,
        cmap=probability_colors(),
        vmin=0,
        vmax=1,
        origin="lower",
        extent=(-limit, limit, -limit, limit),
        interpolation="bilinear",
    )
    if values.min() < 0 < values.max():
        side = np.linspace(-limit, limit, n)
        axes.contour(side, side, values, levels=[0], colors="black", linewidths=2)
    axes.grid(False)


def curve_fits(
    x: np.ndarray,
    y: np.ndarray,
    at: np.ndarray,
    fits: Mapping[str, np.ndarray],
    title: str,
    truth: np.ndarray | None = None,
) -> Figure:
    """One panel a name: noisy examples (x, y), a network's curve `fits[name]` over `at`.

    `truth` over `at`, if known, is the thin gray line. See where the curve bends first.
    """
    figure, all_axes = plt.subplots(
        1, len(fits), figsize=(10.9, 3.5), sharex=True, sharey=True, squeeze=False
    )
    for axes, (name, values) in zip(all_axes[0], fits.items(), strict=True):
        axes.plot(np.ravel(x), np.ravel(y), "o", ms=3.5, color=COLORS["sky"], label="data")
        if truth is not None:
            axes.plot(np.ravel(at), np.ravel(truth), ls="--", lw=1.5, c=COLORS["gray"])
        axes.plot(np.ravel(at), np.ravel(values), "-", lw=2.8, color=COLORS["orange"])
        axes.set_title(name, fontsize=13)
        axes.set_xlabel("x")
    all_axes[0, 0].set_ylabel("y")
    figure.suptitle(title, weight="bold")
    plt.close(figure)
    return figure


def run_panels(
    panels: Mapping[str, Mapping[str, Sequence[float]]],
    title: str,
    *,
    xlabel: str = "epoch",
    ylabels: Sequence[str] = ("training loss",),
    log: bool | Sequence[bool] = False,
    level: tuple[str, float] | None = None,
) -> Figure:
    """Recorded runs: one panel a name, in it one curve a run, counted from 0.

    With one y label the panels share their axis; otherwise there is one label a panel. `level` is
    a (name, value) drawn as a gray dotted line in the first panel. See which curves lie together.
    """
    shared = len(ylabels) == 1
    figure, all_axes = plt.subplots(
        1, len(panels), figsize=(10.8, 4.0), sharey=shared, squeeze=False
    )
    logs = [log] * len(panels) if isinstance(log, bool) else log
    for place, (axes, (name, runs)) in enumerate(zip(all_axes[0], panels.items(), strict=True)):
        for position, (run, values) in enumerate(runs.items()):
            style = {"color": RUN_COLORS[position], "ls": LINE_STYLES[position]}
            axes.plot(np.arange(len(values)), values, label=run, **style)
        axes.set(xlabel=xlabel, yscale="log" if logs[place] else "linear")
        if len(panels) > 1:
            axes.set_title(name, fontsize=14)
        if place == 0 or not shared:
            axes.set_ylabel(ylabels[place])
        if level is not None and place == 0:
            axes.axhline(level[1], color=COLORS["gray"], ls=":", lw=1.8, label=level[0])
        axes.legend(loc="best", fontsize=12)
    figure.suptitle(title, weight="bold")
    plt.close(figure)
    return figure


def by_layer(
    panels: Mapping[str, Mapping[str, Sequence[float]]],
    title: str,
) -> Figure:
    """A number of each layer, first to last, on a log axis: one panel a quantity, one line a run.

    `panels[quantity][run]` has one value a layer. A straight line downwards means that every
    layer takes away the same factor.
    """
    figure, all_axes = plt.subplots(1, len(panels), figsize=(10.8, 4.0), squeeze=False)
    for axes, (quantity, runs) in zip(all_axes[0], panels.items(), strict=True):
        for position, (run, values) in enumerate(runs.items()):
            style = {"color": RUN_COLORS[position], "ls": LINE_STYLES[position]}
            layers = np.arange(1, len(values) + 1)
            axes.semilogy(layers, values, marker="os^D"[position % 4], label=run, **style)
        axes.set(xlabel="dense layer, first to last", ylabel=quantity)
        axes.set_xticks(layers)
        axes.legend(loc="best", fontsize=12)
    figure.suptitle(title, weight="bold")
    plt.close(figure)
    return figure


def gradient_errors(errors: Mapping[str, float], limit: float, title: str) -> Figure:
    """The error of each gradient check on a log axis, and the limit it has to stay below.

    See that everything lies left of the line, and how far. An error of 0 is drawn at 1e-16.
    """
    figure, axes = plt.subplots(figsize=(10.5, 0.9 + 0.25 * len(errors)))
    values = np.maximum(list(errors.values()), 1e-16)
    colors = [COLORS["blue"] if value < limit else COLORS["orange"] for value in values]
    places = np.arange(len(errors))[::-1]
    axes.hlines(places, 1e-16, values, colors="#BBBBBB", linestyles="-", lw=1.5)
    axes.scatter(values, places, c=colors, s=60, zorder=3)
    axes.axvline(limit, color=COLORS["orange"], ls="--")
    axes.set_yticks(places, list(errors), fontsize=12)
    axes.set(xscale="log", xlabel="relative error of the gradient", xlim=(1e-16, 10))
    axes.set_title(title)
    plt.close(figure)
    return figure


def flat_vector(named: Sequence[tuple[str, np.ndarray]], title: str) -> Figure:
    """All parameters of a network in one row, one block an array, with its name and shape.

    `named` are pairs (name, array) in the order of the vector. See that each array is a piece of
    the row, and that nothing lies between two pieces. The color of a cell is its value.
    """
    values = np.concatenate([array.ravel() for _, array in named])
    figure, axes = plt.subplots(figsize=(10.9, 2.7))
    scale = np.abs(values).max() or 1.0
    cells = {"cmap": "PuOr", "vmin": -scale, "vmax": scale, "aspect": "auto"}
    axes.imshow(values[None], extent=(0, values.size, 0, 1), **cells)
    start = 0
    for position, (name, array) in enumerate(named):
        end, up = start + array.size, position % 2 == 0
        axes.plot([start, start], [-0.12, 1.12], color="black", lw=2, ls="-")
        shape = " × ".join(map(str, array.shape))
        axes.text(
            *((start + end) / 2, 1.2 if up else -0.2),
            f"{name}\n({shape})",
            ha="center",
            va="bottom" if up else "top",
            fontsize=13,
        )
        start = end
    axes.plot([start, start], [-0.12, 1.12], color="black", lw=2, ls="-")
    axes.set(xlim=(-0.3, start + 0.3), ylim=(-1.1, 2.0), xlabel="position in theta", yticks=[])
    axes.set_title(title)
    axes.spines["left"].set_visible(False)
    axes.grid(False)
    plt.close(figure)
    return figure
