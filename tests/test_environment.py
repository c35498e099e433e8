"""Tests of tools/environment.py without network: what it finds wrong, and what it says.
Environments in these tests are bare (no pip); packages in them are a few hand-made files.
"""

import json
import shutil
import subprocess
import sys
import venv

import environment
import pytest

LISTS = {
    "requirements.txt": "numpy\n",
    "constraints.txt": "numpy==2\n",
    "pyproject.toml": "[project]\n",
}


def add_package(folder, name, version="1.0"):
    """Lay down a package with one module as pip would."""
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text("")
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
    lines = [f"{name}/__init__.py,,", f"{info.name}/METADATA,,", f"{info.name}/RECORD,,"]
    lines.append(f"{name}/__pycache__/__init__.cpython-311.pyc,,")
    (info / "RECORD").write_text("\n".join(lines) + "\n")


def packages_of(project):
    return environment.probe(project / ".venv")["packages"]


def stamp_for(project, packages):
    return {
        "project": str(project),
        "python": list(sys.version_info[:2]),
        "files": {name: environment.digest(project / name) for name in LISTS},
        "packages": environment.installed_packages(packages),
    }


@pytest.fixture
def bare(tmp_path):
    """A project without an environment."""
    for name, text in LISTS.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def project(bare):
    """A project whose environment is complete: a bare one with two packages."""
    venv.create(bare / ".venv", symlinks=sys.platform != "win32")
    packages = packages_of(bare)
    add_package(packages, "numpy")
    add_package(packages, "tqdm")
    environment.write_stamp(bare / ".venv", stamp_for(bare, packages))
    return bare


def action(project, *arguments):
    return environment.examine(project, *arguments)[0]


def test_complete_environment_needs_nothing(project):
    assert environment.examine(project) == ("none", ".venv is complete", [])
    assert environment.ensure(project) is False


def test_no_environment_is_built(bare):
    assert action(bare) == "build"


def test_environment_without_python_is_rebuilt(project):
    environment.python_in(project / ".venv").unlink()
    found = environment.examine(project)
    assert found[0] == "build"
    assert "no working Python" in found[1]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows copies the interpreter")
def test_dead_symlink_is_rebuilt(project):
    python = environment.python_in(project / ".venv")
    python.unlink()
    python.symlink_to(project / "gone" / "python3")
    assert action(project) == "build"


def test_missing_pyvenv_cfg_is_rebuilt(project):
    (project / ".venv" / "pyvenv.cfg").unlink()
    assert action(project) == "build"


def test_file_in_place_of_the_folder_is_rebuilt(bare):
    (bare / ".venv").write_text("not a folder")
    assert action(bare) == "build"


def test_interrupted_installation_is_finished(project):
    (project / ".venv" / environment.STAMP_NAME).unlink()
    found = environment.examine(project)
    assert found[0] == "install"
    assert "did not finish" in found[1]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"project": "here"}'])
def test_half_written_stamp_counts_as_none(project, text):
    (project / ".venv" / environment.STAMP_NAME).write_text(text)
    assert action(project) == "install"


def test_deleted_file_of_a_package_is_found(project):
    (packages_of(project) / "numpy" / "__init__.py").unlink()
    kind, reason, damaged = environment.examine(project)
    assert (kind, damaged) == ("install", ["numpy-1.0"])
    assert "numpy-1.0" in reason


def test_package_without_record_is_damaged(project):
    (packages_of(project) / "tqdm-1.0.dist-info" / "RECORD").unlink()
    assert environment.examine(project)[2] == ["tqdm-1.0"]


def test_missing_compiled_files_are_no_damage(project):
    assert not (packages_of(project) / "numpy" / "__pycache__").exists()
    assert environment.damaged_packages(packages_of(project)) == []


def test_uninstalled_package_is_found(project):
    (packages_of(project) / "tqdm-1.0.dist-info").rename(project / "elsewhere")
    kind, reason, damaged = environment.examine(project)
    assert (kind, damaged) == ("install", [])
    assert "tqdm-1.0" in reason


def test_additional_package_is_left_alone(project):
    add_package(packages_of(project), "mine")
    assert action(project) == "none"


@pytest.mark.parametrize("name", sorted(LISTS))
def test_changed_list_brings_an_update(project, name):
    (project / name).write_text(LISTS[name] + "# more\n")
    found = environment.examine(project)
    assert found[0] == "install"
    assert name in found[1]


def test_line_endings_are_no_change(project):
    text = LISTS["requirements.txt"].replace("\n", "\r\n")
    (project / "requirements.txt").write_bytes(text.encode())
    assert action(project) == "none"


def test_extra_list_is_added_once(project):
    (project / "requirements-more.txt").write_text("tqdm\n")
    kind, reason, _ = environment.examine(project, ("requirements-more.txt",))
    assert kind == "install"
    assert "requirements-more.txt" in reason
    stamp = stamp_for(project, packages_of(project))
    stamp["files"]["requirements-more.txt"] = environment.digest(project / "requirements-more.txt")
    environment.write_stamp(project / ".venv", stamp)
    assert action(project, ("requirements-more.txt",)) == "none"
    assert action(project) == "none"


def test_moved_project_is_rebuilt(project, tmp_path_factory):
    moved = project.rename(tmp_path_factory.mktemp("other") / "course")
    found = environment.examine(moved)
    assert found[0] == "build"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows copies the interpreter")
def test_copied_project_is_rebuilt_even_when_unfinished(project):
    (project / ".venv" / environment.STAMP_NAME).unlink()
    config = project / ".venv" / "pyvenv.cfg"
    line = f"command = {sys.executable} -m venv --clear /somewhere/else/.venv\n"
    config.write_text(config.read_text().split("command = ")[0] + line)
    found = environment.examine(project)
    assert found[0] == "build"
    assert "moved or copied" in found[1]


def test_python_is_changed_only_on_request(project):
    other = (sys.version_info[0], sys.version_info[1] + 1)
    assert action(project, (), other) == "build"
    assert action(project, (), sys.version_info[:2]) == "none"


def test_old_python_in_the_environment_is_replaced(project, monkeypatch):
    monkeypatch.setattr(environment, "MINIMUM_PYTHON", (99, 0))
    kind, reason, _ = environment.examine(project)
    assert kind == "build"
    assert "too old" in reason


def test_the_layer_over_jupyterlab_is_there_without_make(tmp_path):
    environment.add_layer(tmp_path)  # a project without one
    assert not (tmp_path / ".venv").exists()
    for part in environment.LAYER:
        shutil.copytree(environment.PROJECT / part, tmp_path / part)
    for _ in range(2):  # an update of the environment lays it down again
        environment.add_layer(tmp_path)
    for part, place in environment.LAYER.items():
        there, here = tmp_path / ".venv" / place, environment.PROJECT / part
        files = {path.relative_to(here) for path in here.rglob("*") if path.is_file()}
        assert files and files == {p.relative_to(there) for p in there.rglob("*") if p.is_file()}


def test_old_python_is_told_what_is_needed(monkeypatch, capsys):
    monkeypatch.setattr(environment.sys, "version_info", (3, 9, 18, "final", 0))
    monkeypatch.setattr(environment, "newer_python", lambda: None)
    assert environment.main([]) == 1
    message = capsys.readouterr().err
    assert "3.11 or newer" in message
    assert "3.9.18" in message


def test_old_python_hands_over_to_a_newer_one(monkeypatch):
    calls = []
    monkeypatch.setattr(environment.sys, "version_info", (3, 9, 18, "final", 0))
    monkeypatch.setattr(environment, "newer_python", lambda: "/opt/python3.12")
    monkeypatch.setattr(environment.subprocess, "call", lambda command: calls.append(command) or 0)
    assert environment.main(["requirements-more.txt"]) == 0
    assert calls[0][0] == "/opt/python3.12"
    assert calls[0][-1] == "requirements-more.txt"


def test_missing_venv_module_names_the_debian_package(bare, monkeypatch):
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(environment.EnvironmentProblem, match="apt install python3-venv"):
        environment.build_venv(bare)


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("Failed to establish a new connection: [Errno -3]", "Check the connection"),
        ("Temporary failure in name resolution", "Check the connection"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("ERROR: ResolutionImpossible", "pip says above"),
    ],
)
def test_pip_failure_comes_with_advice(line, advice):
    message = environment.pip_problem(("install", "-r", "requirements.txt"), ["Collecting", line])
    assert line in message
    assert advice in message


def test_missing_list_is_named(project):
    with pytest.raises(environment.EnvironmentProblem, match=r"requirements-none\.txt is missing"):
        environment.ensure(project, ("requirements-none.txt",))


def test_repair_removes_the_record_and_writes_the_stamp_last(project, monkeypatch):
    packages = packages_of(project)
    (packages / "numpy" / "__init__.py").unlink()
    seen = []

    def fake_pip(where, *arguments):
        assert not (where / ".venv" / environment.STAMP_NAME).exists()
        seen.append(arguments)
        if "-r" in arguments:
            assert not (packages / "numpy-1.0.dist-info").exists()
            (packages / "numpy").rmdir()
            add_package(packages, "numpy")

    monkeypatch.setattr(environment, "ensure_pip", lambda *_: None)
    monkeypatch.setattr(environment, "pip_install", fake_pip)
    assert environment.ensure(project) is True
    assert seen[0] == ("-r", "requirements.txt", "-c", "constraints.txt")
    assert "--editable" in seen[1]
    assert action(project) == "none"


def test_failed_installation_leaves_no_stamp(project, monkeypatch):
    (project / "requirements.txt").write_text("numpy\npandas\n")

    def fail(*_):
        raise environment.EnvironmentProblem("no network")

    monkeypatch.setattr(environment, "ensure_pip", lambda *_: None)
    monkeypatch.setattr(environment, "pip_install", fail)
    with pytest.raises(environment.EnvironmentProblem, match="no network"):
        environment.ensure(project)
    assert environment.read_stamp(project / ".venv") is None
    assert action(project) == "install"


def test_installed_extra_lists_are_kept_up_to_date(project, monkeypatch):
    (project / "requirements-more.txt").write_text("tqdm\n")
    stamp = stamp_for(project, packages_of(project))
    stamp["files"]["requirements-more.txt"] = environment.digest(project / "requirements-more.txt")
    environment.write_stamp(project / ".venv", stamp)
    (project / "constraints.txt").write_text("numpy==3\n")
    seen = []
    monkeypatch.setattr(environment, "ensure_pip", lambda *_: None)
    monkeypatch.setattr(environment, "pip_install", lambda where, *words: seen.append(words))
    environment.ensure(project)
    assert "requirements-more.txt" in seen[0]
    assert "requirements-more.txt" in environment.read_stamp(project / ".venv")["files"]


def test_stamp_survives_a_round_trip(project):
    path = project / ".venv" / environment.STAMP_NAME
    stamp = json.loads(path.read_text())
    environment.write_stamp(project / ".venv", stamp)
    assert environment.read_stamp(project / ".venv") == stamp
    assert list(path.parent.glob("*.new")) == []


def test_output_and_exit_code_of_a_command_are_kept(tmp_path):
    code, lines = environment.run_quietly(
        [sys.executable, "-c", "print('a'); print('b'); raise SystemExit(3)"], tmp_path
    )
    assert (code, lines) == (3, ["a", "b"])


def test_build_replaces_a_file_and_asks_for_a_clean_folder(bare, monkeypatch):
    (bare / ".venv").write_text("not a folder")
    commands = []
    monkeypatch.setattr(
        environment, "run_quietly", lambda command, where: commands.append(command) or (0, [])
    )
    environment.build_venv(bare)
    assert not (bare / ".venv").exists()
    assert "--clear" in commands[0]


def test_failed_build_says_what_to_look_at(bare, monkeypatch):
    monkeypatch.setattr(environment, "run_quietly", lambda *_: (1, ["Permission denied"]))
    with pytest.raises(environment.EnvironmentProblem, match="Close programs that use it"):
        environment.build_venv(bare)


def test_help_needs_no_environment():
    answer = subprocess.run(
        [sys.executable, environment.__file__, "--help"], capture_output=True, text=True, check=True
    )
    assert "requirements-x.txt" in answer.stdout
