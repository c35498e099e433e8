"""What is known of a training, and what may watch it: history, run, callbacks, and its two ends.

`fit` keeps one `Run`; callbacks see it after each update and each epoch.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from course_utils.losses import Loss
from course_utils.network import Network
from course_utils.optimizers import Optimizer
from course_utils.validation import require_count, require_number

Data = tuple[np.ndarray, np.ndarray]


@dataclass
class History:
    """What was measured at the end of each epoch: one entry an epoch in every list.

    Losses and accuracies are of the whole training and validation data, after the epoch's last
    update, in inference mode (NaN where there is no validation data or no class to predict).
    `lr` is the rate of the epoch's last update, `gradient_norm` the mean over its updates of the
    norm before clipping, `seconds` the time of the updates alone, without the measurement.
    `stopped` says why training ended early, or is None.
    """

    train_loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)
    gradient_norm: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    stopped: str | None = None

    def __len__(self) -> int:
        return len(self.train_loss)

    def _append(self, **measured: float) -> None:
        for name, value in measured.items():
            getattr(self, name).append(value)

    def to_frame(self):
        """A pandas DataFrame, one row an epoch, indexed from 1."""
        import pandas as pd  # here, because pandas takes half a second that training can do without

        columns = {name: values for name, values in vars(self).items() if name != "stopped"}
        return pd.DataFrame(columns, index=pd.RangeIndex(1, len(self) + 1, name="epoch"))


class TrainingDiverged(RuntimeError):
    """The loss is no longer a finite number. `step` (from 1), `epoch` (from 1) and `history`
    say where; the network holds the parameters that gave this loss, unless a callback such as
    `KeepBest` has put better ones back."""

    def __init__(self, loss: float, step: int, epoch: int, lr: float, history: History) -> None:
        super().__init__(
            f"the loss became {loss} at step {step} (epoch {epoch}) with lr {lr:g}. Try a smaller "
            "learning rate first; then standardized inputs, He initialization, clip_norm=1.0"
        )
        self.loss, self.step, self.epoch, self.history = loss, step, epoch, history


class TrainingInterrupted(KeyboardInterrupt):
    """Stop was pressed, or Ctrl-C: as a KeyboardInterrupt it ends the cell, the loop around `fit`
    and the cells that wait. `step`, `epoch` (finished ones) and `history` say how far it came; the
    network holds the parameters of that step, unless a callback has put better ones back."""

    def __init__(self, step: int, epoch: int, history: History) -> None:
        super().__init__(
            f"stopped after {step} steps, {epoch} whole epochs. The network keeps what it has "
            "learned; the history is in the one you passed as fit(..., history=history)"
        )
        self.step, self.epoch, self.history = step, epoch, history


@dataclass
class Run:
    """What a callback sees: the parts of the training, and where it stands.

    `epochs` is the number that was asked for, `train` and `val` (None if there is none) are the
    checked pairs (x, y). `step` and `epoch` count what is finished; `batch_loss` is the loss of
    the latest mini-batch, measured before its update, and `optimizer.lr` the rate of that update.
    Set `stop` to a reason, in words, to end training after this epoch.
    """

    network: Network
    loss: Loss
    optimizer: Optimizer
    train: Data
    val: Data | None
    epochs: int
    history: History = field(default_factory=History)
    step: int = 0
    epoch: int = 0
    batch_loss: float = float("nan")
    stop: str | None = None

    @contextmanager
    def measured(self) -> Iterator[Network]:
        """`with run.measured() as network:` is the network at the point that `fit` measures.

        Only a schedule-free optimizer has another one than the point it trains at, and only
        `on_step` needs this: in `on_epoch` and `on_end` the network is there already.
        """
        self._move_to("evaluation")
        try:
            yield self.network
        finally:
            self._move_to("training")

    def _move_to(self, point: str) -> None:
        # an optimizer of your own need not have two points
        move = getattr(self.optimizer, f"to_{point}_point", lambda theta: None)
        move(self.network.theta)


class Callback:
    """Something that watches a training, or takes part in it: `fit(..., callbacks=[...])`.

    Subclass it and override what you need. `fit` calls each method of each callback, in the order
    of the list, with the one `Run` of this training:

    - `on_start` once, before the first update. Begin anew here: an object may serve several runs.
    - `on_step` after every update.
    - `on_epoch` after every epoch that was measured: `run.history` has its new entries.
      A schedule has been told the validation loss already.
    - `on_end` once, whatever ended the training: the last epoch, a `run.stop`, Ctrl-C, or
      divergence. `run.history.stopped` has the reason, None if all epochs were trained.

    Reading anything is fine. Change `run.network` only in `on_end` or knowing that training goes
    on from there; never change `run.history`. An exception ends the training and reaches the
    caller, after `on_end`.
    """

    def on_start(self, run: Run) -> None:
        """Before the first update."""

    def on_step(self, run: Run) -> None:
        """After each update."""

    def on_epoch(self, run: Run) -> None:
        """After each epoch, when the history has its new entries."""

    def on_end(self, run: Run) -> None:
        """After the training, whatever ended it."""


class KeepBest(Callback):
    """Let the training end with the best network it has seen, not with the last.

    After each epoch the list `monitor` of the history is looked at: the lowest loss or the highest
    accuracy is the best, the first of equals. `on_end` puts that network back, parameters and
    batch norm's running statistics, also after Ctrl-C and divergence. `best_epoch` (from 1; None
    before the first) and `best` (its value) say which one it is; the history stays whole, so its
    last entries are not those of the network you get. The optimizer's state is not taken back.
    """

    def __init__(self, monitor: str = "val_loss") -> None:
        measured = ("val_loss", "val_accuracy", "train_loss", "train_accuracy")
        if monitor not in measured:
            raise ValueError(f"monitor is {monitor!r}, expected one of {measured}")
        self.monitor = monitor
        self.best, self.best_epoch, self._snapshot = None, None, None

    def on_start(self, run: Run) -> None:
        if run.val is None and self.monitor.startswith("val"):
            raise ValueError(f"val is None, but {self.monitor} is monitored: pass val=(x, y)")
        self.best, self.best_epoch, self._snapshot = None, None, None

    def on_epoch(self, run: Run) -> None:
        value = getattr(run.history, self.monitor)[-1]
        if math.isnan(value):
            raise ValueError(f"{self.monitor} is NaN for {run.loss!r}: monitor a loss instead")
        if self._gain(value, self.best) > 0:
            snapshot = run.network.snapshot()
            self.best, self.best_epoch, self._snapshot = value, run.epoch, snapshot

    def on_end(self, run: Run) -> None:
        if self._snapshot is not None:
            run.network.restore(self._snapshot)

    def _gain(self, value: float, reference: float | None) -> float:
        """By how much `value` is better than `reference`; without end if there is none yet."""
        if reference is None:
            return math.inf
        return reference - value if self.monitor.endswith("loss") else value - reference


class EarlyStopping(KeepBest):
    """Stop after `patience` epochs in a row without progress, and keep the best network.

    Progress is a value better by more than `min_delta` than the one that last counted as
    progress, so many small gains add up to one. The network that is kept is the best of all, also
    if its gain was too small to count. Prechelt 1998, *Early stopping, but when?*
    """

    def __init__(self, patience: int, min_delta: float = 0.0, monitor: str = "val_loss") -> None:
        super().__init__(monitor)
        self.patience = require_count("patience", patience)
        self.min_delta = require_number("min_delta", min_delta, low=0.0)

    def on_start(self, run: Run) -> None:
        super().on_start(run)
        self._progress, self._waited = None, 0

    def on_epoch(self, run: Run) -> None:
        super().on_epoch(run)
        value = getattr(run.history, self.monitor)[-1]
        if self._gain(value, self._progress) > self.min_delta:
            self._progress, self._waited = value, 0
        else:
            self._waited += 1
        if self._waited >= self.patience and run.stop is None:
            run.stop = (
                f"no progress of {self.monitor} for {self._waited} epochs, "
                f"the best was epoch {self.best_epoch}"
            )
