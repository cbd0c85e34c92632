"""Drift: how far the open gaps together take the two systems apart, against what the policy lets pass."""

from __future__ import annotations

import polars as pl

from recon_kit.pending import is_pending
from recon_kit.policy import Policy

_WHOLE_PCT = 100 * 10**6


def aggregate_drift(gaps: pl.DataFrame, bridge: pl.DataFrame, links: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Sum the monthly differences of open gaps without netting, and hold them against total MRR.

    Many small gaps may matter together though none does alone. Total MRR is that of the system that shows more, as the
    per cent of a single gap is of its larger side.

    Args:
        gaps: rows of ``gaps``.
        bridge: rows of ``bridge``; its ends are total MRR.
        links: rows of ``links``.
        policy: ``materiality.aggregate_pct`` and the reporting currency.

    Returns:
        One row: ``open_gaps`` (in the reporting currency), ``drift_minor`` (sum of absolute differences, a month),
        ``pending_minor`` (the part of it that links in review may settle), ``total_mrr_minor``, ``drift_pct`` (null
        without any MRR), ``limit_pct``, ``limit_minor`` (the largest drift that passes), ``is_breached``,
        ``currency``. Gaps in a currency without a rate are left out, as they are of the totals.
    """
    limit_pct = policy.materiality.aggregate_pct
    total = max(int(bridge["amount_minor"][0]), int(bridge["amount_minor"][-1]))
    limit = total * round(limit_pct * 10**6) // _WHOLE_PCT
    is_open = gaps.filter(pl.col("state") == "open", pl.col("currency") == policy.reporting_currency)
    size = pl.col("difference_minor").abs()
    summed = is_open.select(
        open_gaps=pl.len().cast(pl.Int64),
        drift_minor=size.sum(),
        pending_minor=size.filter(is_pending(links)).sum(),
        total_mrr_minor=pl.lit(total, dtype=pl.Int64),
    )
    return summed.with_columns(
        drift_pct=pl.when(total > 0).then(100 * pl.col("drift_minor") / pl.col("total_mrr_minor")),
        limit_pct=pl.lit(limit_pct, dtype=pl.Float64),
        limit_minor=pl.lit(limit, dtype=pl.Int64),
        is_breached=pl.col("drift_minor") > limit,
        currency=pl.lit(policy.reporting_currency),
    )
