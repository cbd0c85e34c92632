"""Unsold: live subscriptions that no contract answers, each under the first family or line that fits."""

from __future__ import annotations

import datetime as dt

import polars as pl

from recon_kit.calendar import add_days, days_between
from recon_kit.gaps.books import Books
from recon_kit.gaps.families.outlived import contract_by_id, ended_contract, overlapping_contracts
from recon_kit.gaps.families.seeds import AMOUNT, CHURN, DATES, ORPHAN, at_stake, sow
from recon_kit.gaps.pairing.both_sides import COMPARED, ELSEWHERE, UNKNOWN, BothSides
from recon_kit.gaps.pairing.matched import Matched
from recon_kit.policy import Policy
from recon_kit.salesforce_id import long_id

STOPPING, GRACE, LATER = "stopping", "grace", "not_yet_compared"
PAST_END, EXTRA = "billing_past_end", "extra_subscription"
NO_VALUE = "no_recurring_value"


def unsold_subscriptions(sides: BothSides, matched: Matched, *, as_of: dt.date, policy: Policy) -> pl.DataFrame:
    """Say of each live subscription that stayed alone which family or bridge line it belongs to.

    Args:
        sides: both sides laid out.
        matched: what pairing gave.
        as_of: the day of the close.
        policy: ``date_tolerance_days``.

    Returns:
        One row per unpaired live subscription with MRR > 0, sorted: its columns, ``verdict`` (a family's word or the
        name of a line of the bridge), ``ended_contract_id`` and ``ended_on_contract`` (for billing past the end),
        ``churned_on``.
    """
    alone = matched.subscriptions.filter(pl.col("mrr") > 0).drop("churned_on", strict=False)
    facts = (
        alone.join(
            sides.units.select("unit_id", "is_churned", "churned_on", "account_id"),
            on="unit_id",
            how="left",
            validate="m:1",
        )
        .join(_units_in_force(sides), on="unit_id", how="left", validate="m:1")
        .join(contract_by_id(sides), on="subscription_id", how="left", validate="1:1")
        .join(overlapping_contracts(alone, sides), on="subscription_id", how="left", validate="1:1")
    )
    return (
        facts.with_columns(ended_contract(as_of)).with_columns(verdict=_verdict(as_of, policy)).sort("subscription_id")
    )


def _units_in_force(sides: BothSides) -> pl.DataFrame:
    in_force = pl.col("role").is_in([COMPARED, ELSEWHERE]) & (pl.col("mrr_reporting_minor").fill_null(1) > 0)
    return sides.contracts.group_by("unit_id").agg(
        has_contract_in_force=in_force.any(), has_unknown_contract=(pl.col("role") == UNKNOWN).any()
    )


def _verdict(as_of: dt.date, policy: Policy) -> pl.Expr:
    days = days_between(pl.col("ended_on_contract"), pl.lit(as_of))
    has_ended = pl.col("ended_contract_id").is_not_null()
    is_late = has_ended & (days > policy.date_tolerance_days)
    is_fresh = has_ended & pl.col("is_named") & ~is_late
    in_force = pl.col("has_contract_in_force").fill_null(value=False)
    is_unknown = pl.col("has_unknown_contract").fill_null(value=False)
    return (
        pl.when(pl.col("is_churned") & _stops())
        .then(pl.lit(STOPPING))
        .when(pl.col("is_churned"))
        .then(pl.lit(CHURN))
        .when(is_late & pl.col("is_named"))
        .then(pl.lit(PAST_END))
        .when(is_fresh)
        .then(pl.lit(GRACE))
        .when(is_unknown)
        .then(pl.lit(UNKNOWN))
        .when(is_late)
        .then(pl.lit(PAST_END))
        .when(in_force)
        .then(pl.lit(EXTRA))
        .when(has_ended)
        .then(pl.lit(GRACE))
        .when(pl.col("overlap_id").is_null())
        .then(pl.lit(ORPHAN))
        .when(pl.col("waits"))
        .then(pl.lit(LATER))
        .when(pl.col("is_elsewhere"))
        .then(pl.lit(ELSEWHERE))
        .otherwise(pl.lit(NO_VALUE))
    )


def _stops() -> pl.Expr:
    """Whether something stops the subscription: at its period's end, or by a date within the current period."""
    within = pl.col("cancel_at_on") <= pl.col("current_period_end_on")
    return (pl.col("cancel_at_period_end") | within).fill_null(value=False)


def seeds_of_unsold(unsold: pl.DataFrame, books: Books, *, as_of: dt.date) -> pl.DataFrame:
    """Turn the verdicts that are families into seeds, one per subscription.

    Conserves:
        sum(difference) == -sum(mrr) of the subscriptions whose verdict is a family.
    """
    own = {
        "unit_id": pl.col("unit_id"),
        "subscription_ids": pl.concat_list("subscription_id"),
        "crm": pl.lit(0),
        "billing": pl.col("mrr"),
        "difference": -pl.col("mrr"),
    }
    after_churn = unsold.filter(verdict=CHURN).with_columns(
        at=pl.max_horizontal(pl.col("churned_on").fill_null(as_of), "starts_on")
    )
    past_end = unsold.filter(verdict=PAST_END).with_columns(at=add_days(pl.col("ended_on_contract"), 1))
    extra = unsold.filter(verdict=EXTRA).with_columns(at=pl.col("starts_on"))
    orphans = _with_origin(unsold.filter(verdict=ORPHAN), books)
    orphans = orphans.with_columns(at=pl.coalesce("chain_billing_start_on", "starts_on"))
    stake = at_stake(pl.col("mrr"), pl.col("at"), as_of)

    def seed(found: pl.DataFrame, family: str, cause: pl.Expr, gap_class: str, **more: pl.Expr) -> pl.DataFrame:
        columns = own | {"family": pl.lit(family), "cause": cause, "gap_class": pl.lit(gap_class)} | more
        return sow(found, **columns, diverged_on=pl.col("at"), impact=stake, billing_on=pl.col("starts_on"))

    contract = pl.concat_list("ended_contract_id")
    return pl.concat(
        [
            seed(
                after_churn,
                CHURN,
                pl.lit("cancellation_not_in_billing"),
                "existence",
                crm_on=pl.col("churned_on"),
                evidence=pl.concat_list("unit_id"),
            ),
            seed(
                past_end,
                DATES,
                pl.lit(PAST_END),
                "past_end",
                opportunity_ids=contract,
                crm_on=pl.col("ended_on_contract"),
            ),
            seed(extra, AMOUNT, pl.lit("expansion"), "extra"),
            seed(orphans, ORPHAN, pl.col("origin"), "existence"),
        ]
    )


def _with_origin(orphans: pl.DataFrame, books: Books) -> pl.DataFrame:
    """Tell where an orphan came from: a merged account, a trial, or self-service."""
    named = books.customers.select("customer_id", customer_account=long_id(pl.col("metadata_account_id")))
    merged = books.accounts.filter(pl.col("merged_into").is_not_null()).select(key=long_id(pl.col("account_id")))["key"]
    names_merged = long_id(pl.col("metadata_account_id")).is_in(merged.implode()) | pl.col("customer_account").is_in(
        merged.implode()
    )
    had_trial = pl.col("trial_end_on").is_not_null() | pl.col("trial_start_on").is_not_null()
    return orphans.join(named, on="customer_id", how="left", validate="m:1").with_columns(
        origin=pl.when(names_merged.fill_null(value=False))
        .then(pl.lit("merge_residue"))
        .when(had_trial)
        .then(pl.lit("trial_conversion"))
        .otherwise(pl.lit("self_service_signup"))
    )
