"""The pad of the filter demo on a slide: the mouse paints, the keys count, the kernel knows."""

import nbformat
from deck import Deck
from demo import WATCH, cell_at, run, wait_for_change
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from server import NOTEBOOKS

CODE = """
import numpy as np
from course_utils import widgets
photos = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype(np.uint8)
demo = widgets.FilterExplorer(photos)
demo
"""
KNOWN = """
assert demo.settings["filter"] == "your own"
assert demo.settings["weights"].tolist() == [[2, 2, 2], [-1, -1, 1], [-1, 0, 1]]
"""
SHOWS = 20_000


def test_the_mouse_paints_and_the_keyboard_counts(server, new_page, console):
    slide = {"slideshow": {"slide_type": "-"}}
    cells = [
        new_markdown_cell("# Paint", metadata={"slideshow": {"slide_type": "slide"}}),
        new_code_cell(CODE.strip(), metadata=slide),
    ]
    course = nbformat.read(NOTEBOOKS / "00_start_here.ipynb", as_version=4)
    nbformat.write(
        new_notebook(cells=cells, metadata=course.metadata), server.folder / "paint.ipynb"
    )
    deck = Deck(new_page()).open(server.rise("paint.ipynb"))
    page, cell = deck.page, cell_at(deck.page, 1)
    run(cell)
    squares = cell.locator(".course-filter-squares button")
    squares.first.wait_for(timeout=180_000)
    cell.locator("img.course-demo-picture").evaluate(WATCH)

    cell.locator(".course-filter-brushes button", has_text="2").first.click()
    first, last = squares.nth(0).bounding_box(), squares.nth(2).bounding_box()
    page.mouse.move(first["x"] + 20, first["y"] + 20)
    page.mouse.down()
    page.mouse.move(last["x"] + 20, last["y"] + 20, steps=12)
    page.mouse.up()
    wait_for_change(page, 0, SHOWS)
    assert [square.inner_text() for square in squares.all()[:3]] == ["2", "2", "2"]

    seen = page.evaluate("pictureChanges.length")
    squares.nth(4).focus()
    page.keyboard.press("-")
    wait_for_change(page, seen, SHOWS)
    assert squares.nth(4).get_attribute("aria-label") == "row 2, column 2: -1"
    assert deck.place == (0, 0), "painting is no swipe to the next slide"

    with server.kernel_of("paint.ipynb") as kernel:
        kernel.run(KNOWN)
    assert not console
    server.end_kernels()
