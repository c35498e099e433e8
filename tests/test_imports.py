"""What an import brings along: modules are counted, not seconds, which depend on the machine."""

import json
import subprocess
import sys

import pytest

# A lesson begins with these; scikit-learn, SciPy and pandas come when a call needs them.
LATER = {"sklearn", "scipy", "pandas", "seaborn", "joblib.parallel", "torch", "pooch"}
MOST = {
    "layers": 350,
    "losses": 350,
    "optimizers": 350,
    "network": 350,
    "training": 450,
    "statistics": 350,
    "exercises": 450,
    "plots": 800,
    "widgets": 1000,
}
NEEDED = {"experiments": {"joblib.parallel"}}


def imported_by(name):
    code = f"import course_utils.{name}, sys, json; print(json.dumps(sorted(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return json.loads(result.stdout)


@pytest.mark.parametrize("name", MOST)
def test_an_import_brings_no_more_than_it_needs(name):
    modules = imported_by(name)
    assert not LATER & set(modules)
    assert len(modules) < MOST[name]


@pytest.mark.parametrize("name", ["experiments", "clinic"])
def test_tables_and_baselines_come_with_the_first_call(name):
    assert not (LATER - NEEDED.get(name, set())) & set(imported_by(name))
