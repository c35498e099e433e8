"""A network is a list of layers over one flat vector of parameters and one of gradients.

An optimizer moves that vector without knowing what a layer is.
"""

import copy
import weakref
import zipfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from course_utils.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Sigmoid,
    Tanh,
)
from course_utils.validation import (
    require_count,
    require_finite,
    require_generator,
    require_number,
)

IMAGE_NUMBERS = 300_000
ACTIVATIONS = {"relu": ReLU, "leaky_relu": LeakyReLU, "sigmoid": Sigmoid, "tanh": Tanh}


class Network:
    """Layers in a row. All parameters live in `theta` (P,), all gradients in `grad` (P,).

    The layers' own arrays become views of these two vectors: `theta -= lr * grad` moves every
    weight, and writing to `layers[0].params["W"]` changes `theta`. float32 unless `dtype` says
    otherwise. The layers belong to this network from then on; one that belongs to another network
    is copied, and the other network goes on undisturbed.
    """

    def __init__(self, layers: Sequence[Layer], dtype=np.float32) -> None:
        self.layers = list(layers)
        if not self.layers:
            raise ValueError("layers is empty, expected at least one layer")
        for position, layer in enumerate(self.layers):
            if not isinstance(layer, Layer):
                raise TypeError(f"layers[{position}] is {layer!r}, expected a Layer")
        if len({id(layer) for layer in self.layers}) < len(self.layers):
            raise ValueError("one layer object stands twice in layers, expected separate objects")
        if np.dtype(dtype).kind != "f":
            raise TypeError(f"dtype is {np.dtype(dtype)}, expected a type of floats: np.float32")
        self.layers = [
            copy.deepcopy(layer) if layer.network and layer.network() else layer
            for layer in self.layers
        ]
        self._tie(np.dtype(dtype))

    def _tie(self, dtype: np.dtype) -> None:
        """Copy every parameter into one `theta`, every gradient into one `grad`, in layer order.

        From then on the layers' arrays are views of these two vectors.
        """
        arrays = [array for layer in self.layers for array in layer.params.values()]
        size = sum(array.size for array in arrays)
        self.theta = np.empty(size, dtype)
        self.grad = np.empty(size, dtype)
        start = 0
        for layer in self.layers:
            layer.network = weakref.ref(self)
            for name, array in list(layer.params.items()):
                end = start + array.size
                self.theta[start:end] = array.ravel()
                self.grad[start:end] = layer.grads[name].ravel()
                layer.params.tie(name, self.theta[start:end].reshape(array.shape))
                layer.grads.tie(name, self.grad[start:end].reshape(array.shape))
                start = end
            for name, array in list(layer.buffers.items()):
                layer.buffers.tie(name, array.astype(dtype))

    def __setstate__(self, state: dict) -> None:
        # copy.deepcopy and pickle copy every array on its own: make the copies one memory again
        self.__dict__.update(state)
        self._tie(self.dtype)

    @property
    def dtype(self) -> np.dtype:
        """The type of all numbers in here: that of `theta`."""
        return self.theta.dtype

    def check_input(self, name: str, x: np.ndarray) -> np.ndarray:
        """Return x as an array if the first layer can take it, or raise and call it `name`."""
        return self.layers[0].check_input(name, x)

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """The outputs (N, K) of the last layer for the batch x, rows (N, D) or images (N, H, W, C).

        Raises on NaN in x.
        """
        x = self.check_input("x", x)
        x = x.astype(self.dtype, copy=False)
        require_finite("x", x)
        for layer in self.layers:
            x = layer.forward(x, training=training)
        return x

    def backward(self, grad_outputs: np.ndarray, input_gradient: bool = True) -> np.ndarray | None:
        """Carry dL/d(outputs) back, fill `grad`, return dL/dx (None without `input_gradient`).

        Training does not need dL/dx, and leaving it out saves a third of the first layer's work.
        """
        gradient = np.asarray(grad_outputs, dtype=self.dtype)
        for layer in reversed(self.layers[1:]):
            gradient = layer.backward(gradient)
        if input_gradient:
            return self.layers[0].backward(gradient)
        self.layers[0].parameter_gradients(gradient)
        return None

    def predict(self, x: np.ndarray, batch_size: int | None = None) -> np.ndarray:
        """Class indices (N,) for a network with several outputs, else the outputs (N, 1).

        Computed `batch_size` examples at a time, see `memory_batches`.
        """
        x = self.check_input("x", x)
        outputs = np.concatenate([self.forward(x[few]) for few in memory_batches(x, batch_size)])
        return outputs.argmax(axis=1) if outputs.shape[1] > 1 else outputs

    def named_parameters(self) -> Iterator[tuple[str, np.ndarray]]:
        """Pairs like ("0.W", array), in the order of `theta`; the number is the layer's index."""
        for index, layer in enumerate(self.layers):
            for name, array in layer.params.items():
                yield f"{index}.{name}", array

    def matrices(self, input_layer=False, output_layer=False) -> list[tuple[int, int, int]]:
        """Where the hidden weight matrices lie in `theta`: (start, rows, columns) of each.

        These are the parameters of two dimensions, a convolution's `W` among them. Those of the
        first and of the last such layer are left out unless asked for: `Muon` leaves them to AdamW.
        """
        found, start = [], 0
        for _, array in self.named_parameters():
            if array.ndim == 2:
                found.append((start, *array.shape))
            start += array.size
        return found[0 if input_layer else 1 : len(found) - (not output_layer)]

    def _state(self) -> dict[str, np.ndarray]:
        state = dict(self.named_parameters())
        for index, layer in enumerate(self.layers):
            state |= {f"{index}.{name}": array for name, array in layer.buffers.items()}
        return state

    def snapshot(self) -> dict[str, np.ndarray]:
        """Copies of all parameters and buffers (batch norm's running statistics), by name."""
        return {name: array.copy() for name, array in self._state().items()}

    def restore(self, snapshot: dict[str, np.ndarray]) -> None:
        """Go back to a `snapshot`. Raises, and changes nothing, if names or shapes differ."""
        self._assign(snapshot, "the snapshot")

    def _assign(self, stored: dict[str, np.ndarray], source: str) -> None:
        state = self._state()
        if stored.keys() != state.keys():
            raise ValueError(
                f"{source} holds the arrays {sorted(stored)}, expected {sorted(state)}: "
                "was it saved by a network of another build?"
            )
        for name, array in state.items():
            shape, kind = np.shape(stored[name]), np.asarray(stored[name]).dtype.kind
            if shape != array.shape or kind not in "iuf":
                got = f"shape {shape}" if kind in "iuf" else "no numbers"
                raise ValueError(f"{source}: {name} has {got}, expected {array.shape}")
        for name, array in state.items():
            array[...] = stored[name]

    def astype(self, dtype) -> "Network":
        """An independent copy whose parameters have the given dtype."""
        twin = copy.deepcopy(self)
        twin._tie(np.dtype(dtype))
        return twin

    def save(self, path: str | Path) -> None:
        """Write all parameters and buffers to `path` as npz. The old file stays until done."""
        path = Path(path)
        partial = path.with_name(path.name + ".partial")
        with open(partial, "wb") as file:
            np.savez(file, **self._state())
        partial.replace(path)

    def load(self, path: str | Path) -> None:
        """Read what `save` wrote. Raises, and changes nothing, if names or shapes differ."""
        with open(path, "rb") as file:
            if not zipfile.is_zipfile(file):
                raise ValueError(f"{path} is no complete npz file, expected one that `save` wrote")
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                stored = {name: archive[name] for name in archive.files}
        self._assign(stored, str(path))

    def __repr__(self) -> str:
        inside = ", ".join(map(repr, self.layers))
        return f"Network([{inside}]): {self.theta.size:,} parameters, {self.dtype}"


def memory_batches(x: np.ndarray, batch_size: int | None = None) -> Iterator[slice]:
    """Slices that cut x into batches, for what needs no gradient, so that memory is bounded.

    Without a `batch_size` 1,000 rows, or as many images as hold 300,000 numbers (97 of CIFAR-10):
    the layers in between make many numbers of one.
    """
    if batch_size is None:
        batch_size = 1000 if x.ndim == 2 else max(1, IMAGE_NUMBERS // x[0].size)
    require_count("batch_size", batch_size)
    return (slice(start, start + batch_size) for start in range(0, len(x), batch_size))


def mlp(sizes: Sequence[int], activation: str = "relu", rng=None, init=None) -> Network:
    """The usual stack: Dense layers of the given sizes with an activation between them.

    `mlp([784, 256, 10], rng=rng)` is Dense, ReLU, Dense. `init` is passed to `Dense`; without
    it, He for the two ReLUs and Glorot for sigmoid and tanh.
    """
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation is {activation!r}, expected one of {list(ACTIVATIONS)}")
    if len(sizes) < 2:
        raise ValueError(f"sizes is {list(sizes)}, expected at least an input and an output size")
    if init is None:
        init = "he" if activation in ("relu", "leaky_relu") else "glorot"
    rng = require_generator("rng", rng)
    layers: list[Layer] = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [Dense(fan_in, fan_out, init=init, rng=rng), ACTIVATIONS[activation]()]
    return Network(layers[:-1])


def convnet(
    image_shape: Sequence[int],
    channels: Sequence[int],
    outputs: int,
    *,
    kernel_size: int = 3,
    dropout: float = 0.0,
    rng=None,
) -> Network:
    """The usual stack for images (H, W, C): blocks that halve them, then one Dense layer.

    `convnet((32, 32, 3), [24, 48, 96], 10, rng=rng)` has three blocks of Conv2D, MaxPool2D,
    BatchNorm, ReLU, with 24, 48 and 96 channels, then Flatten and Dense. The pooling stands before
    the batch norm, which has a quarter of the work there. `dropout` is the rate before the Dense
    layer. H and W are halved in each block, rounded down.
    """
    if len(image_shape) != 3:
        raise ValueError(f"image_shape is {tuple(image_shape)}, expected (H, W, C)")
    height, width, channels_in = image_shape
    if len(channels) < 1:
        raise ValueError("channels is empty, expected the channels of at least one block")
    if min(height, width) < 2 ** len(channels):
        raise ValueError(
            f"image_shape is {tuple(image_shape)}: {len(channels)} blocks halve it to nothing, "
            f"expected at least {2 ** len(channels)} pixels each way"
        )
    require_number("dropout", dropout, low=0.0, high=1.0, open_high=True)
    rng = require_generator("rng", rng)
    layers: list[Layer] = []
    for channels_out in channels:
        convolution = Conv2D(channels_in, channels_out, kernel_size, bias=False, rng=rng)
        layers += [convolution, MaxPool2D(2), BatchNorm(channels_out), ReLU()]
        height, width, channels_in = height // 2, width // 2, channels_out
    layers += [Flatten(), Dropout(dropout, rng=rng)] if dropout else [Flatten()]
    return Network([*layers, Dense(height * width * channels_in, outputs, rng=rng)])
