"""Interactive demos for notebooks and slides.

Each is a class: make one in the last line of a cell to show it.
"""

from course_utils.widgets.backprop import BackpropStepper

__all__ = ["BackpropStepper"]
