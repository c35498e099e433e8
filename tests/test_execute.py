"""Tests of tools/execute.py on small notebooks that are made on the spot.
Each run starts a real kernel.
"""

import execute
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

PNG = "iVBORw0KGgo="


def save(path, *cells):
    """Write a notebook; cells are sources of code cells or cells."""
    made = [
        new_code_cell(cell, id=f"cell-{number}") if isinstance(cell, str) else cell
        for number, cell in enumerate(cells)
    ]
    nbformat.write(new_notebook(cells=made), path)
    return path


def load(path):
    return nbformat.read(path, as_version=4)


def tagged(source, cell_id):
    return new_code_cell(source, id=cell_id, metadata={"tags": ["nbval-ignore-output"]})


def test_second_run_changes_no_byte(tmp_path):
    path = save(
        tmp_path / "01_small.ipynb",
        new_markdown_cell("# Title", id="title"),
        "import sys\nprint('a')\nprint('b', file=sys.stderr)\nprint('c')",
        "",
        "{'x': 1}",
        "import ipywidgets\nipywidgets.interact(lambda x: print(x), x=3);",
        "ipywidgets.IntSlider(value=3)",
        "import matplotlib.pyplot as plt\nfigure, axes = plt.subplots()\nplt.close(figure)\nfigure",
    )
    measured, _ = execute.process(path)
    first = path.read_bytes()
    execute.process(path)
    assert path.read_bytes() == first
    assert first.endswith(b"}\n")
    assert b"\r" not in first
    assert measured.seconds > 0
    assert 10 < measured.peak_megabytes < 2000

    notebook = load(path)
    assert [cell.id for cell in notebook.cells] == ["title", *(f"cell-{n}" for n in range(1, 7))]
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == [1, None, 2, 3, 4, 5]
    assert notebook.metadata.language_info == {"name": "python"}
    assert b"widget-view" not in first
    assert b"IntSlider(value=3)" in first
    assert "image/png" in notebook.cells[6].outputs[0].data
    assert execute.process(path, check=True)[1] == []


def test_failing_cell_leaves_the_file_alone(tmp_path, capsys):
    path = save(tmp_path / "01_broken.ipynb", "x = 2", "y = x / 0", "print('never')")
    before = path.read_bytes()
    assert execute.main([str(path)]) == 1
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    message = capsys.readouterr().err
    for part in ("01_broken.ipynb", "cell-1", "y = x / 0", "ZeroDivisionError"):
        assert part in message
    assert "\x1b" not in message


def test_dead_kernel_is_a_failing_cell(tmp_path):
    path = save(tmp_path / "01_dies.ipynb", "import os\nos._exit(1)")
    with pytest.raises(execute.CellFailed, match="kernel died"):
        execute.process(path)


def test_slow_cell_is_a_failing_cell(tmp_path, monkeypatch):
    monkeypatch.setattr(execute, "CELL_TIMEOUT_SECONDS", 1)
    path = save(tmp_path / "01_slow.ipynb", "import time\ntime.sleep(60)")
    with pytest.raises(execute.CellFailed, match="No answer within 1 seconds"):
        execute.process(path)


def test_one_failure_does_not_keep_others_from_running(tmp_path):
    broken = save(tmp_path / "01_broken.ipynb", "1 / 0")
    good = save(tmp_path / "02_good.ipynb", "print('done')")
    assert execute.main([str(broken), str(good)]) == 1
    assert load(good).cells[0].outputs[0].text == "done\n"


def test_check_finds_the_changed_cell_and_stores_nothing(tmp_path):
    path = save(tmp_path / "01_claims.ipynb", "print('one')", "print('two')")
    execute.process(path)
    path.write_text(path.read_text().replace('"two\\n"', '"three\\n"'))
    stale = path.read_bytes()
    assert execute.process(path, check=True)[1] == ["cell-1"]
    assert execute.main(["--check", str(path)]) == 1
    assert path.read_bytes() == stale


def test_check_finds_leftovers_of_an_editor(tmp_path):
    path = save(tmp_path / "01_saved.ipynb", "print('one')")
    execute.process(path)
    notebook = load(path)
    notebook.metadata.language_info.version = "3.11.7"
    nbformat.write(notebook, path)
    assert execute.process(path, check=True)[1] == ["metadata or formatting"]


def test_machine_dependent_outputs_may_change(tmp_path):
    path = save(tmp_path / "01_time.ipynb", tagged("import time\nprint(time.time_ns())", "clock"))
    execute.process(path)
    assert execute.process(path, check=True)[1] == []
    first = path.read_bytes()
    execute.process(path)
    assert path.read_bytes() != first


def test_untagged_changing_output_is_found(tmp_path):
    path = save(tmp_path / "01_time.ipynb", "import time\nprint(time.time_ns())")
    execute.process(path)
    assert execute.process(path, check=True)[1] == ["cell-0"]


def test_kernel_works_beside_the_notebook_with_course_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "no-such-backend")
    source = "import os\nprint(os.getcwd())\nprint(os.environ.get('MPLBACKEND', 'inline')[-7:])\n"
    source += "print(os.environ['TQDM_DISABLE'], os.environ['OMP_NUM_THREADS'])"
    path = save(tmp_path / "01_here.ipynb", source)
    execute.process(path)
    lines = load(path).cells[0].outputs[0].text.splitlines()
    assert lines[0] == str(tmp_path.resolve())
    assert lines[1:] == ["_inline", "1 1"] or lines[1:] == ["inline", "1 1"]


def test_normalize_drops_the_widget_view_beside_a_picture():
    data = {execute.WIDGET_VIEW: {"model_id": "1"}, "image/png": PNG, "text/plain": "Demo()"}
    alone = {execute.WIDGET_VIEW: {"model_id": "1"}}
    outputs = [new_output("display_data", data), new_output("display_data", alone)]
    notebook = new_notebook(cells=[new_code_cell("demo", outputs=outputs)])
    execute.normalize(notebook)
    first, second = notebook.cells[0].outputs
    assert set(first.data) == {"image/png", "text/plain"}
    assert set(second.data) == {execute.WIDGET_VIEW}


def test_normalize_joins_only_neighboring_pieces_of_one_stream():
    outputs = [
        new_output("stream", name="stdout", text="a"),
        new_output("stream", name="stdout", text="b\n"),
        new_output("stream", name="stderr", text="c\n"),
        new_output("stream", name="stdout", text="d\n"),
    ]
    notebook = new_notebook(cells=[new_code_cell("run()", outputs=outputs)])
    execute.normalize(notebook)
    pieces = [(output.name, output.text) for output in notebook.cells[0].outputs]
    assert pieces == [("stdout", "ab\n"), ("stderr", "c\n"), ("stdout", "d\n")]


def test_normalize_drops_times_and_widget_state():
    cell = new_code_cell("1", execution_count=7, metadata={"execution": {"iopub.status.busy": "t"}})
    notebook = new_notebook(cells=[cell], metadata={"widgets": {"state": {}}, "rise": {"a": 1}})
    execute.normalize(notebook)
    assert cell.metadata == {}
    assert cell.execution_count == 1
    assert "widgets" not in notebook.metadata
    assert notebook.metadata.rise == {"a": 1}


def test_write_keeps_the_permissions(tmp_path):
    path = save(tmp_path / "01_small.ipynb", "1")
    path.chmod(0o640)
    mode = path.stat().st_mode
    execute.write(path, "{}\n")
    assert path.read_text() == "{}\n"
    assert path.stat().st_mode == mode


def test_select_by_number_name_and_path(tmp_path):
    first = save(tmp_path / "02_backprop.ipynb")
    second = save(tmp_path / "07_mnist.ipynb")
    assert execute.select([], tmp_path) == [first, second]
    assert execute.select(["07"], tmp_path) == [second]
    assert execute.select(["07", str(first), "07_mnist"], tmp_path) == [second, first]


def test_select_says_what_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="no notebooks in"):
        execute.select([], tmp_path)
    save(tmp_path / "02_backprop.ipynb")
    with pytest.raises(FileNotFoundError, match="no notebook '03'"):
        execute.select(["03"], tmp_path)


def test_unknown_notebook_is_an_error_of_the_command(capsys):
    assert execute.main(["no-such-notebook"]) == 2
    assert "no-such-notebook" in capsys.readouterr().err


def test_a_notebook_whose_cells_are_left_out_here_keeps_its_outputs(tmp_path, capsys):
    path = save(tmp_path / "12_bridge.ipynb", "print(1)", "# needs not_there\nprint('left out')")
    before = path.read_bytes()
    assert execute.main([str(path)]) == 0
    assert path.read_bytes() == before
    assert "requirements-not_there.txt" in capsys.readouterr().out

    save(path, "print(1)", "# needs json\nprint(2)")
    assert execute.main([str(path)]) == 0
    assert load(path).cells[1].outputs[0].text == "2\n"
    assert "left as it was" not in capsys.readouterr().out


def solution(source):
    return new_code_cell(source, id="solution", metadata={"tags": ["solution"]})


def test_a_solution_runs_and_nothing_that_it_showed_is_stored(tmp_path):
    cell = solution("# Solution 01.1\nanswer = 6 * 7\nprint(answer)")
    path = save(tmp_path / "01_small.ipynb", "print('a')", cell, "print('c')")
    execute.process(path)
    first, stored, last = load(path).cells
    assert stored.source == cell.source
    assert stored.outputs == [] and stored.execution_count is None
    assert stored.metadata.jupyter == {"source_hidden": True, "outputs_hidden": True}
    assert (first.execution_count, last.execution_count) == (1, 2)
    assert "42" not in "".join(path.read_text().split("6 * 7"))
    assert execute.process(path, check=True)[1] == []


def test_a_solution_that_fails_is_found(tmp_path):
    path = save(tmp_path / "01_small.ipynb", solution("# Solution 01.1\nassert 6 * 7 == 41"))
    before = path.read_bytes()
    with pytest.raises(execute.CellFailed, match="AssertionError"):
        execute.process(path)
    assert path.read_bytes() == before
