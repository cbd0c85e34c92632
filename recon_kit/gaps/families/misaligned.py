"""Misaligned: pairs whose service and billing begin, or will end, on different days."""

from __future__ import annotations

import datetime as dt

import polars as pl

from recon_kit.calendar import accrue, add_days, days_between
from recon_kit.gaps.families.seeds import DATES, sow
from recon_kit.gaps.pairing.matched import Matched
from recon_kit.policy import Policy


def seeds_of_starts(matched: Matched, *, as_of: dt.date, policy: Policy) -> pl.DataFrame:
    """Find pairings whose service start and billing start differ by more than the tolerance.

    A pairing still in trial has no billing start yet; a renewal without predecessor in the data has no known service
    start. The money at stake is what the side that ran alone is worth: 1 March against 8 March at 1,200.00 is 270.97.
    """
    started = matched.pairings.filter(~pl.col("is_in_trial"), pl.col("has_known_start")).with_columns(
        days=days_between(pl.col("crm_start_on"), pl.col("billing_start_on"))
    )
    apart = started.filter(pl.col("days").abs() > policy.date_tolerance_days)
    is_late = pl.col("days") > 0
    earlier = pl.min_horizontal("crm_start_on", "billing_start_on")
    later = pl.min_horizontal(
        pl.max_horizontal("crm_start_on", "billing_start_on"), pl.lit(as_of + dt.timedelta(days=1))
    )
    alone = pl.when(is_late).then("crm").otherwise("billing")
    return _dated(
        apart,
        cause=pl.when(is_late).then(pl.lit("late_start")).otherwise(pl.lit("early_start")),
        gap_class=pl.lit("start"),
        diverged_on=earlier,
        impact=accrue(alone, earlier, later),
        crm_on=pl.col("crm_start_on"),
        billing_on=pl.col("billing_start_on"),
    )


def seeds_of_ends(matched: Matched, *, as_of: dt.date, policy: Policy) -> pl.DataFrame:
    """Find pairings whose subscriptions have a known end, and not that of the contract.

    A renewal that is sold already covers what lies behind the contract's own end: too late is only what outlasts it.
    """
    has_end = matched.pairings.filter(pl.col("crm_end_on").is_not_null(), pl.col("stops_on").is_not_null())
    dated = has_end.with_columns(crm_end_on=_end_to_compare())
    contract_over = add_days(pl.col("crm_end_on"), 1)
    days = days_between(contract_over, pl.col("stops_on"))
    apart = dated.with_columns(days=days, contract_over=contract_over).filter(
        pl.col("days").abs() > policy.date_tolerance_days
    )
    is_early = pl.col("days") < 0
    earlier = pl.min_horizontal("contract_over", "stops_on")
    later = pl.max_horizontal("contract_over", "stops_on")
    end = pl.lit(as_of + dt.timedelta(days=1))
    alone = pl.when(is_early).then("crm").otherwise("billing")
    return _dated(
        apart,
        cause=pl.when(is_early).then(pl.lit("ends_early")).otherwise(pl.lit("ends_late")),
        gap_class=pl.lit("end"),
        diverged_on=earlier,
        impact=accrue(alone, pl.min_horizontal(earlier, end), pl.min_horizontal(later, end)),
        crm_on=pl.col("crm_end_on"),
        billing_on=pl.col("stops_on"),
    )


def _end_to_compare() -> pl.Expr:
    """The contract's own end; behind it the day the subscription stops, at most the end of the renewals."""
    last_billed_on = add_days(pl.col("stops_on"), -1)
    covered = pl.min_horizontal(last_billed_on, "crm_chain_end_on")
    return pl.max_horizontal("crm_end_on", covered)


def _dated(apart: pl.DataFrame, **columns: pl.Expr) -> pl.DataFrame:
    """Seeds of pairings whose months agree: the monthly difference of a date is 0."""
    return sow(
        apart,
        family=pl.lit(DATES),
        unit_id=pl.col("unit_id"),
        pairing_id=pl.col("pairing_id"),
        opportunity_ids=pl.col("opportunity_ids"),
        subscription_ids=pl.col("subscription_ids"),
        crm=pl.col("crm"),
        billing=pl.col("billing"),
        difference=pl.lit(0),
        **columns,
    )
