"""Opens a notebook as live slides, and runs its cells once, so that any slide can be shown.
Without a display it prints the address.

    python tools/present.py 03
    python tools/present.py --port 9000 --no-run 03
"""

import argparse
import os
import shutil
import sys
import webbrowser
from pathlib import Path

import nbformat
from cells import open_notes
from execute import as_text, select
from lab import CodeFailed, LabServer, ServerDidNotStart, free_port
from websocket import WebSocketException

FOLDER = Path(__file__).resolve().parent.parent / "build" / "present"
DEFAULT_PORT = 8888
LEFT_OUT = {"check", "solution"}


def has_display() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def served_copy(path: Path, port: int) -> LabServer:
    """A server, not yet started, on a copy of the notebook, with its notes open.

    A live deck is saved every two minutes, with the outputs of the lesson in it: into the copy.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    shutil.copy(path.parent / "rise.css", FOLDER)
    notebook = nbformat.read(path, as_version=4)
    open_notes(notebook)
    (FOLDER / path.name).write_text(as_text(notebook), encoding="utf-8")
    log = FOLDER / "jupyterlab.log"
    # in a lecture notebook 13 trains for a minute, unless COURSE_RUN=lesson asks for its three
    settings = {"COURSE_RUN": os.environ.get("COURSE_RUN", "short")}
    return LabServer(FOLDER, "--no-browser", port=free_port(port), settings=settings, log=log)


def cells_to_run(path: Path) -> list[str]:
    """The code a presenter may need at any slide: all of it but checks and solutions."""
    cells = nbformat.read(path, as_version=4).cells
    return [
        cell.source
        for cell in cells
        if cell.cell_type == "code" and not LEFT_OUT & set(cell.metadata.get("tags", []))
    ]


def prepare(server: LabServer, notebook: str, cells: list[str]) -> None:
    """Run the cells in the kernel of the notebook; a cell that fails is named and left alone."""
    live = sys.stdout.isatty()
    fresh = "\r\x1b[K" if live else ""
    with server.kernel_of(notebook) as kernel:
        for number, source in enumerate(cells, start=1):
            if live:
                print(f"\rRunning cell {number} of {len(cells)} ", end="", flush=True)
            try:
                kernel.run(source)
            except CodeFailed as problem:
                begin = source.splitlines()[0]
                print(f"{fresh}The cell that begins with {begin!r} failed. {problem}", flush=True)
    print(f"{fresh}All cells have run: each demo and each cell is ready, in any order.", flush=True)


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description="Open a notebook as live slides.")
    parser.add_argument("notebook", help="number, beginning of the name, or path")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--no-run", action="store_true", help="do not run the cells first")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    return parser.parse_args(arguments)


def main(arguments=None) -> int:
    options = parse_arguments(arguments)
    try:
        (path,) = select([options.notebook])
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    except ValueError:
        print(f"{options.notebook!r} fits several notebooks: give more of it", file=sys.stderr)
        return 2
    try:
        with served_copy(path, options.port) as server:
            address = server.rise(path.name)
            print(f"The slides of {path.stem}:\n    {address}", flush=True)
            if has_display() and not options.no_browser:
                webbrowser.open(address)
            if not options.no_run:
                prepare(server, path.name, cells_to_run(path))
            print("Stop with Ctrl-C. Changes on the slides do not reach the notebook.", flush=True)
            return server.process.wait()
    except ServerDidNotStart as problem:
        print(problem, file=sys.stderr)
    except (OSError, WebSocketException) as problem:
        print(f"The connection to the kernel broke: {problem}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nThe slides are closed.")
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
