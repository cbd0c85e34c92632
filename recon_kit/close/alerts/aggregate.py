"""Aggregate: all open gaps together, when they exceed what the policy lets pass."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from recon_kit import phrases
from recon_kit.drift import aggregate_drift
from recon_kit.policy import Policy

Reader = Callable[[str], pl.LazyFrame]
AGGREGATE = "aggregate"
_TENTHS = 1000
_SENTENCE = (
    "All open gaps together: Salesforce and Stripe differ by {drift}/mo without netting, {pct} of total MRR; the "
    "policy lets {limit_pct} % pass ({limit}/mo). {gaps} open gaps make it up: begin with those of the largest "
    "difference."
)
_NEXT_STEP = "Finance: take the gaps of page 4 in the order of their difference until the rest is within the policy."


def aggregate_alert(read: Reader, policy: Policy) -> pl.DataFrame:
    """Raise an alert when the open gaps together exceed ``materiality.aggregate_pct`` of total MRR.

    Args:
        read: gives ``gaps``, ``bridge`` and ``links``.
        policy: the limit and the reporting currency.

    Returns:
        One row, or none: the columns of ``alerts`` that it has. News is a move by a tenth of a per cent of total MRR;
        less may be the exchange rate.
    """
    drift = aggregate_drift(read("gaps").collect(), read("bridge").collect(), read("links").collect(), policy)
    size, total, code = pl.col("drift_minor"), pl.col("total_mrr_minor"), pl.col("currency")
    tenths = pl.when(total > 0).then(size * _TENTHS // total).fill_null(0)
    worded = drift.filter("is_breached").with_columns(
        drift_text=phrases.amount(size, code),
        pct_text=phrases.share(size, total).fill_null("more than all"),
        limit_pct_text=pl.lit(f"{policy.materiality.aggregate_pct:g}"),
        limit_text=phrases.amount(pl.col("limit_minor"), code),
        gaps_text=pl.col("open_gaps").cast(pl.String),
    )
    return worded.select(
        "currency",
        alert_id=pl.lit(AGGREGATE),
        kind=pl.lit(AGGREGATE),
        cause=pl.lit(AGGREGATE),
        amount_minor="drift_minor",
        sentence=phrases.filled(_SENTENCE),
        next_step=pl.lit(_NEXT_STEP),
        content=tenths.cast(pl.String),
    )
