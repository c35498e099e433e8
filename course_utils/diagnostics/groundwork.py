"""Verdicts on data and code: what is wrong before any weight is looked at.

Each yields its suspects as cause, layers, evidence, number, and how sure.
"""

from collections.abc import Iterator

import numpy as np

from course_utils.diagnostics.report import Report

Suspect = tuple[str, list[int], str, float, str]
# Where healthy ends; see `judging` for where the thresholds come from.
LARGEST_FEATURE = 40.0  # standardized columns have 1, hours of the day 14, pixels to 255 about 100
SMALLEST_FEATURE, SMALLEST_ROW = 0.03, 0.3
LARGEST_TARGET, LARGEST_OFFSET = 50.0, 30.0
LEAST_Z = 4.0  # of the neighbors and of the linear probe, in standard errors
MOST_UNSEEN = 0.05  # a signal that could have been there without being seen, as share of variance
MOST_SORTED = 0.2
MOST_OVERLAP, MOST_GAP = 0.05, 6.0
MOST_FREQUENT = 0.95
LARGEST_GAP = 1e-3
SLOPE_TOLERANCE = 0.05
MOST_SILENT = 0.2  # entries at 0 that a gradient wrong elsewhere explains


def on_data(report: Report) -> Iterator[Suspect]:
    """Scales, leaks, the share of the classes, and whether inputs know the targets."""
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


def on_batches(report: Report) -> Iterator[Suspect]:
    """The order of the examples, and one batch that comes again and again."""
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


def on_code(report: Report) -> Iterator[Suspect]:
    """What two measurements of the same thing contradict: the two modes, and every slope."""
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
    silent = [s for s in slopes if s.silent > (0 if s.error <= SLOPE_TOLERANCE else MOST_SILENT)]
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


def on_outputs(report: Report) -> Iterator[Suspect]:
    """The last layer and the loss: do they belong together, and can they reach the targets?"""
    out, last = report.outputs, report.layers[-1]
    bounded = out.limits != (-np.inf, np.inf)
    doubled = out.best_loss is not None and abs(out.best_loss / out.doubled - 1) < 0.05
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
    least = report.loss if out.below_floor is None else min(out.below_floor, report.loss)
    if least < -1e-4 * max(1.0, abs(report.loss)):
        evidence = f"it is {report.loss:.3g} now, and {-least:.3g} below the least that it can be"
        yield "impossible loss", [], evidence, least, "certain"
