"""Two hundred wrong variants of the solution of each exercise in code: none of them passes.

A variant may happen to be right: `x * y` for `y * x`. It counts as equivalent, and only then, if it
agrees with the reference on inputs that the check does not use; how many those are is limited, too.
"""

import ast
from dataclasses import replace

import exercise_cells
import near_misses
import numpy as np
import pytest

from course_utils.exercises.engine import Function

COUNT = 200
MOST_EQUIVALENT = 0.2
OTHER_SEEDS = range(1000, 1006)
# Where every answer that meets the demands is right, there is no reference to miss.
OPEN = {"04.4"}
CODE = [
    here
    for here in exercise_cells.in_notebooks()
    if isinstance(here.exercise, Function) and here.id not in OPEN
]


def answer_of(here):
    """The tree of what is handed to the check, the names around it, and its own name."""
    names = here.namespace(here.solution)
    call = ast.parse(here.check).body[0].value
    name = call.args[1].id
    (tree,) = [
        step
        for step in ast.parse(here.solution).body
        if isinstance(step, (ast.FunctionDef, ast.ClassDef)) and step.name == name
    ]
    return tree, names | {"np": np}, name


def build(tree, names, name):
    names = dict(names)
    exec(compile(ast.Module([tree], []), "<near miss>", "exec"), names)
    return names[name]


@pytest.mark.parametrize("here", CODE, ids=lambda here: here.id)
def test_no_near_miss_passes(here):
    exercise = replace(here.exercise, seconds=0.2)
    tree, names, name = answer_of(here)
    rejected, equivalent = 0, []
    for variant in near_misses.near_misses(tree, np.random.default_rng(1)):
        try:
            answer = build(variant, names, name)
        except (TypeError, NameError, ValueError):
            rejected += 1  # it is not even defined
        else:
            if exercise.accepts(answer):
                others = [exercise.agrees(answer, np.random.default_rng(s)) for s in OTHER_SEEDS]
                assert all(others), f"passes, but is wrong:\n{ast.unparse(variant)}"
                equivalent.append(ast.unparse(variant))
            else:
                rejected += 1
        if rejected == COUNT or len(equivalent) > MOST_EQUIVALENT * COUNT:
            break
    print(f"{here.id}: {rejected} rejected, {len(equivalent)} equivalent")
    for text in equivalent:
        print("-" * 20, text, sep="\n")
    assert rejected == COUNT
    assert len(equivalent) <= MOST_EQUIVALENT * COUNT
