"""The consulting room of notebook 10: choose a patient, tick a remedy, and it trains anew.

Every curve is a training that has run here; nothing is precomputed.
"""

import html
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from matplotlib.figure import Figure

from course_utils import clinic
from course_utils.diagnostics import diagnose
from course_utils.plots.clinic import running_mean
from course_utils.style import COLORS
from course_utils.training import steps_per_epoch
from course_utils.widgets.base import Demo, choice, switch

NAMES = {f"patient {k}": patient for k, patient in enumerate(clinic.PATIENTS, start=1)}
REMEDIES = {
    "scale": ("standardize inputs", {"standardized": True}),
    "align": ("one order for x and y", {"aligned": True}),
    "shuffle": ("shuffle every epoch", {"shuffled": True}),
    "average": ("divide by N only once", {"averaged_once": True}),
    "sign": ("check the sign", {"downhill": True}),
    "obey": ("obey `training`", {"switch": True}),
    "he": ("He's weights", {"init": "he"}),
    "biases": ("biases at 0", {"bias": 0.0}),
    "norm": ("batch norm", {"norm": "batch"}),
    "rate": ("rate 0.05", {"lr": 0.05}),
}
EPOCHS = 5  # enough to see a cure, and a retraining stays under two seconds
LOSS_LIMITS = (1e-2, 1e4)
MOST_LAYERS = 7
KEPT = 8  # trainings, so that a tick can be taken back at once


class Clinic(Demo):
    """A training as it came (orange) and with the ticked remedies (blue), and its gradients.

    Left: the loss of the mini-batches. Right: the gradient norm of every dense layer, in the
    first step. The readout has the validation result; with `diagnose` ticked, also
    what `diagnose` finds in the network as it is treated now. A remedy that the patient does not
    need changes nothing. `datasets` are those of `clinic.load_data()`.
    """

    height = 330
    alt = "The loss of a failing training and the gradients of its layers; boxes tick remedies."

    def __init__(self, datasets=None) -> None:
        self._datasets = clinic.load_data() if datasets is None else datasets
        self._train = lru_cache(KEPT)(lambda setup: clinic.train(setup, self._datasets))
        super().__init__()

    def make_controls(self):
        controls = {"patient": choice("patient", next(iter(NAMES)), NAMES)}
        for name, (label, _) in REMEDIES.items():
            controls[name] = switch(label)
        controls["diagnosis"] = switch("diagnose")
        for control in list(controls.values())[1:]:
            control.layout.width = "175px"
        return controls

    def draw(self, figure: Figure):
        left, right = figure.subplots(1, 2, width_ratios=(1.2, 1))
        left.set(xlabel="step", ylabel="loss of the mini-batch", yscale="log", ylim=LOSS_LIMITS)
        left.set_xlim(0, EPOCHS * steps_per_epoch(clinic.TRAIN_SIZE, clinic.BATCH_SIZE))
        (self._sick,) = left.plot([], [], "--", color=COLORS["orange"], label="as it was")
        (self._now,) = left.plot([], [], "-", color=COLORS["blue"], label="with the remedies")
        (self._break,) = left.plot([], [], "X", ms=13, color=COLORS["orange"], mec="black")
        left.legend(loc="upper right", fontsize=12)
        right.set(yscale="log", ylim=(1e-6, 1e4), xlim=(0.5, MOST_LAYERS + 0.5))
        right.set(xlabel="dense layer", ylabel="gradient norm")
        (self._norms,) = right.plot([], [], "o-", ms=8, lw=1.6, color=COLORS["blue"])
        (self._ill_norms,) = right.plot([], [], "s--", ms=7, lw=1.6, color=COLORS["orange"])
        return [self._sick, self._now, self._break, self._ill_norms, self._norms]

    def update(self, patient, diagnosis, **remedies) -> str:
        case = NAMES[patient]
        ill = replace(case.sick, epochs=min(case.sick.epochs, EPOCHS))
        setup = ill
        for name, ticked in remedies.items():
            if ticked:
                setup = replace(setup, **REMEDIES[name][1])
        treated = setup != ill
        before, now = self._train(ill), self._train(setup)
        self._show(self._sick, before)
        self._show(self._now, now if treated else None)
        broken = [run for run in ((before, now) if treated else (before,)) if run.diverged]
        ends = [(len(run.steps), _inside(run.steps[-1])) for run in broken if run.steps]
        self._break.set_data(*np.reshape(ends, (-1, 2)).T)
        self._gradients(self._ill_norms, before.first_gradients)
        self._gradients(self._norms, now.first_gradients if treated else ())
        found = diagnose(clinic.examine(setup, self._datasets)) if diagnosis else None
        words = self._words(now, treated, found)
        return f"“{html.escape(case.complaint)}” · {words}"

    @staticmethod
    def _show(line, outcome: clinic.Outcome | None) -> None:
        steps = [] if outcome is None else outcome.steps
        mean = steps if outcome is None or outcome.diverged else running_mean(steps, 12)
        line.set_data(np.arange(1, len(steps) + 1), [_inside(value) for value in mean])

    @staticmethod
    def _gradients(line, norms: Sequence[float]) -> None:
        line.set_data(np.arange(1, len(norms) + 1), np.clip(norms, 1e-6, 1e4))

    @staticmethod
    def _words(outcome: clinic.Outcome, treated: bool, findings) -> str:
        history, words = outcome.history, "treated" if treated else "untreated"
        if outcome.diverged:
            words += f": broke at step {len(outcome.steps) + 1}"
        elif np.isfinite(history.val_accuracy[-1]):
            words += f": validation accuracy {history.val_accuracy[-1]:.0%}"
        else:
            words += f": validation loss {history.val_loss[-1]:.2f}"
        if findings is None:
            return f"<b>{words}</b>"
        found = "; ".join(f"{f.cause} ({f.evidence})" for f in findings) or "nothing"
        return f"<b>{words}</b> · diagnose finds: {html.escape(found)}"


def _inside(value: float) -> float:
    """The value, moved to the edge of the picture if it lies outside."""
    return float(np.clip(value, *LOSS_LIMITS))
