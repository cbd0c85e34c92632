"""Survivors: the account that an account's id stands for after merges."""

from __future__ import annotations

import polars as pl

from recon_kit.salesforce_id import long_id


def survivors(accounts: pl.DataFrame) -> pl.DataFrame:
    """Resolve every account id to the account that lives on.

    Args:
        accounts: rows of ``accounts``.

    Returns:
        One row per account, sorted: ``account_key`` (18-character id), ``survivor_id`` (null for a deleted account that
        was merged into none that lives), ``survivor_name``, ``is_known`` (true; null tells after a left join that an
        id names no account).
    """
    living = accounts.filter(~pl.col("is_deleted")).select("account_id", survivor_name="name")
    named = pl.when("is_deleted").then("survivor_id").otherwise(pl.coalesce("survivor_id", "account_id"))
    return (
        accounts.select(account_key=long_id(pl.col("account_id")), survivor=long_id(named))
        .join(living.with_columns(survivor=long_id(pl.col("account_id"))), on="survivor", how="left", validate="m:1")
        .select("account_key", "survivor_name", survivor_id="account_id", is_known=pl.lit(value=True))
        .sort("account_key")
    )
