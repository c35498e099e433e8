"""Remembers which exercises are solved, in one small file on the student's own machine.

The file is replaced in one go, so that a crash leaves the old or the new one, never half of one.
"""

import html
import importlib
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

SETTING = "COURSE_PROGRESS"
SOLVED, TRIED = "solved", "tried"
MARKS = {SOLVED: "✓", TRIED: "–", None: "·"}
WORDS = {SOLVED: "solved", TRIED: "tried", None: "open"}


def path() -> Path:
    """Where the file is: $COURSE_PROGRESS, or the user's folder for data of programs."""
    if os.environ.get(SETTING):
        return Path(os.environ[SETTING]).expanduser()
    if sys.platform == "win32":
        folder = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        folder = "~/Library/Application Support"
    else:
        folder = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(folder).expanduser() / "backprop-course" / "progress.json"


def remember(id: str, solved: bool) -> str:
    """Store that an exercise was tried or solved (for good); returns a sentence if it cannot be."""
    try:
        states, trouble = _load()
        state = SOLVED if solved or states.get(id) == SOLVED else TRIED
        if states.get(id) != state or trouble:
            _write(states | {id: state})
    except OSError as error:
        return f"(Your progress could not be stored: {error.strerror or error}.)"
    return trouble


def read() -> tuple[dict[str, str], str]:
    """What is solved or tried, by id, and a sentence if the file was damaged and put aside."""
    try:
        return _load()
    except OSError as error:
        return {}, f"(Your progress could not be read: {error.strerror or error}.)"


def _load():
    """The same; raises OSError when what is there can neither be read nor put aside.

    Then nothing must be written: that would replace it.
    """
    file = path()
    try:
        states = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, ""
    except ValueError:
        return {}, _put_aside(file)
    if not isinstance(states, dict):
        return {}, _put_aside(file)
    return {id: state for id, state in states.items() if state in (SOLVED, TRIED)}, ""


def _put_aside(file):
    number = 1
    while (aside := file.with_name(f"{file.name}.damaged-{number}")).exists():
        number += 1
    os.replace(file, aside)
    return f"(The file with your progress was damaged; it is kept as {aside.name}. We start anew.)"


def _write(states):
    file = path()
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=file.name, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(states, stream, indent=1, sort_keys=True)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, file)
    finally:
        Path(temporary).unlink(missing_ok=True)


def notebooks() -> list[str]:
    """The numbers of the notebooks that have exercises."""
    return sorted(module.stem[-2:] for module in Path(__file__).parent.glob("notebook_??.py"))


@dataclass(frozen=True)
class Progress:
    """What is solved, notebook by notebook: a cell that ends with one shows it.

    `notebooks` has rows of id, title, and "solved", "tried" or None. `course` is how many
    exercises of the whole course are solved, and how many there are: it makes the last line.
    """

    notebooks: dict[str, list[tuple[str, str, str | None]]]
    trouble: str = ""
    course: tuple[int, int] | None = None

    @property
    def file(self) -> Path:
        """The file that remembers it. Delete it to start over."""
        return path()

    def solved(self) -> list[str]:
        """The ids of all solved exercises shown."""
        return [id for rows in self.notebooks.values() for id, _, state in rows if state == SOLVED]

    def _lines(self):
        """Each line, and whether it is set in bold."""
        several = len(self.notebooks) > 1
        for notebook, rows in self.notebooks.items():
            yield (
                f"Notebook {notebook}: {_count(rows)} of {len(rows)} exercises solved",
                not several,
            )
            for id, title, state in () if several else rows:
                yield f"  {MARKS[state]} {id} {title}: {WORDS[state]}", False
        if self.course:
            yield "All notebooks: {} of {} exercises solved".format(*self.course), True
        if self.trouble:
            yield self.trouble, False

    def __repr__(self) -> str:
        return "\n".join(line for line, _ in self._lines())

    def _repr_html_(self) -> str:
        lines = []
        for line, bold in self._lines():
            text = html.escape(line.strip())
            indent = ' style="padding-left: 1em"' if line.startswith(" ") else ""
            lines.append(f"<div{indent}>{f'<b>{text}</b>' if bold else text}</div>")
        return f'<div class="course-progress" style="line-height: 1.45">{"".join(lines)}</div>'


def progress(notebook: str | None = None) -> Progress:
    """What you have solved: in this notebook, in another one (`"02"`), or in each (`"all"`).

    JupyterLab says which notebook this is; where it is not known, each is shown, a line for one.
    The last line sums up the course. Raises ValueError for a notebook without exercises.
    """
    known = notebooks()
    if notebook is None:
        here = Path(os.environ.get("JPY_SESSION_NAME", "")).name[:2]
        shown = [here] if here in known else known
    elif str(notebook) in known:
        shown = [str(notebook)]
    elif notebook == "all":
        shown = known
    else:
        raise ValueError(f'notebook is {notebook!r}, expected "all" or one of {", ".join(known)}')
    states, trouble = read()
    table = {}
    for number in known:
        module = importlib.import_module(f"course_utils.exercises.notebook_{number}")
        table[number] = [(item.id, item.title, states.get(item.id)) for item in module.EXERCISES]
    total = sum(map(_count, table.values())), sum(map(len, table.values()))
    return Progress({number: table[number] for number in shown}, trouble, total)


def _count(rows):
    return sum(state == SOLVED for _, _, state in rows)
