"""The drill-down: for every gap what Salesforce knows and what Stripe knows, record by record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit import tables

if TYPE_CHECKING:
    from recon_kit.gaps.books import Reader
    from recon_kit.tables.details import Detail

_SAID = ("explanation", "suggested_correction", "owner_team", "correct_in")
_FACTS = (
    "family",
    "direction",
    "difference_pct",
    "annualised_minor",
    "age_days",
    "link_probability",
    "account_id",
    "customer_ids",
    "evidence",
    "gap_id",
)
LABELS = {
    "account_name": "Customer",
    "cause": "Likely cause",
    "crm_mrr_minor": "Salesforce a month",
    "billing_mrr_minor": "Stripe a month",
    "difference_minor": "Difference a month",
    "impact_minor": "At stake so far",
    "diverged_on": "Since",
    "since": "Oldest since",
    "explanation": "What is wrong",
    "suggested_correction": "What to do",
    "owner_team": "Who",
    "correct_in": "Correct in",
    "difference_pct": "Difference, % of the larger side",
    "annualised_minor": "Difference a year",
    "account_id": "Salesforce account",
    "age_days": "Days since",
    "customer_ids": "Stripe customers",
    "evidence": "Evidence",
    "gap_id": "Gap",
    "component": "Part of the difference",
    "sentence": "Why",
    "mrr_minor": "MRR",
    "while_in_force_minor": "MRR in force",
    "committed_minor": "MRR after trial or pause",
}
"""Headings that a reader of gaps needs; the tables keep their column names."""


def details(gaps: pl.DataFrame, components: pl.DataFrame, read: Reader) -> list[Detail]:
    """List what opens below a gap, in the order a reader needs it.

    Args:
        gaps: rows of ``gaps`` that are shown.
        components: rows of ``gap_components``.
        read: gives ``contracts`` and ``subscriptions``.
    """
    return [
        *_SAID,
        ("What Salesforce knows", known_contracts(gaps, read)),
        ("What Stripe knows", known_subscriptions(gaps, read)),
        ("What the difference is made of", tables.in_words(components)),
        *_FACTS,
    ]


def known_contracts(gaps: pl.DataFrame, read: Reader) -> pl.DataFrame:
    """Return what Salesforce knows of each gap.

    Returns:
        One row per (gap_id, opportunity_id), sorted: name, service, close date, MRR on as_of and while it ran (minor
        units of ``currency``), owner.
    """
    listed = gaps.select("gap_id", opportunity_id="opportunity_ids").explode("opportunity_id", empty_as_null=False)
    facts = read("contracts").select(
        "opportunity_id",
        opportunity="name",
        closed="close_on",
        service_from="start_on",
        service_until="end_on",
        mrr_minor="mrr_minor",
        while_in_force_minor="term_mrr_minor",
        currency="currency",
        owner="owner_name",
    )
    found = listed.join(facts.collect(), on="opportunity_id", how="left", validate="m:1")
    return found.sort("gap_id", "opportunity_id")


def known_subscriptions(gaps: pl.DataFrame, read: Reader) -> pl.DataFrame:
    """Return what Stripe knows of each gap.

    Returns:
        One row per (gap_id, subscription_id), sorted: status, dates, coupons, MRR on as_of and once a trial or pause is
        over (minor units of ``currency``).
    """
    listed = gaps.select("gap_id", subscription_id="subscription_ids").explode("subscription_id", empty_as_null=False)
    facts = read("subscriptions").select(
        "subscription_id",
        "status",
        started="start_on",
        billed_from="billing_start_on",
        ends=pl.coalesce("ended_on", "stops_on"),
        coupons="coupon_ids",
        mrr_minor="mrr_minor",
        committed_minor="committed_mrr_minor",
        currency="currency",
    )
    found = listed.join(facts.collect(), on="subscription_id", how="left", validate="m:1")
    return found.sort("gap_id", "subscription_id")
