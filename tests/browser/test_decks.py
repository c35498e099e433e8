"""Every notebook as a live deck: each slide with all its fragments fits both screens.
New notebooks are found by themselves.
"""

import time
from dataclasses import asdict

import pytest
from deck import Deck
from server import NOTEBOOKS

MOST_CLAIM_CODE = 0.05  # of the slides may show the code of a claim

NAMES = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))


@pytest.mark.parametrize("name", NAMES)
def test_every_slide_of(name, server, new_page, console, report):
    started = time.perf_counter()
    deck = Deck(new_page()).open(server.rise(name))
    slides = list(deck.walk())
    seconds = time.perf_counter() - started
    server.end_kernels()
    print(f"{name}: {len(slides) // 2} slides in {seconds:.0f} s")
    report(f"deck-{name[:2]}", {"seconds": round(seconds, 1), "slides": [*map(asdict, slides)]})

    assert len(slides) >= 10, f"only {len(slides) // 2} slides"
    found = [str(slide) for slide in slides if slide.problems]
    assert not found, "\n".join(["", *found])
    assert [slide.place for slide in slides if not slide.heading] == []
    with_claims = {slide.place for slide in slides if slide.claim_code}
    assert len(with_claims) <= max(1, MOST_CLAIM_CODE * len(slides) / 2), with_claims
    assert not console, "\n".join(["errors in the browser's console:", *console])
