"""Walks through a deck of slides as a presenter does, and says what is wrong with each slide.
It works on live RISE decks and on the static ones: both are reveal.js.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Locator, Page
from playwright.sync_api import TimeoutError as TooLate

PROJECTOR = (1280, 720)
FULL_HD = (1920, 1080)
WIDE, ULTRA = (2560, 1440), (3840, 2160)
# px on a screen of 720 lines: 2.7% of the height of any other
SMALLEST_TEXT, SMALLEST_CODE = 20, 19.44
TOLERANCE = 2  # px, for borders and rounding
OPENS_WITHIN_MS = 120_000
MOVES_WITHIN_MS = 10_000
TRIES_AGAIN_AFTER_MS = 1_500
MOST_TRIES = 10
MOST_FRAGMENTS = 60

LIMITS = {"text": SMALLEST_TEXT, "code": SMALLEST_CODE, "tolerance": TOLERANCE}
STAGE = "html[data-course-stage=ready]"  # the course's layer over RISE is there
MEASURE = (Path(__file__).parent / "measure.js").read_text(encoding="utf-8")

# Indices (h, v) of all slides in their order; each slide of the notebooks is in a stack.
PLACES = """() => {
    const stacks = [...document.querySelectorAll('.reveal .slides > section')];
    return stacks.flatMap((stack, h) => {
        const slides = [...stack.querySelectorAll(':scope > section')];
        return slides.length ? slides.map((_, v) => [h, v]) : [[h, 0]];
    });
}"""
PLACE = """() => {
    const at = list => [...list].findIndex(slide => slide.classList.contains('present'));
    const stacks = document.querySelectorAll('.reveal .slides > section');
    const h = at(stacks);
    return [h, Math.max(0, h < 0 ? 0 : at(stacks[h].querySelectorAll(':scope > section')))];
}"""
FILLS_THE_PAGE = """([width, height]) => {
    const deck = document.querySelector('.reveal').getBoundingClientRect();
    return Math.round(deck.width) === width && Math.round(deck.height) === height;
}"""
PLACE_OF = """cell => {
    const own = section => [...section.parentElement.children]
        .filter(child => child.tagName === 'SECTION').indexOf(section);
    const slide = cell.closest('section'), stack = slide.parentElement;
    return stack.tagName === 'SECTION' ? [own(stack), own(slide)] : [own(slide), 0];
}"""
HIDDEN_FRAGMENTS = """() => {
    const slide = document.querySelector('section.present section.present')
        ?? document.querySelector('section.present');
    return slide.querySelectorAll('.fragment:not(.visible)').length;
}"""
# Waits until nothing has changed for a moment and all pictures are there, three seconds at most.
SETTLED = """quiet => new Promise(done => {
    const end = performance.now() + 3000;
    let changed = performance.now();
    const watch = new MutationObserver(() => { changed = performance.now(); });
    watch.observe(document.body, {subtree: true, childList: true, attributes: true});
    const look = () => {
        const now = performance.now();
        const loaded = [...document.images].every(image => image.complete);
        if ((now - changed > quiet && loaded) || now > end) {
            watch.disconnect();
            done(now <= end);
        } else setTimeout(look, 10);
    };
    look();
})"""


@dataclass(frozen=True)
class Slide:
    """What was found on one slide at one screen size, with all its fragments shown."""

    place: tuple[int, int]
    size: tuple[int, int]
    title: str
    problems: tuple[str, ...]
    room: int  # px between what is on the slide and its bottom edge
    text: float | None  # the smallest, in px of a screen of 720 lines
    code: float | None
    heading: bool
    claim_code: bool  # whether the code of a claim is to be seen

    def __str__(self) -> str:
        where = "slide {}.{} at {}x{}".format(*self.place, *self.size)
        return f"{where} ({self.title}): {'; '.join(self.problems) or 'fine'}"


class Deck:
    """The deck that a page shows."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, address: str) -> "Deck":
        """Load the deck and wait until its first slide, its formulas and pictures are there."""
        self.page.goto(address, timeout=OPENS_WITHIN_MS)
        ready = ".reveal.ready .slides section.present"
        self.page.wait_for_selector(ready, timeout=OPENS_WITHIN_MS, state="attached")
        if "/rise/" in address:
            self.page.wait_for_selector(STAGE, timeout=OPENS_WITHIN_MS, state="attached")
        self.settle(500)
        return self

    def settle(self, quiet_ms: int = 40) -> None:
        self.page.evaluate(SETTLED, quiet_ms)

    @property
    def places(self) -> list[tuple[int, int]]:
        return [tuple(place) for place in self.page.evaluate(PLACES)]

    @property
    def place(self) -> tuple[int, int]:
        return tuple(self.page.evaluate(PLACE))

    def place_of(self, cell: Locator) -> tuple[int, int]:
        """The slide that a cell is on."""
        return tuple(cell.evaluate(PLACE_OF))

    def go(self, place: tuple[int, int]) -> None:
        """Show a slide with all its fragments, one key press a fragment.

        Raises playwright's Error when the deck does not get there, or does not stay.
        """
        for _ in range(MOST_TRIES):
            self.page.evaluate("([h, v]) => { location.hash = `#/${h}/${v}`; }", list(place))
            there = f"at => String(({PLACE})()) === String(at)"
            if self._becomes(there, list(place), TRIES_AGAIN_AFTER_MS):
                break
            # the deck was still writing the address of the slide before, over this one
        for _ in range(MOST_FRAGMENTS):
            hidden = self.page.evaluate(HIDDEN_FRAGMENTS)
            if not hidden:
                break
            self.page.evaluate("document.activeElement?.blur()")
            self.page.keyboard.press("Space")
            self._becomes(f"before => ({HIDDEN_FRAGMENTS})() < before", hidden, MOVES_WITHIN_MS)
        if self.place != place:
            raise BrowserError(f"the deck is at {self.place}, expected {place}")
        self.settle()

    def _becomes(self, condition: str, value, timeout: float) -> bool:
        try:
            self.page.wait_for_function(condition, arg=value, timeout=timeout)
        except TooLate:
            return False
        return True

    where = PLACE  # the script that finds the place

    def resize_before_opening(self, size: tuple[int, int]) -> None:
        self.page.set_viewport_size({"width": size[0], "height": size[1]})

    def resize(self, size: tuple[int, int]) -> None:
        if self.page.viewport_size != {"width": size[0], "height": size[1]}:
            self.page.set_viewport_size({"width": size[0], "height": size[1]})
            self.page.wait_for_function(FILLS_THE_PAGE, arg=list(size))
            self.settle()

    def measure(self) -> Slide:
        """Look at the slide that is shown."""
        found = self.page.evaluate(MEASURE, LIMITS)
        size = self.page.viewport_size
        return Slide(
            self.place,
            (size["width"], size["height"]),
            found["title"],
            tuple(found["problems"]),
            found["room"],
            found["text"],
            found["code"],
            found["heading"],
            found["claimCode"],
        )

    def walk(self, sizes=(PROJECTOR, FULL_HD)) -> Iterator[Slide]:
        """Every slide at every size; a new size costs more than going to a slide again."""
        for size in sizes:
            self.resize(size)
            for place in self.places:
                self.go(place)
                yield self.measure()
