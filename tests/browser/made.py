"""Small notebooks made for one test, shown by the tests' server with the course's configuration."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from server import NOTEBOOKS

FOLDED = {"jupyter": {"source_hidden": True}}


def text(source, slide_type="slide"):
    return new_markdown_cell(source, metadata={"slideshow": {"slide_type": slide_type}})


def code(source, slide_type="-", outputs=(), **metadata):
    metadata |= {"slideshow": {"slide_type": slide_type}}
    return new_code_cell(source, metadata=metadata, outputs=list(outputs))


def make(server, name, *cells):
    """Write a notebook into the server's folder; returns its name."""
    course = nbformat.read(next(NOTEBOOKS.glob("00*.ipynb")), as_version=4)
    metadata = {key: course.metadata[key] for key in ("kernelspec", "rise")}
    nbformat.write(new_notebook(cells=list(cells), metadata=metadata), server.folder / name)
    return name
