"""Cells that need a package which is not installed are left out, and only those."""

import importlib.util

import pytest
from IPython.core.interactiveshell import InteractiveShell

from course_utils import optional


@pytest.fixture
def shell(monkeypatch, tmp_path):
    """A shell of its own, with nothing of the user's, that `get_ipython` finds."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell = InteractiveShell()
    monkeypatch.setattr(optional, "get_ipython", lambda: shell)
    yield shell
    shell.history_manager.end_session()


def install(monkeypatch, *names):
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: object() if n in names else None)


def test_marked_cells_are_left_out_where_the_package_is_missing(shell, monkeypatch, capsys):
    install(monkeypatch, "wandb")
    optional.leave_out_cells_without("torch", "wandb")
    said = capsys.readouterr().out
    assert "make install EXTRAS=requirements-torch.txt" in said
    assert said.count("\n") == 1, "one sentence, for the one that is missing"

    shell.run_cell("# needs torch\nimport torch_that_is_missing\na = 1").raise_error()
    assert capsys.readouterr().out == "left out: PyTorch is not installed\n"
    shell.run_cell("# needs wandb\nb = 2").raise_error()
    shell.run_cell("c = 3  # needs torch\n# needs torch").raise_error()
    assert "a" not in shell.user_ns
    assert (shell.user_ns["b"], shell.user_ns["c"]) == (2, 3)


def test_nothing_changes_where_all_is_installed(shell, monkeypatch, capsys):
    install(monkeypatch, "torch", "wandb")
    before = list(shell.input_transformers_cleanup)
    optional.leave_out_cells_without("torch", "wandb")
    assert shell.input_transformers_cleanup == before
    assert capsys.readouterr().out == ""


def test_an_unknown_package_is_refused():
    with pytest.raises(ValueError, match="package is 'tensorflow', expected one of"):
        optional.leave_out_cells_without("tensorflow")


@pytest.mark.parametrize("package", optional.PACKAGES)
def test_what_it_tells_to_install_is_there(root, package):
    text = (root / f"requirements-{package}.txt").read_text(encoding="utf-8")
    assert f"\n{package}==" in text
