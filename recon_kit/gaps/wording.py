"""Wording: what each system says, and what to correct, in sentences with names, amounts and dates."""

from __future__ import annotations

import polars as pl

from recon_kit import money, phrases
from recon_kit.calendar import add_days, days_between
from recon_kit.gaps.families.seeds import MISSING
from recon_kit.gaps.pairing.both_sides import BothSides
from recon_kit.gaps.sentences import CORRECTIONS, EXPLANATIONS
from recon_kit.policy import Policy

_UNKNOWN_DAY = "an unknown day"


def with_wording(gaps: pl.DataFrame, sides: BothSides, policy: Policy) -> pl.DataFrame:
    """Add ``explanation`` and ``suggested_correction``.

    Args:
        gaps: rows with amounts (minor units of ``currency``, without that column of the reporting currency), dates,
            ids, ``gap_class``, ``cause``, ``cause_amount``, ``parts``, ``because``, ``age_days`` and ``account_name``.
        sides: contracts for their names, and the records' own currencies.
        policy: reporting currency and the days that a handoff may take.

    Returns:
        The same rows. An amount that stands in another currency in its own system is told in both.
    """
    told = gaps if "currency" in gaps.columns else gaps.with_columns(currency=pl.lit(policy.reporting_currency))
    sold = phrases.own_mrr(told, sides.contracts, "opportunity", "crm")
    billed = phrases.own_mrr(told, sides.subscriptions, "subscription", "billing")
    ready = (
        told.join(_deal_names(gaps, sides.contracts), on="gap_id", how="left", validate="1:1")
        .join(sold, on="gap_id", how="left", validate="1:1")
        .join(billed, on="gap_id", how="left", validate="1:1")
        .with_columns(phrases.own_difference())
        .with_columns(_names())
        .with_columns(*_amounts(), *_days(policy.timing_lag_days))
    )
    return ready.select(
        *gaps.columns,
        explanation=phrases.said(EXPLANATIONS, _explained_as()),
        suggested_correction=phrases.said(CORRECTIONS, _corrected_as()),
    )


def _deal_names(gaps: pl.DataFrame, contracts: pl.DataFrame) -> pl.DataFrame:
    listed = gaps.select("gap_id", opportunity_id="opportunity_ids").explode("opportunity_id", empty_as_null=False)
    named = listed.join(contracts.select("opportunity_id", "name"), on="opportunity_id", how="left", validate="m:1")
    quoted = pl.format("“{}”", pl.coalesce("name", "opportunity_id"))
    return named.sort("gap_id", "opportunity_id").group_by("gap_id").agg(deals=quoted)


def _names() -> list[pl.Expr]:
    billed_in = pl.format(" ({})", "billing_currency")
    return [
        pl.col("account_name").fill_null(pl.col("unit_id")).alias("account_text"),
        phrases.listed(pl.col("deals"), "deals").fill_null("the contract").alias("deals_text"),
        phrases.listed(pl.col("subscription_ids"), "subscriptions").fill_null("no subscription").alias("subs_text"),
        pl.col("because").fill_null("").alias("because_text"),
        billed_in.fill_null("").alias("billed_in_text"),
        pl.when(pl.col("account_id").is_null())
        .then(pl.lit(", with an account if there is none"))
        .otherwise(pl.lit(""))
        .alias("new_account_text"),
    ]


def _amounts() -> list[pl.Expr]:
    larger = pl.max_horizontal("crm", "billing")
    is_whole_cause = pl.col("cause_amount") == pl.col("difference")
    own = pl.col("own_difference").abs()
    shared = pl.coalesce("crm_currency", "billing_currency")
    return [
        _amount(pl.col("crm"), pl.col("own_crm"), pl.col("crm_currency")).alias("crm_text"),
        _amount(pl.col("billing"), pl.col("own_billing"), pl.col("billing_currency")).alias("billing_text"),
        _amount(pl.col("difference").abs(), own, shared).alias("size_text"),
        _amount(pl.col("cause_amount").abs(), pl.when(is_whole_cause).then(own), shared).alias("part_text"),
        money.with_code(pl.col("impact"), pl.col("currency")).alias("impact_text"),
        pl.when(pl.col("difference") > 0).then(pl.lit("less")).otherwise(pl.lit("more")).alias("way_text"),
        phrases.share(pl.col("difference"), larger).fill_null("of nothing").alias("pct_text"),
    ]


def _amount(minor: pl.Expr, own: pl.Expr, own_currency: pl.Expr) -> pl.Expr:
    """Write an amount, and behind it what it is in its own currency where that is another."""
    told = pl.when(minor == 0).then(pl.lit("nothing")).otherwise(money.with_code(minor, pl.col("currency")))
    return (
        pl.when(own.is_null() | (minor == 0))
        .then(told)
        .otherwise(pl.format("{} ({})", told, money.with_code(own, own_currency)))
    )


def _days(timing_lag_days: int) -> list[pl.Expr]:
    days = {
        "crm_on": pl.col("crm_on"),
        "billing_on": pl.col("billing_on"),
        "diverged": pl.col("diverged_on"),
        "after_crm": add_days(pl.col("crm_on"), 1),
        "due_by": add_days(pl.col("diverged_on"), timing_lag_days),
    }
    apart = days_between(pl.col("crm_on"), pl.col("billing_on")).abs()
    is_won_later = pl.col("diverged_on") > pl.col("crm_on")
    return [
        *(phrases.long_day(day).fill_null(_UNKNOWN_DAY).alias(f"{word}_text") for word, day in days.items()),
        apart.cast(pl.String).fill_null("some").alias("days_text"),
        pl.col("age_days").cast(pl.String).alias("days_open_text"),
        pl.when(is_won_later)
        .then(pl.format(", won on {}", phrases.long_day(pl.col("diverged_on"))))
        .fill_null("")
        .alias("won_text"),
    ]


def _explained_as() -> pl.Expr:
    """Which explanation fits: by class and cause; a change that explains all needs no list of components."""
    is_alone = (pl.col("parts") == 1) & pl.col("cause").is_in(["expansion", "contraction"])
    is_amount = pl.col("gap_class") == "amount"
    return pl.when(is_amount & is_alone).then(pl.format("{}_alone", "cause")).otherwise(_case())


def _corrected_as() -> pl.Expr:
    discount = (
        pl.when(pl.col("cause_amount") < 0).then(pl.lit("discount_in_contract")).otherwise(pl.lit("discount_in_stripe"))
    )
    return pl.when(pl.col("cause") == "discount").then(discount).otherwise(_case())


def _case() -> pl.Expr:
    """The cause, but for contracts that ended unbilled and for extra subscriptions."""
    is_over = (pl.col("family") == MISSING) & (pl.col("difference") == 0)
    return (
        pl.when(is_over)
        .then(pl.lit("never_billed"))
        .when(pl.col("gap_class") == "extra")
        .then(pl.lit("extra"))
        .otherwise("cause")
    )
