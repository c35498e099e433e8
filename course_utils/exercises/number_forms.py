"""What was typed in for a number: a comma for a point, a text, a fraction, a function.

What means a number is read as one; of the rest is said what it is.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import numpy as np

from course_utils.exercises.compare import agree, as_numbers
from course_utils.exercises.verdict import listed


def joined_decimals(answers: Sequence[object], count: int) -> list | None:
    """What `0,5` meant, where twice as many whole numbers came as are asked; else None."""
    if len(answers) != 2 * count or not all(type(one) is int for one in answers):
        return None
    return [tuple(answers[k : k + 2]) for k in range(0, len(answers), 2)]


def plain(value: object, depth: int = 3) -> object:
    """Fractions and decimals as floats, also within lists; everything else as it is."""
    if isinstance(value, (Fraction, Decimal)):
        return float(value)
    if type(value) in (tuple, list) and depth:
        return type(value)(plain(part, depth - 1) for part in value)
    return value


def is_number(value: object) -> bool:
    """Whether it is one number, of Python or of NumPy; True and False are none."""
    return isinstance(value, (int, float, np.number)) and not isinstance(value, (bool, np.bool_))


def comma(value: object) -> float | None:
    """The number that was written with a decimal comma, or None."""
    whole = type(value) is tuple and len(value) == 2 and all(type(one) is int for one in value)
    return float(f"{value[0]}.{value[1]}") if whole and value[1] >= 0 else None


def thousands(value: object) -> int | None:
    """The number whose thousands were marked with commas, or None."""
    whole = type(value) is tuple and len(value) > 1 and all(type(one) is int for one in value)
    if not whole or not 0 < abs(value[0]) < 1000 or not all(0 <= b < 1000 for b in value[1:]):
        return None
    return int(f"{value[0]}" + "".join(f"{b:03}" for b in value[1:]))


def form(called: str, value: object, right: object, words: Sequence[str], good: bool) -> str:
    """A sentence if something else than a number (or word) came; empty if not.

    `good` says that the number which a decimal comma meant is right; `words` are those to choose
    from.
    """
    if is_number(right) and agree(thousands(value), right, by_hand=True):
        return (
            f"A comma between thousands makes {len(value)} numbers of one in Python. Leave it out, "
            f"or write `_`: `{thousands(value):_}`. The number itself is right."
        )
    if is_number(right) and comma(value) is not None:
        a, b = value
        if a and b >= 100 and not good:
            return (
                f"Python reads `{a},{b}` as two numbers, {a} and {b}. Its decimal sign is the "
                f"point, `{a}.{b}`, and thousands are marked by `_`, `{a}_{b}`. Neither of these "
                "is right."
            )
        more = "The number itself is right." if good else "The number itself is not right."
        return (
            f"Python reads `{a},{b}` as two numbers, {a} and {b}: its decimal sign is the "
            f"point, `{a}.{b}`. {more}"
        )
    if _is_torn(value, right):
        return (
            f"{called} has twice as many numbers as asked: Python reads a decimal comma as the end "
            "of a number. Write points, as in `0.5`."
        )
    if isinstance(value, str) and is_number(right):
        return (
            f"{called} is a text in quotes. A number stands without them, and with a point: `0.5`."
        )
    if isinstance(right, str):
        return _word(called, value, words)
    if callable(value):
        return f"{called} is a function. Its brackets are missing: what does it give?"
    if isinstance(right, tuple) and is_number(value):
        return f"{called} is one number. Asked are {len(right)}, with commas between them."
    several = None if isinstance(value, (str, bytes)) else as_numbers(value)
    if is_number(right) and several is not None and several.size > 1:
        one = any(agree(part, right, by_hand=True) for part in several.ravel()[:100])
        which = "One of them is the right one: which, and why?" if one else "Which one is meant?"
        return f"{called} is {several.size} numbers, and one is asked. {which}"
    return ""


def _is_torn(value, right):
    """Whether numbers with decimal commas became twice as many whole numbers."""
    count = len(right) if isinstance(right, (tuple, list)) else 0
    torn = count and isinstance(value, (tuple, list)) and len(value) == 2 * count
    return torn and all(type(one) is int for one in value)


def _word(called, value, words):
    if not isinstance(value, str):
        of = f", one of {listed(words, 'or')}" if len(words) > 1 else ""
        return f"{called} should be a word in quotes{of}. Are the quotes missing?"
    if len(words) > 1 and value.strip().lower() not in (word.lower() for word in words):
        return f'"{value[:30]}" is none of the words. Use {listed(words, "or")}.'
    return ""
