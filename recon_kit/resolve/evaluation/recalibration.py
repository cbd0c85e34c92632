"""Recalibration: a map from the model's probability to the share that is right on this company, from its own labels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from recon_kit.link_files import recalibrated

ENOUGH = 300
"""Labels from which a calibrator is fitted: with 100 it was no better than none, with 300 it was."""

FOLDS = 5

_TRUST = 4.0
"""How strongly the line is drawn towards leaving probabilities as they are; measured on labels not seen."""

_NEAREST = 1e-4
_GRID = (0.0001, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995,
         0.999, 0.9999)  # fmt: skip
_DIGITS = 9

Floats = npt.NDArray[np.float64]


def fit_calibrator(labels: pl.DataFrame) -> pl.DataFrame:
    """Fit the share of right links to the model's probability: a rising line between log-odds.

    Two parameters, drawn a little towards leaving the probabilities as they are, which keeps few labels from saying
    never or always. Steps that rise as they like (isotonic regression) did worse on labels not seen, even with 2,000.

    Args:
        labels: one row per label: ``link_probability``, ``is_right``, ``weight``.

    Returns:
        One row per knot, sorted and rising: ``knot`` (from 0), ``link_probability``, ``calibrated``; between knots on
        the straight line, outside as the nearest.

    Reference:
        Platt 1999, "Probabilistic outputs for support vector machines".
    """
    ordered = labels.sort("link_probability", "is_right", "weight")
    given = ordered["link_probability"].clip(_NEAREST, 1 - _NEAREST).to_numpy().astype(np.float64)
    right, weight = (ordered[name].cast(pl.Float64).to_numpy() for name in ("is_right", "weight"))
    slope, shift = _line(_log_odds(given), right, weight)
    grid = np.asarray(_GRID)
    fitted = _share(slope * _log_odds(grid) + shift).clip(_NEAREST, 1 - _NEAREST).round(_DIGITS)
    knots = pl.DataFrame({"link_probability": grid, "calibrated": fitted})
    return knots.with_row_index("knot").with_columns(pl.col("knot").cast(pl.Int64))


def _log_odds(share: Floats) -> Floats:
    odds: Floats = np.log(share / (1 - share))
    return odds


def _share(odds: Floats) -> Floats:
    share: Floats = 1 / (1 + np.exp(-odds))
    return share


def _line(odds: Floats, right: Floats, weight: Floats) -> tuple[float, float]:
    from scipy.optimize import minimize  # noqa: PLC0415  (slow to load, and few closes have labels enough)

    def cost(line: Floats) -> float:
        fitted = _share(line[0] * odds + line[1]).clip(1e-12, 1 - 1e-12)
        lost = -(weight * (right * np.log(fitted) + (1 - right) * np.log(1 - fitted))).sum()
        return float(lost + _TRUST * ((line[0] - 1) ** 2 + line[1] ** 2))

    found = minimize(cost, x0=np.array([1.0, 0.0]), method="L-BFGS-B", bounds=[(0.05, 5.0), (-5.0, 5.0)])
    return float(found.x[0]), float(found.x[1])


def held_back(labels: pl.DataFrame) -> pl.DataFrame:
    """Recalibrate each label by a calibrator fitted to the labels of other customers.

    Args:
        labels: one row per label: ``customer_id``, ``link_probability``, ``is_right``, ``weight``.

    Returns:
        The rows, sorted, with ``link_probability`` by the calibrator of the other four fifths.
    """
    folded = labels.sort(labels.columns).with_columns(fold=pl.col("customer_id").rank("dense") % FOLDS)
    return pl.concat(_without_own(folded, fold) for fold in range(FOLDS)).sort(labels.columns)


def _without_own(folded: pl.DataFrame, fold: int) -> pl.DataFrame:
    knots = fit_calibrator(folded.filter(pl.col("fold") != fold))
    own = folded.filter(pl.col("fold") == fold).drop("fold")
    return own.with_columns(link_probability=recalibrated(own["link_probability"], knots))
