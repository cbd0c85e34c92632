"""Unbilled: contracts that no live subscription bills: never billed, or billed until a subscription ended."""

from __future__ import annotations

import datetime as dt

import polars as pl

from recon_kit.calendar import accrue, add_days, add_months, days_between
from recon_kit.gaps.books import Books
from recon_kit.gaps.families.seeds import MISSING, PHANTOM, at_stake, sow
from recon_kit.gaps.pairing.both_sides import ENDED, NOT_IN_FORCE, UNKNOWN, BothSides
from recon_kit.gaps.pairing.matched import Matched
from recon_kit.policy import Policy

HANDOFF_MISSED, TIMING_LAG = "handoff_missed", "timing_lag"
FAILED_PAYMENT, NOT_IN_CRM = "failed_payment", "cancellation_not_in_crm"


def unbilled_contracts(sides: BothSides, matched: Matched) -> pl.DataFrame:
    """Say of each contract in force that stayed alone whether it was ever billed.

    Returns:
        One row per unpaired contract, sorted: its columns, ``verdict`` (missing_subscription, phantom_revenue or
        not_comparable), ``ended_ids`` and ``billed_until`` (of the subscriptions that ended during it).
    """
    ended = _ended_during(matched.contracts, sides)
    joined = matched.contracts.join(ended, on="node_id", how="left", validate="1:1")
    verdict = (
        pl.when(pl.col("ended_ids").is_not_null())
        .then(pl.lit(PHANTOM))
        .when(~pl.col("is_unit_comparable"))
        .then(pl.lit(UNKNOWN))
        .otherwise(pl.lit(MISSING))
    )
    return joined.with_columns(verdict=verdict).sort("node_id")


def _ended_during(contracts: pl.DataFrame, sides: BothSides) -> pl.DataFrame:
    """Find ended subscriptions that overlapped a contract.

    Those that another subscription continues, or that another contract's id claims, are left aside.
    """
    claimed = sides.named.select("subscription_id", claiming_id="opportunity_id").unique()
    nodes = sides.contracts.select(claiming_id="opportunity_id", claiming_node="node_id")
    claims = (
        claimed.join(nodes, on="claiming_id", how="left", validate="m:1")
        .group_by("subscription_id")
        .agg(claiming_nodes=pl.col("claiming_node").unique())
    )
    ended = (
        sides.subscriptions.filter(pl.col("role") == ENDED, ~pl.col("is_predecessor"), pl.col("ended_on").is_not_null())
        .select("unit_id", "subscription_id", "starts_on", "ended_on")
        .join(claims, on="subscription_id", how="left", validate="1:1")
    )
    terms = contracts.select("unit_id", "node_id", sold_from="start_on", sold_until="end_on")
    overlaps = _outlives(pl.col("sold_from")) & (pl.col("starts_on") <= pl.col("sold_until")).fill_null(value=True)
    is_own = pl.col("claiming_nodes").is_null() | pl.col("claiming_nodes").list.contains(pl.col("node_id"))
    found = terms.join(ended, on="unit_id", how="inner", validate="m:m").filter(overlaps & is_own)
    return (
        found.sort("node_id", "ended_on", "subscription_id")
        .group_by("node_id", maintain_order=True)
        .agg(
            ended_ids=pl.col("subscription_id").sort(),
            billed_until=pl.col("ended_on").last(),
            last_id=pl.col("subscription_id").last(),
        )
    )


def _outlives(sold_from: pl.Expr) -> pl.Expr:
    """Whether a subscription still billed on a contract's first day or later, were it for that day alone."""
    return (pl.col("ended_on") > sold_from) | (pl.col("starts_on") >= sold_from)


def seeds_of_unbilled(unbilled: pl.DataFrame, books: Books, *, as_of: dt.date, policy: Policy) -> pl.DataFrame:
    """Turn unbilled contracts into seeds.

    Conserves:
        sum(difference) == sum(crm) of the contracts whose verdict is a family.
    """
    own = {
        "gap_class": pl.lit("existence"),
        "unit_id": pl.col("unit_id"),
        "opportunity_ids": pl.col("opportunity_ids"),
        "crm": pl.col("crm"),
        "billing": pl.lit(0),
        "difference": pl.col("crm"),
        "diverged_on": pl.col("at"),
        "impact": at_stake(pl.col("crm"), pl.col("at"), as_of),
        "crm_on": pl.col("start_on"),
    }
    missing = unbilled.filter(verdict=MISSING).with_columns(at=_due_from())
    phantom = _with_failures(unbilled.filter(verdict=PHANTOM), books).with_columns(at=pl.col("billed_until"))
    lagging = days_between(pl.col("at"), pl.lit(as_of)) < policy.timing_lag_days
    lag = pl.when(lagging).then(pl.lit(TIMING_LAG)).otherwise(pl.lit(HANDOFF_MISSED))
    failure = pl.when("has_failed").then(pl.lit(FAILED_PAYMENT)).otherwise(pl.lit(NOT_IN_CRM))
    return pl.concat(
        [
            sow(missing, family=pl.lit(MISSING), cause=lag, **own),
            sow(
                phantom,
                family=pl.lit(PHANTOM),
                cause=failure,
                subscription_ids=pl.col("ended_ids"),
                billing_on=pl.col("billed_until"),
                **own,
            ),
        ]
    )


def _due_from() -> pl.Expr:
    return pl.max_horizontal("start_on", "close_on")


def _with_failures(phantom: pl.DataFrame, books: Books) -> pl.DataFrame:
    """Tell whether the last subscription ended because a payment failed."""
    ends = books.subscriptions.select(
        "subscription_id",
        gone_on="ended_on",
        says_so=(pl.col("cancellation_reason") == "payment_failed") | (pl.col("status") == "unpaid"),
    )
    attempted = (pl.col("status") == "open") & (pl.col("attempt_count") > 0)
    failed = books.invoices.filter(attempted | (pl.col("status") == "uncollectible")).select(
        "subscription_id", "created_on"
    )
    before_end = (
        failed.join(ends.select("subscription_id", "gone_on"), on="subscription_id", how="inner", validate="m:1")
        .filter(pl.col("created_on") <= pl.col("gone_on"))
        .select("subscription_id", has_failed_invoice=pl.lit(value=True))
        .unique()
    )
    judged = ends.join(before_end, on="subscription_id", how="left", validate="1:1").select(
        last_id="subscription_id",
        has_failed=pl.col("says_so").fill_null(value=False) | pl.col("has_failed_invoice").fill_null(value=False),
    )
    return phantom.join(judged, on="last_id", how="left", validate="m:1")


def seeds_of_never_billed(sides: BothSides, *, as_of: dt.date, policy: Policy) -> pl.DataFrame:
    """Find contracts that ended within the lookback and that no subscription ever overlapped: money, no MRR."""
    ended = sides.contracts.filter(
        pl.col("role") == NOT_IN_FORCE,
        pl.col("is_billed_in_stripe"),
        pl.col("term_mrr") > 0,
        pl.col("last_on") < as_of,
        pl.col("last_on") >= add_months(pl.lit(as_of), -policy.lookback_months),
        pl.col("last_on") >= pl.col("start_on"),
    )
    lives = sides.subscriptions.select("unit_id", "starts_on", "ended_on")
    overlapped = (
        ended.select("unit_id", "opportunity_id", "start_on", "last_on")
        .join(lives, on="unit_id", how="inner", validate="m:m")
        .filter((pl.col("starts_on") <= pl.col("last_on")) & _outlives(pl.col("start_on")).fill_null(value=True))
    )
    never = ended.join(overlapped, on="opportunity_id", how="anti").with_columns(at=_due_from())
    stake = accrue(pl.col("term_mrr"), pl.col("at"), add_days(pl.col("last_on"), 1))
    return sow(
        never,
        family=pl.lit(MISSING),
        cause=pl.lit(HANDOFF_MISSED),
        gap_class=pl.lit("existence"),
        unit_id=pl.col("unit_id"),
        opportunity_ids=pl.concat_list("opportunity_id"),
        crm=pl.lit(0),
        billing=pl.lit(0),
        difference=pl.lit(0),
        diverged_on=pl.col("at"),
        impact=stake,
        crm_on=pl.col("last_on"),
    )
