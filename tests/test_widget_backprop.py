"""The stepper of notebook 02 shows what the graph computes."""

import pytest

from course_utils.graph import squared_neuron
from course_utils.widgets import BackpropStepper


@pytest.fixture
def stepper():
    return BackpropStepper(squared_neuron(w1=0.5, x1=2.0, w2=-1.0, x2=1.5, b=2.0))


def shown(stepper):
    return {name: pair[1].get_text() for name, pair in stepper._numbers.items()}


def test_at_step_0_only_the_loss_has_a_gradient(stepper):
    assert {name for name, text in shown(stepper).items() if text} == {"L"}
    assert not stepper._arrow.get_visible()


def test_each_step_sends_the_gradient_along_one_edge(stepper):
    text = stepper.update(step=1, w1=0.5, b=2.0)
    assert shown(stepper)["z"] == "3"
    assert "arriving gradient" in text and ">1<" in text and ">3<" in text
    assert stepper._arrow.get_visible()


def test_the_last_step_shows_every_gradient_of_the_graph(stepper):
    last = stepper.controls["step"].max
    stepper.update(step=last, w1=1.5, b=-1.0)
    gradients = {name: node.gradient for name, node in stepper.graph.nodes.items()}
    assert {name: float(text) for name, text in shown(stepper).items()} == pytest.approx(
        gradients, rel=1e-3
    )


def test_the_goal_of_the_lesson_can_be_reached(stepper):
    stepper.update(step=stepper.controls["step"].max, w1=0.5, b=0.5)
    assert all(float(text) == 0 for name, text in shown(stepper).items() if name != "L")
