"""One thread for people as for tests, whichever way the course is opened; settings are obeyed."""

import json
import os
import subprocess
import sys

import pytest

from course_utils import THREAD_VARIABLES

COUNT = """
import json
from threadpoolctl import threadpool_info
print(json.dumps([info["num_threads"] for info in threadpool_info()]))
"""
NUMPY = "import numpy"
COURSE = "from course_utils.layers import Dense"
LATER = "import scipy.linalg, sklearn.neural_network"


def threads_of(*lines: str, **settings: str) -> list[int]:
    """The threads of each numerical library in a Python of its own that runs these lines."""
    environment = {k: v for k, v in os.environ.items() if k not in THREAD_VARIABLES} | settings
    answer = subprocess.run(
        [sys.executable, "-c", "\n".join([*lines, COUNT])],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(answer.stdout)


@pytest.mark.skipif(os.cpu_count() == 1, reason="one processor has one thread anyway")
def test_without_the_course_there_are_several():
    """Otherwise the tests below would show nothing."""
    assert max(threads_of(NUMPY)) > 1


@pytest.mark.parametrize(
    "lines", [(NUMPY, COURSE), (COURSE,), (NUMPY, COURSE, LATER), (NUMPY, LATER, COURSE)]
)
def test_the_course_gives_each_library_one_thread_in_any_order(lines):
    found = threads_of(*lines)
    assert found
    assert set(found) == {1}


@pytest.mark.parametrize("name", ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"])
def test_whoever_sets_the_number_himself_is_obeyed(name):
    chosen = {name: "2"}
    assert threads_of(NUMPY, COURSE, LATER, **chosen) == threads_of(NUMPY, LATER, **chosen)
    # as OpenBLAS has no more threads than the machine has processors
    assert max(threads_of(NUMPY, COURSE, **chosen)) == min(2, os.cpu_count())


def test_worker_processes_inherit_it():
    work = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import numpy' + COUNT])"
    found = threads_of(NUMPY, COURSE, f"COUNT = {COUNT!r}", work, "raise SystemExit")
    assert set(found) == {1}
