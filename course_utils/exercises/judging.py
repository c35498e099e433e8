"""The verdict on code: not attempted, right, or wrong with what `diagnosis` says about it."""

import inspect
from collections.abc import Callable, Sequence

import course_utils.exercises.reading as reading
import course_utils.exercises.source as source
import course_utils.exercises.trials as trials
from course_utils.exercises.attempt import Outcome, TimeIsUp
from course_utils.exercises.diagnosis import Diagnosis
from course_utils.exercises.stubs import is_open, is_stub, shows_dots
from course_utils.exercises.trials import Trial
from course_utils.exercises.verdict import CORRECT, NOT_ATTEMPTED, WRONG, Verdict, verdict_on


def judge(
    exercise,
    answer: object,
    *more: object,
    tried: Callable[[list[Trial]], object] = lambda found: None,
) -> Verdict:
    """The verdict on an answer to an exercise in code; `tried` gets what the answer gave, before.

    Raises nothing that the answer raises.
    """
    if is_open(answer):
        return verdict_on(exercise, NOT_ATTEMPTED)
    if more or not callable(answer):
        return verdict_on(exercise, WRONG, _no_function(exercise, answer))
    code = source.find(answer)
    if is_stub(answer):
        return verdict_on(exercise, NOT_ATTEMPTED, _dots(code))
    found = trials.attempt(exercise, answer)
    tried(found)
    first = found[0].outcome
    if shows_dots(first):
        return verdict_on(exercise, NOT_ATTEMPTED, _dots(code), first.printed)
    if is_right(exercise, found):
        return verdict_on(exercise, CORRECT, exercise.insight)
    if _is_untouched(exercise, code, found):
        return verdict_on(exercise, NOT_ATTEMPTED, _dots(code), first.printed)
    status, told = Diagnosis(exercise, answer, code, found).told()
    return verdict_on(exercise, status, told, first.printed)


def _no_function(exercise, answer):
    if inspect.isclass(exercise.reference) and hasattr(answer, "step"):
        return (
            "That is one object. Hand over the class itself, so that the check can make its own: "
            f'check("{exercise.id}", name).'
        )
    return f'Hand over the function itself, without calling it: check("{exercise.id}", name).'


def _dots(code):
    return (reading.dots(code) or "") if code else ""


def endless(exercise, answer: object) -> Verdict:
    """The verdict on an answer that had to be ended; it is not called again."""
    found = [Trial(exercise.own_cases[0], Outcome(raised=TimeIsUp()))]
    return verdict_on(exercise, *Diagnosis(exercise, answer, source.find(answer), found).told())


def difference(exercise, answer: object, found: Sequence[Trial]) -> Verdict:
    """The verdict that says only where an answer differs; it is not called again."""
    told = Diagnosis(exercise, answer, None, found).difference()
    return verdict_on(exercise, WRONG, told, found[0].outcome.printed)


def is_right(exercise, found: Sequence[Trial]) -> bool:
    """Whether an answer gave in all cases what the reference gives."""
    return len(found) == len(exercise.expected) and all(
        trials.agrees(exercise, trial, right)
        for trial, right in zip(found, exercise.expected, strict=True)
    )


def _is_untouched(exercise, code, found):
    """Whether nothing has been done yet: dots are left, or the given code is as it was."""
    left = bool(code) and bool(reading.dots(code))
    if exercise.observe is None and found[0].outcome.raised is None:
        value = found[0].outcome.value
        if value is None and exercise.expected[0].outcome.value is not None:
            return left or code is None
    if exercise.given is None:
        return False
    before = trials.attempt(exercise, exercise.given)
    if not trials.same(exercise, found, before):
        return False
    given = source.find(exercise.given)
    return code is None or left or given is None or source.same_code(code.node, given.node)
