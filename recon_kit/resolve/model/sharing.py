"""Sharing: how many accounts and how many customers carry the same value, in the whole company."""

from __future__ import annotations

import polars as pl

from recon_kit.resolve.model.records import Records

Sharing = dict[str, pl.DataFrame]
"""By kind, one row per value: ``value``, ``on_accounts``, ``on_customers`` (Float64)."""

_CARRIED = {
    "name": ("name_cores", "name_core"),
    "domain": ("domains", "domain"),
    "email": ("emails", "email"),
    "registration": ("registration", "registration"),
}


def sharing_of(records: Records) -> Sharing:
    """Count by value how many accounts and how many customers carry it."""
    return {
        kind: _counts(records.accounts.select(value=ours), records.customers.select(value=theirs))
        for kind, (ours, theirs) in _CARRIED.items()
    }


def carriers(values: pl.Series, counts: pl.DataFrame) -> pl.DataFrame:
    """Look up how many carry each value.

    Returns:
        One row per value, in the order given: ``on_accounts``, ``on_customers``; null where the value is.
    """
    return pl.DataFrame({"value": values}).join(counts, on="value", how="left", validate="m:1", maintain_order="left")


def _counts(ours: pl.DataFrame, theirs: pl.DataFrame) -> pl.DataFrame:
    if ours.schema["value"] == pl.List(pl.String):
        ours = ours.explode("value", empty_as_null=False)
    on_accounts = ours.drop_nulls().group_by("value").len("on_accounts")
    on_customers = theirs.drop_nulls().group_by("value").len("on_customers")
    both = on_accounts.join(on_customers, on="value", how="full", coalesce=True, validate="1:1")
    return both.with_columns(pl.col("on_accounts", "on_customers").fill_null(0).cast(pl.Float64))
