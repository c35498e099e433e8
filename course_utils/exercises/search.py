"""Looks for the slip by changing code: which change mends the answer, or spoils the reference so?

A change that mends an answer in all cases is a diagnosis that cannot be wrong. Both searches end
when their share of processor time is used up, so that a verdict comes within a second.
"""

import ast
import itertools
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import course_utils.exercises.certain as certain
import course_utils.exercises.edits as edits
import course_utils.exercises.trials as trials
from course_utils.exercises.attempt import memory, own_garbage, run_bare, silence
from course_utils.exercises.sentences import is_known, sentence
from course_utils.exercises.source import Source
from course_utils.exercises.trials import Trial
from course_utils.exercises.verdict import shortened

SECONDS_A_CASE, MEGABYTES, READ_EVERY = 0.05, 200, 10
# Of the changes that do most often mend an answer: how many are tried two at a time.
PAIRED, PAIRED_WEIGHT = 90, 1.4


# Slips that need the code of the answer: of a reference they would only guess.
UNNATURAL = ("part too many", "number", "written in", "global", "self missing", "line too many",
             "sign function too many", "flat too many", "copy too many", "bytes too many",
             "order turned round too many", "axis of length 1 too many", "one more too many",
             "rest to 1 too many", "absolute value too many", "ReLU too many")  # fmt: skip

# What a change of a divisor means for the fraction.
BELOW = {
    "division by the number missing": "multiplication by the number missing",
    "multiplication by the number missing": "division by the number missing",
}


class Clock:
    """Processor time that may be used: a busy machine does not change what is found."""

    def __init__(self, seconds: float):
        self._end = time.process_time() + seconds
        self._share = self._end - seconds / 3
        self._wall = time.monotonic() + 20 * seconds
        self._calls, self._now = 0, 0.0

    @property
    def share_is_over(self) -> bool:
        """Whether two thirds are used, and the rest is for second changes."""
        return self.is_over or self._now > self._share

    @property
    def is_over(self) -> bool:
        """Whether nothing is left; the clock is read now and then only."""
        self._calls += 1
        if self._calls % READ_EVERY == 1:
            self._now = time.process_time()
            if time.monotonic() > self._wall:
                self._now = math.inf
        return self._now > self._end


@dataclass(frozen=True)
class Found:
    """A slip that was found: the change, and the parts of the result that it explains."""

    edit: edits.Edit
    claims: frozenset
    words: str


def mends(
    exercise,
    source: Source,
    wrong: set,
    clock: Clock,
    without: Sequence[str] = (),
    due: Source | None = None,
) -> list[Found]:
    """One change of an answer that makes it right, or two; empty if there are none.

    `wrong` are the parts that are wrong as it stands, `without` slips that are not looked for,
    `due` the code of a right answer, if there is one.
    """
    with memory(MEGABYTES), silence(), own_garbage():
        return _mends(exercise, source, wrong, clock, without, due)


def _mends(exercise, source, wrong, clock, without, due):
    candidates = [
        edit for edit in edits.edits(source) if _says(edit, "mends") and edit.mends not in without
    ]
    partial = []
    for edit in candidates:
        if clock.share_is_over if len(wrong) > 1 else clock.is_over:
            break
        left = _left(exercise, source, edit, wrong)
        if left is not None and not left:
            return [_mended(due, edit, wrong)]
        if left is not None and left < wrong:
            partial.append((edit, left))
    for edit, left in sorted(partial, key=lambda one: (len(one[1]), one[0].weight))[:3]:
        with edit:
            for other in sorted(candidates, key=lambda one: one.mends != edit.mends):
                if clock.is_over:
                    return []
                rest = _left(exercise, source, other, left) if _apart(edit, other) else None
                if rest is not None and not rest:
                    return [_mended(due, edit, wrong - left), _mended(due, other, left)]
    return _pair(exercise, source, candidates, wrong, clock, due)


def _pair(exercise, source, candidates, wrong, clock, due):
    likely = [edit for edit in candidates if edit.weight <= PAIRED_WEIGHT][:PAIRED]
    pairs = itertools.combinations(likely, 2)
    for edit, other in sorted(pairs, key=lambda pair: pair[0].weight + pair[1].weight):
        if clock.is_over:
            return []
        if _apart(edit, other):
            with edit:
                left = _left(exercise, source, other, wrong)
            if left is not None and not left:
                return [_mended(due, edit, wrong), _mended(due, other, wrong)]
    return []


def _apart(one, other):
    """Whether two changes touch different places, so that both can be done."""
    return not any(
        mine.owner is theirs.owner
        or _holds(mine.old, theirs.owner)
        or _holds(theirs.old, mine.owner)
        for mine in one.steps
        for theirs in other.steps
    )


def _holds(tree, node):
    nodes = tree if isinstance(tree, list) else [tree]
    return any(
        one is node for top in nodes if isinstance(top, ast.AST) for one in ast.walk(top)
    ) and not isinstance(tree, list)


def _left(exercise, source, edit, wrong):
    """The parts that are still wrong after a change; None if nothing is won."""
    with edit:
        answer = _built(source)
    if answer is None:
        return None
    left, seconds = set(), SECONDS_A_CASE if source.has_loops else None
    for arguments, right in zip(exercise.own_cases, exercise.expected, strict=False):
        trial = trials.try_once(exercise, answer, arguments, seconds, run_bare)
        if trial.outcome.raised is not None or trial.changed:
            return None
        if not trials.same_structure(exercise, trial, right):
            return None
        left |= trials.wrong_in(exercise, trial, right)
        if not left < wrong:
            return None
    return left


def _built(source):
    return run_bare(source.build, None).value


def _says(edit, direction):
    return is_known(getattr(edit, direction))


def both(one: Found, other: Found) -> str:
    """The words on two slips of one kind."""
    lines = sorted({one.edit.line, other.edit.line})
    if len(lines) == 1:
        return one.words
    words = one.words.partition(": ")[2] if not one.edit.old else one.words.split("`: ", 1)[1]
    return f"Lines {lines[0]} and {lines[1]}, `{shortened(one.edit.old, 60)}`: {words}"


def _thought(due, edit):
    """What to say of a change that mends: the cause only if the reference has what is due there."""
    lost = _lost_end(edit) if edit.mends == "part too many" else ""
    if lost:
        return f"`{lost}` is too much. Without it the result is right."
    function = certain.functions_of(edit.mends)[1]
    if function and (due is None or not certain.is_in(certain.words_of(due), function)):
        return "here it goes wrong: with another function the result would be right."
    slip = BELOW.get(edit.mends, edit.mends) if edit.divides else edit.mends
    return sentence(slip, edit.old, edit.new)


def _lost_end(edit):
    """The last term or factor of an expression, if the change only takes it away."""
    node = edit.before
    if isinstance(node, ast.BinOp) and node.left is edit.after:
        text = f"{edit.old.removeprefix(edit.new).strip()}"
        return text if edit.old.startswith(edit.new) and len(text) <= 40 else ""
    return ""


def _mended(due, edit, claims):
    words = _thought(due, edit)
    code = shortened(edit.old, 60)
    where = f"Line {edit.line}, `{code}`" if code else f"Line {edit.line}"
    return Found(edit, frozenset(claims), f"{where}: {words}")


def slips(
    exercise, found: Sequence[Trial], wrong: set, clock: Clock, answer: Source | None = None
) -> list[Found]:
    """Changes of the reference that give some of the answer's wrong parts, in all cases.

    At most one for each set of parts, the likeliest. What `answer`, if its code is known, has not
    is not looked for.
    """
    source = exercise.reference_source
    if source is None or any(trial.outcome.raised is not None for trial in found):
        return []
    with memory(MEGABYTES), silence(), own_garbage():
        return _slips(exercise, source, found, wrong, clock, answer)


def _slips(exercise, source, found, wrong, clock, answer):
    best, own = {}, None if answer is None else certain.words_of(answer)
    for edit in edits.edits(source):
        if clock.is_over:
            break
        if not _says(edit, "makes") or edit.makes in UNNATURAL:
            continue
        if own is not None and not _could_be(edit, own):
            continue
        with edit:
            function = _built(source)
        claims = _made(exercise, function, found, wrong) if function else None
        if claims and claims not in best:
            best[claims] = Found(edit, claims, _as_if(edit, source))
            if claims == wrong:
                break
    return list(best.values())


def _could_be(edit, own):
    """Whether an answer with these words can have the slip that a change makes."""
    stands = certain.functions_of(edit.makes)[0]
    if stands:
        return certain.has(own, stands)
    return edit.makes != "name" or bool(own[edit.new])


def _as_if(edit, source):
    """What to say of a change that spoils the reference: the answer may have other names."""
    if edit.makes != "name":
        return sentence(edit.makes, edit.new, edit.old)
    if _is_to_itself(edit, source):
        return f"it comes out as if `{edit.new}` never got a new value. Where should it?"
    return f"by the result, `{edit.new}` stands where another name is due. Where do you use it?"


def _is_to_itself(edit, source):
    """Whether a change gives a name its own value, so that it stays as it was."""
    (step,) = edit.steps
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Assign) and step.owner in (node, node.value):
            (target,) = node.targets[:1]
            if isinstance(step.owner, ast.Tuple) and isinstance(target, ast.Tuple):
                target = target.elts[step.index]
            return isinstance(target, ast.Name) and target.id == edit.new
    return False


def _made(exercise, function, found, wrong):
    """The parts that a spoiled reference has wrong, if the answer has them just as wrong."""
    claims, others = set(), set()
    seconds = SECONDS_A_CASE if exercise.reference_source.has_loops else None
    for arguments, right, mine in zip(exercise.own_cases, exercise.expected, found, strict=False):
        trial = trials.try_once(exercise, function, arguments, seconds, run_bare)
        if trial.outcome.raised is not None or trial.changed != mine.changed:
            return None
        if not trials.same_structure(exercise, trial, right):
            return None
        claims |= trials.wrong_in(exercise, trial, right)
        like = right.outcome.value
        values = trials.judged(exercise, trial.outcome.value, like)
        given = trials.judged(exercise, mine.outcome.value, like)
        others |= {
            name
            for name in wrong
            if name not in given or not trials.agree(given[name], values[name], exercise.tolerance)
        }
        if not claims <= wrong or claims & others or others >= wrong:
            return None
    return frozenset(claims)


def named(exercise, found: Found) -> Found:
    """The same, with the names of its parts in front, where there are several."""
    count = len(trials.parts(exercise.expected[0].outcome.value))
    if count < 2:
        return found
    names = [trials.name_of(exercise, place, count) for place in sorted(found.claims, key=str)]
    return replace(found, words=f"{', '.join(names)}: {found.words}")
