"""Pictures of gradient descent on the loss of a straight line: surface, path and learning rates.

Starts are open circles, minima are stars, and every path is drawn through the recorded points.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_utils.style import BACKWARD, COLORS, FORWARD, SEQUENTIAL


def contours(axes: Axes, w: np.ndarray, b: np.ndarray, loss: np.ndarray) -> None:
    """Lines of equal loss over slope w (W,) and intercept b (B,), from losses of shape (B, W)."""
    levels = loss.min() + (loss.max() - loss.min()) * np.linspace(0.02, 1, 14) ** 2
    axes.contour(w, b, loss, levels=levels, cmap=SEQUENTIAL, linewidths=1.2, linestyles="-")
    axes.set(xlabel="slope w", ylabel="intercept b")


def loss_surface(
    w: np.ndarray, b: np.ndarray, loss: np.ndarray, minimum: tuple[float, float], title: str
) -> Figure:
    """The loss (B, W) over slope and intercept, as a surface and as contours, with its minimum.

    See that both show the same bowl, and that it has one lowest point.
    """
    figure = plt.figure(figsize=(10.8, 4.7))
    left = figure.add_subplot(1, 2, 1, projection="3d")
    left.plot_surface(*np.meshgrid(w, b), loss, cmap=SEQUENTIAL, linewidth=0)
    left.set_xlabel("w", labelpad=6)
    left.set_ylabel("b", labelpad=6)
    left.set_zlabel("loss", labelpad=11)
    left.set_box_aspect(None, zoom=0.92)
    right = figure.add_subplot(1, 2, 2)
    contours(right, w, b, loss)
    right.plot(*minimum, "*", ms=18, color=BACKWARD, label="minimum")
    right.legend(loc="upper right", frameon=True, framealpha=1)
    figure.suptitle(title, fontweight="bold")
    plt.close(figure)
    return figure


def journey(
    grid: tuple[np.ndarray, np.ndarray, np.ndarray],
    path: np.ndarray,
    losses: np.ndarray,
    lowest: float,
    gradient_norms: np.ndarray,
    title: str,
) -> Figure:
    """A descent in three views: the path (T, 2) on the contours, the loss that is too much, and
    the norm of the gradient, each measured at the same T points.

    See that loss and gradient fall along straight lines on log axes: by one factor each step.
    """
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(10.8, 4.2))
    contours(left, *grid)
    draw_path(left, path, COLORS["blue"])
    steps = np.arange(len(path))
    middle.semilogy(steps, losses - lowest, color=FORWARD, linestyle="-")
    middle.set(xlabel="step", ylabel="loss minus lowest loss", title="loss")
    right.semilogy(steps, gradient_norms, color=BACKWARD, linestyle="--")
    right.set(xlabel="step", ylabel="norm of the gradient", title="gradient")
    left.set_title("path")
    figure.suptitle(title, fontweight="bold")
    plt.close(figure)
    return figure


def draw_path(axes: Axes, path: np.ndarray, color: str, label: str | None = None) -> None:
    """A path (T, 2) with its start as an open circle and its end as a filled square."""
    axes.plot(*path.T, marker=".", ms=5, lw=1.4, color=color, linestyle="-", label=label)
    axes.plot(*path[0], "o", ms=11, mfc="white", mec=color, mew=2.2)
    axes.plot(*path[-1], "s", ms=9, color=color)


def rates_side_by_side(
    f, runs: dict[float, np.ndarray], x_range: tuple[float, float], titles: dict[float, str]
) -> Figure:
    """One panel a learning rate: the curve f and the points x (T,) that descent visited on it.

    See how the points creep, jump to the minimum, swing around it, or climb out.
    """
    figure, all_axes = plt.subplots(1, len(runs), figsize=(10.8, 3.9), sharey=True)
    xs = np.linspace(*x_range, 200)
    for axes, (rate, x) in zip(all_axes, runs.items(), strict=True):
        axes.plot(xs, f(xs), color=COLORS["gray"], linestyle="-", lw=1.6)
        inside = x[(x >= x_range[0]) & (x <= x_range[1])]
        axes.plot(inside, f(inside), marker=".", color=BACKWARD, linestyle="--", lw=1.3, ms=9)
        axes.plot(x[0], f(x[0]), "o", ms=11, mfc="white", mec=BACKWARD, mew=2.2)
        axes.set(xlabel="x")
        axes.set_title(f"lr {rate:g}\n{titles[rate]}", fontsize=13)
    all_axes[0].set_ylabel("f(x)")
    all_axes[0].set_ylim(f(xs).min() - 1, f(xs).max())
    plt.close(figure)
    return figure


def loss_by_rate(
    rates: np.ndarray, excess: np.ndarray, steps: int, edge: float, title: str
) -> Figure:
    """The loss above its minimum after some steps, against the learning rate, on a log axis.

    See the sharp best rate, and the wall at `edge`, above which the loss grows.
    """
    figure, axes = plt.subplots(figsize=(10.0, 4.2))
    axes.semilogy(rates, excess, marker="o", color=FORWARD, linestyle="-", ms=6)
    axes.axvline(edge, color=BACKWARD, linestyle="--", label=f"2 / largest eigenvalue = {edge:.2f}")
    axes.set(xlabel="learning rate", ylabel=f"loss above minimum after {steps} steps", title=title)
    axes.legend(loc="lower left")
    plt.close(figure)
    return figure


def two_fits(
    x: np.ndarray, y: np.ndarray, lines: dict[str, tuple[float, float]], title: str
) -> Figure:
    """Data as dots and straight lines y = w x + b, given as (w, b), in different line styles."""
    figure, axes = plt.subplots(figsize=(10.0, 4.2))
    axes.plot(x, y, ".", ms=5, alpha=0.35, color=COLORS["gray"])
    ends = np.array([x.min(), x.max()])
    for (name, (w, b)), color, style in zip(
        lines.items(), (FORWARD, BACKWARD), ("-", "--"), strict=False
    ):
        axes.plot(ends, w * ends + b, color=color, linestyle=style, lw=3, label=name)
    axes.set(xlabel="income (standardized)", ylabel="price (standardized)", title=title)
    axes.legend(loc="lower right")
    plt.close(figure)
    return figure
