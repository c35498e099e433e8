"""What a check says reads well everywhere: same words as text and HTML, nothing by color alone."""

import html
import re

import numpy as np
import pytest

from course_utils.exercises.engine import find
from course_utils.exercises.verdict import CORRECT, HINT, LOOKS, NOT_ATTEMPTED, WRONG, Verdict

JUPYTERLAB_PAGES = ("#ffffff", "#111111")  # its light and its dark theme


def dense_backward(X, W, dZ):
    """The right answer to 02.2."""
    return dZ @ W.T, X.T @ dZ, dZ.sum(axis=0)


def stub(X, W, dZ):
    return ..., ..., ...


def sums_everything(X, W, dZ):
    return dZ @ W.T, X.T @ dZ, dZ.sum()


def wrong_somehow(X, W, dZ):
    return dZ @ W.T, np.cos(X.T @ dZ) ** 3 + 0.37, dZ.sum(axis=0)


def forgets_to_transpose(X, W, dZ):
    print("shapes", X.shape, "<b>")
    return dZ @ W.T, X @ dZ, dZ.sum(axis=0)


def never_ends(X, W, dZ):
    while True:
        pass


ANSWERS = {
    stub: (NOT_ATTEMPTED, ""),
    dense_backward: (CORRECT, ""),
    sums_everything: (HINT, "one bias for each output"),
    wrong_somehow: (WRONG, "dW[0, 0] is"),
    forgets_to_transpose: (HINT, "the shapes (6, 4) and (6, 3) do not fit"),
    never_ends: (WRONG, "It did not come to an end in time in line "),
}


@pytest.fixture(params=ANSWERS, ids=lambda answer: answer.__name__)
def answered(request):
    return find("02.2").judge(request.param), *ANSWERS[request.param]


def plain(page):
    """The text of HTML."""
    text = re.sub(r"<[^>]+>", " ", re.sub(r"</?(?:code|b)>", "", page))
    return " ".join(html.unescape(text).split())


def test_each_kind_says_what_happened(answered):
    verdict, status, words = answered
    assert verdict.status == status
    assert words in verdict.message


def test_html_and_text_say_the_same(answered):
    verdict, _, _ = answered
    page = plain(verdict._repr_html_())
    for line in repr(verdict).splitlines():
        text = line.strip().removeprefix("| ").replace("`", "")
        assert text.removesuffix(".") in page


def test_what_the_function_printed_is_shown_as_it_is():
    verdict = find("02.2").judge(forgets_to_transpose)
    assert "  | shapes (6, 4) <b>" in repr(verdict)
    assert "shapes (6, 4) &lt;b&gt;" in verdict._repr_html_()


def test_the_place_and_what_was_tried_stand_on_lines_of_their_own():
    lines = repr(find("02.2").judge(wrong_somehow)).splitlines()
    assert len(lines) == 3
    assert lines[2].startswith("  Tried with X of shape (1, 3)"), "not the smallest case"


def test_the_message_of_numpy_is_in_plain_words():
    assert "gufunc" not in find("02.2").judge(forgets_to_transpose).message


def test_without_color_the_mark_and_the_word_tell_them_apart():
    assert len({mark for mark, _, _ in LOOKS.values()}) == len(LOOKS)
    assert len({word for _, word, _ in LOOKS.values()}) == len(LOOKS)
    for status, (mark, word, _) in LOOKS.items():
        verdict = Verdict("00.1", "One neuron", status)
        assert repr(verdict) == f"{mark} Exercise 00.1 · One neuron: {word}."


def luminance(color):
    """Relative luminance after WCAG 2.2."""
    parts = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("page", JUPYTERLAB_PAGES)
@pytest.mark.parametrize("status", LOOKS)
def test_the_bar_stands_out_from_the_page(status, page):
    """3 : 1, as WCAG 2.2 (1.4.11) wants for graphics."""
    lighter, darker = sorted([luminance(LOOKS[status][2]), luminance(page)], reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 3


def test_text_takes_its_color_and_size_from_the_page(answered):
    """So it is readable in the dark theme, and large on a slide."""
    page = answered[0]._repr_html_()
    assert not re.search(r"[^-]color:|background|font-size", page)
