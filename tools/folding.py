"""Folds the code of claims and of figures, so that a slide shows their lines and their pictures.
One click opens it, in JupyterLab and on a slide. `make execute` does it for the notebooks it runs.

A cell whose claims stand at its end, behind code that teaches, is cut in two: ID and ID-claim.
"""

import ast
import re

from lesson import slide_type
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

# They are the student's, and the engine's.
NOT_TOUCHED = {"exercise", "check", "solution", "widget"}
PROOF = "claim"  # a part of the id of a cell that is there for its claims
MARK = "✓"


def is_claim(statement: ast.AST) -> bool:
    call = getattr(statement, "value", None) if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and getattr(call.func, "id", "") == "claim"


def is_constant(claim: ast.stmt) -> bool:
    """Whether the text of a claim is the same on every machine."""
    return bool(claim.value.args) and isinstance(claim.value.args[0], ast.Constant)


def is_silent(statement: ast.stmt) -> bool:
    """Whether it only prepares or makes claims: it defines nothing that teaches, prints nothing."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
        return False
    if isinstance(statement, ast.Expr) and not is_claim(statement):
        return False
    calls = [node.func for node in ast.walk(statement) if isinstance(node, ast.Call)]
    return not any(getattr(function, "id", "") == "print" for function in calls)


def is_figure(body: list[ast.stmt]) -> bool:
    """Whether a cell does nothing but draw: one call of a function of `plots`."""
    if len(body) != 1 or not isinstance(body[0], ast.Expr):
        return False
    function = getattr(body[0].value, "func", None)
    while isinstance(function, ast.Attribute):
        function = function.value
    return getattr(function, "id", "") == "plots"


def claims_begin(body: list[ast.stmt]) -> int | None:
    """Index of the first claim at the end of a cell: behind it there are only claims and what
    prepares them. None if the cell does not end so."""
    first = None
    for index in range(len(body) - 1, -1, -1):
        if not is_silent(body[index]):
            break
        if is_claim(body[index]):
            first = index
    return first


def fold(cell: NotebookNode) -> None:
    cell.metadata.setdefault("jupyter", {})["source_hidden"] = True


def parted_outputs(outputs: list[NotebookNode], claims_before: int) -> tuple[list, list]:
    """The outputs of a cell before its claims at the end, and from their first line on."""
    seen = 0
    for index, output in enumerate(outputs):
        lines = output.get("text", "").splitlines(keepends=True)
        marked = [n for n, line in enumerate(lines) if line.startswith(MARK)]
        seen += len(marked)
        if seen > claims_before:
            at = marked[claims_before - seen]
            parts = ["".join(lines[:at]), "".join(lines[at:])]
            before, after = (
                [new_output("stream", name=output.name, text=part)] if part else []
                for part in parts
            )
            return [*outputs[:index], *before], [*after, *outputs[index + 1 :]]
    return list(outputs), []


def parted(
    cell: NotebookNode, body: list[ast.stmt], first: int, taken: set[str]
) -> list[NotebookNode]:
    """A cell and, behind it, one with its claims, whose id is none of those taken."""
    lines = cell.source.splitlines()
    line = body[first].lineno - 1
    while line and lines[line - 1].lstrip().startswith("#"):
        line -= 1  # the comment above a claim belongs to it
    cell_id = f"{cell.id}-{PROOF}"
    while cell_id in taken:
        cell_id += "-too"
    needs = [lines[0]] if re.fullmatch(r"# needs \w+", lines[0]) else []  # an optional package
    kind = "skip" if slide_type(cell) == "skip" else "-"
    proof = new_code_cell(
        "\n".join([*needs, *lines[line:]]).strip(),
        id=cell_id,
        metadata={"slideshow": {"slide_type": kind}},
        execution_count=cell.execution_count,
    )
    constant = all(map(is_constant, filter(is_claim, body[first:])))
    if cell.metadata.get("tags") and (needs or not constant):
        proof.metadata["tags"] = list(cell.metadata.tags)
    cell.source = "\n".join(lines[:line]).strip()
    claims_before = sum(map(is_claim, body[:first]))
    cell.outputs, proof.outputs = parted_outputs(cell.outputs, claims_before)
    fold(proof)
    return [cell, proof]


def body_of(cell: NotebookNode) -> list[ast.stmt]:
    """The statements of a cell; none where it is not plain Python, such as a cell with a magic."""
    try:
        return ast.parse(cell.source).body
    except SyntaxError:
        return []


def folded(cell: NotebookNode, taken: set[str]) -> list[NotebookNode]:
    """A cell with its claims or its figure folded: one cell or two. It may be changed in place."""
    if cell.cell_type != "code" or NOT_TOUCHED & set(cell.metadata.get("tags", [])):
        return [cell]
    body = body_of(cell)
    named_so = PROOF in cell.id.split("-")
    inside = any(is_claim(node) for statement in body for node in ast.walk(statement))
    if is_figure(body) or (named_so and inside):
        fold(cell)
        return [cell]
    first = claims_begin(body)
    if first is None:
        return [cell]
    if first == 0:
        fold(cell)
        return [cell]
    return parted(cell, body, first, taken)


def fold_notebook(notebook: NotebookNode) -> None:
    """Fold what is to be folded, in place. A second time it changes nothing."""
    taken = {cell.id for cell in notebook.cells}
    notebook.cells = [part for cell in notebook.cells for part in folded(cell, taken)]
    count = 0
    for cell in notebook.cells:
        # solutions are stored as if they had not been run
        if cell.cell_type == "code" and cell.execution_count is not None:
            count += 1
            cell.execution_count = count
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = count
