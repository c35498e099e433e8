"""The learning rate as a function of the step: call a schedule with a step and get its rate.

Steps count updates from 0, and every schedule stays at its last value past its end.
"""

import math
from collections.abc import Callable

from course_utils.validation import require_count, require_number

Schedule = Callable[[int], float]


def _checked(rate: Callable[[int], float]) -> Schedule:
    """A schedule that refuses a step that is no whole number or lies before 0."""

    def schedule(step: int) -> float:
        return rate(require_count("step", step, low=0))

    schedule.__qualname__ = rate.__qualname__.split(".")[0]
    return schedule


def constant(lr: float) -> Schedule:
    """The same rate at every step."""
    lr = require_number("lr", lr, low=0.0)

    def rate(step):
        return lr

    return _checked(rate)


def step_decay(lr: float, every: int, factor: float = 0.1) -> Schedule:
    """The rate is multiplied by `factor` after every `every` steps."""
    lr = require_number("lr", lr, low=0.0)
    every = require_count("every", every)
    factor = require_number("factor", factor, low=0.0, high=1.0)

    def rate(step):
        return lr * factor ** (step // every)

    return _checked(rate)


def exponential_decay(lr: float, factor: float) -> Schedule:
    """The rate is multiplied by `factor` at every step: lr * factor^step."""
    lr = require_number("lr", lr, low=0.0)
    factor = require_number("factor", factor, low=0.0, high=1.0)

    def rate(step):
        return lr * factor**step

    return _checked(rate)


def cosine(lr: float, steps: int, final: float = 0.0) -> Schedule:
    """Half a cosine from `lr` at step 0 down to `final` at step `steps`, and `final` from then on.

    Loshchilov, Hutter 2017, one period, without a restart.
    """
    lr, final = require_number("lr", lr, low=0.0), require_number("final", final, low=0.0)
    steps = require_count("steps", steps)

    def rate(step):
        progress = min(step, steps) / steps
        return final + (lr - final) * (1 + math.cos(math.pi * progress)) / 2

    return _checked(rate)


def cosine_restarts(
    lr: float, period: int, growth: int = 1, final: float = 0.0, restarts: int | None = None
) -> Schedule:
    """Cosine from `lr` to `final` over `period` steps, then again from `lr`: warm restarts.

    Each period is `growth` times as long as the one before. After `restarts` restarts (None:
    no end) the rate stays at `final`. SGDR, Loshchilov, Hutter 2017.
    """
    lr, final = require_number("lr", lr, low=0.0), require_number("final", final, low=0.0)
    period, growth = require_count("period", period), require_count("growth", growth)
    if restarts is not None:
        require_count("restarts", restarts, low=0)

    def rate(step):
        length, done = period, 0
        if growth == 1:  # all periods are alike: no need to count them one by one
            done = step // period if restarts is None else min(step // period, restarts)
            step -= done * period
        while step >= length:
            if done == restarts:
                return final
            step -= length
            length *= growth
            done += 1
        return final + (lr - final) * (1 + math.cos(math.pi * step / length)) / 2

    return _checked(rate)


def linear_warmup(steps: int, then: Schedule, start: float = 0.01) -> Schedule:
    """Rise in a straight line over `steps` steps to the first rate of `then`, then follow `then`.

    The first step has `start` times the full rate (Goyal et al. 2017, section 2.2); step number
    `steps` is step 0 of `then`. If `then` is told the validation loss, so is the whole.
    """
    steps = require_count("steps", steps)
    start = require_number("start", start, low=0.0, high=1.0)
    if not callable(then):
        raise TypeError(f"then is {then!r}, expected a schedule such as constant(0.1)")
    top = require_number("then(0)", then(0), low=0.0)

    def rate(step):
        if step < steps:
            return top * (start + (1 - start) * step / steps)
        return then(step - steps)

    schedule = _checked(rate)
    if hasattr(then, "update"):
        schedule.update = then.update
    return schedule


class ReduceOnPlateau:
    """Multiply the rate by `factor` when the validation loss has stopped falling.

    `update(val_loss)` is told the loss once an epoch. After more than `patience` epochs without
    a loss lower than the best by the relative `threshold`, the rate falls, to `lowest` at least.
    Called with a step it gives the rate of the moment.
    """

    def __init__(self, lr, factor=0.1, patience=5, threshold=1e-4, lowest=0.0) -> None:
        self.lr = require_number("lr", lr, low=0.0)
        self.factor = require_number("factor", factor, low=0.0, high=1.0, open_high=True)
        self.patience = require_count("patience", patience, low=0)
        self.threshold = require_number("threshold", threshold, low=0.0, high=1.0)
        self.lowest = require_number("lowest", lowest, low=0.0, high=self.lr)
        self.best = math.inf
        self.waited = 0

    def __call__(self, step: int) -> float:
        require_count("step", step, low=0)
        return self.lr

    def update(self, val_loss: float) -> float:
        """Take the validation loss of an epoch, return the rate for the next."""
        val_loss = require_number("val_loss", val_loss)
        if val_loss < self.best * (1 - self.threshold) or self.best == math.inf:
            self.best, self.waited = val_loss, 0
        else:
            self.waited += 1
        if self.waited > self.patience:
            self.lr = max(self.lr * self.factor, self.lowest)
            self.waited = 0
        return self.lr
