"""The consulting room of notebook 10: a patient drawn at random, its cause hidden.

Order examinations, sign a diagnosis, see the patient treated for it. Every curve is a training
that has run here; nothing is precomputed.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np
from matplotlib.figure import Figure

from course_utils import clinic
from course_utils.style import COLORS
from course_utils.training import steps_per_epoch
from course_utils.widgets.base import Demo, choice, slider, switch

EPOCHS = 5  # enough to see a cure, and a training stays under two seconds
PATIENTS = 60
KEPT = 6  # trainings and examinations, so that a look back costs nothing
UNKNOWN, HEALTHY, NOTHING = "?", "healthy", "nothing else"
CAUSES = tuple(clinic.TREATMENTS)
LOOKS = {  # examination -> label of the axis, its limits, whether it goes by layer
    "nothing yet": ("", (0, 1), False),
    "loss": ("loss of the mini-batch", (1e-2, 1e4), False),
    "gradients": ("gradient norm, first step", (1e-6, 1e4), True),
    "activations": ("std of the outputs (o), dead or full (x)", (1e-4, 1e4), True),
    "step sizes": ("first step over size of the weights", (1e-7, 1e5), True),
    "data and code": ("", (0, 1), False),
}


class Clinic(Demo):
    """Draw a patient, order examinations, name the cause, and see it treated for that.

    `look` is one examination; the readout counts what was ordered. `first` and `second` are the
    diagnosis, `sign` ends the case: it is judged against the truth, counted once, and the patient
    is trained anew (blue) with the treatment of what was named. Among the patients are some with
    two faults, and some with none: calling these sick is a false alarm.
    `datasets` are those of `clinic.load_data()`.
    """

    height = 330
    alt = "One examination of a patient whose cause is hidden; choose another, or sign a diagnosis."

    def __init__(self, datasets=None) -> None:
        self._datasets = clinic.load_data() if datasets is None else datasets
        self._train = lru_cache(KEPT)(self._train_without_network)
        self._examine = lru_cache(KEPT)(lambda setup: clinic.examine(setup, self._datasets))
        self._ordered: dict[int, set[str]] = {}
        self._signed: dict[int, str] = {}
        super().__init__()

    def make_controls(self):
        return {
            "patient": slider("patient", 1, 1, PATIENTS, 1, whole=True, continuous=False),
            "look": choice("look at", "loss", LOOKS),
            "first": choice("diagnosis", UNKNOWN, (UNKNOWN, HEALTHY, *CAUSES)),
            "second": choice("and", NOTHING, (NOTHING, *CAUSES)),
            "sign": switch("sign, and treat"),
        }

    def draw(self, figure: Figure):
        self._axes = axes = figure.add_subplot()
        style = {"color": COLORS["orange"], "ls": "--"}
        (self._sick,) = axes.plot([], [], lw=1.6, **style)
        (self._layers,) = axes.plot([], [], "s", ms=9, lw=1.4, **style)
        (self._marks,) = axes.plot([], [], "x", ms=10, mew=2.5, color=COLORS["black"])
        (self._treated,) = axes.plot([], [], "-", lw=1.6, color=COLORS["blue"])
        (self._break,) = axes.plot([], [], "X", ms=13, color=COLORS["orange"], mec="black")
        self._text = axes.text(0.03, 0.9, "", transform=axes.transAxes, va="top", fontsize=15)
        self._shown = None
        return [self._sick, self._layers, self._marks, self._treated, self._break, self._text]

    def update(self, patient, look, first, second, sign) -> str:
        case, named = clinic.draw_case(patient), _named(first, second)
        setup = replace(case.setup, epochs=min(case.setup.epochs, EPOCHS))
        ordered = self._ordered.setdefault(patient, set())
        if look != "nothing yet":
            ordered.add(look)
        self._prepare(look)
        for artist in (self._sick, self._layers, self._marks, self._treated, self._break):
            artist.set_data([], [])
        self._text.set_text("")
        signed = sign and named is not None
        if signed:
            self._signed.setdefault(patient, _verdict(set(case.causes), named))
        if look == "loss":
            self._show_losses(setup, named if signed else None)
        elif look == "data and code":
            self._text.set_text(_ground(self._examine(setup)))
        elif LOOKS[look][2]:
            self._show_layers(self._examine(setup), look)
        words = f"Patient {patient}: {len(ordered)} examinations ordered"
        if signed:
            truth = " and ".join(case.causes) or HEALTHY
            words = f"<b>{_verdict(set(case.causes), named)}</b>. It is: {truth}"
        elif sign:
            words += ". Choose a diagnosis before you sign"
        return f"{words} · {self._score()}"

    def _prepare(self, look: str) -> None:
        """Another axis for another examination."""
        if look == self._shown:
            return
        label, limits, by_layer = LOOKS[look]
        axes, self._shown = self._axes, look
        axes.set_yscale("linear" if limits == (0, 1) else "log")
        axes.set(ylim=limits, ylabel=label)
        axes.axis("on" if label else "off")
        steps = EPOCHS * steps_per_epoch(clinic.TRAIN_SIZE, clinic.BATCH_SIZE)
        axes.set(
            xlim=(0.5, 8.5) if by_layer else (0, steps), xlabel="layer" if by_layer else "step"
        )
        self.redraw_background()

    def _show_losses(self, setup: clinic.Setup, named: set[str] | None) -> None:
        runs = [(self._sick, self._train(setup))]
        if named:
            treated = setup
            for cause in named:
                treated = replace(treated, **clinic.TREATMENTS[cause])
            runs.append((self._treated, self._train(treated)))
        ends = []
        for line, run in runs:
            losses = np.clip(run.steps, *LOOKS["loss"][1])
            line.set_data(np.arange(1, len(losses) + 1), losses)
            if run.diverged and len(losses):
                ends.append((len(losses), losses[-1]))
        self._break.set_data(*np.reshape(ends, (-1, 2)).T)

    def _show_layers(self, report, look: str) -> None:
        fields = {"gradients": "gradient_norm", "activations": "std", "step sizes": "update_ratio"}
        dense = [la for la in report.layers if la.gain is not None]
        if look == "activations":
            dense = [la for la in report.layers if la.gradient_norm is None] or dense
            full = [max(la.dead or 0, la.saturated or 0) for la in dense]
            self._marks.set_data(np.arange(1, len(dense) + 1), np.maximum(full, 1e-4))
        values = [getattr(la, fields[look]) or 0.0 for la in dense]
        low, high = LOOKS[look][1]
        self._layers.set_data(np.arange(1, len(dense) + 1), np.clip(values, low, high))

    def _score(self) -> str:
        counts = {word: 0 for word in ("right", "in part", "wrong", "false alarm")}
        for verdict in self._signed.values():
            counts[verdict] += 1
        return ", ".join(f"{n} {word}" for word, n in counts.items())

    def _train_without_network(self, setup: clinic.Setup) -> clinic.Outcome:
        """The curves of a training; its network would hold its last batch for nothing."""
        return replace(clinic.train(setup, self._datasets), network=None)


def _named(first: str, second: str) -> set[str] | None:
    """The causes that were named; an empty set for healthy, None for no diagnosis yet."""
    if first == UNKNOWN:
        return None
    return {cause for cause in (first, second) if cause in CAUSES}


def _verdict(causes: set[str], named: set[str]) -> str:
    if named == causes:
        return "right"
    if not causes:
        return "false alarm"
    return "in part" if named & causes and named < causes else "wrong"


def _ground(report) -> str:
    """What is known before any layer is looked at, in six lines."""
    gaps = max(layer.switch_gap for layer in report.layers)
    slopes = [layer.slope_ratio for layer in report.layers if layer.slope_ratio is not None]
    slope = max(slopes, key=lambda value: abs(value - 1), default=1.0)
    return "\n".join(
        (
            f"loss at the start {report.loss:.3g}, of a guess {report.chance:.3g}",
            f"largest feature: {report.feature_size:,.3g}",
            f"neighbors agree: {report.agreement:.1f} standard errors above chance",
            f"targets sorted by batch: {max(report.sorted_share, 0):.0%}",
            f"inference, asked twice, differs by {gaps:.0%}",
            f"gradient over measured slope: {slope:.3g}",
        )
    )
