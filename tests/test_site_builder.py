"""What the website is made of: links to the glossary stand where they may, notes are left out."""

import sys

import nbformat
import pytest
import site_builder

TERMS = ["noise floor", "noise", "Adam"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("the noise floor, once", "the {term}`noise floor <noise floor>`, once"),
        ("Noise and noise", "{term}`Noise <noise>` and noise"),
        ("# Adam\n\nAdamW is not it", "# Adam\n\nAdamW is not it"),
        ("`Adam` and $noise$ and [noise](a.md)", "`Adam` and $noise$ and [noise](a.md)"),
        ("**Adam.** Adam is", "**{term}`Adam <Adam>`.** Adam is"),
        ("two noise floors", "two {term}`noise floors <noise floor>`"),
        ("```\nnoise\n```\n\n| noise |\n\n<b title='noise'>", None),
    ],
)
def test_a_term_is_linked_at_its_first_place_in_the_text(text, wanted):
    left = list(TERMS)
    assert site_builder.linked(text, left) == (text if wanted is None else wanted)
    assert len(left) == len(TERMS) - (wanted is not None and wanted != text)


def test_each_lesson_links_a_term_once_and_every_term_is_used():
    glossary = site_builder.terms((site_builder.PAGES / "glossary.md").read_text(encoding="utf-8"))
    assert len(glossary) == len(set(glossary)) > 30
    unused = set(glossary)
    for path in site_builder.select([]):
        lesson = site_builder.for_reading(nbformat.read(path, as_version=4), glossary)
        text = "\n".join(cell.source for cell in lesson.cells if cell.cell_type == "markdown")
        for term in glossary:
            count = text.count(f" <{term}>`")
            assert count <= 1, (path.name, term)
            unused -= {term} if count else set()
        assert "For the instructor" not in text
    assert not unused


def test_what_is_folded_in_jupyterlab_is_folded_and_each_picture_has_a_text():
    (path,) = site_builder.select(["02"])
    before = nbformat.read(path, as_version=4)
    lesson = site_builder.for_reading(before, [])
    assert before == nbformat.read(path, as_version=4)
    for cell in lesson.cells:
        tags = cell.metadata.get("tags", [])
        if "solution" in tags:
            assert site_builder.FOLD_ALL in tags and not cell.outputs
        elif cell.metadata.get("jupyter", {}).get("source_hidden"):
            assert site_builder.FOLD in tags
        pictures = [one for one in cell.get("outputs", []) if "image/png" in one.get("data", {})]
        if pictures:
            assert cell.metadata["mystnb"]["image"]["alt"].strip()


def test_without_sphinx_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "sphinx", None)
    assert site_builder.main([]) == 1
    assert "make install EXTRAS=requirements-site.txt" in capsys.readouterr().err
