"""What is wrong with a network, judged by the numbers that `inspect` has measured.

Every verdict rests on one number of one layer, of the data or of the steps, never on an average
over layers.
"""

from dataclasses import dataclass
from textwrap import fill

import numpy as np

from course_utils.diagnostics.inspection import Report

# Where healthy ends. Measured on 96 healthy networks, before and after training: MNIST, CIFAR-10,
# housing, moons; ReLU, leaky ReLU, tanh and sigmoid; 1 to 7 hidden layers; SGD and Adam. Each
# comment gives their most extreme value, then that of the patient in the clinic.
LARGEST_FEATURE = 10.0  # healthy 1.1 (standardized); raw housing: 1,170
LEAST_AGREEMENT = 4.0  # healthy 16 standard errors (CIFAR-10); misaligned labels: 1.2
MOST_SORTED = 0.2  # healthy 0.014; sorted by class: 0.88
LARGEST_GAP = 1e-3  # healthy 1e-6, rounding; dropout that never stops: 1.0, batch norm: 0.04
SLOPE_TOLERANCE = 0.05  # healthy 1e-6; averaged twice: 0.97 off
MOST_COPIES = 0.5  # healthy 0; all weights equal: 0.98
LARGEST_GAIN = 20.0  # healthy 10 (a trained tanh network); weights of std 1: 28
LARGEST_GROWTH = 100.0  # healthy 8, outputs over inputs; weights of std 1: 5,000
MOST_DEAD = 0.5  # healthy 0.28 (7 layers on two features); biases of -5: 1
SMALLEST_FALL = 1e-3  # healthy 0.024 of the largest gradient after it; six sigmoids: 1e-4
LARGEST_UPDATE = 0.5  # healthy 0.21 of the weights in one step; rates that explode: 0.3 to 70,000
LARGEST_RISE = 10.0  # healthy: up to 13 times the first loss, but back below it in ten steps
SMALLEST_UPDATE = 1e-4  # healthy 5e-4 in the layer that moves most; rate too low: 1e-6
SMALLEST_DROP = 0.01  # healthy 0.05 of the loss in ten steps before training; rate too low: 3e-6

FIRST_TRIES = {
    "unscaled inputs": "standardize every feature: (x - mean) / std, both from the training data",
    "misaligned labels": "show ten examples with their labels; shuffle x and y with one order",
    "no shuffling": "draw a new random order of the examples in every epoch",
    "no inference switch": "let the layer obey `training`: evaluate with training=False",
    "averaged twice": "divide by the batch size once, in the loss; layers never divide",
    "wrong gradient": "run check_gradients; the last layer that is wrong has the bug",
    "equal weights": "draw the weights at random, with He's or Glorot's std",
    "weights too large": "draw the weights with He's std, sqrt(2 / fan_in)",
    "dead units": "biases at 0 and He's weights; if they died in training, a lower rate",
    "vanishing gradients": "batch norm before each activation, or ReLUs with He's weights",
    "rate too high": "divide the rate by 10 until ten steps on one batch lower its loss",
    "rate too low": "multiply the rate by 10 until the loss falls, then tune around that",
}
_FORWARD = ("equal weights", "weights too large", "dead units", "vanishing gradients")
_RATE = ("rate too high", "rate too low")
# A cause brings symptoms that look like other causes: they are no findings of their own.
EXPLAINS = {
    "unscaled inputs": (*_FORWARD, *_RATE),
    "averaged twice": ("vanishing gradients", *_RATE),
    "wrong gradient": ("vanishing gradients", *_RATE),
    "equal weights": (*_FORWARD[1:], *_RATE),
    "weights too large": (*_FORWARD[2:], *_RATE),
    "dead units": (*_FORWARD[3:], *_RATE),
    "vanishing gradients": _RATE,
}


@dataclass(frozen=True)
class Finding:
    """One cause: what is wrong, in which layers (none: data or steps), the number, what to do."""

    cause: str
    layers: tuple[int, ...]
    evidence: str
    first_try: str

    def __str__(self) -> str:
        where = f", layers {', '.join(map(str, self.layers))}" if self.layers else ""
        text = (f"{self.cause}{where}: {self.evidence}", f"First try: {self.first_try}")
        return "\n".join(fill(line, 92, subsequent_indent="  ") for line in text)


def diagnose(report: Report) -> list[Finding]:
    """Name what is wrong, from the ground up: data, code, weights, signal, rate.

    An empty list means that nothing measured lies outside of what healthy networks show. What the
    report could not measure (None) is not judged. Where one cause explains another's symptom,
    only the cause is named: cure it, and inspect again.
    """
    suspects = [*_data(report), *_code(report), *_weights(report), *_rate(report)]
    explained = {symptom for cause, *_ in suspects for symptom in EXPLAINS.get(cause, ())}
    return [
        Finding(cause, tuple(layers), evidence, FIRST_TRIES[cause])
        for cause, layers, evidence in suspects
        if cause not in explained
    ]


def _data(report: Report):
    if report.feature_size > LARGEST_FEATURE:
        evidence = f"feature {report.feature} has a median size of {report.feature_size:,.0f}"
        yield "unscaled inputs", [], f"{evidence}, expected about 1"
    if report.agreement is not None and report.agreement < LEAST_AGREEMENT:
        yield (
            "misaligned labels",
            [],
            "examples that look alike have no more similar targets than any two: "
            f"{report.agreement:.1f} standard errors above chance, expected at least "
            f"{LEAST_AGREEMENT:g}",
        )
    if report.sorted_share is not None and report.sorted_share > MOST_SORTED:
        evidence = f"{report.sorted_share:.0%} of the targets' variance lies between the batches"
        yield "no shuffling", [], f"{evidence}, expected 0%"


def _code(report: Report):
    unsteady = [la for la in report.layers if la.switch_gap > LARGEST_GAP]
    if unsteady:
        yield (
            "no inference switch",
            [la.index for la in unsteady],
            f"at inference, {unsteady[0].name} gives the same rows outputs that differ by "
            f"{unsteady[0].switch_gap:.0%} of their size when repeated or with fewer rows beside",
        )
    checked = [la for la in report.layers if la.slope_ratio is not None]
    wrong = [la for la in checked if not abs(la.slope_ratio - 1) <= SLOPE_TOLERANCE]
    if wrong:
        twice = [abs(la.slope_ratio * report.slope_rows - 1) < SLOPE_TOLERANCE for la in wrong]
        evidence = f"backward's gradient is {wrong[-1].slope_ratio:.3g} times the measured slope"
        if all(twice):
            evidence += f", and 1/{report.slope_rows} for a batch of {report.slope_rows}"
        cause = "averaged twice" if all(twice) else "wrong gradient"
        yield cause, [la.index for la in wrong], evidence


def _weights(report: Report):
    equal = [la for la in report.layers if la.copies is not None and la.copies > MOST_COPIES]
    if equal:
        evidence = f"{equal[0].copies:.0%} of the units of {equal[0].name} are copies of others"
        yield "equal weights", [la.index for la in equal], evidence
    dense = [la for la in report.layers if la.gain is not None]
    large = [
        la
        for la in dense
        if la.gain > LARGEST_GAIN or not np.hypot(la.mean, la.std) <= LARGEST_GROWTH * report.size
    ]
    if large:
        size = np.hypot(large[-1].mean, large[-1].std) / report.size
        yield (
            "weights too large",
            [la.index for la in large],
            f"{large[0].name} makes its inputs {large[0].gain:.3g} times larger; after "
            f"{large[-1].name} they are {size:.3g} times the size of the data, and the loss is "
            f"{report.loss:.3g}",
        )
    dead = [la for la in report.layers if la.dead is not None and la.dead > MOST_DEAD]
    if dead:
        worst = max(dead, key=lambda la: la.dead)
        evidence = f"{worst.dead:.0%} of the units of layer {worst.index} are 0 for all"
        yield "dead units", [la.index for la in dead], f"{evidence} {report.rows} examples"
    learning = [la for la in report.layers if la.gradient_norm is not None]
    after = np.maximum.accumulate([la.gradient_norm for la in learning][::-1])[::-1]
    faded = [
        la
        for la, most in zip(learning, after, strict=True)
        if la.gradient_norm < SMALLEST_FALL * most
    ]
    if faded:
        yield (
            "vanishing gradients",
            [la.index for la in faded],
            f"layer {faded[0].index} has a gradient of {faded[0].gradient_norm:.1e}, "
            f"layer {learning[-1].index} one of {learning[-1].gradient_norm:.1e}",
        )


def _rate(report: Report):
    ratios = {la.index: la.update_ratio for la in report.layers if la.update_ratio is not None}
    if report.probe is None or not ratios:
        return
    first, last = report.probe[0], report.probe[-1]
    bar = max(first, report.chance or 0.0)
    largest = max(ratios, key=ratios.get)
    steps = f"ten steps on one batch take its loss from {first:.3g} to {last:.3g}"
    change = f"one step changes layer {largest} by {ratios[largest]:.2g} of its size"
    too_far = [index for index, ratio in ratios.items() if not ratio <= LARGEST_UPDATE]
    worst = float(np.max(report.probe))
    if too_far or (not worst <= LARGEST_RISE * bar and not last <= bar):
        steps += f", at worst {np.nanmax(report.probe):.3g}"
        yield "rate too high", too_far or [largest], f"{change}; {steps}"
    untrained = report.chance is not None and report.loss > 0.9 * report.chance
    slow = ratios[largest] < SMALLEST_UPDATE and last > (1 - SMALLEST_DROP) * first
    if untrained and slow:
        yield "rate too low", [], f"{change}; {steps}"
