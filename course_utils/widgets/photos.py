"""A photo to push around, to darken and to shuffle, and what a network says about it.

Its pixels may be shuffled, too: then a network with shuffled rows of weights says the same.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from course_utils.datasets import Dataset
from course_utils.network import Network
from course_utils.style import BACKWARD, COLORS, FORWARD
from course_utils.widgets.base import Demo, slider, switch


def move_photo(
    photo: np.ndarray, shift_x: int = 0, shift_y: int = 0, brightness: float = 1.0
) -> np.ndarray:
    """Return a changed copy of a photo (32, 32, 3) uint8: moved right and down, and brighter.

    What leaves the picture is lost; where nothing comes in, the row or column at the edge is
    repeated. `brightness` is a factor; values above 255 become 255.
    """
    photo = np.asarray(photo)
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8:
        raise ValueError(
            f"photo has shape {photo.shape} and dtype {photo.dtype}, expected one photo "
            "(32, 32, 3) of uint8, as in data.images('test')[0]"
        )
    if brightness < 0:
        raise ValueError(f"brightness is {brightness:g}, expected a factor of at least 0")
    rows, columns = (
        np.clip(np.arange(size) - shift, 0, size - 1)
        for size, shift in zip(photo.shape, (shift_y, shift_x), strict=False)
    )
    return np.clip(np.rint(photo[rows][:, columns] * brightness), 0, 255).astype(np.uint8)


class PhotoExplorer(Demo):
    """Sliders that move and darken a test photo, and the network's ten probabilities.

    `examples` are the indices of the test photos to choose from. `order` (3072,) shuffles the
    numbers of a photo: with "shuffled" ticked the picture shows them so, and the first layer gets
    its rows of weights in the same order.
    """

    height = 345
    alt = "A photo that sliders move and darken, beside ten bars: the network's answer."

    def __init__(
        self, network: Network, data: Dataset, examples: Sequence[int], order: np.ndarray
    ) -> None:
        self.network, self.data, self.order = network, data, np.asarray(order)
        if sorted(self.order.tolist()) != list(range(len(data.mean))):
            raise ValueError(f"order is not a permutation of 0 to {len(data.mean) - 1}")
        self.photos = data.images("test")[list(examples)]
        self.labels = data.y_test[list(examples)]
        self.shuffled_network = network.astype(network.dtype)
        first = self.shuffled_network.layers[0].params
        first["W"] = first["W"][self.order]
        super().__init__()

    def make_controls(self):
        return {
            "example": slider("photo", 0, 0, len(self.photos) - 1, 1, whole=True),
            "shift_x": slider("shift right", 0, -12, 12, 1, whole=True),
            "shift_y": slider("shift down", 0, -12, 12, 1, whole=True),
            "brightness": slider("brightness", 1.0, 0.2, 2.0, 0.1),
            "shuffled": switch("shuffled, weights too", False),
        }

    def draw(self, figure: Figure):
        left, right = figure.subplots(1, 2, width_ratios=(1, 1.4))
        self._image = left.imshow(self.photos[0], interpolation="nearest")
        left.set(xticks=[], yticks=[], title="What the network gets")
        left.grid(False)
        names = self.data.class_names
        self._bars = right.barh(range(len(names)), np.zeros(len(names)), height=0.8)
        self._numbers = [right.text(0, i, "", va="center", fontsize=12) for i in range(len(names))]
        right.set_yticks(range(len(names)), names)
        right.set(xlabel="probability", xlim=(0, 1.12), title="What it says")
        right.invert_yaxis()
        right.grid(axis="y", visible=False)
        return [self._image, *self._bars, *self._numbers]

    def probabilities(self, photo: np.ndarray, shuffled: bool = False) -> np.ndarray:
        """The ten probabilities (10,) for a photo (32, 32, 3) uint8, straight or shuffled."""
        x = (photo.reshape(1, -1) / np.float32(255) - self.data.mean) / self.data.std
        network = self.shuffled_network if shuffled else self.network
        logits = network.forward(x[:, self.order] if shuffled else x)[0]
        exp = np.exp(logits - logits.max())
        return exp / exp.sum()

    def update(self, example: int, shuffled: bool, **changes: float) -> str:
        photo = move_photo(self.photos[example], **changes)
        probabilities = self.probabilities(photo, shuffled)
        shown = photo.reshape(-1)[self.order].reshape(photo.shape) if shuffled else photo
        self._image.set_data(shown)
        said, true = int(probabilities.argmax()), int(self.labels[example])
        colors = {said: BACKWARD, true: FORWARD}
        for k, (bar, number, p) in enumerate(
            zip(self._bars, self._numbers, probabilities, strict=True)
        ):
            bar.set_width(p)
            bar.set_color(colors.get(k, COLORS["gray"]))
            number.set_text(f"{100 * p:.0f}%" if p >= 0.005 else "")
            number.set_x(p + 0.01)
        verdict = "✓ right" if said == true else "× wrong"
        color = FORWARD if said == true else BACKWARD
        return (
            f"It is: {self.data.class_names[true]}. The network says "
            f"<b style='color:{color}'>{self.data.class_names[said]}</b> and is "
            f"{100 * probabilities[said]:.1f}% sure: {verdict}."
        )
