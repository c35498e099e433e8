"""One JupyterLab server and one browser for all tests of this folder.
Run them with `make test-browser`; it says what is missing.
"""

import importlib.util
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REPORTS = ROOT / "build" / "browser"
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
]
# What jupyterlab-rise 0.43.1 says on its own for every notebook, whatever is in it.
KNOWN_MESSAGES = (
    re.compile(r"Maximum call stack size exceeded .*/static/rise/"),  # its toolbar, not shown
    re.compile(r"Refused to apply style from .*/files/\w+\.css"),  # styles of one notebook only
)

if importlib.util.find_spec("playwright") is None:
    collect_ignore_glob = ["test_*.py"]


def pytest_collection_modifyitems(items) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    from server import isolated_server

    with isolated_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="session")
def static_folder(tmp_path_factory):
    """The assets of the decks; a test that cannot get them fails with what is missing."""
    import slides

    out = tmp_path_factory.mktemp("slides")
    slides.provide_assets(out)
    return out


@pytest.fixture(scope="session")
def chromium():
    from find_browser import find_browser
    from playwright.sync_api import sync_playwright

    path = find_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def console() -> list[str]:
    """Errors that pages have written to the console, without those known of RISE."""
    return []


@pytest.fixture
def new_page(chromium, console) -> Iterator[Callable]:
    """Opens a page of 1280x720, whose errors go to `console`."""
    pages = []

    def note(text: str) -> None:
        if not any(known.search(text) for known in KNOWN_MESSAGES):
            console.append(text)

    def open_page():
        page = chromium.new_page(viewport={"width": 1280, "height": 720})
        pages.append(page)
        page.on(
            "console",
            lambda message: (
                note(f"{message.text} [{message.location.get('url', '')}]")
                if message.type == "error"
                else None
            ),
        )
        page.on("pageerror", lambda error: note(f"uncaught: {error}"))
        return page

    yield open_page
    for page in pages:
        page.close()


@pytest.fixture
def report() -> Callable[[str, object], None]:
    """Keeps what was measured in build/browser/NAME.json."""

    def write(name: str, values: object) -> None:
        REPORTS.mkdir(parents=True, exist_ok=True)
        text = json.dumps(values, indent=1, ensure_ascii=False)
        (REPORTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")

    return write
