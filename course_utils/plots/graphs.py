"""Pictures of computations: graphs of single steps, and networks with what flows through them.

Values that flow forward are blue, gradients that flow back are orange, everywhere.
"""

from collections.abc import Sequence
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch
from matplotlib.text import Text

from course_utils.graph import OPERATIONS, Graph, Node
from course_utils.style import BACKWARD, COLORS, FORWARD

NODE_RADIUS = 0.34
ROW_HEIGHT = 1.25


def node_places(graph: Graph) -> dict[str, tuple[float, float]]:
    """Where the nodes of a graph are drawn, in the units of the picture's axes."""
    return {name: (2.0 * x, ROW_HEIGHT * y) for name, (x, y) in graph.positions().items()}


def prepare_graph_axes(axes: Axes, places: dict[str, tuple[float, float]]) -> None:
    """Limits that hold all nodes and their labels, one scale for both directions, no frame."""
    x, y = np.array(list(places.values())).T
    axes.set(xlim=(x.min() - 1.3, x.max() + 0.9), ylim=(y.min() - 0.75, y.max() + 0.75))
    axes.set_aspect("equal")
    axes.axis("off")


def draw_edge(axes: Axes, start, end, **style) -> FancyArrowPatch:
    """An arrow between two nodes that ends at their rims."""
    defaults = {
        "arrowstyle": "-|>",
        "mutation_scale": 14,
        "color": COLORS["gray"],
        "linewidth": 1.6,
        "shrinkA": 19,
        "shrinkB": 19,
    }
    arrow = FancyArrowPatch(start, end, **(defaults | style))
    axes.add_patch(arrow)
    return arrow


def computational_graph(graph: Graph, gradients: bool = True, title: str | None = None) -> Figure:
    """The graph with each value above its node and, with `gradients`, dL/d(node) below.

    See that a value needs only what stands to its left, and a gradient only what stands to its
    right. Call `graph.backward()` before drawing the gradients.
    """
    figure, axes = plt.subplots(figsize=(10.5, 4.9))
    places = node_places(graph)
    prepare_graph_axes(axes, places)
    for node in graph.nodes.values():
        place = places[node.name]
        for source in node.inputs:
            draw_edge(axes, places[source], place)
        draw_node(axes, place, node.name, node.operation)
        write_numbers(axes, place, node, gradients)
    if title is None:
        title = "Values flow forward"
        title += ", gradients flow back" if gradients else ", from the inputs to the loss"
    axes.set_title(title)
    legend = [plt.Line2D([], [], color=FORWARD, lw=4, ls="-", label="value (first)")]
    if gradients:
        legend.append(plt.Line2D([], [], color=BACKWARD, lw=4, ls="-", label="gradient (second)"))
    axes.legend(handles=legend, loc="lower right", fontsize=12)
    plt.close(figure)
    return figure


def write_numbers(axes: Axes, place, node: Node, gradient: bool = True) -> list[Text]:
    """The value and the gradient of a node: above and below it, or left of an input."""
    x, y = place
    if node.operation is None:
        spots = [(x - 0.46, y + 0.19, "right", "center"), (x - 0.46, y - 0.19, "right", "center")]
    else:
        spots = [(x, y + 0.40, "center", "bottom"), (x, y - 0.40, "center", "top")]
    numbers = [(f"{node.value:g}", FORWARD), (f"{node.gradient:g}" if gradient else "", BACKWARD)]
    return [
        axes.text(x, y, text, color=color, ha=ha, va=va, fontsize=13, fontweight="bold")
        for (x, y, ha, va), (text, color) in zip(spots, numbers, strict=True)
    ]


def draw_node(axes: Axes, place, name: str, operation: str | None) -> tuple[Circle, Text]:
    """A circle with the name in it and, for a result, the symbol of its operation."""
    circle = Circle(
        place,
        NODE_RADIUS,
        facecolor="white" if operation else "#EEEEEE",
        edgecolor=COLORS["black"],
        linewidth=1.6,
        zorder=3,
    )
    axes.add_patch(circle)
    inside = name if operation is None else f"{name}\n{OPERATIONS[operation].symbol}"
    label = axes.text(
        *place, inside, ha="center", va="center", fontsize=12, zorder=4, linespacing=0.95
    )
    return circle, label


def chain_rule(x: float) -> Figure:
    """u = 3x - 1 and L = u^2 at one x, each with its tangent: two slopes and their product.

    See that the slope of L against x, in the third panel, is the product of the first two.
    """
    u, loss = 3 * x - 1, (3 * x - 1) ** 2
    xs, us = np.linspace(x - 1, x + 1, 101), np.linspace(u - 3, u + 3, 101)
    panels = [
        ("x", "u", xs, 3 * xs - 1, x, u, 3.0),
        ("u", "L", us, us**2, u, loss, 2 * u),
        ("x", "L", xs, (3 * xs - 1) ** 2, x, loss, 3 * 2 * u),
    ]
    figure, all_axes = plt.subplots(1, 3, figsize=(10.8, 3.9))
    for axes, (name_in, name_out, inputs, outputs, at, value, slope) in zip(
        all_axes, panels, strict=True
    ):
        axes.plot(inputs, outputs, color=FORWARD, ls="-")
        near = inputs[np.abs(inputs - at) <= (inputs[-1] - inputs[0]) / 5]
        axes.plot(near, value + slope * (near - at), color=BACKWARD, ls="--", lw=3)
        axes.plot(at, value, "o", color=COLORS["black"], ms=8)
        axes.set(xlabel=name_in, ylabel=name_out)
        axes.set_title(f"d{name_out}/d{name_in} = {slope:g}")
    figure.suptitle(f"Slopes multiply: {2 * u:g} × 3 = {6 * u:g}", fontweight="bold")
    plt.close(figure)
    return figure


def neuron_places(sizes: Sequence[int]) -> list[list[tuple[float, float]]]:
    """Columns of evenly spread neurons, one column a layer, centered on one height."""
    return [
        [(2.6 * column, (size - 1) / 2 - row) for row in range(size)]
        for column, size in enumerate(sizes)
    ]


def gradient_flow(
    weight_gradients: Sequence[np.ndarray],
    node_gradients: Sequence[np.ndarray],
    title: str = "Where the gradient flows",
) -> Figure:
    """A network with every edge as wide as the gradient of its weight is large.

    `weight_gradients[k]` has the shape (fan_in, fan_out) of layer k's weights;
    `node_gradients[k]` (fan_out,) is dL/dZ of that layer for one example, written into the
    neurons. Solid orange is a positive gradient, dashed blue a negative one, and a hair-thin gray
    edge has gradient 0: follow them back from the right to see which weights will move.
    """
    sizes = [len(weight_gradients[0])] + [gradient.shape[1] for gradient in weight_gradients]
    places = neuron_places(sizes)
    largest = max(np.abs(gradient).max() for gradient in weight_gradients) or 1.0
    figure, axes = plt.subplots(figsize=(10.5, 4.9))
    for layer, gradient in enumerate(weight_gradients):
        for (i, j), g in np.ndenumerate(gradient):
            style = {"color": BACKWARD, "linestyle": "-"} if g > 0 else {}
            style = {"color": FORWARD, "linestyle": (0, (4, 2))} if g < 0 else style
            width = 0.4 + 7 * abs(g) / largest
            style = style or {"color": COLORS["gray"], "linestyle": ":"}
            ends = np.array([places[layer][i], places[layer + 1][j]])
            axes.plot(*ends.T, linewidth=width, alpha=0.85, zorder=1, **style)
    for layer, column in enumerate(places):
        for neuron, place in enumerate(column):
            axes.add_patch(Circle(place, 0.36, facecolor="white", edgecolor="black", zorder=3))
            label = f"x{neuron + 1}" if layer == 0 else f"{node_gradients[layer - 1][neuron]:.2f}"
            axes.text(*place, label, ha="center", va="center", fontsize=12, zorder=4)
        under = "inputs" if layer == 0 else f"dL/dZ{layer}"
        lowest = -(max(sizes) - 1) / 2 - 0.75
        axes.text(column[0][0], lowest, under, ha="center", va="center", fontsize=13)
    axes.legend(
        handles=[
            plt.Line2D([], [], color=BACKWARD, lw=4, ls="-", label="dL/dw > 0"),
            plt.Line2D([], [], color=FORWARD, lw=4, ls=(0, (2, 1)), label="dL/dw < 0"),
            plt.Line2D([], [], color=COLORS["gray"], lw=1, ls=":", label="dL/dw = 0"),
        ],
        loc="upper center",
        bbox_to_anchor=(0.5, -0.02),
        ncols=3,
    )
    axes.set(ylim=(lowest - 0.3, (max(sizes) - 1) / 2 + 0.55))
    axes.set_xlim(-0.7, places[-1][0][0] + 0.7)
    axes.set_aspect("equal")
    axes.axis("off")
    axes.set_title(title)
    plt.close(figure)
    return figure


def _short(number: float) -> str:
    """At most four decimals, and 0 for what is only rounding."""
    return f"{round(float(number), 4) + 0:g}"


def network_pass(
    columns: dict[str, np.ndarray],
    gradients: dict[str, np.ndarray] | None = None,
    weights: dict[tuple[str, str], np.ndarray] | None = None,
    title: str = "The numbers of one pass",
) -> Figure:
    """A small network with its numbers: one column of circles for each entry of `columns`.

    `columns` maps a name ("Z1") to its values for one example; `gradients` maps a name to dL/d
    of those values, written under the circles. `weights[("x", "Z1")]` (fan_in, fan_out) draws
    those weights on the edges; columns without weights between them are joined one to one.
    See how each number is made from the column before it, and each gradient from the one after.
    """
    figure, axes = plt.subplots(figsize=(10.8, 4.9))
    names = list(columns)
    weights, gradients = weights or {}, gradients or {}
    most = max(map(len, columns.values()))
    step, radius = (1.7 if most <= 3 else 1.45), 0.52
    half = step * (most - 1) / 2
    places = {
        name: [(2.9 * i, step * ((len(v) - 1) / 2 - row)) for row in range(len(v))]
        for i, (name, v) in enumerate(columns.items())
    }
    circles = {
        name: [
            axes.add_patch(Circle(place, radius, fc="white", ec="black", lw=1.4, zorder=3))
            for place in column
        ]
        for name, column in places.items()
    }
    for left, right in pairwise(names):
        matrix = weights.get((left, right))
        for i, start in enumerate(places[left]):
            for j, end in enumerate(places[right]):
                if matrix is None and i != j and len(places[left]) == len(places[right]):
                    continue
                ends = {"patchA": circles[left][i], "patchB": circles[right][j]}
                draw_edge(axes, start, end, **ends, shrinkA=0, shrinkB=0, linewidth=1.1)
                if matrix is not None:
                    # close to the start of its edge, before edges cross; neighbors in two rows
                    share = 0.25 + 0.07 * (j % 2)
                    at = np.array(start) + share * (np.array(end) - np.array(start))
                    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
                    axes.text(*at, f"{matrix[i, j]:g}", ha="center", va="center", size=12, bbox=box)
    for name, column in places.items():
        for row, (x, y) in enumerate(column):
            text = {"ha": "center", "fontsize": 12, "fontweight": "bold", "zorder": 4}
            axes.text(x, y, _short(columns[name][row]), color=FORWARD, va="center", **text)
            if name in gradients:
                value = _short(gradients[name][row])
                axes.text(x, y - radius - 0.04, value, color=BACKWARD, va="top", **text)
        axes.text(column[0][0], -half - 1.15, name, ha="center", va="center", fontsize=15)
    axes.set(xlim=(-0.7, 2.9 * (len(names) - 1) + 0.7), ylim=(-half - 1.4, half + 0.7))
    axes.set_aspect("equal")
    axes.axis("off")
    axes.set_title(title)
    plt.close(figure)
    return figure


def finite_difference_error(
    eps: np.ndarray, errors: dict[str, np.ndarray], title: str = "Too small a step is as bad"
) -> Figure:
    """Error of the central difference against its step, one curve a precision, on log axes.

    See the V: to the right the error falls as eps^2 (the curve of the function), to the left it
    grows as 1/eps (rounding). The lowest point of each curve is marked.
    """
    figure, axes = plt.subplots(figsize=(10.0, 4.4))
    for (name, error), marker in zip(errors.items(), "os^D", strict=False):
        (line,) = axes.loglog(eps, error, marker=marker, ms=6, label=name)
        best = int(np.argmin(error))
        axes.loglog(eps[best], error[best], marker, ms=15, mfc="none", mew=2.5, c=line.get_color())
        axes.annotate(
            f"{error[best]:.0e} at {eps[best]:.0e}",
            (eps[best], error[best]),
            xytext=(0, 34),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=12,
        )
    axes.set(xlabel="step eps", ylabel="relative error of the gradient")
    axes.set_ylim(bottom=min(error.min() for error in errors.values()) / 10)
    axes.set_title(title)
    axes.legend(loc="lower left")
    plt.close(figure)
    return figure
