"""Interactive demos for notebooks and slides.

Each is a class: make one in the last line of a cell to show it.
"""

from course_utils.widgets.backprop import BackpropStepper
from course_utils.widgets.batch_size import BatchSizeExplorer
from course_utils.widgets.boundary import BoundaryExplorer
from course_utils.widgets.clinic import Clinic
from course_utils.widgets.comparison import ComparisonExplorer
from course_utils.widgets.digits import DigitMover, DigitPad
from course_utils.widgets.filters import FilterExplorer
from course_utils.widgets.first import FirstNeuron
from course_utils.widgets.learning_rate import LearningRateExplorer
from course_utils.widgets.line_game import BestLineGame
from course_utils.widgets.losses import LossExplorer
from course_utils.widgets.photos import PhotoExplorer
from course_utils.widgets.playground import OptimizerPlayground
from course_utils.widgets.schedule import ScheduleDesigner

__all__ = [
    "BackpropStepper",
    "BatchSizeExplorer",
    "BestLineGame",
    "BoundaryExplorer",
    "Clinic",
    "ComparisonExplorer",
    "DigitMover",
    "DigitPad",
    "FilterExplorer",
    "FirstNeuron",
    "LearningRateExplorer",
    "LossExplorer",
    "OptimizerPlayground",
    "PhotoExplorer",
    "ScheduleDesigner",
]
