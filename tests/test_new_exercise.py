"""`make exercise`: cells and entry with dots, what is missing, and ids that nobody has to know."""

import shutil

import nbformat
import new_exercise
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

KINDS = sorted(new_exercise.FIELDS)
TITLE = "# 77 · Made\n\nYou will\n\n- **count** to three;"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A notebook 77 without exercises, and a folder for its module."""
    monkeypatch.setattr(new_exercise, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(new_exercise, "EXERCISES", tmp_path)
    made = [
        new_markdown_cell(TITLE, id="77-title"),
        new_markdown_cell("## 1 · Exercises\n\n1. **Threes.**", id="77-ex"),
        new_markdown_cell("## What you can now do", id="77-end"),
    ]
    for cell in made:
        cell.metadata["slideshow"] = {"slide_type": "slide"}
    nbformat.write(new_notebook(cells=made), tmp_path / "77_made.ipynb")
    return tmp_path


def read(course):
    return nbformat.read(course / "77_made.ipynb", as_version=4)


def said(capsys):
    return capsys.readouterr().out


@pytest.mark.parametrize("kind", KINDS)
def test_it_makes_cells_with_ids_tags_and_slide_types(course, kind):
    assert new_exercise.main(["77", "--title", "Threes", "--kind", kind]) == 0
    text, stub, check, solution = read(course).cells[2:-1]
    assert [cell.id for cell in (text, stub, check, solution)] == [
        "77-ex1-text", "77-ex1", "77-ex1-check", "77-ex1-solution"
    ]  # fmt: skip
    assert text.source.startswith("### Exercise 77.1 · Threes\n")
    assert [new_exercise.role_of(cell) for cell in (text, stub, check, solution)] == [
        None, "exercise", "check", "solution"
    ]  # fmt: skip
    kinds = [cell.metadata.slideshow.slide_type for cell in (text, stub, check, solution)]
    assert kinds == ["subslide", "-", "-", "skip"]
    assert new_exercise.id_in(check.source) == "77.1"
    assert solution.source.startswith("# Solution 77.1\n")
    nbformat.validate(read(course))


@pytest.mark.parametrize("kind", KINDS)
def test_the_entry_has_dots_for_all_that_its_kind_needs(course, kind):
    new_exercise.main(["77", "--title", 'The "third"', "--kind", kind])
    (exercise,) = new_exercise.exercises_in("77")
    assert (exercise.id, exercise.title) == ("77.1", 'The "third"')
    assert type(exercise).__name__.lower() == kind
    lacking = " ".join(new_exercise.missing(read(course), (exercise,)))
    for name in new_exercise.FIELDS[kind]:
        wanted = "0 mistakes are named" if name == "mistakes" else f"`{name}` is still dots"
        assert wanted in lacking
    assert "77-ex1-text does not say yet what is asked" in lacking
    assert "77-ex1-solution does not show a solution yet" in lacking


def test_called_again_it_makes_nothing_twice(course, capsys):
    for _ in range(2):
        new_exercise.main(["77", "--title", "Threes"])
        assert "`reference` is still dots" in said(capsys)
    assert len(read(course).cells) == 7
    assert len(new_exercise.exercises_in("77")) == 1


def test_the_next_one_follows_the_last_and_has_the_next_number(course):
    for title, kind in (("Threes", "function"), ("Fours", "choice"), ("Fives", "numbers")):
        new_exercise.main(["77", "--title", title, "--kind", kind])
    assert [exercise.id for exercise in new_exercise.exercises_in("77")] == ["77.1", "77.2", "77.3"]
    checks = [new_exercise.id_in(cell.source) for cell in read(course).cells]
    assert [id for id in checks if id] == ["77.1", "77.2", "77.3"]
    assert read(course).cells[-1].id == "77-end"
    module = (course / "notebook_77.py").read_text()
    assert "import Choice, Function, Numbers\n" in module


def test_nothing_is_missing_when_all_is_there(course, capsys):
    new_exercise.main(["77", "--title", "Threes", "--kind", "numbers"])
    module = course / "notebook_77.py"
    text = module.read_text().replace("import Numbers", "import Mistake, Numbers")
    text = text.replace("objective=...", 'objective="count to three"').replace(
        "answer=...", "answer=3"
    )
    mistakes = ", ".join(f'Mistake({wrong}, "Not {wrong}.")' for wrong in (1, 2, 4, 5))
    text = text.replace("mistakes=[]", f"mistakes=[{mistakes}]").replace(
        "insight=...", 'insight="So it is."'
    )
    module.write_text(text)
    notebook = read(course)
    for cell in notebook.cells:
        cell.source = cell.source.replace(new_exercise.QUESTION, "How much is 1 + 2?")
        if cell.id == "77-ex1-solution":
            cell.source = "# Solution 77.1\nanswer = 1 + 2"
    nbformat.write(notebook, course / "77_made.ipynb")
    capsys.readouterr()
    assert new_exercise.main(["77"]) == 0
    assert said(capsys) == "77_made.ipynb: no exercise lacks anything\n"


def test_what_jupyterlab_leaves_out_is_mended_and_named(course, capsys):
    """Random ids, no tags, no slide types: as when cells are made by hand."""
    new_exercise.main(["77", "--title", "Threes"])
    notebook = read(course)
    for k, cell in enumerate(notebook.cells):
        cell.id = f"db01fe{k:02}"
        cell.metadata.pop("tags", None)
        if k > 1:
            cell.metadata.pop("slideshow", None)
    nbformat.write(notebook, course / "77_made.ipynb")
    capsys.readouterr()
    new_exercise.main(["77"])
    told = said(capsys)
    assert "db01fe03: has the tag 'exercise' now" in told
    assert "db01fe05: is called 77-ex1-solution now" in told
    cells = read(course).cells
    assert [cell.id for cell in cells] == [
        "77-made-text", "77-exercises-text", "77-ex1-text", "77-ex1", "77-ex1-check",
        "77-ex1-solution", "77-what-you-can-text"
    ]  # fmt: skip
    assert [new_exercise.role_of(cell) for cell in cells[3:6]] == ["exercise", "check", "solution"]
    types = [cell.metadata.slideshow.slide_type for cell in cells[2:]]
    assert types == ["subslide", "-", "-", "skip", "slide"]
    new_exercise.main(["77"])
    assert "mended" not in said(capsys)


def test_an_id_that_is_taken_is_not_given_again(course):
    notebook = read(course)
    notebook.cells.insert(2, new_code_cell("1", id="77-ex1"))
    nbformat.write(notebook, course / "77_made.ipynb")
    new_exercise.main(["77", "--title", "Threes"])
    assert [cell.id for cell in read(course).cells][3:7] == [
        "77-ex2-text", "77-ex2", "77-ex2-check", "77-ex2-solution"
    ]  # fmt: skip


def test_a_module_that_does_not_end_with_its_exercises_is_left_alone(course, capsys):
    module = course / "notebook_77.py"
    text = new_exercise.NEW_MODULE.format(number="77", kind="Function")
    module.write_text(text.replace("()", "tuple([])"))
    before = (course / "77_made.ipynb").read_bytes()
    assert new_exercise.main(["77", "--title", "Threes"]) == 1
    assert "does not end with the tuple EXERCISES" in capsys.readouterr().err
    assert (course / "77_made.ipynb").read_bytes() == before
    assert "Threes" not in module.read_text()


def test_a_notebook_without_a_place_for_it_is_left_alone(course, capsys):
    shutil.copy(course / "77_made.ipynb", course / "78_other.ipynb")
    notebook = nbformat.read(course / "78_other.ipynb", as_version=4)
    notebook.cells = notebook.cells[:1]
    nbformat.write(notebook, course / "78_other.ipynb")
    assert new_exercise.main(["78", "--title", "Threes"]) == 1
    assert "no place to put it" in capsys.readouterr().err
    assert not (course / "notebook_78.py").exists()


@pytest.mark.parametrize(("name", "words"), [("99", "no notebook"), ("7", "fits several")])
def test_it_needs_one_notebook(course, name, words, capsys):
    shutil.copy(course / "77_made.ipynb", course / "78_other.ipynb")
    assert new_exercise.main([name]) == 2
    assert words in capsys.readouterr().err
