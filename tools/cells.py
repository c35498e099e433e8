"""What is folded in a notebook: solutions, with nothing stored that gives them away, and notes.

A solution is a cell tagged "solution", notes have the slide type "notes". `fold` is a step of
`make execute`, so nobody sets any of this by hand.
"""

import nbformat

SOLUTION = "solution"
NOTES_BEGIN = "<details><summary>For the instructor</summary>\n\n"
NOTES_END = "\n\n</details>"

# JupyterLab folds by the first two; nbconvert, and what is built on it, leaves out by the third.
FOLDED = {"jupyter": {"source_hidden": True, "outputs_hidden": True}}
LEFT_OUT = {"transient": {"remove_source": True}}


def is_solution(cell: nbformat.NotebookNode) -> bool:
    return SOLUTION in cell.metadata.get("tags", [])


def is_notes(cell: nbformat.NotebookNode) -> bool:
    return cell.metadata.get("slideshow", {}).get("slide_type") == "notes"


def fold(notebook: nbformat.NotebookNode) -> None:
    """Fold solutions and notes, in place; a second time changes nothing.

    A solution is stored as if it had not been run: where a page shows what is folded, there is
    no output to see.
    """
    for cell in notebook.cells:
        if is_solution(cell) and cell.cell_type == "code":
            cell.metadata.update(nbformat.from_dict(FOLDED | LEFT_OUT))
            cell.outputs, cell.execution_count = [], None
        elif is_notes(cell):
            cell.source = folded_notes(cell.source)


def folded_notes(text: str) -> str:
    """Notes within a fold that says whom they are for."""
    return NOTES_BEGIN + plain_notes(text) + NOTES_END


def plain_notes(text: str) -> str:
    """Notes without their fold, for a window or a page of notes."""
    return text.removeprefix(NOTES_BEGIN).removesuffix(NOTES_END).strip("\n")


def open_notes(notebook: nbformat.NotebookNode) -> None:
    """Take the notes out of their folds, in place: the speaker's window shows them at once."""
    for cell in notebook.cells:
        if is_notes(cell):
            cell.source = plain_notes(cell.source)
