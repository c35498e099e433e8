"""Remembers which exercises are solved, in one small file on the student's own machine.

The file is replaced in one go, so that a crash leaves the old or the new one, never half of one,
and by one notebook at a time, so that two of them lose nothing.
"""

import contextlib
import html
import importlib
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

SETTING = "COURSE_PROGRESS"
SOLVED, TRIED = "solved", "tried"
SEEN, AFTER = "solution seen", "solved after the solution"
STATES, DONE = (SOLVED, TRIED, SEEN, AFTER), (SOLVED, AFTER)
MARKS = {SOLVED: "✓", AFTER: "✓", TRIED: "–", SEEN: "–", None: "·"}
WORDS = {None: "open"} | {state: state for state in STATES}
WAIT = 2.0  # seconds for another notebook that is writing


def path() -> Path:
    """Where the file is: $COURSE_PROGRESS, or the user's folder for data of programs.

    Raises OSError, with a cure, where there is no home directory.
    """
    if os.environ.get(SETTING):
        return _expanded(os.environ[SETTING])
    if sys.platform == "win32":
        folder = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        folder = "~/Library/Application Support"
    else:
        folder = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return _expanded(folder) / "backprop-course" / "progress.json"


def _expanded(folder):
    try:
        return Path(folder).expanduser()
    except RuntimeError as error:
        words = f"there is no home directory; set {SETTING} to a file that may be written"
        raise OSError(None, words) from error


def remember(id: str, solved: bool, copied: bool = False) -> str:
    """Store that an exercise was tried or solved (for good); returns a sentence if it cannot be.

    Who has `copied` the solution, or opened it before, has solved it after the solution.
    """

    def after(state):
        if state in (SOLVED, AFTER):
            return state
        if solved:
            return AFTER if copied or state == SEEN else SOLVED
        return SEEN if state == SEEN else TRIED

    return _change(id, after)


def looked(id: str) -> str:
    """Store that somebody opened a solution; nothing changes if the exercise is solved."""
    return _change(id, lambda state: state if state in (SOLVED, AFTER) else SEEN)


def _change(id, after):
    try:
        with _alone():
            states, trouble = _load()
            state = after(states.get(id))
            if states.get(id) != state or trouble:
                _write(states | {id: state})
    except OSError as error:
        return f"(Your progress could not be stored: {error.strerror or error}.)"
    return trouble


@contextlib.contextmanager
def _alone():
    """A `with` block that one notebook enters at a time; after two seconds it goes on anyway."""
    file = path()
    file.parent.mkdir(parents=True, exist_ok=True)
    if sys.platform == "win32":
        handle = os.open(file.with_name(f"{file.name}.lock"), os.O_RDWR | os.O_CREAT)
        lock = lambda: msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # noqa: E731
    else:
        handle = os.open(file.parent, os.O_RDONLY)
        lock = lambda: fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # noqa: E731
    try:
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            try:
                lock()
            except (BlockingIOError, PermissionError):
                time.sleep(0.005)
            except OSError:  # a file system that knows no locks
                break
            else:
                break
        yield
    finally:
        os.close(handle)


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
    except (ValueError, RecursionError):
        return {}, _put_aside(file)
    if not isinstance(states, dict):
        return {}, _put_aside(file)
    return {id: state for id, state in states.items() if state in STATES}, ""


def _put_aside(file):
    number = 1
    while (aside := file.with_name(f"{file.name}.damaged-{number}")).exists():
        number += 1
    os.replace(file, aside)
    return f"(The file with your progress was damaged; it is kept as {aside.name}. We start anew.)"


def _write(states):
    file = path()
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

    `notebooks` has rows of id, title, and "solved", "solved after the solution", "tried",
    "solution seen" or None. `course` is how many
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
        return [id for rows in self.notebooks.values() for id, _, state in rows if state in DONE]

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
        after = sum(state == AFTER for rows in self.notebooks.values() for _, _, state in rows)
        if after and several:
            yield f"{after} of those shown {WORDS[AFTER]}", False
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
    return sum(state in DONE for _, _, state in rows)
