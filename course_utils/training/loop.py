"""The training loop: one `fit` for every network of the course, and the parts it is made of.

Each epoch ends with the same measurement of training and validation data, in inference mode.
"""

import time
from collections.abc import Iterator, Sequence

import numpy as np
from tqdm import tqdm

from course_utils.augmentation import Augmentation
from course_utils.losses import Loss
from course_utils.network import Network, memory_batches
from course_utils.optimizers import Optimizer
from course_utils.schedules import Schedule
from course_utils.training.watching import (
    Callback,
    Data,
    History,
    Run,
    TrainingDiverged,
    TrainingInterrupted,
)
from course_utils.validation import (
    require_count,
    require_equal_length,
    require_finite,
    require_function,
    require_instance,
    require_list,
    require_number,
    require_rows,
    require_targets,
    warn_of_another_network,
)

LAST_BATCH_RULES = ("keep", "drop", "merge")
LAST_BATCH = "merge"


def minibatches(
    x: np.ndarray, y: np.ndarray, batch_size: int, rng: np.random.Generator, last_batch=LAST_BATCH
) -> Iterator[Data]:
    """One epoch of batches (x, y) in a fresh random order.

    Where `batch_size` does not divide the number of rows, `last_batch` says what becomes of the
    rest: "merge" adds it to the batch before, "keep" makes a shorter batch of it (PyTorch's
    `drop_last=False`), "drop" leaves it out of this epoch (`drop_last=True`). A short batch moves
    the network as far as a full one on a noisier gradient. Fewer rows than one batch are one
    batch; "drop" refuses them.
    """
    x, y = require_targets("x", x), require_targets("y", y)
    require_equal_length("x", x, "y", y)
    _require_generator(rng)
    if len(x) == 0:
        raise ValueError("x is an empty data set, expected at least one row")
    steps = steps_per_epoch(len(x), batch_size, last_batch)

    def batches():
        order = rng.permutation(len(x))
        for step in range(1, steps + 1):
            to_the_end = step == steps and last_batch != "drop"
            chosen = order[(step - 1) * batch_size : None if to_the_end else step * batch_size]
            yield x[chosen], y[chosen]

    return batches()


def steps_per_epoch(rows: int, batch_size: int, last_batch: str = LAST_BATCH) -> int:
    """The number of updates in an epoch of `fit` over so many rows: what a schedule counts."""
    require_count("rows", rows)
    require_count("batch_size", batch_size)
    if last_batch not in LAST_BATCH_RULES:
        raise ValueError(f"last_batch is {last_batch!r}, expected one of {LAST_BATCH_RULES}")
    full, rest = divmod(rows, batch_size)
    if last_batch == "drop" and full == 0:
        raise ValueError(f"batch_size is {batch_size}, but 'drop' leaves no batch of {rows} rows")
    return full + (rest > 0 and (last_batch == "keep" or full == 0))


def evaluate(
    network: Network, loss: Loss, x: np.ndarray, y: np.ndarray, batch_size: int | None = None
) -> tuple[float, float]:
    """The mean loss and the accuracy over all rows of x, in inference mode.

    Computed in batches to save memory, see `memory_batches`; a batch counts by its size, so the
    result is that of one large batch. The accuracy is NaN where the loss predicts no class.
    """
    require_instance("loss", loss)
    x, y = _checked_input(network, "x", x), require_targets("y", y)
    require_equal_length("x", x, "y", y)
    totals = np.zeros(2)
    for few in memory_batches(x, batch_size):
        targets, outputs = y[few], network.forward(x[few])
        value, _ = loss(outputs, targets)
        totals += len(targets) * np.array([value, loss.accuracy(outputs, targets)])
    mean_loss, accuracy = totals / len(x)
    return float(mean_loss), float(accuracy)


def clip_gradient_norm(grad: np.ndarray, max_norm: float) -> float:
    """Scale `grad` in place so that its norm is at most `max_norm`; return the norm it had.

    Pascanu et al. 2013. The direction stays, only the length changes.
    """
    require_number("max_norm", max_norm, low=0.0)
    norm = _norm(grad)
    if norm > max_norm:
        grad *= max_norm / norm
    return norm


def _norm(grad: np.ndarray) -> float:
    """The length of a vector, also where the squares of its entries overflow its type."""
    with np.errstate(over="ignore"):
        norm = float(np.linalg.norm(grad))
    if np.isinf(norm) and np.isfinite(grad).all():
        norm = float(np.linalg.norm(grad.astype(np.float64)))
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
    last_batch: str = LAST_BATCH,
    augment: Sequence[Augmentation] = (),
    measured_rows: int | None = None,
    callbacks: Sequence[Callback] = (),
    progress: bool = True,
    history: History | None = None,
) -> History:
    """Train `network` in place on `train` = (x, y) and return the `History`.

    Each update: forward, loss, backward, clip to `clip_norm` if given, step at the rate
    `schedule(step)` if given (`step` from 0), else at the optimizer's own. A schedule with an
    `update` method is told each epoch's validation loss. `last_batch` is what `minibatches` does
    with the rows that are left over: "merge", "keep" or "drop". Raises `TrainingDiverged` when
    the loss is no longer finite, and `TrainingInterrupted` after Stop or Ctrl-C. `history` is an
    empty one to fill: whatever ends the training, it holds the epochs that were measured.

    `augment` lists what changes each training batch before it is used, in this order, such as
    `[flips(), shifts(2)]`; the measurement sees the data as they are.

    `measured_rows` is how many rows of `train`, its first ones, the training loss and accuracy of
    an epoch are taken from: by default all. Where a forward pass is slow, fewer save time.
    """
    for name, part in (("loss", loss), ("optimizer", optimizer), ("network", network)):
        require_instance(name, part)
    x, y = _checked_data(network, loss, "train", train)
    if val is not None:
        val = _checked_data(network, loss, "val", val)
    elif hasattr(schedule, "update"):
        raise ValueError("val is None, but this schedule needs a validation loss: pass val=(x, y)")
    require_count("epochs", epochs)
    if measured_rows is not None:
        require_count("measured_rows", measured_rows)
    steps_per_epoch(len(x), batch_size, last_batch)  # raises on what it cannot count
    _require_generator(rng)
    if clip_norm is not None:
        require_number("clip_norm", clip_norm, low=0.0)
    if schedule is not None:
        require_function("schedule", schedule, "constant(0.1)")
    require_list("callbacks", callbacks, "[KeepBest()]")
    for callback in callbacks:
        require_instance("one of the callbacks", callback)
    require_list("augment", augment, "[flips(), shifts(2)]")
    for position, change in enumerate(augment):
        require_function(f"augment[{position}]", change, "flips()")

    history = History() if history is None else _require_empty(history)
    warn_of_another_network(optimizer, network)

    run = Run(network, loss, optimizer, (x, y), val, epochs, history)
    for callback in callbacks:
        callback.on_start(run)
    try:
        # an overflow is not lost: it makes the loss infinite or NaN, and that is looked for
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in tqdm(range(epochs), unit="epoch") if progress else range(epochs):
                batches = minibatches(*run.train, batch_size, rng, last_batch)
                run._move_to("training")
                updates = _epoch(run, batches, rng, schedule, clip_norm, augment, callbacks)
                run._move_to("evaluation")
                measured = _measure(run, measured_rows)
                run.history._append(**updates, **measured)  # together: an epoch is whole or absent
                _require_finite_loss(run)
                if hasattr(schedule, "update"):
                    schedule.update(run.history.val_loss[-1])
                for callback in callbacks:
                    callback.on_epoch(run)
                if run.stop:
                    break
    except KeyboardInterrupt as stop:
        run.stop = f"interrupted after {run.step} steps"
        raise TrainingInterrupted(run.step, run.epoch, history) from stop
    except TrainingDiverged as error:
        run.stop = f"diverged at step {error.step}"
        raise
    finally:
        run._move_to("evaluation")
        run.history.stopped = run.stop
        for callback in callbacks:
            callback.on_end(run)
    return history


def _epoch(run: Run, batches, rng, schedule, clip_norm, augment, callbacks) -> dict[str, float]:
    """Update once for every mini-batch; what takes time here is counted in `seconds`."""
    network, loss, optimizer = run.network, run.loss, run.optimizer
    start, norms = time.perf_counter(), []
    for x_batch, y_batch in batches:
        for change in augment:
            x_batch, y_batch = change(x_batch, y_batch, rng)
        if schedule is not None:
            optimizer.lr = schedule(run.step)
        outputs = network.forward(x_batch, training=True)
        run.batch_loss, grad_outputs = loss(outputs, y_batch)
        if not np.isfinite(run.batch_loss):
            where = (run.step + 1, run.epoch + 1, optimizer.lr)
            raise TrainingDiverged(run.batch_loss, *where, run.history)
        network.backward(grad_outputs, input_gradient=False)
        if clip_norm is None:
            norms.append(_norm(network.grad))
        else:
            norms.append(clip_gradient_norm(network.grad, clip_norm))
        optimizer.step(network.theta, network.grad)
        run.step += 1
        for callback in callbacks:
            callback.on_step(run)
    run.epoch += 1
    seconds = time.perf_counter() - start
    return {"lr": optimizer.lr, "gradient_norm": float(np.mean(norms)), "seconds": seconds}


def _measure(run: Run, rows: int | None) -> dict[str, float]:
    """The four numbers of the history that both data sets give, from the same parameters."""
    measured, (x, y) = {}, run.train
    for part, data in (("train", (x[:rows], y[:rows])), ("val", run.val)):
        values = (np.nan, np.nan) if data is None else evaluate(run.network, run.loss, *data)
        measured[f"{part}_loss"], measured[f"{part}_accuracy"] = values
    return measured


def _require_finite_loss(run: Run) -> None:
    """Raise if the epoch that has just been measured ended with a loss that is not finite."""
    history = run.history
    for value in history.train_loss[-1:] + ([] if run.val is None else history.val_loss[-1:]):
        if not np.isfinite(value):
            raise TrainingDiverged(value, run.step, run.epoch, run.optimizer.lr, history)


def _checked_data(network: Network, loss: Loss, name: str, data: Data) -> Data:
    """Both as arrays that the network and the loss can take, all rows of them, or raise."""
    if not isinstance(data, tuple) or len(data) != 2:
        raise TypeError(f"{name} is {type(data).__name__}, expected a pair (x, y)")
    x, y = data
    x = _checked_input(network, f"{name} x", x)
    require_finite(f"{name} x", x)
    y = require_targets(f"{name} y", y)
    require_equal_length(f"{name} x", x, f"{name} y", y)
    if np.issubdtype(y.dtype, np.floating):
        require_finite(f"{name} y", y)
    outputs = network.forward(x[:2])  # two: a faulty batch norm may not take one
    try:  # a wrong label in the last row is found before the first update
        with np.errstate(all="ignore"):
            loss(np.zeros((len(y), *outputs.shape[1:]), outputs.dtype), y)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name} y: {error}") from error
    return x, y


def _require_empty(history: History) -> History:
    if not isinstance(history, History):
        raise TypeError(f"history is {type(history).__name__}, expected a History")
    if len(history):
        raise ValueError(
            f"history holds {len(history)} epochs already, expected an empty one: "
            "history = History() in the same cell"
        )
    return history


def _checked_input(network: Network, name: str, x: np.ndarray) -> np.ndarray:
    """x as an array. A network from elsewhere, such as that of notebook 06, may not look itself."""
    return getattr(network, "check_input", require_rows)(name, x)


def _require_generator(rng: np.random.Generator) -> None:
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng is {type(rng).__name__}, expected a numpy.random.Generator: "
            "rng = np.random.default_rng(0)"
        )
