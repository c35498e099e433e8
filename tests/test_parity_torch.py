"""The live comparison with PyTorch, on random networks; skipped where torch is not installed.

Recorded values (tests/reference) cover the same ground without it.
"""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from course_utils import schedules
from course_utils.gradient_check import relative_error
from course_utils.layers import BatchNorm, Dense, Dropout, LeakyReLU, ReLU, Sigmoid, Tanh
from course_utils.losses import BinaryCrossEntropy, MeanSquaredError, SoftmaxCrossEntropy
from course_utils.network import Network
from course_utils.optimizers import SGD, AdaGrad, Adam, AdamW, Momentum, Nesterov, RMSProp
from course_utils.training import clip_gradient_norm

torch = pytest.importorskip("torch")
lr_scheduler = torch.optim.lr_scheduler

STEPS = 200
CLASSES = 3
SEEDS = range(12)
# a failing training is as good an example as a smaller one, and looking for that takes minutes
WITHOUT_SHRINKING = {"phases": (Phase.generate,)}
TOLERANCE = {np.float64: 1e-9, np.float32: 1e-4}
ACTIVATIONS = {
    ReLU: torch.nn.ReLU,
    LeakyReLU: lambda: torch.nn.LeakyReLU(0.01),
    Sigmoid: torch.nn.Sigmoid,
    Tanh: torch.nn.Tanh,
}
LOSSES = {
    "mse": (MeanSquaredError(), torch.nn.MSELoss()),
    "bce": (BinaryCrossEntropy(), torch.nn.BCEWithLogitsLoss()),
    "softmax": (SoftmaxCrossEntropy(), torch.nn.CrossEntropyLoss()),
}

decay = st.sampled_from([0.0, 1e-4, 0.01, 0.1])
fraction = st.sampled_from([0.0, 0.5, 0.9])
memory = st.sampled_from([0.9, 0.99, 0.999])
epsilon = st.sampled_from([1e-8, 1e-6, 1e-3])
# ours, theirs, a rate, the options with their names in PyTorch and how they are drawn
OPTIMIZERS = {
    "SGD": (SGD, torch.optim.SGD, 0.05, {}),
    "Momentum": (Momentum, torch.optim.SGD, 0.01, {"momentum": fraction}),
    "Nesterov": (
        Nesterov,
        lambda *args, **options: torch.optim.SGD(*args, nesterov=True, **options),
        0.01,
        {"momentum": st.sampled_from([0.3, 0.9])},
    ),
    "AdaGrad": (AdaGrad, torch.optim.Adagrad, 0.02, {"eps": epsilon}),
    "RMSProp": (RMSProp, torch.optim.RMSprop, 0.002, {"decay": memory, "eps": epsilon}),
    "Adam": (Adam, torch.optim.Adam, 0.002, {"beta1": fraction, "beta2": memory, "eps": epsilon}),
    "AdamW": (
        AdamW,
        torch.optim.AdamW,
        0.002,
        {"beta1": fraction, "beta2": memory, "eps": epsilon},
    ),
}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Small matrices: more threads only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class SameMask(torch.nn.Module):
    """Dropout with the mask that our layer has just drawn; its backward pass is autograd's."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return x * torch.from_numpy(self.layer.cache) if self.training else x


def in_torch(layer):
    """The layer's counterpart in PyTorch, with the same parameters."""
    if isinstance(layer, Dense):
        module = torch.nn.Linear(layer.fan_in, layer.fan_out, dtype=torch.float64)
        values = {"weight": layer.params["W"].T, "bias": layer.params["b"]}
    elif isinstance(layer, BatchNorm):
        module = torch.nn.BatchNorm1d(
            layer.features, eps=layer.eps, momentum=layer.momentum, dtype=torch.float64
        )
        values = {"weight": layer.params["gamma"], "bias": layer.params["beta"]}
    elif isinstance(layer, Dropout):
        return SameMask(layer)
    else:
        return ACTIVATIONS[type(layer)]()
    with torch.no_grad():
        for name, value in values.items():
            getattr(module, name).copy_(torch.from_numpy(value.copy()))
    return module


def random_layers(rng, outputs):
    """Two to four dense layers, with what may stand between them chosen by chance.

    After a ReLU there is no batch norm: a unit that is on for one example of the batch has a std
    near 0, and dividing by it blows rounding up, here and in PyTorch.
    """
    sizes = [*(int(n) for n in rng.integers(4, 9, rng.integers(2, 5))), outputs]
    layers = []
    for fan_in, fan_out in pairwise(sizes):
        dense, norm = Dense(fan_in, fan_out, init="glorot", rng=rng), BatchNorm(fan_out)
        dense.params["b"] = 0.3 * rng.normal(size=fan_out)
        norm.params.update(gamma=1 + 0.3 * rng.normal(size=fan_out), beta=rng.normal(size=fan_out))
        between = [list(ACTIVATIONS)[rng.integers(4)]()]
        if rng.random() < 0.5:
            smooth = isinstance(between[0], (Sigmoid, Tanh))
            between.insert(int(rng.integers(2)) if smooth else 0, norm)
        if rng.random() < 0.5:
            between.append(Dropout(rng.choice([0.1, 0.3]), rng=rng))
        layers += [dense, *between]
    return layers[: layers.index(dense) + 1]


def random_pair(seed, loss, dtype=np.float64):
    """One random network, here and in PyTorch, and a function that draws batches for it."""
    rng = np.random.default_rng(seed)
    outputs = CLASSES if loss == "softmax" else int(rng.integers(1, 3))
    layers = random_layers(rng, outputs)
    network = Network(layers, dtype=dtype)
    module = torch.nn.Sequential(*map(in_torch, layers)).to(torch.from_numpy(network.theta).dtype)

    def batch(size=32):
        x = rng.normal(size=(size, layers[0].fan_in)).astype(dtype)
        if loss == "softmax":
            return x, rng.integers(0, CLASSES, size)
        draw = rng.random if loss == "bce" else rng.normal
        return x, draw(size=(size, outputs)).astype(dtype)

    return network, module, batch


def flat(module, gradients=False):
    """All parameters (or gradients) of a torch module in the order and layout of `theta`."""
    found = [p.grad if gradients else p.detach() for p in module.parameters()]
    return np.concatenate([(p.T if p.ndim == 2 else p).reshape(-1).numpy() for p in found])


def both_gradients(network, module, loss, batch, training=True):
    """Forward and backward on both sides; loss, outputs and gradient of x, ours and theirs."""
    (x, y), (mine, theirs) = batch, LOSSES[loss]
    x_torch = torch.from_numpy(x).requires_grad_()
    module.train(training)
    module.zero_grad()
    outputs = network.forward(x, training=training)
    value, grad_outputs = mine(outputs, y)
    grad_x = network.backward(grad_outputs)
    outputs_torch = module(x_torch)
    value_torch = theirs(outputs_torch, torch.from_numpy(y))
    value_torch.backward()
    return {
        "value": (value, value_torch.item()),
        "outputs": (outputs, outputs_torch.detach().numpy()),
        "grad_x": (grad_x, x_torch.grad.numpy()),
    }


def silence_biases_before_batch_norm(network, module, rounding):
    """Set to 0 on both sides the gradients that are 0 but for rounding, once that is checked.

    Batch norm takes out any bias before it. An adaptive method would make a full step out of the
    sign of the rounding error.
    """
    for (layer, after), linear in zip(pairwise(network.layers), module, strict=False):
        if isinstance(layer, Dense) and isinstance(after, BatchNorm):
            assert np.abs(layer.grads["b"]).max() < rounding
            assert linear.bias.grad.abs().max() < rounding
            layer.grads["b"] = np.zeros(layer.fan_out)
            linear.bias.grad.zero_()


def options_in_torch(options):
    """The options of an optimizer under the names they have in PyTorch."""
    names = {"decay": "alpha"}
    found = {names.get(k, k): v for k, v in options.items() if not k.startswith("beta")}
    if "beta1" in options:
        found["betas"] = (options["beta1"], options["beta2"])
    return found


def test_the_random_networks_hold_every_layer():
    kinds = Counter(type(la) for s in SEEDS for la in random_pair(s, "softmax")[0].layers)
    assert set(kinds) == {Dense, BatchNorm, Dropout, *ACTIVATIONS}, kinds


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_network_has_the_same_outputs_loss_and_gradients(seed, loss):
    network, module, batch = random_pair(seed, loss)
    for training in (True, True, False):
        found = both_gradients(network, module, loss, batch(), training)
        for name, (mine, theirs) in found.items():
            assert relative_error(mine, theirs) < 1e-11, name
        assert relative_error(network.grad, flat(module, gradients=True)) < 1e-10
    for layer, other in zip(network.layers, module, strict=True):
        for name, buffer in layer.buffers.items():
            np.testing.assert_allclose(buffer, getattr(other, name), rtol=1e-11, atol=1e-14)


def train_both(name, dtype, loss, seed, options, lr=None, schedule=None, make_scheduler=None):
    """200 steps of training on both sides, each with its own gradients; the largest difference.

    Every step has a new batch and new dropout masks, the same for both.
    """
    make, make_torch, usual_lr, _ = OPTIMIZERS[name]
    lr = usual_lr if lr is None else lr
    network, module, batch = random_pair(seed, loss, dtype)
    start = network.theta.copy()
    optimizer = make(lr, **options)
    optimizer_torch = make_torch(module.parameters(), lr=lr, **options_in_torch(options))
    scheduler = make_scheduler(optimizer_torch) if make_scheduler else None
    rounding = {np.float64: 1e-11, np.float32: 1e-3}[dtype]
    worst = {"theta": 0.0, "value": 0.0}
    for step in range(STEPS):
        if schedule is not None:
            optimizer.lr = schedule(step)
            assert optimizer.lr == pytest.approx(optimizer_torch.param_groups[0]["lr"], rel=1e-12)
        values = both_gradients(network, module, loss, batch())["value"]
        silence_biases_before_batch_norm(network, module, rounding)
        optimizer.step(network.theta, network.grad)
        optimizer_torch.step()
        if scheduler is not None:
            scheduler.step()
        theta = flat(module)
        worst["theta"] = max(worst["theta"], relative_error(network.theta, theta))
        worst["value"] = max(worst["value"], relative_error(*values))
    assert relative_error(network.theta, start) > 1e-5, "nothing was learned"
    found = both_gradients(network, module, loss, batch(), training=False)
    # outputs of order 1 may all be close to 0, and then what counts is the absolute difference
    return worst | {"inference": relative_error(*found["outputs"], floor=1.0)}


def draws(name):
    """Hypothesis strategies for what a training of 200 steps is made of."""
    options = st.fixed_dictionaries({"weight_decay": decay} | OPTIMIZERS[name][3])
    return {
        "loss": st.sampled_from(list(LOSSES)),
        "seed": st.integers(0, 10**6),
        "options": options,
    }


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_200_steps_in_float64_agree_to_1e_9(name):
    @settings(max_examples=10, **WITHOUT_SHRINKING)
    @given(**draws(name))
    def agree(loss, seed, options):
        worst = train_both(name, np.float64, loss, seed, options)
        assert max(worst.values()) < TOLERANCE[np.float64], worst

    agree()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_200_steps_in_float32_agree_to_1e_4(name):
    """With eps at 1e-6 or more: below that an adaptive step follows the rounding of float32."""

    @settings(max_examples=5, **WITHOUT_SHRINKING)
    @given(**draws(name))
    def agree(loss, seed, options):
        if "eps" in options:
            options = options | {"eps": max(options["eps"], 1e-6)}
        worst = train_both(name, np.float32, loss, seed, options)
        assert max(worst.values()) < TOLERANCE[np.float32], worst

    agree()


def warmup(optimizer, start, steps):
    return lr_scheduler.LinearLR(optimizer, start_factor=start, total_iters=steps)


rate = st.sampled_from([0.001, 0.02, 0.05])
shrinking = st.sampled_from([0.3, 0.9, 0.999])
period = st.integers(2, 60)
# our schedule and PyTorch's from the same drawn numbers; both are asked for 200 rates
SCHEDULES = {
    "constant": lambda lr, n, f: (
        schedules.constant(lr),
        lambda o: lr_scheduler.ConstantLR(o, factor=1.0),
    ),
    "step_decay": lambda lr, n, f: (
        schedules.step_decay(lr, n, f),
        lambda o: lr_scheduler.StepLR(o, step_size=n, gamma=f),
    ),
    "exponential_decay": lambda lr, n, f: (
        schedules.exponential_decay(lr, f),
        lambda o: lr_scheduler.ExponentialLR(o, gamma=f),
    ),
    "cosine": lambda lr, n, f: (  # PyTorch's rises again past its end, ours stays
        schedules.cosine(lr, STEPS + n, f * lr),
        lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=STEPS + n, eta_min=f * lr),
    ),
    "cosine_restarts": lambda lr, n, f: (
        schedules.cosine_restarts(lr, n, 2, f * lr),
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=n, T_mult=2, eta_min=f * lr),
    ),
    "linear_warmup": lambda lr, n, f: (
        schedules.linear_warmup(n, schedules.step_decay(lr, 20, f), start=0.1),
        lambda o: lr_scheduler.SequentialLR(
            o,
            [warmup(o, 0.1, n), lr_scheduler.StepLR(o, step_size=20, gamma=f)],
            milestones=[n],
        ),
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_200_steps_on_a_schedule_agree(name):
    @settings(max_examples=4, **WITHOUT_SHRINKING)
    @given(lr=rate, n=period, factor=shrinking, seed=st.integers(0, 10**6))
    def agree(lr, n, factor, seed):
        ours, theirs = SCHEDULES[name](lr, n, factor)
        worst = train_both("SGD", np.float64, "softmax", seed, {}, lr, ours, theirs)
        assert max(worst.values()) < TOLERANCE[np.float64], worst

    agree()


@given(
    losses=st.lists(st.floats(0.01, 10), min_size=30, max_size=30),
    factor=st.floats(0.1, 0.9),
    patience=st.integers(0, 4),
    threshold=st.sampled_from([0.0, 1e-4, 0.1]),
    lowest=st.sampled_from([0.0, 0.01]),
)
def test_the_rate_falls_on_the_same_plateaus(losses, factor, patience, threshold, lowest):
    ours = schedules.ReduceOnPlateau(0.1, factor, patience, threshold, lowest)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    theirs = lr_scheduler.ReduceLROnPlateau(
        optimizer, "min", factor, patience, threshold, min_lr=lowest, eps=0.0
    )
    for value in losses:
        theirs.step(value)
        assert ours.update(value) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)


@pytest.mark.parametrize("max_norm", [0.01, 1.0, 100.0])
def test_clipping_agrees_up_to_the_1e_6_that_torch_adds(max_norm):
    rng = np.random.default_rng(3)
    gradient = rng.normal(size=50)
    theta = torch.zeros(50, dtype=torch.float64, requires_grad=True)
    theta.grad = torch.from_numpy(gradient.copy())
    norm = torch.nn.utils.clip_grad_norm_([theta], max_norm)
    assert clip_gradient_norm(gradient, max_norm) == pytest.approx(norm.item(), rel=1e-12)
    np.testing.assert_allclose(gradient, theta.grad, rtol=1e-6)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_dropout_does_with_a_mask_what_torch_does(rate):
    """Given the entries torch kept, the same numbers come out and go back."""
    torch.manual_seed(0)
    x = torch.rand((20, 10), dtype=torch.float64, requires_grad=True)
    output = torch.nn.Dropout(rate)(x)
    output.sum().backward()
    kept = output.detach().numpy() != 0

    class Given(np.random.Generator):
        def random(self, size=None, **unused):
            return np.where(kept, 0.0, 0.999)

    layer = Dropout(rate)
    layer.rng = Given(np.random.PCG64(0))
    mine = layer.forward(x.detach().numpy(), training=True)
    np.testing.assert_allclose(mine, output.detach(), rtol=1e-12)
    np.testing.assert_allclose(layer.backward(np.ones((20, 10))), x.grad, rtol=1e-12)
