"""Packages that a notebook can do without: cells that need one are left out where it is missing.

The notebook then still runs from top to bottom, and says what to install to see the rest.
"""

import importlib.util

from IPython import get_ipython

PACKAGES = {"torch": "PyTorch", "wandb": "Weights & Biases"}


def leave_out_cells_without(*packages: str) -> None:
    """For each package that is not installed, say how to install it and leave its cells out.

    A cell of package `torch` begins with the line `# needs torch`. Where torch is missing such a
    cell prints one line instead of running, from now on until the kernel is started again; where
    it is installed nothing changes. Raises ValueError for a package that is not in `PACKAGES`.
    """
    for package in packages:
        if package not in PACKAGES:
            raise ValueError(f"package is {package!r}, expected one of {list(PACKAGES)}")
        if importlib.util.find_spec(package) is None:
            name = PACKAGES[package]
            print(
                f"{name} is not installed. Cells that begin with `# needs {package}` are left out; "
                f"to run them: make install EXTRAS=requirements-{package}.txt, then restart."
            )
            _leave_out(f"# needs {package}", f"left out: {name} is not installed")


def _leave_out(mark: str, message: str) -> None:
    def transform(lines: list[str]) -> list[str]:
        marked = bool(lines) and lines[0].strip() == mark
        return [f"print({message!r})\n"] if marked else lines

    get_ipython().input_transformers_cleanup.append(transform)
