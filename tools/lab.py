"""Starts a JupyterLab server, and runs code in the kernels of its notebooks.
A page that shows a notebook uses the kernel of that notebook, so it finds everything defined.
"""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import websocket

STARTS_WITHIN_SECONDS = 120
ENDS_WITHIN_SECONDS = 20
ANSWERS_WITHIN_SECONDS = 30
KERNEL_GONE = {"restarting", "autorestarting", "dead", "terminating"}

# Settings with which JupyterLab asks no question at its first start, and the course's own layer
# over its slides, in labextensions/; the user's own settings come on top.
CONFIGURATION = Path(__file__).resolve().parent / "jupyter"

# The server is on this machine: a proxy has no part in it, and must not see its token.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ServerDidNotStart(RuntimeError):
    """The server ended, or was silent for too long."""


class CodeFailed(Exception):
    """Code that raised in the kernel; the message says what."""


class KernelDied(Exception):
    """The kernel ended while code ran in it, and with it all that was defined there."""


def free_port(preferred: int = 0) -> int:
    """A port that nobody listens on: the preferred one if possible."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", preferred))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class LabServer:
    """A context manager; within it, JupyterLab serves `folder` at `address`.

    `settings` are environment variables on top of the user's own, `log` is where the server's
    messages go (None: to the terminal), `arguments` are given to JupyterLab.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        self.folder = folder
        self.token = secrets.token_hex(16)
        self.port = port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._arguments = arguments
        self._settings = dict(settings or {})
        self._log = log

    def __enter__(self) -> "LabServer":
        command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={self.folder}"]
        command += [f"--port={self.port}", "--ServerApp.port_retries=0", *self._arguments]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--allow-root")
        # the token is not for the list of processes, so it does not go onto the command line
        environment = os.environ | self._settings | {"JUPYTER_TOKEN": self.token}
        for name in ("JUPYTER_CONFIG_PATH", "JUPYTER_PATH"):
            folders = [str(CONFIGURATION), environment.get(name, "")]
            environment[name] = os.pathsep.join(folder for folder in folders if folder)
        output = self._log.open("w") if self._log else None
        self.process = subprocess.Popen(
            command, env=environment, stdout=output, stderr=output and subprocess.STDOUT
        )
        if output:
            output.close()
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.process.terminate()
        try:
            self.process.wait(ENDS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def lab(self, notebook: str) -> str:
        """The address of a notebook in JupyterLab."""
        return f"{self.address}/doc/tree/{notebook}?token={self.token}"

    def rise(self, notebook: str) -> str:
        """The address of a notebook as slides."""
        return f"{self.address}/rise/{notebook}?token={self.token}"

    def request(self, path: str, method: str = "GET", body: dict | None = None):
        """What the server's API answers, decoded; None for an empty answer."""
        request = urllib.request.Request(
            f"{self.address}/api/{path}",
            headers={"Authorization": f"token {self.token}"},
            method=method,
            data=None if body is None else json.dumps(body).encode(),
        )
        with DIRECT.open(request, timeout=ANSWERS_WITHIN_SECONDS) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    @contextmanager
    def kernel_of(self, notebook: str) -> Iterator["Kernel"]:
        """The kernel of a notebook, started if it does not run yet; it stays when this ends."""
        body = {"path": notebook, "name": notebook, "type": "notebook"}
        session = self.request("sessions", "POST", body | {"kernel": {"name": "python3"}})
        # with a socket of our own, or it would ask the proxy
        direct = socket.create_connection(("127.0.0.1", self.port), ANSWERS_WITHIN_SECONDS)
        channel = websocket.create_connection(
            f"ws://127.0.0.1:{self.port}/api/kernels/{session['kernel']['id']}/channels",
            header={"Authorization": f"token {self.token}"},
            timeout=ANSWERS_WITHIN_SECONDS,
            socket=direct,
        )
        try:
            yield Kernel(channel)
        finally:
            channel.close()

    def end_kernels(self) -> None:
        """End all kernels, so that the next notebook finds the memory free."""
        for session in self.request("sessions"):
            self.request(f"sessions/{session['id']}", "DELETE")

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                self.request("status")
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
            else:
                return
        log = self._log.read_text(errors="replace")[-3000:] if self._log else ""
        raise ServerDidNotStart(f"JupyterLab did not start on port {self.port}.\n{log}")


class Kernel:
    """A connection to a kernel; it runs code, one piece after the other."""

    def __init__(self, channel: websocket.WebSocket) -> None:
        self._channel = channel

    def run(
        self, code: str, timeout: float = 180, silent: Callable[[], None] | None = None
    ) -> None:
        """Run code and wait for its end.

        Raises CodeFailed when it raises and KernelDied when it ends the kernel. When the kernel
        says nothing for `timeout` seconds, `silent` is called and the waiting goes on; without it
        websocket.WebSocketTimeoutException is raised.
        """
        message_id = uuid.uuid4().hex
        header = {
            "msg_id": message_id,
            "msg_type": "execute_request",
            "session": "course",
            "username": "",
            "version": "5.3",
        }
        content = {
            "code": code,
            "silent": False,
            "store_history": False,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        message = {"header": header, "content": content, "channel": "shell"}
        message |= {"parent_header": {}, "metadata": {}, "buffers": []}
        self._channel.settimeout(timeout)
        try:
            self._channel.send(json.dumps(message))
            reply = self._reply_to(message_id, silent)
        except (websocket.WebSocketConnectionClosedException, ConnectionError) as problem:
            raise KernelDied(f"the connection to the kernel broke: {problem}") from problem
        if reply["status"] != "ok":
            raise CodeFailed(f"{reply.get('ename')}: {reply.get('evalue')}")

    def _reply_to(self, message_id: str, silent: Callable[[], None] | None) -> dict:
        while True:
            try:
                kind, data = self._channel.recv_data()
            except websocket.WebSocketTimeoutException:
                if silent is None:
                    raise
                silent()
                continue
            if kind != websocket.ABNF.OPCODE_TEXT:  # pictures, to the page
                continue
            message = json.loads(data)
            named, content = message["header"]["msg_type"], message["content"]
            if named == "status" and content.get("execution_state") in KERNEL_GONE:
                raise KernelDied("the kernel died. Out of memory?")
            mine = message["parent_header"].get("msg_id") == message_id
            if mine and named == "execute_reply":
                return content
