"""How every notebook is built, so that it can be presented, read, run and maintained.

What its cells compute is checked by running it (nbval) and by its own claims.
"""

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FINISHED = ["00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "14"]

SLIDE_TYPES = {"slide", "subslide", "fragment", "skip", "notes", "-"}
TAGS = {"exercise", "check", "solution", "widget", "nbval-ignore-output"}
LONGEST_CELL = 15
FEWEST_CLAIMS = 8
LARGEST_NOTEBOOK = 2_500_000
LARGEST_IMAGE = 250_000
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
        assert slide_type in SLIDE_TYPES, f"{cell.id}: slide type {slide_type!r}"
        assert tags(cell) <= TAGS, f"{cell.id}: unknown tags {tags(cell) - TAGS}"
    assert notebook.cells[0].metadata.slideshow.slide_type == "slide"


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
    counts = [cell.execution_count for cell in code_of(notebook)]
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
        assert re.fullmatch(rf"{number_of(path)}(-[a-z0-9]+)+", cell_id), cell_id


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
    for cell in notebook.cells:
        if "solution" in tags(cell):
            assert cell.cell_type == "code", cell.id
            assert cell.source.startswith("# Solution"), cell.id
            assert cell.metadata.get("jupyter", {}).get("source_hidden") is True, cell.id
        elif cell.cell_type == "code":
            assert not cell.source.startswith("# Solution"), f"{cell.id}: not tagged"


def test_an_exercise_is_followed_by_its_check_and_its_solution(notebook):
    """In this order, before the next exercise."""
    roles = [
        role
        for cell in notebook.cells
        for role in ("exercise", "check", "solution")
        if role in tags(cell)
    ]
    assert roles == ["exercise", "check", "solution"] * (len(roles) // 3)


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
