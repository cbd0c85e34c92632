"""Words of the weekly page: headings, and families, causes and states as a reader calls them."""

from __future__ import annotations

import polars as pl

from recon_kit import tables
from recon_kit.close.trend.closes import PENDING

FAMILIES = (
    *("missing_subscription", "amount_mismatch", "billing_after_churn"),
    *("date_misalignment", "phantom_revenue", "orphaned_revenue", PENDING),
)
LABELS = {
    "difference_minor": "Difference a month",
    "impact_minor": "At stake so far",
    "impact_before_minor": "At stake last time",
    "gaps": "Open gaps",
    "gaps_before": "Open before",
    "drift_minor": "Drift a month",
    "drift_before_minor": "Drift before",
    "change_minor": "Change",
    "linked_mrr_minor": "Linked MRR",
    "mrr_minor": "Stripe MRR",
    "customers_pct": "Linked, %",
    "customers_falls": "Falls in a row",
    "mrr_pct": "MRR linked, %",
    "mrr_falls": "MRR falls in a row",
    "oldest_days": "Oldest, days",
    "waits_for_a_link": "Wait for a link",
    "vouched_for": "As its manifest says",
    "opening": "Open before",
    "came": "New",
    "resolved": "Resolved",
    "moved": "Wait again",
    "grown": "Changed",
    "closing": "Open now",
    **{
        f"{name}_minor": label
        for name, label in (
            ("opening", "At stake before"),
            ("came", "New"),
            ("resolved", "Resolved"),
            ("moved", "Wait again"),
            ("grown", "Changed and grown"),
            ("closing", "At stake now"),
        )
    },
    "mean_days": "Days, mean",
    "median_days": "Days, median",
    "open_mean_days": "Days open so far, mean",
    "label": "What happened",
    "open_since": "Open since the close of",
    "diverged_on": "Parted on",
    "from_on": "From",
    "to_on": "To",
    "band": "Age",
    "owner_team": "Whose turn",
}
_PENDING_WORDS = "Waits for a link in review"


def with_families_named(rows: pl.DataFrame) -> pl.DataFrame:
    """Write families in words; gaps of links in review stand under words of their own."""
    is_pending = pl.col("family") == PENDING
    spoken = tables.in_words(rows)["family"]
    return rows.with_columns(family=pl.when(is_pending).then(pl.lit(_PENDING_WORDS)).otherwise(spoken))


def in_words(rows: pl.DataFrame) -> pl.DataFrame:
    """Write families, causes and states in words, gaps of links in review and the row over all families too."""
    spoken = tables.in_words(with_families_named(rows) if "family" in rows.columns else rows)
    return spoken.with_columns(pl.col("^family$").replace("all", "All families"))
