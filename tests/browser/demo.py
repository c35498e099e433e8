"""Runs the cell of a demo as its reader does, moves its control, and watches its picture.
The same in JupyterLab and on a slide.
"""

from playwright.sync_api import Locator, Page
from playwright.sync_api import TimeoutError as TooLate

RUNS_WITHIN_MS = 180_000
CHANGES_WITHIN_MS = 20_000
WHILE_DRAGGING_MS = 3_000  # after this the slider is taken for one that reports when it is let go
SLIDER, PAD = ".noUi-base", ".course-drawing-pad canvas"
# Fractions of the slider's track, each far from the one before
STOPS = (0.15, 0.85, 0.4, 0.7, 0.25)
QUIET_MS = 300

# Notes for each new picture whose pixels differ the milliseconds since the reader did something.
WATCH = """image => {
    const pixels = () => {
        const canvas = document.createElement('canvas');
        canvas.width = image.naturalWidth;
        canvas.height = image.naturalHeight;
        const context = canvas.getContext('2d', {willReadFrequently: true});
        context.drawImage(image, 0, 0);
        return context.getImageData(0, 0, canvas.width, canvas.height).data;
    };
    let before = pixels(), moved = 0;
    window.pictureChanges = [];
    const touched = () => { moved = performance.now(); };
    addEventListener('pointermove', touched, true);
    addEventListener('pointerup', touched, true);
    addEventListener('change', touched, true);
    image.addEventListener('load', () => {
        const milliseconds = performance.now() - moved, now = pixels();
        if (now.length !== before.length || now.some((value, i) => value !== before[i]))
            window.pictureChanges.push(Math.round(milliseconds));
        before = now;
    });
}"""


def cell_at(page: Page, index: int) -> Locator:
    """The cell with this index in the notebook, in Lab or on a slide."""
    return page.locator(f".jp-Notebook .jp-Cell[data-windowed-list-index='{index}']").first


def run(cell: Locator) -> None:
    """Select a code cell with the mouse and run it with Ctrl+Enter."""
    cell.scroll_into_view_if_needed()
    cell.locator(".jp-InputArea-editor").click(position={"x": 5, "y": 5})
    cell.page.keyboard.press("Escape")
    cell.page.keyboard.press("Control+Enter")


def move(cell: Locator) -> list[int]:
    """Drag the first slider of a running demo to five places, or draw five strokes on its pad.

    A demo that has neither gets another word of its first list chosen. Returns the milliseconds
    from the reader's action to the new picture, one for each. Raises playwright's TimeoutError
    when no demo appears or its picture does not change.
    """
    page = cell.page
    picture = cell.locator(".course-demo img.course-demo-picture")
    picture.wait_for(timeout=RUNS_WITHIN_MS)
    any_control = cell.locator(f".course-demo :is({SLIDER}, {PAD}, select)").first
    any_control.wait_for(timeout=RUNS_WITHIN_MS)
    page.wait_for_timeout(QUIET_MS)  # the page moves a little when the output has come
    picture.evaluate(WATCH)
    draggable = cell.locator(f".course-demo :is({SLIDER}, {PAD})")
    if draggable.count():
        return drag(draggable.first)
    return choose(cell.locator(".course-demo select").first)


def drag(control: Locator) -> list[int]:
    page = control.page
    control.scroll_into_view_if_needed()
    start, *stops = places_on(control)
    page.mouse.move(*start)
    page.mouse.down()
    times = []
    for stop in stops:
        seen = page.evaluate("pictureChanges.length")
        page.mouse.move(*stop)
        try:
            wait_for_change(page, seen, WHILE_DRAGGING_MS)
        except TooLate:
            page.mouse.up()
            wait_for_change(page, seen, CHANGES_WITHIN_MS)
            page.mouse.down()
        times.append(page.evaluate("seen => pictureChanges[seen]", seen))
        page.wait_for_timeout(QUIET_MS)
    page.mouse.up()
    return times


def choose(words: Locator) -> list[int]:
    page, times = words.page, []
    for index in range(1, min(len(STOPS), words.locator("option").count() - 1) + 1):
        seen = page.evaluate("pictureChanges.length")
        words.select_option(index=index)
        wait_for_change(page, seen, CHANGES_WITHIN_MS)
        times.append(page.evaluate("seen => pictureChanges[seen]", seen))
    return times


def places_on(control: Locator) -> list[tuple[float, float]]:
    """Where the mouse goes down, and the stops on its way."""
    box = control.bounding_box()
    handle = control.locator(".noUi-handle")
    if handle.count():
        knob = handle.first.bounding_box()
        height = knob["y"] + knob["height"] / 2
        along = [(box["x"] + stop * box["width"], height) for stop in STOPS]
        return [(knob["x"] + knob["width"] / 2, height), *along]
    corners = [(0.3, 0.2), (0.7, 0.2), (0.3, 0.5), (0.7, 0.5), (0.3, 0.8), (0.7, 0.8)]
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]


def wait_for_change(page: Page, seen: int, timeout: float) -> None:
    changed = "seen => pictureChanges.length > seen"
    page.wait_for_function(changed, arg=seen, timeout=timeout, polling=20)
