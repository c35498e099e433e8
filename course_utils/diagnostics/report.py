"""The numbers that `inspect` measures, by name, and the table that a printed report shows.

Nothing is measured and nothing is judged here. None always means: not measured.
"""

from dataclasses import dataclass

COLUMNS = {  # title -> field of the table that a printed report shows
    "std": "std",
    "dead": "dead",
    "saturated": "saturated",
    "gain": "gain",
    "gradient": "gradient_norm",
    "step/size": "update_ratio",
    "slope": "slope_ratio",
    "switch": "switch_gap",
}


@dataclass(frozen=True)
class Slope:
    """Backward's gradient of one parameter array against slopes measured by finite differences.

    All in training mode. `factor`: what backward gives over what is measured, along its own
    gradient. `error`: the size of what is wrong beyond that factor, relative to the gradient,
    from random directions. `silent`: fraction of the entries that backward leaves at 0 although
    the loss depends on them. `adds_up`: a second backward pass gave another gradient.
    """

    layer: int
    name: str
    factor: float | None
    error: float
    silent: float = 0.0
    adds_up: bool = False


@dataclass(frozen=True)
class LayerReport:
    """What was measured at one layer; None where the question makes no sense for it.

    `mean`, `std`: of its outputs, as in training. `dead`: fraction of a layer's units (channels)
    without weights that are 0 for **every** row. `saturated`: fraction of a sigmoid's outputs
    outside [0.01, 0.99], of a tanh's outside [-0.98, 0.98]. `dropped`: fraction of its inputs
    that it sets to 0 in training only. `gain`: size of X W over size of X (root mean square).
    `copies`: fraction of a hidden layer's units that have nearly the same weights as another.
    `gradient_norm`, `weight_norm`: of all its parameters; `late_gradient` the mean norm over the
    last updates of the trial. `update_ratio`: length of the optimizer's next step over
    `weight_norm`. `still`: names of parameters that the trial has not moved although they have a
    gradient. `slope_ratio`: the `factor` of its worst `Slope`, 1 if right.
    `switch_gap`: how far outputs at inference change, relative to their size, when the forward
    pass is repeated or the batch is cut in half; 0 if right. `stale`: its running averages do
    not move in training. `linear_to_next`: nothing but straight lines lies between the weights
    of this layer and the next ones.
    """

    index: int
    name: str
    mean: float
    std: float
    switch_gap: float
    dead: float | None = None
    saturated: float | None = None
    dropped: float | None = None
    gain: float | None = None
    copies: float | None = None
    gradient_norm: float | None = None
    late_gradient: float | None = None
    weight_norm: float | None = None
    update_ratio: float | None = None
    still: tuple[str, ...] = ()
    slope_ratio: float | None = None
    slopes: tuple[Slope, ...] = ()
    stale: bool = False
    linear_to_next: bool = False


@dataclass(frozen=True)
class Alignment:
    """How much the inputs know about the targets.

    `neighbors`: how often a row's nearest row has the same target (or how their targets
    correlate), in standard errors above chance. `explained`: share of the targets' variance that
    a linear probe explains, beyond what as many columns explain of shuffled targets; `error`: its
    standard error, from shuffled targets. `blocks`: the same in z for successive parts of the
    rows, None where the targets do not vary enough. `columns`: of the probe.
    """

    neighbors: float | None
    explained: float
    error: float
    columns: int
    blocks: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Batches:
    """One epoch of mini-batches. `sorted_share`: how much of the targets' variance lies between
    them, 0 if they are drawn at random. `rows`, `distinct`: how many rows, and different ones."""

    sorted_share: float | None
    number: int
    rows: int
    distinct: int


@dataclass(frozen=True)
class Trial:
    """A short training of a copy on real batches.

    `factor`: of the optimizer's rate. `losses`: of each batch before its update. `start`, `end`:
    of the same rows before and after; infinite if the training broke.
    """

    factor: float
    losses: tuple[float, ...]
    start: float
    end: float
    changed: str = ""


@dataclass(frozen=True)
class Outputs:
    """What comes out and what should.

    `sums_to_one`: every row is a distribution already. `low`, `high`: range of the outputs, and
    `limits`: what the last layer can give at all. `zeros`: fraction of outputs that are 0.
    `target_low`, `target_high`, `target_size`, `target_std`: of the targets as numbers.
    `majority`: share of the most frequent class. `best_loss`: the loss of perfect answers, and
    `doubled`: what it would be if a softmax were applied twice. `below_floor`: the loss of perfect
    answers minus the least that it can be.
    """

    sums_to_one: bool
    low: float
    high: float
    limits: tuple[float, float]
    zeros: float
    target_low: float | None = None
    target_high: float | None = None
    target_size: float | None = None
    target_std: float | None = None
    majority: float | None = None
    best_loss: float | None = None
    doubled: float | None = None
    below_floor: float | None = None


@dataclass(frozen=True)
class Report:
    """The numbers of all layers, and those of data, loss and steps.

    `size`: of the inputs, their root mean square. `feature_size`: the largest root mean square of
    what the first weights get, over the features, and `feature` its column; `row_size`: the
    length of a row. `leak`: the column that is the target itself. `loss` and `chance`: the loss
    now, and that of the best constant answer. `probe`: the loss of one batch before and after
    each of ten steps of the optimizer on it. `trials`: short trainings on real batches, the first
    at the optimizer's own rate. `overlap`: share of the validation rows that are training rows;
    `val_gap`: training loss minus validation loss, in standard errors. `slope_rows`: the rows of
    the finite difference.
    """

    layers: tuple[LayerReport, ...]
    rows: int
    slope_rows: int
    size: float
    feature_size: float
    feature: int
    row_size: float
    leak: int | None
    alignment: Alignment | None
    batches: Batches | None
    outputs: Outputs
    loss: float
    chance: float | None
    probe: tuple[float, ...] | None
    trials: tuple[Trial, ...]
    own_optimizer: bool
    lr: float | None
    decay_share: float
    overlap: float | None = None
    val_gap: float | None = None

    @property
    def agreement(self) -> float | None:
        """Of nearest rows' targets, in standard errors above chance."""
        return self.alignment.neighbors if self.alignment else None

    @property
    def sorted_share(self) -> float | None:
        """How much of the targets' variance lies between the batches."""
        return self.batches.sorted_share if self.batches else None

    def __str__(self) -> str:
        lines = [f"{'layer':19}" + "".join(f"{title:>10}" for title in COLUMNS)]
        for layer in self.layers:
            cells = (shown(getattr(layer, field)) for field in COLUMNS.values())
            lines.append(f"{f'{layer.index} {layer.name}':19}" + "".join(f"{c:>10}" for c in cells))
        probe = f"{shown(self.probe[0])} to {shown(self.probe[-1])}" if self.probe else None
        order = None if self.sorted_share is None else f"{max(self.sorted_share, 0):.0%}"
        trial = self.trials[0] if self.trials and self.own_optimizer else None
        lines += [
            f"loss {shown(self.loss)}; of the best constant answer {shown(self.chance)}",
            f"ten steps on one batch: loss from {probe or 'unknown (pass optimizer=)'}",
        ]
        if trial is not None:
            lines.append(
                f"{len(trial.losses)} steps on real batches: loss from {shown(trial.start)} "
                f"to {shown(trial.end)}"
            )
        lines += [
            f"largest feature: size {shown(self.feature_size)}",
            f"nearest examples agree: {shown(self.agreement)} standard errors above chance",
            f"targets sorted by batch: {order or 'unknown (pass batches=)'}",
        ]
        return "\n".join(lines)


def shown(value: float | None) -> str:
    """A number as reports show it: three digits, a dash for None."""
    return "-" if value is None else f"{value:.3g}"
