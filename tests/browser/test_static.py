"""The static decks of `make slides` open from a folder without any network, formulas and all.
They are walked as the live ones are; the notebook without demos is left out to save time.
"""

import nbformat
import pytest
import slides
from deck import PROJECTOR, Deck
from server import NOTEBOOKS

WITH_DEMOS_AND_FORMULAS = ["02", "03"]
REQUEST_INSIDE = ("file:", "data:", "blob:")


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """The assets of the decks; a test that cannot get them fails with what is missing."""
    out = tmp_path_factory.mktemp("slides")
    slides.provide_assets(out)
    return out


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


@pytest.mark.parametrize("number", WITH_DEMOS_AND_FORMULAS)
def test_a_deck_is_whole_without_network(number, folder, offline_page, console):
    (path,) = NOTEBOOKS.glob(f"{number}*.ipynb")
    deck = Deck(offline_page).open(slides.build(path, folder).as_uri())
    found = [str(slide) for slide in deck.walk([PROJECTOR]) if slide.problems]
    assert not found, "\n".join(["", *found])
    assert not console, console
    assert offline_page.locator("mjx-container").count() > 20

    cells = nbformat.read(path, as_version=4).cells
    demos = [cell for cell in cells if "widget" in cell.metadata.get("tags", [])]
    pictures = [output.data["image/png"] for cell in demos for output in cell.outputs]
    sources = offline_page.locator("img").evaluate_all("all => all.map(image => image.src)")
    for picture in pictures:
        assert any(picture[:400].replace("\n", "") in source for source in sources)
    assert offline_page.get_by_text("# Solution").count() == 0


def test_a_deck_prints_one_page_a_slide(folder, offline_page):
    (path,) = NOTEBOOKS.glob("00*.ipynb")
    page = offline_page
    page.goto(slides.build(path, folder).as_uri() + "?print-pdf")
    page.wait_for_selector(".pdf-page section")
    pages = page.locator(".pdf-page").count()
    assert pages == page.locator(".pdf-page section:not(.stack)").count() >= 10
