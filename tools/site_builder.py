"""Builds the website: every lesson with its stored outputs, solutions folded, notes left out.

Sphinx and MyST-NB do the work (requirements-site.txt). Here the notebooks are made ready for them:
each solution and each folded cell gets a fold, each picture a text, and each term of the glossary a
link where a lesson first uses it. The pages need no network and can be read from a folder.

    python tools/site_builder.py             # the website in build/site
    python tools/site_builder.py --strict    # a warning of Sphinx is an error, as in the tests
"""

import argparse
import copy
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import nbformat
import slides
from cells import is_notes, is_solution
from environment import PROJECT
from execute import select
from lesson import minutes_of, title_of

PAGES = PROJECT / "docs" / "site"
OUT = PROJECT / "build" / "site"
FOLD = "hide-input"  # MyST-NB folds the source of a cell with this tag
FOLD_ALL = "hide-cell"
MATHJAX = "mathjax"
TERM = re.compile(r"^(?P<term>[A-Za-z][^\n:]*)\n: ", re.MULTILINE)
# Where no link is set: code, math, links, HTML, headings, tables.
KEPT = re.compile(
    r"```.*?```|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]*\$|!?\[[^\]]*\]\([^)]*\)|<[^>\n]+>"
    r"|^#+ .*?$|^\|.*?$",
    re.DOTALL | re.MULTILINE,
)


class CannotBuild(Exception):
    """What is missing, in words, for the one who called."""


def terms(glossary: str) -> list[str]:
    """The terms of the glossary, the longest first: "noise floor" before "noise"."""
    found = [line["term"].strip() for line in TERM.finditer(glossary)]
    return sorted(found, key=len, reverse=True)


def linked(text: str, left: list[str]) -> str:
    """A text with a link at the first place of each term in `left`, which loses those it links."""
    for term in list(left):
        pattern = re.compile(rf"(?<![\w-]){re.escape(term)}(?:e?s)?(?![\w-])", re.IGNORECASE)
        kept = [(match.start(), match.end()) for match in KEPT.finditer(text)]
        for match in pattern.finditer(text):
            if any(begin < match.end() and match.start() < end for begin, end in kept):
                continue
            link = f"{{term}}`{match[0]} <{term}>`"
            text = text[: match.start()] + link + text[match.end() :]
            left.remove(term)
            break
    return text


def for_reading(notebook: nbformat.NotebookNode, glossary: Iterable[str]) -> nbformat.NotebookNode:
    """A copy for the website: without notes and live views, with folds, texts and links."""
    notebook = copy.deepcopy(notebook)
    left, heading, cells = list(glossary), "", []
    for cell in notebook.cells:
        if is_notes(cell):
            continue
        if cell.cell_type == "markdown":
            if cell.source.startswith("#"):
                heading = cell.source.partition("\n")[0].lstrip("# ")
            cell.source = linked(cell.source, left)
        elif cell.cell_type == "code":
            prepare_code(cell, heading)
        cells.append(cell)
    notebook.cells = cells
    notebook.metadata.pop("widgets", None)
    return notebook


def prepare_code(cell: nbformat.NotebookNode, heading: str) -> None:
    """Fold what is folded in JupyterLab, and give each picture its text."""
    tags = cell.metadata.setdefault("tags", [])
    if is_solution(cell):
        tags.append(FOLD_ALL)
    elif cell.metadata.get("jupyter", {}).get("source_hidden"):
        tags.append(FOLD)
    for output in cell.outputs:
        output.get("data", {}).pop(slides.LIVE_VIEW, None)
    slides.describe_pictures(cell, heading)
    texts = [
        output.metadata["image/png"]["alt"]
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    if texts:
        cell.metadata["mystnb"] = {"image": {"alt": " ".join(texts)}}


def lessons_table(notebooks: dict[Path, nbformat.NotebookNode]) -> str:
    """The lessons with their minutes, in Markdown, and the list that gives their order."""
    lines = ["| | Lesson | Minutes |", "|---|---|---|"]
    for path, notebook in notebooks.items():
        number = f"[{path.name[:2]}](lessons/{path.name})"
        lines.append(f"| {number} | {title_of(notebook)} | {minutes_of(notebook)} |")
    lines += ["", "```{toctree}", ":hidden:", ":caption: Lessons", ""]
    return "\n".join([*lines, *(f"lessons/{path.stem}" for path in notebooks), "```"])


def lay_out(source: Path) -> list[Path]:
    """Write all that Sphinx reads; returns the pages of the lessons."""
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(PAGES, source)
    (source / "lessons").mkdir()
    glossary = terms((source / "glossary.md").read_text(encoding="utf-8"))
    notebooks = {path: nbformat.read(path, as_version=4) for path in select([])}
    written = []
    for path, notebook in notebooks.items():
        written.append(source / "lessons" / path.name)
        nbformat.write(for_reading(notebook, glossary), written[-1])
    index = source / "index.md"
    table = lessons_table(notebooks)
    index.write_text(
        index.read_text(encoding="utf-8").replace("<!-- lessons -->", table), encoding="utf-8"
    )
    shutil.copy(PROJECT / "docs" / "graph.png", source / "_static")
    return written


def build(out: Path = OUT, strict: bool = False) -> Path:
    """The website in a folder; returns its first page. Raises CannotBuild.

    What Sphinx reads is laid out beside it, in a folder with "-source" behind its name.
    """
    source = out.with_name(f"{out.name}-source")
    lay_out(source)
    assets = source / "assets"
    try:
        slides.provide_assets(source)
    except slides.AssetsMissing as error:
        raise CannotBuild(str(error)) from error
    shutil.move(assets / MATHJAX, source / "_static" / MATHJAX)
    shutil.rmtree(assets)
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-j", "2", "-q"]
    command += ["-W", "--keep-going"] if strict else []
    result = subprocess.run([*command, source, out], cwd=PROJECT, check=False)
    if result.returncode:
        raise CannotBuild("Sphinx found something; its lines are above")
    return out / "index.html"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--strict", action="store_true", help="a warning is an error")
    options = parser.parse_args(arguments)
    try:
        import sphinx  # noqa: F401 - only to say what is missing
    except ImportError:
        print("Sphinx is not installed: make install EXTRAS=requirements-site.txt", file=sys.stderr)
        return 1
    try:
        page = build(strict=options.strict)
    except CannotBuild as error:
        print(error, file=sys.stderr)
        return 1
    size = sum(file.stat().st_size for file in OUT.rglob("*") if file.is_file()) / 2**20
    print(f"{page.relative_to(PROJECT)}: {size:.0f} MB; open it in a browser")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
