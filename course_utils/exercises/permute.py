"""Right values in the wrong order or form: outputs exchanged, one array for a tuple, other names.

This is looked at before any mistake, since a mistake in the wrong place would be blamed wrongly.
"""

import inspect
import itertools
import types
from collections.abc import Callable, Mapping, Sequence

import numpy as np

import course_utils.exercises.reading as reading
import course_utils.exercises.trials as trials
from course_utils.exercises.compare import agree
from course_utils.exercises.source import Source
from course_utils.exercises.trials import Trial
from course_utils.exercises.verdict import listed

MOST_PARTS = 5


def form(exercise, found: Sequence[Trial]) -> str | None:
    """A sentence if something other than the values that are asked comes back."""
    trial, right = found[0], exercise.expected[0]
    if trial.outcome.raised is not None:
        return None
    value, wanted = trial.outcome.value, right.outcome.value
    if isinstance(wanted, tuple) and not exercise.observe:
        return _of_tuple(exercise, found, value, wanted)
    if isinstance(wanted, Mapping) and not exercise.observe:
        return _of_mapping(exercise, value, wanted)
    single = not isinstance(wanted, (tuple, list, Mapping))
    if single and isinstance(value, (tuple, list)) and len(value) and not exercise.observe:
        places = [
            place
            for place in range(len(value))
            if all(_has(one.outcome.value, place, r) for one, r in zip(
                found, exercise.expected, strict=False))
        ]  # fmt: skip
        if places and isinstance(value, tuple):
            which = trials.ORDINALS[places[0]]
            return (
                f"You return {len(value)} values, and one is asked. The {which} of them is right: "
                "return it alone."
            )
    return None


def _has(value, place, right):
    return (
        isinstance(value, (tuple, list))
        and place < len(value)
        and agree(value[place], right.outcome.value)
    )


def _of_tuple(exercise, found, value, wanted):
    names = [trials.name_of(exercise, k, len(wanted)) for k in range(len(wanted))]
    asked = f"{len(wanted)} values: {listed(names)}" if exercise.names else f"{len(wanted)} values"
    several = isinstance(value, (tuple, list)) and not _is_array(value)
    if several and len(value) == len(wanted):
        return None
    if _is_array(value) and value.ndim and len(value) == len(wanted):
        return None
    if not several:
        alone = [name for k, name in enumerate(names) if _alone(exercise, found, k)]
        what = f"You return {alone[0]} alone" if alone else "One thing comes back"
        if not alone and isinstance(value, np.ndarray):
            what = f"One array of shape {value.shape} comes back"
        return f"{what}. Asked are {asked}, separated by commas behind `return`."
    told = f"You return {len(value)} values. Asked are {asked}."
    if len(value) < len(wanted):
        there = [
            name
            for k, name in enumerate(names)
            if any(agree(one, wanted[k], exercise.tolerance) for one in value)
        ]
        lost = [name for name in names if name not in there]
        if len(there) == len(value) and exercise.names:
            told += f" Missing is {listed(lost)}."
    return told


def _is_array(value):
    return isinstance(value, np.ndarray)


def _alone(exercise, found, k):
    return all(
        trial.outcome.raised is None
        and agree(trial.outcome.value, right.outcome.value[k], exercise.tolerance)
        for trial, right in zip(found, exercise.expected, strict=False)
    )


def _of_mapping(exercise, value, wanted):
    names = listed([f'"{name}"' for name in wanted])
    if not isinstance(value, Mapping):
        kind = type(value).__name__
        return f"A {kind} comes back. Asked is a dictionary with the entries {names}."
    lost = [name for name in wanted if name not in value]
    if lost:
        extra = [f'"{name}"' for name in value if name not in wanted]
        told = f'Your dictionary has no entry "{lost[0]}". Asked are {names}'
        return f"{told}; yours has {listed(extra)} beside." if extra else f"{told}."
    return None


def kind(exercise, answer: Callable, code: Source | None, raised: bool) -> str | None:
    """A sentence if a class, a function or nothing comes back, where objects or values are due."""
    seen = []

    def watched(*arguments, **named):
        value = answer(*arguments, **named)
        seen.append(value)
        return value

    trials.try_once(exercise, watched, exercise.own_cases[0], 0.2)
    if not seen:
        return None
    value = seen[0]
    if inspect.isclass(value):
        return (
            f"You return the class `{value.__name__}` itself. An object is made by calling it, "
            "with its settings in brackets."
        )
    if isinstance(value, types.FunctionType):
        return f"You return the function `{value.__name__}`, without calling it."
    if value is None and raised:
        told = reading.returns(code) if code else None
        return told or "It returns nothing: is there a `return`?"
    return None


def outputs(exercise, found: Sequence[Trial]) -> str | None:
    """A sentence if the values are all right, and stand in another order."""
    first = exercise.expected[0]
    wanted = trials.parts(first.outcome.value)
    if not 2 <= len(wanted) <= MOST_PARTS or exercise.observe:
        return None
    if any(trial.outcome.raised is not None for trial in found):
        return None
    pairs = [
        (trials.parts(trial.outcome.value, right.outcome.value), trials.parts(right.outcome.value))
        for trial, right in zip(found, exercise.expected, strict=True)
    ]
    if any(mine.keys() != right.keys() for mine, right in pairs):
        return None
    places = list(wanted)
    for order in itertools.permutations(places):
        if list(order) != places and all(
            agree(mine[theirs], right[place], exercise.tolerance)
            for mine, right in pairs
            for place, theirs in zip(places, order, strict=True)
        ):
            moved = [p for p, theirs in zip(places, order, strict=True) if p != theirs]
            names = [trials.name_of(exercise, place, len(places)) for place in moved]
            every = [trials.name_of(exercise, place, len(places)) for place in places]
            told = f"The values are right, and {listed(names)} have changed places."
            if isinstance(first.outcome.value, Mapping):
                return told
            return f"{told} The order asked is {listed(every)}."
    return None


def arguments(exercise, answer: Callable, own: Sequence[str] | None) -> str | None:
    """A sentence if the answer is right when it gets its arguments in another order.

    `own` are the names of its arguments, if they are known.
    """
    count = len(exercise.parameters)
    if exercise.observe or not 2 <= count <= 4:
        return None
    if own is not None and (
        list(own) == list(exercise.parameters) or set(own) != set(exercise.parameters)
    ):
        return None
    for order in itertools.permutations(range(count)):
        if list(order) == list(range(count)):
            continue

        def turned(*handed, order=order):
            return answer(*(handed[k] for k in order))

        if all(
            trials.agrees(exercise, trials.try_once(exercise, turned, one, 0.1), right)
            for one, right in zip(exercise.own_cases, exercise.expected, strict=True)
        ):
            return (
                "It is right if the arguments come in another order. They are handed over as "
                f"({', '.join(exercise.parameters)})."
            )
    return None
