"""A computation written as a graph of small steps, evaluated forward and then backward.

It records every value, local derivative and gradient, for pictures and for stepping through.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Operation:
    """What a node does: `value(*inputs)`, and `derivatives(*inputs)`, one for each input."""

    symbol: str
    value: Callable[..., float]
    derivatives: Callable[..., tuple[float, ...]]


def _sigmoid(z: float) -> float:
    return float(np.exp(-np.logaddexp(0, -z)))


OPERATIONS = {
    "add": Operation("+", lambda a, b: a + b, lambda a, b: (1.0, 1.0)),
    "multiply": Operation("×", lambda a, b: a * b, lambda a, b: (b, a)),
    "square": Operation("( )²", lambda a: a * a, lambda a: (2 * a,)),
    "relu": Operation("ReLU", lambda a: max(a, 0.0), lambda a: (float(a > 0),)),
    "sigmoid": Operation("σ", _sigmoid, lambda a: (_sigmoid(a) * (1 - _sigmoid(a)),)),
}


@dataclass
class Node:
    """One value of the graph: an input (`operation` None) or the result of an operation."""

    name: str
    operation: str | None = None
    inputs: tuple[str, ...] = ()
    value: float = 0.0
    gradient: float = 0.0


@dataclass(frozen=True)
class BackwardStep:
    """One edge of the backward pass: arriving gradient times local derivative goes to `target`."""

    node: str
    target: str
    arriving: float
    local: float

    @property
    def product(self) -> float:
        """What arrives at `target` over this edge."""
        return self.arriving * self.local


@dataclass
class Graph:
    """Nodes in the order of evaluation; the last one is the loss.

    Build it with `input(name, value)` and `apply(name, operation, *inputs)`; then `forward()`,
    optionally with new input values, and `backward()`, which returns its steps in order.
    """

    nodes: dict[str, Node] = field(default_factory=dict)

    def input(self, name: str, value: float) -> None:
        """Add the input `name` with its value."""
        self._add(Node(name, value=float(value)))

    def apply(self, name: str, operation: str, *inputs: str) -> None:
        """Add `name`, the result of an operation on nodes that are there, and evaluate it."""
        if operation not in OPERATIONS:
            raise ValueError(f"operation is {operation!r}, expected one of {list(OPERATIONS)}")
        unknown = [source for source in inputs if source not in self.nodes]
        if unknown:
            raise ValueError(f"inputs of {name!r} not in the graph yet: {unknown}")
        self._add(Node(name, operation, inputs))
        try:
            self._evaluate(self.nodes[name])
        except (TypeError, ValueError):
            del self.nodes[name]
            raise

    def forward(self, **values: float) -> float:
        """Set the named inputs, evaluate every node in order, return the last value."""
        if not self.nodes:
            raise ValueError("the graph is empty, expected at least one node: see input and apply")
        for name, value in values.items():
            if name not in self.nodes or self.nodes[name].operation is not None:
                raise ValueError(f"{name!r} is no input of this graph")
            self.nodes[name].value = float(value)
        for node in self.nodes.values():
            if node.operation is not None:
                self._evaluate(node)
        return node.value

    def backward(self) -> list[BackwardStep]:
        """Fill every `gradient`, last node first; where a value is used twice, gradients add."""
        if not self.nodes:
            raise ValueError("the graph is empty, expected at least one node: see input and apply")
        for node in self.nodes.values():
            node.gradient = 0.0
        node.gradient = 1.0
        steps = []
        for node in reversed(self.nodes.values()):
            if node.operation is None:
                continue
            for source, local in zip(node.inputs, self._local(node), strict=True):
                step = BackwardStep(node.name, source, node.gradient, local)
                self.nodes[source].gradient += step.product
                steps.append(step)
        return steps

    def positions(self) -> dict[str, tuple[float, float]]:
        """A place for each node: results to the right of what they use, inputs stacked."""
        depth: dict[str, int] = {}
        for node in self.nodes.values():
            depth[node.name] = 1 + max((depth[source] for source in node.inputs), default=-1)
        uses = {
            source: node.name for node in reversed(self.nodes.values()) for source in node.inputs
        }
        leaves = [node.name for node in self.nodes.values() if node.operation is None]
        y = {name: float(-row) for row, name in enumerate(leaves)}
        for node in self.nodes.values():
            if node.operation is not None:
                y[node.name] = float(np.mean([y[source] for source in node.inputs]))
        # an input stands one step before its first use, so that its edge stays short
        x = {n: depth[uses[n]] - 1 if n in leaves and n in uses else depth[n] for n in depth}
        return {name: (float(x[name]), y[name]) for name in self.nodes}

    def _add(self, node: Node) -> None:
        if node.name in self.nodes:
            raise ValueError(f"there is already a node named {node.name!r}")
        self.nodes[node.name] = node

    def _local(self, node: Node) -> tuple[float, ...]:
        values = [self.nodes[source].value for source in node.inputs]
        return OPERATIONS[node.operation].derivatives(*values)

    def _evaluate(self, node: Node) -> None:
        values = [self.nodes[source].value for source in node.inputs]
        node.value = OPERATIONS[node.operation].value(*values)


def squared_neuron(w1: float, x1: float, w2: float, x2: float, b: float) -> Graph:
    """The graph of L = (w1 x1 + w2 x2 + b)^2, the first example of notebook 02."""
    graph = Graph()
    for name, value in (("w1", w1), ("x1", x1), ("w2", w2), ("x2", x2), ("b", b)):
        graph.input(name, value)
    graph.apply("p", "multiply", "w1", "x1")
    graph.apply("q", "multiply", "w2", "x2")
    graph.apply("s", "add", "p", "q")
    graph.apply("z", "add", "s", "b")
    graph.apply("L", "square", "z")
    return graph
