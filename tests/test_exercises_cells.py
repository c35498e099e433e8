"""Credit only for one's own work: a solution cell leaves nothing behind, and is remembered."""

import json
import os
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

SETUP = "import numpy as np\nfrom course_utils import exercises"
STUB = "def relu_backward(Z, dA):\n    dZ = ...\n    return dZ"
CHECK = 'exercises.check("02.3", relu_backward)'
SOLUTION = "# Solution 02.3\ndef relu_backward(Z, dA):\n    dZ = dA * (Z > 0)\n    return dZ"
WITHOUT_ID = SOLUTION.replace("# Solution 02.3", "# Solution")
OTHERWISE = "def relu_backward(Z, dA):\n    return np.where(Z > 0, dA, 0.0)"

# Runs cells in a shell of IPython; a number is a pause in seconds before the next one.
SESSION = """
import json, sys, time
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

config = Config()
config.HistoryManager.enabled = False
config.InteractiveShell.colors = "NoColor"
shell = InteractiveShell.instance(config=config)
said = []
for cell in json.load(sys.stdin):
    if isinstance(cell, str):
        with capture_output() as shown:
            result = shell.run_cell(cell)
        others = [out.data.get("text/plain", "") for out in shown.outputs]
        said.append([repr(result.result), "\\n".join([shown.stdout, *others])])
    else:
        time.sleep(cell)
known = sorted(name for name in shell.user_ns if not name.startswith("_"))
print(json.dumps({"said": said, "names": known}))
"""


@pytest.fixture
def session(progress_file):
    """Runs cells; gives what each said, and the names that are left."""

    def run(*cells):
        environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
        done = subprocess.run(
            [sys.executable, "-c", SESSION],
            input=json.dumps([SETUP, *cells]),
            capture_output=True,
            text=True,
            env=environment,
            check=True,
        )
        found = json.loads(done.stdout.splitlines()[-1])
        return [said for said, _ in found["said"]][1:], found["names"], found["said"][1:]

    return run


@pytest.mark.parametrize("solution", [SOLUTION, WITHOUT_ID])
def test_run_all_ten_times_is_not_an_attempt(session, progress_file, solution):
    cells = [STUB, CHECK, solution] * 10
    said, _, _ = session(*cells, CHECK, 'exercises.progress("02")')
    assert all("not attempted" in one for one in [*said[1:30:3], said[-2]])
    assert "0 of" in said[-1] and "solved after" not in said[-1]
    assert not progress_file.exists()


def test_a_solution_puts_every_name_back(session):
    said, names, _ = session(
        "kept, changed, gone = [1], 2, 3",
        "# Solution 02.3\nimport math\nchanged, new = 5, 6\nkept = [7]\ndel gone\nnew",
        "(kept, changed, gone)",
    )
    assert said[1] == "6", "a solution shows what it gives"
    assert said[2] == "([1], 2, 3)"
    assert not {"new", "math"} & set(names)


def test_a_solution_that_stops_with_an_error_leaves_nothing_either(session):
    _, names, _ = session("# Solution 02.3\nnew = 6\n1 / 0", "1")
    assert "new" not in names


def test_an_answer_that_is_right_stays_right_after_the_solution(session):
    said, _, _ = session(OTHERWISE, CHECK, SOLUTION, CHECK, 'exercises.progress("02")')
    assert "correct" in said[1] and "correct" in said[3]
    assert "02.3 Backward of the ReLU: solved\n" in said[-1]


def test_who_opens_the_solution_first_has_solved_after_it(session):
    said, _, _ = session(STUB, CHECK, 1.3, SOLUTION, OTHERWISE, CHECK, 'exercises.progress("02")')
    assert "correct" in said[-2]
    assert "solved after the solution" in said[-1]


def test_who_opens_it_later_has_solved_before(session):
    said, _, _ = session(OTHERWISE, CHECK, 1.3, SOLUTION, CHECK, 'exercises.progress("02")')
    assert "solved after the solution" not in said[-1]


def test_run_all_and_then_an_answer_of_ones_own_is_solved(session):
    said, _, _ = session(STUB, CHECK, SOLUTION, OTHERWISE, CHECK, 'exercises.progress("02")')
    assert "02.3 Backward of the ReLU: solved\n" in said[-1]


def test_a_copy_of_a_long_solution_is_known(session):
    long = "\n".join(
        [
            "def relu_backward(Z, dA):",
            "    positive = Z > 0",
            "    gradient = np.zeros_like(dA)",
            "    gradient[positive] = dA[positive]",
            "    return gradient + 0 * Z",
        ]
    )
    said, _, _ = session(STUB, f"# Solution 02.3\n{long}", long, CHECK, 'exercises.progress("02")')
    assert "correct" in said[-2]
    assert "solved after the solution" in said[-1]


def test_a_cell_that_stopped_is_named_by_the_check(session):
    _, _, shown = session("z = w * 3", 'exercises.check("00.1", z)')
    assert "The cell before stopped with an error" in shown[1][1]
    assert "there is no `w`" in shown[1][1]


def test_another_name_is_named_by_the_check(session):
    answer = "def Layer(X, W, b):\n    return np.maximum(0, X @ W + b)"
    _, _, shown = session(answer, 'exercises.check("01.2", layer)')
    assert "The cell before defines `Layer`. The check asks for `layer`." in shown[1][1]
    said, _, _ = session("layer = 5", answer, 'exercises.check("01.2", layer)')
    assert "The cell before defines `Layer`" in said[-1]


def test_a_letter_without_quotes_is_named(session):
    _, _, shown = session("sure = c", 'exercises.check("03.5", sure)')
    assert 'it stands in quotes: "c"' in shown[1][1]


def test_the_slip_in_a_cell_with_numbers_is_found_in_its_code(session):
    said, _, _ = session(
        "from math import exp\nz = 2 * 0.4 - 1 * 0.6 + 0.3\np = 1 / (1 + exp(-z)) ** 2\n"
        "L = -np.log(p)\ndz = p - 1",
        'exercises.check("01.1", z=z, p=p, L=L, dz=dz)',
    )
    assert "Line 3, `(1 + exp(-z)) ** 2`" in said[-1]


def test_hints_come_in_stages_and_then_tell_of_the_last_answer(session):
    wrong = "def relu_backward(Z, dA):\n    return 3 * dA * (Z > 0) ** 2 + np.sin(dA)"
    ask = 'exercises.hint("02.3")'
    said, _, _ = session(ask, ask, ask, wrong, CHECK, ask)
    assert [one.splitlines()[0][:11] for one in said[:3]] == [
        f"Hint {k} of 3"[:11] for k in (1, 2, 3)
    ]
    assert len(set(said[:3])) == 3
    assert "Hint 4 of 4" in said[-1] and "Your last answer" in said[-1]


@pytest.mark.slow
def test_a_kernel_of_jupyter_does_the_same(tmp_path):
    """Run All on an untouched notebook, twice: nothing is credited."""
    cells = [SETUP, STUB, CHECK, SOLUTION, CHECK, STUB, CHECK, SOLUTION, 'exercises.progress("02")']
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in cells])
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()

    def text(k):
        return notebook.cells[k].outputs[0]["data"]["text/plain"]

    assert all("not attempted" in text(k) for k in (2, 4, 6))
    assert "0 of" in text(8)
