"""The website, read from its folder as on a laptop without a network: at the width of a phone and
of a laptop nothing runs out of the page, all pictures and formulas are there, and all links lead
somewhere.
"""

from urllib.parse import unquote, urlsplit

import pytest

pytest.importorskip("sphinx")
axe = pytest.importorskip("axe")
site = pytest.importorskip("site_builder")

WIDTHS = {"phone": 390, "laptop": 1280}
PAGES = [
    "index",
    "glossary",
    "api",
    "search",
    *(f"lessons/{path.stem}" for path in site.select([])),
]
# The theme's own: its folded menus and its search button.
THEME = ("aria-allowed-role", "landmark-unique")
WIDER = """() => {
    const page = document.documentElement, found = [];
    if (page.scrollWidth > page.clientWidth + 1)
        for (const part of document.querySelectorAll("main *"))
            if (part.getBoundingClientRect().right > page.clientWidth + 1)
                found.push(`${part.tagName}.${part.className} ${part.innerText?.slice(0, 40)}`);
    return found.slice(0, 5);
}"""


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """The folder of the website, built without a warning."""
    return site.build(tmp_path_factory.mktemp("site"), strict=True).parent


def opened(page, folder, name):
    page.goto((folder / f"{name}.html").as_uri())
    if page.locator(".math").count():
        page.wait_for_selector("mjx-container", state="attached")
        page.wait_for_function("MathJax.startup.promise.then(() => true)")
    return page


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_missing_on(name, width, pages, new_page, console):
    page = new_page()
    page.set_viewport_size({"width": WIDTHS[width], "height": 800})
    opened(page, pages, name)
    assert page.evaluate(WIDER) == []
    broken = """[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"""
    assert page.evaluate(broken) == []
    assert page.evaluate("[...document.images].filter(i => !i.alt.trim()).map(i => i.src)") == []
    assert page.locator("[data-mjx-error]").count() == 0
    assert page.locator(".math").count() <= page.locator("mjx-container").count()
    assert not console


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious_on(name, pages, new_page):
    found = axe.findings(opened(new_page(), pages, name), without=THEME)
    assert not found, "\n".join(["", *found[:10]])


def test_all_links_within_the_website_lead_somewhere(pages, new_page):
    page, targets, links = new_page(), {}, []
    for name in PAGES:
        page.goto((pages / f"{name}.html").as_uri())
        file = unquote(urlsplit(page.url).path)
        targets[file] = set(page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)"))
        links += [(file, link) for link in page.evaluate("[...document.links].map(l => l.href)")]
    wrong = set()
    for file, link in links:
        parts = urlsplit(link)
        path, place = unquote(parts.path), unquote(parts.fragment)
        there = path in targets or (pages / path).is_file()
        known = not place or path not in targets or place in targets[path]
        if parts.scheme == "file" and not (there and known):
            wrong.add((file.rpartition("/")[2], link))
    assert not wrong


def test_solutions_and_claims_are_folded_and_notes_are_left_out(pages, new_page):
    page = opened(new_page(), pages, "lessons/02_backprop_by_hand")
    assert page.get_by_text("For the instructor").count() == 0
    solution = page.locator("details", has_text="# Solution 02.1").first
    assert solution.count() == 1 and solution.get_attribute("open") is None
    assert page.locator("a.reference[href*='glossary']").count() > 3


def test_search_finds_a_lesson_without_a_server(pages, new_page):
    page = new_page()
    page.goto((pages / "search.html").as_uri() + "?q=momentum")
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li a", has_text="Optimizers").count() >= 1


def test_the_website_is_small(pages):
    size = sum(file.stat().st_size for file in pages.rglob("*") if file.is_file())
    assert size < 80e6
