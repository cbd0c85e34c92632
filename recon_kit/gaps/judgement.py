"""Judgement: how old a gap is, whether it is still too young to be called one, and whether it matters."""

from __future__ import annotations

import datetime as dt

import polars as pl

from recon_kit.calendar import days_between
from recon_kit.gaps.families.seeds import AMOUNT, CHURN, DATES, MISSING, ORPHAN, PHANTOM
from recon_kit.policy import Policy

_WHOLE_PCT = 100 * 10**6


def with_age(gaps: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """Add ``age_days``: days from the day the systems parted to as_of, 0 where it lies ahead."""
    age = days_between(pl.col("diverged_on"), pl.lit(as_of))
    return gaps.with_columns(age_days=pl.max_horizontal(age, 0).cast(pl.Int64).fill_null(0))


def with_state(gaps: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Add ``state``: in_window while too young for its kind, timing while expected to clear by itself, else open."""
    waits = (pl.col("cause") == "timing_lag") | (
        (pl.col("cause") == "trial") & pl.col("is_in_trial").fill_null(value=False)
    )
    state = (
        pl.when(pl.col("age_days") < _window(policy))
        .then(pl.lit("in_window"))
        .when(waits)
        .then(pl.lit("timing"))
        .otherwise(pl.lit("open"))
    )
    return gaps.with_columns(state=state)


def _window(policy: Policy) -> pl.Expr:
    windows = policy.windows
    family, gap_class = pl.col("family"), pl.col("gap_class")
    is_new = family.is_in([MISSING, ORPHAN]) | gap_class.is_in(["start", "extra"])
    is_end = family.is_in([CHURN, PHANTOM]) | gap_class.is_in(["end", "past_end"])
    return (
        pl.when(pl.col("cause") == "failed_payment")
        .then(windows.payment_failure)
        .when(is_new)
        .then(windows.new_subscription)
        .when(is_end)
        .then(windows.cancellation)
        .otherwise(windows.modification)
    )


def with_materiality(gaps: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Add ``material``, by the thresholds of the policy for each family."""
    limits = policy.materiality
    family, gap_class = pl.col("family"), pl.col("gap_class")
    always = family.is_in([PHANTOM, CHURN, MISSING]) | (gap_class == "past_end")
    dates = (family == DATES) & (pl.col("impact") >= policy.minor(limits.date_impact))
    refunds = (gap_class == "refund") & (pl.col("impact") >= policy.minor(limits.refund))
    orphans = (family == ORPHAN) & (pl.col("billing") > policy.minor(limits.orphan))
    amounts = (family == AMOUNT) & (gap_class != "refund") & _is_large(policy)
    return gaps.with_columns(material=(always | dates | refunds | orphans | amounts).fill_null(value=False))


def _is_large(policy: Policy) -> pl.Expr:
    """Whether a monthly difference reaches the amount and the per cent of the larger MRR."""
    limits = policy.materiality
    larger = pl.max_horizontal("crm", "billing").cast(pl.Int128)
    pct = (
        pl.when(larger > policy.minor(limits.large_mrr))
        .then(round(limits.large_pct * 10**6))
        .otherwise(round(limits.amount_pct * 10**6))
        .cast(pl.Int128)
    )
    size = pl.col("difference").abs().cast(pl.Int128)
    return (size >= policy.minor(limits.amount)) & (size * _WHOLE_PCT >= larger * pct)
