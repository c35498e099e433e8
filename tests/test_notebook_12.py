"""Notebook 12 keeps its word: a short autograd, and nothing of PyTorch outside the marked cells."""

import re

import nbformat
import pytest

from course_utils.optional import PACKAGES


@pytest.fixture(scope="module")
def cells(root):
    notebook = nbformat.read(root / "notebooks" / "12_numpy_to_pytorch.ipynb", as_version=4)
    return {cell.id: cell for cell in notebook.cells if cell.cell_type == "code"}


def marked(cell):
    match = re.match(r"# needs (\w+)\n", cell.source)
    return match and match[1]


def test_the_autograd_has_at_most_40_lines(cells):
    parts = [cells[f"12-auto-{name}"].source for name in ("value", "functions", "backward")]
    lines = [line for line in "\n".join(parts).splitlines() if line.strip()]
    assert len(lines) <= 40


def test_cells_that_need_a_package_say_so_and_are_compared_by_claims_only(cells):
    """nbval compares no output of a cell that may be left out, so its claims must speak."""
    for cell in cells.values():
        tags = cell.metadata.get("tags", [])
        uses_torch = re.search(r"\b(torch\.|nn\.|in_torch\(|lr_scheduler\.)", cell.source)
        if uses_torch:
            assert marked(cell) == "torch", cell.id
        if "WandbLogger(" in cell.source:
            assert marked(cell) == "wandb", cell.id
        if marked(cell):
            assert marked(cell) in PACKAGES, cell.id
            assert "nbval-ignore-output" in tags, cell.id


def test_it_is_stored_as_run_with_everything_installed(cells):
    for cell in cells.values():
        shown = "".join(output.get("text", "") for output in cell.outputs)
        assert "is not installed" not in shown, cell.id
        assert "left out" not in shown, cell.id


def test_without_pytorch_there_is_still_a_lesson(cells):
    claims = {name: 0 for name in ("with", "without")}
    for cell in cells.values():
        claims["with" if marked(cell) else "without"] += cell.source.count("claim(")
    assert claims["without"] >= 12
    assert claims["with"] >= 20
