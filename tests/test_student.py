"""The copy for students: no solution is in it, nothing that they need is missing, and it runs.

`make student-check` runs all of its notebooks; here it is two of them.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import cells
import nbformat
import pytest
import student
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
RUN_HERE = ["00", "02"]

# What git has and a student does not get. A new file belongs here or into student.HANDED_OUT.
NOT_FOR_STUDENTS = (
    ".ci/",
    ".github/",
    ".pre-commit-config.yaml",
    "benchmarks/",
    "tests/",
    "translations/",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "docs/presenting.md",
    "docs/site/",
    "README.md",  # they get one of their own
    "notebooks/README.md",
    "requirements-browser.txt",
    "requirements-site.txt",
    "tools/clinic_grid.py",
    "tools/find_browser.py",
    "tools/maintain.mk",
    "tools/new_exercise.py",
    "tools/pdf.py",
    "tools/replica_kernel/",
    "tools/replica_machines.py",
    "tools/replica_table.py",
    "tools/replicate.py",
    "tools/site_builder.py",
    "tools/student.py",
    "tools/templates/replicas.html.j2",
    "tools/templates/student_readme.md",
    "tools/translation.py",
)


@pytest.fixture(scope="session")
def copy(tmp_path_factory):
    """A copy of the whole course; no test may change it."""
    folder = tmp_path_factory.mktemp("handed-out") / "student"
    student.build(folder)
    return folder


def read(path):
    return nbformat.read(path, as_version=4)


def lines_of(some):
    return [line.strip() for cell in some for line in cell.source.splitlines()]


def says_something(line):
    """Not blank, no bracket or `else:` alone."""
    return len(re.findall(r"\w", line)) >= 3 and line not in ("else:", "try:")


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.name)
def pair(request, copy):
    """A notebook of the course and the one that students get."""
    return read(request.param), read(copy / "notebooks" / request.param.name)


def test_no_line_of_a_solution_is_in_it(pair):
    """But lines that also stand elsewhere in the notebook, in the stub for example."""
    source, handed_out = pair
    elsewhere = set(lines_of(cell for cell in source.cells if not cells.is_solution(cell)))
    solutions = lines_of(filter(cells.is_solution, source.cells))
    secret = {line for line in solutions if says_something(line)} - elsewhere
    assert secret or not solutions
    assert not secret & set(lines_of(handed_out.cells))
    assert not any(map(cells.is_solution, handed_out.cells))


def test_no_line_of_the_instructors_notes_is_in_it(pair):
    source, handed_out = pair
    notes = [cells.plain_notes(cell.source) for cell in source.cells if cells.is_notes(cell)]
    secret = {line for text in notes for line in text.splitlines() if line.strip()}
    text = "\n".join(cell.source for cell in handed_out.cells)
    assert secret
    assert not [line for line in secret if line in text]


def test_the_solutions_have_lines_to_look_for():
    found = [cell for path in NOTEBOOKS for cell in read(path).cells if cells.is_solution(cell)]
    assert len(found) >= 40
    assert len(list(filter(says_something, lines_of(found)))) > 200


def test_all_other_cells_are_as_they_were(pair):
    source, handed_out = pair

    def shown(notebook):
        return [(cell.id, cell.cell_type, cell.source, cell.metadata) for cell in notebook.cells]

    assert shown(handed_out) == [
        one
        for one, cell in zip(shown(source), source.cells, strict=True)
        if not (cells.is_solution(cell) or cells.is_notes(cell))
    ]
    assert handed_out.metadata == source.metadata
    nbformat.validate(handed_out)


def test_outputs_are_cleared(pair):
    for cell in pair[1].cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_no_cell_needs_a_name_of_a_solution(copy):
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--isolated"]
    command += ["--select", "F821", str(copy / "notebooks")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("number", RUN_HERE)
def test_run_all_passes_with_the_package_of_the_copy(number, copy):
    (path,) = (copy / "notebooks").glob(f"{number}_*.ipynb")
    before = path.read_bytes()
    student.run_there(path, copy)
    assert path.read_bytes() == before
    assert student.changes(copy) == []


# ---------------------------------------------------------------- ready to hand out


def test_every_file_of_the_course_is_handed_out_or_left_out_on_purpose(copy):
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("not a git repository")
    command = ["git", "-C", str(ROOT), "ls-files"]
    tracked = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    tracked = {name for name in tracked if name and (ROOT / name).exists()}
    handed_out = {path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file()}
    missing = tracked - handed_out
    assert [name for name in missing if not name.startswith(NOT_FOR_STUDENTS)] == []
    own = {"README.md", student.RECORD}
    not_for_students = [name for name in handed_out - own if name.startswith(NOT_FOR_STUDENTS)]
    assert not_for_students == []


def texts_for_students(copy):
    yield (copy / "README.md").read_text(encoding="utf-8")
    for path in sorted((copy / "notebooks").glob("*.ipynb")):
        yield "\n".join(cell.source for cell in read(path).cells)
    for path in sorted((copy / "course_utils").rglob("*.py")):
        yield path.read_text(encoding="utf-8")


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_every_command_named_to_students_is_there(copy):
    command = ["make", "--no-print-directory", "-C", str(copy), "help"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    commands = set(re.findall(r"make ([a-z-]+)", listed))
    assert {"install", "lab", "help"} <= commands
    assert not {"test", "student", "bench"} & commands
    readme = (copy / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?m)^    make ([a-z-]+)", readme))
    for text in texts_for_students(copy):
        named |= set(re.findall(r"(?<=`make )[a-z-]+|(?<=: make )[a-z-]+(?= EXTRAS)", text))
    assert {"lab", "install"} <= named
    assert named <= commands


def test_every_file_named_to_students_is_there(copy):
    readme = (copy / "README.md").read_text(encoding="utf-8")
    makefile = (copy / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\]\(([^)#:]+)\)", readme))
    named |= set(re.findall(r"(?m)(?<!-include )\b(?:tools|course_utils)/[\w./]*\w", readme))
    named |= set(re.findall(r"tools/\w+\.py", makefile))
    for text in texts_for_students(copy):
        named |= set(re.findall(r"requirements-\w+\.txt", text))
    assert len(named) > 8
    assert [name for name in named if not (copy / name).exists()] == []


def test_the_readme_is_honest_about_the_reference_answers(copy):
    assert (copy / "course_utils" / "exercises" / "notebook_02.py").is_file()
    for readme in (copy / "README.md", ROOT / "README.md"):
        assert "course_utils/exercises" in readme.read_text(encoding="utf-8")


# ---------------------------------------------------------------- building it


@pytest.fixture
def course(tmp_path):
    """A small course with all parts that are handed out."""
    project = tmp_path / "course"
    for pattern in (*student.HANDED_OUT, student.README):
        name = pattern.replace("**/", "").replace("[0-9][0-9]_*", "01_small").replace("*", "file")
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(name)
    made = [
        new_markdown_cell("# 01 · Small", id="01-title"),
        new_markdown_cell(
            "Ask them", id="01-notes", metadata={"slideshow": {"slide_type": "notes"}}
        ),
        new_code_cell("y = ...", id="01-stub", metadata={"tags": ["exercise"]}),
        new_code_cell("# Solution\ny = 42", id="01-solution", metadata={"tags": ["solution"]}),
        new_code_cell(
            "print(y)", id="01-see", outputs=[new_output("stream", text="42\n")], execution_count=3
        ),
    ]
    save(project, *made)
    return project


def save(project, *some):
    nbformat.write(new_notebook(cells=list(some)), project / "notebooks" / "01_small.ipynb")


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_small_course(course, tmp_path):
    out = tmp_path / "out"
    student.build(out, course)
    notebook = read(out / "notebooks" / "01_small.ipynb")
    assert [cell.id for cell in notebook.cells] == ["01-title", "01-stub", "01-see"]
    assert "42" not in (out / "notebooks" / "01_small.ipynb").read_text()
    assert (out / "README.md").read_text() == student.README
    assert not (out / student.README).exists()


def test_twice_gives_the_same_bytes_and_leaves_nothing_else(course, tmp_path):
    out = tmp_path / "out"
    student.build(out, course)
    first = tree(out)
    student.build(out, course)
    assert tree(out) == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["course", "out"]


def test_only_what_is_named_gets_in(course, tmp_path):
    for name in ("marks.csv", "data/marks.csv", "data/cache/big.npz", "notebooks/Draft.ipynb"):
        (course / name).parent.mkdir(exist_ok=True)
        (course / name).write_text("private")
    assert b"private" not in tree(tmp_path / "out").values()
    student.build(tmp_path / "out", course)
    assert b"private" not in tree(tmp_path / "out").values()


def test_what_is_gone_from_the_course_goes_from_the_copy(course, tmp_path):
    out = tmp_path / "out"
    (course / "course_utils" / "old.py").write_text("old")
    student.build(out, course)
    assert (out / "course_utils" / "old.py").exists()
    (course / "course_utils" / "old.py").unlink()
    student.build(out, course)
    assert not (out / "course_utils" / "old.py").exists()


def test_it_needs_no_git(course, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    student.build(tmp_path / "out", course)
    assert (tmp_path / "out" / "Makefile").exists()


def test_a_solution_without_its_tag_is_not_handed_out(course, tmp_path):
    save(course, new_code_cell("# Solution\ny = 42", id="01-forgotten"))
    with pytest.raises(student.CannotBuild, match=r"01_small.ipynb, cell 01-forgotten"):
        student.build(tmp_path / "out", course)
    assert not (tmp_path / "out").exists()


def test_notes_without_their_slide_type_are_not_handed_out(course, tmp_path):
    save(course, new_markdown_cell(cells.folded_notes("Ask them"), id="01-forgotten"))
    with pytest.raises(student.CannotBuild, match=r"cell 01-forgotten: notes without"):
        student.build(tmp_path / "out", course)
    assert not (tmp_path / "out").exists()


def test_a_course_that_is_not_complete_is_not_handed_out(course, tmp_path):
    (course / "LICENSE").unlink()
    with pytest.raises(student.CannotBuild, match="the course has no LICENSE"):
        student.build(tmp_path / "out", course)


def test_a_failure_leaves_the_earlier_copy(course, tmp_path, monkeypatch):
    out = tmp_path / "out"
    student.build(out, course)
    before = tree(out)
    (course / "Makefile").write_text("new")
    replace = student.os.replace

    def fail(source, target):
        if target == out and source.name == "new":
            raise OSError("no space left on device")
        replace(source, target)

    monkeypatch.setattr(student.os, "replace", fail)
    with pytest.raises(OSError, match="no space left"):
        student.build(out, course)
    assert tree(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["course", "out"]


# ---------------------------------------------------------------- nothing of others is deleted


def test_an_empty_folder_is_filled(course, tmp_path):
    (tmp_path / "out").mkdir()
    student.build(tmp_path / "out", course)
    assert (tmp_path / "out" / "Makefile").exists()


@pytest.mark.parametrize("record", [None, "", "{}", "[]", '"text"'])
def test_a_folder_of_somebody_else_is_left_alone(record, course, tmp_path):
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "thesis.tex").write_text("three years of work")
    if record is not None:
        (out / student.RECORD).write_text(record)
    before = tree(out)
    with pytest.raises(student.CannotBuild, match=r"thesis"):
        student.build(out, course)
    assert tree(out) == before


def test_a_file_is_left_alone(course, tmp_path):
    (tmp_path / "out").write_text("text")
    with pytest.raises(student.CannotBuild, match="is a file"):
        student.build(tmp_path / "out", course)
    assert (tmp_path / "out").read_text() == "text"


@pytest.mark.parametrize("name", ["notebooks/01_small.ipynb", "notebooks/mine.ipynb", ".venv/x"])
def test_a_copy_that_somebody_worked_in_is_left_alone(name, course, tmp_path):
    out = tmp_path / "out"
    student.build(out, course)
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).write_text("an answer")
    with pytest.raises(student.CannotBuild, match="worked in") as refusal:
        student.build(out, course)
    assert name.replace(".venv/x", ".venv.") in str(refusal.value)
    assert (out / name).read_text() == "an answer"


def test_compiled_modules_and_deleted_files_do_not_keep_it(course, tmp_path):
    out = tmp_path / "out"
    student.build(out, course)
    (out / "course_utils" / "__pycache__").mkdir()
    (out / "course_utils" / "__pycache__" / "file.pyc").write_text("compiled")
    (out / "Makefile").unlink()
    student.build(out, course)
    assert (out / "Makefile").exists()
    assert not (out / "course_utils" / "__pycache__").exists()


@pytest.mark.parametrize(
    "name",
    [
        ".DS_Store",
        "notebooks/.DS_Store",
        "notebooks/._00_start.ipynb",
        "Thumbs.db",
        "data/desktop.ini",
        ".directory",
        ".ipynb_checkpoints/README-checkpoint.md",
        "notebooks/.ipynb_checkpoints/00-checkpoint.ipynb",
    ],
)
def test_a_copy_that_was_only_looked_at_is_replaced(name, course, tmp_path):
    out = tmp_path / "out"
    student.build(out, course)
    (out / name).parent.mkdir(parents=True, exist_ok=True)
    (out / name).write_text("left by a file manager or by JupyterLab")
    student.build(out, course)
    assert not (out / name).exists()


@pytest.mark.parametrize("name", [".", "..", "notebooks", "notebooks/copy", "data/copy"])
def test_the_course_itself_is_never_replaced(name, course):
    before = tree(course)
    with pytest.raises(student.CannotBuild):
        student.build(course / name, course)
    assert tree(course) == before


# ---------------------------------------------------------------- the command


def test_the_command_says_what_is_in_the_way(tmp_path, capsys):
    (tmp_path / "thesis.tex").write_text("three years of work")
    assert student.main(["build", "--out", str(tmp_path)]) == 2
    assert "is not a copy made by this command" in capsys.readouterr().err


def test_check_finds_what_fails_without_its_solution(tmp_path, capsys):
    (tmp_path / "course_utils").mkdir()
    (tmp_path / "course_utils" / "__init__.py").write_text("")
    (tmp_path / "notebooks").mkdir()
    save(tmp_path, new_code_cell("y = ...", id="01-stub"), new_code_cell("y + 1", id="01-use"))
    assert student.check([], tmp_path) == 1
    message = capsys.readouterr().err
    assert "01_small.ipynb: FAILED" in message
    assert "cell 01-use" in message


def test_check_finds_a_copy_that_uses_another_package(tmp_path, capsys):
    (tmp_path / "notebooks").mkdir()
    save(tmp_path, new_code_cell("x = 1", id="01-one"))
    assert student.check(["01"], tmp_path) == 1
    assert "expected the package in" in capsys.readouterr().err
