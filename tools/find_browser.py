"""Finds the browser of tests/browser: an installed Chromium or Chrome, or Playwright's own.
As a command it says what is missing and how to get it; it never installs anything.

    python tools/find_browser.py
"""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

# CHROMIUM names another one, such as CHROMIUM=/opt/brave/brave
COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)

NO_PLAYWRIGHT = """\
The package playwright is missing. Install it into .venv with
    make install EXTRAS=requirements-browser.txt"""
NO_BROWSER = """\
No Chromium or Chrome is installed. Get one, for example with
    sudo apt install chromium                    (Debian, Ubuntu)
    .venv/bin/python -m playwright install chromium    (anywhere, if the network lets it)
or name one that you have:  make test-browser CHROMIUM=/path/to/chrome"""


class BrowserMissing(Exception):
    """What is missing for a browser test, and how to get it."""


def installed_browser() -> str | None:
    """Path of a Chromium or Chrome on this machine, or None."""
    wanted = os.environ.get("CHROMIUM")
    for command in (wanted,) if wanted else COMMANDS:
        if found := shutil.which(command):
            return found
    return None


def playwrights_browser() -> str | None:
    """Path of the Chromium that Playwright downloaded, or None."""
    from playwright.sync_api import sync_playwright  # an optional package

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def find_browser() -> str:
    """Path of the browser to test with. Raises BrowserMissing."""
    if importlib.util.find_spec("playwright") is None:
        raise BrowserMissing(NO_PLAYWRIGHT)
    found = installed_browser() or playwrights_browser()
    if found is None:
        raise BrowserMissing(NO_BROWSER)
    return found


def main() -> int:
    try:
        print("browser:", find_browser())
    except BrowserMissing as missing:
        print(missing, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
