"""The numbers that tell patients apart, side by side, as text.

Each row is one number of a `Report`, each column one patient; nothing here is judged.
"""

from collections.abc import Mapping

import numpy as np

from course_utils.diagnostics import Report


def numbers(reports: Mapping[str, Report]) -> str:
    """A table with one column for each report and one row for each number that decides."""
    rows = {
        "loss at the start": lambda r: _short(r.loss),
        "loss of a guess": lambda r: _short(r.chance),
        "largest feature": lambda r: _short(r.feature_size),
        "neighbors agree (std. errors)": lambda r: _short(r.agreement),
        "targets sorted by batch": lambda r: f"{max(r.sorted_share or 0, 0):.0%}",
        "inference gives two answers": lambda r: _percent(_most(r, "switch_gap")),
        "gradient over measured slope": lambda r: _short(_worst_slope(r)),
        "largest gain of a layer": lambda r: _short(_most(r, "gain")),
        "dead units, worst layer": lambda r: _percent(_most(r, "dead")),
        "gradient, first / last layer": lambda r: _short(_fading(r)),
        "first step / size, largest": lambda r: _short(_most(r, "update_ratio")),
        "loss after 50 to 150 steps": lambda r: _short(_after_trial(r)),
    }
    lines = [" " * 31 + "".join(f"{name:>10}" for name in reports)]
    for title, number in rows.items():
        lines.append(f"{title:31}" + "".join(f"{number(r):>10}" for r in reports.values()))
    return "\n".join(lines)


def _after_trial(report: Report) -> float:
    """After the steps that were tried with the optimizer's own rate."""
    return report.trials[0].end


def _most(report: Report, field: str) -> float | None:
    values = [getattr(layer, field) for layer in report.layers]
    return max((value for value in values if value is not None), default=None)


def _worst_slope(report: Report) -> float | None:
    found = [layer.slope_ratio for layer in report.layers if layer.slope_ratio is not None]
    return max(found, key=lambda value: abs(value - 1), default=None)


def _fading(report: Report) -> float | None:
    norms = [la.gradient_norm for la in report.layers if la.gradient_norm is not None]
    return norms[0] / norms[-1] if norms and norms[-1] > 0 else None


def _short(value: float | None) -> str:
    if value is None:
        return "-"
    if not np.isfinite(value):
        return "NaN" if np.isnan(value) else "inf"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2g}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"
