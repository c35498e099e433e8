"""Claims and figures are folded: what is cut where, that nothing is lost, that it is done once."""

import ast
from pathlib import Path

import nbformat
import pytest
from execute import as_text
from folding import fold_notebook
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def cell(source, cell_id, slide_type="-", printed="", tags=()):
    outputs = [new_output("stream", name="stdout", text=printed)] if printed else []
    metadata = {"slideshow": {"slide_type": slide_type}}
    if tags:
        metadata["tags"] = list(tags)
    return new_code_cell(source, id=cell_id, metadata=metadata, outputs=outputs, execution_count=1)


def fold(*cells):
    notebook = new_notebook(cells=list(cells))
    fold_notebook(notebook)
    return notebook.cells


def is_folded(found):
    return found.metadata.get("jupyter", {}).get("source_hidden", False)


def test_a_cell_of_claims_is_folded_whole():
    (found,) = fold(cell('claim("a", True)\nclaim("b", True)', "02-end"))
    assert is_folded(found)
    (found,) = fold(cell('x = work()\nprint(x)\nclaim("a", x > 0)', "02-x-claim"))
    assert is_folded(found)
    (found,) = fold(cell('for n in range(3):\n    claim("a", n >= 0)', "02-x-claim"))
    assert is_folded(found)


def test_claims_behind_code_that_teaches_get_a_cell_of_their_own():
    source = 'def f(x):\n    return x\n\n\ny = f(2)\nprint(y)\n# why\nclaim("a", y == 2)\n'
    source += 'z = f(3)\nclaim("b", z == 3)'
    code, proof = fold(cell(source, "02-f", "fragment", "2\n✓ a\n✓ b\n"))
    assert not is_folded(code)
    assert code.source.endswith("print(y)")
    assert "".join(o.text for o in code.outputs) == "2\n"
    assert is_folded(proof)
    assert proof.id == "02-f-claim"
    assert proof.source.startswith("# why\nclaim(")
    assert proof.outputs[0].text == "✓ a\n✓ b\n"
    assert proof.metadata.slideshow.slide_type == "-"
    assert [code.execution_count, proof.execution_count] == [1, 2]


def test_a_claim_in_the_middle_stays_where_it_is():
    source = 'print(1)\nclaim("a", True)\nprint(2)\nclaim("b", True)'
    code, proof = fold(cell(source, "02-f", printed="1\n✓ a\n2\n✓ b\n"))
    assert code.source.count("claim(") == proof.source.count("claim(") == 1
    assert code.outputs[0].text == "1\n✓ a\n2\n"
    assert proof.outputs[0].text == "✓ b\n"


def test_the_new_cell_keeps_what_it_needs_and_takes_no_id_twice():
    source = '# needs torch\nx = 1\nprint(x)\nclaim("a", x == 1)'
    _, proof, _ = fold(cell(source, "12-x", "skip"), cell("y = 2", "12-x-claim"))
    assert proof.source.startswith("# needs torch\nclaim(")
    assert proof.id == "12-x-claim-too"
    assert proof.metadata.slideshow.slide_type == "skip"


@pytest.mark.parametrize(("text", "kept"), [('"the same"', False), ('f"took {x} s"', True)])
def test_a_claim_is_compared_unless_its_text_depends_on_the_machine(text, kept):
    source = f"x = clock()\nprint(x)\nclaim({text}, x > 0)"
    _, proof = fold(cell(source, "02-x", tags=["nbval-ignore-output"]))
    assert ("nbval-ignore-output" in proof.metadata.get("tags", [])) is kept


def test_a_call_that_only_draws_is_folded_and_code_that_leads_to_it_is_not():
    drawn = cell('plots.curves(runs, "It falls")', "02-figure")
    computed = cell('runs = train()\nplots.curves(runs, "It falls")', "02-run")
    demo = cell("widgets.Demo()", "02-demo", tags=["widget"])
    assert [is_folded(found) for found in fold(drawn, computed, demo)] == [True, False, False]


@pytest.mark.parametrize("tag", ["exercise", "check", "solution"])
def test_what_is_the_students_is_not_touched(tag):
    source = 'x = 1\nprint(x)\nclaim("a", True)'
    (found,) = fold(cell(source, "02-x", tags=[tag]))
    assert found.source == source
    assert not is_folded(found)


@pytest.mark.parametrize("source", ["%%time\nclaim('a', True)", "!ls", "train?", ""])
def test_cells_that_are_not_plain_python_stay_as_they_are(source):
    (found,) = fold(cell(source, "02-x"))
    assert found.source == source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_nothing_is_lost_and_a_second_time_changes_nothing(path):
    before = nbformat.read(path, as_version=4)
    notebook = nbformat.read(path, as_version=4)
    fold_notebook(notebook)
    nbformat.validate(notebook)
    assert _statements(notebook) == _statements(before)
    once = as_text(notebook)
    fold_notebook(notebook)
    assert as_text(notebook) == once


def _statements(notebook):
    """All statements of a notebook, in order, however they are cut into cells."""
    return [
        ast.dump(statement)
        for found in notebook.cells
        if found.cell_type == "code"
        for statement in ast.parse(found.source).body
    ]


def test_text_cells_are_left_alone():
    (found,) = fold(new_markdown_cell("claim(...)"))
    assert found.source == "claim(...)"
