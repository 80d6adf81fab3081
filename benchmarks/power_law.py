"""How a cost grows: the slope of a curve between logarithms, and the shares of a polynomial."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PowerLaw:
    """y ≈ factor · x^slope, fitted by least squares between logarithms."""

    slope: float
    """1 is linear, 2 quadratic."""
    factor: float
    r2: float
    """Share of the variance of log y that the line explains."""


def fit_power_law(sizes: Sequence[float], costs: Sequence[float]) -> PowerLaw:
    """Fits a power law to at least two points, all above 0.

    Raises:
        ValueError: fewer points, or one that has no logarithm.
    """
    if len(sizes) < 2 or min(*sizes, *costs) <= 0:
        raise ValueError(
            f"sizes {list(sizes)} and costs {list(costs)}; give two or more points above 0"
        )
    x, y = np.log(sizes), np.log(costs)
    slope, intercept = np.polyfit(x, y, 1)
    rest = ((y - (slope * x + intercept)) ** 2).sum()
    total = ((y - y.mean()) ** 2).sum()
    r2 = 1.0 - float(rest / total) if total > 0 else 1.0
    return PowerLaw(float(slope), float(np.exp(intercept)), r2)


def doubling_ratios(sizes: Sequence[float], costs: Sequence[float]) -> list[float]:
    """By how much the cost is multiplied when the size doubles, between neighbouring points."""
    points = list(zip(sizes, costs, strict=True))
    return [
        float((c2 / c1) ** (1.0 / np.log2(s2 / s1)))
        for (s1, c1), (s2, c2) in itertools.pairwise(points)
    ]


def polynomial_shares(sizes: Sequence[float], costs: Sequence[float]) -> dict[str, float]:
    """Shares of the cost at the largest size by a + b·x + c·x², none of them below 0.

    The fit weighs relative errors, so that small sizes count as much as large ones; terms that
    would be negative are left out. With fewer than four points three terms would fit anything.
    """
    if len(sizes) < 4:
        return {}
    x, y = np.array(sizes, float), np.array(costs, float)
    terms = np.stack([np.ones_like(x), x, x**2], axis=1)
    best, least = np.zeros(3), np.inf
    for count in (1, 2, 3):
        for chosen in itertools.combinations(range(3), count):
            columns = list(chosen)
            found = np.linalg.lstsq(terms[:, columns] / y[:, None], np.ones_like(y), rcond=None)[0]
            weights = np.zeros(3)
            weights[columns] = found
            error = float(((terms @ weights / y - 1) ** 2).sum())
            if (found >= 0).all() and error < least:
                best, least = weights, error
    parts = best * terms[x.argmax()]
    return {
        name: float(part / parts.sum())
        for name, part in zip(("constant", "linear", "quadratic"), parts, strict=True)
    }
