"""The kinds of exercises: what an author writes down, and where an answer is handed for a verdict.

A mistake is data: a wrong answer, or a wrong function, and the hint for those who made it.

For authors. A module `notebook_NN` holds `EXERCISES`, a tuple of three kinds:

- `Numbers`: worked out by hand and typed in.
- `Function`: written in code. It is tried on `cases`, with copies of the arguments.
- `Choice`: one of several options; each wrong one has a reason, which is its hint.

`objective` is one of the objectives on the notebook's title slide, word by word and without marks.
`hints` are the stages of `exercises.hint`, from the thought to the line; there are defaults.
"""

import inspect
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

import course_utils.exercises.judging as judging
import course_utils.exercises.number_forms as number_forms
import course_utils.exercises.numbers as numbers
import course_utils.exercises.source as source
import course_utils.exercises.trials as trials
from course_utils.exercises.attempt import SECONDS
from course_utils.exercises.compare import TOLERANCE
from course_utils.exercises.verdict import (
    CORRECT,
    HINT,
    NOT_ATTEMPTED,
    WRONG,
    Verdict,
    listed,
    verdict_on,
)


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
    `working` computes the answer as on paper, one step a line: its local names are the values on
    the way. `unsigned` says that the numbers may all be given as moves, with a minus. `digits` is
    what the text asks for, such as "four decimals".
    """

    id: str
    title: str
    objective: str
    answer: object
    mistakes: Iterable[Mistake]
    insight: str
    tolerance: float = 1e-3
    hints: tuple[str, ...] = ()
    working: Callable[[], object] | None = None
    unsigned: bool = False
    digits: str = ""

    def judge(self, *answers: object, cell: object = None, **named: object) -> Verdict:
        """The verdict on one value, several in the order of the exercise, or by name.

        `cell` is the tree of the cell that gave them, if it is known.
        """
        given = self._by_name(answers, named)
        if isinstance(given, str):
            return verdict_on(self, WRONG, given)
        return numbers.judge(self, given, cell)

    def with_mistake(self, mistake: Mistake) -> dict[str, object]:
        """Answers that are right but for this mistake."""
        wrong = mistake.example if callable(mistake.wrong) else mistake.wrong
        return self.right | self.named(wrong)

    @property
    def right(self) -> dict[str, object]:
        """The right answers by name; a single one is called "answer"."""
        return dict(self.answer) if isinstance(self.answer, Mapping) else {"answer": self.answer}

    def named(self, wrong: object) -> dict[str, object]:
        """Wrong values by name."""
        return dict(wrong) if isinstance(wrong, Mapping) else dict.fromkeys(self.right, wrong)

    def _by_name(self, answers, named):
        """Answers by name, or a sentence on what does not fit."""
        names = list(self.right)
        if len(answers) == 1 and isinstance(answers[0], Mapping) and not named:
            answers, named = (), answers[0]
        joined = number_forms.joined_decimals(answers, len(names))
        if joined is not None:
            answers = joined
        if len(answers) > len(names):
            return f"You gave {len(answers)} answers, expected {len(names)}."
        given = dict(zip(names, answers, strict=False)) | dict(named)
        unknown = [str(name) for name in given if name not in names]
        if unknown and all(name in map(str, names) for name in unknown):
            return f'The names in your dictionary are texts ("{unknown[0]}"). Asked are numbers.'
        if unknown:
            return f"There is no `{unknown[0]}` in this exercise. It asks for {listed(names)}."
        return {name: given.get(name, ...) for name in names}


@dataclass(frozen=True)
class Function:
    """Code: a function that must do what `reference` does, for all arguments in `cases`.

    `cases(rng)` gives tuples of arguments: random ones, edge cases, a batch of one. A case may hold
    a generator of random numbers; the answer gets one in the same state. `observe(function, *args)`
    says what to compare when it is not simply what the function returns: a path, what is left in an
    array, which demands are met (`Goal` adds what was measured). `names` are the names of several
    returned values. `may_change` are arguments that it is the task to change; changing another one
    gets a sentence of its own. `given` is the function as it stands in the exercise cell when that
    is not a stub, but code to be mended. `aside` are observed parts that only help to recognize
    mistakes. `loose` are parts in which axes of length 1 do not matter.
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
    hints: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()

    def judge(self, answer: object, *more: object) -> Verdict:
        """The verdict on a function."""
        return judging.judge(self, answer, *more)

    def accepts(self, answer: Callable) -> bool:
        """Whether `answer` passes; quicker than `judge`: it ends at the first case that differs."""
        return self._does_the_same(answer, self.own_cases, self.expected)

    def agrees(self, answer: Callable, rng: np.random.Generator) -> bool:
        """Whether `answer` does what the reference does on the cases that this `rng` draws."""
        cases = list(self.cases(rng))
        return self._does_the_same(answer, cases, trials.attempt(self, self.reference, cases))

    def _does_the_same(self, answer, cases, expected):
        return all(
            trials.agrees(self, trials.try_once(self, answer, arguments, self.seconds), right)
            for arguments, right in zip(cases, expected, strict=True)
        )

    @cached_property
    def own_cases(self) -> list[tuple]:
        """The cases of the check: always the same ones."""
        return list(self.cases(np.random.default_rng(zlib.crc32(self.id.encode()))))

    @cached_property
    def expected(self) -> list[trials.Trial]:
        """What the reference does in each case."""
        return trials.attempt(self, self.reference)

    @cached_property
    def known(self) -> list[tuple[Mistake, list[trials.Trial], set]]:
        """Each known mistake with what it does in each case, and the parts that it gets wrong."""
        found = []
        for mistake in self.mistakes:
            tried = trials.attempt(self, mistake.wrong)
            found.append((mistake, tried, trials.spoiled(self, tried)))
        return found

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The names of the arguments in a case (after the function, where it is observed)."""
        return tuple(inspect.signature(self.observe or self.reference).parameters)

    @cached_property
    def reference_source(self) -> source.Source | None:
        """The code of the reference."""
        return source.find(self.reference)

    @property
    def is_open(self) -> bool:
        """Whether different answers are right: an experiment with goals."""
        return any(trial.measured for trial in self.expected)


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
    hints: tuple[str, ...] = ()

    def judge(self, answer: object, *more: object) -> Verdict:
        """The verdict on a letter."""
        if answer is ... or answer is None:
            return verdict_on(self, NOT_ATTEMPTED)
        letter = self._letter(answer)
        if more or letter is None:
            letters = listed([f'"{name}"' for name in self.options], "or")
            return verdict_on(self, WRONG, f"Answer with one letter in quotes: {letters}.")
        if letter == self.correct:
            return verdict_on(self, CORRECT, self.insight)
        return verdict_on(self, HINT, self.options[letter].reason)

    def _letter(self, answer):
        """The letter that a text means: "b", "(B)", "b: because ...", or the option written out."""
        if not isinstance(answer, str):
            return None
        text = " ".join(answer.lower().split()).strip(" .")
        for name, option in self.options.items():
            if text and text == " ".join(option.text.lower().split()).strip(" ."):
                return name
        begin = text.lstrip("( ")
        for name in self.options:
            rest = begin.removeprefix(name)
            if begin.startswith(name) and (not rest or rest[0] in ".):,;"):
                return name
        return None
