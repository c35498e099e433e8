"""Callbacks of `fit` that write down what is measured, so that a run can be compared with others.

A CSV file is enough for most of it; Weights & Biases adds pictures of many runs side by side.
"""

import csv
import importlib.util
import io
import json
import os
import struct
import time
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from course_utils.training import Callback, History, Run

MEASURED = tuple(field.name for field in fields(History) if field.name != "stopped")
COLUMNS = ("epoch", *MEASURED)


def _rows(history: History, start: int) -> Iterator[dict[str, float]]:
    """The epochs of a history after the first `start`, each as a row with its number from 1."""
    for index in range(start, len(history)):
        measured = {name: getattr(history, name)[index] for name in MEASURED}
        yield {"epoch": index + 1} | measured


class CSVLogger(Callback):
    """Write one row an epoch to the CSV file at `path`: the epoch's number and all of `History`.

    Each row is on the disk before the next epoch begins, so a crash or a kill loses none. Numbers
    are written in full: reading them gives back the same floats. A file that is there already is
    never overwritten: `fit` raises FileExistsError before its first update. With `resume=True` the
    new rows follow the old ones, epochs count on, and a row that a crash left half is cut off.
    """

    def __init__(self, path: str | Path, resume: bool = False) -> None:
        self.path = Path(path)
        self.resume = resume
        self._written, self._epochs_before = 0, 0

    def on_start(self, run: Run) -> None:
        self._written, self._epochs_before = 0, 0
        if self.resume and self.path.exists() and self.path.stat().st_size:
            self._epochs_before = self._last_epoch()
            return
        if self.path.exists() and not self.resume:
            raise FileExistsError(
                f"{self.path} is there already: choose another name, or continue it with "
                "CSVLogger(path, resume=True)"
            )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._append([COLUMNS])

    def on_epoch(self, run: Run) -> None:
        self._write_new(run.history)

    def on_end(self, run: Run) -> None:
        # an epoch that ended with a loss that is not finite is measured, but on_epoch never comes
        self._write_new(run.history)

    def _write_new(self, history: History) -> None:
        rows = list(_rows(history, self._written))
        for row in rows:
            row["epoch"] += self._epochs_before
        self._append([[row[name] for name in COLUMNS] for row in rows])
        self._written += len(rows)

    def _append(self, rows: list) -> None:
        """Add rows in one write, and wait until they are on the disk."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        with open(self.path, "a", encoding="utf-8", newline="") as file:
            file.write(text.getvalue())
            file.flush()
            os.fsync(file.fileno())

    def _last_epoch(self) -> int:
        """The last epoch of the file that is there, once a half row at its end is cut off."""
        text = self.path.read_bytes()
        whole = text[: text.rfind(b"\n") + 1]
        rows = list(csv.reader(io.StringIO(whole.decode("utf-8"))))
        if not rows or tuple(rows[0]) != COLUMNS:
            raise ValueError(
                f"{self.path} does not begin with the columns {', '.join(COLUMNS)}: it was not "
                "written by CSVLogger and cannot be continued"
            )
        if len(whole) < len(text):
            os.truncate(self.path, len(whole))
        return int(rows[-1][0]) if len(rows) > 1 else 0


class WandbLogger(Callback):
    """Log one entry an epoch to Weights & Biases; needs requirements-wandb.txt.

    Everything goes to a folder `wandb` below `folder`. Nothing leaves the machine and no account
    is needed unless you ask for it with `mode="online"`; `wandb sync` sends an offline run later.
    The optimizer, the loss, the network's layers and the number of epochs are kept with the run,
    together with what you pass as `config`. `directory` is the run's own folder, once it started.
    Raises ModuleNotFoundError if wandb is not installed.
    """

    def __init__(
        self,
        project: str,
        folder: str | Path = ".",
        mode: str = "offline",
        name: str | None = None,
        config: dict | None = None,
    ) -> None:
        if mode not in ("offline", "online"):
            raise ValueError(f"mode is {mode!r}, expected 'offline' or 'online'")
        if importlib.util.find_spec("wandb") is None:
            raise ModuleNotFoundError(
                "Weights & Biases is not installed: make install EXTRAS=requirements-wandb.txt"
            )
        self.project, self.folder, self.mode = project, Path(folder), mode
        self.name, self.config = name, dict(config or {})
        self.directory: Path | None = None
        self._logged, self._run = 0, None

    def on_start(self, run: Run) -> None:
        if self.mode == "offline":
            # wandb reads this when it is imported; without it, it looks for a server to tell its
            # own errors to, even offline
            os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
        import wandb  # here, because it takes a second and only this class needs it

        known = {
            "optimizer": repr(run.optimizer),
            "loss": repr(run.loss),
            "network": repr(run.network),
            "parameters": run.network.theta.size,
            "epochs": run.epochs,
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        # it is told of the training alone: not of the program, its output, the machine or git
        quiet = wandb.Settings(
            silent=True,
            console="off",
            disable_git=True,
            disable_code=True,
            save_code=False,
            x_disable_meta=True,
            x_disable_stats=True,
            x_disable_machine_info=True,
        )
        self._run = wandb.init(
            project=self.project,
            dir=str(self.folder),
            mode=self.mode,
            name=self.name,
            config=known | self.config,
            settings=quiet,
            reinit="create_new",
        )
        self.directory = Path(self._run.dir).parent
        self._logged = 0

    def on_epoch(self, run: Run) -> None:
        self._log_new(run.history)

    def on_end(self, run: Run) -> None:
        self._log_new(run.history)
        self._run.summary["stopped"] = run.history.stopped or "all epochs trained"
        self._run.finish()

    def _log_new(self, history: History) -> None:
        for row in _rows(history, self._logged):
            self._run.log(row, step=row["epoch"])
            self._logged += 1


def read_wandb_history(directory: str | Path, patience: float = 5.0) -> list[dict[str, float]]:
    """The rows that an offline run logged, read from the `.wandb` file in its `directory`.

    Each row has the names that were logged; those that wandb adds itself, such as its clock, are
    left out. wandb writes in a process of its own, a moment behind: this waits up to `patience`
    seconds for the mark of a finished run, and takes what is there if none comes, as after a kill.
    Raises FileNotFoundError if there is no such file, ValueError if it is damaged.
    """
    from wandb.proto.wandb_internal_pb2 import Record

    files = sorted(Path(directory).glob("*.wandb"))
    if not files:
        raise FileNotFoundError(f"no .wandb file in {directory}")
    deadline = time.monotonic() + patience
    while True:
        records = [Record.FromString(stored) for stored in _records(files[0].read_bytes())]
        finished = any(record.HasField("exit") for record in records)
        if finished or time.monotonic() > deadline:
            return [_row(record.history) for record in records if record.HasField("history")]
        time.sleep(0.02)


def _row(history) -> dict[str, float]:
    """What one history record of wandb holds; NaN and infinity, which JSON lacks, as numbers."""
    row = {}
    for item in history.item:
        name, value = item.key or ".".join(item.nested_key), json.loads(item.value_json)
        if not name.startswith("_"):
            row[name] = float(value) if value in ("NaN", "Infinity", "-Infinity") else value
    return row


def _records(stored: bytes) -> Iterator[bytes]:
    """The records in a file of LevelDB's log format: blocks of 32 KiB, pieces of records in them.

    Every piece starts with a checksum (4 bytes), its length (2) and its kind (1): a whole record,
    or the first, a middle or the last piece of one.
    """
    block_size, header = 32768, struct.Struct("<IHB")
    whole, first, _, last = 1, 2, 3, 4
    if stored[:4] != b":W&B"[: len(stored)]:
        raise ValueError("this is no file of Weights & Biases: it does not begin with ':W&B'")
    position, pieces = header.size, b""  # the file's own header is as long as a piece's
    while position + header.size <= len(stored):
        left = block_size - position % block_size
        if left < header.size:
            position += left
            continue
        _, length, kind = header.unpack_from(stored, position)
        position += header.size
        piece = stored[position : position + length]
        if kind not in range(whole, last + 1):
            raise ValueError(f"the file is damaged before byte {position}")
        if len(piece) < length:
            return  # the run was killed while it wrote: what came before is whole
        pieces = piece if kind in (whole, first) else pieces + piece
        if kind in (whole, last):
            yield pieces
        position += length
