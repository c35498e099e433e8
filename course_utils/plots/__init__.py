"""The figures of the course: one call draws one figure and returns it.

Each function only draws what it is given; no figure computes or trains anything.
"""

from course_utils.plots.classification import (
    class_counts,
    confusion_matrix,
    per_class_accuracy,
    reliability_diagram,
)
from course_utils.plots.curves import setting_curves, training_curves
from course_utils.plots.descent import (
    journey,
    loss_by_rate,
    loss_surface,
    rates_side_by_side,
    two_fits,
)
from course_utils.plots.graphs import (
    chain_rule,
    computational_graph,
    finite_difference_error,
    gradient_flow,
    network_pass,
)
from course_utils.plots.housing import (
    california_map,
    correlations_with,
    income_against_price,
    price_histogram,
)
from course_utils.plots.images import image_grid, pixel_maps, weight_images
from course_utils.plots.landscapes import (
    coordinate_over_steps,
    descents,
    difficulties,
    rate_sweep,
    step_lengths,
)
from course_utils.plots.losses import (
    functions_and_slopes,
    loss_and_gradients,
    predictions_while_learning,
)
from course_utils.plots.stochastic import (
    batch_paths,
    cost_by_batch,
    excess_curves,
    gradient_clouds,
    noise_by_batch,
    tracking,
)

__all__ = [
    "batch_paths",
    "california_map",
    "chain_rule",
    "class_counts",
    "computational_graph",
    "confusion_matrix",
    "coordinate_over_steps",
    "correlations_with",
    "cost_by_batch",
    "descents",
    "difficulties",
    "excess_curves",
    "finite_difference_error",
    "functions_and_slopes",
    "gradient_clouds",
    "gradient_flow",
    "image_grid",
    "income_against_price",
    "journey",
    "loss_and_gradients",
    "loss_by_rate",
    "loss_surface",
    "network_pass",
    "noise_by_batch",
    "per_class_accuracy",
    "pixel_maps",
    "predictions_while_learning",
    "price_histogram",
    "rate_sweep",
    "rates_side_by_side",
    "reliability_diagram",
    "setting_curves",
    "step_lengths",
    "tracking",
    "training_curves",
    "two_fits",
    "weight_images",
]
