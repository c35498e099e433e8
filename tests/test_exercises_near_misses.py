"""Two hundred wrong variants of the solution of each exercise in code: none of them passes.

A variant may happen to be right: `x * y` for `y * x`. It counts as equivalent, and only then, if it
agrees with the reference on inputs that the check does not use; how many those are is limited, too.
"""

import ast
import itertools
import sys
from dataclasses import replace

import exercise_cells
import near_misses
import numpy as np
import pytest

import course_utils.exercises.diagnosis as diagnosis
from course_utils.exercises.engine import Function
from course_utils.exercises.verdict import HINT, MOST_CHARACTERS, NOT_ATTEMPTED, WRONG

COUNT = 200
MOST_EQUIVALENT = 0.2
OTHER_SEEDS = range(1000, 1006)
# Where every answer that meets the demands is right, there is no reference to miss.
OPEN = {"04.4", "06.8", "07.7", "09.7", "10.7", "11.6"}
CODE = [
    here
    for here in exercise_cells.in_notebooks()
    if isinstance(here.exercise, Function) and here.id not in OPEN
]
FILE = "<near miss>"
# The longest of the solutions takes about 700 lines in all cases together.
MOST_LINES = 20_000
NEVER = 1000.0  # seconds: it is lines that are counted, so that a slow machine changes nothing


class LineLimit:
    """A `with` block in which code of `FILE` is stopped after so many lines: a loop without end."""

    def __init__(self, lines=MOST_LINES):
        self.left = lines

    def __enter__(self):
        self.before = sys.gettrace()
        sys.settrace(self._called)

    def __exit__(self, *error):
        sys.settrace(self.before)

    def _called(self, frame, event, argument):
        return self._line if frame.f_code.co_filename == FILE else None

    def _line(self, frame, event, argument):
        self.left -= event == "line"
        if self.left < 0:
            raise RuntimeError("a loop without end")
        return self._line


def answer_of(here):
    """The tree of what is handed to the check, the names around it, and its own name."""
    names = here.namespace(here.solution)
    name = ast.parse(here.check).body[0].value.args[1].id
    (tree,) = [
        step
        for step in ast.parse(here.solution).body
        if isinstance(step, (ast.FunctionDef, ast.ClassDef)) and step.name == name
    ]
    return tree, names | {"np": np}, name


def build(tree, names, name):
    names = dict(names)
    exec(compile(ast.Module([tree], []), FILE, "exec"), names)
    return names[name]


def passes(exercise, answer):
    with LineLimit():
        return exercise.accepts(answer)


def is_right(exercise, answer):
    """Whether it also does what it should on inputs that the check does not use."""
    with LineLimit(MOST_LINES * len(OTHER_SEEDS)):
        return all(exercise.agrees(answer, np.random.default_rng(seed)) for seed in OTHER_SEEDS)


@pytest.mark.parametrize("here", CODE, ids=lambda here: here.id)
def test_no_near_miss_passes(here):
    exercise = replace(here.exercise, seconds=NEVER)
    tree, names, name = answer_of(here)
    assert passes(exercise, build(tree, names, name)), "the solution itself"
    rejected, equivalent = 0, []
    for variant in near_misses.near_misses(tree, np.random.default_rng(1)):
        try:
            answer = build(variant, names, name)
        except (TypeError, NameError, ValueError):
            rejected += 1  # it is not even defined
        else:
            if passes(exercise, answer):
                equivalent.append(ast.unparse(variant))
                assert is_right(exercise, answer), f"passes, but is wrong:\n{equivalent[-1]}"
            else:
                rejected += 1
        if rejected == COUNT or len(equivalent) > MOST_EQUIVALENT * COUNT:
            break
    print(f"{here.id}: {rejected} rejected, {len(equivalent)} equivalent", *equivalent, sep="\n\n")
    assert rejected == COUNT, "too many of the variants are equivalent"


@pytest.mark.parametrize("here", CODE, ids=lambda here: here.id)
def test_each_near_miss_gets_a_short_verdict(here, monkeypatch):
    """Whatever the code is, the search for the reason ends with a sentence, not with an error."""
    monkeypatch.setattr(diagnosis, "MENDING", 0.05)
    monkeypatch.setattr(diagnosis, "SPOILING", 0.05)
    monkeypatch.setattr(diagnosis, "guarded", lambda look: look())
    exercise = replace(here.exercise, seconds=0.2)
    tree, names, name = answer_of(here)
    variants = near_misses.near_misses(tree, np.random.default_rng(2))
    for variant in itertools.islice(variants, 6):
        code = ast.unparse(variant)
        try:
            answer = exercise_cells.written(code, names)[name]
        except (TypeError, NameError, ValueError):
            continue
        if not exercise.accepts(answer):
            verdict = exercise.judge(answer)
            assert verdict.status in (HINT, WRONG, NOT_ATTEMPTED), code
            assert len(verdict.message) + len(verdict.printed) <= MOST_CHARACTERS
