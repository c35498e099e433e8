"""Folding: nothing of a solution or of the instructor's notes shows where it should not."""

import cells
import nbformat
import pytest
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

SHOWN = [new_output("stream", name="stdout", text="the answer is 42")]


@pytest.fixture
def notebook():
    return new_notebook(
        cells=[
            new_code_cell(
                "# Solution 01.1\nhidden_line = 1",
                metadata={"tags": ["solution"], "slideshow": {"slide_type": "skip"}},
                outputs=SHOWN,
                execution_count=3,
            ),
            new_markdown_cell(
                "Timing: all 5.\n\nAsk *them*.", metadata={"slideshow": {"slide_type": "notes"}}
            ),
            new_code_cell("print(42)", outputs=SHOWN, execution_count=4),
        ]
    )


def test_a_solution_keeps_its_source_and_nothing_that_it_showed(notebook):
    cells.fold(notebook)
    solution, _, other = notebook.cells
    assert solution.source == "# Solution 01.1\nhidden_line = 1"
    assert solution.outputs == [] and solution.execution_count is None
    assert solution.metadata.jupyter == {"source_hidden": True, "outputs_hidden": True}
    assert solution.metadata.tags == ["solution"]
    assert other.outputs == SHOWN and other.execution_count == 4
    nbformat.validate(notebook)


def test_twice_is_once(notebook):
    cells.fold(notebook)
    once = nbformat.from_dict(notebook)
    cells.fold(notebook)
    assert notebook == once


@pytest.mark.parametrize("template", ["lab", "classic", "basic"])
def test_a_page_made_by_nbconvert_shows_neither_source_nor_output(notebook, template):
    """Nor do pages made with it elsewhere: nbviewer is one."""
    cells.fold(notebook)
    page, _ = HTMLExporter(template_name=template).from_notebook_node(notebook)
    assert "hidden_line" not in page
    assert page.count("the answer is 42") == 1  # that of the other cell
    assert "<details><summary>For the instructor</summary>" in page


def test_notes_are_folded_once_and_can_be_unfolded(notebook):
    notes = notebook.cells[1].source
    cells.fold(notebook)
    folded = notebook.cells[1].source
    assert folded == f"<details><summary>For the instructor</summary>\n\n{notes}\n\n</details>"
    assert cells.folded_notes(folded) == folded
    cells.open_notes(notebook)
    assert notebook.cells[1].source == notes
