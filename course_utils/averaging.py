"""The average of the weights a training passes through, which is calmer than any single one.

`AverageWeights` is a callback of `fit`: it watches every update and ends with the average.
"""

from contextlib import contextmanager

import numpy as np

from course_utils.training import Callback, Run, evaluate
from course_utils.validation import require_count, require_number


class AverageWeights(Callback):
    """Let the training end with the average of its weights, not with the last.

    With `decay` it is the exponential moving average (EMA), the weights of k updates ago counting
    decay^k as much as the newest: it remembers about 1 / (1 - decay) updates. The start at zero is
    corrected for, as in Adam. With `decay=None` it is the plain mean of all weights (Polyak,
    Juditsky 1992; Izmailov et al. 2018, SWA). Either begins after `start` updates. Batch norm's
    running averages are averaged along.

    The path of the training is not changed. `train_loss` and `val_loss` have the losses of the
    average after each epoch (NaN before `start`, or without data); the history has those of the
    weights themselves. `on_end` puts the average into the network, unless it is not finite.
    """

    def __init__(self, decay: float | None = 0.99, start: int = 0) -> None:
        if decay is not None:
            decay = require_number("decay", decay, low=0.0, high=1.0, open_high=True)
        self.decay, self.begin = decay, require_count("start", start, low=0)
        self._forget()

    def _forget(self) -> None:
        self.train_loss, self.val_loss = [], []
        self.count, self._average = 0, {}

    def on_start(self, run: Run) -> None:
        self._forget()

    def on_step(self, run: Run) -> None:
        if run.step <= self.begin:
            return
        self.count += 1
        newest = 1 / self.count
        if self.decay is not None:
            newest = (1 - self.decay) / (1 - self.decay**self.count)
        for name, array in _arrays(run).items():
            if name not in self._average:
                self._average[name] = np.zeros_like(array)
            # an overflow is no loss: such an average is not put in
            self._average[name] += newest * (array - self._average[name])

    def on_epoch(self, run: Run) -> None:
        for data, losses in ((run.train, self.train_loss), (run.val, self.val_loss)):
            if data is None or not self.count:
                losses.append(float("nan"))
                continue
            with self._put_in(run):
                losses.append(evaluate(run.network, run.loss, *data)[0])

    def on_end(self, run: Run) -> None:
        if self.count and all(np.isfinite(array).all() for array in self._average.values()):
            for name, array in _arrays(run).items():
                array[...] = self._average[name]

    @contextmanager
    def _put_in(self, run: Run):
        arrays = _arrays(run)
        before = {name: array.copy() for name, array in arrays.items()}
        try:
            for name, array in arrays.items():
                array[...] = self._average[name]
            yield
        finally:
            for name, array in arrays.items():
                array[...] = before[name]


def _arrays(run: Run) -> dict[str, np.ndarray]:
    """All that is averaged: the parameters as one vector, and the buffers by name."""
    buffers = {
        f"{index}.{name}": array
        for index, layer in enumerate(run.network.layers)
        for name, array in layer.buffers.items()
    }
    return {"theta": run.network.theta} | buffers
