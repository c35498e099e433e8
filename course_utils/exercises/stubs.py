"""Tells an exercise that has not been attempted from a wrong one: dots stand where they stood.

Nothing is said about an answer, and nothing remembered, before somebody has worked on it.
"""

import dis
import inspect
import types
from collections.abc import Callable, Mapping

from course_utils.exercises.attempt import Outcome


def is_open(value: object, depth: int = 20) -> bool:
    """Whether `...` still stands where an answer belongs, also deep inside of several."""
    if value is ... or value is None:
        return True
    if depth == 0:
        return False
    if isinstance(value, Mapping):
        return any(is_open(part, depth - 1) for part in value.values())
    return isinstance(value, (tuple, list)) and any(is_open(part, depth - 1) for part in value)


def is_stub(answer: Callable) -> bool:
    """Whether a function, or a method of a class, has an empty body or sets something to `...`."""
    if inspect.isclass(answer):
        methods = [member for member in vars(answer).values() if _is_code(member)]
        return any(_sets_dots(list(dis.get_instructions(method))) for method in methods)
    if not _is_code(answer):
        return False
    steps = [step for step in dis.get_instructions(answer) if step.opname not in ("RESUME", "NOP")]
    if len(steps) <= 2 and steps[0].argval in (None, ...):
        return True
    return _sets_dots(steps)


def _sets_dots(steps: list) -> bool:
    """Whether `name = ...`, `self.name = ...` or `return ...` is among the steps.

    `x[..., None]` is none of them.
    """
    kept = ("STORE_FAST", "STORE_NAME", "STORE_DEREF", "STORE_ATTR", "RETURN_VALUE")
    names = [step.opname for step in steps] + [""] * 2
    return any(
        step.opname.startswith(("LOAD_CONST", "RETURN_CONST"))
        and step.argval is ...
        and (
            step.opname == "RETURN_CONST"
            or names[i + 1] in kept
            or (names[i + 1].startswith("LOAD_") and names[i + 2] == "STORE_ATTR")
        )
        for i, step in enumerate(steps)
    )


def _is_code(member: object) -> bool:
    return isinstance(member, types.FunctionType)


def shows_dots(outcome: Outcome) -> bool:
    """Whether what came back, or what went wrong, is `...`."""
    if outcome.raised is not None:
        return "ellipsis" in str(outcome.raised).lower()
    value = outcome.value
    if isinstance(value, (tuple, list)):
        return any(part is ... for part in value)
    if isinstance(value, Mapping):
        return any(part is ... for part in value.values())
    return value is ...
