"""Ratios: shares of customers, measured with a bootstrap interval, and exactly where nothing went wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from recon_kit.resolve.evaluation.resampling import Floats, interval, quotient, resampled_sums, rounded

_CHANCE = 0.025
"""Probability of a result as clean as the one seen, at the bound given for a share in which nothing went wrong."""

MEASURES: dict[str, pl.DataType] = {
    "measure": pl.String(),
    "value": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "count": pl.Int64(),
    "of": pl.Int64(),
}
"""Columns of a measure: what, its value, its 95 % interval; of a share, how many customers it counts, of how many."""


@dataclass(frozen=True)
class Ratio:
    """A quotient of sums over customers: ``numerator`` columns over ``denominator`` columns.

    A proportion counts customers among customers; an F1, or a mean, is none.
    """

    name: str
    numerator: tuple[str, ...]
    denominator: tuple[str, ...]
    is_proportion: bool = True


@dataclass(frozen=True)
class Sums:
    """Sums of columns over customers: ``values[0]`` as they are, the rows below as resampled."""

    columns: tuple[str, ...]
    values: Floats

    def of(self, *names: str) -> Floats:
        """Add columns up, resample by resample."""
        chosen = [self.values[:, self.columns.index(name)] for name in names]
        return np.asarray(sum(chosen, np.zeros(len(self.values))))


def sums_of(columns: pl.DataFrame) -> Sums:
    """Sum and resample Float64 columns, one row per customer."""
    return Sums(tuple(columns.columns), resampled_sums(columns))


def measured(ratio: Ratio, sums: Sums) -> dict[str, object]:
    """Measure a ratio; a row of :data:`MEASURES`, null where there is nothing to divide by."""
    numerator, denominator = sums.of(*ratio.numerator), sums.of(*ratio.denominator)
    values = quotient(numerator, denominator)
    low, high = interval(values[1:])
    row = _row(ratio.name, rounded(values[0]), low, high)
    if not ratio.is_proportion:
        return row
    count, of = round(numerator[0]), round(denominator[0])
    low, high = _widened(count, of, low, high) if of else (None, None)
    return {**row, "low": low, "high": high, "count": count, "of": of}


def _row(name: str, value: float | None, low: float | None, high: float | None) -> dict[str, object]:
    return {"measure": name, "value": value, "low": low, "high": high, "count": None, "of": None}


def _widened(count: int, of: int, low: float | None, high: float | None) -> tuple[float | None, float | None]:
    """Bound a share of none or all exactly: resamples of what never happened never show it.

    Reference:
        Clopper–Pearson 1934; for none of n it is close to the "rule of three", 3/n.
    """
    clean = _CHANCE ** (1 / of)
    if count == of:
        return rounded(clean), 1.0
    return (0.0, rounded(1 - clean)) if count == 0 else (low, high)


def measured_ratios(columns: pl.DataFrame, ratios: tuple[Ratio, ...]) -> pl.DataFrame:
    """Measure several ratios; rows of :data:`MEASURES` in their order."""
    sums = sums_of(columns)
    return pl.DataFrame([measured(ratio, sums) for ratio in ratios], schema=MEASURES)
