"""The seven optimizers of notebook 05, from SGD to AdamW, and what all optimizers have in common.

In the docstrings g is the gradient, theta the parameters, and all operations are entry by entry.
The code runs the same equations in place, in a scratch vector made once.
"""

import math

import numpy as np

from course_utils.validation import require_number, require_same_shape


class Optimizer:
    """What all have: a settable `lr`, the step count `t`, and `step(theta, grad)`.

    `weight_decay` adds weight_decay * theta to the gradient: L2 regularization.
    State (`velocity`, `m`, `v`) is None before the first step and has theta's shape after it.
    It belongs to that one vector: give each network an optimizer of its own.
    """

    state_names: tuple[str, ...] = ()

    def __init__(self, lr: float, weight_decay: float = 0.0) -> None:
        self.lr = lr
        self.weight_decay = require_number("weight_decay", weight_decay, low=0.0)
        self.t = 0
        self._scratch = None
        for name in self.state_names:
            setattr(self, name, None)

    @property
    def lr(self) -> float:
        """The learning rate; it may be set at any time to a finite number >= 0."""
        return self._lr

    @lr.setter
    def lr(self, value: float) -> None:
        self._lr = require_number("lr", value, low=0.0)

    def step(self, theta: np.ndarray, grad: np.ndarray) -> None:
        """Update `theta` in place. Raises on a list, on integers and on another shape."""
        self._check(theta, grad)
        if grad.dtype.kind != "f":  # the square of a small integer type overflows
            grad = grad.astype(theta.dtype)
        if self._scratch is None:
            self._scratch = np.empty((2, *theta.shape), theta.dtype)
            for name in self.state_names:
                setattr(self, name, np.zeros_like(theta))
        self.t += 1
        self._update(theta, self._regularized(theta, grad), self._scratch[0, ...])

    def _regularized(self, theta: np.ndarray, grad: np.ndarray) -> np.ndarray:
        """g + weight_decay * theta; the caller's gradient is never changed."""
        if self.weight_decay == 0.0:
            return grad
        regularized = np.multiply(theta, self.weight_decay, out=self._scratch[1, ...])
        regularized += grad
        return regularized

    def _update(self, theta: np.ndarray, g: np.ndarray, scratch: np.ndarray) -> None:
        """The equations of the method; `scratch` is memory of theta's shape to work in."""
        raise NotImplementedError

    def to_evaluation_point(self, theta: np.ndarray) -> None:
        """Change theta, in place, into the point to measure at. For most that is where it is."""

    def to_training_point(self, theta: np.ndarray) -> None:
        """Change theta, in place, back into the point at which gradients are taken."""

    def _check(self, theta: np.ndarray, grad: np.ndarray) -> None:
        if not isinstance(theta, np.ndarray) or not np.issubdtype(theta.dtype, np.floating):
            got = f"dtype {theta.dtype}" if isinstance(theta, np.ndarray) else type(theta).__name__
            raise TypeError(
                f"theta is {got}, expected a NumPy array of floats: step changes it in place"
            )
        if not isinstance(grad, np.ndarray):
            raise TypeError(f"grad is {type(grad).__name__}, expected a NumPy array")
        if grad.dtype.kind not in "iuf":
            raise TypeError(f"grad has dtype {grad.dtype}, expected real numbers")
        if not theta.flags.writeable:
            raise ValueError("theta is read-only, but step changes it in place: pass a copy")
        require_same_shape("grad", grad, "theta", theta)
        if self._scratch is not None and self._scratch.shape[1:] != theta.shape:
            raise ValueError(
                f"theta has shape {theta.shape}, but this {type(self).__name__} keeps state for "
                f"shape {self._scratch.shape[1:]}: make a new optimizer for another vector"
            )

    def __repr__(self) -> str:
        hidden = ("t", "trained", *self.state_names)
        public = {k: v for k, v in vars(self).items() if k[0] != "_" and k not in hidden}
        shown = [
            f"{k}={v!r}" if isinstance(v, str) else f"{k}={v:g}"
            for k, v in ({"lr": self.lr} | public).items()
        ]
        return f"{type(self).__name__}({', '.join(shown)})"


class SGD(Optimizer):
    """theta <- theta - lr g."""

    def __init__(self, lr, weight_decay=0.0) -> None:
        super().__init__(lr, weight_decay)

    def _update(self, theta, g, scratch):
        theta -= np.multiply(g, self.lr, out=scratch)


class Momentum(Optimizer):
    """velocity <- mu velocity + g;  theta <- theta - lr velocity.

    The classical form (Polyak 1964), as in PyTorch. A constant gradient is followed at
    lr / (1 - mu) in the end.
    """

    state_names = ("velocity",)

    def __init__(self, lr, momentum=0.9, weight_decay=0.0) -> None:
        super().__init__(lr, weight_decay)
        self.momentum = require_number("momentum", momentum, low=0.0, high=1.0, open_high=True)

    def _update(self, theta, g, scratch):
        self.velocity *= self.momentum
        self.velocity += g
        theta -= np.multiply(self.velocity, self.lr, out=scratch)


class Nesterov(Momentum):
    """velocity <- mu velocity + g;  theta <- theta - lr (g + mu velocity).

    Momentum that looks one step ahead (Sutskever et al. 2013), in PyTorch's form.
    """

    def _update(self, theta, g, scratch):
        self.velocity *= self.momentum
        self.velocity += g
        np.multiply(self.velocity, self.momentum, out=scratch)
        scratch += g
        scratch *= self.lr
        theta -= scratch


class AdaGrad(Optimizer):
    """v <- v + g^2;  theta <- theta - lr g / (sqrt(v) + eps).

    Duchi et al. 2011. v only grows, so each parameter's step only shrinks.
    """

    state_names = ("v",)

    def __init__(self, lr, eps=1e-10, weight_decay=0.0) -> None:
        super().__init__(lr, weight_decay)
        self.eps = require_number("eps", eps, low=0.0)

    def _update(self, theta, g, scratch):
        self.v += np.square(g, out=scratch)
        theta -= self._scaled_gradient(g, scratch)

    def _scaled_gradient(self, g, scratch):
        """lr g / (sqrt(v) + eps)"""
        np.sqrt(self.v, out=scratch)
        scratch += self.eps
        np.divide(g, scratch, out=scratch)
        scratch *= self.lr
        return scratch


class RMSProp(AdaGrad):
    """v <- decay v + (1 - decay) g^2;  theta <- theta - lr g / (sqrt(v) + eps).

    Tieleman, Hinton 2012. v starts at 0 and is not corrected for it, so the first step is
    lr / sqrt(1 - decay) in each coordinate.
    """

    def __init__(self, lr, decay=0.9, eps=1e-8, weight_decay=0.0) -> None:
        super().__init__(lr, eps, weight_decay)
        self.decay = require_number("decay", decay, low=0.0, high=1.0, open_high=True)

    def _update(self, theta, g, scratch):
        np.square(g, out=scratch)
        scratch *= 1 - self.decay
        self.v *= self.decay
        self.v += scratch
        theta -= self._scaled_gradient(g, scratch)


class Adam(Optimizer):
    """m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g^2;
    theta <- theta - lr m_hat / (sqrt(v_hat) + eps).

    Kingma, Ba 2014, algorithm 1: m_hat = m / (1 - beta1^t) and v_hat = v / (1 - beta2^t)
    correct for the start at 0, t counts from 1, and eps stands outside the root.
    """

    state_names = ("m", "v")

    def __init__(self, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0) -> None:
        super().__init__(lr, weight_decay)
        self.beta1 = require_number("beta1", beta1, low=0.0, high=1.0, open_high=True)
        self.beta2 = require_number("beta2", beta2, low=0.0, high=1.0, open_high=True)
        self.eps = require_number("eps", eps, low=0.0)

    def _update(self, theta, g, scratch):
        self.m *= self.beta1
        self.m += np.multiply(g, 1 - self.beta1, out=scratch)

        np.square(g, out=scratch)
        scratch *= 1 - self.beta2
        self.v *= self.beta2
        self.v += scratch

        # with c = sqrt(1 - beta2^t), sqrt(v_hat) is sqrt(v) / c: multiply numerator and denominator
        # by c, and both corrections are numbers, not vectors
        c = math.sqrt(1 - self.beta2**self.t)
        np.sqrt(self.v, out=scratch)
        scratch += c * self.eps
        np.divide(self.m, scratch, out=scratch)
        scratch *= self.lr * c / (1 - self.beta1**self.t)
        theta -= scratch


class AdamW(Adam):
    """Adam with decoupled weight decay: theta shrinks by lr * weight_decay before Adam's step.

    Loshchilov, Hutter 2019. The decay never enters m and v, unlike L2 in `Adam`.
    """

    def __init__(self, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01) -> None:
        super().__init__(lr, beta1, beta2, eps, weight_decay)

    def _regularized(self, theta, grad):
        theta *= 1 - self.lr * self.weight_decay
        return grad
