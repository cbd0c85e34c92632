"""Anomalies over runs: too many unmatched records, one of them too large for too long, a balance that keeps growing."""

from __future__ import annotations

import datetime as dt

import polars as pl

from recon_kit import phrases
from recon_kit.close.alerts.gap_alerts import short_day
from recon_kit.close.alerts.unmatched import QUARANTINE, RUNS_KEPT
from recon_kit.policy import Policy

STRAGGLER, COUNT, GROWTH = "straggler", "unmatched_count", "unmatched_growth"
_KINDS = {
    "orphaned_revenue": "billed and not sold",
    "missing_subscription": "sold and not billed",
    "phantom_revenue": "sold, and billed no more",
    QUARANTINE: "in quarantine",
}
"""What stands alone, in words; a kind that is not listed is told by its name."""

_STRAGGLER = {
    "linked": (
        "{name}: {amount}{monthly} stands alone{since}, more than the {limit} of the policy; a link in review may "
        "settle it. Decide that link first."
    ),
    QUARANTINE: (
        "{name}: {amount} could not be used ({why}) and is compared with nothing, more than the {limit} of the policy. "
        "Correct the record in its system."
    ),
}
_COUNT = (
    "{number} records are unmatched, more than the {limit} of the policy: {parts}. Begin with the largest, on page 4 "
    "and in the quarantine of page 2."
)
_GROWTH = (
    "Unmatched records {kind}: their balance grew three runs in a row, from {first} on {first_on} to {last} on "
    "{last_on}. Look for what began to go wrong, not only for the records."
)
_NEXT_STEP = "Finance: see that each unmatched record is matched, corrected or decided on."


def straggler_alerts(items: pl.DataFrame, *, as_of: dt.date, policy: Policy) -> pl.DataFrame:
    """Raise an alert for each single record over ``straggler_amount`` that stands alone for more than a day.

    Args:
        items: what :func:`recon_kit.close.alerts.unmatched.unmatched_items` returns.
        as_of: the day of the close.
        policy: the amount, in the reporting currency.

    Returns:
        One row per record that no other alert tells of: the columns of ``alerts`` that it has. A record of which
        nothing tells since when counts.
    """
    age = (pl.lit(as_of) - pl.col("since_on")).dt.total_days()
    limit, code = policy.minor(policy.straggler_amount), policy.reporting_currency
    large = items.filter(
        pl.col("reporting_minor") > limit, ~pl.col("is_told"), (age > 1).fill_null(value=True)
    ).with_columns(
        name_text=phrases.one_line(pl.col("name").fill_null("Unknown")),
        why_text=phrases.one_line(pl.col("why").fill_null("no reason is known")),
        amount_text=phrases.amount(pl.col("amount_minor"), pl.col("currency")),
        monthly_text=pl.when(pl.col("kind") == QUARANTINE).then(pl.lit("")).otherwise(pl.lit("/mo")),
        since_text=pl.format(" since {}", short_day(pl.col("since_on"), as_of)).fill_null(""),
        limit_text=phrases.amount(pl.lit(limit), pl.lit(code)),
    )
    case = pl.when(pl.col("kind") == QUARANTINE).then(pl.lit(QUARANTINE)).otherwise(pl.lit("linked"))
    return large.with_columns(
        alert_id=pl.format("straggler:{}", "item_id"),
        content=pl.format("{} {} {}", "kind", "amount_minor", "currency"),
        sentence=phrases.said(_STRAGGLER, case),
    ).select(
        "alert_id", "content", "sentence", "account_id", "account_name", "customer_ids", "opportunity_ids",
        "subscription_ids", "amount_minor", "currency", "since_on",
        kind=pl.lit(STRAGGLER), cause=pl.lit(STRAGGLER), next_step=pl.lit(_NEXT_STEP),
    )  # fmt: skip


def count_alert(by_run: pl.DataFrame, *, as_of: dt.date, policy: Policy) -> pl.DataFrame:
    """Raise an alert when more records are unmatched than ``daily_unmatched_limit``.

    Args:
        by_run: what :func:`recon_kit.close.alerts.unmatched.unmatched_by_run` returns.
        as_of: the day of the close.
        policy: the limit, in records.

    Returns:
        One row, or none: the columns of ``alerts`` that it has. News is another number.
    """
    now = by_run.filter(pl.col("as_of") == as_of, pl.col("number") > 0)
    counted = now.group_by("kind").agg(pl.col("number").sum()).sort(["number", "kind"], descending=[True, False])
    total = counted.select(
        number=pl.col("number").sum(),
        parts_text=pl.format("{} {}", "number", _spoken()).str.join(", "),
    ).filter(pl.col("number") > policy.daily_unmatched_limit)
    worded = total.with_columns(
        number_text=pl.col("number").cast(pl.String), limit_text=pl.lit(str(policy.daily_unmatched_limit))
    )
    return worded.select(
        alert_id=pl.lit(COUNT),
        kind=pl.lit(COUNT),
        cause=pl.lit(COUNT),
        sentence=phrases.filled(_COUNT),
        next_step=pl.lit(_NEXT_STEP),
        content=pl.col("number").cast(pl.String),
    )


def growth_alerts(by_run: pl.DataFrame, *, as_of: dt.date) -> pl.DataFrame:
    """Raise an alert for each kind of unmatched record whose balance grew in each of three runs in a row.

    Args:
        by_run: what :func:`recon_kit.close.alerts.unmatched.unmatched_by_run` returns.
        as_of: the day of the close.

    Returns:
        One row per kind and currency: the columns of ``alerts`` that it has. News is another balance.
    """
    balance = pl.col("amount_minor")
    grown = (
        by_run.sort("kind", "currency", "as_of")
        .group_by("kind", "currency", maintain_order=True)
        .agg(
            runs=pl.len(),
            is_growing=(balance.diff().drop_nulls() > 0).all(),
            first=balance.first(),
            last=balance.last(),
            first_on=pl.col("as_of").first(),
            last_on=pl.col("as_of").last(),
        )
        .filter(pl.col("is_growing"), pl.col("runs") == RUNS_KEPT, pl.col("last_on") == as_of)
    )
    worded = grown.with_columns(
        kind_text=_spoken(),
        first_text=phrases.amount(pl.col("first"), pl.col("currency")),
        last_text=phrases.amount(pl.col("last"), pl.col("currency")),
        first_on_text=short_day(pl.col("first_on"), as_of),
        last_on_text=short_day(pl.col("last_on"), as_of),
    )
    return worded.select(
        "currency",
        alert_id=pl.format("unmatched_growth:{}/{}", "kind", "currency"),
        kind=pl.lit(GROWTH),
        cause=pl.lit(GROWTH),
        amount_minor="last",
        since_on="first_on",
        sentence=phrases.filled(_GROWTH),
        next_step=pl.lit(_NEXT_STEP),
        content=pl.format("{} {}", "first", "last"),
    )


def _spoken() -> pl.Expr:
    spaced = pl.col("kind").str.replace_all("_", " ", literal=True)
    return pl.col("kind").replace_strict(list(_KINDS), list(_KINDS.values()), default=spaced, return_dtype=pl.String)
