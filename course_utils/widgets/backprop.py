"""Stepping through a backward pass, one edge at a time.

Each step shows the gradient that arrives, the local derivative, and their product.
"""

from matplotlib.figure import Figure
from matplotlib.patches import Circle

from course_utils.graph import Graph
from course_utils.plots.graphs import (
    NODE_RADIUS,
    draw_edge,
    draw_node,
    node_places,
    prepare_graph_axes,
    write_numbers,
)
from course_utils.style import BACKWARD, FORWARD
from course_utils.widgets.base import Demo, slider


class BackpropStepper(Demo):
    """A computational graph whose backward pass advances with a slider.

    `adjustable` names the inputs of the graph that get a slider of their own. Step 0 shows the
    values only; step k has passed the gradient along k edges.
    """

    height = 380
    alt = "A computational graph; a slider moves through its backward pass edge by edge."

    def __init__(self, graph: Graph, adjustable: tuple[str, ...] = ("w1", "b")) -> None:
        self.graph = graph
        self.adjustable = adjustable
        super().__init__()

    def make_controls(self):
        last = len(self.graph.backward())
        controls = {"step": slider("step", 0, 0, last, 1, whole=True)}
        for name in self.adjustable:
            value = self.graph.nodes[name].value
            controls[name] = slider(name, value, -3.0, 3.0, 0.1)
        return controls

    def draw(self, figure: Figure):
        axes = figure.add_subplot()
        places = node_places(self.graph)
        prepare_graph_axes(axes, places)
        self._places, self._numbers = places, {}
        for node in self.graph.nodes.values():
            for source in node.inputs:
                draw_edge(axes, places[source], places[node.name])
            draw_node(axes, places[node.name], node.name, node.operation)
            self._numbers[node.name] = write_numbers(axes, places[node.name], node)
        loud = {"color": BACKWARD, "linewidth": 4, "zorder": 5}
        self._arrow = draw_edge(axes, (0, 0), (1, 0), **loud)
        self._rings = [Circle((0, 0), NODE_RADIUS, fill=False, **loud) for _ in range(2)]
        for ring in self._rings:
            axes.add_patch(ring)
        numbers = [text for pair in self._numbers.values() for text in pair]
        return [self._arrow, *self._rings, *numbers]

    def update(self, step: int, **inputs: float) -> str:
        self.graph.forward(**inputs)
        done = self.graph.backward()[:step]
        arrived = {next(reversed(self.graph.nodes)): 1.0}
        for passed in done:
            arrived[passed.target] = arrived.get(passed.target, 0.0) + passed.product
        now = done[-1] if done else None
        for name, (value, gradient) in self._numbers.items():
            value.set_text(f"{self.graph.nodes[name].value:.4g}")
            gradient.set_text(f"{arrived[name]:.4g}" if name in arrived else "")
        for artist in (self._arrow, *self._rings):
            artist.set_visible(now is not None)
        if now is not None:
            ends = [self._places[now.node], self._places[now.target]]
            self._arrow.set_positions(*ends)
            for ring, place in zip(self._rings, ends, strict=True):
                ring.set_center(place)
        return self._sentence(now)

    def _sentence(self, now) -> str:
        if now is None:
            loss = next(reversed(self.graph.nodes.values()))
            return (
                f"Forward pass done: <b style='color:{FORWARD}'>{loss.name} = {loss.value:.4g}</b>."
                f" At {loss.name} the gradient is 1. Move <b>step</b> to send it back."
            )
        return (
            f"From {now.node} to {now.target}: arriving gradient "
            f"<b style='color:{BACKWARD}'>{now.arriving:.4g}</b> times local derivative "
            f"d{now.node}/d{now.target} = <b>{now.local:.4g}</b> "
            f"is <b style='color:{BACKWARD}'>{now.product:.4g}</b>."
        )
