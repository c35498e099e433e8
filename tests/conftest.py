"""What several tests share: recorded values, small data sets and small networks."""

import json
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import settings

from course_utils import style
from course_utils.layers import BatchNorm, Dense, Dropout, LeakyReLU, ReLU, Sigmoid, Tanh
from course_utils.network import Network

ROOT = Path(__file__).resolve().parents[1]

# the same examples in every run, and no time limit on a busy machine
settings.register_profile("course", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("course")


@pytest.fixture(autouse=True)
def progress_file(tmp_path, monkeypatch) -> Path:
    """The file with the student's progress: never the user's own one in a test."""
    path = tmp_path / "progress.json"
    monkeypatch.setenv("COURSE_PROGRESS", str(path))
    return path


@pytest.fixture
def figures_of_the_course():
    """Figures in the style of the course, and none that stays open after the test."""
    before = plt.get_fignums()
    with mpl.rc_context():
        style.use()
        yield
    assert plt.get_fignums() == before


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def recorded() -> dict:
    """What PyTorch computed, see tests/reference/record_torch.py."""
    return json.loads((ROOT / "tests" / "reference" / "torch.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def worked() -> dict:
    """The worked examples of the course, computed outside of it."""
    path = ROOT / "tests" / "reference" / "worked_examples.json"
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(42)


@pytest.fixture
def every_layer(rng) -> Network:
    """A float64 network 4-6-5-5-3 with every layer of the course in it."""
    layers = [
        Dense(4, 6, rng=rng),
        BatchNorm(6),
        ReLU(),
        Dense(6, 5, rng=rng),
        Tanh(),
        Dropout(0.25, rng=rng),
        Dense(5, 5, init="glorot", rng=rng),
        LeakyReLU(0.1),
        Sigmoid(),
        Dense(5, 3, rng=rng),
    ]
    return Network(layers, dtype=np.float64)


def two_moons(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two interleaved half circles: x (n, 2), labels (n,) of 0 and 1."""
    labels = np.arange(n) % 2
    angle = rng.uniform(0, np.pi, n)
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x[labels == 1] = [1.0, 0.5] - x[labels == 1]
    return x + 0.08 * rng.normal(size=(n, 2)), labels


@pytest.fixture
def moons(rng) -> tuple[np.ndarray, np.ndarray]:
    return two_moons(203, rng)
