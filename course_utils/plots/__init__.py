"""The figures of the course: one call draws one figure and returns it.

Each function only draws what it is given; no figure computes or trains anything.
"""

from course_utils.plots.graphs import (
    chain_rule,
    computational_graph,
    finite_difference_error,
    gradient_flow,
    network_pass,
)

__all__ = [
    "chain_rule",
    "computational_graph",
    "finite_difference_error",
    "gradient_flow",
    "network_pass",
]
