"""The layers of a network: each turns a batch forward and carries gradients back.

`core` has what every layer is, and those that work on rows of numbers; `convolution` has those
that look at images.
"""

from course_utils.layers.convolution import (
    AveragePool2D,
    Conv2D,
    Flatten,
    GlobalAveragePool,
    MaxPool2D,
)
from course_utils.layers.core import (
    BatchNorm,
    Dense,
    Dropout,
    Layer,
    LeakyReLU,
    ReLU,
    Sigmoid,
    Tanh,
    Tensors,
)

__all__ = [
    "AveragePool2D",
    "BatchNorm",
    "Conv2D",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAveragePool",
    "Layer",
    "LeakyReLU",
    "MaxPool2D",
    "ReLU",
    "Sigmoid",
    "Tanh",
    "Tensors",
]
