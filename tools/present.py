"""Opens notebooks as live slides, and runs their cells once, so that any slide can be shown.
Without a display it prints the addresses. Without a name it lists the notebooks.

    python tools/present.py
    python tools/present.py 03
    python tools/present.py --port 9000 --no-run 03 05
"""

import argparse
import json
import os
import shutil
import signal
import sys
import webbrowser
from pathlib import Path

import nbformat
from cells import open_notes
from execute import NOTEBOOKS, as_text, select, write
from lab import CodeFailed, KernelDied, LabServer, ServerDidNotStart, free_port
from lesson import minutes_of, title_of
from websocket import WebSocketException

FOLDER = Path(__file__).resolve().parent.parent / "build" / "present"
PROGRESS = "progress.json"  # read by the decks: how far the cells are, by notebook
DEFAULT_PORT = 8888
LEFT_OUT = {"check", "solution"}
SLOW_SECONDS = 60


def has_display() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def listing(paths: list[Path]) -> str:
    """The notebooks, a line each: number, minutes, title."""
    lines = ["Which one? For example:  make present NB=05", ""]
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        lines.append(f"  {path.name[:2]}  {minutes_of(notebook):3} min  {title_of(notebook)}")
    return "\n".join(lines)


def the_one(name: str) -> Path:
    """The notebook of that name. Raises FileNotFoundError, and ValueError if several have it."""
    found = select([name])
    if len(found) > 1:
        raise ValueError(f"{name!r} fits several notebooks: give more of it")
    return found[0]


def served_copies(paths: list[Path], folder: Path, port: int) -> LabServer:
    """A server, not yet started, on copies of the notebooks.

    Their notes are open. A live deck is saved every two minutes, with the outputs of the lesson in
    it: into the copy.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(NOTEBOOKS / "rise.css", folder)
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        open_notes(notebook)
        (folder / path.name).write_text(as_text(notebook), encoding="utf-8")
    (folder / PROGRESS).write_text("{}", encoding="utf-8")
    log = folder / "jupyterlab.log"
    # in a lecture notebook 13 trains for a minute, unless COURSE_RUN=lesson asks for its three
    settings = {"COURSE_RUN": os.environ.get("COURSE_RUN", "short")}
    return LabServer(folder, "--no-browser", port=free_port(port), settings=settings, log=log)


def cells_to_run(path: Path) -> list[str]:
    """The code a presenter may need at any slide: all of it but checks and solutions."""
    cells = nbformat.read(path, as_version=4).cells
    return [
        cell.source
        for cell in cells
        if cell.cell_type == "code" and not LEFT_OUT & set(cell.metadata.get("tags", []))
    ]


class Progress:
    """Says how far the cells of the decks are: in the terminal, and in a file for the decks."""

    def __init__(self, file: Path) -> None:
        self._file, self._live = file, sys.stdout.isatty()
        self._state: dict[str, dict] = {}

    def cell(self, notebook: str, number: int, of: int) -> None:
        self._write(notebook, done=number - 1, cells=of)
        if self._live:
            print(f"\r{notebook}: running cell {number} of {of} ", end="", flush=True)

    def trouble(self, notebook: str, text: str) -> None:
        self._write(notebook, trouble=text)
        self._line(f"{notebook}: {text}")

    def ready(self, notebook: str, of: int) -> None:
        self._write(notebook, done=of, cells=of, ended=True)
        self._line(f"{notebook}: all cells have run. Each demo and cell is ready, in any order.")

    def given_up(self, notebook: str, text: str) -> None:
        self._write(notebook, trouble=text, ended=True)
        self._line(f"{notebook}: {text}")

    def _line(self, text: str) -> None:
        print(("\r\x1b[K" if self._live else "") + text, flush=True)

    def _write(self, notebook: str, **values) -> None:
        self._state.setdefault(notebook, {}).update(values)
        write(self._file, json.dumps(self._state))


def prepare(server: LabServer, notebook: str, cells: list[str], progress: Progress) -> None:
    """Run the cells in the kernel of the notebook.

    A cell that raises, or takes long, is named and the next one follows when it has ended. With
    the kernel goes what the cells have defined, so the rest is left; the deck stays.
    """
    with server.kernel_of(notebook) as kernel:
        for number, source in enumerate(cells, start=1):
            begin = source.splitlines()[0]
            progress.cell(notebook, number, len(cells))

            def say_it_is_slow(begin=begin):
                text = f"the cell that begins with {begin!r} takes long; the slides stay usable"
                progress.trouble(notebook, text)

            try:
                kernel.run(source, SLOW_SECONDS, say_it_is_slow)
            except CodeFailed as problem:
                progress.trouble(notebook, f"the cell that begins with {begin!r} failed. {problem}")
            except KernelDied as problem:
                text = f"in the cell that begins with {begin!r} {problem} "
                progress.given_up(
                    notebook, text + "The slides stay, with their stored outputs; cells can be run."
                )
                return
    progress.ready(notebook, len(cells))


def present(paths: list[Path], folder: Path, port: int, run: bool, browser: bool) -> int:
    """Serve the decks until JupyterLab ends; returns its exit code."""
    server = served_copies(paths, folder, port)
    addresses = [server.rise(path.name) + "&progress=1" for path in paths]
    for path, address in zip(paths, addresses, strict=True):
        print(f"The slides of {path.stem}:\n    {address}")
    print("JupyterLab starts: the slides are there in some seconds.", flush=True)
    with server:
        print("They are there. Stop with Ctrl-C. Changes on them do not reach the notebook.")
        sys.stdout.flush()
        if browser:
            webbrowser.open(addresses[0])
        progress = Progress(folder / PROGRESS)
        for path in paths if run else []:
            try:
                prepare(server, path.name, cells_to_run(path), progress)
            except (OSError, WebSocketException) as problem:  # no memory for another one, ...
                progress.given_up(path.name, f"its kernel does not start: {problem}")
        return server.process.wait()


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description="Open notebooks as live slides.")
    parser.add_argument("notebooks", nargs="*", help="number, beginning of the name, or path")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--no-run", action="store_true", help="do not run the cells first")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="for the copies on show")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    return parser.parse_args(arguments)


def end(_signal, _frame):
    raise KeyboardInterrupt


def main(arguments=None) -> int:
    options = parse_arguments(arguments)
    try:
        if not options.notebooks:
            print(listing(select([])))
            return 0
        paths = [the_one(name) for name in options.notebooks]
    except (FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    # whatever ends this command ends JupyterLab and its kernels, too
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)
    browser = has_display() and not options.no_browser
    try:
        return present(paths, options.folder.resolve(), options.port, not options.no_run, browser)
    except ServerDidNotStart as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe slides are closed.")
        return 0


if __name__ == "__main__":
    sys.exit(main())
