"""Runs notebooks from a fresh kernel and stores their outputs; a second run changes no byte.
A notebook that fails stays as it is on disk, and the failing cell is shown. So does one with cells
that are left out here because an optional package is missing: their outputs would be lost.

    python tools/execute.py                # all of notebooks/
    python tools/execute.py 02 07          # by number
    python tools/execute.py --check 02     # store nothing; fail if the outputs would change
    python tools/execute.py --fold         # run nothing: only fold the code of claims and figures
"""

import argparse
import importlib.util
import json
import os
import re
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import cells
import nbformat
from folding import fold_notebook
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, CellExecutionError, DeadKernelError
from nbclient.util import run_sync

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
MACHINE_DEPENDENT = "nbval-ignore-output"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
CELL_TIMEOUT_SECONDS = 900  # the training of notebook 13 takes three minutes on two free cores

# The same numbers on every machine: one thread, one hash seed, no progress bars.
KERNEL_SETTINGS = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "TQDM_DISABLE": "1",
    "PYTHONHASHSEED": "0",
}
# Evaluated in the kernel at the end: its largest resident memory, in megabytes.
PEAK_MEMORY = {
    "win32": "__import__('psutil').Process().memory_info().peak_wset / 2**20",
    "darwin": "__import__('resource').getrusage(0).ru_maxrss / 2**20",
    "linux": "__import__('resource').getrusage(0).ru_maxrss / 2**10",
}


class CellFailed(Exception):
    """A cell raised, took too long or ended its kernel; the message shows cell and cause."""


@dataclass
class Measured:
    seconds: float
    peak_megabytes: float


def select(names, folder=NOTEBOOKS):
    """Paths of the notebooks named by number, beginning of the name, or path; all for no names.

    Raises FileNotFoundError when a name fits no notebook, or there are none at all.
    """
    folder = Path(folder)
    if not names:
        found = sorted(folder.glob("*.ipynb"))
        if not found:
            raise FileNotFoundError(f"no notebooks in {folder}")
        return found
    chosen = []
    for name in names:
        found = [Path(name)] if Path(name).is_file() else sorted(folder.glob(f"{name}*.ipynb"))
        if not found:
            raise FileNotFoundError(f"no notebook {name!r} in {folder}")
        chosen += [path for path in found if path not in chosen]
    return chosen


def is_machine_dependent(cell):
    return MACHINE_DEPENDENT in cell.metadata.get("tags", [])


def merge_streams(outputs):
    """Join neighboring pieces of the same stream: where printed text is cut depends on timing."""
    merged = []
    for output in outputs:
        last = merged[-1] if merged else None
        if last and last.output_type == output.output_type == "stream" and last.name == output.name:
            last.text += output.text
        else:
            merged.append(output)
    return merged


def normalize(notebook):
    """Take out of an executed notebook, in place, what differs from one run to the next, and what
    the outputs of solutions would give away."""
    count = 0
    for cell in notebook.cells:
        for key in ("execution", "ExecuteTime"):
            cell.metadata.pop(key, None)
        if cell.cell_type != "code":
            continue
        cell.execution_count = None
        if cell.source.strip() and not cells.is_solution(cell):
            count += 1
            cell.execution_count = count
        cell.outputs = merge_streams(cell.outputs)
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = cell.execution_count
            if len(output.get("data", {})) > 1:
                # The view names a model in the kernel that is gone; what is beside it stays.
                output.data.pop(WIDGET_VIEW, None)
    cells.fold(notebook)
    notebook.metadata.pop("widgets", None)
    notebook.metadata["kernelspec"] = {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    }
    notebook.metadata["language_info"] = {"name": "python"}


def as_text(notebook):
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def plain(text):
    """Text without the color codes of a terminal."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def describe_failure(cell, error):
    if isinstance(error, CellExecutionError):
        # The exception repeats the source, which is shown above it.
        cause = error.traceback.split("------------------\n")[-1]
    elif isinstance(error, DeadKernelError):
        cause = "The kernel died. Out of memory?"
    else:
        cause = f"No answer within {CELL_TIMEOUT_SECONDS} seconds."
    source = "\n".join("    " + line for line in cell.source.splitlines())
    return f"cell {cell.id}:\n{source}\n\n{plain(cause).strip()}"


def kernel_environment(scratch):
    """Environment of the kernel; settings in the user's home directory have no say."""
    environment = dict(os.environ, **KERNEL_SETTINGS)
    environment["IPYTHONDIR"] = str(Path(scratch) / "ipython")
    environment["JUPYTER_CONFIG_DIR"] = str(Path(scratch) / "jupyter")
    environment["COURSE_PROGRESS"] = str(Path(scratch) / "progress.json")
    environment.pop("JPY_SESSION_NAME", None)
    for name in ("MPLBACKEND", "MATPLOTLIBRC"):
        environment.pop(name, None)
    return environment


async def peak_memory(client):
    """Largest resident memory of the kernel so far, in megabytes."""
    expression = PEAK_MEMORY.get(sys.platform, PEAK_MEMORY["linux"])
    reply = await client.kc.execute(
        "", silent=True, user_expressions={"peak": expression}, reply=True, timeout=60
    )
    return float(reply["content"]["user_expressions"]["peak"]["data"]["text/plain"])


def client_for(notebook, folder, scratch, python=sys.executable, timeout=None):
    """A client, not yet started, whose kernel is one `python` and works in `folder`.

    `scratch` is an empty folder that must last as long as the kernel.
    """
    # The only kernel to choose from: those that the user has installed have no say.
    kernel = Path(scratch) / "kernels" / "python3"
    kernel.mkdir(parents=True)
    start = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel.joinpath("kernel.json").write_text(
        json.dumps({"argv": start, "display_name": "Python 3 (ipykernel)", "language": "python"})
    )
    manager = AsyncKernelManager(
        kernel_name="python3",
        kernel_spec_manager=KernelSpecManager(
            kernel_dirs=[str(kernel.parent)], ensure_native_kernel=False
        ),
        connection_file=str(Path(scratch) / "kernel.json"),
    )
    return NotebookClient(
        notebook,
        km=manager,
        timeout=timeout or CELL_TIMEOUT_SECONDS,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        record_timing=False,
        # nbclient needs the state to run cells with an Output widget; it is never written.
        store_widget_state=True,
        resources={"metadata": {"path": str(folder)}},
    )


def run(notebook, folder):
    """Run all cells, in place, in a new kernel of this Python that works in `folder`.

    Returns Measured. Raises CellFailed.
    """
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        client = client_for(notebook, folder, scratch)
        start = time.perf_counter()
        with client.setup_kernel(env=kernel_environment(scratch), cleanup_kc=True):
            for index, cell in enumerate(notebook.cells):
                try:
                    client.execute_cell(cell, index)
                except (CellControlSignal, DeadKernelError) as error:
                    raise CellFailed(describe_failure(cell, error)) from error
            peak = run_sync(peak_memory)(client)
        return Measured(time.perf_counter() - start, peak)


def write(path, text):
    """Replace a file in one go: a reader, or a crash, never sees half of it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        shutil.copymode(path, temporary)
        os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def missing_packages(notebook):
    """The optional packages that cells of a notebook need, and that are not installed here."""
    first_lines = [c.source.partition("\n")[0] for c in notebook.cells if c.cell_type == "code"]
    needed = {found[1] for line in first_lines if (found := re.fullmatch(r"# needs (\w+)", line))}
    return sorted(package for package in needed if importlib.util.find_spec(package) is None)


def differences(old, new):
    """Ids of the cells that differ, or what else does."""
    if [cell.id for cell in old.cells] != [cell.id for cell in new.cells]:
        return ["the cells themselves"]
    pairs = zip(old.cells, new.cells, strict=True)
    return [b.id for a, b in pairs if a != b] or ["metadata or formatting"]


def process(path, check=False):
    """Run one notebook and store it, or with `check` compare it with the file.

    It is not stored where an optional package is missing and some of its cells are left out.
    Returns (Measured, list of differences; empty when stored or equal). Raises CellFailed.
    """
    path = Path(path)
    stored_text = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(stored_text, as_version=4)
    fold_notebook(notebook)
    measured = run(notebook, path.resolve().parent)
    normalize(notebook)
    nbformat.validate(notebook)
    if not check:
        text = as_text(notebook)
        if text != stored_text and not missing_packages(notebook):
            write(path, text)
        return measured, []
    stored = nbformat.reads(stored_text, as_version=4)
    if len(stored.cells) != len(notebook.cells):
        return measured, differences(stored, notebook)
    for old, new in zip(stored.cells, notebook.cells, strict=True):
        if new.cell_type == "code" and is_machine_dependent(new):
            new.outputs = old.outputs
    same = as_text(notebook) == stored_text
    return measured, [] if same else differences(stored, notebook)


def fold_only(path):
    """Fold a notebook on disk without running it; returns whether that changed it."""
    stored_text = Path(path).read_text(encoding="utf-8")
    notebook = nbformat.reads(stored_text, as_version=4)
    fold_notebook(notebook)
    text = as_text(notebook)
    if text != stored_text:
        write(Path(path), text)
    return text != stored_text


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Run notebooks and store their outputs.")
    parser.add_argument("notebooks", nargs="*", help="number, beginning of the name, or path")
    parser.add_argument("--check", action="store_true", help="store nothing, compare")
    parser.add_argument("--fold", action="store_true", help="run nothing, only fold code")
    parser.add_argument("--list", action="store_true", help="only print which notebooks are meant")
    options = parser.parse_args(arguments)
    try:
        paths = select(options.notebooks)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    if options.list:
        print(*(os.path.relpath(path) for path in paths), sep="\n")
        return 0
    if options.fold:
        for path in paths:
            print(f"{path.name}: {'folded' if fold_only(path) else 'as it was'}")
        return 0

    bad = []
    for path in paths:
        try:
            measured, changed = process(path, options.check)
        except (CellFailed, nbformat.ValidationError, json.JSONDecodeError) as error:
            print(f"{path.name}: FAILED, left as it was\n{error}\n", file=sys.stderr, flush=True)
            bad.append(path.name)
            continue
        except KeyboardInterrupt:
            print(f"{path.name}: interrupted, left as it was", file=sys.stderr)
            return 130
        cost = f"{measured.seconds:6.1f} s  {measured.peak_megabytes:6.0f} MB"
        print(f"{path.name:45} {cost}", flush=True)
        missing = missing_packages(nbformat.read(path, as_version=4))
        if missing and not options.check:
            extras = " ".join(f"requirements-{package}.txt" for package in missing)
            print(f'    run, but left as it was. To store it: make install EXTRAS="{extras}"')
        if changed:
            print(f"    differs from the stored file: {', '.join(changed)}", flush=True)
            bad.append(path.name)
    if bad:
        print(f"{len(bad)} of {len(paths)} notebooks failed: {', '.join(bad)}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
