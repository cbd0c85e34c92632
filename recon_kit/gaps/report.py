"""What the page ``04_gaps`` shows: gaps by state, family, cause, direction and customer, and why one is a gap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit import tables
from recon_kit.gaps.decided import STATES
from recon_kit.gaps.dismissed import DISMISSED
from recon_kit.gaps.explanation import explain
from recon_kit.pending import is_pending

if TYPE_CHECKING:
    from recon_kit.gaps.books import Reader
    from recon_kit.tables import Panel


def acting_gaps(gaps: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """Return the open gaps a person should act on, largest impact first; those of links in review stand apart."""
    return gaps.filter(pl.col("state") == "open", ~is_pending(links))


def pending_gaps(gaps: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """Return the open gaps that a link in review may settle: one customer may count on both sides."""
    return gaps.filter(pl.col("state") == "open", is_pending(links))


def told_in(gaps: pl.DataFrame, currency: str) -> pl.DataFrame:
    """Return the gaps told in a currency; others have no rate into it, and stand in no total of it."""
    return gaps.filter(pl.col("currency") == currency)


def waiting_gaps(gaps: pl.DataFrame) -> pl.DataFrame:
    """Return the gaps that are too young to be called one, or expected to clear by themselves."""
    return gaps.filter(pl.col("state").is_in(["in_window", "timing"]))


def settled_gaps(gaps: pl.DataFrame) -> pl.DataFrame:
    """Return the gaps that a person accepted, rejected or declared resolved; both systems still differ by them."""
    return gaps.filter(pl.col("state").is_in(list(STATES.values())))


def dismissed_gaps(gaps: pl.DataFrame) -> pl.DataFrame:
    """Return the gaps that a dismissal rule took off the list of open ones; both systems still differ by them."""
    return gaps.filter(pl.col("state") == DISMISSED)


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


def explained(record_id: str | None, read: Reader) -> Panel:
    """Show why a record is, or is not, a gap; without an id, how to ask."""
    if record_id is None:
        return tables.sentence(
            "Set the parameter explain to the id of an account, opportunity, customer, subscription, invoice, payment "
            "or gap."
        )
    lines = explain(record_id, read)
    frame = pl.DataFrame({"step": list(range(1, len(lines) + 1)), "what": lines}, schema=_EXPLAINED)
    return tables.show(
        frame,
        title=f"Why {record_id} is, or is not, a gap",
        labels={"step": "Step", "what": "What the close knows"},
        empty="No record of this close has this id: check it for a missing character, and that it is not after as_of.",
    )


_EXPLAINED = {"step": pl.Int64, "what": pl.String}
