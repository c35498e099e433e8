"""What a notebook says of itself as a lesson: its title, its minutes, its slides."""

import re

from nbformat import NotebookNode

NEW_SLIDE = ("slide", "subslide")
NOT_SHOWN = ("skip", "notes")


def title_of(notebook: NotebookNode) -> str:
    """The heading of the first cell, without its mark and the number of the notebook."""
    heading = notebook.cells[0].source.partition("\n")[0].lstrip("# ").strip()
    return re.sub(r"^\d\d · ", "", heading)


def minutes_of(notebook: NotebookNode) -> int:
    """How long the lesson takes, from its first cell; 0 if that does not say it."""
    found = re.search(r"(\d+) minutes", notebook.cells[0].source)
    return int(found[1]) if found else 0


def slide_type(cell: NotebookNode) -> str:
    return cell.metadata.get("slideshow", {}).get("slide_type", "-")


def slides_of(notebook: NotebookNode) -> list[list[NotebookNode]]:
    """The cells of each slide, without those that are not shown."""
    slides: list[list[NotebookNode]] = []
    for cell in notebook.cells:
        kind = slide_type(cell)
        if kind in NEW_SLIDE or not slides:
            slides.append([])
        if kind not in NOT_SHOWN:
            slides[-1].append(cell)
    return slides
