"""Resampling: how far a figure would move if other customers of the same kind had been labelled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

RESAMPLES = 500
SEED = 20_261_031
LOW, HIGH = 2.5, 97.5
"""Percentiles of the resamples between which a figure lies: 95 per cent of them."""

Floats = npt.NDArray[np.float64]


def resampled_sums(rows: pl.DataFrame, *, resamples: int = RESAMPLES, seed: int = SEED) -> Floats:
    """Draw the rows anew, with replacement, and sum each column, many times.

    Equal rows are drawn together (a multinomial over the distinct rows), which is the same and quicker. Nothing depends
    on the order of the rows or on the number of threads.

    Args:
        rows: one row per customer; Float64 columns.
        resamples: how many times.
        seed: of the generator.

    Returns:
        Array (resamples + 1, columns): first the sums of the rows themselves, then those of each resample.

    Reference:
        Efron 1979, "Bootstrap methods: another look at the jackknife".
    """
    distinct = rows.group_by(rows.columns).len("times").sort(rows.columns)
    times = distinct["times"].to_numpy().astype(np.int64)
    values = distinct.drop("times").to_numpy().astype(np.float64).reshape(len(times), rows.width)
    size = int(times.sum())
    if size == 0:
        return np.zeros((resamples + 1, rows.width))
    drawn = np.random.default_rng(seed).multinomial(size, times / size, size=resamples)
    counts = np.vstack([times, drawn]).astype(np.float64)
    return np.asarray(np.einsum("ij,jk->ik", counts, values))  # einsum adds in one order, whatever the machine's BLAS


def quotient(numerator: Floats, denominator: Floats) -> Floats:
    """Divide; not a number where there is nothing to divide by."""
    return np.divide(numerator, denominator, out=np.full_like(numerator, np.nan), where=denominator != 0)


def interval(resampled: Floats) -> tuple[float | None, float | None]:
    """Return the percentiles of a figure's resamples; none where no resample has the figure."""
    known = resampled[~np.isnan(resampled)]
    if known.size == 0:
        return None, None
    low, high = np.percentile(known, [LOW, HIGH])
    return rounded(low), rounded(high)


def rounded(value: float) -> float | None:
    """Round to nine digits, beyond which another order of adding shows; none where it is not a number."""
    return None if np.isnan(value) else round(float(value), 9)
