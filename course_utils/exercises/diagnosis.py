"""In which order the reasons for a failure are looked for, and what is said of them.

A hint is shown only if it explains every part of the result that is wrong. Where nothing does, the
verdict says where the answer first differs, with the smallest case that shows it.
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

import course_utils.exercises.permute as permute
import course_utils.exercises.reading as reading
import course_utils.exercises.search as search
import course_utils.exercises.source as source
import course_utils.exercises.trials as trials
from course_utils.exercises.attempt import guarded
from course_utils.exercises.relations import UPSIDE_DOWN, relation
from course_utils.exercises.translate import explain
from course_utils.exercises.trials import Trial
from course_utils.exercises.verdict import HINT, WRONG, sentence, shortened

# Processor seconds for the two searches: a verdict should come within a second.
MENDING, SPOILING = 0.45, 0.25
MOST_HINTS = 2
# A hint that praises the other parts is shown only where they are right.
PRAISE = re.compile(r"\b(is|are) right\b")
# Slips whose exception only shows that something from elsewhere does not fit.
OUTSIDE = ("global", "self missing", "on the class", "written in", "no return")
NOT_TRANSLATED = "It stopped with"


class Diagnosis:
    """What is known of one answer that failed, and the search for the reason."""

    def __init__(
        self,
        exercise,
        answer: Callable,
        code: source.Source | None,
        found: Sequence[Trial],
    ):
        self.exercise, self.answer, self.code, self.found = exercise, answer, code, found
        self.raised = next((one for one in found if one.outcome.raised is not None), None)
        ran = [
            (trial, right)
            for trial, right in zip(found, exercise.expected, strict=False)
            if trial.outcome.raised is None
        ]
        self.wrong_where_it_ran = set().union(
            *(trials.wrong_in(exercise, trial, right) for trial, right in ran)
        )
        self.wrong = trials.wrong_parts(exercise, found)

    def told(self) -> tuple[str, str]:
        """The status and the message."""
        if self._is_endless:
            return WRONG, self._known() or self.difference()
        for look in (
            self._nothing_returned,
            self._kind_returned,
            self._dots,
            self._plain_in_the_code,
            self._known,
            self._form,
            self._other_order,
            self._known_together,
            self._changed_argument,
            self._mended,
            self._related,
            self._translated,
            self._read,
            self._unmet,
        ):
            found = guarded(look)
            if found:
                return HINT, found
        return WRONG, self.difference()

    @property
    def _is_endless(self):
        return any(trial.outcome.timed_out for trial in self.found)

    # ------------------------------------------------------------ what comes back

    def _nothing_returned(self):
        if self.exercise.observe:
            return None
        for trial, right in zip(self.found, self.exercise.expected, strict=False):
            outcome = trial.outcome
            if outcome.raised is None and outcome.value is None and right.outcome.value is not None:
                told = reading.returns(self.code) if self.code else None
                return told or "It returns nothing yet: is there a `return`?"
        return None

    def _kind_returned(self):
        if not self.exercise.observe or inspect.isclass(self.answer):
            return None
        return permute.kind(self.exercise, self.answer, self.code, self.raised is not None)

    def _form(self):
        return permute.form(self.exercise, self.found)

    def _other_order(self):
        told = permute.outputs(self.exercise, self.found)
        if told:
            return told
        own = self.code.parameters if self.code else None
        return permute.arguments(self.exercise, self.answer, own) if self.wrong else None

    # ------------------------------------------------------------ what stands in the code

    def _dots(self):
        return reading.dots(self.code) if self.code else None

    def _plain_in_the_code(self):
        """State in a local name or on the class, a comparison with NaN: seen best in the code."""
        if self.code is None:
            return None
        if inspect.isclass(self.answer):
            return next(reading.misplaced_state(self.code), None)
        return next(reading.never_true(self.code), None)

    # ------------------------------------------------------------ known mistakes

    def _fitting(self):
        """(claims, hint) of each known mistake whose wrong values are all there."""
        judged = set().union(
            *(
                trials.judged(self.exercise, *[right.outcome.value] * 2)
                for right in self.exercise.expected
            )
        )
        for mistake, others, spoiled in self.exercise.known:
            if trials.same(self.exercise, self.found, others, spoiled):
                yield frozenset(spoiled & judged), mistake.hint

    def _known(self):
        """A mistake that explains everything; of several, the one that does just the same."""
        best, most = None, -1
        for claims, hint in self._fitting():
            if claims >= self.wrong_where_it_ran and len(claims) > most:
                best, most = hint, len(claims)
        return best

    def _known_together(self):
        return self._cover(list(self._fitting()))

    def _cover(self, candidates):
        """Hints that explain together all that is wrong; None if they do not, or are too many."""
        left, hints = set(self.wrong_where_it_ran), []
        if self.raised is not None:
            return None
        every = frozenset(left)
        while left and len(hints) < MOST_HINTS:
            fitting = [
                (claims, hint)
                for claims, hint in candidates
                if claims & left and (claims >= every or not PRAISE.search(hint))
            ]
            if not fitting:
                return None
            claims, hint = max(fitting, key=lambda one: len(one[0] & left))
            left -= claims
            if hint not in hints:
                hints.append(hint)
        return "\n".join(hints) if hints and not left else None

    def _changed_argument(self):
        changed = next((trial for trial in self.found if trial.changed), None)
        if changed is None or self.wrong:
            return None
        name = changed.changed[0]
        return (
            f"Your function changes `{name}`, which belongs to the one who calls it. Does a line "
            f"with `-=`, `+=` or `{name}[...] =` write into it? Make a new array instead."
        )

    # ------------------------------------------------------------ searches

    def _mended(self):
        if self.code is None or self.exercise.is_open or not self.wrong:
            return None
        clock, due = search.Clock(MENDING), self.exercise.reference_source
        found = search.mends(self.exercise, self.code, self.wrong, clock, due=due)
        if not found:
            return None
        if len(found) == 2 and found[0].edit.mends == found[1].edit.mends:
            words = [search.both(*found)]
        else:
            words = [one.words for one in found]
        if self.raised is not None and found[0].edit.mends not in OUTSIDE:
            words.append(explain(self.raised.outcome.raised, self.exercise.parameters))
        return "\n".join(shortened(one, 290) for one in words)

    def _related(self):
        """Relations of each wrong part to the right one, and slips that spoil the reference so."""
        if self.raised is not None:
            return None
        candidates = self._known_candidates()
        told = self._cover(candidates)
        if told:
            return told
        if self.exercise.is_open:
            return None
        found = search.slips(
            self.exercise, self.found, self.wrong, search.Clock(SPOILING), self.code
        )
        found = [search.named(self.exercise, one) for one in found]
        candidates += [(one.claims, sentence(one.words)) for one in found]
        return self._cover(candidates)

    def _known_candidates(self):
        found = list(self._fitting()) + list(self._relations(self.exercise.expected, self.wrong))
        if self._cover(found):
            return found
        return found + list(self._known_and_related())

    def _known_and_related(self):
        """A known mistake in one part, and what else has happened to its values."""
        for mistake, others, spoiled in self.exercise.known:
            if not spoiled <= self.wrong or any(one.outcome.raised is not None for one in others):
                continue
            found = list(self._relations(others, spoiled))
            if found and len(found) == len(spoiled):
                # the inverse of a wrong value is not the inverse of the right one
                inverse = found[0][1].endswith(UPSIDE_DOWN)
                more = "" if inverse else f"\nAnd beside this: {found[0][1]}"
                yield frozenset(spoiled), f"{mistake.hint}{more}"

    def _relations(self, others, places):
        """How wrong parts are related to those of the reference, or of a known mistake."""
        exercise = self.exercise
        if exercise.observe:
            return
        rights = [trial.outcome.value for trial in others]
        mine = [
            trials.judged(exercise, trial.outcome.value, right)
            for trial, right in zip(self.found, rights, strict=True)
        ]
        wanted = [trials.judged(exercise, right, right) for right in rights]
        if any(one.keys() != other.keys() for one, other in zip(mine, wanted, strict=True)):
            return
        cases = [trial.arguments for trial in self.found]
        for place in sorted(places, key=str):
            name = trials.name_of(exercise, place, len(wanted[0]))
            told = relation(
                name,
                [one[place] for one in mine],
                [one[place] for one in wanted],
                cases,
                exercise.parameters,
            )
            if told:
                yield frozenset({place}), sentence(told)

    # ------------------------------------------------------------ the rest

    def _translated(self):
        if self.raised is None:
            return None
        told = explain(self.raised.outcome.raised, self.exercise.parameters)
        found = next(iter(self._findings()), "")
        if told.startswith(NOT_TRANSLATED) and not found:
            return None
        return "\n".join(shortened(one, 290) for one in (found, told) if one)

    def _findings(self):
        if self.code is not None and not self.exercise.is_open:
            sizes = frozenset().union(
                *(
                    _sizes(trial.arguments)
                    for trial, due in zip(self.found, self.exercise.expected, strict=False)
                    if trials.agrees(self.exercise, trial, due)
                )
            )
            yield from reading.findings(self.code, self.exercise.reference_source, sizes)

    def _read(self):
        found = next(iter(self._findings()), None)
        if found is None:
            return None
        return f"{found}\n{shortened(self.difference(), 300)}"

    def _unmet(self):
        """The first demand that is not met, where `observe` says which ones are."""
        for trial, right in zip(self.found, self.exercise.expected, strict=False):
            value, wanted = trial.outcome.value, right.outcome.value
            if not (isinstance(value, Mapping) and isinstance(wanted, Mapping)):
                return None
            for demand, met in wanted.items():
                if demand in self.exercise.aside:
                    continue
                mine = value.get(demand)
                if met is True and mine is False:
                    measured = (trial.measured or {}).get(demand, "")
                    behind = f" ({measured})" if measured else ""
                    return f"This does not hold yet: {demand}{behind}."
                if isinstance(met, str) and isinstance(mine, str) and mine != met:
                    return sentence(f"{demand}: {mine}. It should be: {met}")
        return None

    def difference(self) -> str:
        """Where the answer first differs, or what it raised, and with which arguments."""
        if self.raised is not None:
            told = explain(self.raised.outcome.raised, self.exercise.parameters)
            where = trials.describe(self.exercise, self.raised.arguments)
            return f"{told}\nTried with {where}."
        told, trial = self._smallest_difference()
        where = trials.describe(self.exercise, trial.arguments)
        return f"{sentence(told)}\nTried with {where}."

    def _smallest_difference(self):
        """The difference in the case with the fewest numbers in its arguments."""
        best = None
        pairs = list(zip(self.found, self.exercise.expected, strict=False))
        for trial, right in sorted(pairs, key=lambda pair: _size(pair[0].arguments)):
            told, where = trials.first_difference(self.exercise, [(trial, right)])
            if told:
                best = told, where
                break
        return best or ("it changes what it was handed", self.found[0])


def _sizes(arguments):
    """The lengths of all axes of the arguments."""
    return {size for one in arguments if isinstance(one, np.ndarray) for size in one.shape}


def _size(arguments):
    return sum(
        one.size if isinstance(one, np.ndarray) else len(one)
        for one in arguments
        if isinstance(one, (np.ndarray, list, tuple))
    )
