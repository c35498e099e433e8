"""The benchmark that trains the convolutions: on the shipped photos, and without the full set.

What it measures with its own settings stands in benchmarks/README.md.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run(*arguments, data=None):
    environment = os.environ | ({"COURSE_DATA": str(data)} if data else {})
    command = [sys.executable, "benchmarks/cifar10_convolution.py", *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=250
    )


def test_without_the_full_set_it_says_how_to_get_it_and_ends_well(tmp_path):
    result = run(data=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("\n") == 1 and "--download" in result.stdout
    assert not list(tmp_path.iterdir()), "nothing was asked for, so nothing is written"


def test_a_damaged_set_is_an_error_that_names_the_file(tmp_path):
    stored = tmp_path / "cache" / "cifar10.npz"
    stored.parent.mkdir()
    stored.write_bytes(b"no zip file")
    result = run(data=tmp_path)
    assert result.returncode == 1
    assert "cifar10.npz is damaged" in result.stderr and "Traceback" not in result.stderr


def test_a_tiny_network_trains_on_the_shipped_photos_and_learns_more_than_chance(tmp_path):
    record = tmp_path / "runs.jsonl"
    settings = ("--channels", 4, "--batch", 300, "--epochs", 2, "--lr", 0.01)
    result = run("--photos", "shipped", *settings, "--json", record)
    assert result.returncode == 0, result.stderr
    assert "epoch  2" in result.stdout and "over flips" in result.stdout
    row = json.loads(record.read_text())
    assert row["channels"] == [4] and row["seed"] == 0
    assert row["test"] > 0.2 and row["test_over_flips"] > 0.2  # chance is 0.1
    assert row["peak_bytes"] < 1.5e9
