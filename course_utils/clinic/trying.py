"""`diagnose` on every network of the grid: what it should have found, and what it did.

Half of the networks may set thresholds, the other half is only reported.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from course_utils.clinic.grid import DOUBLE, SICK, both, sick
from course_utils.clinic.healthy import HEALTHY, healthy
from course_utils.data_files import data_directory
from course_utils.diagnostics import diagnose, inspect
from course_utils.losses import MeanSquaredError
from course_utils.training import TrainingDiverged, fit

if TYPE_CHECKING:
    import pandas as pd

# loss after ten epochs over that of the best constant answer
HEALTHY_LOSS, SICK_LOSS = 0.95, 0.7
MATTERS_BY_DEGREE = (
    *("rate", "momentum", "saturated", "fiftieth", "decay", "dropout of", "std 1.5"),
    *("eight times", "biases"),
)


def published() -> pd.DataFrame:
    """The shipped results of the whole grid, one row a network; data/README.md has the columns."""
    import pandas as pd  # here, for pandas takes half a second

    table = pd.read_csv(data_directory() / "results" / "clinic_grid.csv.gz")
    return table.fillna({"expected": "", "found": ""})


def _numbered(rows):
    """Each row as often as it says; the seed is the place in its list."""
    for place, (*row, times) in enumerate(rows):
        for k in range(times):
            yield row, 1000 * place + k


def all_cases(offset: int = 0):
    """(kind, name, half, maker) of every case. Halves alternate within each row of the lists."""
    makers = []
    for (name, expected, change, choices), seed in _numbered(SICK):
        makers.append(("sick", name, seed, partial(sick, name, expected, change, **choices)))
    for (name, expected, faults, choices), seed in _numbered(DOUBLE):
        makers.append(("double", name, seed, partial(both, name, expected, faults, **choices)))
    for (name, change, choices), seed in _numbered(HEALTHY):
        makers.append(("healthy", name, seed, partial(healthy, name, change, **choices)))
    start = {"sick": 100_000, "double": 300_000, "healthy": 500_000}
    for kind, name, seed, maker in makers:
        half = "tuned" if seed % 2 == 0 else "held out"
        yield kind, name, half, partial(maker, seed=start[kind] + offset + seed)


def judge(expected: tuple[str, ...], found: list[str]) -> str:
    """One word for what became of a case: the columns of the published table."""
    if not expected:
        return "false alarm" if found else "quiet"
    if set(found) == set(expected) and len(found) == len(expected):
        return "exact"
    if not found:
        return "missed"
    if set(found) < set(expected):
        return "in part"
    return "exact and more" if set(found) > set(expected) else "wrong name"


def trains(case) -> float:
    """Loss after ten epochs over that of the best constant answer: the word has to mean it."""
    network = case.network.astype(case.network.dtype)
    try:
        history = fit(
            network,
            case.loss,
            case.optimizer,
            (case.x, case.y),
            epochs=10,
            batch_size=64,
            rng=np.random.default_rng(5),
            progress=False,
        )
    except TrainingDiverged:
        return np.inf
    return history.train_loss[-1] / constant_loss(case)


def constant_loss(case) -> float:
    """The loss of the best constant answer."""
    if isinstance(case.loss, MeanSquaredError):
        return float(np.var(case.y))
    p = np.bincount(np.ravel(case.y).astype(int)) / len(case.y)
    return float(-np.sum(p[p > 0] * np.log(p[p > 0])))


def undecided(kind: str, name: str, trained: float) -> bool:
    """Neither plainly sick nor plainly healthy, as ten epochs of training show."""
    if kind == "healthy":
        return name != "warm-up from 0" and not trained < HEALTHY_LOSS
    return any(word in name for word in MATTERS_BY_DEGREE) and trained < SICK_LOSS


def try_case(kind: str, name: str, half: str, maker, check: bool) -> dict:
    """Build one case, inspect and diagnose it, and say how right that was."""
    case = maker()
    start = time.process_time()
    with np.errstate(over="ignore", invalid="ignore"):
        report = inspect(
            case.network,
            case.loss,
            case.x,
            case.y,
            optimizer=case.optimizer,
            batches=case.batches(),
        )
    found = [finding.cause for finding in diagnose(report)]
    seconds = time.process_time() - start
    trained = trains(case) if check else np.nan
    if check and undecided(kind, name, trained):
        kind = "undecided"
    row = {
        "kind": kind,
        "half": half,
        "name": name,
        "setting": case.base,
        "expected": "; ".join(case.expected),
        "found": "; ".join(found),
        "verdict": judge(case.expected, found),
        "seconds": seconds,
        "trains": trained,
    }
    return row
