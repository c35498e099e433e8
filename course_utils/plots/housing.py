"""Pictures of the California housing data: prices, income, and where the districts lie.

Prices are medians of districts in units of 100,000 dollars, as in the census of 1990.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from course_utils.style import COLORS, SEQUENTIAL

PRICE = "median price (100,000 dollars)"
INCOME = "median income (10,000 dollars)"


def price_histogram(price: np.ndarray, cap: float, title: str) -> Figure:
    """How many districts have which price, with the bar of capped prices marked.

    See the lone bar at the right end: whatever cost more than the cap was written down as the cap.
    """
    figure, axes = plt.subplots(figsize=(10.0, 4.2))
    bins = np.arange(0, cap + 0.2, 0.1)
    free, capped = price[price < cap], price[price >= cap]
    axes.hist(free, bins, color=COLORS["blue"], label="free")
    axes.hist(
        capped, bins, color=COLORS["orange"], hatch="//", label=f"at the cap: {len(capped):,}"
    )
    axes.set(xlabel=PRICE, ylabel="districts", title=title)
    axes.legend()
    plt.close(figure)
    return figure


def income_against_price(income: np.ndarray, price: np.ndarray, title: str) -> Figure:
    """Every district as a faint dot. See the slope, the wide spread, and the ceiling of the cap."""
    figure, axes = plt.subplots(figsize=(10.0, 4.4))
    axes.plot(income, price, ".", ms=3, alpha=0.15, color=COLORS["blue"])
    axes.set(xlabel=INCOME, ylabel=PRICE, title=title, xlim=(0, 12))
    plt.close(figure)
    return figure


def california_map(
    longitude: np.ndarray, latitude: np.ndarray, price: np.ndarray, title: str
) -> Figure:
    """The districts on the map, colored by price. See the coast, and the two bright bays."""
    figure, axes = plt.subplots(figsize=(8.0, 4.9))
    order = np.argsort(price)
    points = axes.scatter(longitude[order], latitude[order], c=price[order], s=4, cmap=SEQUENTIAL)
    figure.colorbar(points, label=PRICE)
    axes.set(xlabel="longitude (degrees)", ylabel="latitude (degrees)", title=title)
    axes.set_aspect(1 / np.cos(np.radians(latitude.mean())))
    plt.close(figure)
    return figure


def correlations_with(target: str, correlations: dict[str, float], title: str) -> Figure:
    """One bar a feature: its correlation with the target, the largest on top."""
    names = sorted(correlations, key=lambda name: abs(correlations[name]))
    values = [correlations[name] for name in names]
    figure, axes = plt.subplots(figsize=(10.0, 4.2))
    bars = axes.barh(names, values, color=COLORS["blue"])
    for bar, value in zip(bars, values, strict=True):
        if value < 0:
            bar.set(facecolor=COLORS["orange"], hatch="//")
    axes.bar_label(bars, fmt="%.2f", padding=4, fontsize=12.5)
    axes.axvline(0, color="black", linewidth=1)
    axes.set(xlabel=f"correlation with {target}", title=title)
    axes.set_xlim(min(values) - 0.1, max(values) + 0.12)
    axes.grid(visible=False, axis="y")
    plt.close(figure)
    return figure
