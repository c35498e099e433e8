"""make present: it goes through no proxy, outlives a slow cell and a dead kernel, ends with all it
started. Each test runs a real JupyterLab on small notebooks.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import nbformat
import present
import psutil
import pytest
from lab import CodeFailed, KernelDied, LabServer
from nbformat.v4 import new_code_cell, new_notebook

TOOLS = Path(present.__file__).parent


def save(path, *sources):
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources]), path)
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    scratch = tmp_path_factory.mktemp("present")
    settings = {
        name: str(scratch / name)
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    }
    folder = scratch / "served"
    folder.mkdir()
    log = scratch / "log"
    with LabServer(folder, "--no-browser", settings=settings, log=log) as running:
        yield running


@pytest.fixture
def prepare(server, capsys):
    """Runs the cells of a made notebook; returns what was printed and what the decks are told."""

    def run(name, *sources):
        save(server.folder / name, *sources)
        file = server.folder / present.PROGRESS
        file.write_text("{}")
        present.prepare(server, name, list(sources), present.Progress(file))
        return capsys.readouterr().out, json.loads(file.read_text())[name]

    return run


def test_a_cell_that_raises_is_named_and_the_others_run(prepare):
    out, told = prepare("raises.ipynb", "x = 1", "y = x / 0", "assert x == 1")
    assert "begins with 'y = x / 0' failed. ZeroDivisionError" in out
    assert "all cells have run" in out
    assert told["done"] == told["cells"] == 3
    assert told["ended"]


def test_a_slow_cell_is_named_and_waited_for(prepare, monkeypatch):
    monkeypatch.setattr(present, "SLOW_SECONDS", 1)
    out, told = prepare("slow.ipynb", "import time\ntime.sleep(3.5)", "x = 1")
    assert "begins with 'import time' takes long; the slides stay" in out
    assert "all cells have run" in out
    assert told["ended"]


def test_a_dead_kernel_is_named_and_the_server_stays(prepare, server):
    out, told = prepare("dies.ipynb", "x = 1", "import os\nos._exit(1)", "x")
    assert "begins with 'import os' the kernel died" in out
    assert "all cells" not in out
    assert told["ended"]
    assert "kernel died" in told["trouble"]
    assert server.process.poll() is None
    out, _ = prepare("next.ipynb", "x = 1")
    assert "all cells have run" in out


def test_a_kernel_can_be_asked_again_after_an_error(server):
    save(server.folder / "again.ipynb", "x = 1")
    with server.kernel_of("again.ipynb") as kernel:
        with pytest.raises(CodeFailed, match="ValueError: no"):
            kernel.run("raise ValueError('no')")
        kernel.run("x = 1")
        with pytest.raises(KernelDied):
            kernel.run("import os\nos._exit(0)")


@pytest.fixture
def proxy():
    """A proxy that refuses everything, and what it was asked."""
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(4096).decode(errors="replace"))
                    connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals as on Linux and macOS")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_two_decks_in_one_server_without_proxy_until_a_signal_ends_all(name, tmp_path, proxy):
    address, asked = proxy
    environment = os.environ | {n: address for n in ("http_proxy", "HTTP_PROXY", "https_proxy")}
    environment |= {"all_proxy": address, "no_proxy": "", "PYTHONUNBUFFERED": "1"}
    for variable in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        environment[variable] = str(tmp_path / variable)
    notebooks = [save(tmp_path / f"{n}.ipynb", "x = 1") for n in ("01_one", "02_two")]
    command = [sys.executable, TOOLS / "present.py", "--no-browser", "--port", "0"]
    command += ["--folder", tmp_path / "served", *notebooks]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("02_two.ipynb: all cells have run"):
                break
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(getattr(signal, name))
        rest, _ = process.communicate(timeout=60)
    text = "".join(lines)
    assert text.index("rise/02_two.ipynb") < text.index("JupyterLab starts"), "addresses come first"
    assert len(set(re.findall(r"http://127\.0\.0\.1:(\d+)/rise/0[12]_", text))) == 1
    assert "The slides are closed" in rest
    assert process.returncode == 0
    assert children, "no JupyterLab was running"
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive
    assert asked == []


def test_without_a_name_it_lists_the_notebooks(capsys):
    assert present.main([]) == 0
    out = capsys.readouterr().out
    assert re.search(r"(?m)^  05   75 min  Optimizers$", out)
    assert "make present NB=05" in out


@pytest.mark.parametrize(
    ("name", "words"), [("77", "no notebook '77'"), ("0", "fits several notebooks")]
)
def test_a_name_means_one_notebook(name, words, capsys):
    assert present.main([name]) == 2
    assert words in capsys.readouterr().err
