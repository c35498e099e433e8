"""Logging a training: what is in the file, after whatever ended the run."""

import importlib.util
import json
import math
import os
import signal
import socket
import struct
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from course_utils.losses import SoftmaxCrossEntropy
from course_utils.network import mlp
from course_utils.optimizers import SGD
from course_utils.tracking import COLUMNS, CSVLogger, WandbLogger, read_wandb_history
from course_utils.training import Callback, TrainingDiverged, TrainingInterrupted, fit

needs_wandb = pytest.mark.skipif(
    importlib.util.find_spec("wandb") is None, reason="wandb is not installed"
)
MEASURED = COLUMNS[1:]


def train(data, *callbacks, epochs=3, lr=0.1, **options):
    network = mlp([2, 8, 2], rng=np.random.default_rng(0))
    settings = {"epochs": epochs, "batch_size": 32, "rng": np.random.default_rng(1)} | options
    return fit(
        network,
        SoftmaxCrossEntropy(),
        SGD(lr),
        data,
        data,
        callbacks=callbacks,
        progress=False,
        **settings,
    )


class Stop(Callback):
    """Raise `error` at the end of an epoch."""

    def __init__(self, epoch, error):
        self.epoch, self.error = epoch, error

    def on_epoch(self, run):
        if run.epoch == self.epoch:
            raise self.error


def same_as_history(rows, history):
    return list(rows["epoch"]) == list(range(1, len(history) + 1)) and all(
        list(rows[name]) == getattr(history, name) for name in MEASURED
    )


# ---------------------------------------------------------------- CSV


def test_the_csv_file_holds_the_history_to_the_last_digit(moons, tmp_path):
    path = tmp_path / "runs" / "first.csv"
    history = train(moons, CSVLogger(path))
    rows = pd.read_csv(path)
    assert tuple(rows.columns) == COLUMNS
    assert same_as_history(rows, history)


def test_missing_numbers_stay_missing(moons, tmp_path):
    path = tmp_path / "run.csv"
    network = mlp([2, 4, 2], rng=np.random.default_rng(0))
    fit(
        network,
        SoftmaxCrossEntropy(),
        SGD(0.1),
        moons,
        epochs=1,
        batch_size=50,
        rng=np.random.default_rng(0),
        callbacks=[CSVLogger(path)],
        progress=False,
    )
    rows = pd.read_csv(path)
    assert rows[["val_loss", "val_accuracy"]].isna().all(axis=None)
    assert rows["train_loss"].notna().all()


def test_a_file_that_is_there_is_never_overwritten(moons, tmp_path):
    path = tmp_path / "run.csv"
    logger = CSVLogger(path)
    train(moons, logger)
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match=r"run\.csv is there already.*resume=True"):
        train(moons, logger)
    path.write_text("precious\n", encoding="utf-8")
    with pytest.raises(FileExistsError):
        train(moons, CSVLogger(path))
    with pytest.raises(ValueError, match="cannot be continued"):
        train(moons, CSVLogger(path, resume=True))
    assert path.read_text(encoding="utf-8") == "precious\n"
    assert before.count(b"\n") == 4


def test_resume_continues_the_count(moons, tmp_path):
    path = tmp_path / "run.csv"
    first = train(moons, CSVLogger(path, resume=True))
    second = train(moons, CSVLogger(path, resume=True), epochs=2, lr=0.2)
    rows = pd.read_csv(path)
    assert list(rows["epoch"]) == [1, 2, 3, 4, 5]
    assert list(rows["train_loss"]) == first.train_loss + second.train_loss
    assert list(rows["lr"]) == [0.1] * 3 + [0.2] * 2


@pytest.mark.parametrize("torn", ["4,0.31", "4", "4,0.3,0.9,0.3,0.9,0.1,0.5,0.00"])
def test_resume_cuts_off_a_half_row(moons, tmp_path, torn):
    path = tmp_path / "run.csv"
    train(moons, CSVLogger(path))
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole + torn, encoding="utf-8")
    train(moons, CSVLogger(path, resume=True), epochs=1)
    text = path.read_text(encoding="utf-8")
    assert text.startswith(whole)
    assert list(pd.read_csv(path)["epoch"]) == [1, 2, 3, 4]


def test_resume_begins_anew_in_an_empty_file(moons, tmp_path):
    path = tmp_path / "run.csv"
    path.touch()
    train(moons, CSVLogger(path, resume=True), epochs=1)
    assert list(pd.read_csv(path)["epoch"]) == [1]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("of another callback")])
def test_an_interrupted_run_keeps_its_rows(moons, tmp_path, error):
    """Also the epoch in which another callback, called first, ends the training."""
    path = tmp_path / "run.csv"
    callbacks = [Stop(2, error), CSVLogger(path)]
    if isinstance(error, KeyboardInterrupt):
        with pytest.raises(TrainingInterrupted) as caught:
            train(moons, *callbacks, epochs=9)
        assert same_as_history(pd.read_csv(path), caught.value.history)
    else:
        with pytest.raises(ValueError, match="another callback"):
            train(moons, *callbacks, epochs=9)
    assert list(pd.read_csv(path)["epoch"]) == [1, 2]


def test_the_epoch_that_diverged_is_in_the_file_if_it_was_measured(tmp_path):
    """One batch an epoch: the loss is finite at its update and infinite when it is measured."""
    x = np.full((4, 2), 1e19, dtype=np.float32)
    path = tmp_path / "run.csv"
    with pytest.raises(TrainingDiverged) as caught:
        train((x, np.array([0, 1, 0, 1])), CSVLogger(path), lr=1e3, batch_size=4)
    assert len(pd.read_csv(path)) == len(caught.value.history)


KILLED = """
import sys
import numpy as np
from course_utils.losses import SoftmaxCrossEntropy
from course_utils.network import mlp
from course_utils.optimizers import SGD
from course_utils.tracking import CSVLogger
from course_utils.training import fit

rng = np.random.default_rng(0)
x = rng.normal(size=(64, 2))
fit(mlp([2, 4, 2], rng=rng), SoftmaxCrossEntropy(), SGD(0.1), (x, np.arange(64) % 2),
    epochs=10**6, batch_size=16, rng=rng, callbacks=[CSVLogger(sys.argv[1])], progress=False)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_killed_run_leaves_whole_rows(tmp_path, root):
    path = tmp_path / "run.csv"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], cwd=root)
    try:
        deadline = time.monotonic() + 120
        while not (path.exists() and path.read_bytes().count(b"\n") > 5):
            assert process.poll() is None, "the training ended by itself"
            assert time.monotonic() < deadline, "no rows in two minutes"
            time.sleep(0.02)
    finally:
        process.kill()
        process.wait()
    rows = pd.read_csv(path)
    assert len(rows) >= 5
    assert rows.drop(columns=["val_loss", "val_accuracy"]).notna().all(axis=None)
    assert list(rows["epoch"]) == list(range(1, len(rows) + 1))


# ---------------------------------------------------------------- Weights & Biases


def test_without_wandb_the_error_says_what_to_install(monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "wandb" else find_spec(name)
    )
    with pytest.raises(ModuleNotFoundError, match=r"requirements-wandb\.txt"):
        WandbLogger("course")


def test_an_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="mode is 'live', expected 'offline' or 'online'"):
        WandbLogger("course", mode="live")


def test_a_file_of_something_else_is_refused(tmp_path):
    pytest.importorskip("wandb")
    with pytest.raises(FileNotFoundError):
        read_wandb_history(tmp_path)
    (tmp_path / "run.wandb").write_bytes(b"not a run at all")
    with pytest.raises(ValueError, match="no file of Weights & Biases"):
        read_wandb_history(tmp_path)


def test_a_record_cut_off_by_a_kill_is_left_out_and_damage_is_told(tmp_path):
    pytest.importorskip("wandb")
    from wandb.proto.wandb_internal_pb2 import Record

    def stored(row, kind=1):
        record = Record()
        for name, value in row.items():
            record.history.item.add(key=name, value_json=json.dumps(value))
        data = record.SerializeToString()
        return struct.pack("<IHB", 0, len(data), kind) + data

    path = tmp_path / "run.wandb"
    start = b":W&B" + bytes(3) + stored({"epoch": 1, "loss": 0.5, "lr": "-Infinity", "_step": 1})
    path.write_bytes(start + stored({"epoch": 2, "loss": 0.4})[:-3])
    assert read_wandb_history(tmp_path, patience=0.1) == [
        {"epoch": 1, "loss": 0.5, "lr": -math.inf}
    ]
    path.write_bytes(start + stored({"epoch": 2}, kind=9))
    with pytest.raises(ValueError, match="damaged"):
        read_wandb_history(tmp_path, patience=0.1)


LOGGED = """
import json
import sys
import numpy as np
from course_utils.losses import SoftmaxCrossEntropy
from course_utils.network import mlp
from course_utils.optimizers import SGD
from course_utils.tracking import WandbLogger
from course_utils.training import fit

rng = np.random.default_rng(0)
x = rng.normal(size=(64, 2))
logger = WandbLogger("course", folder=sys.argv[1], name="first", config={"note": "a test"})
told = []
for epochs in (3, 200):    # the second run is longer than one block of the file
    history = fit(mlp([2, 4, 2], rng=rng), SoftmaxCrossEntropy(), SGD(0.1),
                  (x, np.arange(64) % 2), epochs=epochs, batch_size=16, rng=rng,
                  callbacks=[logger], progress=False)
    told.append([str(logger.directory), vars(history)])
print(json.dumps(told))
"""


@needs_wandb
def test_an_offline_run_holds_the_history_and_asks_no_server(tmp_path, root):
    """In a process of its own, where every server's address and every proxy is a trap of ours."""
    trap = socket.create_server(("127.0.0.1", 0))
    trap.setblocking(False)
    address = f"http://127.0.0.1:{trap.getsockname()[1]}"
    kept = {k: v for k, v in os.environ.items() if not k.startswith("WANDB_")}
    names = ("WANDB_BASE_URL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    traps = {n: address for name in names for n in (name, name.lower())}
    home = {"HOME": str(tmp_path), "NO_PROXY": "", "no_proxy": "", "WANDB_MODE": "online"}
    result = subprocess.run(
        [sys.executable, "-c", LOGGED, str(tmp_path / "logs")],
        cwd=root,
        env=kept | traps | home,
        capture_output=True,
        text=True,
        check=True,
    )
    with trap, pytest.raises(BlockingIOError):
        trap.accept()
    assert result.stderr == "", "it is quiet"
    told = json.loads(result.stdout)
    assert len({directory for directory, _ in told}) == 2, "each run has its own directory"
    for directory, history in told:
        assert os.path.dirname(directory) == str(tmp_path / "logs" / "wandb")
        rows = read_wandb_history(directory)
        assert [row["epoch"] for row in rows] == list(range(1, len(history["lr"]) + 1))
        for name in MEASURED:
            assert [repr(row[name]) for row in rows] == list(map(repr, history[name])), name
    assert all(math.isnan(value) for value in history["val_loss"])
