"""A check judges code in a process of its own: nothing that an answer does ends or changes ours."""

import ast
import json
import os
import time
from pathlib import Path

import exercise_cells
import numpy as np
import pytest

from course_utils.exercises import apart
from course_utils.exercises.engine import Function, check, find
from course_utils.exercises.verdict import CORRECT, HINT

WAYS = {"copy": True, "worker": False}
RIGHT = "return (1 / (1 + np.exp(-z)) - y) / z.shape[0]"
HOSTILE = {
    "endless in compiled code": ("return sum(range(10**12))", "did not come to an end"),
    "an endless iterator": (
        "import itertools\n    return max(itertools.count())",
        "did not come to an end",
    ),
    "a bare except around a sleep": (
        "import time\n    try:\n        time.sleep(100)\n    except:\n        time.sleep(100)",
        "did not come to an end",
    ),
    "leaves Python": ("import os\n    os._exit(3)", "ended Python itself (code 3)"),
    "reads where nothing is": (
        "import ctypes\n    return ctypes.string_at(0)",
        "ended Python itself (signal 11",
    ),
    "stops like the stop button": ("raise KeyboardInterrupt", "ended Python itself"),
    "memory beyond the machine": ("return [0] * 10**11", "MemoryError"),
    "patches the comparison": (
        "import course_utils.exercises.trials as trials\n"
        "    trials.agrees = lambda *arguments: True\n    return z",
        "expected",
    ),
}


def answer_of(body, name="bce_gradient"):
    return exercise_cells.written(f"def {name}(z, y):\n    {body}")[name]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("what", HOSTILE)
def test_what_an_answer_does_to_python_is_told_and_ends_with_it(what, way):
    body, words = HOSTILE[what]
    start = time.monotonic()
    verdict = apart.judge(find, "01.4", answer_of(body), WAYS[way])
    assert not verdict.solved and words in verdict.message, verdict
    assert time.monotonic() - start < 60  # they would take for ever
    assert apart.judge(find, "01.4", answer_of(RIGHT), WAYS[way]).status == CORRECT


@pytest.mark.parametrize("way", WAYS)
def test_what_an_answer_sets_for_all_is_set_in_its_own_process_alone(way, tmp_path):
    before = os.getcwd(), np.get_printoptions()
    body = (
        "import os\n    np.random.seed(0)\n    np.set_printoptions(precision=2)\n"
        f"    os.chdir({str(tmp_path)!r})\n    os.environ['SET_BY_AN_ANSWER'] = '1'\n    {RIGHT}"
    )
    assert apart.judge(find, "01.4", answer_of(body), WAYS[way]).status == CORRECT
    after = os.getcwd(), np.get_printoptions()
    assert after == before and "SET_BY_AN_ANSWER" not in os.environ


def slips(kind, count):
    """Some answers of others, one an exercise, that need nothing of their notebook."""
    path = Path(__file__).parent / "slips" / "B.jsonl"
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        slip = json.loads(line)
        if slip["kind"] == kind and isinstance(find(slip["id"]), Function):
            found.setdefault(slip["id"], slip)
    return list(found.values())[:: len(found) // count][:count]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("slip", slips("wrong", 8) + slips("right", 6), ids=lambda slip: slip["id"])
def test_the_verdict_is_the_same_as_in_the_notebook(slip, way):
    here = next(here for here in exercise_cells.in_notebooks() if here.id == slip["id"])
    name = ast.unparse(ast.parse(here.check).body[-1].value.args[1])
    try:
        answer = exercise_cells.written(slip["code"])[name]
    except NameError:
        pytest.skip("it names what an earlier cell makes")
    assert apart.judge(find, slip["id"], answer, WAYS[way]) == find(slip["id"]).judge(answer)


def test_what_cannot_be_sent_is_judged_here():
    lines = (line for line in "ab")  # no generator can be sent
    code = "def bce_gradient(z, y):\n    next(lines, None)\n    return z"
    answer = exercise_cells.written(code, {"lines": lines})["bce_gradient"]
    assert apart.judge(find, "01.4", answer, copies=False).status == HINT


def test_check_judges_apart(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    verdict = check("01.4", answer_of("import os\n    os._exit(7)"))
    assert "ended Python itself (code 7)" in verdict.message
