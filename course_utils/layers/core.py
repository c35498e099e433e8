"""What every layer is, and the layers that work on rows of numbers.

A layer knows nothing of its neighbors, of the loss or of the optimizer.

Shapes: rows are examples. x is (N, D), a gradient dX = dL/dX always has the shape of X.
Layers never divide by N: the loss is a mean over the batch, so its gradient has the only 1/N.
What treats each number alone, and batch norm and dropout, take images (N, H, W, C), too.
"""

import numpy as np

from course_utils.validation import (
    as_array,
    require_batch,
    require_count,
    require_finite,
    require_generator,
    require_number,
    require_rows,
)


class Tensors(dict):
    """Named arrays. Assigning to a name copies the values *into* the array that is there.

    So `layer.params["W"] = W` keeps the array a view of the network's flat vector.
    """

    def __setitem__(self, name: str, value: np.ndarray) -> None:
        if name not in self:
            raise KeyError(f"there is no array named {name!r}, expected one of {list(self)}")
        value = as_array(name, value)
        if value.shape != self[name].shape:
            raise ValueError(f"{name} is given shape {value.shape}, expected {self[name].shape}")
        self[name][...] = value

    def update(self, *args, **kwargs) -> None:
        for name, value in dict(*args, **kwargs).items():
            require_finite(name, as_array(name, value))
            self[name] = value

    def tie(self, name: str, array: np.ndarray) -> None:
        """Make `name` stand for `array` itself: the one way to exchange the memory."""
        super().__setitem__(name, array)

    def __reduce__(self):
        return (type(self), (dict(self),))


def as_floats(x: np.ndarray) -> np.ndarray:
    """The array x as floats; integers such as pixels become float64."""
    return x if x.dtype.kind == "f" else x.astype(np.float64)


def initial_std(init: str | float, fan_in: int, fan_out: int) -> float:
    """The standard deviation that `init` stands for: "he", "glorot", or the number itself."""
    if not isinstance(init, str):
        return require_number("init", init, low=0.0)
    stds = {"he": np.sqrt(2 / fan_in), "glorot": np.sqrt(2 / (fan_in + fan_out))}
    if init not in stds:
        raise ValueError(f"init is {init!r}, expected one of {list(stds)} or a number")
    return stds[init]


class Layer:
    """What every layer has: `params`, `grads` (same names, same shapes), `forward`, `backward`.

    `buffers` holds arrays that belong to the layer but are not learned by gradients. `network` is
    a weak reference to the network whose vector its parameters live in, if there is one.
    """

    network = None

    def __getstate__(self) -> dict:
        # a copy belongs to no network until one takes it
        return {name: value for name, value in vars(self).items() if name != "network"}

    def __init__(self) -> None:
        self.params = Tensors()
        self.grads = Tensors()
        self.buffers = Tensors()

    def add_parameter(self, name: str, value: np.ndarray) -> None:
        """Let the layer learn the array `value` under `name`; its gradient starts at 0."""
        self.params.tie(name, value)
        self.grads.tie(name, np.zeros_like(value))

    def check_input(self, name: str, x: np.ndarray) -> np.ndarray:
        """Return x as an array if this layer can take it, or raise and call it `name`."""
        return require_batch(name, x)

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the layer's output for the batch x, (N, D) or (N, H, W, C); cache what backward
        needs."""
        raise NotImplementedError

    def backward(self, grad_output: np.ndarray) -> np.ndarray:
        """Take dL/d(output), overwrite `grads`, return dL/d(input). Nothing is updated here."""
        raise NotImplementedError

    def parameter_gradients(self, grad_output: np.ndarray) -> None:
        """The half of `backward` that fills `grads`: all the first layer of a network needs."""
        if self.params:
            self.backward(grad_output)

    def _recall(self, name: str, grad_output: np.ndarray) -> np.ndarray:
        """The array that `forward` cached under `name`, once `grad_output` is known to fit."""
        cached = self.__dict__.get(name)
        if cached is None:
            raise RuntimeError(f"{self!r}: backward was called before forward")
        expected = self._output_shape
        if np.shape(grad_output) != expected:
            raise ValueError(
                f"{self!r}: grad_output has shape {np.shape(grad_output)}, "
                f"expected {expected}, the shape of the last output"
            )
        return cached

    @property
    def _output_shape(self) -> tuple[int, ...]:
        return self._shape

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Dense(Layer):
    """A fully connected layer, Z = X W + b, with W (fan_in, fan_out) and b (fan_out,).

    `init` is "he" (normal, std sqrt(2 / fan_in); He et al. 2015), "glorot" (normal,
    std sqrt(2 / (fan_in + fan_out)); Glorot, Bengio 2010) or a number, the std itself.
    Biases start at 0. `rng` is a `numpy.random.Generator`; None draws differently each time.
    """

    def __init__(self, fan_in, fan_out, init="he", rng=None) -> None:
        super().__init__()
        self.fan_in = require_count("fan_in", fan_in)
        self.fan_out = require_count("fan_out", fan_out)
        std = initial_std(init, fan_in, fan_out)
        rng = require_generator("rng", rng)
        self.add_parameter("W", rng.normal(0.0, std, (fan_in, fan_out)))
        self.add_parameter("b", np.zeros(fan_out))
        self.x = None

    def check_input(self, name, x):
        return require_rows(name, x, self.fan_in)

    def forward(self, x, training=False):
        self.x = as_floats(self.check_input("x", x))
        z = self.x @ self.params["W"]
        z += self.params["b"]
        return z

    def parameter_gradients(self, grad_output):
        # dW = X^T dZ and db = sum of dZ over the batch, written into the arrays that are there
        x = self._recall("x", grad_output)
        np.matmul(x.T, grad_output, out=self.grads["W"], casting="same_kind")
        np.sum(grad_output, axis=0, out=self.grads["b"])

    def backward(self, grad_output):
        self.parameter_gradients(grad_output)
        return grad_output @ self.params["W"].T  # dX = dZ W^T

    @property
    def _output_shape(self):
        return (len(self.x), self.fan_out)

    def __repr__(self):
        return f"Dense({self.fan_in}, {self.fan_out})"


class _Activation(Layer):
    """A function applied to each entry; caches the derivative's ingredient in `cache`."""

    def __init__(self) -> None:
        super().__init__()
        self.cache = None

    @property
    def _output_shape(self):
        return self.cache.shape


class ReLU(_Activation):
    """max(0, z). Its derivative is 1 where z > 0 and 0 elsewhere (at z = 0 we choose 0)."""

    def forward(self, x, training=False):
        x = as_floats(self.check_input("x", x))
        self.cache = x > 0
        return np.maximum(x, 0)

    def backward(self, grad_output):
        return grad_output * self._recall("cache", grad_output)


class LeakyReLU(_Activation):
    """z where z > 0, slope * z elsewhere: a negative unit still learns (Maas et al. 2013)."""

    def __init__(self, slope=0.01) -> None:
        super().__init__()
        self.slope = require_number("slope", slope, low=0.0, high=1.0, open_high=True)

    def forward(self, x, training=False):
        x = as_floats(self.check_input("x", x))
        self.cache = x > 0
        return np.where(self.cache, x, self.slope * x)

    def backward(self, grad_output):
        positive = self._recall("cache", grad_output)
        return np.where(positive, grad_output, self.slope * np.asarray(grad_output))

    def __repr__(self):
        return f"LeakyReLU({self.slope:g})"


class Sigmoid(_Activation):
    """1 / (1 + exp(-z)), with derivative a (1 - a) from the output a; safe for any z."""

    def forward(self, x, training=False):
        x = as_floats(self.check_input("x", x))
        # exp(-log(1 + exp(-z))) is the same number, and neither exponent can overflow
        self.cache = np.exp(-np.logaddexp(0, -x))
        return self.cache

    def backward(self, grad_output):
        a = self._recall("cache", grad_output)
        return grad_output * (a * (1 - a))


class Tanh(_Activation):
    """tanh(z), with derivative 1 - a^2 from the output a."""

    def forward(self, x, training=False):
        self.cache = np.tanh(as_floats(self.check_input("x", x)))
        return self.cache

    def backward(self, grad_output):
        a = self._recall("cache", grad_output)
        return grad_output * (1 - a * a)


class Dropout(_Activation):
    """In training, zero each entry with probability `rate` and divide the rest by 1 - rate.

    Of images, whole channels: neighboring pixels say nearly the same, so a single one is not
    missed (Tompson et al. 2015, section 3.2). Inverted dropout (Srivastava et al. 2014, section
    10): the mean stays what it was, so at inference the layer does nothing. The mask comes from
    `rng`, drawn anew at each forward.
    """

    def __init__(self, rate, rng=None) -> None:
        super().__init__()
        self.rate = require_number("rate", rate, low=0.0, high=1.0, open_high=True)
        self.rng = require_generator("rng", rng)

    def forward(self, x, training=False):
        x = as_floats(self.check_input("x", x))
        self._shape = x.shape
        shape = x.shape if x.ndim == 2 else (len(x), 1, 1, x.shape[3])
        if training:
            keep = 1 - self.rate
            self.cache = (self.rng.random(shape) < keep).astype(x.dtype) / x.dtype.type(keep)
        else:
            self.cache = np.ones(shape, x.dtype)
        return x * self.cache

    def backward(self, grad_output):
        return grad_output * self._recall("cache", grad_output)

    @property
    def _output_shape(self):
        return self._shape

    def __repr__(self):
        return f"Dropout({self.rate:g})"


class BatchNorm(Layer):
    """Normalize each feature over the batch, then scale by `gamma` and shift by `beta`.

    Ioffe, Szegedy 2015, algorithm 1. In training the batch's own mean and (biased) variance
    are used, and running averages of the mean and the unbiased variance are kept in `buffers`;
    at inference those stand in. `momentum` is the weight of the new batch, as in PyTorch. The
    features of images (N, H, W, C) are their channels: every pixel counts as an example.
    """

    def __init__(self, features, momentum=0.1, eps=1e-5) -> None:
        super().__init__()
        self.features = require_count("features", features)
        self.momentum = require_number("momentum", momentum, low=0.0, high=1.0)
        self.eps = require_number("eps", eps, low=0.0)
        self.add_parameter("gamma", np.ones(features))
        self.add_parameter("beta", np.zeros(features))
        self.buffers.tie("running_mean", np.zeros(features))
        self.buffers.tie("running_var", np.ones(features))
        self.x_hat = None

    def check_input(self, name, x):
        return require_batch(name, x, self.features)

    def forward(self, x, training=False):
        x = as_floats(self.check_input("x", x))
        rows = x.reshape(len(x), -1)
        self._shape, self._pixels = x.shape, rows.shape[1] // self.features
        if training:
            n = x.size // self.features
            if n < 2:
                raise ValueError(
                    f"x has shape {x.shape}: batch norm in training needs at least 2 rows, "
                    "one example has no variance (is it the last mini-batch of an epoch?)"
                )
            mean = self._mean(rows)
            centered = rows - self._spread(mean)
            var = self._mean(centered * centered)
            for name, now in (("running_mean", mean), ("running_var", var * (n / (n - 1)))):
                running = self.buffers[name]
                running += self.momentum * (now - running)
        else:
            centered = rows - self._spread(self.buffers["running_mean"])
            var = self.buffers["running_var"]
        self.training = training
        self.std = np.sqrt(var + self.eps)
        self.x_hat = centered / self._spread(self.std)
        y = self._spread(self.params["gamma"]) * self.x_hat + self._spread(self.params["beta"])
        return y.reshape(x.shape)

    def backward(self, grad_output):
        x_hat = self._recall("x_hat", grad_output)
        dy = np.asarray(grad_output).reshape(x_hat.shape)
        self.grads["gamma"] = self._sum(dy * x_hat)
        self.grads["beta"] = self._sum(dy)
        dx_hat = dy * self._spread(self.params["gamma"])
        if self.training:
            # mean and variance depend on every row, so each row's gradient loses the part
            # that only moves the mean and the part that only stretches the batch
            along = x_hat * self._spread(self._mean(dx_hat * x_hat))
            dx_hat = dx_hat - self._spread(self._mean(dx_hat)) - along
        return (dx_hat / self._spread(self.std)).reshape(self._shape)

    # An image is a row of H * W times the features: NumPy is quickest along rows that are long.

    def _sum(self, rows: np.ndarray) -> np.ndarray:
        """The sum of each feature, (features,), over the rows and over the pixels of each."""
        return rows.sum(axis=0).reshape(-1, self.features).sum(axis=0)

    def _mean(self, rows: np.ndarray) -> np.ndarray:
        return self._sum(rows) / rows.dtype.type(rows.size // self.features)

    def _spread(self, vector: np.ndarray) -> np.ndarray:
        """One number a feature, repeated for each pixel of a row."""
        return np.tile(vector, self._pixels)

    def __repr__(self):
        return f"BatchNorm({self.features})"
