"""Shared keys: whether a true link leaves any trace in the records; without one, no method can find it."""

from __future__ import annotations

import polars as pl

_LISTED = ("emails", "domains", "name_tokens")
_SINGLE = ("email", "phone", "tax_id", "name_full", "name_core", "acronym", "postal_code", "domain_root")


def shared_keys(truth: pl.DataFrame, account_keys: pl.DataFrame, customer_keys: pl.DataFrame) -> pl.DataFrame:
    """Tell of each true link whether its two records have a normalised key or a word of the name in common.

    A city or a country in common does not count: it is no trace of one company.

    Args:
        truth: ``customer_id``, ``account_id`` (null: none), once a customer.
        account_keys: rows of ``account_keys``.
        customer_keys: rows of ``customer_keys``.

    Returns:
        One row per customer that has an account, sorted: ``customer_id``, ``shares_key``.
    """
    columns = [*_LISTED, *_SINGLE]
    both = (
        truth.filter(pl.col("account_id").is_not_null())
        .select("customer_id", "account_id")
        .join(customer_keys.select("customer_id", *columns), on="customer_id", how="left", validate="1:1")
        .join(account_keys.select("account_id", *columns), on="account_id", how="left", suffix="_r", validate="m:1")
    )
    listed = [pl.col(name).list.set_intersection(f"{name}_r").list.len() > 0 for name in _LISTED]
    single = [pl.col(name) == pl.col(f"{name}_r") for name in _SINGLE]
    crossed = [_joined("name_core") == pl.col("domain_root_r"), _joined("name_core_r") == pl.col("domain_root")]
    initials = [_joined("name_core") == pl.col("acronym_r"), _joined("name_core_r") == pl.col("acronym")]
    shares = pl.any_horizontal(part.fill_null(value=False) for part in (*listed, *single, *crossed, *initials))
    return both.select("customer_id", shares_key=shares).sort("customer_id")


def _joined(name: str) -> pl.Expr:
    return pl.col(name).str.replace_all(" ", "", literal=True)
