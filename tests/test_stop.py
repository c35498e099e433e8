"""One press of Stop ends the cell and the cells that wait; network and history stay usable."""

import time

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

SETUP = """
import numpy as np
from course_utils.losses import SoftmaxCrossEntropy
from course_utils.network import mlp
from course_utils.optimizers import SGD
from course_utils.training import Callback, History, evaluate, fit

rng = np.random.default_rng(0)
x, y = rng.normal(size=(2000, 20)), rng.integers(0, 2, 2000)
tried = []

class Say(Callback):
    def on_epoch(self, run):
        print("epoch", flush=True)
"""
LOOP = """
for lr in (0.1, 0.2, 0.4):
    tried.append(lr)
    network, history = mlp([20, 64, 2], rng=0), History()
    fit(network, SoftmaxCrossEntropy(), SGD(lr), (x, y), epochs=100_000, batch_size=50, rng=rng,
        callbacks=[Say()], progress=False, history=history)
"""
AFTER = """
assert tried == [0.1], tried
assert len(history) >= 1 and history.stopped.startswith("interrupted after")
assert len(history.to_frame()) == len(history)
assert np.isfinite(evaluate(network, SoftmaxCrossEntropy(), x, y)).all()
"""
WAITS_SECONDS = 120


@pytest.fixture
def kernel():
    manager = KernelManager(
        kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[])
    )
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=WAITS_SECONDS)
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def reply_to(client, message_id):
    deadline = time.monotonic() + WAITS_SECONDS
    while time.monotonic() < deadline:
        reply = client.get_shell_msg(timeout=WAITS_SECONDS)
        if reply["parent_header"]["msg_id"] == message_id:
            return reply["content"]
    raise AssertionError("no answer")


def test_stop_ends_the_loop_and_the_cells_that_wait(kernel):
    manager, client = kernel
    assert reply_to(client, client.execute(SETUP))["status"] == "ok"
    running, waiting = client.execute(LOOP), client.execute("tried.append('the next cell')")
    while True:  # until an epoch is whole
        message = client.get_iopub_msg(timeout=WAITS_SECONDS)
        if message["content"].get("text", "").startswith("epoch"):
            break
    manager.interrupt_kernel()
    stopped = reply_to(client, running)
    assert (stopped["status"], stopped["ename"]) == ("error", "TrainingInterrupted")
    assert "The network keeps what it has learned" in stopped["evalue"]
    assert reply_to(client, waiting)["status"] == "aborted"
    after = reply_to(client, client.execute(AFTER))
    assert after["status"] == "ok", after
