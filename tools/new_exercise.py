"""Begins an exercise: four cells in the notebook, an entry in its module, all with dots to fill in.
Says what is still missing, also when it is called again, and mends ids, tags and slide types.

    python tools/new_exercise.py 05 --title "A fair race" --kind function
    python tools/new_exercise.py 05      # what is missing in 05?
"""

import argparse
import ast
import json
import re
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
from cells import is_solution
from execute import NOTEBOOKS, as_text, select, write
from nbformat.v4 import new_code_cell, new_markdown_cell

EXERCISES = Path(__file__).resolve().parent.parent / "course_utils" / "exercises"
END = "## What you can now do"
FEWEST_MISTAKES = 4
ROLES = ("exercise", "check", "solution")

# What an entry of each kind needs, and how it is said that it is not there.
FIELDS = {
    "function": {
        "objective": "one of the objectives on the title slide, word by word",
        "reference": "the right function; it stands above EXERCISES",
        "cases": "a function of a generator that gives tuples of arguments",
        "mistakes": f"at least {FEWEST_MISTAKES} `Mistake(wrong, hint)`",
        "insight": "the sentence for those who got it right",
    },
    "numbers": {
        "objective": "one of the objectives on the title slide, word by word",
        "answer": "the right number, or a dictionary of them by name",
        "mistakes": f"at least {FEWEST_MISTAKES} `Mistake(wrong, hint)`",
        "insight": "the sentence for those who got it right",
    },
    "choice": {
        "objective": "one of the objectives on the title slide, word by word",
        "question": "the question, as in the notebook",
        "options": f'at least {FEWEST_MISTAKES + 1} `"a": Option(text, reason)`, the right one '
        "without a reason",
        "correct": "the letter of the right one",
        "insight": "the sentence for those who got it right",
    },
}
STUBS = {
    "function": ("def my_function(x):\n    return ...", "my_function"),
    "numbers": ("answer = ...", "answer"),
    "choice": ('answer = ...     # "a" to "e"', "answer"),
}
QUESTION = "Say here what is asked ..."
NEW_MODULE = '''"""The exercises of notebook {number}."""

from course_utils.exercises.engine import {kind}

EXERCISES = ()
'''


class CannotBegin(Exception):
    """There is something in the way; it says what."""


# ---------------------------------------------------------------- the notebook


def id_in(source: str) -> str | None:
    """The id in `exercises.check("05.3", ...)`, if a cell has such a call."""
    found = re.search(r'(?m)^exercises\.check\(\s*"(\d\d\.\d+)"', source)
    return found[1] if found else None


def cells_for(
    id: str, title: str, question: str, stub: str, check: str, solution: str
) -> list[nbformat.NotebookNode]:
    """The text, the stub, the check and the solution of an exercise, as cells."""
    made = (
        (
            new_markdown_cell,
            f"### Exercise {id} · {title}\n\n{question}",
            "subslide",
            None,
            "-text",
        ),
        (new_code_cell, stub, "-", "exercise", ""),
        (new_code_cell, check, "-", "check", "-check"),
        (new_code_cell, f"# Solution {id}\n{solution}", "skip", "solution", "-solution"),
    )
    number, k = id.split(".")
    return [
        make(
            source,
            id=f"{number}-ex{k}{end}",
            metadata={"slideshow": {"slide_type": kind}} | ({"tags": [tag]} if tag else {}),
        )
        for make, source, kind, tag, end in made
    ]


def insert(notebook: nbformat.NotebookNode, new: list[nbformat.NotebookNode]) -> None:
    """Put the cells of an exercise after those of the last one, or else before the end."""
    places = [k for k, cell in enumerate(notebook.cells, start=1) if is_solution(cell)]
    ends = [k for k, cell in enumerate(notebook.cells) if cell.source.startswith(END)]
    if not places and not ends:
        raise CannotBegin(f"there is no exercise and no section {END!r}, so no place to put it")
    at = places[-1] if places else ends[0]
    taken = {cell.id for cell in notebook.cells}
    stem = new[1].id
    while {cell.id for cell in new} & taken:  # of an earlier exercise that had another number
        begin, k = re.fullmatch(r"(.*?)(\d+)", stem).groups()
        stem, old = f"{begin}{int(k) + 1}", stem
        for cell in new:
            cell.id = stem + cell.id.removeprefix(old)
    notebook.cells[at:at] = new


def mend(notebook: nbformat.NotebookNode, number: str) -> list[str]:
    """Give cells that were made in JupyterLab ids, tags and slide types; returns what was done."""
    return [
        *_mend_tags(notebook),
        *_mend_slide_types(notebook),
        *_mend_first_lines(notebook),
        *_mend_ids(notebook, number),
    ]


def role_of(cell: nbformat.NotebookNode) -> str | None:
    """ "exercise", "check" or "solution", by its tag."""
    return next((role for role in ROLES if role in cell.metadata.get("tags", [])), None)


def _mend_tags(notebook):
    for k, cell in enumerate(notebook.cells):
        following = notebook.cells[k + 1].source if k + 1 < len(notebook.cells) else ""
        role = None
        if cell.cell_type == "code":
            if cell.source.startswith("# Solution"):
                role = "solution"
            elif id_in(cell.source):
                role = "check"
            elif id_in(following):
                role = "exercise"
        if role and role_of(cell) is None:
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), role]
            yield f"{cell.id}: has the tag {role!r} now"


def _mend_slide_types(notebook):
    for cell in notebook.cells:
        if cell.metadata.get("slideshow", {}).get("slide_type"):
            continue
        heading = re.match(r"(#+) ", cell.source) if cell.cell_type == "markdown" else None
        kind = "skip" if is_solution(cell) else "-"
        if heading:
            kind = "slide" if len(heading[1]) <= 2 else "subslide"
        cell.metadata["slideshow"] = {"slide_type": kind}
        yield f"{cell.id}: has the slide type {kind!r} now"


def _mend_first_lines(notebook):
    checked = None
    for cell in notebook.cells:
        checked = id_in(cell.source) or checked
        if is_solution(cell) and checked:
            first, _, rest = cell.source.partition("\n")
            if first != f"# Solution {checked}":
                cell.source = f"# Solution {checked}\n{rest}"
                yield f"{cell.id}: begins with `# Solution {checked}` now"


def _mend_ids(notebook, number):
    taken, heading = {cell.id for cell in notebook.cells}, "cell"
    for k, cell in enumerate(notebook.cells):
        title = re.match(r"#+ +(.+)", cell.source) if cell.cell_type == "markdown" else None
        heading = title[1] if title else heading
        if re.fullmatch(rf"{number}(-[a-z0-9]+)+", cell.id):
            continue
        new = _name(notebook, k, number, heading)
        stem, count = new, 1
        while new in taken:
            count += 1
            new = f"{stem}-{count}"
        yield f"{cell.id}: is called {new} now"
        taken.add(new)
        cell.id = new


def _name(notebook, k, number, heading):
    """An id for a cell: after the exercise that it belongs to, or after the heading above it."""
    cell, role = notebook.cells[k], role_of(notebook.cells[k])
    exercise = re.match(r"### Exercise \d\d\.(\d+)", cell.source)
    if exercise:
        return f"{number}-ex{exercise[1]}-text"
    if role:
        ids = [id_in(other.source) for other in notebook.cells]
        near = ids[k:] if role in ("exercise", "check") else ids[:k][::-1]
        of_exercise = next((id for id in near if id), f"{number}.0").split(".")[1]
        return f"{number}-ex{of_exercise}" + ("" if role == "exercise" else f"-{role}")
    words = re.findall(r"[a-z][a-z0-9]*", heading.lower())[:3]
    kind = "code" if cell.cell_type == "code" else "text"
    return "-".join([number, *words, kind])


# ---------------------------------------------------------------- the module


def add_entry(path: Path, id: str, title: str, kind: str) -> None:
    """Append an entry with dots to EXERCISES in a module, which is made if there is none."""
    kind_name = kind.capitalize()
    if not path.exists():
        path.write_text(NEW_MODULE.format(number=id[:2], kind=kind_name), encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    fields = "".join(
        f"        {name}={'[]' if name == 'mistakes' else '...'},\n" for name in FIELDS[kind]
    )
    entry = f'    {kind_name}(\n        "{id}",\n        {json.dumps(title)},\n{fields}    ),\n'
    if re.search(r"(?m)^EXERCISES = \(\)$", text):
        text = re.sub(r"(?m)^EXERCISES = \(\)$", lambda _: f"EXERCISES = (\n{entry})", text)
    elif text.rstrip().endswith("\n)"):
        text = text.rstrip()[:-1] + entry + ")\n"
    else:
        raise CannotBegin(f"{path.name} does not end with the tuple EXERCISES")
    write(path, _imported(text, kind_name))


def _imported(text, name):
    """The text of a module, with one name more in the line that imports from the engine."""
    line = re.search(r"from course_utils\.exercises\.engine import (.+)", text)
    names = sorted({*line[1].split(", "), name})
    return text.replace(line[0], f"from course_utils.exercises.engine import {', '.join(names)}")


def exercises_in(number: str) -> tuple:
    """The exercises of a notebook, as its module has them now; none if it has no module yet."""
    path = EXERCISES / f"notebook_{number}.py"
    return runpy.run_path(str(path))["EXERCISES"] if path.exists() else ()


# ---------------------------------------------------------------- what is missing


def missing(notebook: nbformat.NotebookNode, exercises: tuple) -> list[str]:
    """What the exercises of a notebook still lack, in sentences."""
    return [
        f"{exercise.id}: {sentence}"
        for exercise in exercises
        for sentence in (*_missing_in_module(exercise), *_missing_in_notebook(notebook, exercise))
    ]


def _missing_in_module(exercise) -> Iterator[str]:
    for name, meaning in FIELDS[type(exercise).__name__.lower()].items():
        value = getattr(exercise, name)
        if value is ...:
            yield f"`{name}` is still dots: {meaning}"
        elif name == "mistakes" and len(list(value)) < FEWEST_MISTAKES:
            yield f"{len(list(value))} mistakes are named: {meaning}"


def _missing_in_notebook(notebook, exercise) -> Iterator[str]:
    title, listed = notebook.cells[0].source, False
    if exercise.objective is not ... and _bare(exercise.objective) not in _bare(title):
        yield f"`objective` is not on the title slide: {exercise.objective!r}"
    places = [k for k, cell in enumerate(notebook.cells) if id_in(cell.source) == exercise.id]
    if not places:
        yield f'no cell of the notebook has `exercises.check("{exercise.id}", ...)`'
        return
    around = notebook.cells[max(places[0] - 2, 0) : places[0] + 2]
    for cell, wanted in zip(around, ("text", *ROLES), strict=False):
        yield from _missing_in_cell(cell, wanted, exercise)
    for cell in notebook.cells:
        if re.match(r"## .*Exercises", cell.source):
            listed = (
                listed
                or exercise.title.lower() in cell.source.lower()
                or len(re.findall(r"(?m)^\d+\. ", cell.source)) >= int(exercise.id.split(".")[1])
            )
    if not listed and exercise.id[:2] != "00":
        yield 'the slide "Exercises" has no line for it'


def _missing_in_cell(cell, wanted, exercise) -> Iterator[str]:
    if wanted == "text":
        if QUESTION in cell.source:
            yield f"the cell {cell.id} does not say yet what is asked"
    elif role_of(cell) != wanted:
        yield f"the cell {cell.id} has not the tag {wanted!r}: `make exercise NB=..` sets it"
    elif wanted == "solution":
        body = ast.parse(cell.source).body
        if not body or any(
            isinstance(n, ast.Constant) and n.value is ... for n in ast.walk(body[0])
        ):
            yield f"the cell {cell.id} does not show a solution yet"


def _bare(text):
    return re.sub(r"[*`$]", "", text)


# ---------------------------------------------------------------- the command


def begin(path: Path, title: str, kind: str) -> str:
    """Make the cells and the entry of a new exercise; returns its id. Raises CannotBegin."""
    number = path.name[:2]
    known = exercises_in(number)
    same = next((exercise.id for exercise in known if exercise.title == title), None)
    if same:
        return same
    notebook = nbformat.read(path, as_version=4)
    used = {exercise.id for exercise in known} | {id_in(cell.source) for cell in notebook.cells}
    last = max((int(id.split(".")[1]) for id in used if id), default=0)
    id = f"{number}.{last + 1}"
    stub, name = STUBS[kind]
    insert(
        notebook,
        cells_for(id, title, QUESTION, stub, f'exercises.check("{id}", {name})', stub),
    )
    add_entry(EXERCISES / f"notebook_{number}.py", id, title, kind)
    write(path, as_text(notebook))
    return id


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description="Begin an exercise, or say what one lacks.")
    parser.add_argument("notebook", help="number, or beginning of the name")
    parser.add_argument("--title", help="title of a new exercise")
    parser.add_argument("--kind", choices=FIELDS, default="function")
    options = parser.parse_args(arguments)
    try:
        (path,) = select([options.notebook], NOTEBOOKS)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    except ValueError:
        print(f"{options.notebook!r} fits several notebooks: give more of it", file=sys.stderr)
        return 2
    if options.title:
        try:
            id = begin(path, options.title, options.kind)
        except CannotBegin as problem:
            print(f"{path.name}: {problem}", file=sys.stderr)
            return 1
        print(
            f"{id} is in notebooks/{path.name}, after the last exercise, and at the end of "
            f"course_utils/exercises/notebook_{path.name[:2]}.py"
        )
    notebook = nbformat.read(path, as_version=4)
    mended = mend(notebook, path.name[:2])
    if mended:
        write(path, as_text(notebook))
        print("mended:", *mended, sep="\n  ")
    lacking = missing(notebook, exercises_in(path.name[:2]))
    if lacking:
        print("still missing:", *lacking, sep="\n  ")
        print(
            f"Then: make execute NB={path.name[:2]}, and "
            f'make test-unit ARGS="-k exercises and {path.name[:2]}"'
        )
    else:
        print(f"{path.name}: no exercise lacks anything")
    return 0


if __name__ == "__main__":
    sys.exit(main())
