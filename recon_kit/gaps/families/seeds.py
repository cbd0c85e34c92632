"""Seeds: what every family finds, in one shape, before it is worded and judged."""

from __future__ import annotations

import datetime as dt

import polars as pl

from recon_kit.calendar import accrue, add_days

MISSING, AMOUNT, CHURN = "missing_subscription", "amount_mismatch", "billing_after_churn"
DATES, PHANTOM, ORPHAN = "date_misalignment", "phantom_revenue", "orphaned_revenue"
FAMILIES = (MISSING, AMOUNT, CHURN, DATES, PHANTOM, ORPHAN)

SEED: dict[str, pl.DataType] = {
    "family": pl.String(),
    "cause": pl.String(),
    "gap_class": pl.String(),
    "unit_id": pl.String(),
    "pairing_id": pl.String(),
    "opportunity_ids": pl.List(pl.String()),
    "subscription_ids": pl.List(pl.String()),
    "crm": pl.Int64(),
    "billing": pl.Int64(),
    "difference": pl.Int64(),
    "diverged_on": pl.Date(),
    "impact": pl.Int64(),
    "crm_on": pl.Date(),
    "billing_on": pl.Date(),
    "evidence": pl.List(pl.String()),
}
"""``gap_class`` is existence, extra, amount, start, end, past_end or refund; amounts are reporting minor units a month;
``crm_on`` and ``billing_on`` are the dates that the explanation quotes."""

NO_IDS = pl.lit([], dtype=pl.List(pl.String))


def sow(found: pl.DataFrame, **columns: pl.Expr) -> pl.DataFrame:
    """Lay findings out as seeds; what is not given is missing, ids and evidence are empty lists."""
    given = {"opportunity_ids": NO_IDS, "subscription_ids": NO_IDS, "evidence": NO_IDS} | columns
    missing = pl.lit(None)
    return found.select(given.get(name, missing).cast(kind).alias(name) for name, kind in SEED.items())


def at_stake(monthly: pl.Expr, diverged_on: pl.Expr, as_of: dt.date) -> pl.Expr:
    """Accrue a monthly difference from the day the systems parted to the end of as_of; never negative."""
    end = add_days(pl.lit(as_of), 1)
    return accrue(monthly.abs(), pl.min_horizontal(diverged_on, end), end)
