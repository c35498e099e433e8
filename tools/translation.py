"""Keeps a translation in step with the notebooks, cell by cell.

A translation is a notebook of the same name in translations/<language>. Its cells have the ids of
the original. Code and outputs are taken over as they are; each text keeps the fingerprint of the
one it was translated from, so it is known which texts have changed since.

    python tools/translation.py de            # what has changed since, in each notebook
    python tools/translation.py de 00 --take  # take code and new texts over, to be translated
    python tools/translation.py de 00 --done  # all texts of this notebook are translated
"""

import argparse
import copy
import hashlib
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
from environment import PROJECT
from execute import NOTEBOOKS, as_text, select, write
from nbformat import NotebookNode

TRANSLATIONS = PROJECT / "translations"
FROM = "translated_from"  # in the metadata of a text


@dataclass(frozen=True)
class State:
    """The ids of the cells that are not in step, in their order."""

    new: list[str]  # texts that are not translated yet
    changed: list[str]  # texts whose original is another one now
    gone: list[str]  # cells that the original has no longer
    code: list[str]  # code that is another one now

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.gone or self.code)


def fingerprint(cell: NotebookNode) -> str:
    """Of the source of a cell."""
    return hashlib.sha256(cell.source.encode()).hexdigest()[:16]


def compare(original: NotebookNode, translation: NotebookNode) -> State:
    """What is not in step."""
    there = {cell.id: cell for cell in translation.cells}
    new, changed, code = [], [], []
    for cell in original.cells:
        other = there.pop(cell.id, None)
        if cell.cell_type == "code":
            if other is None or other.source != cell.source:
                code.append(cell.id)
        elif other is None or FROM not in other.metadata:
            new.append(cell.id)
        elif other.metadata[FROM] != fingerprint(cell):
            changed.append(cell.id)
    return State(new, changed, list(there), code)


def taken_over(original: NotebookNode, translation: NotebookNode | None) -> NotebookNode:
    """The translation with the cells of the original in their order; translated texts stay."""
    there = {} if translation is None else {cell.id: cell for cell in translation.cells}
    result = copy.deepcopy(original)
    for cell in result.cells:
        other = there.get(cell.id)
        if cell.cell_type == "markdown" and other is not None:
            cell.source = other.source
            if FROM in other.metadata:
                cell.metadata[FROM] = other.metadata[FROM]
    return result


def done(original: NotebookNode, translation: NotebookNode) -> NotebookNode:
    """The translation, with the note that each text was made from the original as it is now."""
    result = copy.deepcopy(translation)
    texts = {cell.id: cell for cell in original.cells if cell.cell_type == "markdown"}
    for cell in result.cells:
        if cell.id in texts:
            cell.metadata[FROM] = fingerprint(texts[cell.id])
    return result


def report(name: str, state: State) -> str:
    """A line for each kind of cell that is not in step."""
    if not state:
        return f"{name}: in step"
    kinds = {
        "to translate": state.new,
        "changed since": state.changed,
        "no longer there": state.gone,
        "code to take over": state.code,
    }
    lines = [f"  {kind}: {', '.join(ids)}" for kind, ids in kinds.items() if ids]
    return "\n".join([f"{name}:", *lines])


def chosen(folder: Path, names: list[str]) -> list[Path]:
    """The originals that are named, or else those that have a translation."""
    return select(names) if names else [NOTEBOOKS / path.name for path in sorted(folder.glob("*"))]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("language", help="de, fr, pt-br")
    parser.add_argument("notebooks", nargs="*", help="number, beginning of the name, or path")
    parser.add_argument("--take", action="store_true", help="take code and new texts over")
    parser.add_argument("--done", action="store_true", help="all texts are translated")
    options = parser.parse_args(arguments)
    folder = TRANSLATIONS / options.language
    if not options.take and not folder.is_dir():
        print(f"there is no translations/{options.language}; begin with --take", file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    behind = False
    for path in chosen(folder, options.notebooks):
        file = folder / path.name
        original = nbformat.read(path, as_version=4)
        translation = nbformat.read(file, as_version=4) if file.is_file() else None
        if options.take:
            translation = taken_over(original, translation)
        if translation is None:
            print(f"{path.name} has no translation yet; begin with --take", file=sys.stderr)
            return 1
        if options.done:
            translation = done(original, translation)
        if options.take or options.done:
            if not file.is_file():
                shutil.copy(path, file)
            write(file, as_text(translation))
        state = compare(original, translation)
        behind = behind or bool(state)
        print(report(path.name, state))
    return int(behind and not options.take)


if __name__ == "__main__":
    raise SystemExit(main())
