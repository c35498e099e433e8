"""Keeps the course's virtual environment in `.venv` complete, and repairs it when it is not.
A second run finds nothing to do and ends in a fraction of a second.

    python3 tools/environment.py                          # what every notebook needs
    python3 tools/environment.py requirements-extra.txt   # that and one more list of packages

It uses only the standard library. The syntax stays readable for older Pythons, so that they, too,
get a clear message instead of a syntax error.
"""

import argparse
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

MINIMUM_PYTHON = (3, 11)
PROJECT = Path(__file__).resolve().parent.parent
LAYER = {
    "tools/jupyter/labextensions": "share/jupyter/labextensions",
    "tools/jupyter/labconfig": "etc/jupyter/labconfig",
}
BASE_FILES = ("requirements.txt", "constraints.txt", "pyproject.toml")
STAMP_NAME = "course-environment.json"

# Settings of the user's shell that send packages elsewhere or mix other packages in.
DISTURBING_VARIABLES = ("PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX")


class EnvironmentProblem(Exception):
    """Something only the user can change; the message says what."""


# ---------------------------------------------------------------- which Python


def version_text(version):
    return ".".join(str(part) for part in version[:3])


def python_version_of(command):
    """(major, minor, micro) of a Python command, or None when it does not run."""
    code = "import sys; print(*sys.version_info[:3])"
    try:
        answer = subprocess.run(
            [command, "-I", "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=60,
        )
        return tuple(int(part) for part in answer.stdout.split()) if not answer.returncode else None
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def newer_python():
    """Path of a Python on this machine that is new enough, or None."""
    for name in ("python3.13", "python3.12", "python3.11", "python3.14", "python3", "python"):
        command = shutil.which(name)
        version = python_version_of(command) if command else None
        if version and version >= MINIMUM_PYTHON:
            return command
    return None


def too_old_message(version, executable):
    needed = version_text(MINIMUM_PYTHON)
    return (
        "The course needs Python {} or newer; {} is Python {}.\n"
        "Install a newer one from https://www.python.org/downloads/ or your system's packages.\n"
        "If you have one under another name, say so:  make install PYTHON=python{}"
    ).format(needed, executable, version_text(version), needed)


def missing_venv_message(version):
    return (
        "This Python cannot make virtual environments: its venv or ensurepip module is missing.\n"
        "On Debian and Ubuntu:  sudo apt install python3-venv   (or python{}.{}-venv)\n"
        "Then run the same command again."
    ).format(*version[:2])


# ---------------------------------------------------------------- what is there


def python_in(venv):
    if os.name == "nt":
        return venv / "Scripts" / "python.exe"
    return venv / "bin" / "python"


def probe(venv):
    """The environment's version, prefix and package folder; None when its Python does not run."""
    code = (
        "import json, sys, sysconfig; "
        "print(json.dumps([sys.version_info[:3], sys.prefix, sysconfig.get_path('purelib')]))"
    )
    try:
        answer = subprocess.run(
            [str(python_in(venv)), "-I", "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=60,
        )
        version, prefix, packages = json.loads(answer.stdout.decode())
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return {"version": tuple(version), "prefix": Path(prefix), "packages": Path(packages)}


def same_folder(one, other):
    return os.path.realpath(str(one)) == os.path.realpath(str(other))


def files_below(folder, prefix=""):
    """Relative names, with slashes, of all files in a folder."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name != "__pycache__":
                    yield from files_below(entry.path, prefix + entry.name + "/")
            else:
                yield prefix + entry.name


def recorded_files(record):
    """Names listed in an installed package's RECORD, without its compiled files."""
    with open(record, encoding="utf-8") as lines:
        for line in lines:
            name = line.rsplit(",", 2)[0].strip('"')
            if "__pycache__" not in name:
                yield name


def damaged_packages(packages):
    """Names (such as "numpy-2.4.6") of installed packages of which a file is missing."""
    present = set(files_below(packages))
    damaged = []
    for info in sorted(Path(packages).glob("*.dist-info")):
        record = info / "RECORD"
        if not record.is_file() or any(
            name not in present and not os.path.exists(os.path.join(packages, name))
            for name in recorded_files(record)
        ):
            damaged.append(info.name[: -len(".dist-info")])
    return damaged


def installed_packages(packages):
    return sorted(info.name[: -len(".dist-info")] for info in Path(packages).glob("*.dist-info"))


def digest(path):
    # Line endings are left out of account: git may change them on checkout.
    return hashlib.sha256(Path(path).read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def read_stamp(venv):
    """What the last complete installation wrote down, or None."""
    try:
        stamp = json.loads((venv / STAMP_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    keys = {"project", "python", "files", "packages"}
    return stamp if isinstance(stamp, dict) and keys <= set(stamp) else None


def write_stamp(venv, stamp):
    temporary = venv / (STAMP_NAME + ".new")
    temporary.write_text(json.dumps(stamp, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(str(temporary), str(venv / STAMP_NAME))


def built_elsewhere(venv):
    """Whether pyvenv.cfg says that the environment was made in another folder."""
    try:
        text = (venv / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return True
    made = re.search(r"^command = .* -m venv (?:--\S+ )*(.+)$", text, re.MULTILINE)
    return bool(made) and not same_folder(made.group(1).strip(), venv)


def examine(project, extras=(), version=None):
    """Compare the environment with what it should be.

    Returns (action, reason, damaged): action is "none", "install" or "build"; damaged names the
    packages to install anew. `version` asks for one (major, minor) of Python; None accepts any that
    is new enough.
    """
    venv = project / ".venv"
    if not os.path.lexists(str(venv)):
        return "build", "making the virtual environment .venv", []
    found = probe(venv)
    if found is None or not same_folder(found["prefix"], venv):
        return "build", ".venv has no working Python: building it anew", []
    have = found["version"]
    if have < MINIMUM_PYTHON:
        return (
            "build",
            ".venv has Python {}, too old: building it anew".format(version_text(have)),
            [],
        )
    if version is not None and have[:2] != tuple(version[:2]):
        change = "from Python {} to {}".format(version_text(have[:2]), version_text(version[:2]))
        return "build", "changing .venv " + change, []
    stamp = read_stamp(venv)
    moved = built_elsewhere(venv) if stamp is None else not same_folder(stamp["project"], project)
    if moved:
        return "build", "the folder was moved or copied: building .venv anew", []

    damaged = damaged_packages(found["packages"])
    if stamp is None:
        return "install", "an earlier installation did not finish: finishing it", damaged
    if tuple(stamp["python"]) != have[:2]:
        return "build", ".venv was made with another Python: building it anew", []
    lost = sorted(set(stamp["packages"]) - set(installed_packages(found["packages"])))
    if damaged or lost:
        names = damaged + [name for name in lost if name not in damaged]
        shown = ", ".join(names[:4]) + (" and more" if len(names) > 4 else "")
        return (
            "install",
            "packages are damaged or missing in .venv ({}): repairing".format(shown),
            damaged,
        )
    for name in (*BASE_FILES, *extras):
        if name not in stamp["files"]:
            return "install", "adding the packages of " + name, []
        if stamp["files"][name] != digest(project / name):
            return "install", name + " has changed: bringing .venv up to date", []
    return "none", ".venv is complete", []


# ---------------------------------------------------------------- making it so


def child_environment():
    kept = {k: v for k, v in os.environ.items() if k not in DISTURBING_VARIABLES}
    kept["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    return kept


def say(text):
    print("environment: " + text, flush=True)


def run_quietly(command, project):
    """Run a command; on a terminal show its newest line only. Returns (exit code, lines)."""
    lines = []
    live = sys.stdout.isatty()
    with subprocess.Popen(
        [str(part) for part in command],
        cwd=str(project),
        env=child_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stdout:
            lines.append(line.rstrip())
            if live and line.lstrip().startswith(("Collecting", "Downloading", "Installing")):
                print("\r  {:<76.76}".format(line.strip()), end="", flush=True)
    if live:
        print("\r" + " " * 78 + "\r", end="", flush=True)
    return process.returncode, lines


def base_python():
    """The interpreter outside any virtual environment: `.venv` cannot build itself."""
    return getattr(sys, "_base_executable", None) or sys.executable


def build_venv(project):
    venv = project / ".venv"
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise EnvironmentProblem(missing_venv_message(sys.version_info))
    if venv.is_file() or (venv.is_symlink() and not venv.exists()):
        venv.unlink()
    # The stamp goes first: if clearing stops half-way, the next run must not believe it.
    (venv / STAMP_NAME).unlink(missing_ok=True)
    code, lines = run_quietly([base_python(), "-m", "venv", "--clear", venv], project)
    if code:
        raise EnvironmentProblem(
            "\n".join(lines)
            + "\nThe virtual environment could not be made in {}.\n".format(venv)
            + "Close programs that use it (JupyterLab, an editor), check that the folder is yours\n"
            "and the disk is not full, then run the same command again."
        )


def ensure_pip(project, packages):
    """Give the environment a working pip, without the network."""
    python = python_in(project / ".venv")
    code, _ = run_quietly([python, "-I", "-m", "pip", "--version"], project)
    if code == 0:
        return
    say("pip is missing or damaged: restoring it")
    for remains in [packages / "pip", *packages.glob("pip-*.dist-info")]:
        shutil.rmtree(str(remains), ignore_errors=True)
    code, lines = run_quietly([python, "-I", "-m", "ensurepip", "--default-pip"], project)
    if code:
        raise EnvironmentProblem("\n".join([*lines, missing_venv_message(sys.version_info)]))


def pip_problem(arguments, lines):
    """What to tell the user when pip has failed."""
    told = [line for line in lines if not line.startswith("Requirement already satisfied")]
    text = "\n".join(lines).lower()
    offline = (
        "connection",
        "getaddrinfo",
        "name resolution",
        "timed out",
        "proxyerror",
        "sslerror",
    )
    if "no space left" in text:
        advice = "The disk is full. Make room (900 MB), then run the same command again."
    elif any(word in text for word in offline):
        advice = (
            "The packages come from the Internet, once. Check the connection (behind a proxy: set\n"
            "HTTPS_PROXY), then run the same command again: it continues where it stopped."
        )
    else:
        # Without a network pip sometimes speaks of conflicting versions: it has found none.
        advice = (
            "pip says above what is wrong. Are you online? Then run the same command again: it\n"
            "continues where it stopped."
        )
    command = " ".join(map(str, ("pip", *arguments)))
    return "\n".join([*told[-15:], "Installing failed: " + command, advice])


def pip_install(project, *arguments):
    python = python_in(project / ".venv")
    arguments = ("install", *arguments)
    code, lines = run_quietly(
        [python, "-I", "-m", "pip", *arguments, "--no-input", "--progress-bar", "off"], project
    )
    if code:
        raise EnvironmentProblem(pip_problem(arguments, lines))


def install(project, extras, damaged):
    """Install what the lists name; returns the new stamp.

    A damaged package loses its .dist-info: pip then takes it for missing and lays it down again.
    """
    venv = project / ".venv"
    old = read_stamp(venv)
    (venv / STAMP_NAME).unlink(missing_ok=True)
    found = probe(venv)
    if found is None:
        raise EnvironmentProblem(
            "The Python in {} does not run. Delete the folder and try again.".format(venv)
        )
    packages = found["packages"]
    for name in damaged:
        shutil.rmtree(str(packages / (name + ".dist-info")))
    ensure_pip(project, packages)
    # Lists that were installed before are kept up to date as well.
    known = [name for name in (old or {}).get("files", {}) if (project / name).is_file()]
    lists = [
        "requirements.txt",
        *[n for n in known if n not in BASE_FILES and n not in extras],
        *extras,
    ]
    arguments = [word for name in lists for word in ("-r", name)]
    pip_install(project, *arguments, "-c", "constraints.txt")
    pip_install(project, "--no-deps", "--no-build-isolation", "--editable", ".")
    return {
        "project": str(project),
        "python": list(found["version"][:2]),
        "files": {name: digest(project / name) for name in (*BASE_FILES, *lists)},
        "packages": installed_packages(packages),
    }


def add_layer(project):
    """Put the course's layer over JupyterLab into .venv: its keys and slides are there, too, when
    JupyterLab is started without make."""
    for part, place in LAYER.items():
        if (project / part).is_dir():
            shutil.copytree(str(project / part), str(project / ".venv" / place), dirs_exist_ok=True)


def ensure(project=PROJECT, extras=(), version=None):
    """Make the environment complete; returns whether anything had to be done."""
    for name in (*BASE_FILES, *extras):
        if not (project / name).is_file():
            raise EnvironmentProblem("{} is missing in {}.".format(name, project))
    action, reason, damaged = examine(project, extras, version)
    if action == "none":
        return False
    say(reason)
    if action == "build":
        build_venv(project)
        say("installing the packages (about 900 MB; one to ten minutes, once)")
    stamp = install(project, extras, damaged)
    still = damaged_packages(probe(project / ".venv")["packages"])
    if still:
        raise EnvironmentProblem(
            "These packages are still incomplete: {}.\n"
            "Delete the folder {} and run the same command again.".format(
                ", ".join(still), project / ".venv"
            )
        )
    add_layer(project)
    write_stamp(project / ".venv", stamp)
    say("ready")
    return True


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(
        description="Make the course's virtual environment .venv complete."
    )
    parser.add_argument(
        "extras", nargs="*", metavar="requirements-x.txt", help="further lists of packages"
    )
    parser.add_argument(
        "--this-python",
        action="store_true",
        help="rebuild .venv when its version of Python is not the one that runs this",
    )
    return parser.parse_args(arguments)


def main(arguments=None):
    arguments = sys.argv[1:] if arguments is None else arguments
    if sys.version_info < MINIMUM_PYTHON:
        other = newer_python()
        if other is None or "--this-python" in arguments:
            print(too_old_message(sys.version_info, sys.executable), file=sys.stderr)
            return 1
        return subprocess.call([other, os.path.abspath(__file__), *arguments])
    options = parse_arguments(arguments)
    version = sys.version_info[:2] if options.this_python else None
    try:
        ensure(PROJECT, tuple(options.extras), version)
    except EnvironmentProblem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\nInterrupted. Run the same command again: it continues where it stopped.",
            file=sys.stderr,
        )
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
