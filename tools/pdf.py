"""Prints static decks as tagged PDF: the slides, and the slides with the notes beside them.
It needs a Chromium or Chrome and the package playwright, as the browser tests do.

    python tools/pdf.py 05       # build/slides/05_optimizers.pdf and 05_optimizers-notes.pdf
"""

import argparse
import sys
from pathlib import Path

import slides
from execute import select
from find_browser import BrowserMissing, find_browser

PRINTS_WITHIN_MS = 120_000
NOTES_FONT, SMALLEST_NOTES_FONT = 20, 11  # px

# Reveal hides all slides but one from those who hear the page; a PDF would have no tags for them.
SPEAK_ALL = """() => {
    for (const slide of document.querySelectorAll('.reveal section')) {
        slide.removeAttribute('aria-hidden');
        slide.removeAttribute('hidden');
    }
}"""

# The page becomes half as wide again, and the notes of the slide stand in the new part.
NOTES_BESIDE = """([font, smallest]) => {
    const style = document.createElement('style');
    style.textContent = `
        @page { size: 1920px 720px; margin: 0; }
        html.reveal-print :is(body, .reveal, .reveal .slides)
            { width: 1920px !important; margin: 0 !important; left: 0 !important; }
        .reveal .slides .pdf-page { width: 1920px !important; height: 720px !important; }
        .reveal .slides .pdf-page > section { left: 0 !important; width: 1280px !important; }
        .course-notes { position: absolute; left: 1280px; top: 0; box-sizing: border-box;
            width: 640px; height: 720px; padding: 24px; overflow: hidden;
            border-left: 2px solid #999; text-align: left; color: #111; }
        .course-notes :is(.jp-InputPrompt, .jp-Collapser, .anchor-link) { display: none; }
        .course-notes :is(.jp-RenderedHTMLCommon, .jp-RenderedHTMLCommon :is(p, li, ul, ol))
            { font-size: inherit !important; line-height: 1.4; }`;
    document.head.append(style);
    for (const page of document.querySelectorAll('.pdf-page')) {
        const beside = document.createElement('div');
        beside.className = 'course-notes';
        for (const notes of page.querySelectorAll('aside.notes')) {
            const copy = document.createElement('div');
            copy.append(...[...notes.childNodes].map(node => node.cloneNode(true)));
            beside.append(copy);
        }
        page.append(beside);
        for (let size = font; size >= smallest; size--) {
            beside.style.fontSize = `${size}px`;
            if (beside.scrollHeight <= beside.clientHeight) break;
        }
    }
}"""


def print_deck(page, deck: Path, notes: bool) -> Path:
    """Print a built deck with a page of a browser; returns the path of the PDF."""
    page.goto(deck.as_uri() + "?print-pdf")
    page.wait_for_selector(".pdf-page section", timeout=PRINTS_WITHIN_MS)
    page.wait_for_function("[...document.images].every(image => image.complete)")
    page.evaluate(SPEAK_ALL)
    if notes:
        page.evaluate(NOTES_BESIDE, [NOTES_FONT, SMALLEST_NOTES_FONT])
    path = deck.with_name(f"{deck.stem}{'-notes' if notes else ''}.pdf")
    page.emulate_media(media="print")
    page.pdf(path=path, prefer_css_page_size=True, print_background=True, tagged=True, outline=True)
    return path


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description="Print decks as tagged PDF.")
    parser.add_argument("notebooks", nargs="*", help="number, beginning of the name, or path")
    options = parser.parse_args(arguments)
    try:
        paths, browser = select(options.notebooks), find_browser()
    except (FileNotFoundError, BrowserMissing) as problem:
        print(problem, file=sys.stderr)
        return 2
    if failed := slides.main(["build", *map(str, paths)]):
        return failed
    from playwright.sync_api import sync_playwright  # an optional package

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": 1280, "height": 720})
        for path in paths:
            for notes in (False, True):
                deck = slides.OUT / f"{path.stem}.html"
                print(print_deck(page, deck, notes), flush=True)
        chromium.close()
    slides.write_index(slides.built(), slides.OUT)  # now with links to the PDF
    return 0


if __name__ == "__main__":
    sys.exit(main())
