"""How every notebook is built, so that it can be presented, read, run and maintained.

What its cells compute is checked by running it (nbval) and by its own claims.
"""

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import cells
import nbformat
import new_exercise
import pytest
from folding import fold_notebook
from lesson import slides_of

from course_utils.exercises.engine import Choice, find

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FINISHED = [
    "00",
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "07",
    "08",
    "09",
    "10",
    "11",
    "12",
    "13",
    "14",
]

SLIDE_TYPES = {"slide", "subslide", "fragment", "skip", "notes", "-"}
TAGS = {"exercise", "check", "solution", "widget", "nbval-ignore-output"}
LONGEST_CELL = 15
FEWEST_CLAIMS = 8
MOST_CLAIM_CODE = 0.05  # of all slides
SHORTEST_TEXT = 30  # characters, of a picture
LARGEST_NOTEBOOK = 2_500_000
LARGEST_IMAGE = 250_000
MEND = "`make exercise NB={number}` sets it"
# sections that frame the lesson and show nothing that could be false
WITHOUT_CLAIM = {
    "exercises",
    "what you can now do",
    "recall",
    "readings",
    "readings, and what is next",
    "what is next",
    "how the course works",
    "for those who present",
}


def read(path):
    return nbformat.read(path, as_version=4)


def number_of(path):
    return path.name[:2]


def tags(cell):
    return set(cell.metadata.get("tags", []))


def code_of(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose_lines(source):
    """The lines of a markdown cell outside of fenced code."""
    fenced = False
    for line in source.splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield line


def headings_of(cell):
    """(level, text) of each heading of a markdown cell."""
    if cell.cell_type != "markdown":
        return
    for line in prose_lines(cell.source):
        match = re.match(r"(#{1,6}) +(.+?)\s*$", line)
        if match:
            yield len(match[1]), match[2]


def section_name(heading):
    """ "## 7 · Exercises" is the section "exercises"."""
    return re.sub(r"^\d+(?:\.\d+)?\s*[·.:]?\s*", "", heading).rstrip(" .").lower()


def outputs_as_text(cell):
    for output in cell.get("outputs", []):
        yield output.get("text", "")
        data = output.get("data", {})
        yield from (
            data[kind] for kind in ("text/plain", "text/html", "text/markdown") if kind in data
        )


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.name)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return read(path)


@pytest.mark.parametrize("number", FINISHED)
def test_the_finished_notebooks_are_here(number):
    assert [path.name for path in NOTEBOOKS if number_of(path) == number], f"no notebook {number}"


def test_it_is_valid_and_named_by_its_number(path, notebook):
    nbformat.validate(notebook)
    assert re.fullmatch(r"\d\d_[a-z0-9_]+\.ipynb", path.name)


def test_every_cell_has_a_slide_type_and_known_tags(notebook):
    for cell in notebook.cells:
        slide_type = cell.metadata.get("slideshow", {}).get("slide_type")
        cure = MEND.format(number=number_of_notebook(notebook))
        assert slide_type in SLIDE_TYPES, f"{cell.id}: slide type {slide_type!r}; {cure}"
        assert tags(cell) <= TAGS, f"{cell.id}: unknown tags {tags(cell) - TAGS}"
    assert notebook.cells[0].metadata.slideshow.slide_type == "slide"


def test_every_slide_has_a_heading(notebook):
    for slide in slides_of(notebook):
        levels = [level for cell in slide for level, _ in headings_of(cell)]
        assert any(level <= 3 for level in levels), f"{slide[0].id}: a slide without a heading"


def test_claims_and_figures_are_folded(path, notebook):
    """`python tools/execute.py --fold` does it; so does each run."""
    before = nbformat.writes(notebook)
    fold_notebook(notebook)
    assert nbformat.writes(notebook) == before, f"{path.name}: not folded"


def test_few_slides_show_the_code_of_a_claim():
    shown, total = [], 0
    for path in NOTEBOOKS:
        for slide in slides_of(read(path)):
            total += 1
            shown += [cell.id for cell in slide if shows_a_claim(cell)]
    assert len(shown) <= MOST_CLAIM_CODE * total, shown


def shows_a_claim(cell):
    if cell.cell_type != "code" or cell.metadata.get("jupyter", {}).get("source_hidden"):
        return False
    return re.search(r"(?m)^\s*claim\(", cell.source) is not None


def test_every_picture_says_what_it_shows(notebook):
    """`make execute` stores the text, from the figure's own data."""
    for cell in code_of(notebook):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                text = output.metadata.get("image/png", {}).get("alt", "")
                assert len(text) >= SHORTEST_TEXT, f"{cell.id}: its picture says {text!r}"


def test_a_section_starts_a_slide(notebook):
    for cell in notebook.cells:
        if any(level <= 2 for level, _ in headings_of(cell)):
            assert cell.metadata.slideshow.slide_type == "slide", cell.id


def test_code_cells_fit_a_slide(notebook):
    for cell in code_of(notebook):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        assert lines, f"{cell.id} is empty"
        assert len(lines) <= LONGEST_CELL, f"{cell.id}: {len(lines)} lines"
        widest = max(map(len, lines))
        assert widest <= 100, f"{cell.id}: a line of {widest} characters"


def test_it_was_run_from_top_to_bottom(notebook):
    counts = [cell.execution_count for cell in code_of(notebook) if not cells.is_solution(cell)]
    assert counts == list(range(1, len(counts) + 1))


def test_outputs_hold_no_error_and_no_warning(notebook):
    for cell in code_of(notebook):
        for output in cell.outputs:
            assert output.output_type != "error", f"{cell.id}: {output.get('ename')}"
            assert output.get("name") != "stderr", f"{cell.id}: {output.get('text', '')[:200]}"
        for text in outputs_as_text(cell):
            assert not re.search(r"Traceback|\w+Warning\b", text), f"{cell.id}: {text[:200]}"


def test_every_section_proves_what_it_says(notebook):
    claims, section, total = {}, None, 0
    for cell in notebook.cells:
        for level, heading in headings_of(cell):
            if level == 2:
                section = section_name(heading)
                claims[section] = 0
        if cell.cell_type == "code":
            here = len(re.findall(r"(?m)^\s*claim\(", cell.source))
            total += here
            if section is not None:
                claims[section] += here
    unproven = [name for name, count in claims.items() if not count and name not in WITHOUT_CLAIM]
    assert not unproven, f"no claim in {unproven}"
    assert claims, "no section"
    if number_of_notebook(notebook) != "00":
        assert total >= FEWEST_CLAIMS, f"{total} claims"


def number_of_notebook(notebook):
    return notebook.cells[0].id[:2]


def test_every_claim_held_when_it_was_run(notebook):
    for cell in code_of(notebook):
        if cells.is_solution(cell):
            continue  # it has run, or the notebook had not been stored; what it said is not kept
        claims = len(re.findall(r"(?m)^claim\(", cell.source))
        shown = "".join(outputs_as_text(cell)).count("✓")
        assert shown >= claims, f"{cell.id}: {claims} claims, {shown} shown as true"


def test_nothing_is_imported_in_vain(path):
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--isolated"]
    command += ["--select", "F401,F811,F821,F632,F541", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_imports_stand_in_one_cell(notebook):
    importing = [
        cell.id
        for cell in code_of(notebook)
        if re.search(r"(?m)^\s*(import|from) ", cell.source) and not tags(cell)
    ]
    assert len(importing) <= 1, importing
    assert not importing or importing[0] in [cell.id for cell in notebook.cells[:4]]


def test_code_draws_from_generators_only(notebook):
    for cell in code_of(notebook):
        for drawn in re.findall(r"np\.random\.(\w+)", cell.source):
            assert drawn in ("default_rng", "Generator"), f"{cell.id}: np.random.{drawn}"


def test_cell_ids_are_chosen_and_unique(path, notebook):
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    for cell_id in ids:
        assert re.fullmatch(rf"{number_of(path)}(-[a-z0-9]+)+", cell_id), (
            f"the cell id {cell_id} says nothing; `make exercise NB={number_of(path)}` gives such "
            "cells a name"
        )


def test_presenting_is_set_up_alike_everywhere():
    setups = {path.name: read(path).metadata.get("rise") for path in NOTEBOOKS}
    first = next(iter(setups.values()), None)
    assert first, "no rise metadata"
    assert setups == dict.fromkeys(setups, first)


def test_the_kernel_is_the_one_every_reader_has(notebook):
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.kernelspec.display_name == "Python 3 (ipykernel)"


def test_no_path_of_somebodys_machine(notebook):
    machine = re.compile(r"(?<![\w.:/])/(?:home|root|tmp|work|Users|usr|opt|mnt)/\w|\b[A-Z]:\\\w")
    for cell in notebook.cells:
        for text in (cell.source, *outputs_as_text(cell)):
            found = machine.search(text)
            assert not found, f"{cell.id}: {text[max(found.start() - 40, 0) : found.end() + 40]}"


def test_it_stays_light(path, notebook):
    assert path.stat().st_size < LARGEST_NOTEBOOK
    for cell in code_of(notebook):
        for output in cell.outputs:
            size = len(output.get("data", {}).get("image/png", "")) * 3 // 4
            assert size < LARGEST_IMAGE, f"{cell.id}: an image of {size:,} bytes"


def test_a_cell_shows_at_most_one_figure(notebook):
    """A figure that is both drawn by pyplot and returned would show twice."""
    for cell in code_of(notebook):
        images = [o for o in cell.outputs if "image/png" in o.get("data", {})]
        assert len(images) <= 1, cell.id


def test_headings_are_a_tree(notebook):
    levels = [level for cell in notebook.cells for level, _ in headings_of(cell)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    for before, after in pairwise(levels):
        assert after <= before + 1, f"a heading of level {after} after one of level {before}"


def test_it_ends_as_every_lesson_does(notebook):
    sections = [
        section_name(text)
        for cell in notebook.cells
        for level, text in headings_of(cell)
        if level == 2
    ]
    if number_of_notebook(notebook) == "00":
        return
    for wanted in ("what you can now do", "recall", "readings"):
        assert any(section.startswith(wanted) for section in sections), f"no section {wanted!r}"
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert text.count("<details>") == text.count("</details>")
    recall = next(c.source for c in notebook.cells if re.search(r"(?m)^## .*Recall", c.source))
    after = notebook.cells[[c.source for c in notebook.cells].index(recall) :]
    answers = sum(cell.source.count("<summary>") for cell in after)
    assert 5 <= answers <= 8, f"{answers} recall questions with folded answers"


def test_solutions_are_folded_and_named(notebook):
    """They begin with the id of their exercise, and nothing that they showed is stored."""
    number, checked = number_of_notebook(notebook), None
    for cell in notebook.cells:
        checked = new_exercise.id_in(cell.source) or checked
        cure = MEND.format(number=number)
        if cells.is_solution(cell):
            assert cell.cell_type == "code", cell.id
            first = cell.source.partition("\n")[0]
            wanted = f"# Solution {checked}"
            assert first == wanted, f"{cell.id}: begins with {first!r}, not {wanted!r}; {cure}"
            assert cell.outputs == [], (
                f"{cell.id}: stored with an output; make execute takes it out"
            )
            assert cell.execution_count is None, cell.id
        elif cell.cell_type == "code":
            is_one = cell.source.startswith("# Solution")
            assert not is_one, f"{cell.id}: has not the tag 'solution'; {cure}"


def test_what_is_to_be_folded_is_folded(notebook):
    """Solutions wherever metadata count, and notes in a fold that says whom they are for."""
    folded = nbformat.from_dict(notebook)
    cells.fold(folded)
    for cell, wanted in zip(notebook.cells, folded.cells, strict=True):
        assert cell == wanted, f"{cell.id}: not folded; `make execute` folds it"


def test_notes_are_for_the_instructor_and_say_so(notebook):
    for cell in notebook.cells:
        if cells.is_notes(cell):
            assert cell.source.startswith(cells.NOTES_BEGIN), cell.id
            assert cell.source.endswith(cells.NOTES_END), cell.id
            assert "<details" not in cells.plain_notes(cell.source), f"{cell.id}: folds in notes"
        else:
            assert "For the instructor" not in cell.source, f"{cell.id}: notes on a slide"


def test_what_a_solution_says_when_it_runs_is_not_the_answer(notebook):
    """Run All in JupyterLab unfolds the outputs of all cells, so they must give nothing away."""
    checked = None
    for cell in notebook.cells:
        checked = new_exercise.id_in(cell.source) or checked
        if not cells.is_solution(cell):
            continue
        said = re.findall(r'claim\(\s*"([^"]*)"', cell.source)
        assert not re.search(r"\d", "".join(said)), f"{cell.id}: a number in {said}"
        for showing in ("print(", "plots.", "display("):
            assert showing not in cell.source, f"{cell.id}: it shows something by {showing}"
        exercise = find(checked)
        if isinstance(exercise, Choice):
            right = exercise.options[exercise.correct].text.lower()
            assert not [text for text in said if text.lower() in right or right in text.lower()]


def test_an_exercise_is_followed_by_its_check_and_its_solution(notebook):
    """In this order, before the next exercise."""
    roles = [(role, cell.id) for cell in notebook.cells if (role := new_exercise.role_of(cell))]
    cure = MEND.format(number=number_of_notebook(notebook))
    for k, (role, cell_id) in enumerate(roles):
        wanted = new_exercise.ROLES[k % 3]
        assert role == wanted, f"{cell_id}: a cell tagged {wanted!r} should stand here; {cure}"
    assert len(roles) % 3 == 0, f"the last exercise is not complete; {cure}"


def test_what_depends_on_the_machine_is_followed_by_a_claim(notebook):
    """In the same section: nbval does not look at such an output, so a claim must."""
    waiting = None
    for cell in notebook.cells:
        if any(level <= 2 for level, _ in headings_of(cell)):
            assert waiting is None, f"{waiting}: no claim follows in its section"
        if cell.cell_type == "code":
            if "nbval-ignore-output" in tags(cell):
                waiting = cell.id
            if "claim(" in cell.source:
                waiting = None
    assert waiting is None, f"{waiting}: no claim follows"
