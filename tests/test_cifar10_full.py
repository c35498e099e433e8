"""The benchmark on all 50,000 photos, where these are not stored.

What it measures where they are stands in notebook 08.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run(data, *arguments):
    environment = os.environ | {"COURSE_DATA": str(data)}
    command = [sys.executable, "benchmarks/cifar10_full.py", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_without_the_full_set_it_says_how_to_get_it_and_ends_well(tmp_path):
    result = run(tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("\n") == 1 and "--download" in result.stdout
    assert not list(tmp_path.iterdir()), "nothing was asked for, so nothing is written"


def test_a_damaged_set_is_an_error_that_names_the_file(tmp_path):
    stored = tmp_path / "cache" / "cifar10.npz"
    stored.parent.mkdir()
    stored.write_bytes(b"no zip file")
    result = run(tmp_path)
    assert result.returncode == 1
    assert "cifar10.npz is damaged" in result.stderr and "Traceback" not in result.stderr
