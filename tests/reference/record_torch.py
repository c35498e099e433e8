"""Record what PyTorch computes for the layers, losses, optimizers and schedules of the course.

The tests compare with `torch.json`, so PyTorch itself is needed only to record it again:

    python tests/reference/record_torch.py

Everything is float64. The same version of PyTorch gives the same file, byte for byte.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.optim import lr_scheduler

STEPS = 50
TARGET = Path(__file__).with_name("torch.json")


def listed(value):
    """Tensors and arrays as nested lists of floats, which json writes with every digit."""
    if isinstance(value, torch.Tensor):
        value = value.detach().numpy()
    return value.tolist() if isinstance(value, np.ndarray) else value


def tensor(array, grad=False):
    return torch.tensor(np.array(array), dtype=torch.float64, requires_grad=grad)


def run_layer(module, x, grad_output):
    """One forward and backward pass; the gradients of x and of each parameter."""
    x = tensor(x, grad=True)
    output = module(x)
    output.backward(tensor(grad_output))
    return {"output": listed(output), "grad_input": listed(x.grad)}


def layers(rng):
    x, grad_output = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    shared = {"x": listed(x), "grad_output": listed(grad_output)}
    found = {}
    activations = {
        "ReLU": nn.ReLU(),
        "LeakyReLU": nn.LeakyReLU(0.01),
        "LeakyReLU(0.2)": nn.LeakyReLU(0.2),
        "Sigmoid": nn.Sigmoid(),
        "Tanh": nn.Tanh(),
    }
    for name, module in activations.items():
        found[name] = shared | run_layer(module, 2 * x, grad_output) | {"x": listed(2 * x)}

    dense = nn.Linear(3, 2, dtype=torch.float64)
    w, b, grad_z = rng.normal(size=(3, 2)), rng.normal(size=2), rng.normal(size=(4, 2))
    with torch.no_grad():
        dense.weight.copy_(tensor(w.T))
        dense.bias.copy_(tensor(b))
    found["Dense"] = run_layer(dense, x, grad_z)
    found["Dense"] |= {
        "x": listed(x),
        "grad_output": listed(grad_z),
        "W": listed(w),
        "b": listed(b),
    }
    found["Dense"] |= {"dW": listed(dense.weight.grad.T), "db": listed(dense.bias.grad)}

    norm = nn.BatchNorm1d(3, dtype=torch.float64)
    gamma, beta = rng.normal(size=3), rng.normal(size=3)
    with torch.no_grad():
        norm.weight.copy_(tensor(gamma))
        norm.bias.copy_(tensor(beta))
    passes = []
    for mode in ("train", "train", "eval"):
        batch, grad = 1 + 2 * rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
        norm.train(mode == "train")
        norm.zero_grad()
        result = run_layer(norm, batch, grad)
        result |= {"mode": mode, "x": listed(batch), "grad_output": listed(grad)}
        result |= {"dgamma": listed(norm.weight.grad), "dbeta": listed(norm.bias.grad)}
        result |= {"running_mean": listed(norm.running_mean.clone())}
        result |= {"running_var": listed(norm.running_var.clone())}
        passes.append(result)
    found["BatchNorm"] = {"gamma": listed(gamma), "beta": listed(beta), "passes": passes}

    torch.manual_seed(0)
    wide, grad_wide = 1 + rng.random(size=(6, 5)), rng.normal(size=(6, 5))
    dropout = run_layer(nn.Dropout(0.4), wide, grad_wide)
    dropout["kept"] = (np.array(dropout["output"]) != 0).tolist()
    found["Dropout"] = dropout | {
        "rate": 0.4,
        "x": listed(wide),
        "grad_output": listed(grad_wide),
        "output_eval": listed(nn.Dropout(0.4).eval()(tensor(wide))),
    }
    return found


def losses(rng):
    cases = {
        "MeanSquaredError": (nn.MSELoss(), (5, 1)),
        "MeanSquaredError, two outputs": (nn.MSELoss(), (4, 2)),
        "BinaryCrossEntropy": (nn.BCEWithLogitsLoss(), (6, 1)),
        "SoftmaxCrossEntropy": (nn.CrossEntropyLoss(), (6, 4)),
        "SoftmaxCrossEntropy, far apart": (nn.CrossEntropyLoss(), (6, 4)),
    }
    found = {}
    for name, (module, shape) in cases.items():
        outputs = rng.normal(size=shape) * (300 if "far apart" in name else 2)
        if name.startswith("Softmax"):
            targets = rng.integers(0, shape[1], shape[0])
            wanted = torch.tensor(targets)
        else:
            targets = rng.normal(size=shape)
            if name == "BinaryCrossEntropy":
                targets = np.concatenate([np.array([[0.0], [1.0], [0.0], [1.0]]), [[0.3], [0.8]]])
            wanted = tensor(targets)
        z = tensor(outputs, grad=True)
        value = module(z, wanted)
        value.backward()
        found[name] = {"outputs": listed(outputs), "targets": listed(targets)}
        found[name] |= {"value": value.item(), "gradient": listed(z.grad)}
    return found


def optimizers(rng):
    """Paths of 50 steps; the gradient is curvature * theta + noise, so it depends on the path."""
    optim = torch.optim
    size = 3
    curvature, start = np.array([0.5, 1.0, 3.0]), rng.normal(size=size) * 2
    noise = 0.3 * rng.normal(size=(STEPS, size))
    cases = {
        "SGD": (optim.SGD, {"lr": 0.1}),
        "SGD, weight decay": (optim.SGD, {"lr": 0.1, "weight_decay": 0.05}),
        "Momentum": (optim.SGD, {"lr": 0.05, "momentum": 0.9}),
        "Momentum, 0.5, weight decay": (
            optim.SGD,
            {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.05},
        ),
        "Nesterov": (optim.SGD, {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
        "Nesterov, 0.7, weight decay": (
            optim.SGD,
            {"lr": 0.05, "momentum": 0.7, "nesterov": True, "weight_decay": 0.05},
        ),
        "AdaGrad": (optim.Adagrad, {"lr": 0.3, "eps": 1e-10}),
        "AdaGrad, eps, weight decay": (
            optim.Adagrad,
            {"lr": 0.3, "eps": 0.01, "weight_decay": 0.05},
        ),
        "RMSProp": (optim.RMSprop, {"lr": 0.05, "alpha": 0.9, "eps": 1e-8}),
        "RMSProp, 0.99, eps, weight decay": (
            optim.RMSprop,
            {"lr": 0.05, "alpha": 0.99, "eps": 0.01, "weight_decay": 0.05},
        ),
        "Adam": (optim.Adam, {"lr": 0.1, "betas": (0.9, 0.999), "eps": 1e-8}),
        "Adam, betas, eps": (optim.Adam, {"lr": 0.1, "betas": (0.7, 0.95), "eps": 0.01}),
        "Adam, weight decay": (optim.Adam, {"lr": 0.1, "weight_decay": 0.05}),
        "AdamW": (optim.AdamW, {"lr": 0.1, "weight_decay": 0.01}),
        "AdamW, betas, eps, weight decay": (
            optim.AdamW,
            {"lr": 0.1, "betas": (0.7, 0.95), "eps": 0.01, "weight_decay": 0.2},
        ),
    }
    paths = {}
    for name, (make, settings) in cases.items():
        theta = tensor(start, grad=True)
        optimizer, path = make([theta], **settings), []
        for step in range(STEPS):
            if step == STEPS // 2:
                optimizer.param_groups[0]["lr"] *= 0.5
            theta.grad = tensor(curvature) * theta.detach() + tensor(noise[step])
            optimizer.step()
            path.append(listed(theta.clone()))
        paths[name] = path
    return {
        "curvature": listed(curvature),
        "start": listed(start),
        "noise": listed(noise),
        "halved_at": STEPS // 2,
        "paths": paths,
    }


def schedules(rng):
    def rates(make, steps=40, lr=0.2):
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
        scheduler, found = make(optimizer), []
        for _ in range(steps):
            found.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        return found

    found = {
        "step_decay": rates(lambda o: lr_scheduler.StepLR(o, step_size=7, gamma=0.5)),
        "exponential_decay": rates(lambda o: lr_scheduler.ExponentialLR(o, gamma=0.9)),
        "cosine": rates(lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=39), 40),
        "cosine, final": rates(
            lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=24, eta_min=0.02), 25
        ),
        "cosine_restarts": rates(lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=10)),
        "cosine_restarts, growth, final": rates(
            lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=5, T_mult=2, eta_min=0.02)
        ),
        "linear_warmup, constant": rates(
            lambda o: lr_scheduler.LinearLR(o, start_factor=0.01, total_iters=10)
        ),
        "linear_warmup, step_decay": rates(
            lambda o: lr_scheduler.SequentialLR(
                o,
                [
                    lr_scheduler.LinearLR(o, start_factor=0.1, total_iters=8),
                    lr_scheduler.StepLR(o, step_size=6, gamma=0.5),
                ],
                milestones=[8],
            )
        ),
    }
    val_losses = np.abs(np.linspace(1, 0.2, 40) + 0.15 * rng.normal(size=40))
    val_losses[20:24] = val_losses[:20].min() * np.array([0.9, 0.89999, 0.8999, 0.89998])
    plateau = {"val_losses": listed(val_losses)}
    for name, settings in {
        "patience 2": {"factor": 0.5, "patience": 2},
        "patience 0, lowest": {"factor": 0.3, "patience": 0, "min_lr": 0.004},
        "threshold": {"factor": 0.5, "patience": 1, "threshold": 0.1},
    }.items():
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.2)
        scheduler, rates_found = lr_scheduler.ReduceLROnPlateau(optimizer, **settings), []
        for value in val_losses:
            scheduler.step(value)
            rates_found.append(optimizer.param_groups[0]["lr"])
        plateau[name] = rates_found
    return found | {"plateau": plateau}


def clipping(rng):
    gradient = rng.normal(size=6)
    found = {"gradient": listed(gradient)}
    for max_norm in (0.5, 100.0):
        theta = tensor(np.zeros(6), grad=True)
        theta.grad = tensor(gradient)
        norm = nn.utils.clip_grad_norm_([theta], max_norm)
        found[str(max_norm)] = {"norm": norm.item(), "clipped": listed(theta.grad)}
    return found


def main():
    rng = np.random.default_rng(20240607)
    recorded = {
        "torch": torch.__version__,
        "layers": layers(rng),
        "losses": losses(rng),
        "optimizers": optimizers(rng),
        "schedules": schedules(rng),
        "clipping": clipping(rng),
    }
    text = (
        json.dumps(recorded, separators=(",", ":")).replace('],"', '],\n"').replace('},"', '},\n"')
    )
    TARGET.write_text(text + "\n", encoding="utf-8")
    print(f"PyTorch {torch.__version__}: wrote {TARGET.name}, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
