"""Reliability: of the links to which the model gives some probability, how many are right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from recon_kit.resolve.evaluation.ratios import MEASURES, Ratio, Sums, measured, sums_of
from recon_kit.resolve.evaluation.resampling import Floats, interval, quotient, rounded

BINS = 10
"""Bins of equal width between 0 and 1."""

_NEAREST = 1e-6
"""How near to 0 or 1 a probability may come before its logarithm is taken."""

_LINKS, _EXPECTED, _RIGHT = "links", "expected", "right"


def calibration_columns(outcomes: pl.DataFrame) -> pl.DataFrame:
    """Make the columns whose sums calibration is computed from.

    Customers alike in everything and in their probability to three decimals get its mean, so that they are drawn
    together: sums stay what they are, and resampling 200,000 customers takes a second.

    Returns:
        One row per customer, in the order given: by bin ``links_0``…, ``expected_0``… (probabilities), ``right_0``…,
        and ``log_loss``; zero for customers that the model says nothing about.
    """
    flags = [name for name, kind in outcomes.schema.items() if kind == pl.Boolean]
    alike = [*map(pl.col, flags), pl.col("best_probability").round(3)]
    likely = outcomes.select(
        "is_modelled",
        "best_is_right",
        bin=bin_of(pl.col("best_probability")),
        probability=pl.col("best_probability").mean().over(alike).round(12),
        log_loss=log_loss("best_probability", "best_is_right").mean().over(alike).round(12),
    )
    parts = {_LINKS: pl.lit(1.0), _EXPECTED: pl.col("probability"), _RIGHT: pl.col("best_is_right").cast(pl.Float64)}
    by_bin = {
        column_of(part, number): pl.when(pl.col("is_modelled") & (pl.col("bin") == number)).then(value).otherwise(0.0)
        for part, value in parts.items()
        for number in range(BINS)
    }
    return likely.select(log_loss=pl.when("is_modelled").then("log_loss").otherwise(0.0), **by_bin)


def column_of(part: str, number: int) -> str:
    """Name the column of one part of one bin."""
    return f"{part}_{number}"


def bin_of(probability: pl.Expr) -> pl.Expr:
    """Number the bin of a probability, from 0; 1 is in the last."""
    return (probability * BINS).floor().clip(0, BINS - 1).cast(pl.Int64)


def log_loss(probability: str, is_right: str) -> pl.Expr:
    """Compute the logarithmic loss of a probability, kept 1e-6 away from 0 and 1; natural logarithm."""
    kept = pl.col(probability).clip(_NEAREST, 1 - _NEAREST)
    return -pl.when(is_right).then(kept.log()).otherwise((1 - kept).log())


def calibration_errors(sums: Sums, bins: Sequence[int]) -> tuple[int, Floats]:
    """Compute the expected calibration error: the mean distance of probability and observed share, by bin.

    Returns:
        The links in these bins, and the error: first as it is, then as resampled.

    Reference:
        Naeini, Cooper, Hauskrecht 2015, "Obtaining well calibrated probabilities using Bayesian binning".
    """
    links, expected, right = (
        np.stack([sums.of(column_of(part, number)) for number in bins], axis=1) for part in (_LINKS, _EXPECTED, _RIGHT)
    )
    return round(links[0].sum()), quotient(np.abs(expected - right).sum(axis=1), links.sum(axis=1))


def reliability(outcomes: pl.DataFrame) -> pl.DataFrame:
    """Lay the model's probabilities beside what turned out to be right.

    Args:
        outcomes: what :func:`recon_kit.resolve.evaluation.outcomes` returns.

    Returns:
        One row per bin of ten, sorted: ``from_probability``, ``to_probability``, ``links`` (customers whose likeliest
        account has such a probability), ``mean_probability``, ``observed`` (share that is right), ``low``, ``high``
        (95 % bootstrap interval of ``observed``). Null in empty bins.
    """
    sums = sums_of(calibration_columns(outcomes))
    return pl.DataFrame([_bin(sums, number) for number in range(BINS)], schema=RELIABILITY)


RELIABILITY: dict[str, pl.DataType] = {
    "from_probability": pl.Float64(),
    "to_probability": pl.Float64(),
    "links": pl.Int64(),
    "mean_probability": pl.Float64(),
    "observed": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
}


def _bin(sums: Sums, number: int) -> dict[str, object]:
    links, expected = sums.of(column_of(_LINKS, number)), sums.of(column_of(_EXPECTED, number))
    observed = measured(Ratio("observed", (column_of(_RIGHT, number),), (column_of(_LINKS, number),)), sums)
    return {
        "from_probability": number / BINS,
        "to_probability": (number + 1) / BINS,
        "links": observed["of"],
        "mean_probability": rounded(quotient(expected, links)[0]),
        "observed": observed["value"],
        "low": observed["low"],
        "high": observed["high"],
    }


def calibration_of(labels: pl.DataFrame) -> pl.DataFrame:
    """Measure the calibration of probabilities of links known to be right or wrong.

    Args:
        labels: one row per label: ``link_probability``, ``is_right``, ``weight``.

    Returns:
        One row each for ``calibration_error``, ``calibration_error_middle`` (.2 to .9) and ``log_loss``: columns of a
        measure.
    """
    ordered = labels.sort("link_probability", "is_right", "weight")
    modelled = ordered.select(
        "weight", best_probability="link_probability", best_is_right="is_right", is_modelled=pl.lit(value=True)
    )
    columns = pl.concat([modelled.select("weight"), calibration_columns(modelled)], how="horizontal")
    weighed = columns.select(pl.exclude("weight") * pl.col("weight"), is_modelled="weight")
    return pl.DataFrame(calibration_rows(sums_of(weighed)), schema=MEASURES)


def calibration_rows(sums: Sums) -> list[dict[str, object]]:
    """Make the rows of calibration error, over all and in the middle, and of log-loss."""
    rows: list[dict[str, object]] = []
    for name, bins in (("calibration_error", _ALL_BINS), ("calibration_error_middle", _MIDDLE_BINS)):
        links, errors = calibration_errors(sums, bins)
        low, high = interval(errors[1:])
        rows.append(
            {"measure": name, "value": rounded(errors[0]), "low": low, "high": high, "count": None, "of": links}
        )
    return [*rows, measured(_LOG_LOSS, sums)]


_LOG_LOSS = Ratio("log_loss", ("log_loss",), ("is_modelled",), is_proportion=False)
_ALL_BINS, _MIDDLE_BINS = range(BINS), range(2, BINS - 1)
