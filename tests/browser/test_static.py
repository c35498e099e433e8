"""The static decks of `make slides` open from a folder without any network, formulas and all.
Each is walked as the live one is, on the projector's screen.
"""

import re
import time
from dataclasses import asdict

import nbformat
import pdf
import pytest
import slides
from deck import PROJECTOR, Deck
from folding import fold_notebook
from lesson import slides_of
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


def test_folded_code_opens_by_key_and_click(static_folder, offline_page):
    (path,) = NOTEBOOKS.glob("01*.ipynb")
    notebook = nbformat.read(path, as_version=4)
    fold_notebook(notebook)
    made = static_folder / path.name
    nbformat.write(notebook, made)
    deck = Deck(offline_page).open(slides.build(made, static_folder).as_uri())
    folded = offline_page.locator("details.course-folded").first
    place = deck.place_of(folded)
    deck.go(place)
    is_open = "details => details.open"
    offline_page.keyboard.press("c")
    assert folded.evaluate(is_open)
    offline_page.keyboard.press("c")
    assert not folded.evaluate(is_open)
    folded.locator("summary").focus()
    offline_page.keyboard.press("Enter")
    assert folded.evaluate(is_open)
    assert deck.place == place


@pytest.mark.parametrize("notes", [False, True], ids=["slides", "with notes"])
def test_the_pdf_is_tagged_and_its_pictures_speak(notes, static_folder, offline_page):
    (path,) = NOTEBOOKS.glob("02*.ipynb")
    deck = slides.build(path, static_folder)
    data = pdf.print_deck(offline_page, deck, notes).read_bytes()
    notebook = nbformat.read(path, as_version=4)
    assert len(re.findall(rb"/Type\s*/Page\b", data)) == len(slides_of(notebook))
    assert b"/StructTreeRoot" in data
    assert b"/Outlines" in data
    pictures = sum(
        "image/png" in o.get("data", {}) for c in notebook.cells for o in c.get("outputs", [])
    )
    assert data.count(b"/Alt") >= pictures
    assert data.count(b"/H2") >= 5
    width, height = map(int, re.search(rb"/MediaBox \[0 0 (\d+) (\d+)\]", data).groups())
    assert (width, height) == ((1440, 540) if notes else (960, 540))  # points: 1920 or 1280 px


def test_a_deck_prints_one_page_a_slide(static_folder, offline_page):
    (path,) = NOTEBOOKS.glob("00*.ipynb")
    page = offline_page
    page.goto(slides.build(path, static_folder).as_uri() + "?print-pdf")
    page.wait_for_selector(".pdf-page section")
    pages = page.locator(".pdf-page").count()
    assert pages == page.locator(".pdf-page section:not(.stack)").count() >= 10
