"""What a figure shows, in words: for those who hear a page instead of seeing it.

The text is made from the figure's own data: titles, axes, and where each curve begins and ends.
"""

import re
import sys
from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

LONGEST = 900  # characters
MOST_CURVES, MOST_BARS, MOST_WORDS = 8, 12, 30
# Commands of formulas that nobody says; others, such as a Greek letter, are said by their name
UNSPOKEN = r"\\(?:mathdefault|mathrm|mathbf|text|tfrac|frac|hat|bar|left|right)\b"


def describe(figure: Figure) -> str:
    """The text of a figure: its title, and for each of its axes title, ranges and main numbers."""
    parts = [_plain(figure.get_suptitle())]
    shown = [axes for axes in figure.axes if axes.get_visible() and not _is_colorbar(axes)]
    pictures = [axes for axes in shown if axes.images and not axes.lines]
    if len(pictures) > 2:
        titles = [title for axes in pictures if (title := _title(axes))]
        parts.append(f"{len(pictures)} pictures" + (f": {', '.join(titles)}" if titles else ""))
        shown = [axes for axes in shown if axes not in pictures]
    parts += [_describe_axes(axes) for axes in shown]
    text = ". ".join(part.rstrip(". ") for part in parts if part.strip())
    text = text or "A figure without title and data"
    if len(text) > LONGEST:
        text = text[:LONGEST].rsplit(" ", 1)[0] + " ..."
    return text if text.endswith((".", "?", "!")) else text + "."


def attach() -> None:
    """From now on each figure that this notebook shows has its text beside it; no effect elsewhere.

    The text is metadata of the output, `image/png: {alt: ...}`: nbconvert and the course's layer
    over JupyterLab make it the `alt` of the picture.
    """
    module = sys.modules.get("IPython")  # not imported: then nobody shows figures in a notebook
    shell = module.get_ipython() if module else None
    if shell is not None:
        shell.display_formatter.mimebundle_formatter.for_type(Figure, _bundle)


def _bundle(figure: Figure, include=None, exclude=None) -> tuple[dict, dict]:
    """No picture, which others draw, but what goes with it."""
    return {}, {"image/png": {"alt": describe(figure)}}


def _plain(text: str) -> str:
    """A text of a figure without the marks of its formulas and in one line."""
    text = re.sub(r"\\([A-Za-z]+)", r"\1 ", re.sub(UNSPOKEN, "", text))
    return " ".join(re.sub(r"[$\\{}]", "", text).split())


def _is_colorbar(axes: Axes) -> bool:
    return axes.get_label() == "<colorbar>"


def _title(axes: Axes) -> str:
    return next(
        (_plain(title) for side in ("left", "center", "right") if (title := axes.get_title(side))),
        "",
    )


def _describe_axes(axes: Axes) -> str:
    parts = [_title(axes)]
    if axes.axison and axes.has_data():
        ranges = [_range(axis) for axis in (axes.xaxis, axes.yaxis)]
        parts.append("; ".join(words for words in ranges if words))
    curves = list(_curves(axes))
    parts.append("; ".join(curves[:MOST_CURVES]))
    if len(curves) > MOST_CURVES:
        parts.append(f"and {len(curves) - MOST_CURVES} more curves")
    parts += [_bars(axes, bars) for bars in axes.containers if isinstance(bars, BarContainer)]
    points = sum(len(c.get_offsets()) for c in axes.collections if isinstance(c, PathCollection))
    if points:
        parts.append(f"{points} points")
    words = [_plain(text.get_text()) for text in axes.texts if text.get_visible()]
    words = [word for word in words if word]
    if words:
        parts.append("marked: " + ", ".join(words[:MOST_WORDS]))
    return ". ".join(part for part in parts if part)


def _range(axis) -> str:
    """Such as "loss from 0.1 to 2.3, logarithmic"; nothing for an axis without a name or words."""
    name = _plain(axis.get_label().get_text())
    ticks = [_plain(label.get_text()) for label in axis.get_ticklabels() if label.get_visible()]
    words = [tick for tick in ticks if re.match(r"[^\W\d_]", tick)]
    if words:
        return f"{name or axis.axis_name}: {', '.join(words[:MOST_BARS])}"
    low, high = sorted(axis.get_view_interval())
    scale = ", logarithmic" if axis.get_scale() == "log" else ""
    return f"{name} from {low:.3g} to {high:.3g}{scale}" if name else ""


def _curves(axes: Axes) -> Iterator[str]:
    """Where each named curve begins and ends, and its lowest point if that lies between."""
    for line in axes.lines:
        label = line.get_label()
        if line.get_visible() and not label.startswith("_"):
            yield f"{_plain(label)}{_course(line)}"


def _course(line: Line2D) -> str:
    x, y = (np.asarray(values, dtype=float) for values in line.get_data(orig=False))
    finite = np.isfinite(x) & np.isfinite(y)
    x, y = x[finite], y[finite]
    if len(y) == 0:
        return ""
    if len(y) == 1:
        return f" at {x[0]:.3g}, {y[0]:.3g}"
    text = f" from {y[0]:.3g} at {x[0]:.3g} to {y[-1]:.3g} at {x[-1]:.3g}"
    lowest, highest = int(np.argmin(y)), int(np.argmax(y))
    if y[lowest] < min(y[0], y[-1]):
        text += f", lowest {y[lowest]:.3g} at {x[lowest]:.3g}"
    if y[highest] > max(y[0], y[-1]):
        text += f", highest {y[highest]:.3g} at {x[highest]:.3g}"
    return text


def _bars(axes: Axes, bars: BarContainer) -> str:
    """The heights of some bars, with what stands below them; of many, their range."""
    upright = bars.orientation != "horizontal"
    lengths = [bar.get_height() if upright else bar.get_width() for bar in bars]
    name = "" if bars.get_label().startswith("_") else f"{_plain(bars.get_label())} "
    if not lengths:
        return ""
    if len(lengths) > MOST_BARS:
        return f"{name}{len(lengths)} bars from {min(lengths):.3g} to {max(lengths):.3g}"
    axis = axes.xaxis if upright else axes.yaxis
    ticks = dict(zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=False))
    centers = [
        (bar.get_x() + bar.get_width() / 2) if upright else (bar.get_y() + bar.get_height() / 2)
        for bar in bars
    ]
    named = []
    for center, length in zip(centers, lengths, strict=True):
        near = min(ticks, key=lambda tick: abs(tick - center), default=None)
        close = near is not None and abs(near - center) < 0.5
        label = _plain(ticks[near].get_text()) if close else ""
        named.append(f"{label} {length:.3g}".strip())
    return f"{name}bars: {', '.join(named)}"
