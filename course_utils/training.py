"""The training loop: one `fit` for every network of the course, and the parts it is made of.

Each epoch ends with the same measurement of training and validation data, in inference mode.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from tqdm import tqdm

from course_utils.losses import Loss
from course_utils.network import Network
from course_utils.optimizers import Optimizer
from course_utils.schedules import Schedule
from course_utils.validation import (
    require_count,
    require_equal_length,
    require_finite,
    require_number,
    require_rows,
)

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
    say where; the network holds the parameters that gave this loss."""

    def __init__(self, loss: float, step: int, epoch: int, lr: float, history: History) -> None:
        super().__init__(
            f"the loss became {loss} at step {step} (epoch {epoch}) with lr {lr:g}. Try a smaller "
            "learning rate first; then standardized inputs, He initialization, clip_norm=1.0"
        )
        self.loss, self.step, self.epoch, self.history = loss, step, epoch, history


@dataclass
class Run:
    """What a callback sees: the parts of the training, and where it stands.

    `step` and `epoch` count what is finished; `batch_loss` is the loss of the latest mini-batch,
    measured before its update. Set `stop` to a reason to end training after this epoch.
    """

    network: Network
    optimizer: Optimizer
    history: History
    step: int = 0
    epoch: int = 0
    batch_loss: float = float("nan")
    stop: str | None = None


class Callback:
    """Subclass it and override what you need; `fit` calls these methods with its `Run`."""

    def on_start(self, run: Run) -> None:
        """Before the first update."""

    def on_step(self, run: Run) -> None:
        """After each update."""

    def on_epoch(self, run: Run) -> None:
        """After each epoch, when the history has its new entries."""

    def on_end(self, run: Run) -> None:
        """After the last epoch, also when training was interrupted or diverged."""


def minibatches(
    x: np.ndarray, y: np.ndarray, batch_size: int, rng: np.random.Generator
) -> Iterator[Data]:
    """One epoch: every example once, in a fresh random order, the short last batch included."""
    require_equal_length("x", x, "y", y)
    require_count("batch_size", batch_size)
    _require_generator(rng)
    if len(x) == 0:
        raise ValueError("x is an empty data set, expected at least one row")

    def batches():
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            chosen = order[start : start + batch_size]
            yield x[chosen], y[chosen]

    return batches()


def evaluate(
    network: Network, loss: Loss, x: np.ndarray, y: np.ndarray, batch_size: int = 1000
) -> tuple[float, float]:
    """The mean loss and the accuracy over all rows of x, in inference mode.

    Computed in batches to save memory; a batch counts by its size, so the result is that of one
    large batch. The accuracy is NaN where the loss predicts no class.
    """
    x = require_rows("x", x)
    require_equal_length("x", x, "y", y)
    require_count("batch_size", batch_size)
    totals = np.zeros(2)
    for start in range(0, len(x), batch_size):
        targets = y[start : start + batch_size]
        outputs = network.forward(x[start : start + batch_size])
        value, _ = loss(outputs, targets)
        totals += len(targets) * np.array([value, loss.accuracy(outputs, targets)])
    mean_loss, accuracy = totals / len(x)
    return float(mean_loss), float(accuracy)


def clip_gradient_norm(grad: np.ndarray, max_norm: float) -> float:
    """Scale `grad` in place so that its norm is at most `max_norm`; return the norm it had.

    Pascanu et al. 2013. The direction stays, only the length changes.
    """
    require_number("max_norm", max_norm, low=0.0)
    norm = float(np.linalg.norm(grad))
    if norm > max_norm:
        grad *= max_norm / norm
    return norm


def fit(
    network: Network,
    loss: Loss,
    optimizer: Optimizer,
    train: Data,
    val: Data | None = None,
    *,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    schedule: Schedule | None = None,
    clip_norm: float | None = None,
    callbacks: Sequence[Callback] = (),
    progress: bool = True,
) -> History:
    """Train `network` in place on `train` = (x, y) and return the `History`.

    Each update: forward, loss, backward, clip to `clip_norm` if given, step at the rate
    `schedule(step)` if given (`step` from 0), else at the optimizer's own. A schedule with an
    `update` method is told each epoch's validation loss. Raises `TrainingDiverged` when the loss
    is no longer finite. Ctrl-C ends training early: the history so far is returned.
    """
    x, y = _checked_data(network, "train", train)
    if val is not None:
        val = _checked_data(network, "val", val)
    elif hasattr(schedule, "update"):
        raise ValueError("val is None, but this schedule needs a validation loss: pass val=(x, y)")
    require_count("epochs", epochs)
    require_count("batch_size", batch_size)
    _require_generator(rng)
    if clip_norm is not None:
        require_number("clip_norm", clip_norm, low=0.0)

    run = Run(network, optimizer, History())
    for callback in callbacks:
        callback.on_start(run)
    try:
        # an overflow is not lost: it makes the loss infinite or NaN, and that is looked for
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in tqdm(range(epochs), unit="epoch") if progress else range(epochs):
                updates = _epoch(run, loss, x, y, batch_size, rng, schedule, clip_norm, callbacks)
                measured = _measure(run, loss, (x, y), val)
                run.history._append(**updates, **measured)  # together: an epoch is whole or absent
                _require_finite_loss(run, val)
                if hasattr(schedule, "update"):
                    schedule.update(run.history.val_loss[-1])
                for callback in callbacks:
                    callback.on_epoch(run)
                if run.stop:
                    break
    except KeyboardInterrupt:
        run.stop = f"interrupted after {run.step} steps"
    except TrainingDiverged as error:
        run.stop = f"diverged at step {error.step}"
        raise
    finally:
        run.history.stopped = run.stop
        for callback in callbacks:
            callback.on_end(run)
    return run.history


def _epoch(run, loss, x, y, batch_size, rng, schedule, clip_norm, callbacks) -> dict[str, float]:
    """Update once for every mini-batch; what takes time here is counted in `seconds`."""
    network, optimizer = run.network, run.optimizer
    start, norms = time.perf_counter(), []
    for x_batch, y_batch in minibatches(x, y, batch_size, rng):
        if schedule is not None:
            optimizer.lr = schedule(run.step)
        outputs = network.forward(x_batch, training=True)
        run.batch_loss, grad_outputs = loss(outputs, y_batch)
        if not np.isfinite(run.batch_loss):
            where = (run.step + 1, run.epoch + 1, optimizer.lr)
            raise TrainingDiverged(run.batch_loss, *where, run.history)
        network.backward(grad_outputs, input_gradient=False)
        if clip_norm is None:
            norms.append(float(np.linalg.norm(network.grad)))
        else:
            norms.append(clip_gradient_norm(network.grad, clip_norm))
        optimizer.step(network.theta, network.grad)
        run.step += 1
        for callback in callbacks:
            callback.on_step(run)
    run.epoch += 1
    seconds = time.perf_counter() - start
    return {"lr": optimizer.lr, "gradient_norm": float(np.mean(norms)), "seconds": seconds}


def _measure(run: Run, loss: Loss, train: Data, val: Data | None) -> dict[str, float]:
    """The four numbers of the history that both data sets give, from the same parameters."""
    train_loss, train_accuracy = evaluate(run.network, loss, *train)
    val_loss, val_accuracy = (np.nan, np.nan) if val is None else evaluate(run.network, loss, *val)
    return {
        "train_loss": train_loss,
        "train_accuracy": train_accuracy,
        "val_loss": val_loss,
        "val_accuracy": val_accuracy,
    }


def _require_finite_loss(run: Run, val: Data | None) -> None:
    """Raise if the epoch that has just been measured ended with a loss that is not finite."""
    losses = run.history.train_loss[-1:] + ([] if val is None else run.history.val_loss[-1:])
    for value in losses:
        if not np.isfinite(value):
            raise TrainingDiverged(value, run.step, run.epoch, run.optimizer.lr, run.history)


def _checked_data(network: Network, name: str, data: Data) -> Data:
    if not isinstance(data, tuple) or len(data) != 2:
        raise TypeError(f"{name} is {type(data).__name__}, expected a pair (x, y)")
    x, y = data
    x = require_rows(f"{name} x", x, getattr(network.layers[0], "fan_in", None))
    require_finite(f"{name} x", x)
    y = np.asarray(y)
    require_equal_length(f"{name} x", x, f"{name} y", y)
    if np.issubdtype(y.dtype, np.floating):
        require_finite(f"{name} y", y)
    return x, y


def _require_generator(rng: np.random.Generator) -> None:
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng is {type(rng).__name__}, expected a numpy.random.Generator: "
            "rng = np.random.default_rng(0)"
        )
