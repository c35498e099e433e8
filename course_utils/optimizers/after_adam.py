"""Three optimizers younger than Adam: Lion, Muon and schedule-free AdamW.

They have the same `step(theta, grad)` as the classic ones. Muon is also told which parts of the
vector are matrices, and the schedule-free one has two points: one to train at, one to measure at.
"""

import math
from collections.abc import Sequence

import numpy as np

from course_utils.optimizers.classic import AdamW, Optimizer
from course_utils.validation import require_count, require_number

# Jordan et al. 2024: chosen so that small singular values grow fast; large ones end in .68 to 1.13
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


class Lion(Optimizer):
    """theta <- theta - lr sign(beta1 m + (1 - beta1) g);  m <- beta2 m + (1 - beta2) g.

    Chen et al. 2023, *Symbolic discovery of optimization algorithms*. Every parameter moves by
    exactly lr, whatever the size of its gradient, so good rates are 3 to 10 times lower than
    Adam's. The decay is decoupled as in `AdamW`: theta shrinks by lr * weight_decay first.
    """

    state_names = ("m",)

    def __init__(self, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0) -> None:
        super().__init__(lr, weight_decay)
        self.beta1 = require_number("beta1", beta1, low=0.0, high=1.0, open_high=True)
        self.beta2 = require_number("beta2", beta2, low=0.0, high=1.0, open_high=True)

    def _regularized(self, theta, grad):
        if self.weight_decay:
            theta *= 1 - self.lr * self.weight_decay
        return grad

    def _update(self, theta, g, scratch):
        more = self._scratch[1, ...]
        np.multiply(self.m, self.beta1, out=scratch)
        scratch += np.multiply(g, 1 - self.beta1, out=more)
        np.sign(scratch, out=more)  # in place it takes NumPy 15 times as long
        more *= self.lr
        theta -= more

        self.m *= self.beta2
        self.m += np.multiply(g, 1 - self.beta2, out=scratch)


class ScheduleFreeAdamW(Optimizer):
    """Adam's normalized step moves z; the average x of all z is what you keep; y is in between.

    v <- beta2 v + (1 - beta2) g^2 with g taken at y;  d = g / (sqrt(v_hat) + eps) + weight_decay y;
    z <- z - lr d;  x <- (1 - c) x + c z;  y <- (1 - beta1) z + beta1 x, with c = 1/t at a constant
    rate (in general lr^2 over the sum of lr^2, lr being the largest so far).

    Defazio et al. 2024, *The road less scheduled*. The average replaces a falling rate, so nothing
    needs to know when training ends; `warmup_steps` is the only schedule left.

    `step` moves theta = y. Measure and predict at x: `to_evaluation_point(theta)` changes y into
    x in place, `to_training_point(theta)` back. `fit` does both. Batch norm's running averages
    are those of y; a few forward passes at x renew them.
    """

    state_names = ("z", "v")

    def __init__(
        self, lr=2.5e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, warmup_steps=0
    ) -> None:
        super().__init__(lr, weight_decay)
        self.beta1 = require_number("beta1", beta1, low=0.0, high=1.0, open_high=True)
        if self.beta1 == 0:
            raise ValueError("beta1 is 0, expected more: x could not be told from z")
        self.beta2 = require_number("beta2", beta2, low=0.0, high=1.0, open_high=True)
        self.eps = require_number("eps", eps, low=0.0)
        self.warmup_steps = require_count("warmup_steps", warmup_steps, low=0)
        self._largest_rate, self._weights = 0.0, 0.0
        self._kept = None  # (x, y) while theta is x, else None

    def step(self, theta: np.ndarray, grad: np.ndarray) -> None:
        """Update y in place. Raises where theta is x, whose gradient is not asked for."""
        if self._kept is not None:
            raise RuntimeError("theta is at the evaluation point: call to_training_point(theta)")
        super().step(theta, grad)

    def _regularized(self, theta, grad):
        return grad  # the decay joins the normalized gradient, in _update

    def _update(self, theta, g, scratch):
        if self.t == 1:
            self.z[...] = theta
        more = self._scratch[1, ...]
        self.v *= self.beta2
        np.square(g, out=scratch)
        scratch *= 1 - self.beta2
        self.v += scratch
        np.divide(self.v, 1 - self.beta2**self.t, out=scratch)
        np.sqrt(scratch, out=scratch)
        scratch += self.eps
        direction = np.divide(g, scratch, out=scratch)
        if self.weight_decay:
            direction += np.multiply(theta, self.weight_decay, out=more)

        lr = self.lr * min(1.0, self.t / self.warmup_steps) if self.warmup_steps else self.lr
        c = self._share_of_newest(lr)
        # x = (y - (1 - beta1) z) / beta1, so that x itself need not be stored
        theta += np.multiply(np.subtract(self.z, theta, out=more), c, out=more)
        theta += np.multiply(direction, lr * (self.beta1 * (1 - c) - 1), out=more)
        self.z -= np.multiply(direction, lr, out=direction)

    def _share_of_newest(self, lr: float) -> float:
        """The weight c of the newest z in the average x."""
        self._largest_rate = max(self._largest_rate, lr)
        weight = self._largest_rate**2
        self._weights += weight
        return weight / self._weights if self._weights else 0.0

    def to_evaluation_point(self, theta: np.ndarray) -> None:
        """Change theta from y to x in place. Nothing happens before the first step, or at x."""
        if self.t == 0 or self._kept is not None:
            return
        self._check(theta, theta)
        y = theta.copy()
        theta += (1 / self.beta1 - 1) * (theta - self.z)
        self._kept = theta.copy(), y

    def to_training_point(self, theta: np.ndarray) -> None:
        """Change theta from x back to y in place; exactly that y, if nobody has moved x."""
        if self._kept is None:
            return
        self._check(theta, theta)
        x, y = self._kept
        if np.array_equal(theta, x):
            theta[...] = y
        else:
            theta += (1 - self.beta1) * (self.z - theta)
        self._kept = None


def newton_schulz(matrix: np.ndarray, steps: int = 5, eps: float = 1e-7) -> np.ndarray:
    """A matrix with the singular vectors of `matrix` and nearly all singular values near 1.

    With M = U S V^T the result is about U V^T: the closest matrix with orthonormal rows (or
    columns). Each step X <- a X + (b A + c A^2) X, A = X X^T, sends every singular value s to
    a s + b s^3 + c s^5, and leaves U and V alone; after five, all from about .005 of the norm on
    lie in [.68, 1.13]. Only matrix products: no decomposition. Jordan et al. 2024. Shape (m, n).
    """
    if not isinstance(matrix, np.ndarray) or matrix.ndim != 2:
        got = getattr(matrix, "shape", type(matrix).__name__)
        raise ValueError(f"matrix is {got}, expected an array of shape (m, n)")
    require_count("steps", steps, low=0)
    a, b, c = NEWTON_SCHULZ
    wide = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = wide / max(float(np.linalg.norm(wide)), eps)
    for _ in range(steps):
        gram = x @ x.T
        polynomial = c * (gram @ gram)
        polynomial += b * gram
        x = a * x + polynomial @ x
    return x.T if matrix.shape[0] > matrix.shape[1] else x


class Muon(Optimizer):
    """For each hidden matrix W with gradient G, as matrices:

    velocity <- momentum velocity + G;  O = newton_schulz(G + momentum velocity);
    W <- W - lr s O, after W <- W - lr weight_decay W.

    All other parameters (vectors, input and output layer) are moved by AdamW. Jordan et al. 2024,
    *Muon: an optimizer for hidden layers*; Liu et al. 2025, *Muon is scalable*, for the decay.

    `matrices` lists (start, rows, columns) of each matrix in the flat vector: `network.matrices()`.
    `scale` is s. "match_rms_adamw" is .2 sqrt(max(rows, columns)): an entry of O then moves by .2
    lr, about as far as with Adam, so that one rate serves both (Liu et al.). "original" is
    sqrt(max(1, columns / rows)), the authors' first choice, with rates near .02. AdamW's rate is
    `adam_ratio` times lr, its betas .9 and .95 as in the authors' code.
    """

    state_names = ("velocity",)

    def __init__(
        self,
        lr,
        matrices: Sequence[tuple[int, int, int]],
        momentum=0.95,
        weight_decay=0.0,
        scale: str = "match_rms_adamw",
        adam_ratio: float = 1.0,
        beta1=0.9,
        beta2=0.95,
        eps=1e-8,
    ) -> None:
        super().__init__(lr, weight_decay)
        self.momentum = require_number("momentum", momentum, low=0.0, high=1.0, open_high=True)
        if scale not in ("match_rms_adamw", "original"):
            raise ValueError(f"scale is {scale!r}, expected 'match_rms_adamw' or 'original'")
        self.scale = scale
        self.adam_ratio = require_number("adam_ratio", adam_ratio, low=0.0)
        self._matrices = _checked_matrices(matrices)
        adam = AdamW(lr, beta1, beta2, eps, weight_decay)  # checks its settings
        self.beta1, self.beta2, self.eps = adam.beta1, adam.beta2, adam.eps
        self._others = []  # (slice, AdamW) of what lies between the matrices, from the first step

    @property
    def matrices(self) -> list[tuple[int, int, int]]:
        """(start, rows, columns) of each matrix that is orthogonalized."""
        return list(self._matrices)

    def _check(self, theta, grad):
        super()._check(theta, grad)
        start, rows, columns = self._matrices[-1]
        if theta.ndim != 1 or start + rows * columns > theta.size:
            raise ValueError(
                f"theta has shape {theta.shape}, but a matrix ends at {start + rows * columns}: "
                "expected the flat vector of the network that named the matrices"
            )

    def _regularized(self, theta, grad):
        return grad  # the decay is decoupled, in _update

    def _update(self, theta, g, scratch):
        if self.t == 1:
            self._others = self._rest_of(theta.size)
        for part, adam in self._others:
            adam.lr = self.adam_ratio * self.lr
            adam.step(theta[part], g[part])
        for start, rows, columns in self._matrices:
            part = slice(start, start + rows * columns)
            velocity = self.velocity[part]
            velocity *= self.momentum
            velocity += g[part]
            ahead = np.multiply(velocity, self.momentum, out=scratch[part])
            ahead += g[part]
            orthogonal = newton_schulz(ahead.reshape(rows, columns))
            theta[part] *= 1 - self.lr * self.weight_decay
            theta[part] -= (self.lr * self._factor(rows, columns) * orthogonal).ravel()

    def _factor(self, rows: int, columns: int) -> float:
        if self.scale == "original":
            return math.sqrt(max(1.0, columns / rows))
        return 0.2 * math.sqrt(max(rows, columns))

    def _rest_of(self, size: int) -> list[tuple[slice, AdamW]]:
        """The stretches between the matrices, each with an AdamW of its own."""
        ends = [0, *(start + rows * columns for start, rows, columns in self._matrices)]
        starts = [*(start for start, _, _ in self._matrices), size]
        settings = (self.lr, self.beta1, self.beta2, self.eps, self.weight_decay)
        return [
            (slice(low, high), AdamW(*settings))
            for low, high in zip(ends, starts, strict=True)
            if low < high
        ]


def _checked_matrices(matrices: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    checked, end = [], 0
    for matrix in matrices:
        if len(matrix) != 3:
            raise ValueError(f"matrices holds {matrix!r}, expected (start, rows, columns)")
        start = require_count("start", matrix[0], low=end)
        rows, columns = require_count("rows", matrix[1]), require_count("columns", matrix[2])
        checked.append((start, rows, columns))
        end = start + rows * columns
    if not checked:
        raise ValueError(
            "matrices is empty, expected at least one (start, rows, columns). A network of two "
            "layers has no hidden matrix: take network.matrices(input_layer=True), or AdamW"
        )
    return checked
