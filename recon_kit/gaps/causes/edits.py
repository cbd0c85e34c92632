"""Edits: changes of the amount of won opportunities after they were closed."""

from __future__ import annotations

import polars as pl

from recon_kit.gaps.books import Books
from recon_kit.gaps.pairing.both_sides import BothSides


def amount_edits(sides: BothSides, books: Books) -> pl.DataFrame:
    """List edits of opportunity amounts after the close date.

    Returns:
        One row per edit, sorted: ``opportunity_id``, ``edited_on`` (UTC date), ``delta`` (own minor units).
    """
    ordered = books.opportunity_history.sort("opportunity_id", "changed_at", "history_id")
    before = pl.coalesce(pl.col("amount_minor").shift(1).over("opportunity_id"), "amount_before_minor")
    edits = ordered.with_columns(delta=pl.col("amount_minor") - before, edited_on=pl.col("changed_at").dt.date())
    won = sides.contracts.select("opportunity_id", won_on="close_on")
    return (
        edits.filter(pl.col("delta") != 0)
        .join(won, on="opportunity_id", how="inner", validate="m:1")
        .filter(pl.col("edited_on") > pl.col("won_on"))
        .select("opportunity_id", "edited_on", "delta")
        .sort("opportunity_id", "edited_on", "delta")
    )
