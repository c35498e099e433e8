"""The walker finds what is wrong on decks made for it, and nothing on a good one.
Each made slide has one fault, named by the slide's heading.
"""

import re

import nbformat
import pytest
from deck import FULL_HD, PROJECTOR, Deck
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
WIDE = '<div style="width: {}px; height: 40px; background: #ddd">wide</div>'
HIGH = '<div style="width: 40px; height: {}px; background: #ddd">high</div>'


def display(html):
    return [new_output("display_data", {"text/html": html})]


def slide(text, html=None, slide_type="slide"):
    """A slide with a heading and, below it, one output."""
    metadata = {"slideshow": {"slide_type": slide_type}}
    cells = [new_markdown_cell(text, metadata=metadata)]
    if html:
        below = {"slideshow": {"slide_type": "-"}, "jupyter": {"source_hidden": True}}
        cells.append(new_code_cell("x", metadata=below, outputs=display(html)))
    return cells


@pytest.fixture
def walk(server, new_page, root):
    """Walks a deck made of some slides; returns what was found, by place."""
    course = nbformat.read(next((root / "notebooks").glob("00*.ipynb")), as_version=4)

    def walk_cells(slides, sizes=(PROJECTOR,)):
        notebook = new_notebook(cells=[cell for cells in slides for cell in cells])
        notebook.metadata = {name: course.metadata[name] for name in ("kernelspec", "rise")}
        nbformat.write(notebook, server.folder / "made.ipynb")
        found = list(Deck(new_page()).open(server.rise("made.ipynb")).walk(sizes))
        server.end_kernels()
        return found

    return walk_cells


FAULTS = {
    "runs off the right edge": (WIDE.format(1600), r"off the right edge"),
    "runs off the bottom edge": (HIGH.format(900), r"off the bottom edge"),
    "a box that scrolls down": (
        f'<div style="height: 100px; overflow-y: auto">{HIGH.format(300)}</div>',
        r"hides \d+ px below",
    ),
    "a box that scrolls sideways": (
        f'<div style="width: 300px; overflow-x: auto">{WIDE.format(700)}</div>',
        r"hides \d+ px right",
    ),
    "a box that cuts": (
        f'<div style="height: 100px; overflow: hidden">{HIGH.format(300)}</div>',
        r"hides \d+ px below",
    ),
    "text that is too small": ('<p style="font-size: 14px">small</p>', r"14 px: small"),
    "code that is too small": (
        '<pre style="font-size: 12px !important"><span style="font-size: 12px">x</span></pre>',
        r"12 px: x",
    ),
    "pale text": ('<p style="font-size: 24px; color: #bbb">pale</p>', r"contrast 1\.\d: pale"),
    "pale text on color": (
        '<p style="font-size: 20px; color: white; background: #e69f00">on orange</p>',
        r"contrast 2\.\d: on orange",
    ),
    "a picture without a text": (
        f'<img src="data:image/png;base64,{DOT}" width="50" height="50">',
        r"a picture without a text",
    ),
    "a control without a name": (
        '<button style="width: 30px; height: 30px"></button>',  # JupyterLab takes roles out
        r"a control without a name: button",
    ),
    "a picture that is missing": (
        '<img src="data:image/png;base64,AAAA" width="50" height="50">',
        r"does not load",
    ),
}


def problems_of(found):
    return {slide.title.rstrip("¶"): slide.problems for slide in found}


def test_each_fault_is_found_and_nothing_on_a_good_slide(walk):
    slides = [slide(f"## {title}", html) for title, (html, _) in FAULTS.items()]
    found = problems_of(walk([*slides, slide("## nothing wrong", WIDE.format(300))]))
    assert found.pop("nothing wrong") == ()
    assert found.keys() == FAULTS.keys()
    for title, (_, expected) in FAULTS.items():
        assert any(re.search(expected, problem) for problem in found[title]), (title, found[title])


def test_an_empty_slide_is_found(walk):
    found = walk([slide("## first"), slide("&nbsp;"), slide("## last")])
    assert [slide.problems for slide in found] == [(), ("empty",), ()]


def test_formulas_with_errors_and_raw_formulas_are_found(walk):
    found = walk([slide(r"## wrong $\frac{1}{$"), slide("## raw $$x^2"), slide("## $x^2$")])
    wrong, raw, good = (slide.problems for slide in found)
    assert "formula with an error" in wrong[0] or "not typeset" in wrong[0]
    assert "not typeset" in raw[0]
    assert good == ()


def test_a_fault_in_a_fragment_is_found(walk):
    fragments = slide("too high " * 400, slide_type="fragment")
    (found,) = walk([[*slide("## one"), *slide("two", slide_type="fragment"), *fragments]])
    assert any("off the bottom edge" in problem for problem in found.problems)


def test_a_larger_screen_shows_the_same_slide_larger(walk):
    sizes = (PROJECTOR, FULL_HD, (1024, 768))
    found = walk([slide("## wide", WIDE.format(1500)), slide("## fits")], sizes)
    assert [bool(slide.problems) for slide in found] == [True, False] * 3
    assert [slide.text for slide in found[1::2]] == pytest.approx([36, 36, 36 * 0.75], rel=0.01)


def test_a_good_deck_has_no_problem(walk):
    source = "for i in range(3):\n    print(i)  # a comment"
    output = [new_output("stream", name="stdout", text="0\n1\n2\n")]
    below = {"slideshow": {"slide_type": "subslide"}}
    slides = [
        slide("# Title\n\nText with $\\alpha = \\frac{1}{2}$ and `code`."),
        slide("## A list\n\n- one\n- two", WIDE.format(1000)),
        slide("*later*", slide_type="fragment"),
        [new_code_cell(source, metadata=below, outputs=output)],
        slide("hidden from the deck " * 500, slide_type="skip"),
        slide("notes " * 500, slide_type="notes"),
    ]
    found = walk(slides, (PROJECTOR, FULL_HD))
    assert len(found) == 2 * 3
    assert not [str(slide) for slide in found if slide.problems]


def test_a_solution_that_shows_is_found(walk):
    metadata = {"slideshow": {"slide_type": "-"}, "tags": ["solution"]}
    shown = new_code_cell("# Solution\nx = 1", metadata=metadata)
    hidden = new_code_cell("# Solution\nx = 1", metadata=metadata | {"jupyter": {}})
    hidden.metadata.jupyter = {"source_hidden": True}
    found = walk([[*slide("## shown"), shown], [*slide("## hidden"), hidden]])
    assert [slide.problems for slide in found] == [("a solution is to be seen",), ()]
