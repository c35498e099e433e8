"""Keeps the one RISE configuration of all notebooks, and builds static decks that need no network.
A static deck has the stored outputs in it, and a picture where a live demo would be.

    python tools/slides.py check        # do all notebooks have the configuration?
    python tools/slides.py write        # give it to them
    python tools/slides.py build        # decks in build/slides/
    python tools/slides.py build 02 07  # these only
"""

import argparse
import ast
import base64
import copy
import html
import io
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
from cells import is_solution, open_notes
from execute import NOTEBOOKS, as_text, select, write
from lesson import minutes_of, slides_of, title_of
from nbconvert import SlidesExporter
from PIL import Image
from traitlets.config import Config

PROJECT = Path(__file__).resolve().parent.parent
OUT = PROJECT / "build" / "slides"
CACHE = PROJECT / "data" / "cache" / "slides"
TEMPLATES = PROJECT / "tools" / "templates"
PACKAGES = PROJECT / "tools" / "slides_assets.txt"

RISE = {
    "theme": "white",
    "transition": "none",
    "slideNumber": "c/t",
    "center": False,  # what a cell prints would move the slide
    "start_slideshow_at": "beginning",
}

# Files taken out of the packages in slides_assets.txt: beginning of the name there -> name here
ASSETS = {
    "mathjax/static/mathjax/es5/tex-svg-full.js": "mathjax/tex-svg-full.js",
    "mathjax/static/mathjax/LICENSE": "mathjax/LICENSE",
    "sphinx_revealjs/_static/revealjs/LICENSE": "reveal/LICENSE",
    "sphinx_revealjs/_static/revealjs/dist/reveal.css": "reveal/dist/reveal.css",
    "sphinx_revealjs/_static/revealjs/dist/reveal.js": "reveal/dist/reveal.js",
    "sphinx_revealjs/_static/revealjs/dist/theme/white.css": "reveal/dist/theme/white.css",
    "sphinx_revealjs/_static/revealjs/dist/theme/fonts/source-sans-pro/": (
        "reveal/dist/theme/fonts/source-sans-pro/"
    ),
    "sphinx_revealjs/_static/revealjs/plugin/notes/": "reveal/plugin/notes/",
}
MARKER = "reveal/dist/reveal.js"

LIVE_VIEW = "application/vnd.jupyter.widget-view+json"
FEWEST_WORDS = 4  # of a title that states something
THUMBNAIL = (480, 270)  # px, of a deck in the index
OFFLINE = """\
Static decks need reveal.js and MathJax: two packages of 8 MB, fetched once and kept in data/cache.
They could not be fetched. Are you online? Then run the same command again. pip said:
{}"""


class AssetsMissing(Exception):
    """The scripts of the decks are not there and could not be fetched."""


# ---------------------------------------------------------------- the one configuration


def deviations(paths: list[Path]) -> dict[str, dict]:
    """The RISE metadata of each notebook that has another one than RISE, by name."""
    found = {path.name: nbformat.read(path, as_version=4).metadata.get("rise") for path in paths}
    return {name: rise for name, rise in found.items() if rise != RISE}


def write_configuration(path: Path) -> bool:
    """Give a notebook the configuration; returns whether it had another one."""
    notebook = nbformat.read(path, as_version=4)
    if notebook.metadata.get("rise") == RISE:
        return False
    notebook.metadata["rise"] = dict(RISE)
    write(path, as_text(notebook))
    return True


# ---------------------------------------------------------------- static decks


def fetch_packages(cache: Path) -> list[Path]:
    """The wheels of slides_assets.txt, from the cache or, once, from the network.

    pip compares them with the hashes in that file. Raises AssetsMissing.
    """
    command = [sys.executable, "-m", "pip", "download", "--requirement", PACKAGES, "--dest", cache]
    command += ["--no-deps", "--only-binary=:all:", "--require-hashes", "--quiet"]
    command += ["--disable-pip-version-check", "--retries=1", "--timeout=20"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise AssetsMissing(OFFLINE.format("\n".join(result.stderr.splitlines()[-5:])))
    return sorted(cache.glob("*.whl"))


def unpack(packages: list[Path], folder: Path) -> None:
    """Lay the files named in ASSETS out below a folder."""
    for package in packages:
        with zipfile.ZipFile(package) as archive:
            for member in archive.namelist():
                for beginning, here in ASSETS.items():
                    if member.startswith(beginning) and not member.endswith("/"):
                        target = folder / (here + member[len(beginning) :])
                        target.parent.mkdir(parents=True, exist_ok=True)
                        target.write_bytes(archive.read(member))


def provide_assets(out: Path, cache: Path = CACHE) -> None:
    """Put scripts, styles and fonts into out/assets. Raises AssetsMissing."""
    kept = cache / "assets"
    if not (kept / MARKER).is_file():
        cache.mkdir(parents=True, exist_ok=True)
        print("fetching reveal.js and MathJax (8 MB, once)", flush=True)
        unpack(fetch_packages(cache), kept)
    shutil.copytree(kept, out / "assets", dirs_exist_ok=True)
    shutil.copy(NOTEBOOKS / "rise.css", out / "assets")


def title_in(source: str) -> str:
    """The title that the last line of a code cell gives its figure; empty if it gives none, or if
    the cell is not plain Python: it may have a magic, a shell line, or ask for help."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return ""
    call = getattr(body[-1], "value", None) if body else None
    if not isinstance(call, ast.Call):
        return ""
    arguments = [*call.args, *(word.value for word in call.keywords if word.arg == "title")]
    texts = (a.value for a in arguments if isinstance(a, ast.Constant) and isinstance(a.value, str))
    return next((text for text in texts if len(text.split()) >= FEWEST_WORDS), "")


def describe_pictures(cell, heading: str) -> None:
    """Give each picture that has none a text for those who cannot see it: its title, which states
    what it shows, or else the heading above it."""
    for output in cell.outputs:
        if "image/png" in output.get("data", {}):
            words = title_in(cell.source) or f"Figure: {heading}"
            output.metadata.setdefault("image/png", {}).setdefault("alt", words)


def for_paper(notebook):
    """A copy without live views and solutions, with the hidden sources marked as folded; each
    picture has a text."""
    notebook = copy.deepcopy(notebook)
    open_notes(notebook)
    cells, heading = [], ""
    for cell in notebook.cells:
        if is_solution(cell):
            continue
        if cell.cell_type == "markdown" and cell.source.startswith("#"):
            heading = cell.source.split("\n")[0].lstrip("# ")
        if cell.cell_type == "code":
            if cell.metadata.get("jupyter", {}).get("source_hidden"):
                cell.metadata["folded"] = True
            for output in cell.outputs:
                output.get("data", {}).pop(LIVE_VIEW, None)
            describe_pictures(cell, heading)
        cells.append(cell)
    notebook.cells = cells
    notebook.metadata.pop("widgets", None)
    return notebook


def build(path: Path, out: Path) -> Path:
    """Write the deck of one notebook; returns its path. The assets must be there."""
    settings = Config()
    settings.SlidesExporter.reveal_url_prefix = "assets/reveal"
    settings.SlidesExporter.reveal_theme = RISE["theme"]
    exporter = SlidesExporter(
        config=settings, template_name="course_slides", extra_template_basedirs=[str(TEMPLATES)]
    )
    notebook = for_paper(nbformat.read(path, as_version=4))
    title = f"{path.name[:2]} · {title_of(notebook)}"
    resources = {"metadata": {"name": title}, "rise": RISE}
    page, _ = exporter.from_notebook_node(notebook, resources)
    deck = out / f"{path.stem}.html"
    deck.write_text(page, encoding="utf-8")
    return deck


def built() -> list[Path]:
    """The notebooks whose deck is there."""
    return [path for path in select([]) if (OUT / f"{path.stem}.html").is_file()]


def first_picture(notebook) -> tuple[bytes, str] | None:
    """A picture of the notebook, made small, and its text; None if it has no picture."""
    for cell in for_paper(notebook).cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                data = base64.b64decode(output.data["image/png"])
                small = io.BytesIO()
                with Image.open(io.BytesIO(data)) as image:
                    image.thumbnail(THUMBNAIL)
                    image.save(small, "png", optimize=True)
                return small.getvalue(), output.metadata["image/png"]["alt"]
    return None


def entry(path: Path, out: Path) -> str:
    """The part of the index about one deck; its picture is written beside the decks' scripts."""
    notebook = nbformat.read(path, as_version=4)
    deck, title = html.escape(path.stem), html.escape(title_of(notebook))
    picture = ""
    if found := first_picture(notebook):
        data, text = found
        (out / "assets" / f"{path.stem}.png").write_bytes(data)
        picture = f'<img src="assets/{deck}.png" alt="{html.escape(text)}">'
    facts = [f"{minutes_of(notebook)} minutes", f"{len(slides_of(notebook))} slides"]
    links = [f'<a href="{deck}.html?print-pdf">to print</a>']
    for name, words in ((f"{path.stem}.pdf", "PDF"), (f"{path.stem}-notes.pdf", "PDF with notes")):
        if (out / name).is_file():
            links.append(f'<a href="{html.escape(name)}">{words}</a>')
    return f"""<li>
{picture}
<h2><a href="{deck}.html">{path.name[:2]} · {title}</a></h2>
<p>{", ".join(facts)}. {", ".join(links)}</p>
</li>"""


def write_index(paths: list[Path], out: Path) -> None:
    """A page with title, minutes and picture of each notebook, and links to its deck."""
    items = "\n".join(entry(path, out) for path in paths)
    template = (TEMPLATES / "slides_index.html").read_text(encoding="utf-8")
    (out / "index.html").write_text(template.replace("<!-- decks -->", items), encoding="utf-8")


# ---------------------------------------------------------------- the command


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description="The slides of the notebooks.")
    parser.add_argument("action", choices=("check", "write", "build"))
    parser.add_argument("notebooks", nargs="*", help="number, beginning of the name, or path")
    return parser.parse_args(arguments)


def main(arguments=None) -> int:
    options = parse_arguments(arguments)
    try:
        paths = select(options.notebooks)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    if options.action == "check":
        found = deviations(paths)
        for name, rise in found.items():
            print(f"{name}: the rise metadata is {rise}, expected {RISE}", file=sys.stderr)
        if found:
            print("`python tools/slides.py write` sets it.", file=sys.stderr)
        else:
            print(f"{len(paths)} notebooks have the same slide configuration")
        return 1 if found else 0
    if options.action == "write":
        for path in paths:
            print(f"{path.name}: {'set' if write_configuration(path) else 'as it was'}")
        return 0
    OUT.mkdir(parents=True, exist_ok=True)
    try:
        provide_assets(OUT)
    except AssetsMissing as problem:
        print(problem, file=sys.stderr)
        return 1
    failed = 0
    for path in paths:
        try:
            build(path, OUT)
        except (nbformat.reader.NotJSONError, nbformat.ValidationError, OSError) as problem:
            print(f"{path.name}: no deck of it. {problem}", file=sys.stderr)
            failed += 1
    write_index(built(), OUT)
    print(f"{len(paths) - failed} decks in {OUT}: open index.html in a browser")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
