"""Kinds of change: what an event did to the items of a subscription, in one word."""

from __future__ import annotations

import polars as pl

SEATS_ADDED, SEATS_REMOVED = "seats_added", "seats_removed"
PRICE_RAISED, PRICE_LOWERED = "price_raised", "price_lowered"
PRODUCT_ADDED, PRODUCT_REMOVED, PLAN_CHANGED = "product_added", "product_removed", "plan_changed"


def change_kinds(items: pl.DataFrame) -> pl.DataFrame:
    """Name what changed between two states of a subscription's items.

    Args:
        items: priced items of each state: ``event_id``, ``moment`` (``before`` or ``after``), ``price_id``,
            ``product_id``, ``quantity``, ``usage_type``, ``gross_e15``.

    Returns:
        One row per event of which both states have licensed items: ``event_id``, ``change_kind``. At the same prices
        only quantities changed: seats were added or removed. Of the same products in the same quantity the price was
        raised or lowered. Else products were added or removed, or the plan changed; null where nothing did.
    """
    states = (
        items.filter((pl.col("usage_type") != "metered").fill_null(value=True))
        .with_columns(product=pl.coalesce("product_id", "price_id"))
        .group_by("event_id", "moment")
        .agg(
            prices=pl.col("price_id").drop_nulls().unique().sort(),
            products=pl.col("product").drop_nulls().unique().sort(),
            quantity=pl.col("quantity").sum(),
            gross=pl.col("gross_e15").sum(),
        )
    )
    before, after = (states.filter(moment=moment).drop("moment") for moment in ("before", "after"))
    both = after.join(before, on="event_id", how="inner", suffix="_before", validate="1:1")
    return both.select("event_id", change_kind=_kind())


def _kind() -> pl.Expr:
    more = pl.col("quantity") - pl.col("quantity_before")
    is_added = pl.col("products").list.set_difference("products_before").list.len() > 0
    is_removed = pl.col("products_before").list.set_difference("products").list.len() > 0
    has_same_prices = (pl.col("prices") == pl.col("prices_before")) & (pl.col("prices").list.len() > 0)
    dearer = pl.col("gross") - pl.col("gross_before")
    return (
        pl.when(has_same_prices)
        .then(_either(more, SEATS_ADDED, SEATS_REMOVED))
        .when(is_added & is_removed)
        .then(pl.lit(PLAN_CHANGED))
        .when(is_added)
        .then(pl.lit(PRODUCT_ADDED))
        .when(is_removed)
        .then(pl.lit(PRODUCT_REMOVED))
        .when(more == 0)
        .then(_either(dearer, PRICE_RAISED, PRICE_LOWERED))
        .otherwise(pl.lit(PLAN_CHANGED))
    )


def _either(change: pl.Expr, up: str, down: str) -> pl.Expr:
    return pl.when(change > 0).then(pl.lit(up)).when(change < 0).then(pl.lit(down))
