"""Several cores for one network: each works on its part of every mini-batch.

NumPy uses one core for everything but matrix products, and lets go of Python while it computes, so
threads are enough: `with in_parallel(network, 2) as fast: fit(fast, ...)` trains `network` itself.
"""

import contextvars
import copy
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
from threadpoolctl import threadpool_limits

from course_utils.network import Network
from course_utils.validation import require_count


@contextmanager
def in_parallel(network: Network, workers: int = 2) -> Iterator[Network]:
    """A stand-in for `network` that splits every batch into `workers` parts, one a thread.

    It has the very `theta`, `grad` and layers of `network`, so what it learns is there afterwards.
    The gradient is that of the whole batch, with one exception: batch norm normalizes each part by
    the part's own statistics ("ghost batches", Hoffer et al. 2017), and the running averages are
    those of the parts' mean. Matrix products use one thread each meanwhile. For one number of
    workers the result is always the same; each number gives another.
    """
    require_count("workers", workers)
    with ThreadPoolExecutor(workers) as pool, threadpool_limits(1, user_api="blas"):
        yield _Parallel(network, workers, pool)


class _Parallel(Network):
    def __init__(self, network: Network, workers: int, pool: ThreadPoolExecutor) -> None:
        self.layers, self.theta, self.grad = network.layers, network.theta, network.grad
        self._pool, self._sizes = pool, [0]
        self._twins = [network, *(_twin(network) for _ in range(workers - 1))]

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        parts = np.array_split(x, min(len(self._twins), max(1, len(x) // 2)))
        self._sizes = [len(part) for part in parts]
        outputs = self._each(lambda twin, part: twin.forward(part, training), parts)
        if training:
            self._share_buffers(len(parts))
        return np.concatenate(outputs)

    def backward(self, grad_outputs: np.ndarray, input_gradient: bool = True) -> np.ndarray | None:
        parts = np.split(grad_outputs, np.cumsum(self._sizes)[:-1])
        inputs = self._each(lambda twin, part: twin.backward(part, input_gradient), parts)
        for twin in self._twins[1 : len(parts)]:
            self.grad += twin.grad
        return np.concatenate(inputs) if input_gradient else None

    def _each(self, work, parts: list[np.ndarray]) -> list:
        """What `work` gives for each twin and its part; all threads heed this one's errstate."""
        running = [
            self._pool.submit(contextvars.copy_context().run, work, twin, part)
            for twin, part in zip(self._twins, parts, strict=False)
        ]
        return [future.result() for future in running]

    def _share_buffers(self, parts: int) -> None:
        """Give all twins the mean of the running averages that the parts have led to."""
        for layers in zip(*(twin.layers for twin in self._twins), strict=True):
            for name in layers[0].buffers:
                mean = np.mean([layer.buffers[name] for layer in layers[:parts]], axis=0)
                for layer in layers:
                    layer.buffers[name] = mean


def _twin(network: Network) -> Network:
    """A copy with gradients and caches of its own, and the same memory for the parameters."""
    twin = copy.deepcopy(network)
    twin.theta = network.theta
    for layer, original in zip(twin.layers, network.layers, strict=True):
        for name, array in original.params.items():
            layer.params.tie(name, array)
        if hasattr(layer, "rng"):
            layer.rng = original.rng.spawn(1)[0]
    return twin
