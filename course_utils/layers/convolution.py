"""The layers that look at images: convolution, pooling, and the way from images to rows.

Shapes: a batch of images is (N, H, W, C), example, row, column, channel. A convolution is what the
field calls so, a cross-correlation: the filter is laid on the image as it is, not turned around.
"""

from collections.abc import Iterator
from functools import reduce

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course_utils.layers.core import Layer, as_floats, initial_std
from course_utils.validation import require_count, require_generator, require_images

COLUMN_BYTES = 2**20  # of columns written at a time: what a core's cache holds


def columns(x: np.ndarray, kernel_size: int, stride: int = 1) -> np.ndarray:
    """Each window of the images x (N, H, W, C) as a row: (N * H' * W', kernel_size^2 * C).

    The numbers of a window are in the order row, column, channel. This is the one copy of a
    convolution: neighboring windows overlap, so each pixel is written up to kernel_size^2 times.
    """
    windows = sliding_window_view(x, (kernel_size, kernel_size), axis=(1, 2))
    windows = windows[:, ::stride, ::stride].transpose(0, 1, 2, 4, 5, 3)
    return windows.reshape(-1, kernel_size * kernel_size * x.shape[3])


def convolve(x: np.ndarray, W: np.ndarray, kernel_size: int, stride: int = 1) -> np.ndarray:
    """Lay the filters W (kernel_size^2 * C, F) on the images x (N, H, W, C): (N, H', W', F)."""
    size = _output_size(x.shape, kernel_size, stride)
    z = np.empty((*size, W.shape[1]), np.result_type(x, W))
    for few in _a_few(z, W):
        np.matmul(columns(x[few], kernel_size, stride), W, out=z[few].reshape(-1, W.shape[1]))
    return z


def _output_size(shape: tuple[int, ...], kernel_size: int, stride: int) -> tuple[int, int, int]:
    n, height, width, _ = shape
    return n, (height - kernel_size) // stride + 1, (width - kernel_size) // stride + 1


def _a_few(z: np.ndarray, W: np.ndarray) -> Iterator[slice]:
    """Slices of the batch that are so short that the columns of each stay in the cache."""
    bytes_an_image = z.shape[1] * z.shape[2] * W.shape[0] * z.itemsize
    size = max(1, COLUMN_BYTES // bytes_an_image)
    return (slice(start, start + size) for start in range(0, len(z), size))


class Conv2D(Layer):
    """Filters that look at each window of an image with the same weights.

    x (N, H, W, channels_in) becomes (N, H', W', channels_out). `W` is (kernel_size * kernel_size *
    channels_in, channels_out), its rows in the order row, column, channel; `b` is (channels_out,),
    or absent with `bias=False`, as before a batch norm, which takes any bias out. `padding` is the
    number of zeros on each side; "valid" is 0, and "same" as many as give H / stride rows, rounded
    up (with an even kernel one more below and to the right, as PyTorch does). `init` and `rng` as
    in `Dense`, with fan_in the size of a window.
    """

    def __init__(
        self,
        channels_in,
        channels_out,
        kernel_size=3,
        padding="same",
        stride=1,
        bias=True,
        init="he",
        rng=None,
    ) -> None:
        super().__init__()
        self.channels_in = require_count("channels_in", channels_in)
        self.channels_out = require_count("channels_out", channels_out)
        self.kernel_size = require_count("kernel_size", kernel_size)
        self.stride = require_count("stride", stride)
        self.padding = padding
        self.before, self.after = _padding(padding, kernel_size)
        fan_in, fan_out = kernel_size**2 * channels_in, kernel_size**2 * channels_out
        std = initial_std(init, fan_in, fan_out)
        rng = require_generator("rng", rng)
        self.add_parameter("W", rng.normal(0.0, std, (fan_in, channels_out)))
        if bias:
            self.add_parameter("b", np.zeros(channels_out))
        self.x = None

    def check_input(self, name, x):
        x = require_images(name, x, self.channels_in)
        smallest = self.kernel_size - self.before - self.after
        if min(x.shape[1:3]) < smallest:
            raise ValueError(
                f"{name} has shape {x.shape}, expected images of at least {smallest} x {smallest}, "
                f"the size of a filter less its padding"
            )
        return x

    def forward(self, x, training=False):
        x = as_floats(self.check_input("x", x))
        side = (self.before, self.after)
        self.x = np.pad(x, ((0, 0), side, side, (0, 0)))
        z = convolve(self.x, self.params["W"], self.kernel_size, self.stride)
        if "b" in self.params:
            z += self.params["b"]
        self._shape = z.shape
        return z

    def parameter_gradients(self, grad_output):
        # dW = columns^T dZ, as in a dense layer whose examples are the windows
        x, dZ = self._recall("x", grad_output), np.asarray(grad_output)
        dW = self.grads["W"]
        dW[...] = 0
        for few in _a_few(dZ, dW):
            windows = columns(x[few], self.kernel_size, self.stride)
            dW += windows.T @ dZ[few].reshape(-1, self.channels_out)
        if "b" in self.params:
            self.grads["b"] = dZ.sum(axis=0).sum(axis=(0, 1))

    def backward(self, grad_output):
        # a pixel of x met each weight at one place of the output, the last weight first: dX is
        # the spread dZ convolved with the filters turned by 180 degrees, in and out exchanged
        self.parameter_gradients(grad_output)
        k = self.kernel_size
        W = self.params["W"].reshape(k, k, self.channels_in, self.channels_out)
        turned = W[::-1, ::-1].swapaxes(2, 3).reshape(-1, self.channels_in)
        return convolve(self._spread(np.asarray(grad_output)), turned, k)

    def _spread(self, dZ: np.ndarray) -> np.ndarray:
        """dZ among zeros: stride - 1 between its pixels, and around it so many that it has as many
        windows as x has pixels."""
        n, height, width, _ = self.x.shape
        s, start = self.stride, self.kernel_size - 1 - self.before
        more = start - self.after
        spread = np.zeros((n, height + more, width + more, self.channels_out), dZ.dtype)
        spread[:, start::s, start::s][:, : dZ.shape[1], : dZ.shape[2]] = dZ
        return spread

    def __repr__(self):
        settings = {"kernel_size": 3, "padding": "same", "stride": 1}
        changed = [
            f", {k}={getattr(self, k)!r}" for k, v in settings.items() if getattr(self, k) != v
        ]
        return f"Conv2D({self.channels_in}, {self.channels_out}{''.join(changed)})"


def _padding(padding: str | int, kernel_size: int) -> tuple[int, int]:
    """How many zeros stand before and after the pixels of a row or column."""
    if padding == "same":
        return (kernel_size - 1) // 2, kernel_size // 2
    if padding == "valid":
        return 0, 0
    if isinstance(padding, str):
        raise ValueError(f"padding is {padding!r}, expected 'same', 'valid' or a number of pixels")
    require_count("padding", padding, low=0)
    if padding >= kernel_size:
        raise ValueError(
            f"padding is {padding}, expected less than kernel_size {kernel_size}: "
            "some windows would hold nothing but zeros"
        )
    return padding, padding


class _Pool(Layer):
    """Something that makes one number of each size x size window, channel by channel.

    Windows do not overlap. Rows and columns at the end that fill no window are left out.
    """

    def __init__(self, size=2) -> None:
        super().__init__()
        self.size = require_count("size", size)
        self.x = None

    def check_input(self, name, x):
        x = require_images(name, x)
        if min(x.shape[1:3]) < self.size:
            raise ValueError(
                f"{name} has shape {x.shape}, expected images of at least "
                f"{self.size} x {self.size}, the size of a window"
            )
        return x

    def _places(self, x: np.ndarray) -> list[np.ndarray]:
        """Views of x: the first pixels of all windows, the second ones, and so on, row by row."""
        s = self.size
        x = x[:, : x.shape[1] // s * s, : x.shape[2] // s * s]
        return [x[:, i::s, j::s] for i in range(s) for j in range(s)]

    @property
    def _output_shape(self):
        n, height, width, channels = self.x.shape
        return n, height // self.size, width // self.size, channels

    def __repr__(self):
        return f"{type(self).__name__}({self.size})"


class MaxPool2D(_Pool):
    """The largest number of each window; only the pixel that won gets its gradient.

    Of equal pixels the first wins, row by row, as in PyTorch.
    """

    def forward(self, x, training=False):
        self.x = as_floats(self.check_input("x", x))
        self.z = reduce(np.maximum, self._places(self.x))
        return self.z

    def winners(self) -> np.ndarray:
        """Which pixel won, of each window: its number in the window, row by row."""
        equal = [place == self.z for place in self._places(self.x)]
        return np.argmax(equal, axis=0)

    def backward(self, grad_output):
        x = self._recall("x", grad_output)
        grad_input = np.zeros_like(x)
        waiting = np.ones(self.z.shape, dtype=bool)
        for place, grad_place in zip(self._places(x), self._places(grad_input), strict=True):
            won = (place == self.z) & waiting
            np.multiply(grad_output, won, out=grad_place)
            waiting ^= won
        return grad_input


class AveragePool2D(_Pool):
    """The mean of each window; each of its pixels gets an equal share of the gradient."""

    def forward(self, x, training=False):
        self.x = as_floats(self.check_input("x", x))
        return sum(self._places(self.x)) / self.size**2

    def backward(self, grad_output):
        grad_input = np.zeros_like(self._recall("x", grad_output))
        share = grad_output / self.size**2
        for grad_place in self._places(grad_input):
            grad_place[...] = share
        return grad_input


class GlobalAveragePool(Layer):
    """The mean of each channel over the whole image: (N, H, W, C) becomes (N, C)."""

    def check_input(self, name, x):
        return require_images(name, x)

    def forward(self, x, training=False):
        self.x = as_floats(self.check_input("x", x))
        return self.x.mean(axis=(1, 2))

    def backward(self, grad_output):
        x = self._recall("x", grad_output)
        share = np.asarray(grad_output)[:, None, None, :] / (x.shape[1] * x.shape[2])
        return np.broadcast_to(share, x.shape).copy()

    @property
    def _output_shape(self):
        return len(self.x), self.x.shape[3]


class Flatten(Layer):
    """Images as rows, (N, H, W, C) to (N, H * W * C), in the order row, column, channel."""

    def forward(self, x, training=False):
        x = as_floats(self.check_input("x", x))
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, grad_output):
        return np.asarray(grad_output).reshape(self._recall("shape", grad_output))

    @property
    def _output_shape(self):
        return self.shape[0], int(np.prod(self.shape[1:]))
