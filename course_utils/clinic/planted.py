"""Eighteen bugs, planted one at a time, and which of the quick checks finds which.

The networks are small, so that a gradient check of every entry takes no time.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

import course_utils.clinic.bugs as bugs
from course_utils.diagnostics import diagnose, inspect
from course_utils.gradient_check import check_gradients
from course_utils.layers import BatchNorm, Dense, Dropout, Layer, LeakyReLU, ReLU, Sigmoid, Tanh
from course_utils.losses import Loss, SoftmaxCrossEntropy
from course_utils.network import Network
from course_utils.optimizers import SGD
from course_utils.training import TrainingDiverged, evaluate, fit, minibatches

HIDDEN, NARROW, OUTPUTS = (16, 16), (8, 8), 10  # narrow: where every entry is checked
RATE, EPOCHS, BATCH_SIZE = 0.1, 60, 10
LEARNED = 0.1  # loss of the twenty examples: below it they count as memorized
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Planted:
    """One bug: the layers of the network it sits in, and the loss."""

    name: str
    dense: type = Dense
    act: Callable[[], Layer] = ReLU
    norm: type | None = None
    dropout: type | None = None
    loss: Loss = field(default_factory=SoftmaxCrossEntropy)
    last: type | None = None
    lr: float = RATE

    def build(self, inputs: int, hidden: tuple[int, int] = HIDDEN, seed: int = 0) -> Network:
        """The network with the bug."""
        rng, layers = np.random.default_rng(seed), []
        for fan_in, fan_out in pairwise([inputs, *hidden, OUTPUTS]):
            # the bug of a dense layer sits in the middle one
            kind = self.dense if (fan_in, fan_out) == hidden else Dense
            layers.append(kind(fan_in, fan_out, rng=rng))
            if self.norm is not None:
                layers.append(self.norm(fan_out))
            layers.append(self.act())
            if self.dropout is not None:
                layers.append(self.dropout(0.2, rng))
        while not isinstance(layers[-1], Dense):
            layers.pop()
        return Network([*layers, *([] if self.last is None else [self.last()])])


PLANTED = (
    Planted("sign of the gradient", loss=bugs.Uphill()),
    Planted("averaged twice", dense=bugs.DividesAgain),
    Planted("summed, not averaged", loss=bugs.scaled_loss(SoftmaxCrossEntropy, float)),
    Planted("gradients add up", dense=bugs.Accumulates),
    Planted("dX not transposed", dense=bugs.Untransposed),
    Planted("db missing", dense=bugs.NoBiasGradient),
    Planted("db with the wrong sign", dense=bugs.FlippedBias),
    Planted("a layer without gradient", dense=bugs.NoGradient),
    Planted("half a layer without gradient", dense=bugs.HalfFrozen),
    Planted("ReLU: no mask on the way back", act=bugs.NoMask),
    Planted("leaky ReLU: slope 1 on the way back", act=bugs.LeakyTwice),
    Planted("tanh: slope of z, not of tanh z", act=bugs.TanhOfZ),
    Planted("sigmoid: a factor forgotten", act=bugs.SigmoidOfA, lr=1.0),
    Planted("batch norm: statistics as constants", norm=bugs.NormWithoutStatistics),
    Planted("batch norm: averages never move", norm=bugs.NormNeverUpdates),
    Planted("dropout: no mask on the way back", dropout=bugs.DropoutUnmasked),
    Planted("dropout: also at inference", dropout=bugs.DropsAlways),
    Planted("softmax applied twice", last=bugs.Softmax),
)
SOUND = (
    Planted("ReLU"),
    Planted("leaky ReLU", act=LeakyReLU),
    Planted("tanh", act=Tanh),
    Planted("sigmoid", act=Sigmoid, lr=1.0),
    Planted("batch norm", norm=BatchNorm),
    Planted("dropout", dropout=Dropout),
)


def memorizes(bug: Planted, x: np.ndarray, y: np.ndarray) -> bool:
    """Check 3: does it learn twenty examples, so that nothing seems to be wrong?"""
    network, few = bug.build(x.shape[1]), (x[:20], y[:20])
    settings = {"epochs": EPOCHS, "batch_size": BATCH_SIZE, "rng": np.random.default_rng(0)}
    try:
        fit(network, bug.loss, SGD(bug.lr), few, **settings, progress=False)
    except TrainingDiverged:
        return False
    value, accuracy = evaluate(network, bug.loss, *few)
    return accuracy == 1.0 and value < LEARNED


def gradients_agree(bug: Planted, x: np.ndarray, y: np.ndarray, training: bool) -> bool:
    """Check 4, at inference or in training mode."""
    network = bug.build(x.shape[1], NARROW)
    return check_gradients(network, bug.loss, x[:24], y[:24], training=training).passed(TOLERANCE)


def examined(bug: Planted, x: np.ndarray, y: np.ndarray) -> list[str]:
    """Check 5: the causes that `diagnose` names."""
    batches = minibatches(x, y, 64, np.random.default_rng(0))
    network, step = bug.build(x.shape[1]), SGD(bug.lr)
    report = inspect(network, bug.loss, x, y, optimizer=step, batches=batches)
    return [finding.cause for finding in diagnose(report)]
