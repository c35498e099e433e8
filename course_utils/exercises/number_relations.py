"""Names how a wrong number is related to the right one: unit, power of ten, rounding, sign, step.

A number that was typed in has few digits, so a relation holds within the digits that were typed.
"""

import math
from collections.abc import Mapping

from course_utils.exercises.verdict import listed

CLOSE = 0.03
UNITS = {
    8.0: "is 8 times too large: bits or bytes?",
    1 / 8: "is 8 times too small: bits or bytes?",
    2.0: "is twice what it should be. Does a factor 2 stand there that does not belong?",
    0.5: "is half of what it should be. Is a factor 2 missing?",
    4.0: "is 4 times what it should be. Twice a factor 2?",
    0.25: "is a quarter of what it should be. Is a factor 2 missing twice?",
    1e6 / 2**20: "is in MiB (1,048,576 bytes). Asked are MB, a million bytes.",
    2**20 / 1e6: "mixes up MB (a million bytes) and MiB (1,048,576).",
    2.0**20: "is in bytes: asked is another unit.",
    2.0**-20: "is in another unit: MiB and bytes differ by 1,048,576.",
    1024.0: "is 1,024 times too large: KiB and MiB?",
    1 / 1024: "is 1,024 times too small: KiB and MiB?",
    1e3 / 1024: "counts 1,024 where a thousand is meant.",
    math.log10(math.e): "has a logarithm of base 10. Ours is the natural one (`np.log`).",
    1 / math.log(2): "has a logarithm of base 2 (bits). Ours is the natural one (`np.log`).",
    math.log(2): "is the natural logarithm where one of base 2 is due.",
    180 / math.pi: "is in degrees. `np.cos` and `np.sin` want radians.",
    math.pi / 180: "is in radians, where degrees are due.",
    math.pi: "has a factor pi too many.",
    1 / math.pi: "lacks a factor pi.",
}


def relation(name: str, mine: float, right: float, tolerance: float, digits: str = "") -> str:
    """A sentence on how a number is related to the right one; empty if nothing is known.

    `digits` is what the exercise asks for, such as "four decimals".
    """
    if not (math.isfinite(mine) and math.isfinite(right)):
        return ""
    if _like(mine, -right, tolerance) and right:
        return f"{name} has the wrong sign. Should it grow or fall?"
    if mine == 0 and 0 < abs(right) < 0.5:
        asked = f" Asked are {digits}." if digits else ""
        return f"{name} is 0: everything is rounded away, though it is small and not 0.{asked}"
    if mine == 0 or right == 0:
        return ""
    if not 1e-200 < abs(mine) < 1e200:
        return ""
    told = _rounded(name, mine, right, digits)
    if told:
        return told
    ratio = mine / right
    power = round(math.log10(abs(ratio)))
    if 1 <= abs(power) <= 12 and _like(abs(ratio), 10.0**power, tolerance):
        return f"{name} {_power(power)}"
    for factor, words in UNITS.items():
        if _like(ratio, factor, tolerance):
            return f"{name} {words}"
    return _changed(name, mine, right, tolerance)


def _like(one, other, tolerance):
    return math.isclose(one, other, rel_tol=min(tolerance, 2e-3), abs_tol=1e-12)


def _power(power):
    size, way = 10 ** abs(power), "large" if power > 0 else "small"
    if abs(power) == 2:
        return (
            f"is 100 times too {way}. In percent, or as a fraction? Asked is for the number itself."
        )
    return f"is {size:,} times too {way}: a power of ten. Look at the unit, and count the zeros."


def _changed(name, mine, right, tolerance):
    for value, words in (
        (1 - right, "is 1 minus what it should be. The other part, or a step the wrong way?"),
        (right**2, "is the square of what it should be. Is a root missing?"),
        (math.sqrt(abs(right)), "is the root of what it should be. Is a square missing?"),
        (1 / right, "is 1 divided by what it should be: the fraction stands upside down."),
        (
            math.exp(min(right, 50)),
            "is e to the power of what it should be: a logarithm is missing.",
        ),
        (math.exp(-min(right, 50)), "is not yet what is asked: the -log of it is."),
        (math.log(abs(right)), "is the logarithm of what it should be."),
    ):
        if value and _like(mine, value, tolerance) and not _like(value, right, tolerance):
            return f"{name} {words}"
    if float(right).is_integer() and abs(right) < 1e9 and abs(mine - right) == 1:
        way = "large" if mine > right else "small"
        return (
            f"{name} is 1 too {way}. From which number does the count begin, and where does it end?"
        )
    return ""


def _rounded(name, mine, right, digits):
    """Whether it is the right number with too few digits, or one that was rounded on the way."""
    off = abs(mine - right) / abs(right)
    if off > 0.15:
        return ""
    asked = f"Asked are {digits}. " if digits else ""
    for places in range(0, 7):
        cut = math.trunc(right * 10**places) / 10**places
        likely = off < CLOSE or (places >= 2 and not float(right).is_integer())
        if likely and (mine == round(right, places) or mine == cut):
            how = "cut off" if mine != round(right, places) else "rounded"
            return f"{name} is {how} too early: more digits are needed. {asked}".strip()
    if float(right).is_integer() and abs(right) > 3:
        return ""
    if abs(mine - right) < 0.006 * abs(right):
        first = 1 - math.floor(math.log10(abs(mine - right) / abs(right)))
        return (
            f"{name} is close, and differs from about the {_ordinal(first)} digit on. Has "
            "something "
            f"been rounded on the way? {asked}Keep all digits until the end."
        )
    return ""


def _ordinal(number):
    words = ("zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
    return words[number] if number < len(words) else f"{number}th"


def exchanged(
    given: Mapping[str, object], right: Mapping[str, object], wrong: set, agrees
) -> tuple:
    """(names, sentence) if wrong answers are those of other questions; (set(), "") if not.

    `agrees(name, value)` says whether the answer under a name is this value.
    """
    names = sorted(wrong, key=list(right).index)
    for one in names:
        for other in names:
            if one < other and agrees(one, right[other]) and agrees(other, right[one]):
                return {one, other}, f"`{one}` and `{other}` have changed places."
    taken = {
        one: [other for other in right if other != one and agrees(one, right[other])]
        for one in names
    }
    if len(names) > 2 and all(taken.values()):
        return set(names), f"{listed([f'`{name}`' for name in names])} have changed places."
    for one, others in taken.items():
        if len(others) == 1 and not _common(right[others[0]]):
            return {one}, f"`{one}` has the value that belongs to `{others[0]}`."
    return set(), ""


def _common(value):
    return isinstance(value, (int, float)) and value in (0, 1, 2)
