"""The kinds of exercises, and `check`, which recognizes known mistakes in an answer to one.

A mistake is data: a wrong answer, or a wrong function, and the hint for those who made it.

For authors. A module `notebook_NN` holds `EXERCISES`, a tuple of three kinds:

- `Numbers`: worked out by hand and typed in.
- `Function`: written in code. It is tried on `cases`, with copies of the arguments.
- `Choice`: one of several options; each wrong one has a reason, which is its hint.

`objective` is one of the objectives on the notebook's title slide, word by word and without marks.
"""

import copy
import dis
import importlib
import inspect
import time
import types
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from course_utils.exercises.attempt import SECONDS, Outcome, run
from course_utils.exercises.compare import ORDINALS, TOLERANCE, agree, difference
from course_utils.exercises.record import notebooks, remember
from course_utils.exercises.relations import relation
from course_utils.exercises.verdict import CORRECT, HINT, NOT_ATTEMPTED, WRONG, Verdict


@dataclass(frozen=True)
class Mistake:
    """A known mistake and its hint, which points to the thought and not to the line.

    `wrong` is, for `Numbers`, the wrong value, or a dictionary with the wrong ones among several,
    or a function of the answers that says whether they show this mistake (then `example` gives such
    answers, for the tests); for a `Function`, the wrong function.
    """

    wrong: object
    hint: str
    example: object = None


@dataclass(frozen=True)
class Option:
    """One option of a choice, and why it is wrong (empty for the right one)."""

    text: str
    reason: str = ""


@dataclass(frozen=True)
class Numbers:
    """Numbers worked out by hand: `answer` is one value, or a dictionary of them by name.

    `tolerance` is relative to the size of each number; whole numbers and words must be exact.
    """

    id: str
    title: str
    objective: str
    answer: object
    mistakes: Iterable[Mistake]
    insight: str
    tolerance: float = 1e-3

    def judge(self, *answers: object, **named: object) -> Verdict:
        """The verdict on one value, several in the order of the exercise, or by name."""
        given = self._by_name(answers, named)
        if isinstance(given, str):
            return _verdict(self, WRONG, given)
        missing = [name for name, value in given.items() if is_open(value)]
        if missing:
            return _verdict(self, NOT_ATTEMPTED, _still_missing(missing, given))
        found = self._difference(given)
        if found is None:
            return _verdict(self, CORRECT, self.insight)
        shown = [mistake for mistake in self.mistakes if self._shows(given, mistake)]
        if shown:
            return _verdict(self, HINT, max(shown, key=self._count).hint)
        return _verdict(self, WRONG, _sentence(found))

    def with_mistake(self, mistake: Mistake) -> dict[str, object]:
        """Answers that are right but for this mistake."""
        wrong = mistake.example if callable(mistake.wrong) else mistake.wrong
        return self._right | self._named(wrong)

    @property
    def _right(self):
        return dict(self.answer) if isinstance(self.answer, Mapping) else {"answer": self.answer}

    def _named(self, wrong):
        return dict(wrong) if isinstance(wrong, Mapping) else dict.fromkeys(self._right, wrong)

    def _by_name(self, answers, named):
        """Answers by name, or a sentence on what does not fit."""
        names = list(self._right)
        if len(answers) == 1 and isinstance(answers[0], Mapping) and not named:
            answers, named = (), answers[0]
        if len(answers) > len(names):
            return f"You gave {len(answers)} answers, expected {len(names)}."
        given = dict(zip(names, answers, strict=False)) | dict(named)
        unknown = [str(name) for name in given if name not in names]
        if unknown:
            return f"There is no `{unknown[0]}` in this exercise. It asks for {_listed(names)}."
        return {name: given.get(name, ...) for name in names}

    def _difference(self, given):
        for name, right in self._right.items():
            shown = name if isinstance(name, str) else f"the answer for {name}"
            shown = "your answer" if name == "answer" else shown
            found = difference(shown, given[name], right, tolerance=self.tolerance, by_hand=True)
            if found:
                return found
        return None

    def _count(self, mistake):
        """How many answers a mistake explains: of several, the one that explains most is named."""
        return 1 if callable(mistake.wrong) else len(self._named(mistake.wrong))

    def _shows(self, given, mistake):
        if callable(mistake.wrong):
            shown = run(lambda: bool(mistake.wrong(given if len(given) > 1 else given["answer"])))
            return shown.value is True
        wrong = self._named(mistake.wrong)
        return all(
            agree(given[name], value, self.tolerance, by_hand=True) for name, value in wrong.items()
        )


@dataclass(frozen=True)
class Function:
    """Code: a function that must do what `reference` does, for all arguments in `cases`.

    `cases(rng)` gives tuples of arguments: random ones, edge cases, a batch of one. A case may hold
    a generator of random numbers; the answer gets one in the same state. `observe(function, *args)`
    says what to compare when it is not simply what the function returns: a path, what is left in an
    array, which demands are met. `names` are the names of several returned values. `may_change` are
    arguments that it is the task to change; changing another one gets a sentence of its own.
    `given` is the function as it stands in the exercise cell when that is not a stub, but code to
    be mended.
    """

    id: str
    title: str
    objective: str
    reference: Callable
    cases: Callable[[np.random.Generator], Iterable[tuple]]
    mistakes: Iterable[Mistake]
    insight: str
    observe: Callable | None = None
    tolerance: float = TOLERANCE
    names: tuple[str, ...] = ()
    may_change: tuple[str, ...] = ()
    given: Callable | None = None
    seconds: float = field(default=SECONDS, repr=False)

    def judge(self, answer: object, *more: object) -> Verdict:
        """The verdict on a function."""
        if is_open(answer):
            return _verdict(self, NOT_ATTEMPTED)
        if more or not callable(answer):
            return _verdict(
                self,
                WRONG,
                f'Hand over the function itself, without calling it: check("{self.id}", name).',
            )
        if is_stub(answer):
            return _verdict(self, NOT_ATTEMPTED)
        found = self._attempt(answer)
        if _shows_dots(found[0].outcome):
            return _verdict(self, NOT_ATTEMPTED, printed=found[0].outcome.printed)
        if self.observe is None and found[0].outcome.error is None:
            value = found[0].outcome.value
            if value is None and self._expected[0].outcome.value is not None:
                return _verdict(self, NOT_ATTEMPTED, "It returns nothing yet: is there a `return`?")
        if self.given and self._same(found, self._attempt(self.given)):
            return _verdict(self, NOT_ATTEMPTED)
        return self._compare(found)

    def accepts(self, answer: Callable) -> bool:
        """Whether `answer` passes; quicker than `judge`: it ends at the first case that differs."""
        return self._does_the_same(answer, self._own_cases, self._expected)

    def agrees(self, answer: Callable, rng: np.random.Generator) -> bool:
        """Whether `answer` does what the reference does on the cases that this `rng` draws."""
        cases = list(self.cases(rng))
        return self._does_the_same(answer, cases, self._attempt(self.reference, cases))

    def _does_the_same(self, answer, cases, expected):
        for arguments, right in zip(cases, expected, strict=True):
            trial = self._try(answer, arguments, self.seconds)
            if trial.changed or not self._same([trial], [right], likes=[right]):
                return False
        return True

    def _compare(self, found):
        printed = found[0].outcome.printed
        first, where = self._first_difference(found)
        changed = next((trial for trial in found if trial.changed), None)
        if first is None and changed is None:
            return _verdict(self, CORRECT, self.insight)
        mistake = self._recognize(found)
        if mistake:
            return _verdict(self, HINT, mistake.hint, printed)
        if changed and not any(trial.outcome.error for trial in found):
            return _verdict(self, HINT, self._about_change(changed), printed)
        known = self._unmet(found) or self._relation(found)
        if known:
            return _verdict(self, HINT, known, printed)
        return _verdict(self, WRONG, f"{_sentence(first)}\n{where}", printed)

    def _first_difference(self, found):
        for trial, right in zip(found, self._expected, strict=False):
            message = trial.outcome.report or difference(
                "the result",
                trial.outcome.value,
                right.outcome.value,
                tolerance=self.tolerance,
                names=self.names,
            )
            if message:
                return message, f"Tried with {self._describe(trial.arguments)}."
        return None, None

    def _unmet(self, found):
        """The first demand that is not met, where `observe` says which ones are."""
        for trial, right in zip(found, self._expected, strict=False):
            value, wanted = trial.outcome.value, right.outcome.value
            if not (isinstance(value, Mapping) and isinstance(wanted, Mapping)):
                return None
            for demand, met in wanted.items():
                if met is True and value.get(demand) is False:
                    return f"This does not hold yet: {demand}."
        return None

    def _relation(self, found):
        """How the first wrong value is related to the right one in all cases, if it is."""
        if self.observe or any(trial.outcome.error for trial in found):
            return None
        rights = [trial.outcome.value for trial in self._expected]
        parts = [
            _parts(trial.outcome.value, right) for trial, right in zip(found, rights, strict=True)
        ]
        wanted = [_parts(right) for right in rights]
        if any(one.keys() != other.keys() for one, other in zip(parts, wanted, strict=True)):
            return None
        for place in wanted[0]:
            mine, right = [one[place] for one in parts], [one[place] for one in wanted]
            if not all(map(agree, mine, right)):
                name = self._name_of(place, len(wanted[0]))
                cases = [trial.arguments for trial in found]
                sentence = relation(name, mine, right, cases, self._parameters)
                return sentence and _sentence(sentence)
        return None

    def _name_of(self, place, count):
        if self.names:
            return self.names[place]
        if isinstance(place, str):
            return f"`{place}`"
        return "the result" if count == 1 else f"the {ORDINALS[place]} value returned"

    def _about_change(self, trial):
        name = trial.changed[0]
        return (
            f"Your function changes `{name}`, which belongs to the one who calls it. Does a line "
            f"with `-=`, `+=` or `{name}[...] =` write into it? Make a new array instead."
        )

    @property
    def _own_cases(self):
        return list(self.cases(np.random.default_rng(zlib.crc32(self.id.encode()))))

    @cached_property
    def _expected(self):
        return self._attempt(self.reference)

    def _attempt(self, function, cases=None):
        """One trial a case; after a call that ran for too long there are no more."""
        trials, end = [], time.monotonic() + self.seconds
        for arguments in self._own_cases if cases is None else cases:
            trial = self._try(function, arguments, max(0.05, end - time.monotonic()))
            trials.append(trial)
            if trial.outcome.timed_out:
                break
        return trials

    def _try(self, function, arguments, seconds):
        handed = copy.deepcopy(arguments)
        if self.observe:
            outcome = run(lambda: self.observe(function, *handed), seconds)
            return Trial(arguments, outcome, ())
        outcome = run(lambda: function(*handed), seconds)
        changed = tuple(
            name
            for name, before, after in zip(self._parameters, arguments, handed, strict=False)
            if name not in self.may_change and _differs(before, after)
        )
        return Trial(arguments, outcome, changed)

    @cached_property
    def _parameters(self):
        return tuple(inspect.signature(self.observe or self.reference).parameters)

    def _recognize(self, found):
        """The known mistake that shows in what was found: of several, the one that explains most.

        A mistake shows if its own wrong values are there; other values may be wrong as well.
        """
        best, most = None, -1
        for mistake in self.mistakes:
            trials = self._attempt(mistake.wrong)
            parts = self._wrong_parts(trials)
            if len(parts) > most and self._same(found, trials, parts):
                best, most = mistake, len(parts)
        return best

    def _wrong_parts(self, trials):
        """Which of several values differ from the reference's in some case."""
        return {
            name
            for trial, right in zip(trials, self._expected, strict=False)
            if trial.outcome.error is None
            for name, value in _parts(right.outcome.value).items()
            if not agree(
                _parts(trial.outcome.value, right.outcome.value).get(name), value, self.tolerance
            )
        }

    def _same(self, found, others, parts=None, likes=None):
        """Whether two functions gave the same in all cases, or the same for some of the values."""
        if len(found) != len(others):
            return False
        if parts is not None and all(other.outcome.error for other in others):
            return others[0].outcome.timed_out and found[0].outcome.timed_out
        for one, other, right in zip(found, others, likes or self._expected, strict=False):
            if one.outcome.error is not other.outcome.error:
                return False
            if not set(other.changed) <= set(one.changed):
                return False
            if one.outcome.error is None:
                like = right.outcome.value
                mine, wanted = _parts(one.outcome.value, like), _parts(other.outcome.value, like)
                names = wanted if parts is None else parts & wanted.keys()
                if mine.keys() != wanted.keys() or not all(
                    agree(mine[name], wanted[name], self.tolerance) for name in names
                ):
                    return False
        return True

    def _describe(self, arguments):
        names = self._parameters[1:] if self.observe else self._parameters
        shown = [
            f"{name} {_short(value)}"
            for name, value in zip(names, arguments, strict=False)
            if not isinstance(value, np.random.Generator)
        ]
        return ", ".join(shown) if shown else "no arguments"


@dataclass(frozen=True)
class Choice:
    """A question to think about: one of several options, each wrong one with its reason."""

    id: str
    title: str
    objective: str
    question: str
    options: Mapping[str, Option]
    correct: str
    insight: str

    def judge(self, answer: object, *more: object) -> Verdict:
        """The verdict on a letter."""
        if is_open(answer):
            return _verdict(self, NOT_ATTEMPTED)
        letter = answer.strip(" .()").lower() if isinstance(answer, str) else None
        if more or letter not in self.options:
            letters = _listed([f'"{name}"' for name in self.options], "or")
            return _verdict(self, WRONG, f"Answer with one letter: {letters}.")
        if letter == self.correct:
            return _verdict(self, CORRECT, self.insight)
        return _verdict(self, HINT, self.options[letter].reason)


@dataclass(frozen=True)
class Trial:
    """One call of a function: its arguments, what came of it, and which arguments it changed."""

    arguments: tuple
    outcome: Outcome
    changed: tuple[str, ...]


def check(id: str, *answers: object, **named: object) -> Verdict:
    """Look at an answer to exercise `id`, such as "02.3", and say what is right or wrong with it.

    Numbers are handed over in order, by name, or as one dictionary; code as the function itself; a
    choice as its letter. What has been solved is remembered for `progress`. Nothing leaves the
    machine. Raises ValueError when there is no such exercise.
    """
    verdict = find(id).judge(*answers, **named)
    if verdict.status == NOT_ATTEMPTED:
        return verdict
    trouble = remember(id, verdict.solved)
    if trouble:
        return replace(verdict, message=f"{verdict.message} {trouble}".strip())
    return verdict


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
    if notebook not in notebooks():
        return ()
    return importlib.import_module(f"course_utils.exercises.notebook_{notebook}").EXERCISES


def is_open(value: object) -> bool:
    """Whether `...` still stands where an answer belongs, also deep inside of several."""
    if value is ... or value is None:
        return True
    if isinstance(value, Mapping):
        return any(map(is_open, value.values()))
    return isinstance(value, (tuple, list)) and any(map(is_open, value))


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
    """Whether `name = ...` or `return ...` is among the steps; `x[..., None]` is none of them."""
    kept = ("STORE_FAST", "STORE_NAME", "STORE_DEREF", "STORE_ATTR", "RETURN_VALUE")
    return any(
        one.opname.startswith(("LOAD_CONST", "RETURN_CONST"))
        and one.argval is ...
        and (one.opname == "RETURN_CONST" or then.opname in kept)
        for one, then in zip(steps, [*steps[1:], steps[-1]], strict=True)
    )


def _is_code(member: object) -> bool:
    return isinstance(member, types.FunctionType)


def _shows_dots(outcome: Outcome) -> bool:
    if outcome.error is not None:
        return "ellipsis" in outcome.report.lower()
    value = outcome.value
    if isinstance(value, (tuple, list)):
        return any(part is ... for part in value)
    if isinstance(value, Mapping):
        return any(part is ... for part in value.values())
    return value is ...


def _differs(before: object, after: object) -> bool:
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


def _parts(value: object, like: object = None) -> dict:
    """Several returned values by name or place; a single one under the place 0.

    A list or an array counts as several values where the reference, `like`, returns a tuple.
    """
    if isinstance(value, Mapping):
        return dict(value)
    several = isinstance(like, tuple) and (
        isinstance(value, list) or (isinstance(value, np.ndarray) and value.ndim > 0)
    )
    return dict(enumerate(value)) if several or isinstance(value, tuple) else {0: value}


def _short(value: object) -> str:
    if isinstance(value, np.ndarray) and value.ndim:
        return f"of shape {value.shape}"
    if isinstance(value, (float, np.floating)):
        return f"= {value:.4g}"
    if isinstance(value, (list, tuple)) and len(value) > 6:
        return f"of length {len(value)}"
    return f"= {value}"


def _verdict(exercise, status: str, message: str = "", printed: str = "") -> Verdict:
    return Verdict(exercise.id, exercise.title, status, message, printed)


def _still_missing(missing: list, given: dict) -> str:
    if len(missing) == len(given):
        return ""
    return f"Still to do: {_listed([str(name) for name in missing])}."


def _listed(names: Iterable, word: str = "and") -> str:
    names = [str(name) for name in names]
    return f" {word} ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _sentence(text: str) -> str:
    """With a capital at the beginning unless a name stands there, and a full stop at the end."""
    begin = text[0].upper() if text.startswith(("the ", "every ", "it ", "your ")) else text[0]
    return f"{begin}{text[1:]}" + ("" if text.endswith((".", "?", "!")) else ".")
