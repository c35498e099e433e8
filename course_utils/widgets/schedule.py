"""Designing a learning-rate schedule and seeing at once what it does to a training.

Each change trains a small network anew, and the same network at a constant rate beside it.
"""

from functools import lru_cache

import numpy as np
from matplotlib.figure import Figure

from course_utils.losses import MeanSquaredError
from course_utils.network import mlp
from course_utils.optimizers import Adam
from course_utils.schedules import (
    ReduceOnPlateau,
    Schedule,
    constant,
    cosine,
    cosine_restarts,
    exponential_decay,
    linear_warmup,
    step_decay,
)
from course_utils.style import BACKWARD, COLORS, FORWARD
from course_utils.training import Callback, Data, TrainingDiverged, fit, steps_per_epoch
from course_utils.widgets.base import Demo, choice, slider

EPOCHS, BATCH_SIZE = 12, 64
SIZES = (32,)
RATE_LIMITS, LOSS_LIMITS = (3e-5, 0.3), (0.28, 0.8)
KEPT = 32  # runs, so that the constant rate is not trained again for each schedule
KINDS = ("constant", "step", "exponential", "cosine", "warm restarts", "plateau")


def design(kind: str, lr: float, steps: int, warmup: int = 0, restarts: int = 1) -> Schedule:
    """A schedule of the given kind for `steps` steps, the first `warmup` of them a warm-up.

    The step schedule falls three times, to 0.3 of its rate; the exponential one falls to a
    hundredth in all; the periods of warm restarts double.
    """
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}, expected one of {KINDS}")
    rest = max(1, steps - warmup)
    first_period = -(-rest // (2 ** (restarts + 1) - 1))
    schedule = {
        "constant": lambda: constant(lr),
        "step": lambda: step_decay(lr, every=-(-rest // 4), factor=0.3),
        "exponential": lambda: exponential_decay(lr, 0.01 ** (1 / rest)),
        "cosine": lambda: cosine(lr, rest),
        "warm restarts": lambda: cosine_restarts(lr, first_period, growth=2, restarts=restarts),
        "plateau": lambda: ReduceOnPlateau(lr, factor=0.3, patience=1),
    }[kind]()
    return linear_warmup(warmup, schedule) if warmup else schedule


class Rates(Callback):
    """Writes down the rate of every update."""

    def on_start(self, run):
        self.rates = []

    def on_step(self, run):
        self.rates.append(run.optimizer.lr)


class ScheduleDesigner(Demo):
    """Left the rate at every step, right the validation loss; dashed: the same at a constant rate.

    `train` and `val` are pairs (x, y) of a regression with y (N, 1). A network D-32-1 is
    trained for 12 epochs with Adam, from the same start and in the same order of data in both
    runs; `seed` chooses them. With 2,000 rows a run takes a twentieth of a second.
    """

    height = 330
    alt = "A learning-rate schedule, and the validation loss of a run with it and of one without."

    def __init__(self, train: Data, val: Data) -> None:
        self._train, self._val = train, val
        self._steps = steps_per_epoch(len(train[0]), BATCH_SIZE) * EPOCHS
        self._kept_run = lru_cache(KEPT)(self.run)
        super().__init__()

    def make_controls(self):
        return {
            "kind": choice("schedule", "constant", KINDS),
            "lr": slider("first rate", 0.01, -3, -1, 0.25, log=True),
            "warmup": slider("warm-up", 0, 0, 6, 1, whole=True),
            "restarts": slider("restarts", 1, 0, 3, 1, whole=True),
            "seed": slider("seed", 0, 0, 9, 1, whole=True),
        }

    def draw(self, figure: Figure):
        left, right = figure.subplots(1, 2)
        left.set(xlabel="epoch", ylabel="rate", xlim=(0, EPOCHS), ylim=RATE_LIMITS, yscale="log")
        right.set(xlabel="epoch", ylabel="validation loss", xlim=(0.5, EPOCHS + 0.5))
        right.set_ylim(LOSS_LIMITS)
        for axes in (left, right):
            axes.set_xticks(range(0, EPOCHS + 1, 4))
        self._rate_lines, self._loss_lines = [], []
        for color, style, name in ((COLORS["gray"], "--", "constant"), (FORWARD, "-", "yours")):
            self._rate_lines += left.plot([], [], color=color, ls=style, lw=2.4, label=name)
            self._loss_lines += right.plot(
                *([], []), color=color, ls=style, marker="o", ms=5, label=name
            )
        (self._end,) = right.plot([], [], "s", ms=11, mfc=BACKWARD, mec="black")
        right.legend(loc="upper right", fontsize=12)
        return [*self._rate_lines, *self._loss_lines, self._end]

    def update(self, kind: str, lr: float, warmup: int, restarts: int, seed: int) -> str:
        yours = self._kept_run(kind, lr, warmup, restarts, seed)
        plain = self._kept_run("constant", lr, 0, 1, seed)
        for rate_line, loss_line, (rates, losses) in zip(
            self._rate_lines, self._loss_lines, (plain, yours), strict=True
        ):
            epochs = np.arange(len(rates)) * EPOCHS / self._steps
            rate_line.set_data(epochs, np.maximum(rates, RATE_LIMITS[0]))
            loss_line.set_data(np.arange(1, len(losses) + 1), np.clip(losses, *LOSS_LIMITS))
        if len(yours[1]) < EPOCHS or len(plain[1]) < EPOCHS:
            self._end.set_data([], [])
            return "A run has <b>diverged</b>: its loss is no longer a number. Lower the rate."
        last, reference = yours[1][-1], plain[1][-1]
        self._end.set_data([EPOCHS], [np.clip(last, *LOSS_LIMITS)])
        return (
            f"validation loss at the end: <b>{last:.3f}</b>, at the constant rate {lr:.2g} "
            f"{reference:.3f}; difference <b>{last - reference:+.3f}</b>"
        )

    def run(
        self, kind: str, lr: float, warmup: int = 0, restarts: int = 1, seed: int = 0
    ) -> tuple[list[float], list[float]]:
        """The rate of each update and the validation loss after each epoch of one training.

        `warmup` counts epochs. The lists of a run that diverges are shorter.
        """
        schedule = design(kind, lr, self._steps, warmup * self._steps // EPOCHS, restarts)
        network = mlp([self._train[0].shape[1], *SIZES, 1], rng=np.random.default_rng(seed))
        rates = Rates()
        try:
            history = fit(
                *(network, MeanSquaredError(), Adam(lr), self._train, self._val),
                epochs=EPOCHS,
                batch_size=BATCH_SIZE,
                rng=np.random.default_rng(seed + 1),
                schedule=schedule,
                callbacks=[rates],
                progress=False,
            )
        except TrainingDiverged as error:
            history = error.history
        return rates.rates, history.val_loss
