"""Ended parts: subscriptions that ended while the contract they helped to bill runs on."""

from __future__ import annotations

import polars as pl

from recon_kit.gaps.books import Books
from recon_kit.gaps.causes.pieces import CANCELLATION, amount_text, common_rates, exact_of, in_reporting, pieces
from recon_kit.gaps.pairing.both_sides import BothSides
from recon_kit.gaps.pairing.matched import BILLING, CRM, Matched


def ended_parts(
    open_pairings: pl.DataFrame, matched: Matched, sides: BothSides, books: Books, *, tolerance: int
) -> pl.DataFrame:
    """Find ended subscriptions that belong to a pairing and that nothing continues.

    Those that an explicit id ties to a contract of the pairing; and, where no id claims it, one of the same unit that
    was worth what the pairing differs by.

    Returns:
        One row per (pairing_id, subscription_id), sorted: ``worth`` (reporting minor units a month), ``ended_on``.
    """
    ended = _ended(sides, books)
    named = sides.named.select("opportunity_id", "subscription_id").unique()
    members = matched.members.filter(side=CRM).select("pairing_id", opportunity_id="record_id")
    wanted = open_pairings.select("pairing_id", "unit_id", "sold_from", "difference")
    tied = (
        members.join(named, on="opportunity_id", how="inner", validate="m:m")
        .select("pairing_id", "subscription_id")
        .unique()
        .join(wanted.drop("unit_id"), on="pairing_id", how="inner", validate="m:1")
        .join(ended.drop("unit_id"), on="subscription_id", how="inner", validate="m:1")
    )
    unclaimed = ended.join(named, on="subscription_id", how="anti")
    fits = (pl.col("worth") - pl.col("difference")).abs() <= tolerance
    fitting = (
        wanted.join(tied, on="pairing_id", how="anti")
        .join(unclaimed, on="unit_id", how="inner", validate="m:m")
        .filter(fits, pl.col("starts_on") <= pl.col("ended_on"))
        .sort("pairing_id", "ended_on", "subscription_id")
        .unique("pairing_id", keep="last", maintain_order=True)
        .unique("subscription_id", keep="first", maintain_order=True)
    )
    columns = ["pairing_id", "subscription_id", "sold_from", "worth", "ended_on"]
    found = pl.concat([tied.select(columns), fitting.select(columns)])
    return found.filter(pl.col("ended_on") > pl.col("sold_from")).sort("pairing_id", "subscription_id")


def _ended(sides: BothSides, books: Books) -> pl.DataFrame:
    """Ended subscriptions that no other continues, with what they were worth a month."""
    worth = (
        books.mrr_worksheet.filter(side=BILLING)
        .join(common_rates(books), on="currency", how="left", validate="m:1")
        .select(subscription_id="record_id", worth=in_reporting(exact_of(pl.col("net_monthly"))))
    )
    gone = sides.subscriptions.filter(~pl.col("is_live"), ~pl.col("is_predecessor"), pl.col("ended_on").is_not_null())
    return (
        gone.select("unit_id", "subscription_id", "starts_on", "ended_on")
        .join(worth, on="subscription_id", how="inner", validate="1:1")
        .filter(pl.col("worth") > 0)
    )


def cancellation_pieces(ended: pl.DataFrame, currency: str) -> pl.DataFrame:
    """Sum the parts of a pairing that ended: one piece per pairing."""
    summed = ended.group_by("pairing_id").agg(
        pl.col("worth").sum(), evidence=pl.col("subscription_id").sort(), ended_on=pl.col("ended_on").min()
    )
    return pieces(
        summed,
        CANCELLATION,
        amount=pl.col("worth"),
        evidence=pl.col("evidence"),
        since_on=pl.col("ended_on"),
        sentence=pl.format(
            "A subscription of {} a month ended on {}.",
            amount_text(pl.col("worth"), currency),
            pl.col("ended_on").dt.to_string("%-d %B %Y"),
        ),
    )
