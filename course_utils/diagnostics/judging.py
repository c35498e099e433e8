"""What is wrong with a network, judged by the numbers that `inspect` has measured.

Every verdict rests on one number of one layer, of the data or of the steps, never on an average
over layers.
"""

import numpy as np

from course_utils.diagnostics.report import LayerReport, Report, shown
from course_utils.diagnostics.wording import Diagnosis, put_in_words

# Where healthy ends. The thresholds were set on the networks of tools/clinic_grid.py whose half is
# "tuned", and on nothing else; data/results/clinic_grid.csv reports the others.
LARGEST_FEATURE = (
    40.0  # standardized columns have 1, an hour of the day 14, pixels to 255 about 100
)
SMALLEST_FEATURE, SMALLEST_ROW = 0.03, 0.3
LARGEST_TARGET, LARGEST_OFFSET = 50.0, 30.0
LEAST_Z = 4.0  # of the neighbors and of the linear probe, in standard errors
MOST_UNSEEN = 0.05  # a signal that could have been there without being seen, as share of variance
MOST_SORTED = 0.2
MOST_OVERLAP, MOST_GAP = 0.05, 6.0
MOST_FREQUENT = 0.95
LARGEST_GAP = 1e-3
SLOPE_TOLERANCE = 0.05
MOST_COPIES = 0.5
LARGEST_GAIN, LARGEST_GROWTH = 20.0, 100.0
MOST_DEAD = 0.5
MOST_SATURATED = 0.5
UNTRAINED = 0.8  # of the loss of the best constant answer
MOST_DROPPED = 0.85
SMALLEST_FALL = 1e-3
BETTER = 0.8  # of the loss after a trial: with the one thing changed it has to be below this
LITTLE = 0.1  # of the progress that another rate makes in the same updates
SMALLEST_UPDATE = 1e-4

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
    parts = (_data, _batches, _code, _outputs, _weights, _signal, _steps)
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


def _data(report: Report):
    if report.feature_size > LARGEST_FEATURE:
        evidence = f"feature {report.feature} has a size of {report.feature_size:,.0f}"
        yield "unscaled inputs", [], f"{evidence}, expected about 1", report.feature_size, "likely"
    elif 0 < report.feature_size < SMALLEST_FEATURE and report.row_size < SMALLEST_ROW:
        evidence = f"the largest feature has a size of {report.feature_size:.2g}, expected about 1"
        yield "unscaled inputs", [], evidence, report.feature_size, "likely"
    out = report.outputs
    if out.target_size is not None:
        far = out.target_std > 0 and out.target_size > LARGEST_OFFSET * out.target_std
        if out.target_size > LARGEST_TARGET or far:
            evidence = (
                f"targets have a size of {out.target_size:,.4g} and a std of "
                f"{out.target_std:,.3g}, outputs start near {max(abs(out.low), out.high):.2g}"
            )
            yield "unscaled targets", [], evidence, out.target_size, "likely"
    if report.leak is not None:
        evidence = f"column {report.leak} of x is the target itself, in another unit"
        yield "leaked target", [], evidence, report.leak, "certain"
    if report.overlap is not None and report.overlap > MOST_OVERLAP:
        evidence = f"{report.overlap:.0%} of the validation rows are training rows"
        yield "training rows in validation", [], evidence, report.overlap, "certain"
    elif report.val_gap is not None and report.val_gap > MOST_GAP:
        evidence = f"validation's loss is lower by {report.val_gap:.1f} standard errors"
        yield "something is off", [], evidence, report.val_gap, "possible"
    if out.majority is not None and out.majority > MOST_FREQUENT:
        evidence = f"always answering the most frequent class is right in {out.majority:.1%}"
        yield "imbalanced classes", [], evidence, out.majority, "certain"
    yield from _alignment(report)


def _alignment(report: Report):
    found = report.alignment
    if found is None or found.neighbors is None:
        return
    z = found.explained / found.error if found.error > 0 else np.inf
    unseen = found.explained + 2 * found.error
    if found.neighbors < LEAST_Z and z < LEAST_Z and unseen < MOST_UNSEEN:
        evidence = (
            "examples that look alike have no more similar targets than any two "
            f"({found.neighbors:.1f} standard errors above chance, expected at least {LEAST_Z:g}), "
            f"and {found.columns} columns explain at most {max(unseen, 0):.0%} of the targets"
        )
        yield "misaligned labels", [], evidence, found.neighbors, "likely"
        return
    known = [z for z in found.blocks if z is not None]
    low = [k for k, z in enumerate(found.blocks) if z is not None and z < 2]
    high = [z for z in known if z > 2]
    if len(low) >= 2 and len(high) >= 2 and np.median(high) > 5:
        evidence = (
            f"in parts {', '.join(str(k + 1) for k in low)} of {len(found.blocks)} of the rows the "
            f"inputs do not know the targets, in the others they do (by {np.median(high):.0f} "
            "standard errors)"
        )
        yield "misaligned labels", [], evidence, float(np.median(high)), "likely"


def _batches(report: Report):
    seen = report.batches
    if seen is None:
        return
    if seen.number > 2 and seen.distinct * seen.number <= 1.5 * seen.rows:
        evidence = (
            f"{seen.number} batches with {seen.rows:,} rows hold {seen.distinct} different ones"
        )
        yield "one batch", [], evidence, seen.distinct, "certain"
    if seen.sorted_share is not None:
        noise = 5 * np.sqrt(2 * seen.number) / seen.rows
        if seen.sorted_share > MOST_SORTED + noise:
            share = seen.sorted_share
            evidence = f"{share:.0%} of the targets' variance lies between the batches, expected 0%"
            yield "no shuffling", [], evidence, share, "certain"


def _code(report: Report):
    unsteady = [la for la in report.layers if la.switch_gap > LARGEST_GAP]
    if unsteady:
        yield (
            "no inference switch",
            [la.index for la in unsteady],
            f"at inference, {unsteady[0].name} gives the same rows outputs that differ by "
            f"{unsteady[0].switch_gap:.0%} of their size when repeated or with fewer rows beside",
            unsteady[0].switch_gap,
            "certain",
        )
    stale = [la for la in report.layers if la.stale]
    if stale:
        evidence = f"the running averages of {stale[0].name} did not move in fifty updates"
        yield "stale running averages", [la.index for la in stale], evidence, 0.0, "certain"
    yield from _slopes(report)


def _slopes(report: Report):
    slopes = [slope for la in report.layers for slope in la.slopes]
    adding = [slope for slope in slopes if slope.adds_up]
    if adding:
        evidence = "a second backward pass on the same batch gave another gradient"
        yield "gradients add up", _places(adding), evidence, len(adding), "certain"
    silent = [slope for slope in slopes if slope.silent > 0]
    still = [la for la in report.layers if la.still]
    if silent:
        worst = max(silent, key=lambda slope: slope.silent)
        evidence = (
            f"backward leaves {worst.silent:.0%} of {worst.name} of layer {worst.layer} at 0, but "
            "the loss depends on them"
        )
        yield "missing gradient", _places(silent), evidence, worst.silent, "certain"
    elif still and (report.lr or not report.own_optimizer):
        evidence = f"{still[0].still[0]} of {still[0].name} has a gradient and never moves"
        yield "missing gradient", [la.index for la in still], evidence, 0.0, "likely"
    wrong = [s for s in slopes if not _is_right(s)]
    if not wrong:
        return
    rows = report.slope_rows
    if all(s.error < SLOPE_TOLERANCE and _near(s.factor, 1 / rows) for s in wrong):
        factor = wrong[-1].factor
        evidence = f"backward's gradient is {factor:.3g} times the measured slope"
        evidence += f", and 1/{rows} for a batch of {rows}"
        yield "averaged twice", _places(wrong), evidence, factor, "certain"
        return
    last = wrong[-1]
    if last.factor is None or abs(last.factor - 1) <= SLOPE_TOLERANCE:
        evidence = (
            f"{last.error:.0%} of backward's gradient for {last.name} of layer {last.layer} is not "
            "what the loss does along random directions, although its length is right"
        )
        number = last.error
    else:
        evidence = f"backward's gradient is {last.factor:.3g} times the measured slope"
        number = last.factor
        if _near(last.factor, rows):
            evidence += f", and the batch has {rows} rows: it was summed, not averaged"
    yield "wrong gradient", _places(wrong), evidence, number, "certain"


def _is_right(slope) -> bool:
    scaled = slope.factor is not None and abs(slope.factor - 1) > SLOPE_TOLERANCE
    return not scaled and slope.error <= SLOPE_TOLERANCE


def _near(value: float | None, wanted: float) -> bool:
    return value is not None and abs(value / wanted - 1) < SLOPE_TOLERANCE


def _places(slopes) -> list[int]:
    return sorted({slope.layer for slope in slopes})


def _outputs(report: Report):
    out, last = report.outputs, report.layers[-1]
    bounded = out.limits != (-np.inf, np.inf)
    doubled = out.best_loss is not None and out.best_loss > 0.5 * out.doubled
    if out.majority is not None and out.best_loss is not None and (out.sums_to_one or doubled):
        if out.sums_to_one:
            evidence = "the outputs sum to 1 before the loss applies its softmax"
        else:
            evidence = f"the loss of perfect answers is {out.best_loss:.2f}, expected 0"
        yield "softmax twice", [last.index], evidence, out.doubled, "certain"
    elif out.best_loss is None and out.majority is not None and out.limits == (0.0, 1.0):
        evidence = f"the outputs end in {last.name}, and the loss applies its sigmoid to them"
        yield "sigmoid twice", [last.index], evidence, out.high, "certain"
    elif out.limits == (0.0, np.inf) and (out.target_low is None or out.target_low < 0):
        evidence = f"the outputs end in {last.name}: {out.zeros:.0%} of them are 0"
        yield "ReLU on the output", [last.index], evidence, out.zeros, "certain"
    elif bounded and out.target_low is not None:
        low, high = out.limits
        if out.target_low < low - 1e-6 or out.target_high > high + 1e-6:
            evidence = (
                f"{last.name} gives {low:g} to {high:g}, the targets go from "
                f"{out.target_low:.3g} to {out.target_high:.3g}"
            )
            yield "bounded output", [last.index], evidence, out.target_high, "certain"
    if out.value_gap is not None:
        off = abs(out.value_gap) > 0.01 * max(abs(report.loss), 1e-6)
        if off and np.isfinite(out.value_gap):
            evidence = (
                f"the loss is {shown(report.loss)} and differs from its formula by "
                f"{out.value_gap:.3g}"
            )
            yield "impossible loss", [], evidence, out.value_gap, "certain"
    if report.loss < -1e-6 and out.value_gap is None:
        yield (
            "impossible loss",
            [],
            f"the loss is {report.loss:.3g}, below 0",
            report.loss,
            "likely",
        )


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
    if best is not None and best.end < BETTER * own.end and best.end < 1.5 * max(level, own.start):
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


def _too_low(report, own, higher, steps):
    """One and two decades up: both far better, and the second better than the first."""
    fall = {t.factor: own.start - t.end for t in higher}
    slow = own.start - own.end
    ten, hundred, more = (fall.get(f, -np.inf) for f in (10.0, 100.0, 1e4))
    much = max(hundred, more)
    if much < 0.1 * own.start or slow > LITTLE * much or ten > 0.7 * much:
        return
    best = max(fall, key=fall.get)
    evidence = f"{steps}, at {best:g} times the rate to {own.start - fall[best]:.3g}"
    yield "rate too low", [], evidence, slow / own.start, "likely"
