"""Names how wrong values are related to the right ones: their negative, a multiple, the transpose.

It is asked when no known mistake of an exercise fits. A relation must hold in every case.
"""

from collections.abc import Callable, Sequence

import numpy as np

from course_utils.exercises.compare import agree, as_numbers

UPSIDE_DOWN = "is 1 divided by what it should be: the fraction stands upside down."
FACTORS = {
    2.0: "is twice what it should be. Does a factor 2 stand there that does not belong?",
    0.5: "is half of what it should be. Is a factor 2 missing?",
    100.0: "is 100 times what it should be. In percent? Asked is for the number itself.",
    -2.0: "is twice as large as it should be, with the wrong sign.",
    -0.5: "is half as large as it should be, with the wrong sign.",
}
SAME_SHAPE: tuple[tuple[Callable, str], ...] = (
    (np.negative, "has the wrong sign everywhere. Which way round is the difference, or the step?"),
    (np.abs, "has lost its sign: is there an absolute value, or a square, on the way?"),
    (lambda right: 1 - right, "is 1 minus what it should be. Is it the other part?"),
    (np.square, "is the square of what it should be. Is a root missing?"),
    (np.sqrt, "is the root of what it should be. Is a square missing?"),
    (np.reciprocal, UPSIDE_DOWN),
    (np.log, "is the logarithm of what it should be."),
    (np.exp, "is e to the power of what it should be. Is a logarithm missing?"),
    (np.floor, "has lost what is behind the point: `//`, `int` or a cast cuts it off."),
    (np.trunc, "has lost what is behind the point: `//`, `int` or a cast cuts it off."),
    (np.rint, "is rounded to whole numbers."),
    (lambda right: right + 1, "is 1 too large everywhere. From which number does the count begin?"),
    (lambda right: right - 1, "is 1 too small everywhere. From which number does the count begin?"),
    (
        lambda right: np.flip(right, 0) if right.ndim else right,
        "is in reverse order: the last comes first.",
    ),
)


def relation(
    name: str,
    found: Sequence[object],
    expected: Sequence[object],
    arguments: Sequence[tuple] = (),
    parameters: Sequence[str] = (),
) -> str | None:
    """A sentence on how `found` is related to `expected`, a value a case; None if nothing is known.

    `arguments` are those of each case, `parameters` their names. The sentence never tells the right
    value.
    """
    got, right = _numbers(found), _numbers(expected)
    if got is None or right is None or sum(value.size for value in right) < 2:
        return None
    for parameter, values in zip(parameters, zip(*arguments, strict=True), strict=False):
        if _equal(got, _numbers(values)) and any(
            (value != value.flat[0]).any() for value in got if value.size
        ):
            return f"{name} is `{parameter}`, just as it came in."
    if _all_alike(got) and not _all_alike(right):
        value = f"{float(np.ravel(got[0])[0]):.4g}"
        told = f"{name} is the same whatever comes in: {value}."
        return f"{told} Is everything else cut off on the way, or never used?"
    if [value.shape for value in got] == [value.shape for value in right]:
        return _of_same_shape(name, got, right, arguments)
    if _equal(got, [value.T for value in right]):
        return f"{name} is right, but transposed: rows and columns have changed places."
    if all(a.size == b.size for a, b in zip(got, right, strict=True)) and _equal(
        [value.ravel() for value in got], [value.ravel() for value in right]
    ):
        shapes = f"{got[0].shape}, expected {right[0].shape}"
        return f"{name} holds the right numbers in another shape: {shapes}."
    return None


def _of_same_shape(name, got, right, arguments):
    for change, words in SAME_SHAPE:
        with np.errstate(all="ignore"):
            changed = [np.asarray(change(value.astype(float))) for value in right]
        if all(np.isfinite(value).all() for value in changed) and _equal(got, changed):
            return f"{name} {words}"
    for axis, what in enumerate(("rows", "columns")):
        sizes = _sizes(arguments, axis)
        if len(set(sizes)) < 2:
            continue
        if _equal(got, [value * n for value, n in zip(right, sizes, strict=True)]):
            return (
                f"{name} is too large by the number of {what}. "
                "Is a sum there where a mean is due, or the other way round?"
            )
        if _equal(got, [value / n for value, n in zip(right, sizes, strict=True)]):
            return (
                f"{name} is divided by the number of {what} once too often. "
                "Has the mean been taken already?"
            )
    factor = _common_factor(got, right)
    if factor in FACTORS:
        return f"{name} {FACTORS[factor]}"
    if factor:
        return f"{name} is {factor:.4g} times what it should be. Which factor is too many, or lost?"
    return None


def _common_factor(got, right):
    """c if got = c * right in all cases and c is a round number, or 1 over one; else None."""
    flat = np.concatenate([value.ravel() for value in right]).astype(float)
    mine = np.concatenate([value.ravel() for value in got]).astype(float)
    if not flat.any() or not (np.isfinite(mine).all() and np.isfinite(flat).all()):
        return None
    with np.errstate(all="ignore"):  # values that grow beyond all floats
        factor = float(mine @ flat / (flat @ flat))
    if not np.isfinite(factor):
        return None
    for size in (abs(factor), 1 / abs(factor) if factor else 0):
        if 1 < round(size) <= 1000 and abs(size - round(size)) < 1e-4 * size:
            exact = np.sign(factor) * (round(size) if size == abs(factor) else 1 / round(size))
            return float(exact) if agree(mine, exact * flat) else None
    return None


def _sizes(arguments, axis):
    """The length along `axis` of the first array of each case; empty if a case has none."""
    sizes = [
        next((v.shape[axis] for v in case if isinstance(v, np.ndarray) and v.ndim > axis), 0)
        for case in arguments
    ]
    return sizes if all(sizes) else []


def _numbers(values):
    arrays = [as_numbers(value) for value in values]
    return None if any(array is None for array in arrays) else arrays


def _equal(got, others):
    return others is not None and all(
        value.shape == other.shape and agree(value, other)
        for value, other in zip(got, others, strict=True)
    )


def _all_alike(values):
    flat = np.concatenate([value.ravel() for value in values])
    return flat.size > 1 and bool((flat == flat[0]).all())
