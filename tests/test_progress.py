"""What is solved is remembered in one small file, which no crash and no damage takes away."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from course_utils import exercises
from course_utils.exercises import record
from course_utils.exercises.record import AFTER, SEEN, SOLVED, TRIED


def answer(value):
    """Answer the exercise of notebook 00: 7 is right."""
    return exercises.check("00.1", value)


def stored(file):
    return json.loads(file.read_text(encoding="utf-8"))


def test_nothing_is_written_before_the_first_attempt(progress_file):
    answer(...)
    assert exercises.progress().solved() == []
    assert not progress_file.exists()


def test_tried_then_solved_and_solved_for_good(progress_file):
    answer(6)
    assert stored(progress_file) == {"00.1": TRIED}
    answer(7)
    assert stored(progress_file) == {"00.1": SOLVED}
    answer(6)
    assert stored(progress_file) == {"00.1": SOLVED}
    assert exercises.progress("00").solved() == ["00.1"]


def test_it_holds_ids_and_states_and_no_answers(progress_file):
    answer(123456)
    assert stored(progress_file) == {"00.1": TRIED}
    assert [path.name for path in progress_file.parent.iterdir()] == [progress_file.name]


def test_progress_of_one_notebook_lists_its_exercises():
    answer(6)
    shown = repr(exercises.progress("00")).splitlines()
    assert shown[0] == "Notebook 00: 0 of 1 exercises solved"
    assert shown[1] == "  – 00.1 One neuron: tried"
    assert shown[-1].startswith("All notebooks: 0 of ")
    answer(7)
    assert "✓ 00.1 One neuron: solved" in repr(exercises.progress("00"))


def test_progress_of_all_is_a_line_each_and_a_sum(monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "/somewhere/00_start_here.ipynb")
    answer(7)
    shown = exercises.progress("all")
    lines = repr(shown).splitlines()
    assert [line[9:11] for line in lines[:-1]] == record.notebooks()
    number = sum(len(rows) for rows in shown.notebooks.values())
    assert lines[-1] == f"All notebooks: 1 of {number} exercises solved"


@pytest.mark.parametrize(
    ("session", "shown"),
    [
        ("/somewhere/02_backprop_by_hand.ipynb", ["02"]),
        ("02_backprop_by_hand.ipynb", ["02"]),
        ("/somewhere/my_own.ipynb", record.notebooks()),
        (None, record.notebooks()),
    ],
)
def test_it_is_that_of_the_open_notebook(session, shown, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    if session:
        monkeypatch.setenv("JPY_SESSION_NAME", session)
    assert list(exercises.progress().notebooks) == shown


def test_an_unknown_notebook_is_an_error():
    with pytest.raises(ValueError, match="notebook is '77', expected \"all\" or one of 00, 01"):
        exercises.progress("77")


def test_html_and_text_say_the_same():
    answer(7)
    progress = exercises.progress("00")
    for line in repr(progress).splitlines():
        assert line.strip() in progress._repr_html_()


# ---------------------------------------------------------------- where it is


def test_the_setting_names_the_file(progress_file):
    assert exercises.progress().file == progress_file


@pytest.mark.parametrize(
    ("platform", "settings", "end"),
    [
        ("linux", {}, ".local/share/backprop-course/progress.json"),
        ("linux", {"XDG_DATA_HOME": "~/elsewhere"}, "elsewhere/backprop-course/progress.json"),
        ("darwin", {}, "Library/Application Support/backprop-course/progress.json"),
        ("win32", {"LOCALAPPDATA": "~/Local"}, "Local/backprop-course/progress.json"),
        ("win32", {}, "AppData/Local/backprop-course/progress.json"),
    ],
)
def test_without_a_setting_it_is_in_the_home_directory(platform, settings, end, monkeypatch):
    for name in (record.SETTING, "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(record.sys, "platform", platform)
    home = record.Path.home()
    assert record.path() == home / end


def test_the_readme_names_these_places(root):
    for name in ("README.md", "tools/templates/student_readme.md"):
        text = (root / name).read_text(encoding="utf-8")
        assert "~/.local/share/backprop-course/progress.json" in text, name
        assert "~/Library/Application Support/backprop-course/progress.json" in text, name
        assert r"%LOCALAPPDATA%\backprop-course\progress.json" in text, name
        assert record.SETTING in text, name


def test_it_opens_no_connection(monkeypatch):
    def refuse(*arguments, **named):
        raise AssertionError("a connection to the network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    answer(7)
    assert exercises.progress("all").solved() == ["00.1"]


# ---------------------------------------------------------------- crashes and damage

WRITES_FOR_EVER = """
from course_utils.exercises import record
print("ready", flush=True)
while True:
    for number in range(300):
        record.remember(f"{number}", solved=True)
    record.path().unlink()
    record.remember("first", solved=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_killed_while_writing_it_leaves_a_whole_file(progress_file):
    """Several times, at moments that differ."""
    for wait in (0.02, 0.05, 0.11, 0.23):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITES_FOR_EVER], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout.readline() == "ready\n"
        while not progress_file.exists():
            time.sleep(0.001)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert record.read()[1] == "", "the file was damaged"
    assert record.remember("00.1", solved=True) == ""
    assert record.read()[0]["00.1"] == SOLVED


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_crash_before_the_end_leaves_the_old_file(step, progress_file, monkeypatch):
    answer(6)
    before = progress_file.read_bytes()

    def crash(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(os, step, crash)
        with pytest.raises(KeyboardInterrupt):
            answer(7)
    assert progress_file.read_bytes() == before
    assert list(progress_file.parent.iterdir()) == [progress_file]


@pytest.mark.parametrize(
    "damage",
    [b"", b'{"00.1": "sol', b"\x00" * 40, b"\xff\xfe\x00", b"[1, 2]", b"null", b'"solved"'],
)
def test_a_damaged_file_is_kept_aside_and_the_student_is_told(damage, progress_file):
    progress_file.write_bytes(damage)
    verdict = answer(7)
    assert verdict.solved
    aside = progress_file.with_name(progress_file.name + ".damaged-1")
    assert aside.read_bytes() == damage
    assert f"is kept as {aside.name}" in verdict.message
    assert stored(progress_file) == {"00.1": SOLVED}
    assert "damaged" not in answer(7).message


def test_progress_tells_of_a_damaged_file_too(progress_file):
    progress_file.write_text("{")
    assert "was damaged; it is kept as" in repr(exercises.progress("00"))
    assert "damaged" not in repr(exercises.progress("00"))


def test_a_second_damaged_file_does_not_replace_the_first(progress_file):
    for text in ("one", "two"):
        progress_file.write_text(text)
        answer(7)
    kept = sorted(progress_file.parent.glob("*.damaged-*"))
    assert [path.read_text() for path in kept] == ["one", "two"]


def test_unknown_entries_do_not_disturb(progress_file):
    progress_file.write_text('{"00.1": "solved", "99.9": "solved", "01.1": ["what"], "x": null}')
    assert exercises.progress("all").solved() == ["00.1"]
    assert exercises.progress("all").course[0] == 1


def test_what_cannot_be_read_is_not_replaced(progress_file, monkeypatch):
    answer(6)
    before = progress_file.read_bytes()

    def refuse(*arguments, **named):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as broken:
        broken.setattr(record.Path, "read_text", refuse)
        verdict = answer(7)
        assert "could not be read: Permission denied" in repr(exercises.progress("00"))
    assert verdict.solved
    assert "could not be stored: Permission denied" in verdict.message
    assert progress_file.read_bytes() == before


def test_what_cannot_be_put_aside_is_not_replaced(progress_file, monkeypatch):
    progress_file.write_text("precious {")

    def refuse(*arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    assert "could not be stored: Permission denied" in answer(7).message
    assert progress_file.read_text() == "precious {"


def test_a_place_that_cannot_be_written_stops_no_check(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(record.SETTING, str(tmp_path / "file" / "progress.json"))
    verdict = answer(7)
    assert verdict.solved
    assert "could not be" in verdict.message
    assert exercises.progress("00").solved() == []


def test_the_folder_is_made_when_it_is_needed(tmp_path, monkeypatch):
    file = tmp_path / "not" / "there" / "progress.json"
    monkeypatch.setenv(record.SETTING, str(file))
    answer(7)
    assert stored(file) == {"00.1": SOLVED}


# ---------------------------------------------------------------- two notebooks, odd homes

STORES = """
import sys
from course_utils.exercises import record
for number in range(100):
    trouble = record.remember(f"{sys.argv[1]}.{number}", solved=True)
    assert trouble == "", trouble
"""


def test_two_notebooks_at_once_lose_nothing(progress_file):
    both = [subprocess.Popen([sys.executable, "-c", STORES, name]) for name in ("one", "two")]
    assert [process.wait() for process in both] == [0, 0]
    assert len(stored(progress_file)) == 200


def test_deep_nesting_is_damage_and_no_error(progress_file):
    progress_file.write_text("[" * 100_000)
    assert "was damaged" in answer(7).message
    assert stored(progress_file) == {"00.1": SOLVED}


@pytest.mark.parametrize("setting", [None, "~/x/progress.json"])
def test_without_a_home_directory_the_cure_is_told(setting, monkeypatch):
    def none(path):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv(record.SETTING, raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    if setting:
        monkeypatch.setenv(record.SETTING, setting)
    monkeypatch.setattr(record.Path, "expanduser", none)
    verdict = answer(7)
    assert verdict.solved
    assert "no home directory" in verdict.message and record.SETTING in verdict.message
    assert "no home directory" in repr(exercises.progress("00"))


def test_a_solution_that_was_opened_first_is_marked(progress_file):
    record.looked("00.1")
    assert stored(progress_file) == {"00.1": SEEN}
    assert "solution seen" in repr(exercises.progress("00"))
    answer(6)
    assert stored(progress_file) == {"00.1": SEEN}
    answer(7)
    assert stored(progress_file) == {"00.1": AFTER}
    assert "✓ 00.1 One neuron: solved after the solution" in repr(exercises.progress("00"))
    assert exercises.progress("00").solved() == ["00.1"]


def test_a_solution_that_is_opened_afterwards_changes_nothing(progress_file):
    answer(7)
    record.looked("00.1")
    assert stored(progress_file) == {"00.1": SOLVED}
