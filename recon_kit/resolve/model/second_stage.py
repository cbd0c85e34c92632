"""Second stage: what a pair's probability is in its context, and what competition and calibration leave of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from recon_kit.link_files import Calibrator
from recon_kit.resolve.model.features import FEATURES

_NEAREST = 1e-6
"""How near to 0 and 1 a pair's own probability comes."""

_DIGITS = 5
"""Decimals to which features are rounded: engines and threads may differ in the last bits of a sum."""

ODDS = pl.col("pair_probability") / (1.0 - pl.col("pair_probability"))
"""The odds that a pair is right, by itself."""


def matrix(pairs: pl.DataFrame) -> npt.NDArray[np.float64]:
    """Return the features of pairs, one row per pair, in the order of :data:`FEATURES`; NaN where nothing is known."""
    return pairs.select(pl.col(name).cast(pl.Float64).round(_DIGITS) for name in FEATURES).to_numpy()


def pair_probabilities(pairs: pl.DataFrame, second_stage: str) -> pl.Series:
    """Return the probability that each pair is right, by itself.

    Args:
        pairs: rows with :data:`FEATURES`.
        second_stage: LightGBM's text model.
    """
    if pairs.is_empty():
        return pl.Series("pair_probability", [], dtype=pl.Float64)
    from lightgbm import Booster  # noqa: PLC0415  (slow to load, and only this needs it)

    booster = Booster(model_str=second_stage)
    predicted = np.asarray(booster.predict(matrix(pairs), num_threads=1), dtype=np.float64)
    return pl.Series("pair_probability", predicted.clip(_NEAREST, 1 - _NEAREST))


def shares(pairs: pl.DataFrame) -> pl.Series:
    """Share one customer among its candidates and the possibility that it has no account.

    Args:
        pairs: ``customer``, ``pair_probability``, sorted by customer and account, so that sums are the same every time.

    Returns:
        One share per pair: its odds over 1 plus the odds of all pairs of its customer.
    """
    total = ODDS.sum().over("customer")
    return pairs.select(share=ODDS / (1.0 + total))["share"]


def link_probabilities(pairs: pl.DataFrame, calibrator: Calibrator) -> pl.Series:
    """Return what competition and calibration leave of each pair's probability.

    Args:
        pairs: ``customer``, ``pair_probability``.
        calibrator: learnt on the best pairs of customers.

    Returns:
        One probability per pair; over one customer they sum to at most 1.
    """
    calibrated = pairs.select("customer").with_columns(link_probability=calibrator.calibrated(shares(pairs)))
    total = pl.col("link_probability").sum().over("customer")
    return calibrated.select(pl.col("link_probability") / pl.max_horizontal(total, 1.0))["link_probability"]
