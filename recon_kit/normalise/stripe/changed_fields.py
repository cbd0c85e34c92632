"""What an event changed, in one language for every API version."""

from __future__ import annotations

import polars as pl

from recon_kit.normalise.stripe.records import Pull

_ONE_NAME = {
    "plan": "items",
    "quantity": "items",
    "discount": "discounts",
    "current_period_start": "period",
    "current_period_end": "period",
    "tax_amounts": "total_taxes",
    "total_tax_amounts": "total_taxes",
}
"""Older names of a field, and the name it goes by."""

_ONLY_OLDER = ["paid", "paid_out_of_band", "charge", "payment_intent", "subscription", "quote", "tax", "parent"]
"""Fields that newer versions tell elsewhere: whether an invoice is paid by its status, what paid it by its payments."""

_SAME = "json_extract(before, '$.items.data[*].{0}')::varchar = json_extract(after, '$.items.data[*].{0}')::varchar"
_KEYS_AND_ITEMS = f"""
    with told as (
        select key, try_cast(previous_attributes as json) as before, try_cast(payload as json) as after from events_told
        where json_valid(previous_attributes)
    )
    select key, json_keys(before) as names, {" and ".join(map(_SAME.format, ("id", "quantity", "price.id", "plan.id")))}
        as has_same_items
    from told
"""  # noqa: S608  (only the constants of this module are written into it)


def changed_fields(pull: Pull, events: pl.DataFrame) -> pl.DataFrame:
    """Name the fields whose old values events tell.

    A subscription's items carry its period since 2025, so items that are the same in price and quantity are a new
    ``period``, not changed ``items``.

    Args:
        pull: the reading.
        events: ``key``, ``previous_attributes`` and ``payload`` (JSON text; null where not kept).

    Returns:
        One row per event, in the order given: ``key``, ``changed`` (sorted names; empty where no old value is told).
    """
    pull.connection.register("events_told", events.select("key", "previous_attributes", "payload").to_arrow())
    told: pl.DataFrame = pull.connection.sql(_KEYS_AND_ITEMS).pl()
    name = pl.col("names").replace(_ONE_NAME)
    same = pl.col("has_same_items").fill_null(value=False)
    named = told.explode("names", empty_as_null=True).select(
        "key", changed=pl.when(same & (pl.col("names") == "items")).then(pl.lit("period")).otherwise(name)
    )
    grouped = (
        named.drop_nulls()
        .filter(~pl.col("changed").is_in(_ONLY_OLDER))
        .group_by("key")
        .agg(pl.col("changed").unique().sort())
    )
    joined = events.select("key").join(grouped, on="key", how="left", validate="m:1", maintain_order="left")
    return joined.with_columns(pl.col("changed").fill_null(pl.lit([], dtype=pl.List(pl.String))))
