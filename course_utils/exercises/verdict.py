"""What a check says about an answer, in a form that reads well wherever it is shown.

The same words appear as plain text and as HTML; color and size only come on top.
"""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

NOT_ATTEMPTED = "not attempted"
CORRECT = "correct"
HINT = "hint"
WRONG = "wrong"
# status -> mark, word, color of the bar at the left (3 : 1 on light and on dark pages)
LOOKS = {
    NOT_ATTEMPTED: ("…", "not attempted yet", "#6b6b6b"),
    CORRECT: ("✓", "correct", "#00795b"),
    HINT: ("→", "not yet, a hint", "#8a5a00"),
    WRONG: ("✗", "not yet", "#b04500"),
}


MOST_CHARACTERS = 600


@dataclass(frozen=True)
class Verdict:
    """The result of a check: a cell that ends with one shows it.

    `status` is "not attempted", "correct", "hint" (a known mistake, named) or "wrong" (where the
    answer first differs). `message` is what the student reads, and may be empty. Together with what
    the answer printed it has at most 600 characters.
    """

    id: str
    title: str
    status: str
    message: str = ""
    printed: str = ""

    def __post_init__(self):
        message = shortened(self.message, MOST_CHARACTERS)
        object.__setattr__(self, "message", message)
        room = MOST_CHARACTERS - len(message)
        object.__setattr__(self, "printed", shortened(self.printed, room))

    @property
    def solved(self) -> bool:
        """Whether the answer is right."""
        return self.status == CORRECT

    def __repr__(self) -> str:
        mark, word, _ = LOOKS[self.status]
        head = f"{mark} Exercise {self.id} · {self.title}: {word}"
        lines = [f"{head}.", *(f"  {line}" for line in self.message.splitlines())]
        if self.printed:
            lines.append("  Your function printed:")
            lines += [f"  | {line}" for line in self.printed.splitlines()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        mark, word, color = LOOKS[self.status]
        message = with_code(self.message)
        printed = ""
        if self.printed:
            printed = (
                '<div style="margin-top: 0.4em">Your function printed:</div>'
                '<pre style="margin: 0.2em 0 0 1em; font-family: monospace">'
                f"{html.escape(self.printed)}</pre>"
            )
        return (
            f'<div class="course-verdict" style="border-left: 0.35em solid {color}; '
            'padding: 0.35em 0.9em; max-width: 46em; line-height: 1.45">'
            f"<div>{mark} Exercise {html.escape(self.id)} · {html.escape(self.title)}: "
            f"<b>{word}</b></div>"
            + (f"<div>{message}</div>" if message else "")
            + f"{printed}</div>"
        )


def with_code(text: str) -> str:
    """HTML of a message in which `names` stand between backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text)).replace("\n", "<br>")


def verdict_on(exercise, status: str, message: str = "", printed: str = "") -> Verdict:
    """The verdict on an answer to an exercise."""
    return Verdict(exercise.id, exercise.title, status, message, printed)


def shortened(text: str, most: int) -> str:
    """`text`, cut at a blank where it is longer than `most` characters; nothing if too few."""
    if len(text) <= most:
        return text
    if most < 20:
        return ""
    head = text[: most - 4]
    return f"{head[: max(head.rfind(' '), most // 2)].rstrip()} ..."


def listed(names: Iterable, word: str = "and") -> str:
    """ "a, b and c"."""
    names = [str(name) for name in names]
    return f" {word} ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def sentence(text: str) -> str:
    """With a capital at the beginning unless a name stands there, and a full stop at the end."""
    words = ("the ", "every ", "it ", "your ", "there ", "this ", "a ", "an ", "that ", "one ")
    words += ("you ", "without ", "something ", "nothing ", "negative ", "here ", "two ", "all ")
    begin = text[0].upper() if text.startswith(words) else text[0]
    return f"{begin}{text[1:]}" + ("" if text.endswith((".", "?", "!", ".)")) else ".")
