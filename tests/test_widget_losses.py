"""The loss explorer of notebook 01 shows true values and gradients."""

import numpy as np
import pytest

from course_utils.gradient_check import numerical_gradient
from course_utils.losses import BinaryCrossEntropy, MeanSquaredError
from course_utils.widgets.losses import LossExplorer, losses_of


@pytest.mark.parametrize("y", [0.0, 1.0])
@pytest.mark.parametrize("p", [0.01, 0.3, 0.99])
def test_values_and_gradients_are_those_of_the_losses(p, y):
    target, z = np.array([[y]]), np.array([[np.log(p / (1 - p))]])
    value, gradient = BinaryCrossEntropy()(z, target)
    found = losses_of(np.array([p]), y)
    assert found["cross-entropy"][0] == pytest.approx([value])
    assert found["cross-entropy"][2] == pytest.approx(gradient.ravel())
    value, gradient = MeanSquaredError()(np.array([[p]]), target)
    assert found["squared error"][0] == pytest.approx([value])
    assert found["squared error"][1] == pytest.approx(gradient.ravel())


@pytest.mark.parametrize("name", ["cross-entropy", "squared error"])
def test_the_gradient_by_z_is_the_slope_of_the_loss_along_z(name):
    def loss(z):
        return float(losses_of(1 / (1 + np.exp(-z)), 1.0)[name][0][0])

    z = np.array([-2.0])
    by_z = losses_of(1 / (1 + np.exp(-z)), 1.0)[name][2]
    assert by_z == pytest.approx(numerical_gradient(loss, z), rel=1e-7)


def test_update_moves_the_points():
    demo = LossExplorer()
    text = demo.update(p=0.01, target="1")
    assert "dL/dp -100.00, dL/dz -0.9900" in text
    assert "dL/dp -1.98, dL/dz -0.0196" in text
    assert list(demo._points["cross-entropy", True].get_xdata()) == [0.01]
    demo.update(p=0.5, target="0")
    assert demo._points["squared error", True].get_ydata()[0] == pytest.approx(0.25)
