"""Notebook 12 keeps its word: a short autograd, and nothing of PyTorch outside the marked cells."""

import math
import re

import nbformat
import numpy as np
import pytest

from course_utils.gradient_check import numerical_gradient
from course_utils.optional import PACKAGES


@pytest.fixture(scope="module")
def cells(root):
    notebook = nbformat.read(root / "notebooks" / "12_numpy_to_pytorch.ipynb", as_version=4)
    return {cell.id: cell for cell in notebook.cells if cell.cell_type == "code"}


def lines_of(cells, *names):
    source = "\n".join(cells[f"12-{name}"].source for name in names)
    return len([line for line in source.splitlines() if line.strip()])


def marked(cell):
    match = re.match(r"# needs (\w+)\n", cell.source)
    return match and match[1]


def test_the_autograd_has_at_most_40_lines(cells):
    assert lines_of(cells, "auto-value", "auto-functions", "auto-backward", "auto-walk") <= 40


def test_the_autograd_for_matrices_has_at_most_80_lines(cells):
    """With what it takes from the one for numbers."""
    parts = ("tensor-code", "tensor-broadcast", "tensor-loss", "tensor-back", "auto-backward")
    assert lines_of(cells, *parts) <= 80


@pytest.fixture
def autograd(cells):
    """The names that the autograd's cells define."""
    names = {"np": np, "math": math}
    for name in (
        "auto-value",
        "auto-functions",
        "auto-backward",
        "auto-walk",
        "tensor-code",
        "tensor-broadcast",
        "tensor-loss",
        "tensor-back",
    ):
        exec(cells[f"12-{name}"].source, names)
    return names


def test_leaves_add_up_from_call_to_call_and_what_was_computed_does_not(autograd):
    Value, backward = autograd["Value"], autograd["backward"]
    a, b = Value(2.0), Value(3.0)
    c = a * b
    result = c + 2 * c
    for call in (1, 2, 3):
        backward(result)
        assert (a.grad, b.grad, c.grad) == (9.0 * call, 6.0 * call, 3.0)


def test_a_long_sum_needs_no_deep_stack(autograd):
    Value, backward = autograd["Value"], autograd["backward"]
    term = Value(1.0)
    total = term
    for _ in range(20_000):
        total = total + term
    backward(total)
    assert term.grad == 20_001


@pytest.mark.parametrize("shapes", [((4, 3), (3,)), ((4, 3), (1, 3)), ((4, 3), (4, 1)), ((3,), ())])
def test_broadcasting_is_summed_on_the_way_back(autograd, shapes, rng):
    Tensor, backward_of = autograd["Tensor"], autograd["backward_of"]
    a, b = (Tensor(rng.normal(size=shape)) for shape in shapes)
    total = a + b
    weights = rng.normal(size=total.data.shape)
    result = Tensor(np.sum(weights * total.data), (total,), lambda g: (g * weights,))
    backward_of(result)
    for tensor, other in ((a, b), (b, a)):
        expected = numerical_gradient(
            lambda v, o=other: np.sum(weights * (v + o.data)), tensor.data
        )
        np.testing.assert_allclose(tensor.grad, expected, atol=1e-8)


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
