"""The machines on which claims are tried: other processors, threads, NumPys and Pythons, all here.

A processor is imitated by the settings with which OpenBLAS and NumPy choose their code; another
NumPy is laid over the environment, another Python gets one of its own, both below `build`.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import distributions
from pathlib import Path

import numpy as np
from environment import MINIMUM_PYTHON, PROJECT, python_in, python_version_of, version_text
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from course_utils import THREAD_VARIABLES

WIDE = re.compile(r"AVX512|X86_V4")  # what processors without AVX-512 lack, in NumPy's words
PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")


class NotAtHand(Exception):
    """A machine that cannot be had here; the message says why."""


@dataclass(frozen=True)
class Machine:
    """Settings under which a kernel runs as it would elsewhere.

    `settings` are environment variables. `core` is the kernel that OpenBLAS takes with them.
    `processor`: every draw is tried on it. `prepare` is called once, with a folder for what has to
    be installed, and returns the Python to use and folders to put before its packages.
    """

    name: str
    what: str
    settings: Mapping[str, str] = field(default_factory=dict, compare=False)
    prepare: Callable[[Path], tuple[Path, list[Path]]] | None = field(default=None, compare=False)
    core: str = ""
    processor: bool = False


# ---------------------------------------------------------------- processors and threads


def simd_features() -> list[str]:
    """The features of this processor beyond its baseline that NumPy chooses code by."""
    return list(np.show_config(mode="dicts").get("SIMD Extensions", {}).get("found", []))


def openblas_core(wanted: str) -> str:
    """The kernel that OpenBLAS really takes when it is told one: a build need not have all."""
    code = (
        "import numpy, threadpoolctl; print(*{i['architecture'] for i in "
        "threadpoolctl.threadpool_info() if i['internal_api'] == 'openblas'})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"OPENBLAS_CORETYPE": wanted},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def processors(
    features: Sequence[str], architecture: str, core_of: Callable[[str], str] = openblas_core
) -> list[Machine]:
    """Kinds of x86 processors that this one can stand for: none on another architecture.

    PyTorch and oneDNN are told the same as OpenBLAS and NumPy. Where OpenBLAS has no kernel for a
    processor, it runs there what it runs here in its place, and that is tried less often.
    """
    if architecture.lower() not in ("x86_64", "amd64"):
        return []
    wide = [name for name in features if WIDE.search(name)]
    narrow = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}
    oldest = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"}
    kinds = [
        ("Haswell", "an Intel laptop, AVX2", wide, narrow),
        ("Zen", "an AMD laptop, AVX2", wide, narrow),
        ("Nehalem", "an old processor, no AVX", features, oldest),
    ]
    if wide:
        kinds.append(("SkylakeX", "a server or new laptop, AVX-512", [], {}))
    found = []
    for name, what, without, more in kinds:
        off = {"NPY_DISABLE_CPU_FEATURES": " ".join(without)} if without else {}
        core = core_of(name)
        if core != name:
            what += f"; OpenBLAS computes it as {core or 'nothing it tells'}"
        settings = {"OPENBLAS_CORETYPE": name, **off, **more}
        found.append(Machine(name.lower(), what, settings, core=core, processor=core == name))
    return found


def threads(number: int) -> Machine:
    """This machine with so many threads for matrix products."""
    settings = dict.fromkeys(THREAD_VARIABLES, str(number))
    return Machine(f"threads-{number}", f"{number} threads", settings)


# ---------------------------------------------------------------- other NumPys and Pythons


def allowed_numpy() -> SpecifierSet:
    """The versions of NumPy that all packages installed here accept."""
    allowed = SpecifierSet()
    for package in distributions():
        for text in package.requires or ():
            try:
                needed = Requirement(text)
            except InvalidRequirement:
                continue
            applies = needed.marker is None or needed.marker.evaluate({"extra": ""})
            if needed.name.lower() == "numpy" and applies:
                allowed &= needed.specifier
    return allowed


def oldest_numpy(allowed: SpecifierSet) -> str:
    """The lower bound of a set of versions. Raises NotAtHand if it has none."""
    bounds = [Version(one.version) for one in allowed if one.operator in (">=", "==", "~=")]
    if not bounds:
        raise NotAtHand(f"no package says which NumPy is the oldest it accepts ({allowed})")
    return str(max(bounds))


def pip(python: Path, *arguments: str) -> None:
    """Run pip. Raises NotAtHand with its last words."""
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        [*command, *arguments], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NotAtHand("pip said: " + "\n".join(done.stderr.strip().splitlines()[-3:]))


def finished(folder: Path, make: Callable[[], None]) -> None:
    """Fill a folder once: it is marked when that is done, and filled anew when it was not."""
    mark = folder / ".complete"
    if not mark.exists():
        shutil.rmtree(folder, ignore_errors=True)
        make()
        mark.touch()


def another_numpy(wanted: str) -> Callable[[Path], tuple[Path, list[Path]]]:
    """A way to prepare this Python with another NumPy, such as "==2.0.2"."""

    def prepare(folder):
        python = Path(sys.executable)
        target = ("--target", str(folder), "--no-deps", "--only-binary=:all:", f"numpy{wanted}")
        finished(folder, lambda: pip(python, *target))
        return python, [folder]

    return prepare


def another_python(command: str) -> Callable[[Path], tuple[Path, list[Path]]]:
    """A way to prepare another Python with the packages of the course."""

    def prepare(folder):
        def make():
            made = subprocess.run(
                [command, "-m", "venv", str(folder)], capture_output=True, text=True, check=False
            )
            if made.returncode:
                raise NotAtHand(f"{command} makes no environment: {made.stderr.strip()[-200:]}")
            pip(python_in(folder), "-r", "requirements.txt", "-c", "constraints.txt")

        finished(folder, make)
        return python_in(folder), [PROJECT]

    return prepare


def pythons() -> list[Machine]:
    """The other Pythons on the path that are new enough for the course."""
    found = []
    for name in PYTHONS:
        command = shutil.which(name)
        version = python_version_of(command) if command else None
        if version and version >= MINIMUM_PYTHON and version[:2] != sys.version_info[:2]:
            what = f"Python {version_text(version)}"
            found.append(Machine(f"python-{name[6:]}", what, prepare=another_python(command)))
    return found


# ---------------------------------------------------------------- all of them


def machines() -> dict[str, Machine]:
    """Every machine that can be tried here, by name. "here" is this one, with one thread."""
    here = Machine(
        "here", f"this machine, NumPy {np.__version__}, Python {version_text(sys.version_info)}"
    )
    allowed = allowed_numpy()
    newest = Machine(
        "numpy-newest", "the newest NumPy allowed", prepare=another_numpy(str(allowed))
    )
    try:
        version = oldest_numpy(allowed)
        oldest = [
            Machine(
                "numpy-oldest",
                f"NumPy {version}, the oldest allowed",
                prepare=another_numpy(f"=={version}"),
            )
        ]
    except NotAtHand:
        oldest = []
    found = [
        here,
        *processors(simd_features(), platform.machine()),
        threads(2),
        *oldest,
        newest,
        *pythons(),
    ]
    return {machine.name: machine for machine in found}


def environment_of(machine: Machine, folder: Path) -> tuple[Path, dict[str, str]]:
    """The Python and the environment variables of a kernel on a machine.

    What has to be installed goes into `folder`. Raises NotAtHand.
    """
    python, before = Path(sys.executable), []
    if machine.prepare:
        python, before = machine.prepare(folder / machine.name)
    hooks = Path(__file__).resolve().parent / "replica_kernel"
    path = os.pathsep.join(map(str, [hooks, *before]))
    return python, {**machine.settings, "PYTHONPATH": path}
