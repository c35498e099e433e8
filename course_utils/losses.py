"""The losses: how wrong the outputs are, and the gradient that starts the way back.

Each is a mean over the batch, so its gradient carries the only 1/N of the whole network.

Calling a loss returns `(value, gradient)`: a float and an array of the outputs' shape.
"""

import numpy as np

from course_utils.validation import (
    as_array,
    require_equal_length,
    require_rows,
    require_same_shape,
)


class Loss:
    """What every loss has: `loss(outputs, targets)`, and `accuracy` for classification."""

    def __call__(self, outputs: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
        raise NotImplementedError

    def accuracy(self, outputs: np.ndarray, targets: np.ndarray) -> float:
        """The fraction of right predictions, or NaN for a loss that predicts no class."""
        return float("nan")

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def _pair(outputs, targets):
    """Outputs and targets as arrays of floats of one and the same shape, at least one row."""
    outputs, targets = as_array("outputs", outputs), as_array("targets", targets)
    for name, array in (("outputs", outputs), ("targets", targets)):
        if array.dtype.kind not in "iufb":
            raise TypeError(f"{name} has dtype {array.dtype}, expected numbers")
    require_same_shape("targets", targets, "outputs", outputs)
    if outputs.size == 0:
        raise ValueError(f"outputs is an empty batch of shape {outputs.shape}, expected rows")
    if not np.issubdtype(outputs.dtype, np.floating):
        outputs = outputs.astype(np.float64)
    return outputs, targets.astype(outputs.dtype, copy=False)


class MeanSquaredError(Loss):
    """mean((y_hat - y)^2) over all entries; outputs and targets of one shape, (N, 1) as a rule.

    The gradient is 2 (y_hat - y) / N, with N the number of entries. There is no half.
    """

    def __call__(self, outputs, targets):
        y_hat, y = _pair(outputs, targets)
        difference = y_hat - y
        value = np.mean(difference * difference)
        return float(value), difference * (2 / difference.size)


class BinaryCrossEntropy(Loss):
    """-mean(y log p + (1 - y) log(1 - p)) with p = sigmoid(z), computed from the logits z.

    Logits and targets have one shape, (N, 1) as a rule; targets lie in [0, 1]. As
    -log p = log(1 + exp(-z)) and -log(1 - p) = log(1 + exp(z)), nothing can overflow and no
    log(0) appears (Goodfellow et al., *Deep Learning*, section 6.2.2.2). The gradient is
    (p - y) / N.
    """

    def __call__(self, outputs, targets):
        z, y = self._checked(outputs, targets)
        minus_log_p, minus_log_not_p = np.logaddexp(0, -z), np.logaddexp(0, z)
        value = np.mean(y * minus_log_p + (1 - y) * minus_log_not_p)
        p = np.exp(-minus_log_p)
        return float(value), (p - y) / z.size

    def accuracy(self, outputs, targets):
        z, y = self._checked(outputs, targets)
        return float(np.mean((z > 0) == (y > 0.5)))

    @staticmethod
    def _checked(outputs, targets):
        z, y = _pair(outputs, targets)
        if not ((y >= 0) & (y <= 1)).all():
            raise ValueError(
                f"targets range from {y.min():g} to {y.max():g}, expected values in [0, 1]"
            )
        return z, y


class SoftmaxCrossEntropy(Loss):
    """-mean(log p[label]) with p = softmax(z), computed from the logits z through log-softmax.

    Logits are (N, K), labels (N,) integers from 0 to K-1. Subtracting the row's maximum changes
    nothing (softmax ignores a shift) and keeps exp from overflowing. The gradient is
    (p - one_hot(label)) / N.
    """

    def __call__(self, outputs, targets):
        z, labels = self._checked(outputs, targets)
        rows = np.arange(len(z))
        shifted = z - z.max(axis=1, keepdims=True)
        exp = np.exp(shifted)
        total = exp.sum(axis=1, keepdims=True)
        value = np.mean(np.log(total[:, 0]) - shifted[rows, labels])
        gradient = exp / total
        gradient[rows, labels] -= 1
        gradient /= len(z)
        return float(value), gradient

    def accuracy(self, outputs, targets):
        z, labels = self._checked(outputs, targets)
        return float(np.mean(z.argmax(axis=1) == labels))

    @staticmethod
    def _checked(outputs, targets):
        z = require_rows("outputs", outputs)
        labels = as_array("targets", targets)
        if labels.ndim != 1:
            raise ValueError(
                f"targets has shape {labels.shape}, expected ({len(z)},): "
                "class indices, not one-hot rows or a column"
            )
        require_equal_length("outputs", z, "targets", labels)
        if not np.issubdtype(labels.dtype, np.integer):
            raise TypeError(f"targets has dtype {labels.dtype}, expected integer class indices")
        classes = z.shape[1]
        if labels.min() < 0 or labels.max() >= classes:
            raise ValueError(
                f"targets range from {labels.min()} to {labels.max()}, "
                f"expected class indices from 0 to {classes - 1}"
            )
        if not np.issubdtype(z.dtype, np.floating):
            z = z.astype(np.float64)
        return z, labels
