"""Every recorded slip is replayed: wrong ones never pass, right ones always do, and most are named.

Who wrote and judged them, and how, stands in tests/slips/README.md. The searches get all the time
they want here, so that a busy machine changes no message.
"""

import ast
import contextlib
import functools
import io
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import exercise_cells
import numpy as np
import pytest

from course_utils.exercises import cells, diagnosis, numbers
from course_utils.exercises.engine import Function, Numbers
from course_utils.exercises.verdict import HINT, MOST_CHARACTERS

SETS = sorted((Path(__file__).parent / "slips").glob("*.jsonl"))
HERE = {here.id: here for here in exercise_cells.in_notebooks()}
NAMED, MISNAMED, NOT_JUDGED = 0.85, 0.01, 0.05
PLENTY = 5.0  # seconds for a search


def slips_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


BY_EXERCISE = [
    pytest.param(path, id, id=f"{path.stem}-{id}")
    for path in SETS
    for id in dict.fromkeys(slip["id"] for slip in slips_of(path))
]


@pytest.fixture
def patient(monkeypatch):
    for module in (diagnosis, numbers):
        monkeypatch.setattr(module, "MENDING", PLENTY)
        monkeypatch.setattr(module, "SPOILING", PLENTY)


@functools.cache
def unhurried(id):
    """The exercise, with so much time for an answer that a busy machine cuts none that ends."""
    exercise = HERE[id].exercise
    hurried = isinstance(exercise, Function)
    return replace(exercise, seconds=5 * exercise.seconds) if hurried else exercise


def before(here, code):
    """The names that a slip or its check needs from earlier cells."""
    wanted = ast.Module([*ast.parse(code).body, *ast.parse(here.check).body], [])
    steps = exercise_cells.needed(ast.parse(here.before).body, wanted)
    names = {}
    # only some of the cells before run, so a table may still hold zeros
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        exec(compile(ast.Module(steps, []), "<before>", "exec"), names)
    return names


def replayed(slip):
    """The verdict on a slip, or None if its cell or its check stops with an error."""
    here, code = HERE[slip["id"]], slip["code"]
    exercise, call = unhurried(here.id), ast.parse(here.check).body[-1].value
    names = before(here, code)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
        names = exercise_cells.written(code, names)
        answers = [evaluated(one, names) for one in call.args[1:]]
        named = {word.arg: evaluated(word.value, names) for word in call.keywords}
        if not isinstance(exercise, Numbers):
            return exercise.judge(*answers, **named)
        targets = cells.handed_over(ast.parse(here.check), here.id, list(exercise.right))
        cell = cells.Cell(ast.parse(code), names, targets=targets)
        return exercise.judge(*answers, cell=cell, **named)
    return None


def evaluated(node, names):
    return eval(compile(ast.Expression(node), "<check>", "eval"), names)


@pytest.mark.slips
@pytest.mark.parametrize(("path", "id"), BY_EXERCISE)
def test_wrong_slips_never_pass_and_right_ones_always_do(path, id, patient):
    changed = []
    for slip in slips_of(path):
        if slip["id"] != id:
            continue
        verdict = replayed(slip)
        if slip["kind"] == "right":
            assert verdict is not None and verdict.solved, (slip["note"], verdict)
            continue
        if verdict is None:
            continue  # the cell itself stops with an error, which IPython shows
        accepted = slip.get("judged") == "fine"
        assert accepted or not verdict.solved, (slip["mistake"], slip["code"])
        assert len(verdict.message) <= MOST_CHARACTERS
        if slip.get("status") == HINT and verdict.status != HINT:
            changed.append((slip["mistake"], slip["message"], verdict.message))
    assert not changed, "these were named when they were judged"


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_the_bounds_hold_for_what_was_judged(path):
    slips = [slip for slip in slips_of(path) if slip["kind"] == "wrong"]
    judged = Counter(slip["judged"] for slip in slips if "judged" in slip)
    if not judged:
        pytest.skip("not judged yet")
    assert judged["named"] >= NAMED * len(slips)
    assert judged["misnamed"] <= MISNAMED * len(slips)
    assert judged["accepted"] == 0
    assert sum(judged.values()) >= (1 - NOT_JUDGED) * len(slips)
