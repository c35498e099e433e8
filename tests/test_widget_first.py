"""The first demo measures the gaps and can be solved."""

import numpy as np

from course_utils.widgets.first import FirstNeuron


def test_the_gaps_are_measured():
    demo = FirstNeuron()
    assert "<b>3.0</b>" in demo.update(w=0.5, b=1.0)  # 1.5 instead of 1, 2.5 instead of 5
    assert np.allclose(demo.line.get_ydata(), [1.0, 3.0])


def test_the_target_can_be_reached_with_the_sliders():
    demo = FirstNeuron()
    demo.set(w=2.0, b=-1.0)
    assert demo._readout.value.startswith("✓")
