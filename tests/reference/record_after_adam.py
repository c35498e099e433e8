"""Record what the authors' packages compute for Lion, schedule-free AdamW and Muon.

The tests compare with `after_adam.json`, so the packages are needed only to record it again:

    pip install lion-pytorch==0.2.5 schedulefree==1.4.1     (PyTorch has Muon from 2.9 on)
    python tests/reference/record_after_adam.py

Everything is float64. PyTorch's Muon rounds to bfloat16 inside Newton-Schulz; its paths are
recorded twice: as it is ("stock"), and with that one rounding taken out ("float64").
"""

import json
from contextlib import nullcontext
from importlib.metadata import version
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from lion_pytorch import Lion
from schedulefree import AdamWScheduleFree

STEPS, EVERY = 200, 20
TARGET = Path(__file__).with_name("after_adam.json")
SHAPES = [(4, 6), (6,), (6, 3), (3,), (5, 5)]  # matrices and vectors, in the order of the vector
MATRICES = [shape for shape in SHAPES if len(shape) == 2]
LION = {
    "Lion": {"lr": 0.01},
    "Lion, betas, weight decay": {"lr": 0.02, "betas": (0.8, 0.95), "weight_decay": 0.1},
}
SCHEDULE_FREE = {
    "ScheduleFreeAdamW": {"lr": 0.05},
    "ScheduleFreeAdamW, warm-up": {"lr": 0.05, "warmup_steps": 30},
    "ScheduleFreeAdamW, betas, eps, weight decay": {
        "lr": 0.05,
        "betas": (0.7, 0.95),
        "eps": 0.01,
        "weight_decay": 0.1,
    },
}
MUON = {
    "Muon": {"lr": 0.05, "weight_decay": 0.0, "adjust_lr_fn": "match_rms_adamw"},
    "Muon, original scale": {"lr": 0.02, "weight_decay": 0.0, "adjust_lr_fn": "original"},
    "Muon, momentum, weight decay": {
        "lr": 0.05,
        "momentum": 0.8,
        "weight_decay": 0.1,
        "adjust_lr_fn": "match_rms_adamw",
    },
}
ADAMW = {"betas": (0.9, 0.95), "eps": 1e-8}


def tensor(array):
    return torch.tensor(np.array(array), dtype=torch.float64)


def parts_of(vector):
    """The tensors of the shapes above, cut from the flat vector."""
    sizes = [int(np.prod(shape)) for shape in SHAPES]
    return [part.reshape(shape) for part, shape in zip(vector.split(sizes), SHAPES, strict=True)]


def follow(optimizers, parameters, case, measured=None):
    """The flat vector after each step; the rate is halved half way, as in the other recording."""
    path, means = [], []
    noise, curvature = tensor(case["noise"]), tensor(case["curvature"])
    for step in range(STEPS):
        if step == case["halved_at"]:
            for optimizer in optimizers:
                optimizer.param_groups[0]["lr"] *= 0.5
        flat = torch.cat([p.detach().ravel() for p in parameters])
        gradient = curvature * flat + noise[step]
        for parameter, part in zip(parameters, parts_of(gradient), strict=True):
            parameter.grad = part.clone()
        for optimizer in optimizers:
            optimizer.step()
        path.append(torch.cat([p.detach().ravel() for p in parameters]).tolist())
        if measured is not None:
            measured.eval()
            means.append(torch.cat([p.detach().ravel() for p in parameters]).tolist())
            measured.train()
    return path if measured is None else {"y": path, "x": means}


def start_of(case):
    return [torch.nn.Parameter(part.clone()) for part in parts_of(tensor(case["start"]))]


def muon(settings, case):
    parameters = start_of(case)
    matrices = [p for p in parameters if p.ndim == 2]
    others = [p for p in parameters if p.ndim != 2]
    # PyTorch stores (fan_out, fan_in), the course (fan_in, fan_out); only "original" can tell
    if settings["adjust_lr_fn"] == "original":
        turned = torch.optim._muon._adjust_lr
        swap = mock.patch(
            "torch.optim._muon._adjust_lr", lambda lr, name, shape: turned(lr, name, shape[::-1])
        )
    else:
        swap = nullcontext()
    with swap:
        pair = [
            torch.optim.Muon(matrices, **settings),
            torch.optim.AdamW(
                others, lr=settings["lr"], weight_decay=settings["weight_decay"], **ADAMW
            ),
        ]
        return follow(pair, parameters, case)


def main():
    rng = np.random.default_rng(20240917)
    size = sum(int(np.prod(shape)) for shape in SHAPES)
    case = {
        "shapes": SHAPES,
        "curvature": np.round(10 ** rng.uniform(-1, 0.5, size), 3).tolist(),
        "start": np.round(2 * rng.normal(size=size), 3).tolist(),
        "noise": np.round(0.3 * rng.normal(size=(STEPS, size)), 3).tolist(),
        "halved_at": STEPS // 2,
    }
    paths = {}
    for name, settings in LION.items():
        parameters = start_of(case)
        paths[name] = follow([Lion(parameters, **settings)], parameters, case)
    for name, settings in SCHEDULE_FREE.items():
        parameters = start_of(case)
        optimizer = AdamWScheduleFree(parameters, **settings)
        optimizer.train()
        paths[name] = follow([optimizer], parameters, case, measured=optimizer)
    for name, settings in MUON.items():
        paths[name] = {"stock": muon(settings, case)}
        with mock.patch.object(torch.Tensor, "bfloat16", torch.Tensor.clone):
            paths[name]["float64"] = muon(settings, case)
    # not every step is stored: an error once made stays in the path
    kept = {
        name: path[EVERY - 1 :: EVERY]
        if isinstance(path, list)
        else {kind: steps[EVERY - 1 :: EVERY] for kind, steps in path.items()}
        for name, path in paths.items()
    }
    versions = {name: version(name) for name in ("torch", "lion-pytorch", "schedulefree")}
    text = json.dumps({"versions": versions, "case": case, "every": EVERY, "paths": kept})
    TARGET.write_text(text.replace("],", "],\n") + "\n", encoding="utf-8")
    print(f"{versions}: wrote {TARGET.name}, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
