"""Tries a function on the cases of its exercise, and says in which parts its results are wrong.

A result has parts: the values of a tuple by their place, those of a dictionary by name. Every
diagnosis is about parts, so that a slip in one of them is not blamed on another.
"""

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from course_utils.exercises.attempt import Outcome, memory, run
from course_utils.exercises.compare import ORDINALS, agree, difference


class Goal(NamedTuple):
    """Whether a demand of an experiment is met, and what was measured, in words."""

    met: bool
    measured: str = ""


@dataclass(frozen=True)
class Trial:
    """One call: its arguments, what came of it, which arguments it changed, what was measured."""

    arguments: tuple
    outcome: Outcome
    changed: tuple[str, ...] = ()
    measured: Mapping[str, str] | None = None


def attempt(exercise, function: Callable, cases: Sequence[tuple] | None = None) -> list[Trial]:
    """One trial a case; after a call that ran for too long there are no more."""
    found, end = [], time.monotonic() + exercise.seconds
    with memory():
        for arguments in exercise.own_cases if cases is None else cases:
            left = max(0.05, end - time.monotonic())
            found.append(try_once(exercise, function, arguments, left))
            if found[-1].outcome.timed_out:
                break
    return found


def try_once(
    exercise, function: Callable, arguments: tuple, seconds: float | None, runner: Callable = run
) -> Trial:
    """The function on a copy of the arguments."""
    handed = copy.deepcopy(arguments)
    if exercise.observe:
        outcome = runner(lambda: exercise.observe(function, *handed), seconds)
        return _measured(arguments, outcome)
    outcome = runner(lambda: function(*handed), seconds)
    changed = tuple(
        name
        for name, before, after in zip(exercise.parameters, arguments, handed, strict=False)
        if name not in exercise.may_change and _differs(before, after)
    )
    return Trial(arguments, outcome, changed)


def _measured(arguments, outcome):
    value = outcome.value
    if not isinstance(value, Mapping):
        return Trial(arguments, outcome)
    goals = {name: part for name, part in value.items() if isinstance(part, Goal)}
    if not goals:
        return Trial(arguments, outcome)
    plain = dict(value) | {name: bool(goal.met) for name, goal in goals.items()}
    words = {name: goal.measured for name, goal in goals.items()}
    return Trial(arguments, Outcome(plain, outcome.raised, outcome.printed), (), words)


def parts(value: object, like: object = None) -> dict:
    """Several returned values by name or place; a single one under the place 0.

    A list or an array counts as several values where the reference, `like`, returns a tuple.
    """
    if isinstance(value, Mapping):
        return dict(value)
    several = isinstance(like, tuple) and (
        isinstance(value, list) or (isinstance(value, np.ndarray) and value.ndim > 0)
    )
    return dict(enumerate(value)) if several or isinstance(value, tuple) else {0: value}


def judged(exercise, value: object, like: object) -> dict:
    """The parts that must be right: without those that are only looked at, `aside`."""
    found = parts(value, like)
    if exercise.aside:
        found = {name: part for name, part in found.items() if name not in exercise.aside}
    for name in exercise.loose:
        place = exercise.names.index(name)
        if isinstance(found.get(place), np.ndarray):
            found[place] = np.squeeze(found[place])
    return found


def agrees(exercise, trial: Trial, right: Trial) -> bool:
    """Whether one trial is as it should be."""
    return (
        trial.outcome.raised is None
        and not trial.changed
        and not wrong_in(exercise, trial, right)
        and same_structure(exercise, trial, right)
    )


def same_structure(exercise, trial: Trial, right: Trial) -> bool:
    """Whether there are as many values, under the same names."""
    like = right.outcome.value
    mine = judged(exercise, trial.outcome.value, like)
    wanted = judged(exercise, like, like)
    if isinstance(like, Mapping):
        return wanted.keys() <= mine.keys()
    return mine.keys() == wanted.keys()


def wrong_in(exercise, trial: Trial, right: Trial) -> set:
    """The parts of one trial that are not as they should be; all of them if it raised."""
    like = right.outcome.value
    wanted = judged(exercise, like, like)
    if trial.outcome.raised is not None:
        return set(wanted)
    mine = judged(exercise, trial.outcome.value, like)
    return {
        name
        for name, value in wanted.items()
        if name not in mine or not agree(mine[name], value, exercise.tolerance)
    }


def wrong_parts(exercise, found: Sequence[Trial]) -> set:
    """The parts that are wrong in some case."""
    wrong = set()
    for trial, right in zip(found, exercise.expected, strict=False):
        wrong |= wrong_in(exercise, trial, right)
    return wrong


def spoiled(exercise, found: Sequence[Trial]) -> set:
    """The parts, also those looked at only, in which a known mistake differs from the reference."""
    return {
        name
        for trial, right in zip(found, exercise.expected, strict=False)
        if trial.outcome.raised is None
        for name, value in parts(right.outcome.value).items()
        if not agree(
            parts(trial.outcome.value, right.outcome.value).get(name), value, exercise.tolerance
        )
    }


def same(exercise, found: Sequence[Trial], others: Sequence[Trial], names: set | None = None):
    """Whether two functions gave the same in all cases, or the same for some of the values."""
    if len(found) != len(others):
        return False
    if names is not None and all(other.outcome.error for other in others):
        return others[0].outcome.timed_out and found[0].outcome.timed_out
    return all(
        _same_trial(exercise, one, other, right, names)
        for one, other, right in zip(found, others, exercise.expected, strict=False)
    )


def _same_trial(exercise, one, other, right, names):
    if one.outcome.error is not other.outcome.error:
        return False
    if not set(other.changed) <= set(one.changed):
        return False
    if one.outcome.error is not None:
        return True
    like = right.outcome.value
    mine, theirs = parts(one.outcome.value, like), parts(other.outcome.value, like)
    aside = set(exercise.aside)
    if mine.keys() - aside != theirs.keys() - aside:
        return False
    compared = theirs.keys() if names is None else (names | aside) & theirs.keys()
    return all(
        _alike(mine[name], theirs[name], exercise.tolerance)
        for name in compared
        if name not in aside or name in mine
    )


def _alike(one, other, tolerance):
    """Whether two results agree, in their shapes as well."""
    arrays = (np.ndarray, np.generic, float, int)
    if isinstance(one, arrays) and isinstance(other, arrays) and np.shape(one) != np.shape(other):
        return False
    return agree(one, other, tolerance)


def name_of(exercise, place: object, count: int) -> str:
    """What a part is called in a sentence."""
    if isinstance(place, int) and place < len(exercise.names):
        return exercise.names[place]
    if isinstance(place, str):
        return f"`{place}`"
    return "the result" if count == 1 else f"the {ORDINALS[place]} value returned"


def first_difference(exercise, pairs: Sequence[tuple[Trial, Trial]], only: set | None = None):
    """(a sentence, the trial) for the first case that differs; no sentence if it raised.

    `pairs` are trials of the answer and of the reference.
    """
    for trial, right in pairs:
        like = right.outcome.value
        value, wanted = trial.outcome.value, like
        if trial.outcome.raised is not None:
            return None, trial
        if only is not None or exercise.aside or exercise.loose:
            mine, due = judged(exercise, value, like), judged(exercise, like, like)
            if mine.keys() >= due.keys() and (only or set(due)) <= set(due):
                for name, part in due.items():
                    if only is None or name in only:
                        called = name_of(exercise, name, len(due))
                        told = difference(
                            called.strip("`"), mine[name], part, tolerance=exercise.tolerance
                        )
                        if told:
                            return told, trial
                continue
        told = difference(
            "the result", value, wanted, tolerance=exercise.tolerance, names=exercise.names
        )
        if told:
            return told, trial
    return None, None


def describe(exercise, arguments: tuple) -> str:
    """ "X of shape (6, 4), k = 2": what the function was tried with."""
    names = exercise.parameters[1:] if exercise.observe else exercise.parameters
    shown = [
        f"{name} {_short(value)}"
        for name, value in zip(names, arguments, strict=False)
        if not isinstance(value, np.random.Generator)
    ]
    return ", ".join(shown) if shown else "no arguments"


def _short(value):
    if isinstance(value, np.ndarray) and value.ndim:
        return f"of shape {value.shape}"
    if isinstance(value, (float, np.floating)):
        return f"= {value:.4g}"
    if isinstance(value, (list, tuple)):
        nested = any(isinstance(part, (list, tuple, np.ndarray)) for part in value)
        if nested or len(value) > 8:
            return f"of length {len(value)}"
    text = f"{value}"
    return f"= {text}" if len(text) <= 60 else f"= {text[:60]} ..."


def _differs(before, after):
    """Whether something that can be changed has been: arrays, lists and dictionaries."""
    if isinstance(before, np.ndarray):
        return before.shape != after.shape or not np.array_equal(
            before, after, equal_nan=before.dtype.kind in "fc"
        )
    if isinstance(before, Mapping):
        return before.keys() != after.keys() or any(
            _differs(before[name], after[name]) for name in before
        )
    if isinstance(before, (list, tuple)):
        return len(before) != len(after) or any(map(_differs, before, after))
    return isinstance(before, (int, float, str)) and before != after
