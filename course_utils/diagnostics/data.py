"""What the data say before any network has seen them: scales, batches, and whether x knows y.

Numbers only; what is too much stands in `judging`.
"""

from collections.abc import Iterable
from itertools import islice

import numpy as np

from course_utils.diagnostics.copies import size_of, spread
from course_utils.diagnostics.report import Alignment, Batches

PROBE_ROWS, NEIGHBOR_ROWS = 3000, 1000  # rows of the linear probe and of the nearest neighbors
MOST_COLUMNS = 60  # of the linear probe: with more, random mixtures of the strongest ones
PERMUTATIONS = 200
BLOCKS = 8
MOST_BATCHES = 5000  # of an epoch without end
LEAK = 1e-6  # variance of a column within the classes, or around the line, relative to all
FEWEST_ROWS = 100  # with fewer, chance agrees with anything


def as_numbers(y: np.ndarray, classes: bool) -> np.ndarray:
    """Targets as centered columns: one for each class, or the values themselves."""
    if classes:
        y = np.ravel(y)
        y = y[:, None] == np.unique(y)
    y = np.asarray(y, dtype=np.float64).reshape(len(y), -1)
    return y - y.mean(axis=0)


def alignment(x: np.ndarray, y: np.ndarray, classes: bool) -> Alignment | None:
    """How much x (N, ...) knows about y, compared with what it knows about shuffled targets."""
    if len(x) < FEWEST_ROWS:
        return None
    near = neighbors(*spread(x, y, NEIGHBOR_ROWS), classes)
    x, y = spread(x, y, PROBE_ROWS)
    basis = _basis(x.reshape(len(x), -1))
    targets = as_numbers(y, classes)
    total = float(np.sum(targets**2))
    if total == 0 or basis.shape[1] == 0:
        return None
    # a seed that nobody shuffles with: the same permutation would put the targets in place again
    rng = np.random.default_rng([8128, 496])

    def explained(t: np.ndarray) -> float:
        return float(np.sum((basis.T @ t) ** 2)) / total

    by_chance = [explained(targets[rng.permutation(len(targets))]) for _ in range(PERMUTATIONS)]
    expected, error = float(np.mean(by_chance)), float(np.std(by_chance))
    real = (explained(targets) - expected) / (1 - expected)
    error = error / (1 - expected)
    blocks = _blocks(basis, targets) if real > 6 * error else ()
    return Alignment(near, real, error, basis.shape[1], blocks)


def _standardized(x: np.ndarray) -> np.ndarray:
    x = x.astype(np.float64)
    std = x.std(axis=0)
    return np.clip((x - x.mean(axis=0)) / np.where(std == 0, 1, std), -4, 4)


def _basis(x: np.ndarray) -> np.ndarray:
    """Orthonormal columns (N, k) of the inputs: straight, and bent where there are few."""
    x, rng = _standardized(x), np.random.default_rng([8128, 6])
    x = x - x.mean(axis=0)
    most = min(MOST_COLUMNS, len(x) // 6)
    if x.shape[1] > most:  # the strongest directions, by one step of subspace iteration
        mixed = x @ rng.normal(size=(x.shape[1], most))
        mixed = x @ (x.T @ np.linalg.qr(mixed)[0])
    else:
        mixed = x
        if 2 * x.shape[1] <= most:
            mixed = np.hstack([x, np.abs(x)])
    mixed = mixed - mixed.mean(axis=0)
    left, strength, _ = np.linalg.svd(mixed, full_matrices=False)
    return left[:, strength > 1e-8 * max(strength.max(initial=0), 1e-300)]


def _blocks(basis: np.ndarray, targets: np.ndarray) -> tuple[float | None, ...]:
    """In each of eight successive parts of the rows: do predictions fit the targets there?

    The predictions of a row never use its own target. None where targets hardly vary.
    """
    lever = np.sum(basis**2, axis=1, keepdims=True)
    fitted = basis @ (basis.T @ targets)
    alone = (fitted - lever * targets) / np.maximum(1 - lever, 1e-6)
    found, rng = [], np.random.default_rng([8128, 28])
    variance = float(np.mean(np.sum(targets**2, axis=1)))
    for part in np.array_split(np.arange(len(targets)), BLOCKS):
        t, p = targets[part], alone[part]
        t = t - t.mean(axis=0)
        p = p - p.mean(axis=0)
        if len(part) < 40 or np.mean(np.sum(t**2, axis=1)) < 0.7 * variance:
            found.append(None)
            continue
        chance = [float(np.sum(t[rng.permutation(len(t))] * p)) for _ in range(60)]
        spread_by_chance = float(np.std(chance))
        z = float(np.sum(t * p)) / spread_by_chance if spread_by_chance > 0 else None
        found.append(z)
    return tuple(found)


def neighbors(x: np.ndarray, y: np.ndarray, classes: bool) -> float | None:
    """Targets of nearest rows, compared: standard errors above what chance gives."""
    x = _standardized(x.reshape(len(x), -1)).astype(np.float32)
    squares = (x * x).sum(axis=1)
    distance = squares - 2 * x @ x.T  # |a - b|^2 without |a|^2, the same for all b
    np.fill_diagonal(distance, np.inf)
    nearest = distance.argmin(axis=1)
    if classes:
        y = np.ravel(y).astype(int)
        y = y - y.min()
        chance = float(np.sum((np.bincount(y) / len(y)) ** 2))
        error = np.sqrt(chance * (1 - chance) / len(y))
        return float((np.mean(y == y[nearest]) - chance) / error) if error > 0 else None
    a = as_numbers(y, False)
    b = a[nearest] - a[nearest].mean(axis=0)
    size = size_of(a) * size_of(b)
    return float(np.mean(a * b) / size * np.sqrt(len(y))) if size > 0 else None


def leaking_column(x: np.ndarray, y: np.ndarray, classes: bool) -> int | None:
    """The column of x that is the target itself, up to a factor and a shift; None if none is."""
    x, y = spread(x.reshape(len(x), -1), y, PROBE_ROWS)
    if x.shape[1] < 2 or len(x) < FEWEST_ROWS:
        return None
    x = x.astype(np.float64) - x.mean(axis=0, dtype=np.float64)
    total = np.sum(x**2, axis=0)
    t = as_numbers(y, False)
    if t.shape[1] > 1 or not t.any():
        return None
    if classes:  # a column that takes one value in each class, another one in each
        kinds, labels = np.unique(np.ravel(y), return_inverse=True)
        means = np.stack([x[labels == k].mean(axis=0) for k in range(len(kinds))])
        left = np.sum((x - means[labels]) ** 2, axis=0)
        apart = np.min(np.diff(np.sort(means, axis=0), axis=0), axis=0, initial=np.inf)
        same = (left < LEAK * total) & (total > 0) & (apart > 0)
    else:
        along = (t.T @ x)[0]
        same = (total > 0) & (1 - along**2 / (np.sum(t**2) * np.where(total > 0, total, 1)) < LEAK)
    return int(np.argmax(same)) if same.any() else None


def look_at_batches(batches: Iterable, classes: bool, keep: int) -> tuple[Batches, list]:
    """The numbers of one epoch of mini-batches, and the first `keep` of them."""
    kept, parts, marks, direction = [], [], [], None
    for x, y in islice(batches, MOST_BATCHES):
        x, y = np.asarray(x), np.asarray(y)
        if len(kept) < keep:
            kept.append((x.copy(), y.copy()))
        parts.append(y)
        rows = x.reshape(len(x), -1)
        if direction is None:
            direction = np.random.default_rng(0).normal(size=rows.shape[1])
        marks.append(rows @ direction)
    if not parts:
        raise ValueError("batches is empty, expected one epoch of mini-batches (x, y)")
    marks = np.concatenate(marks)
    share = _sorted_share(parts, classes)
    return Batches(share, len(parts), len(marks), len(np.unique(marks))), kept


def _sorted_share(parts: list[np.ndarray], classes: bool) -> float | None:
    """How much of the targets' variance lies between batches, beyond the share of chance."""
    y = as_numbers(np.concatenate(parts), classes)
    ends = np.cumsum([len(part) for part in parts])
    total = float(np.sum(y**2))
    chance = (len(parts) - 1) / max(1, len(y) - 1)
    if total == 0 or chance in (0, 1):
        return None
    pieces = np.split(y, ends[:-1])
    share = sum(len(p) * float(np.sum(p.mean(axis=0) ** 2)) for p in pieces) / total
    return (share - chance) / (1 - chance)
