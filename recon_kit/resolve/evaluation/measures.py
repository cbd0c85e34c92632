"""Measures: precision, recall, review share, blocking recall and calibration of links whose truth is known."""

from __future__ import annotations

import polars as pl

from recon_kit.resolve.evaluation.ratios import MEASURES, Ratio, measured, sums_of
from recon_kit.resolve.evaluation.reliability import calibration_columns, calibration_rows

LINKED = (
    Ratio("linked_precision", ("is_linked_right",), ("is_linked",)),
    Ratio("linked_recall", ("is_linked_right",), ("is_true",)),
    Ratio("linked_f1", ("is_linked_right", "is_linked_right"), ("is_linked", "is_true"), is_proportion=False),
)
"""Of links of status ``linked``."""

BEST = (
    Ratio("best_precision", ("is_best_right",), ("is_best",)),
    Ratio("best_recall", ("is_best_right",), ("is_true",)),
    Ratio("best_f1", ("is_best_right", "is_best_right"), ("is_best", "is_true"), is_proportion=False),
)
"""Of each customer's likeliest account, where its probability reaches one half."""

COVERAGE = (
    Ratio("review_share", ("is_review",), ("customers",)),
    Ratio("true_links_in_review", ("is_true_in_review",), ("is_true",)),
    Ratio("true_links_lost", ("is_lost",), ("is_true",)),
    Ratio("blocking_recall", ("is_blocked",), ("is_true",)),
)
"""What becomes of the true links that are not linked, and whether they were candidates at all."""

EVIDENCE = (
    Ratio("true_links_without_evidence", ("has_no_evidence",), ("is_true",)),
    Ratio("lost_of_those_with_evidence", ("is_lost_with_evidence",), ("has_evidence",)),
)
"""Beside: true links that share no key, which no method finds, and how many of the others are lost."""

_OF_SLICES = (*LINKED, *BEST, *COVERAGE)


def measures(outcomes: pl.DataFrame) -> pl.DataFrame:
    """Measure links against the truth.

    Args:
        outcomes: what :func:`recon_kit.resolve.evaluation.outcomes` returns.

    Returns:
        One row per measure, in reading order: ``measure``, ``value``, ``low`` and ``high`` (95 % bootstrap interval,
        500 resamples by customer), ``count`` and ``of`` (of a share: customers it counts, and of how many). Null where
        there is nothing to divide by.
        ``linked_*`` are of links of status linked, ``best_*`` of the likeliest account from probability 0.5;
        ``calibration_error`` (over all, and ``_middle`` from .2 to .9) and ``log_loss`` (natural logarithm) are of the
        likeliest account of each customer, as the model gives it.
    """
    ratios = (*LINKED, *BEST, *COVERAGE, *(EVIDENCE if outcomes["has_evidence"].any() else ()))
    sums = sums_of(_columns(outcomes))
    shares = [measured(ratio, sums) for ratio in ratios]
    return pl.DataFrame([*shares, *calibration_rows(sums)], schema=MEASURES)


def measures_by_slice(outcomes: pl.DataFrame, slices: pl.DataFrame) -> pl.DataFrame:
    """Measure links against the truth, by slice of the customers.

    Args:
        outcomes: what :func:`recon_kit.resolve.evaluation.outcomes` returns.
        slices: one row per (customer_id, slice): ``value``.

    Returns:
        One row per (slice, value, measure), sorted by slice and value: ``customers``, and the columns of
        :func:`measures` but evidence and calibration, for which slices are small.
    """
    sliced = slices.join(outcomes, on="customer_id", how="inner", validate="m:1").sort("slice", "value", "customer_id")
    found = [
        _of_slice(part, str(name), str(value))
        for (name, value), part in sliced.group_by("slice", "value", maintain_order=True)
    ]
    return pl.concat([pl.DataFrame(schema=_SLICED), *found])


_SLICED = {"slice": pl.String(), "value_of_slice": pl.String(), "customers": pl.Int64(), **MEASURES}


def _of_slice(part: pl.DataFrame, name: str, value: str) -> pl.DataFrame:
    sums = sums_of(_columns(part.drop("slice", "value")))
    rows = pl.DataFrame([measured(ratio, sums) for ratio in _OF_SLICES], schema=MEASURES)
    return rows.select(
        slice=pl.lit(name),
        value_of_slice=pl.lit(value),
        customers=pl.lit(part.height, dtype=pl.Int64),
        **{column: pl.col(column) for column in MEASURES},
    )


def _columns(outcomes: pl.DataFrame) -> pl.DataFrame:
    flags = (pl.col(pl.Boolean).exclude("best_is_right")).cast(pl.Float64)
    has_none = (pl.col("is_true") & ~pl.col("has_evidence")).cast(pl.Float64)
    counted = outcomes.select(flags, customers=pl.lit(1.0), has_no_evidence=has_none)
    return pl.concat([counted, calibration_columns(outcomes)], how="horizontal")
