"""Sharing: how many accounts carry a value, and how many customers that can be told apart, in the whole company.

Several customers may belong to one account: customers with the same name and the same domain are one party that pays
more than once, not rivals, and say no more against a link than one of them does.
"""

from __future__ import annotations

import polars as pl

from recon_kit.resolve.model.records import Records

Sharing = dict[str, pl.DataFrame]
"""By kind, one row per value: ``value``, ``on_accounts``, ``on_customers`` (Float64)."""

_WHO = pl.coalesce("name_core", "email")

_CARRIED: dict[str, tuple[str, str, tuple[pl.Expr, ...]]] = {
    "name": ("name_cores", "name_core", (pl.col("domain"), pl.col("country"))),
    "domain": ("domains", "domain", (_WHO,)),
    "email": ("emails", "email", (_WHO,)),
    "registration": ("registration", "registration", (_WHO,)),
}
"""Kind -> column of the accounts, column of the customers, what tells two customers that carry the same value apart."""


def sharing_of(records: Records) -> Sharing:
    """Count by value how many accounts carry it, and how many customers that can be told apart."""
    return {
        kind: _counts(records.accounts.select(value=ours), _told_apart(records.customers, theirs, apart))
        for kind, (ours, theirs, apart) in _CARRIED.items()
    }


def carriers(values: pl.Series, counts: pl.DataFrame) -> pl.DataFrame:
    """Look up how many carry each value.

    Returns:
        One row per value, in the order given: ``on_accounts``, ``on_customers``; null where the value is.
    """
    return pl.DataFrame({"value": values}).join(counts, on="value", how="left", validate="m:1", maintain_order="left")


def _told_apart(customers: pl.DataFrame, column: str, apart: tuple[pl.Expr, ...]) -> pl.DataFrame:
    """Count by value the parties that carry it: as many as differ most, at least one; what is missing never differs."""
    named = [f"apart_{place}" for place in range(len(apart))]
    carried = customers.select(value=column, **dict(zip(named, apart, strict=True))).drop_nulls("value")
    parties = carried.select("value").unique().with_columns(on_customers=pl.lit(1, dtype=pl.UInt32))
    for name in named:
        differing = carried.select("value", name).drop_nulls().unique().group_by("value").len("differing")
        parties = parties.join(differing, on="value", how="left", validate="1:1").select(
            "value", on_customers=pl.max_horizontal("on_customers", "differing")
        )
    return parties


def _counts(ours: pl.DataFrame, parties: pl.DataFrame) -> pl.DataFrame:
    if ours.schema["value"] == pl.List(pl.String):
        ours = ours.explode("value", empty_as_null=False)
    on_accounts = ours.drop_nulls().group_by("value").len("on_accounts")
    both = on_accounts.join(parties, on="value", how="full", coalesce=True, validate="1:1")
    return both.with_columns(pl.col("on_accounts", "on_customers").fill_null(0).cast(pl.Float64))
