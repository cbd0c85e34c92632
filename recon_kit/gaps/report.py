"""What the page ``04_gaps`` shows: the money page, and gaps by family, cause, age and customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit import tables
from recon_kit.gaps.decided import STATES
from recon_kit.gaps.explanation import explain

if TYPE_CHECKING:
    from recon_kit.gaps.books import Reader
    from recon_kit.gaps.findings import Findings
    from recon_kit.tables import Panel

DRILL_DOWN = (
    "explanation",
    "suggested_correction",
    "crm_mrr_minor",
    "billing_mrr_minor",
    "difference_pct",
    "annualised_minor",
    "age_days",
    "direction",
    "correct_in",
    "owner_team",
    "link_probability",
    "customer_ids",
    "opportunity_ids",
    "subscription_ids",
    "evidence",
    "gap_id",
)
"""What opens below a gap, in the order a reader needs it."""


def acting_gaps(gaps: pl.DataFrame, auto_link: float) -> pl.DataFrame:
    """Return the open gaps a person should act on, largest impact first; those of links in review stand apart."""
    return gaps.filter(pl.col("state") == "open", ~_is_pending(auto_link))


def pending_gaps(gaps: pl.DataFrame, auto_link: float) -> pl.DataFrame:
    """Return the open gaps that a link in review may settle: one customer may count on both sides."""
    return gaps.filter(pl.col("state") == "open", _is_pending(auto_link))


def _is_pending(auto_link: float) -> pl.Expr:
    return (pl.col("link_probability") < auto_link).fill_null(value=False)


def waiting_gaps(gaps: pl.DataFrame) -> pl.DataFrame:
    """Return the gaps that are too young to be called one, or expected to clear by themselves."""
    return gaps.filter(pl.col("state").is_in(["in_window", "timing"]))


def settled_gaps(gaps: pl.DataFrame) -> pl.DataFrame:
    """Return the gaps that a person accepted, rejected or declared resolved; both systems still differ by them."""
    return gaps.filter(pl.col("state").is_in(list(STATES.values())))


def by_family_and_cause(gaps: pl.DataFrame) -> pl.DataFrame:
    """Sum gaps by family and cause.

    Returns:
        One row per (family, cause), largest impact first: ``gaps``, ``material``, ``difference_minor`` (a month),
        ``impact_minor`` (so far), ``since`` (earliest divergence), ``currency``.
    """
    return (
        gaps.group_by("family", "cause", "currency")
        .agg(
            gaps=pl.len().cast(pl.Int64),
            material=pl.col("material").sum().cast(pl.Int64),
            difference_minor=pl.col("difference_minor").sum(),
            impact_minor=pl.col("impact_minor").sum(),
            since=pl.col("diverged_on").min(),
        )
        .sort(["impact_minor", "family", "cause"], descending=[True, False, False])
    )


def by_direction(gaps: pl.DataFrame) -> pl.DataFrame:
    """Sum gaps by which way the money goes.

    Returns:
        One row per direction, largest impact first: ``meaning`` in words, ``gaps``, ``difference_minor``,
        ``impact_minor``.
    """
    return (
        gaps.group_by("direction", "currency")
        .agg(
            gaps=pl.len().cast(pl.Int64),
            difference_minor=pl.col("difference_minor").sum(),
            impact_minor=pl.col("impact_minor").sum(),
        )
        .with_columns(meaning=pl.col("direction").replace_strict(_MEANINGS, default=None, return_dtype=pl.String))
        .sort(["impact_minor", "direction"], descending=[True, False])
        .select("direction", "meaning", "gaps", "difference_minor", "impact_minor", "currency")
    )


_MEANINGS = {
    "under_billed": "sold, and not billed or not billed enough: correct Stripe",
    "over_billed": "billed more than was sold: correct Stripe",
    "crm_overstated": "Salesforce shows more than is billed: correct Salesforce",
    "crm_understated": "Salesforce shows less than is billed: correct Salesforce",
}


def by_customer(gaps: pl.DataFrame) -> pl.DataFrame:
    """Sum gaps by account, or by customer where there is none.

    Returns:
        One row per name, largest impact first: ``name``, ``gaps``, ``difference_minor``, ``impact_minor``,
        ``currency``.
    """
    name = pl.coalesce("account_name", pl.col("customer_ids").list.first()).fill_null("(unknown)")
    return (
        gaps.group_by(name.alias("name"), "currency")
        .agg(
            gaps=pl.len().cast(pl.Int64),
            difference_minor=pl.col("difference_minor").sum(),
            impact_minor=pl.col("impact_minor").sum(),
        )
        .sort(["impact_minor", "name"], descending=[True, False])
    )


def currency_effect(components: pl.DataFrame, gaps: pl.DataFrame) -> pl.DataFrame:
    """Tell what exchange rates did apart from what really changed.

    Returns:
        One row per effect, sorted: ``effect`` (``exchange rates`` or ``real change``), ``components``, ``amount_minor``
        (a month), ``currency``.
    """
    effect = pl.when(pl.col("component") == "currency").then(pl.lit("exchange rates")).otherwise(pl.lit("real change"))
    with_currency = components.join(gaps.select("gap_id", "currency"), on="gap_id", how="inner", validate="m:1")
    return (
        with_currency.group_by(effect.alias("effect"), "currency")
        .agg(components=pl.len().cast(pl.Int64), amount_minor=pl.col("amount_minor").sum())
        .sort("effect")
    )


def money_sentence(found: Findings, auto_link: float) -> Panel:
    """Say how much differs, how much is at stake, since when, and what to do first.

    Gaps whose link is in review (a link probability below ``auto_link``) are counted apart.
    """
    acting, pending = acting_gaps(found.gaps, auto_link), pending_gaps(found.gaps, auto_link)
    material = acting.filter("material")
    code = str(found.bridge["currency"][0])
    crm, billing = found.bridge["amount_minor"][0], found.bridge["amount_minor"][-1]
    return tables.sentence(
        "Salesforce shows {crm} of MRR, Stripe {billing}: a difference of {difference} a month. {open} open, of which "
        "{material} material, since {since} at the earliest; {impact} are at stake so far. {pending} more depend on "
        "links in review. First: {first}",
        crm=tables.money(crm, code),
        billing=tables.money(billing, code),
        difference=tables.money(crm - billing, code),
        open=tables.count(acting.height, "gap is", "gaps are"),
        material=material.height,
        since=acting["diverged_on"].min(),
        pending=tables.count(pending.height, "gap"),
        impact=tables.money(int(acting["impact_minor"].sum()), code),
        first=material["suggested_correction"][0] if material.height else "nothing; no material gap is open.",
    )


def explained(record_id: str | None, read: Reader) -> Panel:
    """Show why a record is, or is not, a gap; without an id, how to ask."""
    if record_id is None:
        return tables.sentence("Set the parameter explain to an account, opportunity, subscription or customer id.")
    lines = explain(record_id, read)
    frame = pl.DataFrame({"step": list(range(1, len(lines) + 1)), "what": lines}, schema=_EXPLAINED)
    return tables.show(
        frame, title=f"Why {record_id} is, or is not, a gap", empty="No record of this close has this id."
    )


_EXPLAINED = {"step": pl.Int64, "what": pl.String}
