"""axe-core finds nothing serious: in what JupyterLab shows of a notebook, on static slides, in the
index of the decks.
"""

import nbformat
import pytest
import slides
from deck import Deck
from server import NOTEBOOKS
from test_lab import open_lab

axe = pytest.importorskip("axe")

NAMES = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
# A page of slides has one heading a slide and no landmarks; its parts are the slides.
LEFT_OUT = ("region", "page-has-heading-one", "landmark-one-main")
LOADED_WITHIN_MS = 60_000
ALL_SHOWN = """
.reveal .slides section {
    display: block !important;
    visibility: visible !important;
    position: static !important;
}"""
ALL_SPOKEN = """document.querySelectorAll('section').forEach(slide => {
    slide.removeAttribute('hidden');
    slide.removeAttribute('aria-hidden');
})"""


@pytest.mark.parametrize("name", NAMES)
def test_what_jupyterlab_shows_of(name, server, new_page):
    """The course's part of the page: texts and outputs, with the pictures."""
    page = open_lab(server, new_page(), name)
    page.wait_for_function("[...document.images].every(image => image.complete)")
    notebook = nbformat.read(server.folder / name, as_version=4)
    pictures = sum(
        "image/png" in output.get("data", {})
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    )
    page.wait_for_function(
        "n => document.querySelectorAll('.jp-OutputArea img').length >= n",
        arg=pictures, timeout=LOADED_WITHIN_MS)  # fmt: skip
    texts = page.locator(".jp-OutputArea img").evaluate_all("all => all.map(image => image.alt)")
    assert all(text.strip() for text in texts), "a picture without a text"
    found = axe.findings(page, ".jp-OutputArea, .jp-MarkdownOutput", without=LEFT_OUT)
    assert not found, "\n".join(["", *found[:20]])
    server.end_kernels()


@pytest.mark.parametrize("name", NAMES)
def test_the_static_slides_of(name, static_folder, new_page):
    deck = Deck(new_page()).open(slides.build(NOTEBOOKS / name, static_folder).as_uri())
    # all slides at once: axe looks at what can be seen
    deck.page.add_style_tag(content=ALL_SHOWN)
    deck.page.evaluate(ALL_SPOKEN)
    found = axe.findings(deck.page, without=LEFT_OUT)
    assert not found, "\n".join(["", *found[:20]])


def test_the_index_of_the_decks(static_folder, new_page):
    paths = [NOTEBOOKS / name for name in NAMES[:3]]
    slides.write_index(paths, static_folder)
    page = new_page()
    page.goto((static_folder / "index.html").as_uri())
    assert not axe.findings(page, without=LEFT_OUT)
