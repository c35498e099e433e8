"""Writes a copy of the course to hand out: without solutions, notes and outputs, with all it takes
to run. It replaces only a copy that nobody has worked in.

    python tools/student.py build                # to build/student/
    python tools/student.py build --out FOLDER   # elsewhere
    python tools/student.py check                # build it, and run all notebooks there
    python tools/student.py check 02 07          # these only

The modules in course_utils/exercises stay: the checks compare with the reference answers in them.
"""

import argparse
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from cells import NOTES_BEGIN, SOLUTION, is_notes, is_solution
from execute import CellFailed, as_text, run, select
from nbconvert.preprocessors import ClearOutputPreprocessor
from nbformat.v4 import new_code_cell

PROJECT = Path(__file__).resolve().parent.parent
OUT = PROJECT / "build" / "student"

# Named one by one, so that nothing gets into the copy by chance: no draft, no table of marks.
HANDED_OUT = (
    ".gitattributes",
    ".gitignore",
    "CITATION.cff",
    "LICENSE",
    "LICENSE-CONTENT",
    "Makefile",
    "constraints.txt",
    "pyproject.toml",
    "requirements.txt",
    "requirements-dask.txt",
    "requirements-torch.txt",
    "requirements-wandb.txt",
    "course_utils/**/*.py",
    "data/.gitignore",
    "data/README.md",
    "data/*.gz",
    "data/*.npz",
    "data/*.u8",
    "data/*.webp",
    "data/results/*.csv",
    "data/results/*.csv.gz",
    "docs/graph.png",
    "notebooks/[0-9][0-9]_*.ipynb",
    "notebooks/rise.css",
    "tools/cells.py",
    "tools/convolution_runs.py",
    "tools/environment.py",
    "tools/execute.py",
    "tools/folding.py",
    "tools/jupyter/**/*.json",
    "tools/jupyter/**/*.js",
    "tools/jupyter/**/*.css",
    "tools/lab.py",
    "tools/lesson.py",
    "tools/optimizer_runs.py",
    "tools/present.py",
    "tools/slides.py",
    "tools/slides_assets.txt",
    "tools/sweep.py",
    "tools/templates/course_slides/*",
    "tools/templates/slides_index.html",
    "tools/workloads.py",
)
README = "tools/templates/student_readme.md"  # it becomes the README.md of the copy

# In the copy: which files were written, and their SHA-256.
RECORD = ".student-copy.json"
# What a computer leaves in a folder by itself when somebody looks into it, or runs a module of it.
COMES_BY_ITSELF = {
    "__pycache__",
    ".ipynb_checkpoints",
    ".DS_Store",
    ".directory",
    "Thumbs.db",
    "desktop.ini",
    "Desktop.ini",
}
SHOWN_CHANGES = 5


class CannotBuild(Exception):
    """There is something in the way, or something that must not be handed out; it says what."""


# ---------------------------------------------------------------- what the copy holds


def for_students(notebook: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode:
    """A notebook without its solutions, instructor's notes and outputs; ids and metadata stay.

    Raises CannotBuild if a cell begins like a solution or like notes but is not marked as such.
    """
    notebook.cells = [cell for cell in notebook.cells if not (is_solution(cell) or is_notes(cell))]
    notebook, _ = ClearOutputPreprocessor(enabled=True).preprocess(notebook, {})
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source.lstrip().lower().startswith("# solution"):
            raise CannotBuild(f'{name}, cell {cell.id}: a solution without the tag "{SOLUTION}"')
        if NOTES_BEGIN.strip() in cell.source:
            raise CannotBuild(f'{name}, cell {cell.id}: notes without the slide type "notes"')
    return notebook


def contents(project: Path = PROJECT) -> dict[str, bytes]:
    """What the copy holds: the bytes of each file by its path, in the order of the paths.

    Raises CannotBuild if a part of the course is missing, or holds a solution that is not tagged.
    """
    found = {"README.md": (project / README).read_bytes()}
    for pattern in HANDED_OUT:
        paths = [path for path in project.glob(pattern) if path.is_file()]
        if not paths:
            raise CannotBuild(f"the course has no {pattern}: is it complete?")
        for path in paths:
            found[path.relative_to(project).as_posix()] = _for_students(path)
    return dict(sorted(found.items()))


def _for_students(path):
    if path.suffix != ".ipynb":
        return path.read_bytes()
    notebook = nbformat.read(path, as_version=4)
    return as_text(for_students(notebook, path.name)).encode()


# ---------------------------------------------------------------- where it goes


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def changes(folder: Path) -> list[str]:
    """Files in an earlier copy that were changed or added since. Raises CannotBuild if it is none.

    Of a folder that the copy does not have only the name is given. What comes without anybody's
    work does not count: compiled modules, checkpoints, what a file manager leaves behind.
    """
    try:
        written = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        raise CannotBuild(
            f"{folder} is not a copy made by this command, so it is left alone. "
            "Choose another folder:  make student OUT=folder"
        ) from None
    present = (
        path
        for path in folder.rglob("*")
        if not path.is_dir()
        and not COMES_BY_ITSELF & set(path.relative_to(folder).parts)
        and not path.name.startswith("._")  # of a Mac, on a disk that is not a Mac's
        and path.name != RECORD
    )
    names = {path.relative_to(folder).as_posix(): path for path in present}
    known = {name.split("/")[0] for name in written}
    return sorted(
        {
            name if name.split("/")[0] in known else name.split("/")[0]
            for name, path in names.items()
            if name not in written
            or path.is_symlink()
            or digest(path.read_bytes()) != written[name]
        }
    )


def refuse_to_lose(folder: Path, project: Path = PROJECT) -> None:
    """Raise CannotBuild if replacing `folder` would touch anything but an unused copy."""
    if folder.is_relative_to(project) and not folder.is_relative_to(project / "build"):
        raise CannotBuild(f"{folder} lies within the course. Choose a folder outside of it.")
    if not folder.exists():
        return
    if not folder.is_dir():
        raise CannotBuild(f"{folder} is a file. Choose the name of a folder.")
    if not any(folder.iterdir()):
        return
    changed = changes(folder)
    if changed:
        more = len(changed) - SHOWN_CHANGES
        names = ", ".join(changed[:SHOWN_CHANGES]) + (f" and {more} more" if more > 0 else "")
        raise CannotBuild(
            f"Somebody has worked in {folder}, and that would be lost: {names}.\n"
            "Move or delete that folder, or choose another:  make student OUT=folder"
        )


def build(folder: Path = OUT, project: Path = PROJECT) -> dict[str, bytes]:
    """Write the copy, in place of an earlier one if nobody worked in that; returns its contents.

    It is written beside `folder` and takes its place when it is complete. Raises CannotBuild.
    """
    folder = folder.expanduser().resolve()
    refuse_to_lose(folder, project)
    files = contents(project)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        new, old = Path(scratch) / "new", Path(scratch) / "old"
        record = {name: digest(data) for name, data in files.items()}
        written = files | {RECORD: (json.dumps(record, indent=1) + "\n").encode()}
        for name, data in written.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_bytes(data)
        if folder.exists():
            os.replace(folder, old)
        try:
            os.replace(new, folder)
        except OSError:
            if old.exists():
                os.replace(old, folder)
            raise
    return files


# ---------------------------------------------------------------- does it run there?


@contextmanager
def package_of(folder: Path) -> Iterator[None]:
    """Within it, new kernels import `course_utils` from `folder`, with the data beside it."""
    settings = {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    before = {name: os.environ.get(name) for name in (*settings, "COURSE_DATA")}
    os.environ.pop("COURSE_DATA", None)
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def run_there(path: Path, folder: Path) -> float:
    """Run a notebook of the copy in `folder`, storing nothing; returns the seconds it took.

    Raises CellFailed if a cell fails, or if the package was not that of the copy.
    """
    notebook = nbformat.read(path, as_version=4)
    where = new_code_cell("import course_utils\nprint(course_utils.__file__)")
    notebook.cells.append(where)
    with package_of(folder):
        measured = run(notebook, path.parent)
    used = Path(where.outputs[0].text.strip())
    if not used.is_relative_to(folder):
        raise CellFailed(f"it imported {used}, expected the package in {folder}")
    return measured.seconds


def check(names: list[str], folder: Path = OUT) -> int:
    """Run notebooks of the copy; returns how many failed. Raises FileNotFoundError."""
    folder = folder.resolve()
    failed = 0
    for path in select(names, folder / "notebooks"):
        try:
            seconds = run_there(path, folder)
        except CellFailed as error:
            print(f"{path.name}: FAILED\n{error}\n", file=sys.stderr, flush=True)
            failed += 1
        else:
            print(f"{path.name:45} {seconds:6.1f} s", flush=True)
    return failed


# ---------------------------------------------------------------- the command


def summary(files: dict[str, bytes], folder: Path) -> str:
    """One line about a copy."""
    notebooks = sum(name.endswith(".ipynb") for name in files)
    size = sum(map(len, files.values())) / 1e6
    shown = os.path.relpath(folder) if folder.is_relative_to(Path.cwd()) else folder
    return (
        f"{shown}: {notebooks} notebooks without solutions, notes and outputs, "
        f"{len(files)} files, {size:.0f} MB"
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="A copy of the course for students.")
    parser.add_argument("action", choices=("build", "check"))
    parser.add_argument("notebooks", nargs="*", help="those to check: number or path")
    parser.add_argument("--out", type=Path, default=OUT, help="folder (default: build/student)")
    options = parser.parse_args(arguments)
    folder = options.out.expanduser().resolve()
    try:
        print(summary(build(folder), folder), flush=True)
        failed = check(options.notebooks, folder) if options.action == "check" else 0
    except (CannotBuild, FileNotFoundError) as problem:
        print(problem, file=sys.stderr)
        return 2
    if failed:
        print(f"{failed} notebooks fail without their solutions", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
