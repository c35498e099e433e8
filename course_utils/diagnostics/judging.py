"""What is wrong with a network, judged by the numbers that `inspect` has measured.

Every verdict rests on one number of one layer, of the data or of the steps, never on an average
over layers.
"""

import numpy as np

from course_utils.diagnostics.groundwork import on_batches, on_code, on_data, on_outputs
from course_utils.diagnostics.report import LayerReport, Report, shown
from course_utils.diagnostics.wording import Diagnosis, put_in_words

# Where healthy ends. The thresholds were set on the networks of tools/clinic_grid.py whose half is
# "tuned", and on nothing else; data/results/clinic_grid.csv.gz reports the others.
MOST_COPIES = 0.5
LARGEST_GAIN, LARGEST_GROWTH = 20.0, 100.0
MOST_DEAD = 0.5
MOST_SATURATED = 0.5
UNTRAINED = 0.8  # of the loss of the best constant answer
MOST_DROPPED = 0.85
SMALLEST_FALL = 1e-3
BETTER = 0.8  # of the loss after a trial: with the one thing changed it has to be below this
MUCH_WORSE = 2.0  # loss after a trial, over that at a lower rate
UNTAUGHT, LEARNED, IGNORANT = 0.9, 0.95, 0.7  # of the loss of the best constant answer
# progress of another rate, own progress as share of it, loss against ten times the rate
LITTLE, SLOW, STILL_BETTER = 0.1, 0.35, 0.85

# A cause brings symptoms that look like other causes: they are no findings of their own.
_RATE = ("rate too high", "rate too low", "something is off")
_SIGNAL = ("saturated units", "dead units", "vanishing gradients")
_WEIGHTS = ("equal weights", "weights too large", *_SIGNAL)
EXPLAINS = {
    "unscaled inputs": (*_WEIGHTS, *_RATE),
    "unscaled targets": ("weights too large", "dead units", "bounded output", *_RATE),
    "leaked target": (),
    "imbalanced classes": ("misaligned labels",),
    "misaligned labels": ("something is off",),
    "one batch": ("no shuffling",),
    "averaged twice": ("wrong gradient", "vanishing gradients", *_RATE),
    "wrong gradient": ("vanishing gradients", *_RATE),
    "missing gradient": ("vanishing gradients", *_RATE),
    "gradients add up": ("vanishing gradients", *_RATE),
    "softmax twice": ("impossible loss", "bounded output", *_RATE),
    "sigmoid twice": ("impossible loss", "bounded output", *_RATE),
    "missing activation": (),
    "ReLU on the output": ("bounded output", "dead units", *_RATE),
    "bounded output": _RATE,
    "equal weights": ("weights too large", *_SIGNAL, *_RATE),
    "weights too large": (*_SIGNAL, *_RATE),
    "saturated units": ("vanishing gradients", *_RATE),
    "dead units": ("vanishing gradients", *_RATE),
    "vanishing gradients": _RATE,
    "too much dropout": _RATE,
    "too much weight decay": _RATE,
    "rate too high": ("something is off",),
    "rate too low": ("something is off",),
}


def diagnose(report: Report) -> Diagnosis:
    """Name what is wrong, from the ground up: data, code, weights, signal, rate.

    An empty list means that nothing measured lies outside of what healthy networks show; printed,
    it says what was looked at. What the report could not measure (None) is not judged. Where one
    cause explains another's symptom, only the cause is named: cure it, and inspect again.
    """
    parts = (on_data, on_batches, on_code, on_outputs, _weights, _signal, _steps)
    suspects = [suspect for part in parts for suspect in part(report)]
    explained = {symptom for cause, *_ in suspects for symptom in EXPLAINS.get(cause, ())}
    findings = [put_in_words(*s) for s in suspects if s[0] not in explained]
    return Diagnosis(findings, _looked_at(report))


def _looked_at(report: Report) -> str:
    seen = [f"{report.rows} rows", "scales", "the loss", "outputs, gradients and slopes"]
    seen[-1] += f" of {len(report.layers)} layers"
    if report.alignment is not None:
        seen.append("inputs against targets")
    if report.batches is not None:
        seen.append(f"the order of {report.batches.number} batches")
    if report.own_optimizer and report.lr:
        trial = report.trials[0]
        seen.append(
            f"{len(trial.losses)} updates of a copy (loss {shown(trial.start)} to "
            f"{shown(trial.end)})"
        )
    elif report.own_optimizer:
        seen.append("no update, as the rate is 0")
    return ", ".join(seen)


def _weights(report: Report):
    layers = report.layers
    straight = [la for la in layers if la.linear_to_next]
    if straight:
        evidence = f"only straight lines lead from {straight[0].name} to the next weights"
        yield "missing activation", [la.index for la in straight], evidence, 0.0, "certain"
    equal = [la for la in layers if la.copies is not None and la.copies > MOST_COPIES]
    if equal:
        evidence = f"{equal[0].copies:.0%} of the units of {equal[0].name} are copies of others"
        yield "equal weights", [la.index for la in equal], evidence, equal[0].copies, "certain"
    large = [la for la in layers if la.gain is not None and _is_large(la, report)]
    if large:
        size = np.hypot(large[-1].mean, large[-1].std) / report.size
        evidence = (
            f"{large[0].name} makes its inputs {large[0].gain:.3g} times larger; after "
            f"{large[-1].name} they are {size:.3g} times the size of the data, and the loss is "
            f"{report.loss:.3g}"
        )
        yield "weights too large", [la.index for la in large], evidence, large[0].gain, "likely"


def _is_large(la: LayerReport, report: Report) -> bool:
    grown = not np.hypot(la.mean, la.std) <= LARGEST_GROWTH * report.size
    return la.gain > LARGEST_GAIN or grown


def _signal(report: Report):
    dead = [la for la in report.layers if la.dead is not None and la.dead > MOST_DEAD]
    if dead:
        worst = max(dead, key=lambda la: la.dead)
        evidence = f"{worst.dead:.0%} of the units of layer {worst.index} are 0 for all"
        evidence += f" {report.rows} examples"
        yield "dead units", [la.index for la in dead], evidence, worst.dead, "certain"
    full = [la for la in report.layers if (la.saturated or 0) > MOST_SATURATED]
    untrained = report.chance is None or report.loss > UNTRAINED * report.chance
    if full and untrained:  # a trained network may be sure
        worst = max(full, key=lambda la: la.saturated)
        evidence = (
            f"{worst.saturated:.0%} of the outputs of layer {worst.index} are at their limits"
        )
        yield "saturated units", [la.index for la in full], evidence, worst.saturated, "likely"
    dropped = [la for la in report.layers if (la.dropped or 0) > MOST_DROPPED]
    if dropped:
        evidence = f"{dropped[0].name} sets {dropped[0].dropped:.0%} of its inputs to 0"
        number = dropped[0].dropped
        yield "too much dropout", [la.index for la in dropped], evidence, number, "likely"
    yield from _vanishing(report)


def _vanishing(report: Report):
    learning = [la for la in report.layers if la.gradient_norm is not None]
    first = _faded([la.gradient_norm for la in learning])
    late = _faded([la.late_gradient for la in learning])
    if first is None or late is None:
        return
    faded = [la for la, a, b in zip(learning, first, late, strict=True) if a and b]
    if faded:
        evidence = (
            f"layer {faded[0].index} has a gradient of {faded[0].gradient_norm:.1e}, "
            f"layer {learning[-1].index} one of {learning[-1].gradient_norm:.1e}, and after "
            f"{len(report.trials[0].losses)} updates still"
        )
        ratio = faded[0].gradient_norm / max(learning[-1].gradient_norm, 1e-300)
        yield "vanishing gradients", [la.index for la in faded], evidence, ratio, "likely"


def _faded(norms: list[float | None]) -> list[bool] | None:
    """Of each layer with weights: is its gradient a thousandth of the largest one after it?"""
    if not norms or any(norm is None for norm in norms):
        return None
    after = np.maximum.accumulate(norms[::-1])[::-1]
    return [norm < SMALLEST_FALL * most for norm, most in zip(norms, after, strict=True)]


def _steps(report: Report):
    if not report.own_optimizer or not report.lr or not report.trials:
        return
    own, *others = report.trials
    level = own.start if report.chance is None else report.chance
    steps = f"{len(own.losses)} updates take the loss from {own.start:.3g} to {shown(own.end)}"
    for other in (t for t in others if t.changed):
        if other.end < BETTER * own.end:
            evidence = f"{steps}, with {other.changed} to {other.end:.3g}"
            yield "too much weight decay", [], evidence, report.decay_share, "likely"
            return
    lower = [t for t in others if t.factor < 1]
    higher = [t for t in others if t.factor > 1]
    best = min(lower, key=lambda t: t.end, default=None)
    if best is not None and _is_too_high(own, best, level):
        ratios = {la.index: la.update_ratio for la in report.layers if la.update_ratio}
        most = max(ratios, key=ratios.get, default=None)
        first = "" if most is None else f"the first step changes layer {most} by "
        first += "" if most is None else f"{ratios[most]:.2g} of its size; "
        evidence = f"{first}{steps}, at {best.factor:g} of the rate to {best.end:.3g}"
        yield "rate too high", [] if most is None else [most], evidence, own.end, "likely"
        return
    if higher:
        yield from _too_low(report, own, higher, steps)
    if not others:
        return
    if own.end > 2 * max(level, own.start):
        evidence = f"{steps}, and no other rate helps"
        yield "something is off", [], evidence, own.end, "possible"


def _is_too_high(own, best, level: float) -> bool:
    """A lower rate goes far lower; or own learned nothing, and a lower rate does."""
    if best.end < min(own.end / MUCH_WORSE, UNTAUGHT * level):
        return True
    if own.end < LEARNED * level:
        return False
    return best.end < min(UNTAUGHT * own.end, LEARNED * level) or own.end > 10 * max(
        best.end, level
    )


def _too_low(report, own, higher, steps):
    """Two decades up it is far better than here, and better than one decade up.

    And after three times the updates it still knows next to nothing: else it is slow, not ill.
    """
    fall = {t.factor: own.start - t.end for t in higher}
    slow, ten = own.start - own.end, own.start - fall.get(10.0, -np.inf)
    best = max(fall, key=fall.get)
    much, end = fall[best], own.start - fall[best]
    level = own.start if report.chance is None else report.chance
    if own.end < IGNORANT * level:
        return
    if best < 100 or much < LITTLE * own.start or slow > SLOW * much or end > STILL_BETTER * ten:
        return
    evidence = f"{steps}, at {best:g} times the rate to {end:.3g}"
    yield "rate too low", [], evidence, slow / own.start, "likely"
