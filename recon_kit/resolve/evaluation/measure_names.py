"""Measure names: what a measure is called where a person reads it."""

from __future__ import annotations

import polars as pl

_ALL = "customers without an account included"

NAMES = {
    "linked_precision": "linked: precision",
    "linked_recall": "linked: recall",
    "linked_f1": "linked: F1",
    "best_precision": "likeliest account from 0.5: precision",
    "best_recall": "likeliest account from 0.5: recall",
    "best_f1": "likeliest account from 0.5: F1",
    "review_share": "customers in review",
    "true_links_in_review": "true links in review",
    "true_links_lost": "true links neither linked nor in review",
    "blocking_recall": "blocking recall: true links among candidates",
    "true_links_without_evidence": "true links that share no key",
    "lost_of_those_with_evidence": "of the others, neither linked nor in review",
    "calibration_error": "expected calibration error",
    "calibration_error_middle": "expected calibration error, .2 to .9",
    "log_loss": "log-loss",
    "calibration_error_with_all_customers": f"expected calibration error, {_ALL}",
    "calibration_error_middle_with_all_customers": f"expected calibration error, .2 to .9, {_ALL}",
    "log_loss_with_all_customers": f"log-loss, {_ALL}",
    "calibration_error_with_all_customers_refitted": "the same, refitted, on labels not seen: calibration error",
    "calibration_error_middle_with_all_customers_refitted": "the same, refitted: calibration error, .2 to .9",
    "log_loss_with_all_customers_refitted": "the same, refitted: log-loss",
}


def in_words(rows: pl.DataFrame) -> pl.DataFrame:
    """Name the measures of rows as a person reads them."""
    return rows.with_columns(pl.col("measure").replace_strict(NAMES, return_dtype=pl.String))
