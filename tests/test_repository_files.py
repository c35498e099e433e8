"""The files that a code host reads: each fits its schema, and runs commands that are there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("check_jsonschema")
yaml = pytest.importorskip("ruamel.yaml")

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml"))
SCHEMAS = {
    "vendor.github-workflows": WORKFLOWS,
    "vendor.dependabot": [ROOT / ".github" / "dependabot.yml"],
    "vendor.github-issue-forms": FORMS,
    "vendor.github-issue-config": [ROOT / ".github" / "ISSUE_TEMPLATE" / "config.yml"],
    "vendor.citation-file-format": [ROOT / "CITATION.cff"],
}


def loaded(path):
    return yaml.YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def steps_of(path):
    return [step for job in loaded(path)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_files_fit_the_schema_of_their_kind(schema):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema]
    result = subprocess.run(
        [*command, *SCHEMAS[schema]], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_the_shell_steps_are_shell_and_call_what_is_there(path):
    makefiles = [ROOT / "Makefile", ROOT / "tools" / "maintain.mk"]
    targets = re.findall(r"^([a-z-]+):", "\n".join(one.read_text() for one in makefiles), re.M)
    scripts = [step["run"] for step in steps_of(path) if "run" in step]
    assert scripts
    for script in scripts:
        subprocess.run(["bash", "-n", "-c", script], check=True)
        for target in re.findall(r"\bmake ([a-z-]+)", script):
            assert target in targets
        for file in re.findall(r"(?<![\w.])((?:\.ci|tools|requirements)[\w./-]*)", script):
            assert (ROOT / file).exists(), file
