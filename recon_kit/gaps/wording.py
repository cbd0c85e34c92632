"""Wording: what each system says, and what to correct, in sentences with names, amounts and dates."""

from __future__ import annotations

import re
from collections.abc import Mapping

import polars as pl

from recon_kit import money
from recon_kit.calendar import add_days, days_between
from recon_kit.gaps.families.seeds import MISSING
from recon_kit.gaps.pairing.both_sides import BothSides
from recon_kit.gaps.sentences import CORRECTIONS, EXPLANATIONS
from recon_kit.policy import Policy

_LISTED = 3
"""Most names in one sentence; what is beyond is counted."""
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
    ready = (
        told.join(_deal_names(gaps, sides.contracts), on="gap_id", how="left", validate="1:1")
        .join(_own_mrr(told, sides.contracts, "opportunity", "crm"), on="gap_id", how="left", validate="1:1")
        .join(_own_mrr(told, sides.subscriptions, "subscription", "billing"), on="gap_id", how="left", validate="1:1")
        .with_columns(_own_difference())
        .with_columns(_names())
        .with_columns(*_amounts(), *_days(policy.timing_lag_days))
    )
    return ready.select(
        *gaps.columns,
        explanation=_said(EXPLANATIONS, _explained_as()),
        suggested_correction=_said(CORRECTIONS, _corrected_as()),
    )


def _deal_names(gaps: pl.DataFrame, contracts: pl.DataFrame) -> pl.DataFrame:
    listed = gaps.select("gap_id", opportunity_id="opportunity_ids").explode("opportunity_id", empty_as_null=False)
    named = listed.join(contracts.select("opportunity_id", "name"), on="opportunity_id", how="left", validate="m:1")
    quoted = pl.format("“{}”", pl.coalesce("name", "opportunity_id"))
    return named.sort("gap_id", "opportunity_id").group_by("gap_id").agg(deals=quoted)


def _own_mrr(gaps: pl.DataFrame, records: pl.DataFrame, noun: str, side: str) -> pl.DataFrame:
    """What a side's records are worth in their own currency, where that is one, another, and the same money.

    Returns:
        One row per gap with such records: ``own_<side>`` (minor units of ``<side>_currency``).
    """
    key = f"{noun}_id"
    listed = gaps.select("gap_id", pl.col("currency").alias("told_in"), side, pl.col(f"{key}s").alias(key))
    facts = records.select(key, "currency", "mrr_minor", "mrr_reporting_minor")
    summed = (
        listed.explode(key, empty_as_null=False)
        .join(facts, on=key, how="left", validate="m:1")
        .group_by("gap_id")
        .agg(
            pl.col("told_in", "currency", side).first(),
            own=pl.col("mrr_minor").sum(),
            same=pl.col("mrr_reporting_minor").sum(),
            currencies=pl.col("currency").n_unique(),
        )
    )
    is_told = (pl.col("currencies") == 1) & (pl.col("currency") != pl.col("told_in")) & (pl.col("same") == pl.col(side))
    return summed.select(
        "gap_id",
        pl.when(is_told).then("own").alias(f"own_{side}"),
        pl.when(pl.col("currencies") == 1).then("currency").alias(f"{side}_currency"),
    )


def _own_difference() -> pl.Expr:
    """The difference in the one currency that both sides share; a side without records counts as nothing."""
    no_crm, no_billing = pl.col("opportunity_ids").list.len() == 0, pl.col("subscription_ids").list.len() == 0
    crm = pl.when(no_crm).then(0).otherwise("own_crm")
    billing = pl.when(no_billing).then(0).otherwise("own_billing")
    is_shared = no_crm | no_billing | (pl.col("crm_currency") == pl.col("billing_currency"))
    return pl.when(is_shared).then(crm - billing).alias("own_difference")


def _names() -> list[pl.Expr]:
    billed_in = pl.format(" ({})", "billing_currency")
    return [
        pl.col("account_name").fill_null(pl.col("unit_id")).alias("account_text"),
        _listed("deals", "deals").fill_null("the contract").alias("deals_text"),
        _listed("subscription_ids", "subscriptions").fill_null("no subscription").alias("subs_text"),
        pl.col("because").fill_null("").alias("because_text"),
        billed_in.fill_null("").alias("billed_in_text"),
        pl.when(pl.col("account_id").is_null())
        .then(pl.lit(", with an account if there is none"))
        .otherwise(pl.lit(""))
        .alias("new_account_text"),
    ]


def _listed(names: str, noun: str) -> pl.Expr:
    """Write a list of names as words: one, ``a and b``, ``a, b and c``, ``a, b, c and 2 more deals``."""
    each = pl.col(names)
    number = each.list.len().cast(pl.Int64)
    some = pl.format("{} and {}", each.list.head(number - 1).list.join(", "), each.list.last())
    many = pl.format(f"{{}} and {{}} more {noun}", each.list.head(_LISTED).list.join(", "), number - _LISTED)
    return (
        pl.when(number == 1).then(each.list.first()).when(number.is_between(2, _LISTED)).then(some)
        .when(number > _LISTED).then(many)
    )  # fmt: skip


def _amounts() -> list[pl.Expr]:
    larger = pl.max_horizontal("crm", "billing")
    hundredths = (pl.col("difference").abs() * 10_000 + larger // 2) // larger
    pct = pl.format("{}.{}", hundredths // 100, (hundredths % 100).cast(pl.String).str.zfill(2))
    is_whole_cause = pl.col("cause_amount") == pl.col("difference")
    own = pl.col("own_difference").abs()
    shared = pl.coalesce("crm_currency", "billing_currency")
    return [
        _amount(pl.col("crm"), pl.col("own_crm"), pl.col("crm_currency")).alias("crm_text"),
        _amount(pl.col("billing"), pl.col("own_billing"), pl.col("billing_currency")).alias("billing_text"),
        _amount(pl.col("difference").abs(), own, shared).alias("size_text"),
        _amount(pl.col("cause_amount").abs(), pl.when(is_whole_cause).then(own), shared).alias("part_text"),
        _money(pl.col("impact"), pl.col("currency")).alias("impact_text"),
        pl.when(pl.col("difference") > 0).then(pl.lit("less")).otherwise(pl.lit("more")).alias("way_text"),
        pl.format("{} %", pct.str.replace(r"\.?0+$", "")).fill_null("of nothing").alias("pct_text"),
    ]


def _amount(minor: pl.Expr, own: pl.Expr, own_currency: pl.Expr) -> pl.Expr:
    """Write an amount, and behind it what it is in its own currency where that is another."""
    told = pl.when(minor == 0).then(pl.lit("nothing")).otherwise(_money(minor, pl.col("currency")))
    return (
        pl.when(own.is_null() | (minor == 0))
        .then(told)
        .otherwise(pl.format("{} ({})", told, _money(own, own_currency)))
    )


def _money(minor: pl.Expr, currency: pl.Expr) -> pl.Expr:
    return pl.format("{} {}", money.format_minor(minor, currency), currency)


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
        *(_day(day).fill_null(_UNKNOWN_DAY).alias(f"{word}_text") for word, day in days.items()),
        apart.cast(pl.String).fill_null("some").alias("days_text"),
        pl.col("age_days").cast(pl.String).alias("days_open_text"),
        pl.when(is_won_later)
        .then(pl.format(", won on {}", _day(pl.col("diverged_on"))))
        .fill_null("")
        .alias("won_text"),
    ]


def _day(day: pl.Expr) -> pl.Expr:
    return day.dt.to_string("%-d %B %Y")


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


def _said(templates: Mapping[str, str], case: pl.Expr) -> pl.Expr:
    sentences = [pl.when(case == name).then(_sentence(template)) for name, template in templates.items()]
    return pl.coalesce(sentences).str.strip_chars()


def _sentence(template: str) -> pl.Expr:
    words = re.findall(r"\{(\w+)\}", template)
    return pl.format(re.sub(r"\{\w+\}", "{}", template), *(pl.col(f"{word}_text") for word in words))
