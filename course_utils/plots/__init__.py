"""The figures of the course: one call draws one figure and returns it.

Each function only draws what it is given; no figure computes or trains anything. Where it refuses,
no half-drawn figure stays open.
"""

import functools
from collections.abc import Callable

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from course_utils.plots.after_adam import (
    levelled_values,
    loss_by_width,
    losses_over_steps,
    sharpness_over_steps,
)
from course_utils.plots.boundaries import (
    by_layer,
    curve_fits,
    decision_boundaries,
    flat_vector,
    gradient_errors,
    plane,
    run_panels,
)
from course_utils.plots.bridge import difference_over_steps, recorded_graph, two_schedules
from course_utils.plots.classification import (
    class_counts,
    confusion_matrix,
    per_class_accuracy,
    reliability_diagram,
)
from course_utils.plots.clinic import before_after, layer_bars, symptom, ward
from course_utils.plots.comparison import (
    last_batch,
    profiles,
    rank_lines,
    runs_by_method,
    seed_differences,
    tuning_panels,
)
from course_utils.plots.convolution import (
    filters_on_photo,
    maps_of_layers,
    number_grids,
    recall_change,
    receptive_fields,
    time_ladder,
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
from course_utils.plots.photos import feature_maps
from course_utils.plots.schedules import (
    curves_with_spread,
    gradient_norms,
    losses_by_rate,
    paired_differences,
    schedule_curves,
    shrinking_weights,
    split_histogram,
)
from course_utils.plots.stochastic import (
    batch_paths,
    before_and_after,
    cost_by_batch,
    excess_curves,
    gradient_clouds,
    noise_by_batch,
    tracking,
)

__all__ = [
    "batch_paths",
    "before_after",
    "before_and_after",
    "by_layer",
    "california_map",
    "chain_rule",
    "class_counts",
    "computational_graph",
    "confusion_matrix",
    "coordinate_over_steps",
    "correlations_with",
    "cost_by_batch",
    "curve_fits",
    "curves_with_spread",
    "decision_boundaries",
    "descents",
    "difference_over_steps",
    "difficulties",
    "excess_curves",
    "feature_maps",
    "filters_on_photo",
    "finite_difference_error",
    "flat_vector",
    "functions_and_slopes",
    "gradient_clouds",
    "gradient_errors",
    "gradient_flow",
    "gradient_norms",
    "image_grid",
    "income_against_price",
    "journey",
    "last_batch",
    "layer_bars",
    "levelled_values",
    "loss_and_gradients",
    "loss_by_rate",
    "loss_by_width",
    "loss_surface",
    "losses_by_rate",
    "losses_over_steps",
    "maps_of_layers",
    "network_pass",
    "noise_by_batch",
    "number_grids",
    "paired_differences",
    "per_class_accuracy",
    "pixel_maps",
    "plane",
    "predictions_while_learning",
    "price_histogram",
    "profiles",
    "rank_lines",
    "rate_sweep",
    "rates_side_by_side",
    "recall_change",
    "receptive_fields",
    "recorded_graph",
    "reliability_diagram",
    "run_panels",
    "runs_by_method",
    "schedule_curves",
    "seed_differences",
    "setting_curves",
    "sharpness_over_steps",
    "shrinking_weights",
    "split_histogram",
    "step_lengths",
    "symptom",
    "time_ladder",
    "tracking",
    "training_curves",
    "tuning_panels",
    "two_fits",
    "two_schedules",
    "ward",
    "weight_images",
]


def _nothing_left_open(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """`draw`, which closes what it has opened when it stops with an error."""

    @functools.wraps(draw)
    def drawn(*args, **kwargs):
        before, figure = plt.get_fignums(), None
        try:
            figure = draw(*args, **kwargs)
            return figure
        finally:
            if figure is None:
                for number in set(plt.get_fignums()) - set(before):
                    plt.close(number)

    return drawn


globals().update({name: _nothing_left_open(globals()[name]) for name in __all__})
