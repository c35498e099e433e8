"""Pictures of a convolution: filters on a photo, its sums by hand, what it costs and what it sees.

Gray photos and maps are (height, width), filters are small grids of numbers.
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter

from course_utils.plots.images import WIDTH, _hide_axes, _title
from course_utils.style import BACKWARD, COLORS, DIVERGING, FORWARD


def filters_on_photo(
    photo: np.ndarray,
    filters: Mapping[str, np.ndarray],
    maps: Mapping[str, np.ndarray],
    *,
    title: str,
) -> Figure:
    """Above each filter with its numbers, below what it answers at every place of the photo.

    `photo` is gray, with values from 0 to 1. A filter whose numbers add up to 1 gives a picture
    again; the maps of the others have a scale of their own, purple above 0 and orange below.
    """
    figure, panels = plt.subplots(
        2, 1 + len(filters), figsize=(WIDTH, 4.5), height_ratios=(0.62, 1), squeeze=False
    )
    for axes in panels.flat:
        _hide_axes(axes)
    panels[0, 0].text(0.5, 0.5, "filter", ha="center", va="center", fontsize=15)
    panels[0, 0].set(xlim=(0, 1), ylim=(0, 1))
    panels[1, 0].imshow(photo, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    panels[1, 0].set_xlabel("photo", fontsize=14)
    for (above, below), (name, weights) in zip(panels.T[1:], filters.items(), strict=True):
        draw_numbers(above, weights)
        above.set_title(name, fontsize=14, fontweight="normal", loc="center")
        answer = maps[name]
        if np.isclose(np.sum(weights), 1):
            scale = {"cmap": "gray", "vmin": 0, "vmax": 1}
        else:
            limit = np.quantile(np.abs(answer), 0.99)
            scale = {"cmap": DIVERGING, "vmin": -limit, "vmax": limit}
        below.imshow(answer, interpolation="nearest", **scale)
    _title(figure, title)
    plt.close(figure)
    return figure


def draw_numbers(
    axes: Axes,
    numbers: np.ndarray,
    *,
    mark: np.ndarray | None = None,
    color: str = FORWARD,
    fontsize: float = 13,
) -> None:
    """A grid of numbers, each in its square; those in the mask `mark` get a thick frame."""
    rows, columns = np.shape(numbers)
    for (i, j), number in np.ndenumerate(numbers):
        marked = mark is not None and bool(mark[i, j])
        face = "#FFFFFF" if not marked else "#E3EEF6" if color == FORWARD else "#FBE6D8"
        axes.add_patch(
            Rectangle(
                (j - 0.5, i - 0.5),
                1,
                1,
                facecolor=face,
                edgecolor=color if marked else COLORS["gray"],
                lw=3 if marked else 1,
                zorder=2 if marked else 1,
            )
        )
        axes.text(
            j,
            i,
            as_text(number),
            ha="center",
            va="center",
            fontsize=fontsize,
            color=color,
            zorder=3,
        )
    axes.set(xlim=(-0.6, columns - 0.4), ylim=(rows - 0.4, -0.6), aspect="equal")


def as_text(number: float) -> str:
    """A number in as few characters as a small square has room for."""
    number = float(number) + 0.0  # no sign before a zero
    return f"{number:.0f}" if number == round(number) else f"{number:.2g}"


def number_grids(
    grids: Mapping[str, np.ndarray],
    signs: Sequence[str],
    *,
    title: str,
    marked: Mapping[str, np.ndarray] | None = None,
    gradients: Sequence[str] = (),
) -> Figure:
    """Grids of numbers in a row with a sign between each two, as one writes them on paper.

    `marked` has masks of the squares to look at; the names in `gradients` are drawn in the color
    of what flows back. All squares have the same size.
    """
    marked = marked or {}
    heights = [np.shape(grid)[0] for grid in grids.values()]
    widths = [np.shape(grid)[1] for grid in grids.values()]
    ratios = [width + 0.4 for width in widths]
    figure, panels = plt.subplots(
        1,
        2 * len(grids) - 1,
        figsize=(WIDTH, 1.3 + 0.62 * max(heights)),
        width_ratios=[r for width in ratios for r in (width, 0.8)][:-1],
        squeeze=False,
    )
    for axes in panels[0]:
        _hide_axes(axes)
    for axes, (name, grid) in zip(panels[0][::2], grids.items(), strict=True):
        color = BACKWARD if name in gradients else FORWARD
        draw_numbers(axes, np.asarray(grid), mark=marked.get(name), color=color, fontsize=15)
        # one height for all, so that all squares have one size and stand in the middle
        middle, half = (np.shape(grid)[0] - 1) / 2, max(heights) / 2 + 0.1
        axes.set(ylim=(middle + half, middle - half))
        axes.set_title(name, fontsize=14, fontweight="normal", loc="center", color=color)
    for axes, sign in zip(panels[0][1::2], signs, strict=True):
        axes.set(xlim=(0, 1), ylim=(0, 1))
        axes.text(0.5, 0.5, sign, ha="center", va="center", fontsize=30)
    _title(figure, title)
    plt.close(figure)
    return figure


def time_ladder(milliseconds: Mapping[str, float], *, title: str) -> Figure:
    """One bar a program on a logarithmic axis, and how many times faster it is than the first."""
    figure, axes = plt.subplots(figsize=(10.0, 0.75 * len(milliseconds) + 1.6))
    names, values = list(milliseconds), list(milliseconds.values())
    places = np.arange(len(names))[::-1]
    axes.barh(places, values, color=COLORS["blue"], height=0.6)
    for place, value in zip(places, values, strict=True):
        times = values[0] / value
        faster = "" if times == 1 else f", {times:,.0f} times faster"
        shown = f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
        axes.text(1.1 * value, place, f"{shown} ms{faster}", va="center", fontsize=14)
    axes.set_yticks(places, names)
    axes.set(xscale="log", xlabel="milliseconds, one batch forward (log scale)")
    axes.set_xlim(min(values) / 3, max(values) * 6)
    axes.grid(axis="y", visible=False)
    axes.set_title(title)
    plt.close(figure)
    return figure


def receptive_fields(
    photo: np.ndarray, sensitivity: Mapping[str, np.ndarray], *, title: str
) -> Figure:
    """What one output in the middle sees of a photo: above the part it sees, below how strongly.

    `sensitivity` has for each layer's name the size of d(output)/d(input) (height, width). See the
    frame grow from layer to layer, and that what counts is the middle of the frame.
    """
    figure, panels = plt.subplots(2, len(sensitivity), figsize=(WIDTH, 4.9), squeeze=False)
    for axes in panels.flat:
        _hide_axes(axes)
    for (above, below), (name, strength) in zip(panels.T, sensitivity.items(), strict=True):
        rows, columns = (np.flatnonzero(strength.any(axis=axis)) for axis in (1, 0))
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        pale = 255 - (255 - photo.astype(float)) * 0.25
        seen = np.zeros(strength.shape, bool)
        seen[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
        shown = np.where(seen[..., None], photo, pale).astype(np.uint8)
        above.imshow(shown, interpolation="nearest")
        below.imshow(strength / strength.max(), cmap="gray_r", interpolation="nearest")
        for axes in (above, below):
            corner = (columns[0] - 0.5, rows[0] - 0.5)
            axes.add_patch(
                Rectangle(corner, width, height, fill=False, ec=COLORS["orange"], lw=2.5)
            )
        above.set_title(
            f"{name}\n{height} × {width}", fontsize=13.5, fontweight="normal", loc="center"
        )
    panels[0, 0].set_ylabel("sees", fontsize=13)
    panels[1, 0].set_ylabel("how strongly", fontsize=13)
    _title(figure, title)
    plt.close(figure)
    return figure


def maps_of_layers(
    photo: np.ndarray, layers: Mapping[str, np.ndarray], *, title: str, columns: int = 8
) -> Figure:
    """Some feature maps (height, width, channels) of each layer, one row a layer.

    The photo stands to the left of the first row. Each map has its own scale from 0 (white) to its
    largest value. See the edges in the first row, and how few squares are left in the last.
    """
    figure, panels = plt.subplots(
        len(layers), 1 + columns, figsize=(WIDTH, min(5.0, 0.6 + 1.35 * len(layers)))
    )
    panels = np.reshape(panels, (len(layers), 1 + columns))
    for axes in panels.flat:
        _hide_axes(axes)
    panels[0, 0].imshow(photo, interpolation="nearest")
    for row, (name, maps) in zip(panels, layers.items(), strict=True):
        height, width, _ = maps.shape
        row[1].set_ylabel(f"{name}\n{height} × {width}", fontsize=12.5)
        for axes, channel in zip(row[1:], np.moveaxis(maps, -1, 0), strict=False):
            top = max(channel.max(), 1e-9)
            axes.imshow(channel, cmap="gray_r", vmin=0, vmax=top, interpolation="nearest")
            for spine in axes.spines.values():
                spine.set(visible=True, color="#BBBBBB")
    _title(figure, title)
    plt.close(figure)
    return figure


def recall_change(
    recalls: Mapping[str, np.ndarray], class_names: Sequence[str], *, title: str
) -> Figure:
    """The recall of each class with two networks, joined by a line; sorted by the second one.

    See whether every class gains, and which one gains most.
    """
    (first, before), (second, after) = recalls.items()
    order = np.argsort(-np.asarray(after))
    places = np.arange(len(order))
    figure, axes = plt.subplots(figsize=(10.4, 4.2))
    axes.vlines(places, before[order], after[order], color=COLORS["gray"], lw=2)
    axes.plot(places, before[order], "s", ms=10, color=COLORS["orange"], label=first)
    axes.plot(places, after[order], "o", ms=11, color=COLORS["blue"], label=second)
    axes.set_xticks(places, [class_names[k] for k in order])
    axes.set(xlabel="class", ylabel="recall", ylim=(0, 1))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol="%"))
    axes.grid(axis="x", visible=False)
    axes.legend(loc="lower left")
    axes.set_title(title)
    plt.close(figure)
    return figure
