"""Every demo is live in JupyterLab and on its slide: its picture follows the slider.
How long that takes is recorded in build/browser and printed; no test depends on it.
"""

from pathlib import Path
from statistics import median

import nbformat
import pytest
from deck import Deck
from demo import RUNS_WITHIN_MS, cell_at, move, run
from lab import CodeFailed
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from server import NOTEBOOKS

WANTED_MS = 200


def demos(path: Path) -> dict[int, str]:
    """The ids of the cells with the tag widget, by their index in the notebook."""
    cells = nbformat.read(path, as_version=4).cells
    return {i: cell.id for i, cell in enumerate(cells) if "widget" in cell.metadata.get("tags", [])}


NAMES = [path.name for path in sorted(NOTEBOOKS.glob("*.ipynb")) if demos(path)]


def run_code(server, name, start, end):
    """Run the code cells from start to before end in the kernel that the notebook's pages use."""
    with server.kernel_of(name) as kernel:
        for cell in nbformat.read(server.folder / name, as_version=4).cells[start:end]:
            if cell.cell_type == "code":
                try:
                    kernel.run(cell.source)
                except CodeFailed as problem:  # whether it is true is for nbval to tell
                    print(f"{cell.id}: {problem}")


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", NAMES)
def test_the_demos_follow_the_mouse_in(name, server, new_page, console, report):
    cells = demos(server.folder / name)
    times, problems = {}, []

    slides = Deck(new_page()).open(server.rise(name))
    done = 0
    for index, cell_id in cells.items():
        run_code(server, name, done, index)
        done = index
        cell = cell_at(slides.page, index)
        slides.go(slides.place_of(cell))
        run(cell)
        times[f"{cell_id} on a slide"] = move(cell)
        slides.settle()
        found = slides.measure()
        print(f"{cell_id} on a slide: {found.room} px are left below it")
        problems += [str(found)] if found.problems else []
    slides.page.close()

    page = new_page()
    page.goto(server.lab(name))
    for index, cell_id in cells.items():
        cell = cell_at(page, index)
        cell.wait_for(timeout=RUNS_WITHIN_MS)
        run(cell)
        times[f"{cell_id} in JupyterLab"] = move(cell)
    server.end_kernels()

    for place, milliseconds in times.items():
        slow = ", slower than wanted" if median(milliseconds) > WANTED_MS else ""
        print(f"{place}: {median(milliseconds):.0f} ms until the new picture{slow}")
    report(f"widgets-{name[:2]}", times)
    assert not problems, "\n".join(["", *problems])
    assert not console, "\n".join(["errors in the browser's console:", *console])


def test_a_cell_that_is_run_on_a_slide_shows_its_output(server, new_page, console):
    metadata = {"slideshow": {"slide_type": "-"}}
    cells = [
        new_markdown_cell("# Run", metadata={"slideshow": {"slide_type": "slide"}}),
        new_code_cell("print(6 * 7)", metadata=metadata),
        new_code_cell("# Solution\n43", metadata=metadata | {"jupyter": {"source_hidden": True}}),
    ]
    course = nbformat.read(NOTEBOOKS / "00_start_here.ipynb", as_version=4)
    notebook = new_notebook(cells=cells, metadata=course.metadata)
    nbformat.write(notebook, server.folder / "run.ipynb")

    deck = Deck(new_page()).open(server.rise("run.ipynb"))
    cell = cell_at(deck.page, 1)
    run(cell)
    cell.locator(".jp-OutputArea-output", has_text="42").wait_for(timeout=60_000)
    assert deck.place == (0, 0)
    assert not deck.page.get_by_text("Solution").is_visible()
    assert not console
    server.end_kernels()
