"""Pictures of what a filter finds in a photo.

Photos are (32, 32, 3) uint8 in true colors, filters (3, 3, 3), maps (height, width).
"""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from course_utils.plots.images import WIDTH, _hide_axes, _title
from course_utils.style import DIVERGING


def feature_maps(
    photos: np.ndarray, maps: Mapping[str, np.ndarray], captions: list[str], *, title: str
) -> Figure:
    """A row for each photo: the photo, then the answer of each filter at every place.

    `photos` is (N, 32, 32, 3); `maps` has for each filter's name its maps (N, height, width).
    All maps share one scale of color, symmetric around 0. See where each filter answers.
    """
    figure, panels = plt.subplots(
        len(photos),
        1 + len(maps),
        figsize=(WIDTH, min(5.0, 0.7 + 2.1 * len(photos))),
        squeeze=False,
    )
    limit = max(np.quantile(np.abs(answers), 0.99) for answers in maps.values())
    for row, photo, caption, *answers in zip(panels, photos, captions, *maps.values(), strict=True):
        for axes in row:
            _hide_axes(axes)
        row[0].imshow(photo, interpolation="nearest")
        row[0].set_ylabel(caption, fontsize=13)
        for axes, answer in zip(row[1:], answers, strict=True):
            axes.imshow(answer, cmap=DIVERGING, vmin=-limit, vmax=limit, interpolation="nearest")
    for axes, name in zip(panels[0], ("photo", *maps), strict=True):
        axes.set_title(name, fontsize=13, fontweight="normal", loc="center")
    _title(figure, title)
    plt.close(figure)
    return figure
