"""How the figures of the course look: colors, line styles and text sizes, applied once.

The colors are those of Okabe and Ito, which color-blind readers can tell apart.
"""

import matplotlib as mpl
from cycler import cycler

from course_utils import alt_text

COLORS = {
    "blue": "#0072B2",
    "orange": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "amber": "#E69F00",
    "black": "#000000",
    "gray": "#6B6B6B",
}
"""Okabe, Ito 2008, without the yellow that a projector swallows, and a gray for helper lines."""

LINE_STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (7, 2)), (0, (2, 1)))

FORWARD, BACKWARD = COLORS["blue"], COLORS["orange"]
"""Values that flow forward, gradients that flow back: the same two colors in every notebook."""

SEQUENTIAL, DIVERGING = "viridis", "PuOr"
"""Color maps for amounts and for signed numbers; both read in gray and by the color-blind."""


def use() -> None:
    """Apply the style to every figure made from now on, and show each with its text. The first cell
    of a notebook calls it."""
    alt_text.attach()
    lines = [
        COLORS[name] for name in ("blue", "orange", "green", "purple", "sky", "amber", "black")
    ]
    mpl.rcParams.update(
        {
            "figure.figsize": (10.0, 4.2),
            "figure.dpi": 100,
            "figure.constrained_layout.use": True,
            "font.size": 14,
            "axes.titlesize": 15,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.labelsize": 14,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.color": "#DDDDDD",
            "grid.linewidth": 0.8,
            "axes.axisbelow": True,
            "lines.linewidth": 2.4,
            "lines.markersize": 7,
            "xtick.labelsize": 12.5,
            "ytick.labelsize": 12.5,
            "legend.fontsize": 13,
            "legend.frameon": False,
            "image.cmap": SEQUENTIAL,
            "axes.prop_cycle": cycler(color=lines) + cycler(linestyle=LINE_STYLES),
        }
    )
