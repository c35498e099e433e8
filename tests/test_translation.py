"""A translation is kept in step by the ids of its cells."""

import copy

import nbformat
import pytest
import translation
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

TRANSLATED = sorted(translation.TRANSLATIONS.glob("*/*.ipynb"))


@pytest.fixture
def original():
    return new_notebook(
        cells=[
            new_markdown_cell("# One", id="one"),
            new_code_cell("1 + 1", id="sum"),
            new_markdown_cell("Two", id="two"),
        ]
    )


def begun(original):
    """A translation of all its texts."""
    german = translation.taken_over(original, None)
    german.cells[0].source, german.cells[2].source = "# Eins", "Zwei"
    return translation.done(original, german)


def test_a_new_translation_has_everything_to_do_and_then_nothing(original):
    german = translation.taken_over(original, None)
    assert translation.compare(original, german).new == ["one", "two"]
    assert not translation.compare(original, begun(original))


def test_what_changes_in_the_original_is_listed_and_nothing_else(original):
    german, later = begun(original), copy.deepcopy(original)
    later.cells[2].source = "Two, or more"
    later.cells[1].source = "1 + 2"
    later.cells.insert(1, new_markdown_cell("Between", id="between"))
    del later.cells[0]
    state = translation.compare(later, german)
    assert state == translation.State(["between"], ["two"], ["one"], ["sum"])
    text = translation.report("x.ipynb", state)
    assert all(word in text for word in ("between", "two", "one", "sum"))


def test_taking_over_keeps_what_is_translated(original):
    german, later = begun(original), copy.deepcopy(original)
    later.cells[1].source = "1 + 2"
    later.cells.append(new_markdown_cell("Three", id="three"))
    taken = translation.taken_over(later, german)
    assert [cell.source for cell in taken.cells] == ["# Eins", "1 + 2", "Zwei", "Three"]
    assert translation.compare(later, taken) == translation.State(["three"], [], [], [])


def test_without_a_translation_it_says_how_to_begin(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(translation, "TRANSLATIONS", tmp_path)
    assert translation.main(["xx"]) == 1
    assert "begin with --take" in capsys.readouterr().err
    assert translation.main(["xx", "00", "--take"]) == 0
    assert translation.main(["xx"]) == 1
    assert "to translate: 00-title" in capsys.readouterr().out


@pytest.mark.parametrize("path", TRANSLATED, ids=lambda path: path.parent.name + "-" + path.stem)
def test_the_code_of_a_translation_is_that_of_the_original(path):
    original = nbformat.read(translation.NOTEBOOKS / path.name, as_version=4)
    state = translation.compare(original, nbformat.read(path, as_version=4))
    assert not state.code and not state.gone
