"""Says whether an answer agrees with what is expected, and if not, where it first differs.

The words name shape, dtype, entry, sign and size, but never the expected value itself.
"""

import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from numbers import Number

import numpy as np

# Wide enough for an answer in float32, narrow enough for a wrong eps or one in float16.
TOLERANCE = 1e-5
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")


def difference(
    name: str,
    answer: object,
    expected: object,
    *,
    tolerance: float = TOLERANCE,
    by_hand: bool = False,
    names: tuple[str, ...] = (),
    quiet: bool = False,
) -> str | None:
    """None if `answer` agrees with `expected`, else a sentence about the first difference.

    Numbers agree within `tolerance` relative to their size. `by_hand` is for numbers typed in: the
    shape may be any that holds them in order, and the sentence does not tell which are zero.
    `names` are those of the parts when `expected` is a tuple. `quiet` is quicker: it only says that
    there is a difference.
    """
    if isinstance(expected, Mapping):
        return _of_mapping(name, answer, expected, tolerance, by_hand, quiet)
    if isinstance(expected, (tuple, list)) and not (by_hand and _is_numeric(expected)):
        return _of_parts(name, answer, expected, tolerance, by_hand, names, quiet)
    if isinstance(expected, str):
        same = isinstance(answer, str) and answer.strip().lower() == expected.lower()
        return None if same else f"{name} is not right"
    if isinstance(expected, (bool, np.bool_)):
        if not isinstance(answer, (bool, np.bool_, int, np.integer)):
            return f"{name} is {_kind(answer)}, expected True or False"
        return None if bool(answer) == bool(expected) else f"{name} is not right"
    if expected is None:
        return None if answer is None else f"{name} is {_kind(answer)}, expected None"
    return _of_numbers(name, answer, np.asarray(expected), tolerance, by_hand, quiet)


def agree(answer: object, expected: object, tolerance: float = TOLERANCE, **options) -> bool:
    """Whether `difference` finds none."""
    return difference("", answer, expected, tolerance=tolerance, quiet=True, **options) is None


def _is_numeric(value):
    if isinstance(value, (tuple, list)):
        return all(map(_is_numeric, value))
    return isinstance(value, (Number, np.ndarray, np.generic)) and not isinstance(value, bool)


def _of_mapping(name, answer, expected, tolerance, by_hand, quiet):
    if not isinstance(answer, Mapping):
        return f"{name} is {_kind(answer)}, expected a dictionary"
    for key, value in expected.items():
        if key not in answer:
            return f"{name} has no entry {key!r}"
        part = key if isinstance(key, str) else f"the entry for {key!r}"
        found = difference(
            part, answer[key], value, tolerance=tolerance, by_hand=by_hand, quiet=quiet
        )
        if found:
            return found
    return None


def _of_parts(name, answer, expected, tolerance, by_hand, names, quiet):
    if not isinstance(answer, (tuple, list, np.ndarray)) or np.ndim(_or_empty(answer)) == 0:
        return f"{name} is {_kind(answer)}, expected {len(expected)} values"
    if len(answer) != len(expected):
        return f"{name} has {len(answer)} parts, expected {len(expected)}"
    if not names:
        names = tuple(
            f"the {ORDINALS[i]} value returned"
            if name == "the result" and i < len(ORDINALS)
            else f"{name}[{i}]"
            for i in range(len(expected))
        )
    for part, one, wanted in zip(names, answer, expected, strict=True):
        found = difference(part, one, wanted, tolerance=tolerance, by_hand=by_hand, quiet=quiet)
        if found:
            return found
    return None


def _or_empty(answer):
    """An array, or for parts of different shapes just something with one axis."""
    return answer if isinstance(answer, np.ndarray) else [0] * max(1, len(answer))


def _of_numbers(name, answer, expected, tolerance, by_hand, quiet):
    array = as_numbers(answer)
    if expected.dtype.kind not in "biuf":
        return f"{name} is not right"
    if array is None:
        wanted = "a number" if expected.ndim == 0 else f"numbers of shape {expected.shape}"
        return f"{name} is {_kind(answer)}, expected {wanted}"
    if array.dtype.kind == "b" and expected.dtype.kind != "b":
        return f"{name} is made of True and False, expected numbers"
    if (by_hand or expected.ndim == 0) and array.size == expected.size:
        array = array.reshape(expected.shape)
    if expected.dtype == np.uint8 and array.dtype.kind == "f":
        return f"{name} has dtype {array.dtype}. Bytes are whole numbers from 0 to 255 (`uint8`)"
    if array.shape != expected.shape:
        return f"{name} has shape {array.shape}, expected {expected.shape}"
    if array.dtype == np.float16 and expected.dtype.kind == "f":
        return f"{name} has dtype float16: three digits are too few"
    if array.size == 0:
        return None
    whole = expected.dtype.kind in "iub"
    array, expected = array.astype(float), expected.astype(float)
    size = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)
    allowed = tolerance * (np.abs(expected) + 0.1 * size) + (1e-9 if size < 1e-3 else 1e-12)
    if by_hand:
        allowed = np.where(expected == 0, max(1e-6, 1e-3 * tolerance * size), allowed)
    if whole:
        allowed = 1e-6
    allowed = np.where(np.isfinite(expected), allowed, 0.0)
    with np.errstate(invalid="ignore"):
        close = (np.abs(array - expected) <= allowed) | (array == expected)
    close |= np.isnan(array) & np.isnan(expected)
    if close.all():
        return None
    return f"{name} is not right" if quiet else _tell(name, array, expected, close, answer, by_hand)


def as_numbers(answer: object) -> np.ndarray | None:
    """`answer` as an array of bools, integers or floats, or None if it is nothing of the kind."""
    if isinstance(answer, (str, bytes)) or answer is None or answer is ...:
        return None
    try:
        array = np.asarray(answer)
        if array.dtype == object and array.size and all(map(_is_exact, array.ravel())):
            array = array.astype(float)
    except (ValueError, TypeError, RuntimeError, OverflowError):
        return None
    return array if array.dtype.kind in "biuf" else None


def _is_exact(value):
    """Whether it is a fraction, a decimal or a whole number of any size."""
    return isinstance(value, (Fraction, Decimal, int)) and not isinstance(value, bool)


def _tell(name, array, expected, close, answer, by_hand):
    where = tuple(int(i) for i in np.argwhere(~close)[0])
    entry = f"{name}[{', '.join(map(str, where))}]" if where else name
    got, wanted = float(array[where]), float(expected[where])
    count = int((~close).sum())
    begin = f"{entry} is {got:.4g}"
    if close.size > 1 and count > 1:
        begin = f"{count} of {close.size} entries are off; {begin}"
    if not math.isfinite(got):
        return f"{begin}, expected a finite number"
    if not math.isfinite(wanted):
        return f"{begin}, expected no finite number"
    if not by_hand:
        if np.asarray(answer).dtype.kind in "iu" and np.allclose(array, np.trunc(expected)):
            return f"{begin}: {name} holds whole numbers only. Is something cut off on the way?"
        factor = _common_factor(array, expected)
        if factor is not None and close.size > 1:
            every = f"every entry of {name}"
            if factor == -1:
                return f"{every} has the wrong sign"
            return f"{every} is {factor:.4g} times what it should be"
        if wanted == 0:
            return f"{begin}, expected 0"
    return f"{begin}, {_expected_size(got, wanted)}"


def _common_factor(array, expected):
    """c if array = c * expected everywhere, c a round number or one over it, else None."""
    used = np.abs(expected) > 1e-12
    if not used.any() or (np.abs(array[~used]) > 1e-12).any():
        return None
    ratios = array[used] / expected[used]
    factor = float(np.median(ratios))
    if (
        factor == 0
        or not np.isfinite(ratios).all()
        or not np.allclose(ratios, factor, rtol=1e-5, atol=0)
    ):
        return None
    round_number = any(
        abs(number - round(number)) < 1e-4 and 1 <= round(number) <= 1000
        for number in (abs(factor), 1 / abs(factor))
    )
    return round(factor, 6) if round_number else None


def _expected_size(got, wanted):
    if wanted == 0:
        return "and should be smaller in size"
    sign = "a negative number" if wanted < 0 else "a positive number"
    if got * wanted < 0:
        return f"expected {sign}"
    if got == 0:
        return "expected a number that is not 0"
    size = math.log10(abs(got)) - math.log10(abs(wanted))
    way = "large" if size > 0 else "small"
    if abs(size) < math.log10(3):
        return f"which is a little too {way} in size"
    if abs(size) < 1:
        return f"which is several times too {way} in size"
    return (
        f"which is far too {way} in size: by a factor of more than {10 ** min(int(abs(size)), 9):,}"
    )


def _kind(value):
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}"
    return f"of type {type(value).__name__}"
