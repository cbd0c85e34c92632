"""Drift: how far the open gaps together take the two systems apart, against what the policy lets pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit.pending import is_pending

if TYPE_CHECKING:
    from recon_kit.gaps.findings import Findings
    from recon_kit.policy import Policy

_WHOLE_PCT = 100 * 10**6


def aggregate_drift(found: Findings, policy: Policy) -> pl.DataFrame:
    """Sum the monthly differences of open gaps without netting, and hold them against total MRR.

    Many small gaps may matter together though none does alone. Total MRR is that of the system that shows more, as the
    per cent of a single gap is of its larger side.

    Args:
        found: what :func:`recon_kit.gaps.find_gaps` returns.
        policy: ``materiality.aggregate_pct`` and the reporting currency.

    Returns:
        One row: ``open_gaps`` (in the reporting currency), ``drift_minor`` (sum of absolute differences, a month),
        ``pending_minor`` (the part of it that links in review may settle), ``total_mrr_minor``, ``drift_pct`` (null
        without any MRR), ``limit_pct``, ``limit_minor`` (the largest drift that passes), ``is_breached``,
        ``currency``. Gaps in a currency without a rate are left out, as they are of the totals.
    """
    limit_pct = policy.materiality.aggregate_pct
    total = max(int(found.bridge["amount_minor"][0]), int(found.bridge["amount_minor"][-1]))
    limit = total * round(limit_pct * 10**6) // _WHOLE_PCT
    is_open = found.gaps.filter(pl.col("state") == "open", pl.col("currency") == policy.reporting_currency)
    size = pl.col("difference_minor").abs()
    summed = is_open.select(
        open_gaps=pl.len().cast(pl.Int64),
        drift_minor=size.sum(),
        pending_minor=size.filter(is_pending(found.links)).sum(),
        total_mrr_minor=pl.lit(total, dtype=pl.Int64),
    )
    return summed.with_columns(
        drift_pct=pl.when(total > 0).then(100 * pl.col("drift_minor") / pl.col("total_mrr_minor")),
        limit_pct=pl.lit(limit_pct, dtype=pl.Float64),
        limit_minor=pl.lit(limit, dtype=pl.Int64),
        is_breached=pl.col("drift_minor") > limit,
        currency=pl.lit(policy.reporting_currency),
    )
