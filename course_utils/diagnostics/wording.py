"""What a finding says: the cause, the number, how sure, what to try first, what else it could be.

The words stand here, one row for each cause; the numbers come from `judging`.
"""

from dataclasses import dataclass
from textwrap import fill

WIDTH = 92

FIRST_TRIES = {
    "unscaled inputs": "standardize every feature: (x - mean) / std, both from the training data",
    "unscaled targets": "train on (y - mean) / std, and undo it after predicting",
    "misaligned labels": "show ten examples with their labels; shuffle x and y with one order",
    "leaked target": "take the column out; ask of every column whether it is known in advance",
    "training rows in validation": "split first, by row and by person or day, then prepare",
    "imbalanced classes": "judge by balanced accuracy; weight or resample the rare class",
    "no shuffling": "draw a new random order of the examples in every epoch",
    "one batch": "draw the batch inside the loop, with `minibatches`, not once before it",
    "no inference switch": "let the layer obey `training`: evaluate with training=False",
    "stale running averages": "update them in every forward pass with training=True",
    "averaged twice": "divide by the batch size once, in the loss; layers never divide",
    "wrong gradient": "run check_gradients with training=True; the last wrong layer has the bug",
    "missing gradient": "look at what backward writes there; is the layer frozen on purpose?",
    "gradients add up": "let backward overwrite `grads`, or set them to 0 before each backward",
    "softmax twice": "give the loss the logits: it applies the softmax itself",
    "sigmoid twice": "give the loss the logits: it applies the sigmoid itself",
    "impossible loss": "compare the loss with its formula for three outputs, on paper",
    "missing activation": "put a ReLU between the two layers: without it they are one",
    "ReLU on the output": "let the last layer be dense, without an activation",
    "bounded output": "let the last layer be dense, or scale the targets into its range",
    "equal weights": "draw the weights at random, with He's or Glorot's std",
    "weights too large": "draw the weights with He's std, sqrt(2 / fan_in)",
    "saturated units": "draw the weights with Glorot's std, or batch norm before the activation",
    "dead units": "biases at 0 and He's weights; if they died in training, a lower rate",
    "vanishing gradients": "batch norm before each activation, or ReLUs with He's weights",
    "too much dropout": "start with a rate of 0.2 to 0.5, and none on small layers",
    "too much weight decay": "set it to 0, then raise it from 0.0001 while validation improves",
    "rate too high": "divide the rate by 10 until fifty updates lower the loss",
    "rate too low": "multiply the rate by 10 until the loss falls, then tune around that",
    "something is off": "train on twenty examples and check the gradients, then look at the data",
}
ELSE = {
    "unscaled inputs": "a column of another unit on purpose; then standardize it, too",
    "unscaled targets": "nothing, if the rate was chosen for this unit",
    "misaligned labels": "targets that these inputs do not determine at all, or noise above 95%",
    "leaked target": "a column that is rightly known before the target is",
    "training rows in validation": "examples that occur twice in the source",
    "imbalanced classes": "a task that is like that; then accuracy says nothing",
    "no shuffling": "batches that are meant to hold one group each",
    "one batch": "overfitting one batch on purpose, as a check",
    "no inference switch": "noise that is meant to be there at inference",
    "stale running averages": "batch norm that was frozen on purpose, for fine-tuning",
    "averaged twice": "a loss that returns a sum and a gradient of the mean",
    "wrong gradient": "a loss whose value and gradient belong to different formulas",
    "missing gradient": "a layer that is frozen on purpose",
    "gradients add up": "gradient accumulation on purpose; then set them to 0 in your own loop",
    "softmax twice": "outputs that are probabilities by construction; then use their logarithm",
    "sigmoid twice": "outputs that are probabilities by construction; then use their logit",
    "impossible loss": "a constant that was left out of the formula on purpose",
    "missing activation": "a bottleneck that is linear on purpose",
    "ReLU on the output": "targets that cannot be negative; then softplus does not die",
    "bounded output": "targets that were meant to be scaled into this range",
    "equal weights": "a layer that was set by hand",
    "weights too large": "inputs of another scale than the weights were drawn for",
    "saturated units": "a trained network that is very sure; then look at it before training",
    "dead units": "a rate too high before this look; inspect the network before its first step",
    "vanishing gradients": "weights that are too small, or activations that are saturated",
    "too much dropout": "a very wide layer",
    "too much weight decay": "a network that was trained without it before",
    "rate too high": "raw inputs or weights, a wrong gradient: these are looked at first",
    "rate too low": "a warm-up in its first steps; pass the optimizer at its full rate",
    "something is off": "a task that needs longer than this trial",
}


@dataclass(frozen=True)
class Finding:
    """One cause: what is wrong, in which layers (none: data or steps), the number, what to do.

    `sure`: "certain" if a measurement contradicts itself otherwise, "likely", or "possible".
    `otherwise`: what else the same number can mean.
    """

    cause: str
    layers: tuple[int, ...]
    evidence: str
    first_try: str
    number: float
    sure: str
    otherwise: str

    def __str__(self) -> str:
        where = ""
        if self.layers:
            where = f", layer{'s' * (len(self.layers) > 1)} {', '.join(map(str, self.layers))}"
        text = (
            f"{self.cause}{where} ({self.sure}): {self.evidence}",
            f"First try: {self.first_try}",
            f"Or else: {self.otherwise}",
        )
        return "\n".join(fill(line, WIDTH, subsequent_indent="  ") for line in text)


def put_in_words(cause, layers, evidence, number, sure) -> Finding:
    """The finding with its advice."""
    words = (FIRST_TRIES[cause], float(number), sure, ELSE[cause])
    return Finding(cause, tuple(layers), evidence, *words)


class Diagnosis(list):
    """The findings, a list; printed, all of them, or one line on what was looked at."""

    def __init__(self, findings, looked_at: str) -> None:
        super().__init__(findings)
        self.looked_at = looked_at

    def __str__(self) -> str:
        if self:
            return "\n".join(map(str, self))
        return fill(f"Nothing found. Looked at {self.looked_at}.", WIDTH, subsequent_indent="  ")
