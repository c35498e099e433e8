"""Many runs at once: every setting of a grid with every seed, in parallel, into one table.

Each finished run is stored at once, so a sweep that was stopped goes on where it was.
"""

from __future__ import annotations

import hashlib
import inspect
import itertools
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from course_utils.data_files import data_directory
from course_utils.training import TrainingDiverged
from course_utils.validation import require_count

if TYPE_CHECKING:
    import pandas as pd

Setting = dict[str, object]
Grid = Mapping[str, Sequence] | Sequence[Mapping[str, Sequence]]

OWN_COLUMNS = ("seed", "status", "reason")
OK, DIVERGED, FAILED = "ok", "diverged", "failed"


def sweep(
    run: Callable[..., dict],
    grid: Grid,
    seeds: Sequence[int],
    n_jobs: int | None = None,
    *,
    folder: str | Path | None = None,
    version: str | None = None,
    fresh: bool = False,
    progress: bool = True,
) -> pd.DataFrame:
    """Call `run(**setting, seed=seed)` for every setting of `grid` and every seed.

    `grid` maps each name to its values, as in `{"optimizer": ["SGD", "Adam"], "lr": [0.1, 0.01]}`:
    all combinations are run. A list of such grids gives each method a grid of its own. Values are
    plain: numbers, strings, booleans, None. `run` returns what it measured: a dict of plain
    values, or of lists of them (`DataFrame.explode` makes rows of a list).

    The table has one row a run, in the order of grid and seeds: the setting, `seed`, what was
    measured, `status` and `reason`. A run that raises does not end the sweep. Its row has the
    status "diverged" for `TrainingDiverged`, "failed" for any other exception, and the reason in
    words. With deterministic runs the table is the same however often the sweep was stopped,
    and for every `n_jobs`: each run has one BLAS thread, so that workers do not fight for cores.

    **Stored.** Each finished run is one JSON file in `folder` (default: `sweeps` in the cache of
    the data folder). The next call with the same folder reads it and does only what is missing;
    failed runs are tried again, diverged ones are results. A file is found by the setting, the
    seed, the name of `run` and its `version`, by default the hash of its source text. What `run`
    calls or reads from outside is not looked at: if that changes, say so with another `version`
    (it replaces the hash), or run everything again with `fresh=True`.

    **Parallel.** `n_jobs` worker processes of joblib: 1 by default, -1 for all cores. Inside
    `with joblib.parallel_config("dask"):` (or "ray", "spark") the same call uses that cluster;
    only this process writes files, so the workers need no shared disk.

    Raises ValueError and TypeError if the grid, the seeds, or what `run` returns are not as said
    above. Nothing that is finished is lost by an error, by Ctrl-C or by kill.
    """
    if not callable(run):
        raise TypeError(f"run is {run!r}, expected a function that is called as run(**setting)")
    if n_jobs is not None and (not isinstance(n_jobs, int) or n_jobs == 0):
        raise ValueError(f"n_jobs is {n_jobs!r}, expected a number of workers, or -1 for all cores")
    settings, seeds = _settings(grid), _checked_seeds(seeds)
    folder = data_directory() / "cache" / "sweeps" if folder is None else Path(folder)
    code = {"run": getattr(run, "__qualname__", repr(type(run))), "version": _version(run, version)}
    # a dict: each run stands in it once, in the order of the table
    runs = {
        _key(identity): identity
        for setting, seed in itertools.product(settings, seeds)
        for identity in [{**code, "setting": setting, "seed": seed}]
    }
    records = {} if fresh else {key: r for key in runs if (r := _read(folder, key)) is not None}
    missing = [key for key in runs if key not in records or records[key]["status"] == FAILED]

    folder.mkdir(parents=True, exist_ok=True)
    finished = Parallel(n_jobs=n_jobs, return_as="generator_unordered", batch_size=1)(
        delayed(_attempt)(run, key, runs[key]["setting"], runs[key]["seed"]) for key in missing
    )
    bar = {"total": len(runs), "initial": len(runs) - len(missing), "unit": "run"}
    for key, outcome in tqdm(finished, disable=not progress, **bar):
        records[key] = runs[key] | outcome
        _require_plain_result(records[key])
        _write(folder, key, records[key])
    import pandas as pd  # here, for pandas takes half a second

    return pd.DataFrame([_row(records[key]) for key in runs])


def _attempt(run: Callable[..., dict], key: str, setting: Setting, seed: int) -> tuple[str, dict]:
    """One run, in a worker: its key, and what it measured or why there is nothing."""
    outcome = {"status": OK, "reason": "", "result": {}}
    try:
        with threadpool_limits(limits=1):
            outcome["result"] = run(**setting, seed=seed)
    except TrainingDiverged as error:
        outcome |= {"status": DIVERGED, "reason": str(error)}
    except Exception as error:  # whatever it is: it is stored, shown, and other runs go on
        outcome |= {"status": FAILED, "reason": f"{type(error).__name__}: {error}"}
    return key, outcome


def _row(record: dict) -> dict:
    """One run as a row; columns that it did not measure are filled by the table."""
    ends = {"status": record["status"], "reason": record["reason"]}
    return {**record["setting"], "seed": record["seed"], **record["result"], **ends}


# ------------------------------------------------------------------ what is asked for


def _settings(grid: Grid) -> list[Setting]:
    """All combinations of the grid, each once, as plain values."""
    parts = [grid] if isinstance(grid, Mapping) else grid
    if isinstance(parts, str) or not isinstance(parts, Sequence):
        raise TypeError(f"grid is {grid!r}, expected a dict of lists, or a list of such dicts")
    settings: list[Setting] = []
    for part in parts:
        if not isinstance(part, Mapping):
            raise TypeError(f"grid holds {part!r}, expected a dict of lists")
        columns = {name: _values(name, values) for name, values in part.items()}
        settings += [
            dict(zip(columns, combination, strict=True))
            for combination in itertools.product(*columns.values())
        ]
    if not settings:
        raise ValueError(f"grid is {grid!r}: it holds no setting")
    texts = [_text(setting) for setting in settings]
    twice = [s for s, text in zip(settings, texts, strict=True) if texts.count(text) > 1]
    if twice:
        raise ValueError(f"grid holds the setting {twice[0]} twice: each run counts once")
    return settings


def _values(name: str, values: Sequence) -> list:
    """The values of one name of the grid, NumPy's numbers as Python's."""
    if name in OWN_COLUMNS:
        raise ValueError(f"grid has a name {name!r}, which is a column of the table: call it else")
    if isinstance(values, str) or not isinstance(values, (Sequence, np.ndarray, range)):
        raise TypeError(f"grid[{name!r}] is {values!r}, expected a list of values")
    plain = [value.item() if isinstance(value, np.generic) else value for value in values]
    for value in plain:
        if not _is_plain(value):
            raise TypeError(
                f"grid[{name!r}] holds {value!r} ({type(value).__name__}), expected plain values: "
                "pass a name or a number, and let run make the object"
            )
    return plain


def _checked_seeds(seeds: Sequence[int]) -> list[int]:
    if isinstance(seeds, (str, int)) or not hasattr(seeds, "__len__"):
        raise TypeError(f"seeds is {seeds!r}, expected a list of whole numbers, as in range(5)")
    checked = [require_count("a seed", seed, low=0) for seed in seeds]
    if not checked:
        raise ValueError("seeds is empty, expected at least one whole number")
    if len(set(checked)) < len(checked):
        raise ValueError(f"seeds is {checked}: one stands twice, and each run counts once")
    return checked


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, (bool, int, float, str))


def _require_plain_result(record: dict) -> None:
    """Turn NumPy's numbers in a result into Python's; raise on what cannot be stored as text."""
    result, wanted = record["result"], "expected a dict of numbers, strings or lists of them"
    if not isinstance(result, dict):
        raise TypeError(f"run returned {type(result).__name__}, {wanted}")
    for name, value in result.items():
        if name in OWN_COLUMNS or name in record["setting"]:
            raise ValueError(f"run returned {name!r}, which is a column of the setting already")
        plain = value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value
        parts = plain if isinstance(plain, (list, tuple)) else [plain]
        parts = [part.item() if isinstance(part, np.generic) else part for part in parts]
        if not isinstance(name, str) or not all(map(_is_plain, parts)):
            raise TypeError(f"run returned {name!r}: {value!r}, {wanted}")
        result[name] = parts if isinstance(plain, (list, tuple)) else parts[0]


# ------------------------------------------------------------------ what is stored


def _version(run: Callable, version: str | None) -> str:
    """The version given, or the hash of the source text of `run`."""
    if version is not None:
        if not isinstance(version, str):
            raise TypeError(f"version is {version!r}, expected a string such as 'batch size 64'")
        return version
    try:
        source = inspect.getsource(run)
    except (OSError, TypeError) as error:
        raise ValueError(
            f"the source text of run={run!r} cannot be read, so its version is unknown: "
            "pass version='1', and another one when what it does has changed"
        ) from error
    return hashlib.sha256(source.encode()).hexdigest()


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _key(identity: dict) -> str:
    return hashlib.sha256(_text(identity).encode()).hexdigest()[:32]


def _read(folder: Path, key: str) -> dict | None:
    """The stored run, or None if there is none that can be read."""
    try:
        return json.loads((folder / f"{key}.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def _write(folder: Path, key: str, record: dict) -> None:
    """Store a run whole or not at all: the name is given to the file when it is complete."""
    partial = folder / f"{key}.{os.getpid()}.partial"
    partial.write_text(json.dumps(record), encoding="utf-8")
    partial.replace(folder / f"{key}.json")
