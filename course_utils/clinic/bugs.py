"""Layers and losses with one bug each: they run, raise nothing, and spoil a training.

Each is a slip that somebody has made. Notebook 10 plants them, and `inspect` has to find them.
"""

from collections.abc import Callable

import numpy as np

from course_utils.layers import BatchNorm, Dense, Dropout, Layer, LeakyReLU, ReLU, Sigmoid, Tanh
from course_utils.losses import Loss, SoftmaxCrossEntropy


class DividesAgain(Dense):
    """A dense layer that divides its gradients by the batch size, as the loss has done already."""

    def parameter_gradients(self, grad_output):
        super().parameter_gradients(grad_output)
        for gradient in self.grads.values():
            gradient /= len(grad_output)


class DropsAlways(Dropout):
    """Dropout that does not ask whether it is training."""

    def forward(self, x, training=False):
        return super().forward(x, training=True)


class NormalizesByBatch(BatchNorm):
    """Batch norm that does not ask whether it is training."""

    def forward(self, x, training=False):
        return super().forward(x, training=True)


class Uphill(SoftmaxCrossEntropy):
    """Cross-entropy whose gradient has lost its sign."""

    def __call__(self, outputs, targets):
        value, gradient = super().__call__(outputs, targets)
        return value, -gradient


class NoMask(ReLU):
    """Passes every gradient back, as if all units were on."""

    def backward(self, grad_output):
        return np.asarray(grad_output)


class NoBiasGradient(Dense):
    """Forgets db."""

    def parameter_gradients(self, grad_output):
        super().parameter_gradients(grad_output)
        self.grads["b"] = np.zeros_like(self.grads["b"])


class NoGradient(Dense):
    """Computes no gradient of its own."""

    def parameter_gradients(self, grad_output):
        self._recall("x", grad_output)
        for name in self.grads:
            self.grads[name] = np.zeros_like(self.grads[name])


class HalfFrozen(Dense):
    """Every second unit gets no gradient."""

    def parameter_gradients(self, grad_output):
        super().parameter_gradients(grad_output)
        self.grads["W"][:, ::2] = 0
        self.grads["b"][::2] = 0


class FlippedBias(Dense):
    """db with the wrong sign."""

    def parameter_gradients(self, grad_output):
        super().parameter_gradients(grad_output)
        self.grads["b"] = -self.grads["b"]


class Untransposed(Dense):
    """dX = dZ W: runs where the layer is square."""

    def backward(self, grad_output):
        self.parameter_gradients(grad_output)
        w = self.params["W"]
        return grad_output @ (w if w.shape[0] == w.shape[1] else w.T)


class Accumulates(Dense):
    """Adds its gradients to those of the step before."""

    def parameter_gradients(self, grad_output):
        kept = {name: array.copy() for name, array in self.grads.items()}
        super().parameter_gradients(grad_output)
        for name, old in kept.items():
            self.grads[name] = self.grads[name] + old


class TanhOfZ(Tanh):
    """1 - z^2 in place of 1 - tanh(z)^2."""

    def forward(self, x, training=False):
        self.z = np.asarray(x)
        return super().forward(x, training)

    def backward(self, grad_output):
        return grad_output * (1 - self.z * self.z)


class SigmoidOfA(Sigmoid):
    """Forgets the factor 1 - a."""

    def backward(self, grad_output):
        return grad_output * self._recall("cache", grad_output)


class LeakyTwice(LeakyReLU):
    """The slope of the negative side is 1 on the way back."""

    def backward(self, grad_output):
        return np.asarray(grad_output)


class NormWithoutStatistics(BatchNorm):
    """Mean and variance as constants on the way back."""

    def backward(self, grad_output):
        super().backward(grad_output)
        return grad_output * self.params["gamma"] / self.std


class NormNeverUpdates(BatchNorm):
    """Its running averages stay 0 and 1."""

    def forward(self, x, training=False):
        kept = {name: array.copy() for name, array in self.buffers.items()}
        out = super().forward(x, training)
        for name, array in kept.items():
            self.buffers[name] = array
        return out


class DropoutUnmasked(Dropout):
    """Passes every gradient back."""

    def backward(self, grad_output):
        return np.asarray(grad_output)


class Softmax(Layer):
    """A softmax as the last layer."""

    def forward(self, x, training=False):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.p = e / e.sum(axis=1, keepdims=True)
        return self.p

    def backward(self, grad_output):
        inner = (grad_output * self.p).sum(axis=1, keepdims=True)
        return self.p * (grad_output - inner)


class SoftmaxInTheLoss(SoftmaxCrossEntropy):
    """Takes the logits for probabilities' logits: applies softmax before it is applied."""

    def __call__(self, outputs, targets):
        layer = Softmax()
        value, gradient = super().__call__(layer.forward(outputs), targets)
        return value, layer.backward(gradient).astype(outputs.dtype)


def scaled_loss(kind: type, factor: Callable[[int], float]) -> Loss:
    """A loss whose gradient is multiplied, its value not."""

    class Scaled(kind):
        def __call__(self, outputs, targets):
            value, gradient = super().__call__(outputs, targets)
            return value, (gradient * factor(len(outputs))).astype(gradient.dtype)

    return Scaled()


class Moved(SoftmaxCrossEntropy):
    """Cross-entropy less the entropy of the classes: it goes below 0."""

    def __call__(self, outputs, targets):
        value, gradient = super().__call__(outputs, targets)
        return value - np.log(outputs.shape[1]), gradient
