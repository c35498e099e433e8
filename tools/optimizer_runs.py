"""One training of the optimizer comparison: ten methods, where each is searched, what is measured.

`tools/sweep.py` runs all of them; the problems are those of `tools/workloads.py`.
"""

import math
import time
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import qmc
from workloads import LOOKS, WORKLOADS, Workload, data_of

from course_utils.network import Network
from course_utils.optimizers import (
    SGD,
    AdaGrad,
    Adam,
    AdamW,
    Lion,
    Momentum,
    Muon,
    Nesterov,
    Optimizer,
    RMSProp,
    ScheduleFreeAdamW,
)
from course_utils.schedules import constant, cosine
from course_utils.training import Callback, Run, TrainingDiverged, evaluate, fit, steps_per_epoch

# Part of the name of every stored run: another text runs everything anew.
VERSION = "2"

TUNING_SEEDS = range(5)
JUDGING_SEEDS = range(100, 112)  # fresh: none of them had a say in the choice of a setting
PILOT_SEEDS = range(200, 205)  # for the targets, before anything is compared
TRIALS = 16  # settings tried for each method, with each schedule, on each workload
DECADES = 4.0  # of learning rates, for every method
SCHEDULES = {"constant": lambda lr, steps: constant(lr), "cosine": cosine}
HYPERPARAMETERS = ("lr", "momentum", "decay", "beta1", "beta2", "eps", "weight_decay")


@dataclass(frozen=True)
class Method:
    """A class, its lowest rate as a power of ten, and where its other settings are searched.

    `search` gives (low, high) of each, tried evenly in the logarithm. Momentum, decay and betas
    are searched as their distance from 1: .9 and .99 are as far apart as .99 and .999.
    """

    kind: type[Optimizer]
    lowest: float
    search: dict[str, tuple[float, float]] = field(default_factory=dict)


NEAR_ONE = {"momentum", "decay", "beta1", "beta2"}
BETA1, BETA2, SHRINK = (0.02, 0.5), (0.001, 0.1), (1e-3, 1.0)
METHODS = {
    "SGD": Method(SGD, -3),
    "Momentum": Method(Momentum, -4, {"momentum": (0.01, 0.3)}),
    "Nesterov": Method(Nesterov, -4, {"momentum": (0.01, 0.3)}),
    "AdaGrad": Method(AdaGrad, -3.5, {"eps": (1e-10, 1e-2)}),
    "RMSProp": Method(RMSProp, -5, {"decay": (0.001, 0.3)}),
    "Adam": Method(Adam, -5, {"beta1": BETA1, "beta2": BETA2}),
    "AdamW": Method(AdamW, -5, {"beta1": BETA1, "beta2": BETA2, "weight_decay": SHRINK}),
    "Lion": Method(Lion, -6, {"beta1": BETA1, "beta2": (0.003, 0.1), "weight_decay": (1e-2, 10)}),
    "Muon": Method(Muon, -4.5, {"momentum": BETA1, "weight_decay": SHRINK}),
    "ScheduleFreeAdamW": Method(
        ScheduleFreeAdamW, -4.5, {"beta1": BETA1, "beta2": BETA2, "weight_decay": SHRINK}
    ),
}


def trials(method: str, count: int = TRIALS) -> list[dict[str, float]]:
    """The settings that are tried: the first `count` points of one Sobol sequence, for all alike.

    Any 16 in a row, and so the 16 of the comparison, have one rate in each sixteenth of the four
    decades: the search is as dense for every method, however many settings it has.
    """
    entry = METHODS[method]
    names = ["lr", *entry.search]
    points = qmc.Sobol(len(names), scramble=True, rng=np.random.default_rng(11)).random(TRIALS)
    ranges = {"lr": (10**entry.lowest, 10 ** (entry.lowest + DECADES)), **entry.search}
    found = []
    for point in points[:count]:
        setting = {}
        for name, share in zip(names, point, strict=True):
            low, high = (math.log(bound) for bound in ranges[name])
            value = math.exp(low + share * (high - low))
            setting[name] = float(f"{1 - value if name in NEAR_ONE else value:.4g}")
        found.append(setting)
    return found


def make(method: str, setting: dict[str, float], network: Network, workload: Workload) -> Optimizer:
    """The optimizer of one run; Muon is told the matrices, schedule-free warms up over 5%."""
    kind = METHODS[method].kind
    if kind is Muon:
        return Muon(matrices=workload.matrices(network), **setting)
    if kind is ScheduleFreeAdamW:
        return ScheduleFreeAdamW(warmup_steps=updates_of(workload) // 20, **setting)
    return kind(**setting)


def updates_of(workload: Workload, epochs: int | None = None) -> int:
    """All updates of a run."""
    name = next(name for name, other in WORKLOADS.items() if other is workload)
    rows = len(data_of(name).train[0])
    return (epochs or workload.epochs) * steps_per_epoch(rows, workload.batch_size)


class Watch(Callback):
    """Losses at evenly spaced updates, and the processor time that looking took."""

    def __init__(self, updates: int, parts: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
        self.at = {round(look * updates / LOOKS) for look in range(1, LOOKS + 1)}
        self.parts, self.steps, self.seconds = parts, [], 0.0
        self.losses = {part: [] for part in parts}

    def on_start(self, run: Run) -> None:
        self._look(run)

    def on_step(self, run: Run) -> None:
        if run.step in self.at:
            self._look(run)

    def _look(self, run: Run) -> None:
        start = time.thread_time()
        self.steps.append(run.step)
        with run.measured() as network:
            for part, (x, y) in self.parts.items():
                self.losses[part].append(evaluate(network, run.loss, x, y)[0])
        self.seconds += time.thread_time() - start


def train_once(
    workload: str,
    method: str,
    schedule: str,
    trial: int,
    stage: str,
    seed: int,
    epochs: int | None = None,
    **setting: float | None,
) -> dict:
    """Train once. The seed fixes the start and the order of the data, for all methods alike.

    `setting` names hyperparameters, None for those the method does not have. The loss is looked
    at 20 times on the way and once at the start, on validation data, in the stage "judge" on test
    data, too. A run whose loss stops being finite ends there; its later looks are NaN.
    """
    entry, data = WORKLOADS[workload], data_of(workload)
    setting = {name: value for name, value in setting.items() if value is not None}
    network = entry.build(np.random.default_rng([seed, 0]))
    optimizer = make(method, setting, network, entry)
    updates = updates_of(entry, epochs)
    parts = {"val": data.val} | ({"test": data.test} if stage == "judge" else {})
    watch, diverged_at = Watch(updates, parts), None
    start = time.thread_time()
    try:
        fit(
            network,
            entry.loss,
            optimizer,
            data.train,
            epochs=epochs or entry.epochs,
            batch_size=entry.batch_size,
            rng=np.random.default_rng([seed, 1]),
            schedule=SCHEDULES[schedule](setting["lr"], updates),
            callbacks=[watch],
            progress=False,
        )
    except TrainingDiverged as error:
        diverged_at = error.step
    seconds = time.thread_time() - start - watch.seconds
    measured = {
        "updates": updates,
        "diverged_at": diverged_at,
        "ms_per_update": 1000 * seconds / (diverged_at or updates),
        "step": sorted({0, *watch.at}),
    }
    for part, losses in watch.losses.items():
        finite = [loss if math.isfinite(loss) else math.nan for loss in losses]
        measured[part] = finite + [math.nan] * (LOOKS + 1 - len(finite))
    return measured


def fix_targets(workload: str, seeds=PILOT_SEEDS) -> float:
    """The rule of the targets: run it before the comparison, and write the number into WORKLOADS.

    AdamW with its defaults and cosine, at its best of nine rates two to a decade (lowest median
    over the pilot seeds of the last loss): the target is the median over the seeds of its
    validation loss after three quarters of the updates.
    """
    three_quarters, last = [], []
    for lr in 10 ** np.linspace(-5, -1, 9):
        runs = [
            train_once(workload, "AdamW", "cosine", 0, "pilot", seed, lr=float(lr))["val"]
            for seed in seeds
        ]
        three_quarters.append(np.median([run[3 * LOOKS // 4] for run in runs]))
        last.append(np.median([run[-1] for run in runs]))
    return float(f"{three_quarters[int(np.nanargmin(last))]:.3g}")
