"""Pictures of pictures: grids of images, maps of pixels, and weights shown as images.

Images are (N, 28, 28) in gray or (N, 32, 32, 3) in color, as `Dataset.images` gives them.
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_utils.style import COLORS, DIVERGING, SEQUENTIAL

WIDTH = 10.8  # inches: the width of a slide


def image_grid(
    images: np.ndarray,
    captions: Sequence[str] | None = None,
    *,
    title: str,
    columns: int = 10,
    wrong: Sequence[bool] | None = None,
) -> Figure:
    """Images in rows of `columns`, each under its caption.

    `wrong` marks images whose caption is orange and has a cross, so that a mistake is seen
    without color, too. Floats are shown from their common minimum to their common maximum.
    """
    rows = -(-len(images) // columns)
    height = rows * (WIDTH / columns + (0.28 if captions is not None else 0)) + 0.55
    figure, panels = plt.subplots(rows, columns, figsize=(WIDTH, min(height, 5.0)), squeeze=False)
    low, high = (0, 255) if images.dtype == np.uint8 else (images.min(), images.max())
    for i, axes in enumerate(panels.flat):
        _hide_axes(axes)
        if i >= len(images):
            continue
        gray = {"cmap": "gray_r", "vmin": low, "vmax": high} if images[i].ndim == 2 else {}
        axes.imshow(images[i], interpolation="nearest", **gray)
        if captions is not None:
            bad = wrong is not None and wrong[i]
            axes.set_title(
                f"× {captions[i]}" if bad else captions[i],
                fontsize=12.5,
                fontweight="normal",
                loc="center",
                pad=3,
                color=COLORS["orange"] if bad else COLORS["black"],
            )
    _title(figure, title)
    plt.close(figure)
    return figure


def pixel_maps(
    maps: Mapping[str, np.ndarray],
    *,
    title: str,
    marked: Mapping[str, np.ndarray] | None = None,
    logs: Sequence[str] = (),
) -> Figure:
    """One number a pixel, drawn as an image with a color bar; one panel a name.

    Each map is (height, width). `marked` has, for some names, a mask of the pixels that get a
    dot; the names in `logs` have a logarithmic scale of color. See where on the picture the
    number is large or small.
    """
    figure, panels = plt.subplots(1, len(maps), figsize=(WIDTH, 4.6), squeeze=False)
    for axes, (name, values) in zip(panels[0], maps.items(), strict=True):
        norm = "log" if name in logs else None
        shown = axes.imshow(values, cmap=SEQUENTIAL, norm=norm, interpolation="nearest")
        figure.colorbar(shown, ax=axes, shrink=0.9)
        if marked is not None and name in marked:
            ys, xs = np.nonzero(marked[name])
            axes.plot(xs, ys, ".", ms=5, color=COLORS["orange"])
        axes.grid(False)
        axes.set(xlabel="column of the image", ylabel="row of the image")
        axes.set_title(name, fontsize=13.5, fontweight="normal", loc="center")
    _title(figure, title)
    plt.close(figure)
    return figure


def weight_images(
    weights: Mapping[str, np.ndarray],
    shape: tuple[int, int],
    *,
    title: str,
    units: Sequence[int] | None = None,
) -> Figure:
    """The columns of a first layer's W (fan_in, fan_out) as images, one row a name.

    All rows show the same `units` (the first ten without it) and share one scale of color,
    symmetric around 0. See what each unit looks for: purple where ink excites it, orange where
    it inhibits it.
    """
    units = range(10) if units is None else units
    rows, columns = len(weights), len(units)
    height = rows * (WIDTH / columns) + 1.0
    figure, panels = plt.subplots(rows, columns, figsize=(WIDTH, min(height, 5.0)), squeeze=False)
    chosen = {name: W[:, list(units)] for name, W in weights.items()}
    limit = max(np.quantile(np.abs(W), 0.998) for W in chosen.values())
    for row, (name, W) in zip(panels, chosen.items(), strict=True):
        for axes, unit, column in zip(row, units, W.T, strict=True):
            _hide_axes(axes)
            shown = axes.imshow(
                column.reshape(shape),
                cmap=DIVERGING,
                vmin=-limit,
                vmax=limit,
                interpolation="nearest",
            )
            if row is panels[0]:
                axes.set_title(f"unit {unit}", fontsize=12.5, fontweight="normal", loc="center")
        row[0].set_ylabel(name, fontsize=13)
    bar = figure.colorbar(shown, ax=panels, orientation="horizontal", shrink=0.5, aspect=40)
    bar.set_label("weight", fontsize=13)
    _title(figure, title)
    plt.close(figure)
    return figure


def _hide_axes(axes: Axes) -> None:
    """No ticks, no grid, no frame; the label stays."""
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _title(figure: Figure, title: str) -> None:
    figure.suptitle(title, x=0.01, ha="left", fontsize=15, fontweight="bold")
