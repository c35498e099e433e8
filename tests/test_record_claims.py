"""What a kernel writes down about its claims, and that nothing else changes for the notebook."""

import builtins
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import record_claims
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import course_utils.claims

HOOKS = Path(__file__).resolve().parents[1] / "tools" / "replica_kernel"


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A function that runs cells with the recorder in them and returns the claims written down."""
    path = tmp_path / "claims.jsonl"
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    shell.run_cell("import numpy as np\nfrom course_utils.claims import ClaimError, claim")
    record_claims.install(str(path), shell)

    def run(*cells):
        for number, source in enumerate(cells, start=1):
            vars(builtins)[record_claims.NAME].begin(f"cell-{number}")
            result = shell.run_cell(source)
            result.raise_error()
        return [json.loads(line) for line in path.read_text().splitlines()]

    yield run
    del vars(builtins)[record_claims.NAME]
    InteractiveShell.clear_instance()


def closest(claim):
    return claim["distances"][claim["closest"]]


def test_a_claim_is_written_down_with_what_was_compared(made, capsys):
    (found,) = made("low, high = 0.2, 0.25\nclaim('low is lower', low < high, low=low)")
    assert found["claim"] == "cell-1.1"
    assert found["text"] == "low is lower"
    assert (found["held"], found["here"]) == (True, False)
    assert found["measured"] == {"low": "0.2"}
    assert closest(found) == [pytest.approx(0.2), pytest.approx(0.05), "0.2 < 0.25"]
    assert "✓ low is lower" in capsys.readouterr().out


def test_a_false_claim_is_printed_and_the_cell_goes_on(made, capsys):
    found = made("claim('higher', 1.0 > 2.0, here=True)\nclaim('after', 2 > 1)\nprint('end')")
    assert [claim["held"] for claim in found] == [False, True]
    assert found[0]["here"]
    assert closest(found[0])[:2] == [-0.5, -1]
    out = capsys.readouterr().out
    assert "✗ in this run: higher" in out
    assert out.endswith("end\n")


def test_a_claim_that_the_cell_expects_to_fail_is_left_alone(made):
    source = "try:\n    claim('no', 1 > 2)\nexcept ClaimError as error:\n    caught = str(error)"
    assert made(source, "claim('it was raised', caught == '✗ no')")[0]["held"]


def test_every_claim_has_its_own_name(made):
    found = made(
        "claim('a', True)\nfor k in range(3):\n    claim(f'b{k}', k < 5)",
        "def twice():\n    claim('c', True)\ntwice()\nclaim('d', True)",
    )
    names = [claim["claim"] for claim in found]
    assert names == ["cell-1.1", "cell-1.2", "cell-1.2.2", "cell-1.2.3", "cell-2.1", "cell-2.2"]


@pytest.mark.parametrize(
    ("condition", "margin"),
    [
        ("2 < 4", 0.5),
        ("4 <= 4", 0),
        ("4 > 5", -0.2),
        ("0.5 < 0.8 < 1", 0.2),
        ("2 < 4 and 9 < 10", 0.1),
        ("2 < 4 or 9 < 10", 0.5),
        ("not 2 > 4", 0.5),
        ("(np.array([1, 3, 2]) < 4).all()", 0.25),
        ("all(x < 4 for x in [1, 3, 2])", 0.25),
        ("all([x < 4 and x > 0.9 for x in [1, 3, 2]])", 0.1),
        ("bool((np.array([3.0]) < 4).all())", 0.25),
        ("abs(1.02 - 1) < 0.04", 0.5),
        ("np.isclose(1.02, 1, rtol=0, atol=0.04)", 0.5),
        ("np.allclose([1, 1.02], [1, 1], 0, 0.04)", 0.5),
        ("np.allclose([1, 1.08], [1, 1], rtol=0, atol=0.04)", -0.5),
        ("np.array_equal([1], [1])", None),
        ("'a' == 'a' and 3 == 3", math.nan),
        ("5 > 0", math.nan),  # against zero there is no share
        ("1 < np.inf", 1),
        ("'b' > 'a'", math.nan),
    ],
)
def test_the_margin_is_the_part_that_is_left_until_it_fails(made, condition, margin):
    (found,) = made(f"claim('it', {condition})")
    value = eval(condition, {"np": np})
    assert found["held"] == bool(value)
    if margin is None:
        assert found["distances"] == []
    else:
        assert closest(found)[0] == pytest.approx(margin, nan_ok=True)


def test_the_part_that_fails_is_the_one_that_is_shown(made):
    (found,) = made("claim('both', 9.99 < 10 and 'a' == 'b' and 1 / 0 > 2)")
    assert closest(found)[2] == "'a' == 'b'"


def test_conditions_are_evaluated_once_and_in_their_order(made):
    source = "seen = []\ndef f(x):\n    seen.append(x)\n    return x\n"
    made(source + "claim('chain', f(1) < f(2) < f(3) and not f(9) < f(4))")
    found = made("claim('they were', seen == [1, 2, 3, 9, 4], seen=seen)")[-1]
    assert found["held"], found


def test_what_is_no_truth_value_is_still_refused(made):
    with pytest.raises(TypeError, match="expected one bool"):
        made("claim('arrays', np.array([1, 2]) < 3)")


def test_equal_numbers_have_the_same_digest_and_others_another(made):
    source = "claim('it', np.array({}).sum() < 100)"
    found = made(*map(source.format, ([1, 2], [2, 1], [5, 1])))
    same, again, other = (claim["seen"] for claim in found)
    assert same == again != other


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.123456789, "0.12346"),
        (np.float32(0.5), "0.5"),
        (np.int64(7), "7"),
        (np.True_, "True"),
        ([np.float64(1.0), (2, "a")], "[1, [2, 'a']]"),
        (np.arange(12), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ...]"),
        (list(range(11)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ...]"),
        (np.zeros((2, 3)), "array of shape (2, 3)"),
        ({"a": np.float64(2.5)}, "{a: 2.5}"),
        ("x" * 200, "'" + "x" * 156 + "..."),
    ],
)
def test_what_was_measured_is_written_in_few_words(value, text):
    assert record_claims.short(value) == text


def test_the_package_knows_nothing_of_it():
    for path in Path(course_utils.claims.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "COURSE_DRAW" not in text
        assert record_claims.NAME not in text


# ---------------------------------------------------------------- other draws

DRAWS = """
import copy, pickle
import numpy as np
def numbers(rng): return rng.integers(1000, size=3).tolist()
rng = np.random.default_rng(3)
same = [pickle.loads(pickle.dumps(rng)), copy.deepcopy(rng), np.random.default_rng(rng)]
own = np.random.Generator(np.random.PCG64(3))
copied = pickle.loads(pickle.dumps(own))
sequence = np.random.SeedSequence(3)
print([numbers(rng), numbers(same[0]), numbers(same[1]), numbers(own), numbers(copied),
       numbers(np.random.default_rng([3])), numbers(np.random.default_rng(np.int64(3))),
       numbers(np.random.default_rng(sequence)), numbers(np.random.default_rng(4)),
       numbers(np.random.default_rng(sequence.spawn(1)[0]))])
"""


def draws(number: int | None) -> list[list[int]]:
    """What generators of several kinds draw in a Python of its own."""
    environment = {k: v for k, v in os.environ.items() if k != "COURSE_DRAW"}
    environment["PYTHONPATH"] = str(HOOKS)
    if number is not None:
        environment["COURSE_DRAW"] = str(number)
    answer = subprocess.run(
        [sys.executable, "-c", DRAWS], env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(answer.stdout)


def test_draw_zero_is_the_notebook_as_written():
    expected = np.random.default_rng(3).integers(1000, size=3).tolist()
    for found in (draws(None), draws(0)):
        assert found[:8] == [expected] * 8


def test_another_draw_has_other_numbers_for_the_same_seed_each_time_the_same():
    one, again, two = draws(1), draws(1), draws(2)
    assert one == again
    zero = draws(0)
    for first, other in ((zero, one), (zero, two), (one, two)):
        assert all(a != b for a, b in zip(first, other, strict=True))
    # each kind of seed, and the bit generator itself, give what the number 3 gives
    assert one[:8] == [one[0]] * 8
    assert len({tuple(numbers) for numbers in one}) == 3
