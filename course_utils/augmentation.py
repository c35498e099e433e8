"""More pictures out of those there are: changes that leave the label true, drawn anew each epoch.

Each is a callable (x, y, rng) -> (x, y) on one mini-batch; `fit(..., augment=[flips(), shifts(2)])`
applies them in the order of the list, to training batches only.
"""

from collections.abc import Callable

import numpy as np

from course_utils.validation import require_count, require_images

Batch = tuple[np.ndarray, np.ndarray]
Augmentation = Callable[[np.ndarray, np.ndarray, np.random.Generator], Batch]


def flips() -> Augmentation:
    """Mirror each image, left to right, with probability 1/2: x (N, H, W, C), labels stay."""

    def flip(x, y, rng):
        x = require_images("x", x).copy()
        chosen = rng.random(len(x)) < 0.5
        x[chosen] = x[chosen, :, ::-1]
        return x, y

    return flip


def shifts(pixels: int) -> Augmentation:
    """Move each image by up to `pixels` up or down and left or right, every move equally likely.

    What comes in at the edge is 0, the mean color of standardized images. x (N, H, W, C).
    """
    p = require_count("pixels", pixels)

    def shift(x, y, rng):
        x = require_images("x", x)
        n, height, width, _ = x.shape
        padded = np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)))
        shifted = np.empty_like(x)
        for i, (down, right) in enumerate(rng.integers(0, 2 * p + 1, (n, 2))):
            shifted[i] = padded[i, down : down + height, right : right + width]
        return shifted, y

    return shift
