"""The command that runs notebooks in replicas: real kernels on small notebooks made on the spot."""

import json
import math

import nbformat
import pandas as pd
import pytest
import replicate
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from replica_machines import Machine, NotAtHand

SETUP = "import numpy as np\nfrom course_utils.claims import claim"
DRAWN = """\
x = np.random.default_rng(0).normal(size=100)
claim("the draw is the one of seed 0", abs(x[0] - 0.12573) < 1e-5, here=True, x=x[0])
claim("the mean is below one half", abs(x.mean()) < 0.5)
claim("a hundred numbers", x.size == 100)"""
HERE = Machine("here", "this machine")


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A function that writes a notebook 01, and one that runs the command on it."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    monkeypatch.setattr(replicate, "select", lambda names: sorted(folder.glob("*.ipynb")))
    monkeypatch.setattr(replicate, "machines", lambda: {"here": HERE})

    def write(*sources, name="01_small.ipynb"):
        cells = [new_code_cell(s, id=f"01-cell-{n}") for n, s in enumerate(sources)]
        notebook = new_notebook(cells=[new_markdown_cell("# Title", id="01-title"), *cells])
        nbformat.write(notebook, folder / name)
        return folder / name

    def run(*arguments):
        return replicate.main(["--out", str(tmp_path / "out"), *arguments])

    write.folder, run.out = folder, tmp_path / "out"
    return write, run


def test_claims_of_other_draws_and_a_notebook_that_stays_as_it_is(course, capsys):
    write, run = course
    path = write(SETUP, DRAWN)
    before = path.read_bytes()
    assert run("--draws", "0-2") == 0
    assert path.read_bytes() == before
    table = pd.read_csv(run.out / "replicas.csv")
    assert len(table) == 9
    of_seed = table[table.claim == "01-cell-1.1"].set_index("draw")
    assert of_seed.held.tolist() == [True, False, False]
    assert of_seed.measured.nunique() == 3
    assert table[table.claim != "01-cell-1.1"].held.all()

    summary = pd.read_csv(run.out / "claims.csv").set_index("claim")
    assert summary.kind.to_dict()["01-cell-1.1"] == "this run"
    assert summary.depends.to_dict() == {
        "01-cell-1.1": True,
        "01-cell-1.2": True,
        "01-cell-1.3": False,
    }
    out = capsys.readouterr().out
    assert "3 claims in 3 replicas" in out
    assert "2 depend on a draw, 1 of them are about one run" in out
    assert "Every claim holds." in out
    page = (run.out / "claims.html").read_text(encoding="utf-8")
    assert "the mean is below one half" in page
    assert "http" not in page


def test_it_goes_on_where_it_stopped_and_notices_what_has_changed(course, capsys):
    write, run = course
    write(SETUP, DRAWN)
    assert run("--draws", "0") == 0
    assert run("--draws", "0", "1") == 0
    assert "2 replicas of notebooks, 1 stored already" in capsys.readouterr().out
    write(SETUP, DRAWN + "\nclaim('one more', True)")
    assert run("--draws", "0") == 0
    assert "1 replicas of notebooks, 0 stored already" in capsys.readouterr().out
    assert set(pd.read_csv(run.out / "replicas.csv").draw) == {0}, "draw 1 is stale"


def test_a_claim_that_fails_in_one_draw_is_named(course, capsys):
    write, run = course
    of_seed = "claim('the first is below .2', np.random.default_rng(0).normal() < 0.2)"
    write(SETUP, of_seed, "claim('this one is reached', True)")
    assert run("--draws", "0-3") == 1
    out = capsys.readouterr().out
    assert "✗ 01-cell-1.1" in out
    assert "1 claims fail." in out
    table = pd.read_csv(run.out / "replicas.csv")
    assert table[table.claim == "01-cell-2.1"].held.all()


def test_a_cell_that_raises_stands_in_the_table_with_what_it_kept_from_being_made(course, capsys):
    write, run = course
    sometimes = "if np.random.default_rng(0).normal() > 0.2:\n    raise ValueError('a bad draw')\n"
    write(SETUP, sometimes + "claim('made', True)", "claim('after', True)")
    assert run("--draws", "0-3") == 1
    table = pd.read_csv(run.out / "replicas.csv")
    raised = table[table.text == "the cell raises nothing"]
    assert set(raised.compared) == {"ValueError: a bad draw"}
    bad = set(raised.draw)
    assert 0 < len(bad) < 4
    missed = table[(table.claim == "01-cell-1.1") & ~table.held]
    assert set(missed.draw) == bad
    assert set(missed.compared) == {"not reached"}
    assert table[table.claim == "01-cell-2.1"].held.all()


def test_a_kernel_that_dies_is_not_a_result(course, capsys):
    write, run = course
    write(SETUP, "import os\nos._exit(1)")
    assert run("--draws", "0") == 1
    out = capsys.readouterr().out
    assert "came to no end" in out
    assert "cell 01-cell-1" in out
    assert not list(run.out.rglob("*.json"))


def test_a_processor_that_is_not_the_one_asked_for_is_not_a_result(course, monkeypatch, capsys):
    write, run = course
    write(SETUP)
    imagined = Machine("abacus", "beads", core="Abacus")
    monkeypatch.setattr(replicate, "machines", lambda: {"abacus": imagined})
    assert run("--draws", "0") == 1
    assert "should compute as on Abacus" in capsys.readouterr().out


def test_a_machine_that_cannot_be_had_is_left_out(course, monkeypatch, capsys):
    write, run = course
    write(SETUP, "claim('here', True)")

    def prepare(folder):
        raise NotAtHand("pip said: no network")

    both = {"here": HERE, "old": Machine("old", "an old NumPy", prepare=prepare)}
    monkeypatch.setattr(replicate, "machines", lambda: both)
    assert run("--draws", "0") == 0
    out = capsys.readouterr().out
    assert "old (an old NumPy) is left out. pip said: no network" in out
    assert "1 claims in 1 replicas" in out


def test_the_kernel_has_the_settings_of_its_machine(tmp_path):
    notebook = new_notebook(
        cells=[
            new_code_cell(SETUP, id="a"),
            new_code_cell("import os\nclaim(os.environ['COURSE_X'], True)", id="b"),
        ]
    )
    path = tmp_path / "01_small.ipynb"
    nbformat.write(notebook, path)
    python, settings = replicate.environment_of(Machine("x", "x", {"COURSE_X": "set"}), tmp_path)
    result = replicate.run_replica(path, python, settings)
    assert result["claims"][0]["text"] == "set"
    assert result["errors"] == {}
    assert "NumPy" in result["kernel"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--draws", "x"], "expected a number, or two as in 1-10"),
        (["--jobs", "0"], "expected a whole number from 1"),
    ],
)
def test_a_wrong_option_says_what_was_expected(arguments, message, capsys):
    with pytest.raises(SystemExit):
        replicate.main(arguments)
    assert message in capsys.readouterr().err


def test_an_unknown_machine_or_notebook_is_named(capsys):
    assert replicate.main(["--machines", "cray"]) == 2
    assert "no machine cray here; there are here" in capsys.readouterr().err
    assert replicate.main(["77"]) == 2
    assert "no notebook '77'" in capsys.readouterr().err


def test_all_draws_are_tried_on_common_processors_and_two_elsewhere(tmp_path):
    machines = [HERE, Machine("zen", "an AMD laptop", processor=True)]
    jobs = replicate.jobs_of([tmp_path / "01.ipynb"], machines, None)
    assert [job.draw for job in jobs if job.machine.name == "zen"] == [*range(11)]
    assert [job.draw for job in jobs if job.machine.name == "here"] == [0, 1]
    assert [job.draw for job in jobs] == sorted(job.draw for job in jobs)


def test_half_a_result_is_no_result(tmp_path):
    job = replicate.Job(tmp_path / "01.ipynb", HERE, 0)
    replicate.store({"fingerprint": "f", "value": math.nan}, job.file(tmp_path))
    assert replicate.stored(job, tmp_path, "f")["fingerprint"] == "f"
    assert replicate.stored(job, tmp_path, "g") is None
    job.file(tmp_path).write_text(json.dumps({"fingerprint": "f"})[:-4])
    assert replicate.stored(job, tmp_path, "f") is None
