"""A filter to choose or to paint, its map on a photo, and the gradients of one number of the map.

Four steps show the nine products of one place, and where its gradient goes.
"""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.lib.stride_tricks import sliding_window_view

from course_utils.plots.convolution import as_text
from course_utils.style import BACKWARD, COLORS, DIVERGING, FORWARD
from course_utils.widgets.base import Demo, choice, slider
from course_utils.widgets.filter_pad import SIDE, FilterPad

OWN = "your own"
FILTERS = {
    "left to right": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
    "top to bottom": [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
    "corner": [[-2, -1, 0], [-1, 0, 1], [0, 1, 2]],
    "outline": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "blur": [[1 / 9] * 3] * 3,
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
}
"""The filters to begin with, by name."""

STEPS = (
    "forward: nine products, one sum",
    "back to the filter",
    "back to the photo",
    "one pixel, the nine sums that it is in",
)


def answer(photo: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The map (H - 2, W - 2) of a filter (3, 3) on a gray photo (H, W): cross-correlation."""
    return np.einsum("ijuv,uv->ij", sliding_window_view(photo, (SIDE, SIDE)), weights)


class FilterExplorer(Demo):
    """Paint a 3 by 3 filter beside the picture, or choose one, and see what it answers.

    `photos` (N, H, W, 3) uint8 are shown in gray. The square can be moved over the photo; "step"
    goes from the forward pass to the gradients of the one number that the square gives.
    """

    width, height = 980, 330
    alt = (
        "A gray photo with a square on it, the nine pixels in the square, a filter of nine "
        "numbers, and the map of what the filter answers at every place."
    )

    def __init__(self, photos: np.ndarray) -> None:
        photos = np.asarray(photos)
        if photos.ndim != 4 or photos.shape[3] != 3 or photos.dtype != np.uint8:
            raise ValueError(
                f"photos have shape {photos.shape} and dtype {photos.dtype}, expected "
                "(N, 32, 32, 3) of uint8, as in data.images('test')[:8]"
            )
        self.photos = photos.mean(axis=3) / 255
        self._adjusting = False
        super().__init__()
        # a chosen filter goes to the pad, and a painted one is no longer the chosen one
        self.controls["filter"].observe(self._to_pad, names="value")
        self.controls["weights"].observe(self._painted, names="value")

    def make_controls(self):
        count, height, width = self.photos.shape
        start = next(iter(FILTERS))
        pad = FilterPad(value=np.array(FILTERS[start], float))
        return {
            "photo": slider("photo", 0, 0, count - 1, 1, whole=True),
            "row": slider("row", height // 2, 1, height - 2, 1, whole=True),
            "column": slider("column", width // 2, 1, width - 2, 1, whole=True),
            "step": slider("step", 0, 0, len(STEPS) - 1, 1, whole=True),
            "filter": choice("filter", start, [*FILTERS, OWN]),
            "weights": pad,
        }

    def _to_pad(self, change) -> None:
        if change.new != OWN and not self._adjusting:
            self.set(weights=np.array(FILTERS[change.new], float))

    def _painted(self, change) -> None:
        chosen = FILTERS.get(self.controls["filter"].value)
        if chosen is not None and not np.array_equal(chosen, change.new):
            self._adjusting = True
            try:
                self.set(filter=OWN)
            finally:
                self._adjusting = False

    def draw(self, figure: Figure):
        left, patch, weights, right = figure.subplots(1, 4, width_ratios=(1.3, 1, 1, 1.3))
        for axes in (left, patch, weights, right):
            axes.set(xticks=[], yticks=[])
            axes.grid(False)
        blank = np.zeros(self.photos.shape[1:])
        gray = {"cmap": "gray", "vmin": 0, "vmax": 1, "interpolation": "nearest"}
        signed = {"cmap": DIVERGING, "vmin": -1, "vmax": 1, "interpolation": "nearest"}
        self._photo = left.imshow(blank, **gray)
        self._photo_gradient = left.imshow(np.full((*blank.shape, 4), 0.0), interpolation="nearest")
        self._map = right.imshow(blank[1:-1, 1:-1], **signed)
        self._squares = [patch.imshow(np.zeros((3, 3)), **gray)]
        self._squares.append(weights.imshow(np.zeros((3, 3)), **signed))
        self._numbers = [
            [
                axes.text(v, u, "", ha="center", va="center", fontsize=13)
                for u, v in np.ndindex(3, 3)
            ]
            for axes in (patch, weights)
        ]
        loud = {"fill": False, "lw": 3}
        self._box = left.add_patch(Rectangle((0, 0), 3, 3, ec=FORWARD, **loud))
        self._place = right.add_patch(Rectangle((0, 0), 1, 1, ec=BACKWARD, **loud))
        self._titles = [
            axes.text(0.5, 1.04, "", transform=axes.transAxes, ha="center", fontsize=13)
            for axes in (left, patch, weights, right)
        ]
        numbers = [text for nine in self._numbers for text in nine]
        maps = [self._photo, self._photo_gradient, self._map, *self._squares]
        return [*maps, self._box, self._place, *numbers, *self._titles]

    def update(self, photo: int, row: int, column: int, step: int, filter: str, weights) -> str:
        gray = self.photos[photo]
        found = answer(gray, weights)
        patch = gray[row - 1 : row + 2, column - 1 : column + 2]
        z = found[row - 1, column - 1]
        self._photo.set_data(gray)
        self._map.set_data(found)
        limit = max(np.quantile(np.abs(found), 0.99), 1e-6)
        self._map.set_clim(-limit, limit)
        # one output sees a square of pixels; one pixel is seen by a square of outputs
        seen, seeing = (1, 3) if step == 3 else (3, 1)
        self._box.set_bounds(column - seen / 2, row - seen / 2, seen, seen)
        self._place.set_bounds(column - 1 - seeing / 2, row - 1 - seeing / 2, seeing, seeing)
        turned = weights[::-1, ::-1]
        self._show_nine(0, patch, gray_scale=True)
        self._show_nine(1, turned if step == 3 else weights, gray_scale=False)
        self._show_gradient(weights if step == 2 else None, row, column)
        names = self._names(step)
        for title, name in zip(self._titles, names, strict=True):
            title.set_text(name)
            title.set_color(BACKWARD if name.startswith("dL") else COLORS["black"])
        return f"<b>{STEPS[step]}</b>. " + self._sentence(step, patch, weights, z)

    def _names(self, step: int) -> tuple[str, str, str, str]:
        photo, nine, weights, answers = "photo", "nine pixels", "filter", "map"
        if step == 1:
            nine = "dL/dF = the pixels"
        elif step == 2:
            photo = "dL/dX = the filter"
        elif step == 3:
            photo, weights, answers = "one pixel", "filter, turned", "nine sums"
        return photo, nine, weights, answers

    def _show_nine(self, panel: int, numbers: np.ndarray, *, gray_scale: bool) -> None:
        image, limit = self._squares[panel], max(1.0, float(np.abs(numbers).max()))
        image.set_data(numbers)
        if not gray_scale:
            image.set_clim(-limit, limit)
        for text, number in zip(self._numbers[panel], numbers.ravel(), strict=True):
            text.set_text(as_text(round(float(number), 2)))
            dark = number < 0.5 if gray_scale else abs(number) > 0.6 * limit
            text.set_color("white" if dark else "black")

    def _show_gradient(self, weights: np.ndarray | None, row: int, column: int) -> None:
        """Lay the gradient of the photo over it: the filter at its place, 0 elsewhere."""
        colors = np.zeros((*self.photos.shape[1:], 4))
        if weights is not None:
            limit = max(1.0, np.abs(weights).max())
            square = self._squares[1].cmap((weights / limit + 1) / 2)
            colors[row - 1 : row + 2, column - 1 : column + 2] = square
        self._photo_gradient.set_data(colors)

    def _sentence(self, step: int, patch: np.ndarray, weights: np.ndarray, z: float) -> str:
        if step == 0:
            return f"Pixel times number, nine times, added: <b style='color:{FORWARD}'>{z:.2f}</b>."
        if step == 1:
            return "Let dL/dz be 1 here. Each number of the filter was multiplied by its pixel."
        if step == 2:
            return "Each pixel was multiplied by its number of the filter: that is its gradient."
        return (
            "The middle pixel is in nine sums, each time under another number: seen from the pixel "
            "the filter is turned by half."
        )
