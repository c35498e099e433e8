"""The tools for presenting: one slide configuration, static decks without network, the lesson plan.
How the slides look is tested in a browser, see tests/browser.
"""

import base64
import html
import re
import zipfile
from pathlib import Path

import cells
import find_browser
import nbformat
import present
import pytest
import slides
from lab import CONFIGURATION
from lesson import minutes_of
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))
HEADING = "Title with $x^2$"
PICTURE = base64.b64encode(b"a picture").decode()


def cell(make, source, slide_type="-", tags=(), **more):
    metadata = {"slideshow": {"slide_type": slide_type}, "tags": list(tags), **more.pop("meta", {})}
    return make(source, metadata=metadata, **more)


@pytest.fixture
def path(tmp_path):
    """A notebook with a demo, a folded solution, a hidden source, notes and a skipped cell."""
    live = {slides.LIVE_VIEW: {"model_id": "1"}, "image/png": PICTURE, "text/plain": "Demo()"}
    hidden = {"jupyter": {"source_hidden": True}}
    made = [
        cell(new_markdown_cell, "# Title with $x^2$", "slide"),
        cell(new_markdown_cell, "for the presenter", "notes"),
        cell(new_code_cell, "Demo()", outputs=[new_output("display_data", live)]),
        cell(new_code_cell, "# Solution\nsecret = 1", tags=["solution"], meta=hidden),
        cell(
            new_code_cell,
            "unseen()",
            meta=hidden,
            outputs=[new_output("stream", name="stdout", text="seen")],
        ),
        cell(new_markdown_cell, "left out", "skip"),
    ]
    notebook = new_notebook(cells=made, metadata={"rise": dict(slides.RISE)})
    nbformat.write(notebook, tmp_path / "01_made.ipynb")
    return tmp_path / "01_made.ipynb"


# ---------------------------------------------------------------- the one configuration


def test_all_notebooks_have_the_one_configuration():
    assert slides.deviations(NOTEBOOKS) == {}
    assert slides.main(["check"]) == 0


def test_another_configuration_is_found_and_mended_once(path):
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.rise.center = True
    nbformat.write(notebook, path)
    assert slides.deviations([path]) == {"01_made.ipynb": slides.RISE | {"center": True}}
    assert slides.write_configuration(path) is True
    assert slides.deviations([path]) == {}
    assert nbformat.read(path, as_version=4).cells == notebook.cells
    assert slides.write_configuration(path) is False


def test_check_fails_and_says_which_notebook(path, monkeypatch, capsys):
    nbformat.write(new_notebook(), path)
    monkeypatch.setattr(slides, "select", lambda names: [path])
    assert slides.main(["check"]) == 1
    assert "01_made.ipynb" in capsys.readouterr().err


# ---------------------------------------------------------------- static decks


def test_a_deck_has_pictures_and_no_live_view(path, tmp_path):
    page = slides.build(path, tmp_path).read_text(encoding="utf-8")
    assert PICTURE in page
    assert slides.LIVE_VIEW not in page
    assert "for the presenter" in page
    assert '<aside class="notes">' in page


def test_notes_are_open_where_they_have_a_window_of_their_own(path, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    cells.fold(notebook)
    nbformat.write(notebook, path)
    page = slides.build(path, tmp_path).read_text(encoding="utf-8")
    assert "for the presenter" in page and "<details>" not in page
    folder = tmp_path / "present"
    present.served_copies([path], folder, 0)
    (notes,) = filter(cells.is_notes, nbformat.read(folder / path.name, 4).cells)
    assert notes.source == "for the presenter"


def test_a_deck_shows_no_solution_and_nothing_folded(path, tmp_path):
    page = slides.build(path, tmp_path).read_text(encoding="utf-8")
    assert "secret" not in page
    assert "left out" not in page
    folded = re.findall(r'<details class="course-folded">.*?</details>', page, re.DOTALL)
    assert len(folded) == 1
    assert "unseen" in folded[0]
    assert "unseen" not in page.replace(folded[0], "")
    assert "seen" in page.replace(folded[0], "")


@pytest.mark.parametrize(
    "source", ["%%time\ndraw()", "%matplotlib inline\ndraw()", "!ls", "x?", ""]
)
def test_a_deck_copes_with_what_is_not_plain_python(source, path, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    picture = new_output("display_data", {"image/png": PICTURE})
    notebook.cells.append(cell(new_code_cell, source, "slide", outputs=[picture]))
    nbformat.write(notebook, path)
    page = slides.build(path, tmp_path).read_text(encoding="utf-8")
    assert page.count(f'alt="Figure: {HEADING}"') == 2


def test_one_broken_notebook_does_not_stop_the_others(path, tmp_path, monkeypatch, capsys):
    (path.parent / "02_broken.ipynb").write_text("not a notebook")
    paths = [path.parent / "02_broken.ipynb", path]
    monkeypatch.setattr(slides, "OUT", tmp_path / "out")
    monkeypatch.setattr(slides, "provide_assets", lambda out: (out / "assets").mkdir())
    monkeypatch.setattr(slides, "select", lambda names: paths)
    monkeypatch.setattr(slides, "first_picture", lambda notebook: (b"small", "what it <shows>"))
    assert slides.main(["build"]) == 1
    assert "02_broken.ipynb: no deck of it" in capsys.readouterr().err
    index = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert 'href="01_made.html"' in index
    assert "02_broken" not in index


def test_the_index_has_title_minutes_and_picture(tmp_path):
    (tmp_path / "assets").mkdir()
    slides.write_index(NOTEBOOKS[1:3], tmp_path)
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    for path in NOTEBOOKS[1:3]:
        notebook = nbformat.read(path, as_version=4)
        assert f"{path.name[:2]} · {slides.title_of(notebook)}" in index
        assert f"{minutes_of(notebook)} minutes" in index
        assert (tmp_path / "assets" / f"{path.stem}.png").stat().st_size < 150_000
    texts = re.findall(r'<img src="[^"]*" alt="([^"]*)">', index)
    assert len(texts) == 2
    assert all(len(text) > 10 for text in texts)


def test_a_deck_loads_nothing_from_outside(path, tmp_path):
    page = slides.build(path, tmp_path).read_text(encoding="utf-8")
    loaded = re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=\"([^\"]*)\"", page)
    assert loaded
    assert all(address.startswith(("assets/", "data:")) for address in loaded), loaded
    assert not re.search(r"url\(['\"]?https?:|import .*https?:", page)


def test_each_picture_has_a_text(path, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    for source in ('curves(x, "A < B, and both fall", xlabel="steps of the run")', 'draw("x")'):
        picture = new_output("display_data", {"image/png": PICTURE})
        notebook.cells.append(cell(new_code_cell, source, "slide", outputs=[picture]))
    nbformat.write(notebook, path)
    page = slides.build(path, tmp_path).read_text(encoding="utf-8")
    texts = [html.unescape(text) for text in re.findall(r'<img[^>]*alt="([^"]*)"', page)]
    heading = f"Figure: {HEADING}"
    assert texts == [heading, "A < B, and both fall", heading]


def test_making_a_deck_leaves_the_notebook_alone(path):
    notebook = nbformat.read(path, as_version=4)
    slides.for_paper(notebook)
    assert notebook == nbformat.read(path, as_version=4)


def test_assets_are_taken_out_of_the_packages_and_kept(tmp_path, monkeypatch):
    def packages(cache):
        with zipfile.ZipFile(cache / "one.whl", "w") as archive:
            for name in slides.ASSETS:
                archive.writestr(name + ("font.woff" if name.endswith("/") else ""), name)
            archive.writestr("sphinx_revealjs/code.py", "not wanted")
        return [cache / "one.whl"]

    monkeypatch.setattr(slides, "fetch_packages", packages)
    slides.provide_assets(tmp_path / "out", tmp_path / "cache")
    found = {
        p.relative_to(tmp_path / "out" / "assets").as_posix() for p in tmp_path.glob("out/**/*")
    }
    assert {"reveal/dist/reveal.js", "mathjax/tex-svg-full.js", "rise.css"} <= found
    assert "reveal/dist/theme/fonts/source-sans-pro/font.woff" in found
    assert not [name for name in found if name.endswith(".py")]

    monkeypatch.setattr(slides, "fetch_packages", None)  # the second time nothing is fetched
    slides.provide_assets(tmp_path / "again", tmp_path / "cache")
    assert (tmp_path / "again" / "assets" / slides.MARKER).is_file()


def test_without_network_it_says_what_is_missing(tmp_path, monkeypatch, capsys):
    def no_network(command, **_):
        return slides.subprocess.CompletedProcess(command, 1, "", "ERROR: no connection")

    monkeypatch.setattr(slides.subprocess, "run", no_network)
    with pytest.raises(slides.AssetsMissing, match=r"(?s)reveal\.js.*online.*no connection"):
        slides.provide_assets(tmp_path / "out", tmp_path / "cache")


def test_every_package_is_pinned_with_its_hash():
    lines = slides.PACKAGES.read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    packages = [line for line in lines if line and not line.startswith("#")]
    assert len(packages) == 2
    for line in packages:
        assert re.fullmatch(r"[\w-]+==[\d.]+ +--hash=sha256:[0-9a-f]{64}", line)


# ---------------------------------------------------------------- make present


def test_presenting_runs_everything_but_checks_and_solutions(path):
    assert present.cells_to_run(path) == ["Demo()", "unseen()"]


def test_make_lab_is_as_quiet_as_make_present(root):
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    folder = CONFIGURATION.relative_to(root).as_posix()
    assert f'JUPYTER_CONFIG_PATH="$(CURDIR)/{folder}"' in makefile
    assert f'JUPYTER_PATH="$(CURDIR)/{folder}' in makefile
    assert (CONFIGURATION / "labextensions" / "course-stage" / "package.json").is_file()
    assert (CONFIGURATION / "labconfig" / "default_setting_overrides.json").is_file()


# ---------------------------------------------------------------- make test-browser


def test_without_playwright_it_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setattr(find_browser.importlib.util, "find_spec", lambda name: None)
    assert find_browser.main() == 1
    assert "make install EXTRAS=requirements-browser.txt" in capsys.readouterr().err


def test_without_a_browser_it_says_how_to_get_one(monkeypatch, capsys):
    monkeypatch.setattr(find_browser.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(find_browser, "playwrights_browser", lambda: None)
    monkeypatch.setenv("CHROMIUM", "no-such-browser")
    assert find_browser.main() == 1
    assert "apt install chromium" in capsys.readouterr().err


# ---------------------------------------------------------------- the plan of a lesson


def timing_of(notebook) -> str:
    """The line of the first notes that gives the minutes of each section."""
    notes = [c for c in notebook.cells if c.metadata.slideshow.slide_type == "notes"]
    assert notes, "no notes for the presenter"
    found = re.search(r"(?m)^Timing: (.*?)\.(?: |$)", notes[0].source)
    assert found, f"{notes[0].id}: no line that begins with 'Timing:'"
    return found[1]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
class TestPlan:
    def test_the_minutes_of_the_sections_add_up(self, path):
        notebook = nbformat.read(path, as_version=4)
        planned = sum(int(re.findall(r"\d+", part)[-1]) for part in timing_of(notebook).split(","))
        assert minutes_of(notebook) - 5 <= planned <= minutes_of(notebook)

    def test_a_slide_gets_about_a_minute(self, path):
        notebook = nbformat.read(path, as_version=4)
        types = [cell.metadata.slideshow.slide_type for cell in notebook.cells]
        slides_shown = types.count("slide") + types.count("subslide")
        assert 0.5 <= slides_shown / minutes_of(notebook) <= 1.5

    def test_the_readme_for_instructors_has_the_same_plan(self, path):
        readme = (path.parent / "README.md").read_text(encoding="utf-8")
        row = re.search(rf"(?m)^\| \[{path.stem}\]\({path.name}\) \| (\d+) \| (.*?) \|", readme)
        assert row, f"no row for {path.name} in notebooks/README.md"
        notebook = nbformat.read(path, as_version=4)
        assert int(row[1]) == minutes_of(notebook)
        assert row[2] == timing_of(notebook)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_question_stands_alone_before_its_answer(path):
    """What answers a prediction is on a later slide, or comes with the next step."""
    asked, too_early = False, []
    for cell in nbformat.read(path, as_version=4).cells:
        kind = cell.metadata.slideshow.slide_type
        if kind in ("slide", "subslide", "fragment"):
            asked = False
        if cell.cell_type == "markdown" and "Predict" in cell.source and kind != "notes":
            asked = True
        elif asked and kind == "-" and cell.get("outputs"):
            too_early.append(cell.id)
    assert not too_early
