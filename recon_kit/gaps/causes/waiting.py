"""Waiting: committed MRR that a trial or a pause keeps from being billed."""

from __future__ import annotations

import polars as pl

from recon_kit.gaps.books import Books
from recon_kit.gaps.causes.pieces import PAUSED, TRIAL, amount_text, pieces
from recon_kit.gaps.pairing.both_sides import BothSides
from recon_kit.gaps.pairing.matched import BILLING, Matched


def waiting_pieces(
    open_pairings: pl.DataFrame, matched: Matched, sides: BothSides, books: Books, currency: str
) -> pl.DataFrame:
    """Find committed MRR that a trial or a pause keeps from being billed: one piece per pairing and kind."""
    of_items = books.subscription_items.group_by("subscription_id").agg(item_trial_end_on=pl.col("trial_end_on").max())
    billed = (
        subscriptions_of(open_pairings, matched, sides)
        .join(of_items, on="subscription_id", how="left", validate="m:1")
        .with_columns(trial_end_on=pl.max_horizontal("trial_end_on", "item_trial_end_on"))
    )
    is_paused = pl.col("is_collection_paused") | (pl.col("status") == "paused")
    waiting = billed.with_columns(
        waits=pl.col("committed") - pl.col("mrr"), kind=pl.when(is_paused).then(pl.lit(PAUSED)).otherwise(pl.lit(TRIAL))
    ).filter(pl.col("waits") != 0)
    summed = waiting.group_by("pairing_id", "kind").agg(
        pl.col("waits").sum(),
        evidence=pl.col("subscription_id").sort(),
        paused_on=pl.col("paused_on").min(),
        trial_end_on=pl.col("trial_end_on").max(),
    )
    day = pl.when(pl.col("kind") == PAUSED).then("paused_on").otherwise("trial_end_on")
    text = (
        pl.when(pl.col("kind") == PAUSED)
        .then(pl.lit("collection is paused since"))
        .otherwise(pl.lit("the trial runs until"))
    )
    return pieces(
        summed,
        pl.col("kind"),
        amount=pl.col("waits"),
        evidence=pl.col("evidence"),
        since_on=pl.when(pl.col("kind") == PAUSED).then("paused_on"),
        sentence=pl.format(
            "{} a month is not billed: {} {}.",
            amount_text(pl.col("waits"), currency),
            text,
            day.dt.to_string("%-d %B %Y").fill_null("an unknown day"),
        ),
    )


def vain_trials(found: pl.DataFrame, rest: pl.DataFrame, matched: Matched, *, tolerance: int) -> pl.DataFrame:
    """Find trials of single items that explain nothing, because without them nothing is billed too little.

    An item that nobody sold may be free for a while: that it is not billed yet is then no difference.

    Args:
        found: all pieces.
        rest: ``pairing_id`` and ``rest``, what they leave.
        matched: what pairing gave.
        tolerance: in minor units.

    Returns:
        ``pairing_id`` and ``component`` of the pieces to leave out.
    """
    whole = matched.pairings.filter("is_trialing").select("pairing_id")
    trials = found.filter(pl.col("component") == TRIAL).join(whole, on="pairing_id", how="anti")
    return (
        trials.join(rest, on="pairing_id", how="inner", validate="1:1")
        .filter(pl.col("rest") + pl.col("amount") <= tolerance)
        .select("pairing_id", "component")
    )


def subscriptions_of(open_pairings: pl.DataFrame, matched: Matched, sides: BothSides) -> pl.DataFrame:
    """The live subscriptions of pairings that differ."""
    members = matched.members.filter(side=BILLING).select("pairing_id", subscription_id="record_id")
    chosen = members.join(
        open_pairings.select("pairing_id", "crm", "difference"), on="pairing_id", how="inner", validate="m:1"
    )
    return chosen.join(sides.subscriptions, on="subscription_id", how="left", validate="1:1")
