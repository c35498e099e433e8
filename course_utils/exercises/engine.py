"""`check` and `hint`: from the id of an exercise to a verdict on an answer to it.

What an exercise consists of stands in `kinds`; its names can be imported from here.
"""

import importlib
from dataclasses import replace

import course_utils.exercises.apart as apart
import course_utils.exercises.cells as cells
import course_utils.exercises.hints as hints
import course_utils.exercises.record as record
import course_utils.exercises.source as source
from course_utils.exercises.kinds import Choice, Function, Mistake, Numbers, Option
from course_utils.exercises.trials import Goal
from course_utils.exercises.verdict import NOT_ATTEMPTED, Verdict, verdict_on

__all__ = [
    "Choice",
    "Function",
    "Goal",
    "Mistake",
    "Numbers",
    "Option",
    "absent",
    "check",
    "exercises_of",
    "find",
    "hint",
]


def check(id: str, *answers: object, **named: object) -> Verdict:
    """Look at an answer to exercise `id`, such as "02.3", and say what is right or wrong with it.

    Numbers are handed over in order, by name, or as one dictionary; code as the function itself; a
    choice as its letter. What has been solved is remembered for `progress`. Nothing leaves the
    machine. Raises ValueError when there is no such exercise.
    """
    exercise = find(id)
    watch = cells.current()
    other = _other_name(exercise, watch)
    if other:
        return verdict_on(exercise, NOT_ATTEMPTED, other)
    cell = _cell_of(exercise, watch)
    if isinstance(exercise, Numbers):
        verdict = exercise.judge(*answers, cell=cell, **named)
    elif isinstance(exercise, Function) and len(answers) == 1 and not named:
        verdict = apart.judge(find, id, answers[0])
    else:
        verdict = exercise.judge(*answers, **named)
    if watch is not None:
        watch.last_message[id] = "" if verdict.solved else verdict.message
    if verdict.status == NOT_ATTEMPTED:
        return _not_attempted(verdict, watch)
    copied = False
    if watch is not None and verdict.solved and isinstance(exercise, Function):
        code = source.find(answers[0]) if answers else None
        copied = watch.is_solution(id, code.node if code else None)
    trouble = record.remember(id, verdict.solved, copied=copied)
    if trouble:
        return replace(verdict, message=f"{verdict.message} {trouble}".strip())
    return verdict


def _cell_of(exercise, watch):
    """The cell that holds the answer, and where in it each answer stands."""
    if watch is None or not isinstance(exercise, Numbers):
        return None
    targets = cells.handed_over(watch.running, exercise.id, list(exercise.right))
    cell = watch.cell_of(cells.first_names(targets)) if targets else None
    return None if cell is None else replace(cell, targets=targets)


def _not_attempted(verdict, watch):
    """The same, and why, if the cell before stopped with an error."""
    told = "" if watch is None or verdict.message else cells.stopped(watch.cell_before)
    return replace(verdict, message=told) if told else verdict


def _other_name(exercise, watch):
    """A sentence if the cell before defines almost the name that the check asks for."""
    if watch is None or not isinstance(exercise, Function):
        return ""
    name = cells.handed_over(watch.running, exercise.id, ["answer"]).get("answer", "")
    other = cells.near_name(name, watch.cell_before)
    return f"The cell before defines `{other}`. The check asks for `{name}`." if other else ""


def absent(id: str, why: str) -> None:
    """Show a verdict on an answer that is not there; `why` is what is known about it."""
    exercise = find(id)
    cells.show(verdict_on(exercise, NOT_ATTEMPTED, why))


def hint(id: str, stage: int | None = None) -> hints.Hint:
    """The next hint on exercise `id`: first the thought, then a nearer one, then the part.

    In a notebook each call gives one more; elsewhere `stage` (from 1) says which. Raises ValueError
    when there is no such exercise.
    """
    exercise = find(id)
    watch = cells.current()
    last = "" if watch is None else watch.last_message.get(id, "")
    stages = hints.stages(exercise, last)
    number = stage if stage is not None else 1
    if watch is not None and stage is None:
        number = watch.stages.get(id, 0) + 1
    number = min(max(1, number), len(stages))
    if watch is not None:
        watch.stages[id] = number
    return hints.Hint(exercise.id, exercise.title, number, len(stages), stages[number - 1])


def find(id: str) -> Numbers | Function | Choice:
    """The exercise with this id. Raises ValueError, naming those there are, if there is none."""
    exercises = exercises_of(str(id)[:2])
    for exercise in exercises:
        if exercise.id == id:
            return exercise
    known = ", ".join(exercise.id for exercise in exercises) or "none"
    raise ValueError(f"there is no exercise {id!r}; those of this notebook: {known}")


def exercises_of(notebook: str) -> tuple:
    """The exercises of a notebook, such as "02"; none if it has no module."""
    if notebook not in record.notebooks():
        return ()
    return importlib.import_module(f"course_utils.exercises.notebook_{notebook}").EXERCISES
