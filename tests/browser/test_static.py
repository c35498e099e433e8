"""The static decks of `make slides` open from a folder without any network, formulas and all.
Each is walked as the live one is, on the projector's screen.
"""

import time
from dataclasses import asdict

import nbformat
import pytest
import slides
from deck import PROJECTOR, Deck
from server import NOTEBOOKS

NAMES = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
REQUEST_INSIDE = ("file:", "data:", "blob:")


@pytest.fixture
def offline_page(chromium, console):
    """A page without a network; what it asks of one goes to `console`."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    page = context.new_page()

    def on_console(message):
        if message.type == "error":
            console.append(message.text)

    def on_request(request):
        if not request.url.startswith(REQUEST_INSIDE):
            console.append(f"asks for {request.url}")

    page.on("console", on_console)
    page.on("request", on_request)
    page.on("requestfailed", lambda request: console.append(f"misses {request.url}"))
    page.on("pageerror", lambda error: console.append(f"uncaught: {error}"))
    yield page
    context.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_deck_is_whole_without_network(name, static_folder, offline_page, console, report):
    started = time.perf_counter()
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    deck = Deck(offline_page).open(slides.build(NOTEBOOKS / name, static_folder).as_uri())
    shown = list(deck.walk([PROJECTOR]))
    seconds = time.perf_counter() - started
    print(f"{name}: {len(shown)} static slides in {seconds:.0f} s")
    report(f"static-{name[:2]}", {"seconds": round(seconds, 1), "slides": [*map(asdict, shown)]})

    found = [str(slide) for slide in shown if slide.problems]
    assert not found, "\n".join(["", *found])
    assert not console, console
    kinds = [cell.metadata.slideshow.slide_type for cell in notebook.cells]
    assert len(shown) == kinds.count("slide") + kinds.count("subslide")
    if any("$" in cell.source for cell in notebook.cells if cell.cell_type == "markdown"):
        assert offline_page.locator("mjx-container").count() > 0
    assert offline_page.locator(".jp-CodeCell").get_by_text("# Solution").count() == 0

    sources = offline_page.locator("img").evaluate_all("all => all.map(image => image.src)")
    for cell in notebook.cells:
        if "widget" in cell.metadata.get("tags", []):
            assert cell.outputs, f"{cell.id} has not been run"
            picture = cell.outputs[0].data["image/png"][:400].replace("\n", "")
            assert any(picture in source for source in sources), f"no picture of {cell.id}"


def test_a_deck_prints_one_page_a_slide(static_folder, offline_page):
    (path,) = NOTEBOOKS.glob("00*.ipynb")
    page = offline_page
    page.goto(slides.build(path, static_folder).as_uri() + "?print-pdf")
    page.wait_for_selector(".pdf-page section")
    pages = page.locator(".pdf-page").count()
    assert pages == page.locator(".pdf-page section:not(.stack)").count() >= 10
