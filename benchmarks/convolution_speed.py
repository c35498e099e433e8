"""Time convolutions forward and backward against PyTorch and the matrix products alone.

All take the same batches of images through the same network in this process, in turn.

The network is the usual stack of notebook 13 in float32; a step is forward, loss and backward,
without the optimizer. PyTorch has the same layers on the processor, channels last. The bound does
the matrix products of the step and nothing else: in the same pieces, into memory that is there.
Ratios are taken within each round, so that a busy machine disturbs them little. PyTorch is left
out where it is not installed.

    python benchmarks/convolution_speed.py [--rounds 15] [--json build/convolution_speed.json]
"""

import argparse
import contextlib
import json
import platform
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

from course_utils.layers import Conv2D, Dense
from course_utils.layers.convolution import COLUMN_BYTES
from course_utils.losses import SoftmaxCrossEntropy
from course_utils.network import Network, convnet
from course_utils.parallel import in_parallel

try:
    import torch
except ImportError:
    torch = None

IMAGE, CLASSES = (32, 32, 3), 10
CASES = [([24, 48, 96], 64), ([32, 64, 128], 128)]  # channels, images in a batch
STEPS = 2  # in a turn
BOUND, COURSE, WORKERS, PYTORCH = "matrix products alone", "course", "course, 2 workers", "PyTorch"


def build(channels) -> Network:
    return convnet(IMAGE, channels, CLASSES, rng=np.random.default_rng(0))


def course(network: Network, x, y) -> Callable[[], None]:
    """A step as `fit` takes it: the first layer needs no gradient of its input."""
    loss = SoftmaxCrossEntropy()

    def step():
        _, gradient = loss(network.forward(x, training=True), y)
        network.backward(gradient, input_gradient=False)

    return step


def pytorch(channels, x, y) -> Callable[[], None]:
    """The same step in PyTorch, with images and filters stored channels last."""
    torch.manual_seed(0)
    layers, channels_in, pixels = [], IMAGE[2], IMAGE[0] * IMAGE[1]
    for channels_out in channels:
        convolution = torch.nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False)
        layers += [convolution, torch.nn.MaxPool2d(2), torch.nn.BatchNorm2d(channels_out)]
        layers.append(torch.nn.ReLU())
        channels_in, pixels = channels_out, pixels // 4
    layers += [torch.nn.Flatten(), torch.nn.Linear(pixels * channels_in, CLASSES)]
    network = torch.nn.Sequential(*layers).to(memory_format=torch.channels_last)
    x = torch.from_numpy(x.transpose(0, 3, 1, 2)).to(memory_format=torch.channels_last)
    y, loss = torch.from_numpy(y), torch.nn.CrossEntropyLoss()

    def step():
        network.zero_grad()
        loss(network(x), y).backward()

    return step


def matrix_products(network: Network, x) -> Callable[[], None]:
    """Z = columns W, dW = columns^T dZ, and dX = columns of dZ times turned filters, per layer."""
    products = []
    rng = np.random.default_rng(0)

    def add(rows, inner, out, transposed=False, times=1):
        """Rows of `inner` numbers times a matrix, or their transpose times as many rows."""
        a, b = rng.random((rows, inner), np.float32), rng.random((inner, out), np.float32)
        if transposed:
            a, b = a.T, rng.random((rows, out), np.float32)
        products.append((a, b, np.empty((a.shape[0], out), np.float32), times))

    def add_pieces(pixels, inner, out, transposed=False):
        """As many images at a time as the layer takes, and the rest."""
        few = max(1, COLUMN_BYTES // (pixels * inner * 4))
        add(min(few, len(x)) * pixels, inner, out, transposed, max(1, len(x) // few))
        if len(x) > few and len(x) % few:
            add(len(x) % few * pixels, inner, out, transposed)

    shape = x
    for index, layer in enumerate(network.layers):
        shape = layer.forward(shape)
        if isinstance(layer, Conv2D):
            pixels = shape.shape[1] * shape.shape[2]
            window = layer.kernel_size**2
            add_pieces(pixels, window * layer.channels_in, layer.channels_out)
            add_pieces(pixels, window * layer.channels_in, layer.channels_out, transposed=True)
            if index > 0:
                add_pieces(pixels, window * layer.channels_out, layer.channels_in)
        elif isinstance(layer, Dense):
            add(len(x), layer.fan_in, layer.fan_out)
            add(len(x), layer.fan_in, layer.fan_out, transposed=True)
            add(len(x), layer.fan_out, layer.fan_in)

    def step():
        for a, b, out, times in products:
            for _ in range(times):
                np.matmul(a, b, out=out)

    return step


def measure(channels, batch: int, threads: int, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Seconds a step of each contestant, round by round: on the clock, and of processor time."""
    rng = np.random.default_rng(0)
    x, y = rng.random((batch, *IMAGE), np.float32), rng.integers(0, CLASSES, batch)
    network = build(channels)
    with contextlib.ExitStack() as stack:
        stack.enter_context(threadpool_limits(threads))
        steps = {BOUND: matrix_products(network, x), COURSE: course(network, x, y)}
        if torch is not None:
            torch.set_num_threads(threads)
            steps[PYTORCH] = pytorch(channels, x, y)
        seconds = {name: {"wall": [], "cpu": []} for name in steps}
        if threads > 1:
            seconds[WORKERS] = {"wall": [], "cpu": []}
        for _ in range(rounds + 1):
            for name in seconds:
                with contextlib.ExitStack() as turn:
                    step = steps.get(name)
                    if step is None:  # its threads, and one for each matrix product, end with it
                        fast = turn.enter_context(in_parallel(network, threads))
                        step = course(fast, x, y)
                        step()
                    wall, cpu = time.perf_counter(), time.process_time()
                    for _ in range(STEPS):
                        step()
                    seconds[name]["wall"].append((time.perf_counter() - wall) / STEPS)
                    seconds[name]["cpu"].append((time.process_time() - cpu) / STEPS)
    # the first round warms up
    return {name: {kind: s[1:] for kind, s in kinds.items()} for name, kinds in seconds.items()}


def ratio(seconds, kind: str, above: str, below: str) -> float | None:
    """The median over the rounds of how many times as long `above` took."""
    if above not in seconds or below not in seconds:
        return None
    pairs = zip(seconds[above][kind], seconds[below][kind], strict=True)
    return median(a / b for a, b in pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description="Convolutions here, in PyTorch, and their bound.")
    parser.add_argument("--rounds", type=int, default=15, help="turns of each")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--json", type=Path, default=Path("build/convolution_speed.json"))
    options = parser.parse_args()
    if torch is None:
        print("PyTorch is not installed: make install EXTRAS=requirements-torch.txt")

    machine = {
        "numpy": np.__version__,
        "torch": None if torch is None else torch.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "rounds": options.rounds,
    }
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    print("images/s: median on the clock; the ratios: medians within a round, clock (processor)")
    results = []
    for channels, batch in CASES:
        name = "-".join(map(str, channels))
        print(f"\n{name}, batch {batch}\n{'threads':7}  {'':22}{'images/s':>9}", end="")
        print(f"{'of the bound':>17}{'of PyTorch':>17}")
        for threads in options.threads:
            seconds = measure(channels, batch, threads, options.rounds)
            for contestant, kinds in seconds.items():
                row = {"network": name, "batch": batch, "threads": threads, "name": contestant}
                row["images_per_second"] = batch / median(kinds["wall"])
                row["images_per_cpu_second"] = batch / median(kinds["cpu"])
                cells = ""
                for other in (BOUND, PYTORCH):
                    shares = [ratio(seconds, kind, other, contestant) for kind in ("wall", "cpu")]
                    row[f"speed relative to {other}"] = dict(
                        zip(("wall", "cpu"), shares, strict=True)
                    )
                    shown = "-" if shares[0] is None else f"{shares[0]:.0%} ({shares[1]:.0%})"
                    cells += f"{shown:>17}"
                print(f"{threads:7d}  {contestant:22}{row['images_per_second']:9,.0f}{cells}")
                results.append(row)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({**machine, "results": results}, indent=1) + "\n")
    print(f"\nwrote {options.json}")


if __name__ == "__main__":
    main()
