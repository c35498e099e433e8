"""Pictures of single functions: activations, losses, and their slopes.

Values stand on the left, slopes beside them, on axes that name their variable.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure


def functions_and_slopes(
    z: np.ndarray,
    values: dict[str, np.ndarray],
    slopes: dict[str, np.ndarray],
    title: str = "Activations, and what they let through",
) -> Figure:
    """Activations of z on the left, their derivatives on the right, one line style a function.

    See where a slope is close to 0: there a unit passes almost no gradient back.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.8, 4.3))
    for name in values:
        left.plot(z, values[name], label=name)
        right.plot(z, slopes[name], label=name)
    left.set(xlabel="z", ylabel="a", title="activation a(z)")
    right.set(xlabel="z", ylabel="da/dz", title="derivative da/dz")
    left.legend(loc="upper left")
    figure.suptitle(title, fontweight="bold")
    plt.close(figure)
    return figure


def loss_and_gradients(
    p: np.ndarray,
    losses: dict[str, np.ndarray],
    by_prediction: dict[str, np.ndarray],
    by_logit: dict[str, np.ndarray],
    title: str = "Only cross-entropy still pushes when the prediction is badly wrong",
) -> Figure:
    """Losses for the target 1 against the prediction p, and their gradients in two variables.

    The second panel has the gradients with respect to the prediction, the third those with
    respect to the logit z. See the left end of the third panel: one curve goes to 0, one to -1.
    """
    figure, all_axes = plt.subplots(1, 3, figsize=(10.8, 4.2))
    panels = [
        (losses, "loss", "loss L(p)", (0, 5)),
        (by_prediction, "dL/dp", "gradient w.r.t. p", (-10, 0.5)),
        (by_logit, "dL/dz", "gradient w.r.t. z", (-1.1, 0.05)),
    ]
    for axes, (curves, ylabel, heading, limits) in zip(all_axes, panels, strict=True):
        for name, values in curves.items():
            axes.plot(p, values, label=name)
        axes.set(xlabel="prediction p (target 1)", ylabel=ylabel, title=heading, ylim=limits)
    all_axes[0].legend(loc="upper right")
    figure.suptitle(title, fontweight="bold")
    plt.close(figure)
    return figure


def predictions_while_learning(
    predictions: dict[str, np.ndarray], title: str = "The same start, two losses"
) -> Figure:
    """The prediction of one neuron after each step, one curve a loss; the target is 1.

    See how long each curve stays flat at the bottom before it rises.
    """
    figure, axes = plt.subplots(figsize=(10.0, 4.2))
    for name, p in predictions.items():
        axes.plot(np.arange(len(p)), p, label=name)
    axes.axhline(0.5, color="black", linewidth=1, linestyle=":")
    axes.text(0.2, 0.515, "decision", transform=axes.get_yaxis_transform(), fontsize=12)
    axes.set(xlabel="step", ylabel="prediction p", ylim=(-0.03, 1.03), title=title)
    axes.legend(loc="center right")
    plt.close(figure)
    return figure
