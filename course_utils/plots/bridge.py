"""Pictures of notebook 12: what autograd records, and how closely NumPy and PyTorch agree.

They compute nothing: the numbers come from the notebook.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from course_utils.graph import Graph, Node
from course_utils.plots.graphs import (
    draw_edge,
    draw_node,
    node_places,
    prepare_graph_axes,
    write_numbers,
)
from course_utils.plots.landscapes import METHOD_COLORS
from course_utils.style import COLORS, LINE_STYLES

SMALLEST = 1e-17  # where a log axis shows a difference of exactly 0


def recorded_graph(result: Any, names: Mapping[str, Any], title: str) -> Figure:
    """What a scalar autograd has recorded on the way to `result`.

    Every value needs `data`, `grad`, `inputs` and `slopes` (one for each input); `names` are the
    labels. See that each edge carries nothing but a number, the local slope: a gradient (orange,
    below) is the sum over outgoing edges of slope times the gradient at the other end.
    """
    label = {id(value): name for name, value in names.items()}
    graph, order = Graph(), _recorded_order(result)
    for value in order:
        name = label.setdefault(id(value), f"v{len(label)}")
        inputs = tuple(label[id(source)] for source in value.inputs)
        operation = "result" if inputs else None
        graph.nodes[name] = Node(name, operation, inputs, value.data, value.grad)
    figure, axes = plt.subplots(figsize=(10.5, 4.7))
    places = node_places(graph)
    prepare_graph_axes(axes, places)
    for value in order:
        node = graph.nodes[label[id(value)]]
        for source, slope in zip(node.inputs, value.slopes, strict=True):
            start, end = np.array(places[source]), np.array(places[node.name])
            draw_edge(axes, start, end)
            axes.text(
                *(start + 0.5 * (end - start)),
                f"× {slope:g}",
                ha="center",
                va="center",
                fontsize=12,
                color=COLORS["black"],
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
            )
        draw_node(axes, places[node.name], node.name, None)
        write_numbers(axes, places[node.name], node)
    axes.set_title(title)
    plt.close(figure)
    return figure


def _recorded_order(result: Any) -> list:
    """All values that `result` was computed from, inputs before what uses them."""
    order: list = []

    def visit(value: Any) -> None:
        if not any(value is seen for seen in order):
            for source in value.inputs:
                visit(source)
            order.append(value)

    visit(result)
    return order


def difference_over_steps(
    differences: Mapping[str, Mapping[str, Sequence[float]]], title: str
) -> Figure:
    """The relative difference of two trainings after each step: a panel for each precision.

    `differences[precision][name]` has one number a step; an optimizer has its usual color. See
    which curves move with the precision: they differ by rounding. One that does not differs by
    its formula.
    """
    figure, panels = plt.subplots(
        1, len(differences), figsize=(10.8, 4.5), sharey=True, squeeze=False
    )
    for axes, (precision, by_method) in zip(panels[0], differences.items(), strict=True):
        for (name, found), style in zip(by_method.items(), LINE_STYLES, strict=False):
            found = np.maximum(np.asarray(found, dtype=float), SMALLEST)
            steps = np.arange(1, len(found) + 1)
            axes.plot(
                steps,
                found,
                color=METHOD_COLORS.get(name, COLORS["black"]),
                ls=style,
                lw=2,
                label=name,
            )
        axes.set(xlabel="step", yscale="log")
        axes.set_title(precision)
    panels[0, 0].set_ylabel("relative difference")
    panels[0, -1].legend(loc="center right", ncols=2, fontsize=12)
    figure.suptitle(title, x=0.01, ha="left", fontsize=15, fontweight="bold")
    plt.close(figure)
    return figure


def two_schedules(ours: Sequence[float], theirs: Sequence[float], end: int, title: str) -> Figure:
    """Two learning rates over the steps, with the planned `end` of the training marked.

    See where the two lines part.
    """
    figure, axes = plt.subplots(figsize=(10.0, 3.6))
    axes.plot(theirs, color=COLORS["orange"], ls="--", lw=3, label="PyTorch")
    axes.plot(ours, color=COLORS["blue"], ls="-", lw=2, label="this course")
    axes.axvline(end, color=COLORS["gray"], ls=":", lw=2)
    axes.annotate(
        "planned end",
        (end, 0.5),
        xycoords=("data", "axes fraction"),
        xytext=(-8, 0),
        textcoords="offset points",
        ha="right",
        color=COLORS["gray"],
    )
    axes.set(xlabel="step", ylabel="learning rate")
    axes.legend(loc="upper right")
    axes.set_title(title)
    plt.close(figure)
    return figure
