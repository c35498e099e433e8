"""JupyterLab starts quietly, a notebook that is only opened stays as it is, Alt+R presents it."""

import re

from deck import STAGE, Deck
from demo import cell_at
from made import code, make, text

STARTS_WITHIN_MS = 120_000
QUIET_MS = 3_000
DIRTY = ".jp-mod-dirty"


def open_lab(server, page, name=""):
    """JupyterLab with one notebook, nothing restored; waits until the kernel is there."""
    tree = f"/tree/{name}" if name else ""
    page.goto(f"{server.address}/lab{tree}?token={server.token}&reset")
    page.locator(".jp-Launcher, .jp-NotebookPanel").first.wait_for(timeout=STARTS_WITHIN_MS)
    if name:
        idle = page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")
        idle.first.wait_for(timeout=STARTS_WITHIN_MS)
    return page


def test_the_first_start_asks_nothing(server, new_page):
    page = open_lab(server, new_page())
    page.wait_for_timeout(QUIET_MS)  # a question would come some time after the start
    assert page.locator(".Toastify__toast, .jp-Dialog").count() == 0


def test_the_names_of_the_notebooks_can_be_read(server, new_page):
    page = open_lab(server, new_page())
    names = page.locator(".jp-DirListing-itemText", has_text=".ipynb")
    names.first.wait_for(timeout=STARTS_WITHIN_MS)
    cut = names.evaluate_all("all => all.filter(e => e.scrollWidth > e.clientWidth + 1)"
                             ".map(e => e.textContent)")  # fmt: skip
    assert not cut
    assert names.count() >= 10


def test_make_lab_opens_the_first_notebook(root):
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    name = re.search(r"--LabApp\.default_url=/lab/tree/(\S+)", makefile)[1]
    assert (root / "notebooks" / name).is_file()


def test_a_notebook_that_was_only_opened_is_not_changed(server, new_page):
    (path,) = server.folder.glob("00_*.ipynb")
    before = path.read_bytes()
    page = open_lab(server, new_page(), path.name)
    page.wait_for_timeout(QUIET_MS)  # the kernel's name and version arrive after the kernel
    assert page.locator(DIRTY).count() == 0

    page.locator(".jp-Notebook .jp-Cell").nth(2).click()
    page.keyboard.press("Escape")
    with page.expect_popup(timeout=STARTS_WITHIN_MS) as opened:
        page.keyboard.press("Alt+r")
    opened.value.wait_for_selector(STAGE, timeout=STARTS_WITHIN_MS, state="attached")
    assert page.locator(DIRTY).count() == 0
    assert path.read_bytes() == before
    server.end_kernels()


def test_what_the_user_does_marks_it_changed_and_alt_r_shows_it(server, new_page):
    name = make(server, "lab.ipynb", text("# One"), text("## Two"), code("x = 1", "subslide"))
    page = open_lab(server, new_page(), name)
    cell = cell_at(page, 2)
    cell.locator(".cm-content").click()
    page.keyboard.press("End")
    page.keyboard.type("  # typed now")
    page.locator(DIRTY).first.wait_for(timeout=STARTS_WITHIN_MS)
    with page.expect_popup(timeout=STARTS_WITHIN_MS) as opened:
        page.keyboard.press("Alt+r")
    slides = opened.value
    slides.wait_for_selector(STAGE, timeout=STARTS_WITHIN_MS, state="attached")
    shown = slides.locator("section.present section.present")
    shown.get_by_text("# typed now").wait_for(timeout=STARTS_WITHIN_MS)
    assert Deck(slides).place == (1, 1), "it does not begin at the selected cell"
    server.end_kernels()


def test_figures_stand_on_a_white_card_in_the_dark_theme(server, new_page):
    (path,) = server.folder.glob("00_*.ipynb")
    page = open_lab(server, new_page(), path.name)
    page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    image = page.locator(".jp-OutputArea img").first
    image.scroll_into_view_if_needed()
    style = image.evaluate(
        "i => [getComputedStyle(i).backgroundColor, getComputedStyle(i).padding]"
    )
    assert style == ["rgb(255, 255, 255)", "8px"]
    server.end_kernels()
