"""What the guide for instructors promises of a live deck: it fills any screen, its keys work from
the first second, long output can be reached, the code of claims opens.
"""

import base64
import io

import pytest
from deck import FULL_HD, PROJECTOR, ULTRA, WIDE, Deck
from demo import RUNS_WITHIN_MS, SLIDER, cell_at, move
from made import FOLDED, code, make, text
from nbformat.v4 import new_output
from PIL import Image
from test_widgets import demos, run_code

SIZES = [PROJECTOR, FULL_HD, WIDE, ULTRA]
WAITS_MS = 20_000


def tall_picture():
    """A gray PNG of 400x520 pixels."""
    buffer = io.BytesIO()
    Image.new("L", (400, 520), 200).save(buffer, "png")
    return base64.b64encode(buffer.getvalue()).decode()


TALL = tall_picture()
CLAIM = code(
    'claim("two and two is four", 2 + 2 == 4)',
    outputs=[new_output("stream", name="stdout", text="✓ two and two is four\n")],
    **FOLDED,
)


@pytest.fixture
def made(server, new_page):
    """Opens a deck of some cells; its kernel ends with the test."""

    def open_deck(*cells, size=PROJECTOR):
        name = make(server, "made.ipynb", *cells)
        deck = Deck(new_page())
        deck.resize_before_opening(size)
        return deck.open(server.rise(name))

    yield open_deck
    server.end_kernels()


def wait(page, condition, argument=None):
    page.wait_for_function(condition, arg=argument, timeout=WAITS_MS)


def at(deck, place):
    here = f"([h, v]) => String(({deck.where})()) === String([h, v])"
    wait(deck.page, here, list(place))


# ---------------------------------------------------------------- it fills the screen


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_a_demo_fills_the_screen_and_obeys_mouse_and_keys(size, server, new_page, console):
    (path,) = server.folder.glob("00_*.ipynb")
    index = next(iter(demos(path)))
    run_code(server, path.name, 0, index)
    deck = Deck(new_page())
    deck.resize_before_opening(size)
    deck.open(server.rise(path.name))
    cell = cell_at(deck.page, index)
    place = deck.place_of(cell)
    deck.go(place)
    deck.page.keyboard.press("Control+Enter")  # without a click anywhere
    times = move(cell)
    assert len(times) == 5
    found = deck.measure()
    assert not found.problems, str(found)
    assert found.text >= 20

    # the handle is where the mouse has let it go
    handle, track = cell.locator(".noUi-handle").first, cell.locator(SLIDER).first.bounding_box()
    low, high = (float(handle.get_attribute(f"aria-value{end}")) for end in ("min", "max"))
    knob = handle.bounding_box()
    deck.page.mouse.move(knob["x"] + knob["width"] / 2, knob["y"] + knob["height"] / 2)
    deck.page.mouse.down()
    deck.page.mouse.move(track["x"] + 0.6 * track["width"], track["y"])
    deck.page.mouse.up()
    value = float(handle.get_attribute("aria-valuenow"))
    assert value == pytest.approx(low + 0.6 * (high - low), abs=0.03 * (high - low))

    # keys on a focused control are for the control
    handle.focus()
    deck.page.keyboard.press("ArrowRight")
    wait(deck.page, "([e, v]) => e.getAttribute('aria-valuenow') != v",
         [handle.element_handle(), str(value)])  # fmt: skip
    cell.get_by_role("button", name="Reset").focus()
    deck.page.keyboard.press("Space")
    picture = cell.locator("img.course-demo-picture")
    assert deck.place == place
    assert len(picture.get_attribute("alt")) > 60
    assert handle.get_attribute("aria-label")
    assert not console, "\n".join(console)
    server.end_kernels()


# ---------------------------------------------------------------- keys


TURNS = {
    "End": (6, 0),
    "Home": (0, 0),
    "Space": (1, 0),
    "Shift+Space": (0, 0),
    "ArrowRight": (1, 0),
    "PageDown": (2, 0),
    "PageUp": (1, 0),
}


def test_keys_work_from_the_first_second(made, console):
    slides = [text(f"# Slide {n}" if n == 1 else f"## Slide {n}") for n in range(1, 8)]
    slides.insert(1, text("Say hello first.", "notes"))
    deck = made(*slides)
    page = deck.page

    page.keyboard.press("w")  # nobody has clicked anywhere
    thumbnails = page.locator("dialog.overview button")
    thumbnails.first.wait_for(timeout=WAITS_MS)
    assert thumbnails.count() == 7
    screen = page.viewport_size
    boxes = [thumbnail.bounding_box() for thumbnail in thumbnails.all()]
    assert all(box["width"] >= 200 and box["x"] + box["width"] <= screen["width"] for box in boxes)
    assert "Slide 4" in thumbnails.nth(3).inner_text()
    thumbnails.nth(3).click()
    at(deck, (3, 0))

    for key, place in TURNS.items():
        page.keyboard.press(key)
        at(deck, place)

    page.keyboard.press("?")
    help_box = page.locator("dialog.help")
    help_box.wait_for(timeout=WAITS_MS)
    for key in ("Ctrl+Enter", "W", "T", "F", "C"):
        assert help_box.locator("kbd", has_text=key).count(), key
    page.keyboard.press("Escape")
    help_box.wait_for(state="detached", timeout=WAITS_MS)
    assert deck.place == (1, 0)

    page.keyboard.press("f")
    wait(page, "() => Boolean(document.fullscreenElement)")
    page.keyboard.press("f")
    wait(page, "() => !document.fullscreenElement")

    page.keyboard.press("Home")
    at(deck, (0, 0))
    with page.expect_popup(timeout=WAITS_MS) as opened:
        page.keyboard.press("t")
    notes = opened.value
    notes.get_by_text("Say hello first.").wait_for(timeout=WAITS_MS)
    heading = notes.locator(".pictures h1")
    shown = heading.evaluate("h => parseFloat(getComputedStyle(h).fontSize) * h.currentCSSZoom")
    assert shown > 15, "the slide in the notes has no style, or is too small"
    assert "Slide 2" in notes.locator(".pictures small").inner_text()
    notes.keyboard.press("Space")
    at(deck, (1, 0))
    notes.get_by_text("2 of 7").wait_for(timeout=WAITS_MS)
    assert not console, "\n".join(console)


def test_cells_run_without_a_click_and_shift_enter_goes_on(made):
    first = code("print(6 * 7)")
    deck = made(text("# One"), first, text("## Two"), code("print('second')"))
    deck.page.keyboard.press("Control+Enter")
    cell_at(deck.page, 1).get_by_text("42").wait_for(timeout=RUNS_WITHIN_MS)
    assert deck.place == (0, 0)
    deck.page.keyboard.press("Shift+Enter")
    at(deck, (1, 0))
    deck.page.keyboard.press("Control+Enter")
    output = cell_at(deck.page, 3).locator(".jp-OutputArea-output", has_text="second")
    output.wait_for(timeout=RUNS_WITHIN_MS)


def test_keys_in_an_editor_are_text(made):
    deck = made(text("# One"), code("x = 1"), text("## Two"))
    deck.page.locator(".jp-CodeCell .cm-content").first.click()
    deck.page.keyboard.press("End")
    deck.page.keyboard.type("  # wt?")
    assert "wt?" in deck.page.locator(".jp-CodeCell .cm-content").first.inner_text()
    assert deck.page.locator("dialog").count() == 0
    assert deck.place == (0, 0)


def test_the_code_of_a_claim_opens_by_click_and_by_key(made):
    deck = made(text("# One"), CLAIM, text("## Two"))
    found = deck.measure()
    assert not found.claim_code
    assert not found.problems, str(found)
    source = cell_at(deck.page, 1).locator(".cm-content")
    button = cell_at(deck.page, 1).get_by_role("button", name="code")
    for change in (button.click, lambda: deck.page.keyboard.press("c")):
        change()
        source.wait_for(state="visible", timeout=WAITS_MS)
        assert button.get_attribute("aria-expanded") == "true"
        change()
        source.wait_for(state="hidden", timeout=WAITS_MS)
    button.focus()
    deck.page.keyboard.press("Enter")
    source.wait_for(state="visible", timeout=WAITS_MS)
    assert deck.place == (0, 0)


# ---------------------------------------------------------------- long output

ROWS = "".join(f"row {n}\n" for n in range(1, 61))


@pytest.mark.parametrize("size", [PROJECTOR, FULL_HD], ids=["1280x720", "1920x1080"])
def test_long_output_scrolls_by_wheel_and_key(made, size):
    output = new_output("stream", name="stdout", text=ROWS)
    deck = made(text("# Long"), code("print(rows)", outputs=[output]), text("## Two"), size=size)
    page = deck.page
    area = page.locator(".course-long")
    area.wait_for(timeout=WAITS_MS)
    box = area.bounding_box()
    assert box["y"] + box["height"] <= size[1]
    assert area.evaluate("a => a.scrollTop") == 0
    page.keyboard.press("ArrowDown")
    wait(page, "() => document.querySelector('.course-long').scrollTop > 50")
    page.keyboard.press("ArrowUp")
    wait(page, "() => document.querySelector('.course-long').scrollTop === 0")
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    for _ in range(20):
        page.mouse.wheel(0, 400)
    reached = "() => {const a = document.querySelector('.course-long');" \
              "return a.scrollTop + a.clientHeight >= a.scrollHeight - 2}"  # fmt: skip
    wait(page, reached)
    assert deck.place == (0, 0)


def test_a_long_error_shows_its_end(made):
    source = "def step_0():\n    raise ValueError('the helpful last line')\n"
    for n in range(1, 13):
        source += f"\n\ndef step_{n}():\n    # one step deeper\n    return step_{n - 1}()\n"
    deck = made(text("# Error"), code(source + "\n\nstep_12()", **FOLDED), text("## Two"))
    deck.page.keyboard.press("Control+Enter")
    last = cell_at(deck.page, 1).get_by_text("the helpful last line").last
    last.wait_for(timeout=RUNS_WITHIN_MS)
    deck.settle(300)
    assert deck.page.locator(".course-long").count() == 1
    box = last.bounding_box()
    assert 0 < box["y"] < 720


def test_a_picture_becomes_smaller_when_code_is_opened_above_it(made):
    shown = new_output(
        "display_data", {"image/png": TALL}, metadata={"image/png": {"alt": "a tall one"}}
    )
    source = "\n".join(f"x_{n} = {n}" for n in range(8))
    deck = made(text("# Picture"), code(source, outputs=[shown], **FOLDED), text("## Two"))
    picture = cell_at(deck.page, 1).locator("img")
    before = picture.bounding_box()["height"]
    deck.page.keyboard.press("c")
    wait(deck.page, "() => document.querySelector('.course-shrunk')")
    box = picture.bounding_box()
    assert box["height"] < before
    assert box["y"] + box["height"] <= 720
    assert not deck.measure().problems
    deck.page.keyboard.press("c")
    wait(deck.page, "() => !document.querySelector('.course-shrunk')")
    assert picture.bounding_box()["height"] == pytest.approx(before, abs=1)
    assert picture.get_attribute("alt") == "a tall one"


def test_what_fits_is_left_alone(made):
    deck = made(text("# Short"), CLAIM, text("## Two"))
    deck.settle(200)
    assert deck.page.locator(".course-long").count() == 0


# ---------------------------------------------------------------- the mark of make present


def test_the_deck_shows_how_far_the_cells_are(server, new_page):
    name = make(server, "told.ipynb", text("# One"), text("## Two"))
    told = server.folder / "progress.json"
    told.write_text('{"told.ipynb": {"done": 2, "cells": 9}}')
    deck = Deck(new_page()).open(server.rise(name) + "&progress=1")
    mark = deck.page.locator(".course-run-mark")
    deck.page.get_by_text("cell 3 of 9 is running").wait_for(timeout=WAITS_MS)
    told.write_text('{"told.ipynb": {"done": 3, "cells": 9, "trouble": "the kernel died",'
                    ' "ended": true}}')  # fmt: skip
    deck.page.get_by_text("the kernel died").wait_for(timeout=WAITS_MS)
    assert "trouble" in mark.get_attribute("class")
    told.unlink()
    server.end_kernels()
