"""Wording: what each system says, and what to correct, in sentences with names, amounts and dates."""

from __future__ import annotations

import re

import polars as pl

from recon_kit.calendar import days_between
from recon_kit.gaps.causes.pieces import amount_text

_EXPLANATIONS = {
    "missing": "{account}: Salesforce has {deals} at {crm} a month since {crm_on}; Stripe has no subscription for it.",
    "never_billed": "{account}: {deals} ran until {crm_on} and no Stripe subscription ever billed it.",
    "cancellation_not_in_crm": (
        "{account}: Salesforce still counts {deals} at {crm} a month; Stripe subscription {subs} ended on {billing_on}."
    ),
    "failed_payment": (
        "{account}: Salesforce still counts {deals} at {crm} a month; Stripe subscription {subs} ended on "
        "{billing_on} after a failed payment."
    ),
    "cancellation_not_in_billing": (
        "{account} left on {crm_on} according to Salesforce; Stripe subscription {subs} still bills {billing} a month."
    ),
    "billing_past_end": (
        "{account}: {deals} ended on {crm_on} and was not renewed; Stripe subscription {subs} still bills "
        "{billing} a month."
    ),
    "extra": (
        "{account}: Stripe subscription {subs} bills {billing} a month since {billing_on}; no won opportunity"
        " covers it."
    ),
    "self_service_signup": (
        "Stripe bills {account} {billing} a month through {subs} since {billing_on}; Salesforce has no won "
        "opportunity for it."
    ),
    "trial_conversion": (
        "{account} took a trial and now pays {billing} a month through {subs} (since {diverged}); Salesforce "
        "has no won opportunity for it."
    ),
    "merge_residue": (
        "Stripe bills {account} {billing} a month through {subs}; its id names an account that was merged, "
        "and the survivor has no won opportunity for it."
    ),
    "late_start": (
        "{account}: service of {deals} began on {crm_on}; Stripe bills it only since {billing_on} ({days} days later)."
    ),
    "early_start": (
        "{account}: Stripe bills {subs} since {billing_on}; service of {deals} began only on {crm_on} ({days}"
        " days later)."
    ),
    "ends_early": "{account}: {deals} runs until {crm_on}; Stripe subscription {subs} will stop on {billing_on}.",
    "ends_late": "{account}: {deals} ends on {crm_on}; Stripe subscription {subs} will run until {billing_on}.",
    "refund_or_credit": (
        "{account}: {impact} was refunded or credited since {diverged}; the amount of {deals} was not changed"
        " in Salesforce."
    ),
    "amount": (
        "{account}: Salesforce has {crm} a month ({deals}), Stripe bills {billing} ({subs}), a difference of "
        "{size} a month. {because}"
    ),
}

_CORRECTIONS = {
    "missing": (
        "Stripe: set up a subscription of {crm} a month for {account} and bill the {impact} due since {diverged}."
    ),
    "never_billed": "Stripe: bill {account} the {impact} due for {deals}, or record in Salesforce why nothing is due.",
    "cancellation_not_in_crm": "Salesforce: end {deals} of {account} ({crm} a month) as of {billing_on}.",
    "failed_payment": (
        "Salesforce: end {deals} of {account} ({crm} a month) as of {billing_on}, unless Customer Success "
        "recovers the payment."
    ),
    "cancellation_not_in_billing": (
        "Stripe: cancel {subs} of {account} and decide on the {impact} billed since {crm_on}."
    ),
    "billing_past_end": (
        "Stripe: cancel {subs} of {account} and decide on the {impact} billed since {diverged}, or record the"
        " renewal of {deals}."
    ),
    "extra": "Salesforce: record an expansion of {billing} a month for {account} from {diverged}.",
    "self_service_signup": (
        "Salesforce: create an account and an opportunity of {billing} a month for {account} from {diverged}."
    ),
    "trial_conversion": (
        "Salesforce: record the conversion of {account} as a won opportunity of {billing} a month from {diverged}."
    ),
    "merge_residue": (
        "Salesforce: move the opportunity of the merged account to {account}, or record one of {billing} a "
        "month from {diverged}."
    ),
    "late_start": "Stripe: bill {account} the {impact} for {crm_on} to {billing_on}.",
    "early_start": (
        "Stripe: credit {account} the {impact} billed from {billing_on} to {crm_on}, or correct the start of {deals}."
    ),
    "ends_early": "Stripe: let {subs} of {account} run until {crm_on}, the end of {deals}.",
    "ends_late": "Stripe: let {subs} of {account} end with {deals} on {crm_on} instead of {billing_on}.",
    "refund_or_credit": (
        "Finance: decide whether the {impact} given to {account} changes {deals} or stands as a one-time concession."
    ),
    "discount_in_stripe": (
        "Stripe: remove the coupon on {subs} of {account} worth {part} a month, or record the discount in {deals}."
    ),
    "discount_in_contract": "Stripe: give {subs} of {account} the discount of {part} a month that {deals} grants.",
    "amount_basis": (
        "Salesforce: correct the amount or its basis on {deals} of {account}: Stripe bills {billing} a month."
    ),
    "currency": (
        "Salesforce: restate {deals} of {account} at today's rate, {part} a month away from the rate of its close date."
    ),
    "tax": "Stripe: tell tax apart from price for {account}: {part} a month of {subs} or {deals} is tax.",
    "expansion": "Salesforce: record an expansion of {part} a month for {account} from {diverged}.",
    "contraction": "Salesforce: record a contraction of {part} a month for {account} from {diverged}.",
    "trial": "Stripe: end the trial of {subs} of {account}, whose contract of {crm} a month already runs.",
    "paused": "Stripe: resume collection on {subs} of {account}, paused since {diverged}, or amend {deals}.",
    "cancellation": (
        "Stripe: restore the part of {part} a month that ended on {diverged} for {account}, or amend {deals}."
    ),
    "rounding": "Finance: find the {part} a month between {deals} and {subs} of {account}.",
    "unexplained": "Finance: find out why {deals} and {subs} of {account} differ by {part} a month since {diverged}.",
}


def with_wording(gaps: pl.DataFrame, names: pl.DataFrame, currency: str) -> pl.DataFrame:
    """Add ``explanation`` and ``suggested_correction``.

    Args:
        gaps: rows with amounts, dates, ids, ``gap_class``, ``cause``, ``cause_amount``, ``because`` and
        ``account_name``.
        names: ``opportunity_id`` and ``name``.
        currency: the reporting currency.
    """
    ready = gaps.join(_deal_names(gaps, names), on="gap_id", how="left", validate="1:1").with_columns(_texts(currency))
    explained = ready.with_columns(explanation=_said(_EXPLANATIONS, _explained_as()))
    corrected = explained.with_columns(suggested_correction=_said(_CORRECTIONS, _corrected_as()))
    return corrected.select(*gaps.columns, "explanation", "suggested_correction")


def _deal_names(gaps: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    listed = gaps.select("gap_id", opportunity_id="opportunity_ids").explode("opportunity_id", empty_as_null=False)
    named = listed.join(names, on="opportunity_id", how="left", validate="m:1")
    quoted = pl.format("“{}”", pl.coalesce("name", "opportunity_id"))
    return named.sort("gap_id", "opportunity_id").group_by("gap_id").agg(deals_text=quoted.str.join(" and "))


def _texts(currency: str) -> list[pl.Expr]:
    """The words that sentences are made of, one column each."""
    amounts = {"crm": "crm", "billing": "billing", "impact": "impact"}
    dates = {"crm_on": "crm_on", "billing_on": "billing_on", "diverged": "diverged_on"}
    return [
        *(amount_text(pl.col(name), currency).alias(f"{word}_text") for word, name in amounts.items()),
        amount_text(pl.col("difference").abs(), currency).alias("size_text"),
        amount_text(pl.col("cause_amount").abs(), currency).alias("part_text"),
        *(
            pl.col(name).dt.to_string("%-d %B %Y").fill_null("an unknown day").alias(f"{word}_text")
            for word, name in dates.items()
        ),
        days_between(pl.col("crm_on"), pl.col("billing_on")).abs().cast(pl.String).fill_null("some").alias("days_text"),
        pl.col("account_name").fill_null(pl.col("unit_id")).alias("account_text"),
        pl.col("deals_text").fill_null("the contract"),
        pl.col("subscription_ids").list.join(" and ").alias("subs_text"),
        pl.col("because").fill_null("").alias("because_text"),
    ]


def _explained_as() -> pl.Expr:
    is_amount = pl.col("gap_class") == "amount"
    return pl.when(is_amount).then(pl.lit("amount")).otherwise(_case())


def _corrected_as() -> pl.Expr:
    discount = (
        pl.when(pl.col("cause_amount") < 0).then(pl.lit("discount_in_contract")).otherwise(pl.lit("discount_in_stripe"))
    )
    return pl.when(pl.col("cause") == "discount").then(discount).otherwise(_case())


def _case() -> pl.Expr:
    """Which sentence fits: the cause, but for contracts and extra subscriptions."""
    missing = pl.when(pl.col("difference") == 0).then(pl.lit("never_billed")).otherwise(pl.lit("missing"))
    return (
        pl.when(pl.col("family") == "missing_subscription")
        .then(missing)
        .when(pl.col("gap_class") == "extra")
        .then(pl.lit("extra"))
        .otherwise("cause")
    )


def _said(templates: dict[str, str], case: pl.Expr) -> pl.Expr:
    sentences = [pl.when(case == name).then(_sentence(template)) for name, template in templates.items()]
    return pl.coalesce(sentences).str.strip_chars()


def _sentence(template: str) -> pl.Expr:
    words = re.findall(r"\{(\w+)\}", template)
    return pl.format(re.sub(r"\{\w+\}", "{}", template), *(pl.col(f"{word}_text") for word in words))
