"""The verdict on numbers worked out by hand: which is wrong first, and how it is related.

Numbers follow from each other. One that is right for the student's own earlier values is no second
mistake, so the first one that does not follow is what is looked at.
"""

import ast
import math
from collections.abc import Mapping
from functools import cached_property

import numpy as np

import course_utils.exercises.search as search
import course_utils.exercises.source as source
from course_utils.exercises.attempt import guarded, run
from course_utils.exercises.certain import words_of
from course_utils.exercises.compare import agree, difference
from course_utils.exercises.number_cells import Work, as_source, why_nothing
from course_utils.exercises.number_forms import comma, form, is_number, plain
from course_utils.exercises.number_relations import exchanged, relation
from course_utils.exercises.sentences import OPERATIONS
from course_utils.exercises.stubs import is_open
from course_utils.exercises.verdict import (
    CORRECT,
    HINT,
    NOT_ATTEMPTED,
    WRONG,
    Verdict,
    listed,
    sentence,
    verdict_on,
)

SPOILING, MENDING = 0.25, 0.35
MOST_HINTS = 2
# Of numbers with few digits, only these changes of the working are likely enough.
LIKELY = 1.25
UNSURE = ("number", "name", "written in", "part missing", "part too many", "order", "line too many")


def judge(exercise, given: Mapping[str, object], cell: ast.AST | None = None) -> Verdict:
    """The verdict on answers by name; `cell` is the code that gave them, if it is known."""
    missing = [name for name, value in given.items() if value is ... or is_open(value)]
    nothing = [name for name in missing if given[name] is None]
    if nothing and len(missing) == len(nothing):
        called = f"`{nothing[0]}`" if nothing[0] in exercise.right and len(given) > 1 else "It"
        return verdict_on(exercise, WRONG, f"{called} is None: {why_nothing(nothing[0], cell)}")
    if missing:
        return verdict_on(exercise, NOT_ATTEMPTED, _still_missing(missing, given))
    answers = _Answers(exercise, given, cell)
    if not answers.wrong:
        return verdict_on(exercise, CORRECT, exercise.insight)
    hints = guarded(answers.hints)
    if hints:
        return verdict_on(exercise, HINT, hints)
    return verdict_on(exercise, WRONG, answers.difference())


def _still_missing(missing, given):
    if len(missing) == len(given):
        return ""
    return f"Still to do: {listed(missing)}."


class _Answers:
    """Answers to one exercise, which of them are wrong, and why."""

    def __init__(self, exercise, given, cell):
        self.exercise, self.cell = exercise, cell
        self.given = {name: plain(value) for name, value in given.items()}
        self.right = exercise.right
        if exercise.unsigned and self._all_minus():
            self.given = {name: _minus(value) for name, value in self.given.items()}
        self.wrong = {name for name in self.right if not self._agrees(name, self.right[name])}

    def _all_minus(self):
        values = [np.ravel(np.asarray(value)) for value in self.given.values()]
        numeric = all(value.dtype.kind in "if" for value in values)
        return numeric and all((value <= 0).all() for value in values)

    def _agrees(self, name, value):
        tolerance = self.exercise.tolerance
        return agree(self.given[name], value, tolerance, by_hand=True)

    def _is_typed(self, name, value):
        """Whether an answer is this wrong value, also if it was typed in with few digits."""
        given = self.given[name]
        pairs = _numbers_of(given, value)
        typed = bool(pairs) and all(_within_digits(one, other) for one, other in pairs)
        rights = _numbers_of(given, self._due(name))
        if rights and all(_within_digits(one, other) for one, other in rights):
            typed = False  # with as few digits the right value looks the same
        return typed or self._agrees(name, value)

    def _due(self, name):
        """The right value of an answer, for the student's own ones before it."""
        return self._computed.get(name, self.right[name])

    def hints(self) -> str:
        """What explains the wrong answers; empty if nothing does."""
        told = self._forms()
        if told:
            return told
        left = self.wrong - self._following
        numeric = {name for name in self.wrong if not isinstance(self.right[name], str)}
        names, words = exchanged(self.given, self.right, numeric, self._agrees)
        known = list(self._known())
        best = self._best(known, left)
        if best:
            return (self._mended(swaps=True) if self._is_small else "") or best
        if words and left <= names:
            return words
        candidates = [*known, *([(frozenset(names), words, 0)] if words else [])]
        if frozenset().union(*(one[0] for one in candidates)) >= left:
            return self._together(candidates, left)
        mended = self._mended()
        if mended:
            return mended
        candidates += list(self._relations(left)) + list(self._spoiled(left))
        return self._together(candidates, left)

    @property
    def _is_small(self):
        """Whether all is small whole numbers, which come about in many ways: the cell knows how."""
        values = [value for name in self.wrong for value, _ in
                  _numbers_of(self.given[name], self.right[name])]  # fmt: skip
        return bool(values) and all(value.is_integer() and abs(value) < 20 for value in values)

    def _best(self, candidates, left):
        """The hint that explains everything that does not follow, and most of all."""
        fitting = [one for one in candidates if one[0] >= left]
        return max(fitting, key=lambda one: len(one[0]))[1] if fitting else ""

    def _together(self, candidates, left):
        hints, open_ = [], set(left)
        while open_ and len(hints) < MOST_HINTS:
            fitting = [one for one in candidates if one[0] & open_ and not (hints and one[2])]
            if not fitting:
                break
            claims, hint, *_ = max(fitting, key=lambda one: len(one[0] & open_))
            open_ -= claims
            if hint not in hints:
                hints.append(hint)
        if not hints:
            return ""
        if open_:
            hints.append(f"Not right yet, either: {listed(self._in_order(open_))}.")
        return "\n".join(hints)

    def _in_order(self, names):
        return [name for name in self.right if name in names]

    # ------------------------------------------------------------ what was typed in

    def _forms(self):
        """A comma for a point, a text for a number, a function for its value."""
        words = {word for word in self.right.values() if isinstance(word, str)}
        for name in self._in_order(self.wrong):
            value, right = self.given[name], self.right[name]
            good = agree(comma(value), right, self.exercise.tolerance, by_hand=True)
            told = form(self._called(name), value, right, sorted(words), good)
            if told:
                return told
        return ""

    def _called(self, name):
        if name == "answer":
            return "Your answer"
        return f"`{name}`" if isinstance(name, str) else f"The answer for {name}"

    # ------------------------------------------------------------ what follows from what

    @cached_property
    def _following(self):
        """Wrong answers that are right for the wrong ones before them."""
        computed = self._computed
        return {
            name
            for name in self.wrong
            if name in computed and name != self._first_wrong and self._follows(name)
        }

    def _follows(self, name):
        """Whether a number is what the student's earlier ones give, also if typed in two digits."""
        loose = max(self.exercise.tolerance, 0.02)
        return agree(self.given[name], self._computed[name], loose, by_hand=True)

    @property
    def _first_wrong(self):
        order = self._order or list(self.right)
        return next((name for name in order if name in self.wrong), None)

    @cached_property
    def _working(self):
        if self.exercise.working is None:
            return None
        return source.find(self.exercise.working)

    @cached_property
    def _order(self):
        """The answers in the order in which the working comes to them."""
        if self._working is None:
            return []
        found = []
        for step in self._working.node.body:
            found += [
                one.id for one in ast.walk(step)
                if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
                and one.id in self.right and one.id not in found
            ]  # fmt: skip
        return found

    @cached_property
    def _computed(self):
        """Each answer as it follows from the student's own ones before it."""
        return self._run_working(self.given)[0]

    @cached_property
    def _on_the_way(self):
        """The right values of all names in the working."""
        return self._run_working({})[1]

    def _run_working(self, own):
        computed, names = {}, {}
        if self._working is None:
            return computed, names
        names = dict(self._working.names)
        before = set(names)
        for step in self._working.node.body:
            if isinstance(step, ast.Return):
                break
            code = compile(ast.Module([step], []), "<working>", "exec")
            if run(lambda code=code: exec(code, names), 0.2).raised is not None:
                return {}, {}
            for name in source.set_in(step):
                if name in self.right:
                    computed[name] = names[name]
                    if name in own:
                        names[name] = own[name]
        values = {
            name: value
            for name, value in names.items()
            if name not in before and is_number(value) and math.isfinite(_finite(value))
        }
        return computed, values

    # ------------------------------------------------------------ reasons

    def _known(self):
        for mistake in self.exercise.mistakes:
            if callable(mistake.wrong):
                one = self.given if len(self.given) > 1 else self.given["answer"]
                if run(lambda mistake=mistake, one=one: bool(mistake.wrong(one))).value is True:
                    yield frozenset(self.wrong), mistake.hint, 0
                continue
            wrong = self.exercise.named(mistake.wrong)
            if all(self._is_typed(name, value) for name, value in wrong.items()):
                yield frozenset(wrong), mistake.hint, 0

    def _relations(self, left):
        for name in self._in_order(left):
            mine, right = self.given[name], self._computed.get(name, self.right[name])
            called = self._called(name)
            pairs = _numbers_of(mine, right)
            if not pairs:
                continue
            between = {
                other: value
                for other, value in self._on_the_way.items()
                if other not in self.right
                and is_number(mine)
                and not _small(value)
                and not other.startswith("_")
            }
            for other, value in between.items():
                if agree(mine, value, self.exercise.tolerance, by_hand=True):
                    yield frozenset({name}), (
                        f"{called} is `{other}`, a value on the way. What is still to be done?"
                    ), 1  # fmt: skip
            told = {
                relation(called, one, other, self.exercise.tolerance, self.exercise.digits)
                for one, other in pairs
                if not math.isclose(one, other, rel_tol=self.exercise.tolerance)
            }
            if len(told) == 1 and next(iter(told)):
                yield frozenset({name}), sentence(next(iter(told))), 1

    def _spoiled(self, left):
        """Changes of the working that give the wrong answers."""
        if self._working is None:
            return
        work = Work(self.right, self._working, self._tolerance)
        found = [work.trial(self.given)]
        typed = self._tolerance > 1e-6
        wrong = work.wrong(self.wrong)
        for one in search.slips(work, found, wrong, search.Clock(SPOILING)):
            unsure = one.edit.weight > LIKELY or one.edit.makes in UNSURE
            if typed and unsure and len(one.claims) < 2:
                continue
            claims = frozenset(self.wrong) if work.alone else one.claims
            names = [self._called(name) for name in self._in_order(claims)]
            yield claims, f"{names[0]}: {one.words}", 2

    @cached_property
    def _tolerance(self):
        """How closely a number must agree to be told apart: computed ones have all digits."""
        values = [value for name in self.wrong for value, _ in
                  _numbers_of(self.given[name], self.right[name])]  # fmt: skip
        full = [value for value in values if float(f"{value:.8g}") != value]
        return 1e-9 if values and len(full) == len(values) else self.exercise.tolerance

    def _mended(self, swaps=False):
        """The change of the student's own cell that makes it right; `swaps`: of one operator."""
        code = None if self.cell is None else as_source(self.cell, list(self.right))
        if code is None:
            return ""
        work = Work(self.right, code, self.exercise.tolerance)
        wrong = work.wrong(self.wrong)
        found = search.mends(
            work, code, wrong, search.Clock(MENDING), self._unlikely, self._working
        )
        if swaps and not (len(found) == 1 and " for " in found[0].edit.mends):
            return ""
        if len(found) == 2 and found[0].edit.mends == found[1].edit.mends:
            return search.both(*found)
        if len(found) == 2 and found[0].claims & found[1].claims:
            return ""  # two changes for one number: there are too many such pairs
        return "\n".join(one.words for one in found)

    @property
    def _unlikely(self):
        """Slips that one number cannot show: among others, operators that the working has not."""
        if self._working is None:
            return UNSURE
        words = words_of(self._working)
        strange = [one for one in OPERATIONS if not words[one]]
        return [*UNSURE, *(f"{one} for {other}" for one in OPERATIONS for other in strange)]

    def difference(self) -> str:
        """Where the answers first differ."""
        left = self._in_order(self.wrong - self._following) or self._in_order(self.wrong)
        name = left[0]
        right = self._computed.get(name, self.right[name]) if self._following else self.right[name]
        called = "your answer" if name == "answer" else name
        called = called if isinstance(name, str) else f"the answer for {name}"
        told = difference(
            called, self.given[name], right, tolerance=self.exercise.tolerance, by_hand=True
        )
        told = told or f"{called} is not right"
        rest = f" Not right yet, either: {listed(left[1:])}." if len(left) > 1 else ""
        return f"{sentence(told)}{rest}"


def _minus(value):
    return tuple(-one for one in value) if isinstance(value, (tuple, list)) else -value


def _small(value):
    return value in (0, 1, 2)


def _within_digits(typed, value):
    """Whether `value`, rounded to as many decimals as were typed in, is what was typed in."""
    text = repr(typed)
    decimals = len(text.partition(".")[2].removesuffix("0"))
    digits = len(text.replace(".", "").lstrip("-0"))
    if "e" in text or not 2 <= digits <= 8 or not 2 <= decimals <= 6:
        return False
    return abs(typed - value) <= 0.501 * 10.0**-decimals


def _finite(value):
    """A number as a float; infinity if it is a whole number beyond all floats."""
    return math.inf if isinstance(value, int) and abs(value) > 10**300 else float(value)


def _numbers_of(mine, right):
    """Pairs of numbers, where both are numbers, or as many of them."""
    if is_number(mine) and is_number(right):
        return [(_finite(mine), _finite(right))]
    several = (tuple, list, np.ndarray)
    if not (isinstance(right, several) and isinstance(mine, several)) or len(right) != len(mine):
        return []
    if not all(map(is_number, [*mine, *right])):
        return []
    return [(_finite(one), _finite(other)) for one, other in zip(mine, right, strict=True)]
