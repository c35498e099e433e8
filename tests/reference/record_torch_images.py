"""Record what PyTorch computes for the layers that look at images.

The tests compare with `torch_images.json`, so PyTorch itself is needed only to record it again:

    python tests/reference/record_torch_images.py

Everything is float64, and everything is stored as the course has it: images (N, H, W, C), filters
(kernel_size^2 * channels_in, channels_out). The same version of PyTorch gives the same file, byte
for byte.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

TARGET = Path(__file__).with_name("torch_images.json")
# images (N, H, W, C), channels_out, and the settings of the layer
CONVOLUTIONS = [
    ((2, 5, 6, 3), 4, {}),
    ((1, 7, 5, 2), 3, {}),
    ((2, 6, 7, 2), 3, {"kernel_size": 5}),
    ((2, 6, 5, 2), 3, {"kernel_size": 3, "padding": "valid"}),
    ((1, 3, 3, 2), 2, {"kernel_size": 3, "padding": "valid"}),
    ((2, 5, 5, 2), 3, {"kernel_size": 3, "padding": 2}),
    ((2, 7, 6, 2), 3, {"kernel_size": 3, "stride": 2}),
    ((2, 8, 9, 2), 3, {"kernel_size": 3, "padding": "valid", "stride": 3}),
    ((2, 9, 8, 1), 2, {"kernel_size": 5, "padding": 1, "stride": 2}),
    ((2, 4, 5, 3), 2, {"kernel_size": 1, "stride": 2}),
    ((2, 5, 6, 2), 3, {"kernel_size": 2}),
    ((2, 6, 6, 2), 3, {"kernel_size": 4}),
]
POOLS = {
    "MaxPool2D(2)": ((2, 6, 4, 3), nn.MaxPool2d(2)),
    "MaxPool2D(2), odd": ((1, 5, 7, 2), nn.MaxPool2d(2)),
    "MaxPool2D(3)": ((2, 7, 9, 2), nn.MaxPool2d(3)),
    "AveragePool2D(2)": ((2, 6, 4, 3), nn.AvgPool2d(2)),
    "AveragePool2D(2), odd": ((1, 5, 7, 2), nn.AvgPool2d(2)),
    "AveragePool2D(3)": ((2, 7, 9, 2), nn.AvgPool2d(3)),
}


def to_torch(images, grad=False):
    """Images with channels last as PyTorch has them, channels first."""
    array = np.ascontiguousarray(np.moveaxis(images, 3, 1))
    return torch.tensor(array, dtype=torch.float64, requires_grad=grad)


def listed(value):
    """Nested lists of floats, which json writes with every digit; images with channels last."""
    if isinstance(value, torch.Tensor):
        value = value.detach().numpy()
    return (np.moveaxis(value, 1, 3) if value.ndim == 4 else value).tolist()


def back(output, x, rng):
    """Send a random gradient back; it, the output, and the gradient of x."""
    shape = tuple(output.shape)
    grad_output = rng.normal(size=shape if len(shape) == 2 else np.array(shape)[[0, 2, 3, 1]])
    sent = torch.tensor(grad_output) if len(shape) == 2 else to_torch(grad_output)
    output.backward(sent)
    return {
        "output": listed(output),
        "grad_output": grad_output.tolist(),
        "grad_input": listed(x.grad),
    }


def convolution(shape, channels_out, settings, rng):
    kernel, stride = settings.get("kernel_size", 3), settings.get("stride", 1)
    padding = settings.get("padding", "same")
    before, after = {"same": ((kernel - 1) // 2, kernel // 2), "valid": (0, 0)}.get(
        padding, (padding, padding)
    )
    images = rng.normal(size=shape)
    filters = rng.normal(size=(kernel, kernel, shape[3], channels_out))
    bias = rng.normal(size=channels_out)
    x, w = to_torch(images, grad=True), torch.tensor(filters.transpose(3, 2, 0, 1).copy())
    w.requires_grad_()
    b = torch.tensor(bias, requires_grad=True)
    padded = functional.pad(x, (before, after, before, after))
    result = back(functional.conv2d(padded, w, b, stride=stride), x, rng)
    rows = (kernel * kernel * shape[3], channels_out)
    return result | {
        "channels": [shape[3], channels_out],
        "settings": settings,
        "x": images.tolist(),
        "W": filters.reshape(rows).tolist(),
        "b": bias.tolist(),
        "dW": w.grad.numpy().transpose(2, 3, 1, 0).reshape(rows).tolist(),
        "db": listed(b.grad),
    }


def pool(shape, module, rng, images=None):
    images = rng.normal(size=shape) if images is None else images
    x = to_torch(images, grad=True)
    return back(module(x), x, rng) | {"x": images.tolist()}


def batch_norm(rng):
    norm = nn.BatchNorm2d(3, dtype=torch.float64)
    gamma, beta = rng.normal(size=3), rng.normal(size=3)
    with torch.no_grad():
        norm.weight.copy_(torch.tensor(gamma))
        norm.bias.copy_(torch.tensor(beta))
    passes = []
    for mode, size in (("train", 3), ("train", 1), ("eval", 2)):
        norm.train(mode == "train")
        norm.zero_grad()
        images = 1 + 2 * rng.normal(size=(size, 3, 2, 3))
        x = to_torch(images, grad=True)
        result = back(norm(x), x, rng) | {"mode": mode, "x": images.tolist()}
        result |= {"dgamma": listed(norm.weight.grad), "dbeta": listed(norm.bias.grad)}
        result |= {"running_mean": norm.running_mean.tolist()}
        result |= {"running_var": norm.running_var.tolist()}
        passes.append(result)
    return {"gamma": gamma.tolist(), "beta": beta.tolist(), "passes": passes}


def main():
    rng = np.random.default_rng(20240608)
    recorded = {
        "torch": torch.__version__,
        "convolutions": [convolution(*case, rng) for case in CONVOLUTIONS],
        "pools": {name: pool(*case, rng) for name, case in POOLS.items()},
        "BatchNorm": batch_norm(rng),
    }
    # whole numbers from 0 to 2: most windows hold their largest number more than once
    ties = rng.integers(0, 3, (2, 6, 6, 3)).astype(float)
    recorded["pools"]["MaxPool2D(2), ties"] = pool(None, nn.MaxPool2d(2), rng, ties)
    recorded["pools"]["MaxPool2D(3), ties"] = pool(None, nn.MaxPool2d(3), rng, ties)
    whole = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    recorded["pools"]["GlobalAveragePool()"] = pool((3, 4, 5, 2), whole, rng)
    text = json.dumps(recorded, separators=(",", ":")).replace('],"', '],\n"')
    TARGET.write_text(text + "\n", encoding="utf-8")
    print(f"PyTorch {torch.__version__}: wrote {TARGET.name}, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
