"""A digit to push around or to draw, and what a network says about it at every moment.

Shift, turn, resize or thicken a test image, or draw one, and ten bars show the probabilities.
"""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageFilter

from course_utils.datasets import Dataset
from course_utils.network import Network
from course_utils.style import BACKWARD, COLORS, FORWARD
from course_utils.widgets.base import Demo, slider, switch
from course_utils.widgets.drawing_pad import DrawingPad

FINER = 4  # strokes are thickened on a grid this many times finer than the image


def move_digit(
    image: np.ndarray,
    shift_x: float = 0.0,
    shift_y: float = 0.0,
    angle: float = 0.0,
    size: float = 1.0,
    thickness: float = 0.0,
) -> np.ndarray:
    """Return a changed copy of a gray image (height, width) uint8; what leaves it is lost.

    Shifts are in pixels, to the right and down; `angle` in degrees, counterclockwise, and `size`
    a factor, both around the middle of the image. `thickness` is in pixels that a stroke gains,
    or loses if negative, in steps of half a pixel. Without a change the image stays as it is.
    """
    image = np.asarray(image)
    if image.ndim != 2 or image.dtype != np.uint8:
        raise ValueError(
            f"image has shape {image.shape} and dtype {image.dtype}, expected one gray image "
            "(height, width) of uint8, as in data.images('test')[0]"
        )
    if size <= 0:
        raise ValueError(f"size is {size:g}, expected a factor above 0")
    picture = Image.fromarray(image)
    steps = round(FINER * abs(thickness) / 2)  # half of the gain on each side of the stroke
    if steps:
        fine = picture.resize([FINER * side for side in picture.size], Image.Resampling.BICUBIC)
        widen = ImageFilter.MaxFilter if thickness > 0 else ImageFilter.MinFilter
        picture = fine.filter(widen(2 * steps + 1)).reduce(FINER)
    # PIL asks for the way back: from a place in the new image to its place in the old one
    middle_x, middle_y = picture.width / 2, picture.height / 2
    cos, sin = (f(math.radians(angle)) / size for f in (math.cos, math.sin))
    to_x, to_y = middle_x + shift_x, middle_y + shift_y
    back = (cos, -sin, middle_x - cos * to_x + sin * to_y)
    back += (sin, cos, middle_y - sin * to_x - cos * to_y)
    moved = picture.transform(picture.size, Image.Transform.AFFINE, back, Image.Resampling.BILINEAR)
    return np.asarray(moved)


def place_like_mnist(ink: np.ndarray) -> np.ndarray:
    """Return a drawing (28, 28) as MNIST holds it: 20 pixels tall or wide, mass on pixel 14.

    What is empty stays empty. LeCun, Cortes, Burges describe this preparation with the data.
    """
    rows, columns = np.nonzero(ink.any(axis=1))[0], np.nonzero(ink.any(axis=0))[0]
    if not len(rows):
        return ink.copy()
    drawn = Image.fromarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    factor = 20 / max(drawn.size)
    size = [max(1, round(factor * side)) for side in drawn.size]
    small = np.asarray(drawn.resize(size, Image.Resampling.BILINEAR), dtype=float)
    corner = []
    for axis, length in enumerate(small.shape):
        mass = small.sum(axis=1 - axis)
        middle = (mass * np.arange(length)).sum() / mass.sum()
        corner.append(int(np.clip(round(14 - middle), 0, 28 - length)))
    placed = np.zeros_like(ink)
    placed[corner[0] : corner[0] + small.shape[0], corner[1] : corner[1] + small.shape[1]] = small
    return placed


class _DigitDemo(Demo):
    """An image (28, 28) uint8 on the left, ten bars with the network's answer on the right.

    `data` also standardizes the image as the network has learned it.
    """

    def __init__(self, network: Network, data: Dataset) -> None:
        self.network, self.data = network, data
        super().__init__()

    def probabilities(self, image: np.ndarray) -> np.ndarray:
        """The ten probabilities (10,) that the network gives to one image (28, 28) uint8."""
        pixels = image.reshape(1, -1) / np.float32(255)
        logits = self.network.forward((pixels - self.data.mean) / self.data.std)[0]
        exp = np.exp(logits - logits.max())
        return exp / exp.sum()

    def draw(self, figure: Figure):
        left, right = figure.subplots(1, 2, width_ratios=(1, 1.7))
        empty = np.zeros((28, 28), np.uint8)
        self._image = left.imshow(empty, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
        left.set(xlabel="column (pixels)", ylabel="row (pixels)", title="What the network gets")
        left.grid(False)
        names = self.data.class_names
        self._bars = right.bar(range(len(names)), np.zeros(len(names)), width=0.8)
        self._numbers = [right.text(i, 0, "", ha="center", fontsize=12) for i in range(len(names))]
        right.set_xticks(range(len(names)), names)
        right.set(xlabel="class", ylabel="probability", ylim=(0, 1.12), title="What it says")
        right.grid(axis="x", visible=False)
        return [self._image, *self._bars, *self._numbers]

    def show(self, image: np.ndarray, probabilities: np.ndarray, colors: dict[int, str]) -> None:
        """Put the image and its probabilities into the figure; a class without color is gray."""
        self._image.set_data(image)
        for k, (bar, number, p) in enumerate(
            zip(self._bars, self._numbers, probabilities, strict=True)
        ):
            bar.set_height(p)
            bar.set_color(colors.get(k, COLORS["gray"]))
            number.set_text(f"{100 * p:.0f}%" if p >= 0.005 else "")
            number.set_y(p + 0.02)


class DigitMover(_DigitDemo):
    """Sliders that move a test image of MNIST, and the probabilities the network gives it.

    `examples` are the indices of the test images to choose from.
    """

    height = 345  # two rows of controls stand above it
    alt = "A digit that sliders shift, turn and thicken, beside ten bars: the network's answer."

    def __init__(self, network: Network, data: Dataset, examples: Sequence[int]) -> None:
        self.images = data.images("test")[list(examples)]
        self.labels = data.y_test[list(examples)]
        super().__init__(network, data)

    def make_controls(self):
        return {
            "example": slider("example", 0, 0, len(self.images) - 1, 1, whole=True),
            "shift_x": slider("shift right", 0, -10, 10, 1, whole=True),
            "shift_y": slider("shift down", 0, -10, 10, 1, whole=True),
            "angle": slider("turn", 0, -180, 180, 5, whole=True),
            "size": slider("size", 1.0, 0.4, 1.6, 0.1),
            "thickness": slider("thickness", 0.0, -1.0, 3.0, 0.5),
        }

    def update(self, example: int, **changes: float) -> str:
        image = move_digit(self.images[example], **changes)
        probabilities = self.probabilities(image)
        said, true = int(probabilities.argmax()), int(self.labels[example])
        self.show(image, probabilities, {said: BACKWARD, true: FORWARD})
        verdict = "✓ right" if said == true else "× wrong"
        color = FORWARD if said == true else BACKWARD
        return (
            f"It is a {self.data.class_names[true]}. The network says "
            f"<b style='color:{color}'>{self.data.class_names[said]}</b> and is "
            f"{100 * probabilities[said]:.1f}% sure: {verdict}."
        )


class DigitPad(_DigitDemo):
    """A pad to draw on, and what the network says while the pen moves.

    `start` is the drawing shown first, (28, 28) with values from 0 to 1; else the pad is empty.
    """

    width, height = 900, 330  # the pad stands beside it
    alt = "A drawn digit as the network gets it, beside ten bars: the network's answer."

    def __init__(self, network: Network, data: Dataset, start: np.ndarray | None = None) -> None:
        self.start = start
        super().__init__(network, data)

    def make_controls(self):
        pad = DrawingPad() if self.start is None else DrawingPad(value=self.start)
        return {"pad": pad, "placed": switch("placed and sized as in MNIST", True)}

    def update(self, pad: np.ndarray, placed: bool) -> str:
        ink = np.rint(255 * pad).astype(np.uint8)
        if not ink.any():
            self.show(ink, np.zeros(len(self.data.class_names)), {})
            return "Draw a digit from 0 to 9, large, with one hand on the mouse."
        image = place_like_mnist(ink) if placed else ink
        probabilities = self.probabilities(image)
        said = int(probabilities.argmax())
        self.show(image, probabilities, {said: FORWARD})
        return (
            f"The network says <b style='color:{FORWARD}'>{self.data.class_names[said]}</b> and "
            f"is {100 * probabilities[said]:.1f}% sure."
        )
