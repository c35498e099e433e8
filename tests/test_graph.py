"""The scalar graph of notebook 02: values, local derivatives and gradients."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.gradient_check import numerical_gradient
from course_utils.graph import OPERATIONS, Graph, squared_neuron

moderate = st.floats(-3, 3, allow_nan=False)


@given(st.tuples(*[moderate] * 5))
def test_gradients_of_the_squared_neuron(inputs):
    graph = squared_neuron(*inputs)
    graph.backward()
    w1, x1, w2, x2, b = inputs
    z = w1 * x1 + w2 * x2 + b
    assert graph.nodes["L"].value == pytest.approx(z * z)
    expected = [2 * z * x1, 2 * z * w1, 2 * z * x2, 2 * z * w2, 2 * z]
    found = [graph.nodes[name].gradient for name in ("w1", "x1", "w2", "x2", "b")]
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("name", OPERATIONS)
def test_local_derivatives_against_finite_differences(name):
    operation = OPERATIONS[name]
    inputs = [0.7, -1.3] if name in ("add", "multiply") else [0.7]
    numerical = numerical_gradient(lambda x: operation.value(*x), np.array(inputs))
    assert operation.derivatives(*inputs) == pytest.approx(list(numerical), rel=1e-8)


def test_where_paths_meet_gradients_add():
    graph = Graph()
    graph.input("w", 2.0)
    graph.input("x", 3.0)
    graph.apply("p", "multiply", "w", "x")
    graph.apply("z", "add", "p", "w")
    graph.apply("L", "square", "z")
    steps = graph.backward()
    assert graph.nodes["w"].gradient == 2 * 8 * (3 + 1)
    assert sum(step.product for step in steps if step.target == "w") == 64


def test_a_second_backward_pass_does_not_add_to_the_first():
    graph = squared_neuron(0.5, 2.0, -1.0, 1.5, 2.0)
    graph.backward()
    first = {name: node.gradient for name, node in graph.nodes.items()}
    graph.backward()
    assert {name: node.gradient for name, node in graph.nodes.items()} == first


def test_forward_takes_new_inputs_and_refuses_results():
    graph = squared_neuron(0.5, 2.0, -1.0, 1.5, 2.0)
    assert graph.forward(b=0.5) == 0.0
    with pytest.raises(ValueError, match="'z' is no input"):
        graph.forward(z=1.0)


def test_bad_building_blocks_are_named():
    graph = Graph()
    graph.input("a", 1.0)
    with pytest.raises(ValueError, match=r"operation is 'cube', expected one of"):
        graph.apply("c", "cube", "a")
    with pytest.raises(ValueError, match=r"not in the graph yet: \['b'\]"):
        graph.apply("c", "add", "a", "b")
    with pytest.raises(ValueError, match="already a node named 'a'"):
        graph.input("a", 2.0)


def test_results_stand_to_the_right_of_what_they_use():
    graph = squared_neuron(0.5, 2.0, -1.0, 1.5, 2.0)
    places = graph.positions()
    for node in graph.nodes.values():
        for source in node.inputs:
            assert places[source][0] < places[node.name][0]
    assert len(set(places.values())) == len(places)
